"""A generator of sequences of symbols that learns by likelihood first, and then against a discriminator.

A drawn symbol has no gradient. So the game draws by Gumbel's maximum, hands the discriminator what was drawn,
and lets the gradient pass as if it were the softened choice: straight through. The discriminator says a logit
for each of several representations. Rates of the game are small, and likelihood keeps a weight in it, for a
game alone forgets what it does not need to fool: the held-out score stops it where it does harm.

Sources:
    Nie et al. 2019, "RelGAN: relational generative adversarial networks for text generation" (ICLR): the
    relativistic loss, the representations, the schedule of sharpness. Jang et al. 2017, "Categorical
    reparameterization with Gumbel-softmax" (arXiv:1611.01144), section 2.2: straight through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, cast, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from gansmith.engine.batches import Batch, Samples
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.games.likelihood import LARGEST_GRADIENT, N_NOISE, LikelihoodRules
from gansmith.engine.monitors import accuracies, decision_threshold
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.nets.distributions import AbstractRelaxed
from gansmith.settings import Annotated, Field, NonNegativeFloat, PositiveFloat, field, settings

FIRST_SHARPNESS: Final = 1.0


@final
@settings(kw_only=True)
class SequenceRules(AbstractRules):
    """The rules: an `AbstractRelaxed` network as `generator`, and one that judges what it makes."""

    name: ClassVar[str] = "sequence"
    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    of_networks: ClassVar[tuple[str, ...]] = ()

    likelihood_share: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Of the run in which likelihood alone is learnt."""
    game_rate: Annotated[float, Field(gt=0, le=1)] = 0.03
    """Learning rate of the generator in the game, measured by that of likelihood."""
    likelihood_weight: NonNegativeFloat = 0.5
    """Of likelihood in the game."""
    sharpness: PositiveFloat = 10.0
    """What logits are multiplied with at the end of the game, for the softened choice; 1 at its beginning."""
    generator: PlayerConfig = field(default_factory=lambda: PlayerConfig(3e-3, 0.0, beta1=0.9, beta2=0.99))
    """How it learns by likelihood."""
    discriminator: PlayerConfig = field(
        default_factory=lambda: PlayerConfig(3e-4, 1e-4, beta1=0.5, beta2=0.99)
    )
    """How it learns."""

    def start(self, networks: Networks, randomness: Randomness) -> SequenceGame:
        return SequenceGame(self, networks, randomness)

    def noise(self, n_records: int, stream: Stream, index: int) -> Float[Tensor, "batch n_noise"]:
        """See the base class; from these few numbers follow all draws of a record."""
        return stream.normal((n_records, N_NOISE), index)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """See `LikelihoodRules.generate`."""
        return LikelihoodRules(batch_size=self.batch_size).generate(networks, given, stream, index)


@final
class SequenceGame(AbstractGame):
    """Likelihood, then the game of two."""

    def __init__(self, rules: SequenceRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self.generator = Player(networks["generator"], rules.generator)
        self.discriminator = Player(networks["discriminator"], rules.discriminator)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; a likelihood loss is in nats a part."""
        (batch,) = batches
        border = self.config.likelihood_share
        if progress.share < border:
            with self.precision():
                loss = self._surprise(batch, step)
            learn(
                [self.generator], loss, progress.share / border, progress.rate_scale, longest=LARGEST_GRADIENT
            )
            return {"surprise": loss}
        return self._played(
            batch, step, (progress.share - border) / max(1 - border, 1e-9), progress.rate_scale
        )

    def _surprise(self, batch: Batch, step: int) -> Tensor:
        network = cast("AbstractRelaxed", self.generator.network)
        return -network.log_likelihood(batch.parts, self.randomness.generator("hidden", step)).mean()

    def _played(self, batch: Batch, step: int, share: float, scale: float) -> dict[str, Tensor]:
        """A turn of each, the fakes of both the same."""
        network = cast("AbstractRelaxed", self.generator.network)
        sharpness = FIRST_SHARPNESS * (self.config.sharpness / FIRST_SHARPNESS) ** share
        told = batch.get("condition")
        with self.precision():
            real = network.symbols(batch["real"])
            fake = network.relaxed(
                len(real), told, real.shape[1], sharpness, self.randomness.generator("gumbel", step)
            )
            judged = [self.discriminator.network(side, told) for side in (real, fake.detach())]
            judge_loss = softplus(judged[1].float() - judged[0].float()).mean()
        learn([self.discriminator], judge_loss, share, scale)
        with self.precision():
            judged = [self.discriminator.network(side, told) for side in (real, fake)]
            fooled = softplus(judged[0].float().detach() - judged[1].float()).mean()
            loss = fooled
            if self.config.likelihood_weight:
                loss = loss + self.config.likelihood_weight * self._surprise(batch, step)
        gentle = scale * self.config.game_rate
        learn([self.generator], loss, 0.0, gentle, longest=LARGEST_GRADIENT)
        return {"generator": fooled, "discriminator": judge_loss}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How likely parts are, as in the game of likelihood; and how well the discriminator tells."""
        network = cast("AbstractRelaxed", self.best["generator"])
        found = [network.log_likelihood(batch.parts, None).mean().exp().item() for batch in (heldout, seen)]
        readings = {"likelihood": found[0], "seen_likelihood": found[1]}
        judge = self.best["discriminator"]
        if not len(fake):
            return readings
        told = heldout.get("condition")
        real, made = (judge(network.symbols(side), told).mean(1) for side in (heldout["real"], fake))
        return readings | accuracies(real, made, decision_threshold(real, made, None))

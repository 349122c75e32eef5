"""A generator that is given a record and has to make another one, whose true counterpart is known.

First it learns to come near the counterpart alone, in plain values: what it makes is faithful, and where it
cannot know, it makes the average of what may be there, which is blurred. When its steps have become small,
these weights are kept. Then a discriminator comes in, which sees what was given and judges what was made
beside the counterpart; the generator learns to be sharp, and still to stay near. Weights between the two are
as good generators, and say how far between they are.

Source:
    Isola et al. 2017, "Image-to-image translation with conditional adversarial networks" (arXiv:1611.07004);
    Ledig et al. 2017, "Photo-realistic single image super-resolution using a generative adversarial network"
    (arXiv:1609.04802): faithful first; Wang et al. 2018, "ESRGAN", section 3.4 (arXiv:1809.00219): weights
    between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final, final

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Samples, Scalar
from gansmith.engine.checkpoint import below
from gansmith.engine.encounter import Encounter, examine, present
from gansmith.engine.games.base import (
    AbstractGame,
    AbstractRules,
    Networks,
    Progress,
    Readings,
    device_of,
    grid_noise,
    source_of,
)
from gansmith.engine.inputs import Inputs
from gansmith.engine.judge import Judgement
from gansmith.engine.losses import Losses, wants_gradients
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.engine.terms import TermConfig, features_apart
from gansmith.nets.vgg import vgg_features
from gansmith.settings import Field, NonNegativeFloat, NonNegativeInt, field, settings

FAITHFUL: Final = "faithful"
"""The network that the generator was when its game began."""
WARM_UP_SHARE: Final = 0.05
"""Of the run, over which fooling gains its full weight: a discriminator that has seen nothing yet is fooled
by anything, such as another colour everywhere."""


@final
@settings(kw_only=True)
class PairedRules(AbstractRules):
    """The rules: `generator` makes of each `source` what lies near its `real` counterpart."""

    name: ClassVar[str] = "paired"
    roles: ClassVar[tuple[str, ...]] = ("generator", FAITHFUL, "discriminator")
    generating: ClassVar[tuple[str, ...]] = ("generator", FAITHFUL)
    of_networks: ClassVar[tuple[str, ...]] = ("n_noise", "sees_source", "objective", "penalties")

    objective: str = "relativistic"
    """A key of `OBJECTIVES`; those that compare judge a record beside the very one it stands for."""
    penalties: tuple[PenaltyConfig, ...] = (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    """What keeps the discriminator smooth."""
    terms: tuple[TermConfig, ...] = (TermConfig("reconstruction", 1.0),)
    """What the generator wants beside fooling; until its game begins, all that it wants."""
    adversarial_weight: NonNegativeFloat = 1.0
    """Of fooling the discriminator."""
    faithful_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Of the run, until the game begins; 1: there is none."""
    sees_source: bool = True
    """Whether the discriminator sees what a record was made of."""
    n_noise: NonNegativeInt = 0
    """Channels of noise that the generator is given beside the source."""
    perceptual: str = ""
    """A file with the weights of a classifier whose features compare records as well; see `nets/vgg.py`."""
    perceptual_weight: NonNegativeFloat = 0.1
    """Of their mean absolute distance, in units of the mean size of each layer's features."""
    generator: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, 0.0, beta1=0.9))
    """How the generator learns."""
    game_rate: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Of the generator's learning rate, once its game has begun: what it knows is changed with care."""
    discriminator: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, 0.0))
    """How the discriminator learns."""

    def start(self, networks: Networks, randomness: Randomness) -> Paired:
        return Paired(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """What becomes of the records given as `source`, perhaps with `noise` of their grid.

        Raises:
            UsageError: When no source is given.
        """
        source = source_of(given).to(device_of(networks))
        noise = given.get("noise")
        if noise is None:
            noise = self.noise_for(source, stream, index)
        return networks["generator"](source) if noise is None else networks["generator"](source, noise)

    def noise_for(self, source: Samples, stream: Stream, index: int) -> Tensor | None:
        """Standard normal values for these sources, shape `(batch, n_noise, *grid)`; None: there are none."""
        return grid_noise(source, self.n_noise, stream, index)

    @property
    def faithful_terms(self) -> tuple[TermConfig, ...]:
        """The terms that need no discriminator."""
        return tuple(term for term in self.terms if not term.needs_features)


@final
class Paired(AbstractGame):
    """A generator that has an answer to come near to, and later a discriminator."""

    def __init__(self, rules: PairedRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        objective = find_objective(rules.objective)
        self._losses = Losses(objective, rules.penalties)
        self._generator = Player(networks["generator"], rules.generator)
        self._discriminator = Player(networks["discriminator"], rules.discriminator)
        self._faithful: nn.Module = networks[FAITHFUL].requires_grad_(False)
        self._has_begun = False
        if rules.generator.is_average_known:  # fine-tuning begins at the faithful end again
            self._generator.take(self._faithful.state_dict())
        self._observer = vgg_features(rules.perceptual).to(self.device) if rules.perceptual else None
        self._wants_features = any(term.needs_features for term in rules.terms)
        self.players = {"generator": self._generator, "discriminator": self._discriminator}

    @property
    def best(self) -> dict[str, nn.Module]:
        """See the base class; until the game begins, the generator is the faithful one."""
        found = super().best
        return found if self._has_begun else {**found, FAITHFUL: found["generator"]}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the discriminator's turn comes first, the generator's is on the same fakes."""
        (batch,) = batches
        share, scale = progress.share, progress.rate_scale
        begins_at, is_game = self.config.faithful_share, share >= self.config.faithful_share < 1
        if is_game and not self._has_begun:
            self._begin()
        fake = self._made(batch, step)
        if not is_game:
            loss = self._wanted(_unjudged(batch, fake), self.config.faithful_terms)
            learn([self._generator], loss, share / begins_at, scale)
            return {"generator": loss}
        weight = self.config.adversarial_weight * min(1.0, (share - begins_at) / WARM_UP_SHARE)
        share = (share - begins_at) / (1 - begins_at)
        seen = self._seen(batch)
        told = self._told(step, seen, fake.detach(), share)
        learn([self._discriminator], told, share, scale)
        with self.precision():
            judge = self._discriminator.network
            encounter = present(judge, seen, fake, None, wants_features=self._wants_features)
        fooling = self._losses.of_generator(encounter)
        wanted = self._wanted(encounter, self.config.terms)
        if self._observer is not None:
            with self.precision(), torch.no_grad():
                of_real = self._observer(batch["real"])
            with self.precision():
                apart = features_apart(of_real, self._observer(fake))
            wanted = wanted + self.config.perceptual_weight * apart.mean()
        learn([self._generator], weight * fooling + wanted, share, self.config.game_rate * scale)
        return {"discriminator": told, "generator": fooling, "wanted": wanted}

    @torch.no_grad()
    def evaluate(self, fake: Samples, heldout: Batch, seen: Batch) -> Readings:
        """How near records that were made come to those that they stand for, held-out ones and others."""
        of_seen = self.generate(seen, self.randomness.stream("evaluation"), 0)
        return {"psnr": _psnr(fake, heldout["real"]), "seen_psnr": _psnr(of_seen, seen["real"])}

    def memory(self) -> dict[str, Tensor]:
        """The faithful weights, once the game has begun."""
        weights = self._faithful.state_dict() if self._has_begun else {}
        return {f"{FAITHFUL}/{name}": value for name, value in weights.items()}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        weights = below(f"{FAITHFUL}/", memory)
        self._has_begun = bool(weights)
        if weights:
            self._faithful.load_state_dict(weights)

    def _begin(self) -> None:
        """Keep the faithful weights; the generator starts from them, its optimiser afresh.

        What Adam remembers of the small gradients of the end of one task would make steps of many times the
        learning rate of the first large ones of the other: a generator that was near is thrown far off.
        """
        weights = self._generator.best_known.state_dict()
        self._faithful.load_state_dict(weights)
        self._generator.take(weights)
        self._has_begun = True

    def _made(self, batch: Batch, step: int) -> Samples:
        source = batch["source"]
        noise = self.config.noise_for(source, self.randomness.stream("noise"), step)
        with self.precision():
            network = self._generator.network
            return network(source) if noise is None else network(source, noise)

    def _seen(self, batch: Batch) -> Batch:
        """A batch as the discriminator sees it."""
        source = batch["source"] if self.config.sees_source else None
        return Batch({"real": batch["real"], "condition": source})

    def _told(self, step: int, batch: Batch, fake: Samples, share: float) -> Scalar:
        with self.precision():
            examination = examine(
                self._discriminator.network,
                batch,
                fake,
                None,
                wants_gradients=wants_gradients(self.config.penalties, step),
                inputs=Inputs(step=step),
                randomness=self.randomness,
            )
            return self._losses.of_discriminator(examination, step, share)

    @staticmethod
    def _wanted(encounter: Encounter, terms: Sequence[TermConfig]) -> Scalar:
        """The terms, summed."""
        losses = [term.loss(encounter) for term in terms if term.weight]
        return sum(losses[1:], losses[0]) if losses else encounter.fake.new_zeros(())


def _unjudged(batch: Batch, fake: Samples) -> Encounter:
    """An encounter that nobody judged."""
    nothing = Judgement(fake.new_zeros(len(batch)))
    return Encounter(batch, fake, None, nothing, nothing)


def _psnr(made: Samples, real: Samples) -> float:
    """Peak signal-to-noise ratio in dB, of values from 0 to 1; the mean over records."""
    errors = (made.clamp(0, 1) - real).square().flatten(1).mean(1).clamp_min(1e-10)
    return (-10 * errors.log10()).mean().item()

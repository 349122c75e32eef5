"""An encoder that learns to invert a finished generator.

The generator stays as it is. Of its own fakes the encoder learns which latents they came from, where the
answer is known; of real records it learns latents from which the generator makes them again. What a generator
cannot make again, it has never seen the like of.

Source:
    Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection with generative adversarial networks"
    (doi:10.1016/j.media.2019.01.010), the variants "ziz" and "izi" in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast, final

import torch
from torch import Tensor

from gansmith.engine.batches import Batch, PerSample, Samples
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.monitors import likeness
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.engine.tuning import LatentDistribution
from gansmith.nets.distributions import AbstractEncoder, normal_log_density
from gansmith.settings import NonNegativeFloat, PositiveInt, field, settings


@final
@settings(kw_only=True)
class EncoderRules(AbstractRules):
    """The rules: a generator that has learnt already, and an `AbstractEncoder` that learns."""

    name: ClassVar[str] = "encoder"
    roles: ClassVar[tuple[str, ...]] = ("generator", "encoder")
    generating: ClassVar[tuple[str, ...]] = ("generator", "encoder")
    of_networks: ClassVar[tuple[str, ...]] = ("n_latents", "latent_distribution")

    n_latents: PositiveInt
    """Noise values per record of the generator."""
    latent_distribution: LatentDistribution = "normal"
    """Of the noise that the generator has learnt from: "normal", or "uniform" in [-1, 1)."""
    learner: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, beta1=0.9, beta2=0.999))
    """How the encoder learns."""
    reconstruction_weight: NonNegativeFloat = 1.0
    """Of the error of real records that are made again, beside the latents of fakes."""

    def start(self, networks: Networks, randomness: Randomness) -> EncoderGame:
        """See the base class; the generator no longer learns."""
        return EncoderGame(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """The records that were given as `real`, as the generator makes them again."""
        condition = given.get("condition")
        mean, _ = cast("AbstractEncoder", networks["encoder"])(given["real"], condition)
        return networks["generator"](mean, condition)


@final
class EncoderGame(AbstractGame):
    """An encoder and the generator that it inverts."""

    def __init__(self, rules: EncoderRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self._generator = networks["generator"].requires_grad_(False)
        self.players = {"encoder": Player(networks["encoder"], rules.learner)}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        (batch,) = batches
        encoder, condition = self.players["encoder"], batch.get("condition")
        shape = (len(batch), self.config.n_latents)
        stream = self.randomness.stream("latents")
        latents = stream.latents(shape, self.config.latent_distribution, step).to(batch["real"].device)
        with self.precision():
            with torch.no_grad():
                fake = self._generator(latents, condition)
            of_fakes = -normal_log_density(latents, *encoder.network(fake, condition)).mean()
            of_real = self._errors(self.networks, batch).mean()
        loss = of_fakes + self.config.reconstruction_weight * of_real
        learn([encoder], loss, progress.share, progress.rate_scale)
        return {"latents": of_fakes, "reconstruction": of_real}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How near held-out records come to themselves, beside training records; "closeness" is 1 at best."""
        errors, of_seen = (self._errors(self.best, batch).mean().item() for batch in (heldout, seen))
        spread = heldout["real"].flatten(1).var(0).sum().item()
        return {
            **likeness(fake, heldout["real"]),
            "reconstruction_error": errors,
            "seen_error": of_seen,
            "closeness": 1 / (1 + errors / max(spread, 1e-12)),
        }

    def _errors(self, networks: Networks, batch: Batch) -> PerSample:
        """Squared distance of each record to itself as it is made again."""
        again = self.config.generate(networks, batch, self.randomness.stream("unused"), 0)
        return (again - batch["real"]).square().flatten(1).sum(1)

"""A variational autoencoder: the sibling that generative adversarial networks are compared with.

Nobody is fooled: an encoder says from which latents each record may have come, a decoder which records may
come of latents, and both learn one bound on the likelihood of the data.

Source:
    Kingma and Welling 2013, "Auto-encoding variational Bayes" (arXiv:1312.6114).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast, final

import torch
from torch import Tensor

from gansmith.engine.batches import Batch, Latents, PerSample, Samples
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings, device_of
from gansmith.engine.monitors import likeness, memory_gap
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.nets.distributions import AbstractDecoder, AbstractEncoder, normal_kl
from gansmith.settings import NonNegativeFloat, PositiveInt, field, settings


@final
@settings(kw_only=True)
class AutoencoderRules(AbstractRules):
    """The rules: an `AbstractEncoder` and an `AbstractDecoder` that learn together."""

    name: ClassVar[str] = "autoencoder"
    roles: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    generating: ClassVar[tuple[str, ...]] = ("decoder",)
    of_networks: ClassVar[tuple[str, ...]] = ("n_latents",)

    n_latents: PositiveInt
    """Noise values per record."""
    learner: PlayerConfig = field(default_factory=lambda: PlayerConfig(1e-3, beta1=0.9, beta2=0.999))
    """How both learn."""
    divergence_weight: NonNegativeFloat = 1.0
    """Of the divergence from the standard normal distribution, where 1 is the bound itself (beta of Higgins
    et al. 2017)."""

    def start(self, networks: Networks, randomness: Randomness) -> Autoencoder:
        return Autoencoder(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """Draws from what latents are decoded to, with the `condition` that was given."""
        latents = given.get("noise")
        if latents is None:
            latents = self.noise(len(given), stream, index)
        chance = stream.part("decoder").generator(index)
        return networks["decoder"](latents.to(device_of(networks)), given.get("condition"), chance)

    def noise(self, n_records: int, stream: Stream, index: int) -> Latents:
        """The latents."""
        return stream.normal((n_records, self.n_latents), index)


@final
class Autoencoder(AbstractGame):
    """An encoder and a decoder."""

    def __init__(self, rules: AutoencoderRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self.players = {name: Player(networks[name], rules.learner) for name in rules.roles}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the loss is the negative bound, in nats a record."""
        (batch,) = batches
        stream = self.randomness.stream("latents")
        with self.precision():
            likelihood, divergence = self._parts(self.networks, batch, stream, step)
        loss = (self.config.divergence_weight * divergence - likelihood).mean()
        learn([*self.players.values()], loss, progress.share, progress.rate_scale)
        return {"reconstruction": -likelihood.mean(), "divergence": divergence.mean()}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How the fakes compare, and the bound of held-out records beside that of training records."""
        stream = self.randomness.stream("evaluation/latents")
        bounds: list[Tensor] = []
        for batch in (heldout, seen):
            likelihood, divergence = self._parts(self.best, batch, stream, 0)
            bounds.append(likelihood - divergence)
        gap = memory_gap(bounds[1], bounds[0])
        return {**likeness(fake, heldout["real"]), "bound": bounds[0].mean().item(), "memory_gap": gap}

    def _parts(
        self, networks: Networks, batch: Batch, stream: Stream, index: int
    ) -> tuple[PerSample, PerSample]:
        """Log-likelihood of each record as it is decoded again, and the divergence of its latents."""
        encoder = cast("AbstractEncoder", networks["encoder"])
        decoder = cast("AbstractDecoder", networks["decoder"])
        real, condition = batch["real"], batch.get("condition")
        mean, log_variance = encoder(real, condition)
        noise = stream.normal((len(real), self.config.n_latents), index).to(real.device)
        latents = mean + (0.5 * log_variance).exp() * noise
        return decoder.log_likelihood(real, latents, condition), normal_kl(mean, log_variance)

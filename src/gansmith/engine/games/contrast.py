"""Real records against perturbed ones: what a discriminator learns of data without a generator.

A corruptor changes parts of real records, by rules of its own and without learning. The discriminator says of
each part whether it was changed; at its best its logit is the logarithm of a ratio of densities, that of the
perturbed records over that of the real ones, which is high where records are unusual. So the choice of the
corruptor is the detector: cells swapped between rows show what does not go together, pictures bent and turned
show what is of another shape.

Source:
    Gutmann and Hyvärinen 2010, "Noise-contrastive estimation" (AISTATS), for the ratio; Clark et al. 2020,
    "ELECTRA" (arXiv:2003.10555), for a logit of each part; Golan and El-Yaniv 2018, "Deep anomaly detection
    using geometric transformations" (arXiv:1805.10917), for pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gansmith.engine.batches import Batch, PerSample, Samples
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.settings import Field, field, settings


@final
@settings(kw_only=True)
class ContrastRules(AbstractRules):
    """The rules: an `AbstractCorruptor` that is what it is, and a discriminator of parts that learns."""

    name: ClassVar[str] = "contrast"
    roles: ClassVar[tuple[str, ...]] = ("corruptor", "discriminator")
    generating: ClassVar[tuple[str, ...]] = ("corruptor",)
    of_networks: ClassVar[tuple[str, ...]] = ()

    discriminator: PlayerConfig = field(
        default_factory=lambda: PlayerConfig(2e-3, final_learning_rate=0.0, beta1=0.9)
    )
    """How it learns."""
    trimmed_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Of the real records of a batch, those with the highest losses, from which nothing is learnt: odd ones
    among usual records are learnt last, and so never.

    Source: Kim et al. 2024, "ALTBI: constructing improved outlier detection models via optimization of
    inlier-memorization effect" (arXiv:2408.09791)."""

    def start(self, networks: Networks, randomness: Randomness) -> Contrast:
        """See the base class."""
        return Contrast(self, networks, randomness)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """The records that were given as `real`, perturbed."""
        return _perturbed(networks, given, stream, index)[0]

    def realism(self, networks: Networks, batch: Batch, readings: Mapping[str, float]) -> PerSample:
        """The probability that no part of a record was changed, as if parts were independent."""
        return (-surprises(networks["discriminator"], batch["real"]).sum(1)).exp()


@final
class Contrast(AbstractGame):
    """A discriminator of parts that learns what was changed."""

    def __init__(self, rules: ContrastRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self.players = {"discriminator": Player(networks["discriminator"], rules.discriminator)}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        (batch,) = batches
        player = self.players["discriminator"]
        loss = self._loss(player.network, batch, self.randomness.stream("corruption"), step)
        learn([player], loss, progress.share, progress.rate_scale)
        return {"discriminator": loss}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """How well changed parts of held-out and of training records are found; "accuracy" is 1 at best."""
        del fake  # another draw of the same
        told, of_seen = (self._accuracy(batch) for batch in (heldout, seen))
        return {"accuracy": told, "memory_gap": of_seen - told}

    def _loss(self, network: nn.Module, batch: Batch, stream: Stream, index: int) -> Tensor:
        """Cross-entropy of each part, summed over the parts of a record, in nats."""
        changed, is_changed = _perturbed(self.networks, batch, stream, index)
        with self.precision():
            logits = network(torch.cat([batch["real"], changed])).float()  # (2 batch, n_parts)
        wanted = torch.cat([torch.zeros_like(is_changed), is_changed]).to(logits.dtype)
        losses = binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(1)  # (2 batch,)
        n = len(batch)
        n_kept = n - round(self.config.trimmed_share * n)
        kept = losses[:n].detach().argsort()[:n_kept] if n_kept < n else torch.arange(n)
        return losses[torch.cat([kept, kept + n])].mean()

    def _accuracy(self, batch: Batch) -> float:
        """Mean of how often changed parts and those of untouched records are told rightly."""
        changed, is_changed = _perturbed(self.networks, batch, self.randomness.stream("reading"), 0)
        network = self.best["discriminator"]
        innocent = (network(batch["real"]) <= 0).float().mean().item()
        if not is_changed.any():  # where all records are equal, swapping changes none
            return innocent
        return (innocent + (network(changed)[is_changed] > 0).float().mean().item()) / 2


def surprises(discriminator: nn.Module, samples: Samples) -> Float[Tensor, "batch n_parts"]:
    """How surprising each part of a record is: minus the logarithm of the chance that it was not changed.

    In nats, never negative.
    """
    return softplus(discriminator(samples).float())


def _perturbed(networks: Networks, batch: Batch, stream: Stream, index: int) -> tuple[Samples, Tensor]:
    corruptor = cast("AbstractCorruptor", networks["corruptor"])
    return corruptor(batch["real"], stream.generator(index))

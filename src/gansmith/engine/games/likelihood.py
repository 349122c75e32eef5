"""A generator that says how likely records are, and learns to find real ones likely.

Nobody is fooled. What is made in turns, each part given all that came before it, has an exact likelihood: no
second network is needed to say how real a record is, and records of any length can be learnt from in pieces.
It is the sibling that the game is compared with where records are sequences of events.

Source:
    Graves 2013, "Generating sequences with recurrent neural networks", section 2 (arXiv:1308.0850).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, cast, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch, Samples
from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.engine.randomness import Randomness, Stream
from gansmith.nets.distributions import AbstractSequential
from gansmith.settings import field, settings

N_NOISE: Final = 2
"""Numbers that tell the chance of one record from that of another."""
LARGEST_GRADIENT: Final = 1.0
"""Longer gradients are shortened: one surprising record must not throw the network off."""


@final
@settings(kw_only=True)
class LikelihoodRules(AbstractRules):
    """The rules: an `AbstractSequential` network as `generator`, and nobody else."""

    name: ClassVar[str] = "likelihood"
    roles: ClassVar[tuple[str, ...]] = ("generator",)
    generating: ClassVar[tuple[str, ...]] = ("generator",)
    is_read_by_fakes: ClassVar[bool] = False
    of_networks: ClassVar[tuple[str, ...]] = ()

    generator: PlayerConfig = field(default_factory=lambda: PlayerConfig(3e-3, 0.0, beta1=0.9, beta2=0.99))
    """How it learns."""

    def start(self, networks: Networks, randomness: Randomness) -> Likelihood:
        return Likelihood(self, networks, randomness)

    def noise(self, n_records: int, stream: Stream, index: int) -> Float[Tensor, "batch n_noise"]:
        """See the base class; from these few numbers follow all draws of a record."""
        return stream.normal((n_records, N_NOISE), index)

    def between(
        self, ends: Float[np.ndarray, "2 n_noise"], shares: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n n_told"]:
        """See the base class; a record's draws follow from its noise, so between two it is both, and a share.

        See `modalities/draws.py`, which mixes the draws themselves.
        """
        told = np.broadcast_to(ends.reshape(1, -1), (len(shares), ends.size))
        return np.concatenate([told, shares[:, None]], 1).astype(np.float32)

    def generate(self, networks: Networks, given: Batch, stream: Stream, index: int) -> Samples:
        """Draws, part after part, with the `condition` that was given."""
        if not len(given):
            return torch.empty(0, 0)
        noise = given.get("noise")
        noise = self.noise(len(given), stream, index) if noise is None else noise
        return cast("AbstractSequential", networks["generator"])(noise, given.get("condition"))


@final
class Likelihood(AbstractGame):
    """One network that learns."""

    def __init__(self, rules: LikelihoodRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self._player = Player(networks["generator"], rules.generator)
        self.players = {"generator": self._player}

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the loss is in nats a part."""
        (batch,) = batches
        network = cast("AbstractSequential", self._player.network)
        with self.precision():
            loss = -network.log_likelihood(batch.parts, self.randomness.generator("hidden", step)).mean()
        learn([self._player], loss, progress.share, progress.rate_scale, longest=LARGEST_GRADIENT)
        return {"surprise": loss}

    @torch.no_grad()
    def evaluate(self, fake: Tensor, heldout: Batch, seen: Batch) -> Readings:
        """The chance, 0 to 1, that the network gave to each part of held-out and of training records.

        It is the geometric mean over the parts; a loss of it is a gain of the held-out likelihood.
        """
        network = cast("AbstractSequential", self.best["generator"])
        found = [network.log_likelihood(batch.parts, None).mean().exp().item() for batch in (heldout, seen)]
        return {"likelihood": found[0], "seen_likelihood": found[1]}

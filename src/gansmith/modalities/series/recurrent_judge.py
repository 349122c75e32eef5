"""A small recurrent network that tells synthetic series from real ones, for the discriminative score."""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.engine.randomness import Randomness
from gansmith.scorecard.features import draws
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge, Padded

N_STEPS: Final = 2_000
"""Updates, as in TimeGAN's protocol."""
BATCH_SIZE: Final = 128
LEARNING_RATE: Final = 1e-3
_WIDTHS: Final = (4, 32)


@final
class RecurrentJudge(AbstractRecurrentJudge):
    """One layer of gated recurrent units, half as many as channels, and one logit of its last state.

    Args:
        n_steps: Updates of the network.

    Source:
        Yoon et al. 2019, TimeGAN; units: Cho et al. 2014 (arXiv:1406.1078).
    """

    def __init__(self, n_steps: int = N_STEPS) -> None:
        self.n_steps = n_steps

    def chances(self, fake: Padded, real: Padded, asked: Padded, seed: int) -> np.ndarray:
        """See the base class."""
        sides = [torch.from_numpy(side).float() for side in (fake, real)]
        network = _Network(fake.shape[2], Randomness(seed).generator("recurrent judge", 0))
        optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
        rng, n = draws(seed), BATCH_SIZE // 2
        labels = torch.cat([torch.ones(n), torch.zeros(n)])
        for _ in range(self.n_steps):
            batch = torch.cat([side[rng.integers(0, len(side), n)] for side in sides])
            optimiser.zero_grad()
            loss = binary_cross_entropy_with_logits(network(batch), labels)
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            return network(torch.from_numpy(asked).float()).sigmoid().double().numpy()


@final
class _Network(nn.Module):
    """Series `(n, n_steps, n_channels)` to logits `(n,)`; the last channel says which steps there are."""

    def __init__(self, n_channels: int, generator: torch.Generator) -> None:
        super().__init__()
        width = int(np.clip(n_channels // 2, *_WIDTHS))
        self.recurrent = nn.GRU(n_channels, width, batch_first=True)
        self.head = nn.Linear(width, 1)
        reach = width**-0.5
        with torch.no_grad():
            for weights in self.parameters():
                weights.uniform_(-reach, reach, generator=generator)

    def forward(self, series: Tensor) -> Tensor:
        """What it says at the last step of each series."""
        states, _ = self.recurrent(series)  # (n, n_steps, width)
        last = (series[:, :, -1].sum(1).long() - 1).clamp_min(0)
        return self.head(states[torch.arange(len(series)), last]).squeeze(1)

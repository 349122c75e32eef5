"""What runs beside Gansmith on windows: nothing learnt, a normal copula without training, and TimeVAE.

Everything takes the training windows `(n, n_steps, n_channels)` and gives as many others as are asked for.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Final, final

import numpy as np
import torch
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata
from torch import Tensor, nn

from bench.picture_task import told
from bench.series_judges import seeded
from bench.series_windows import Windows

BLOCK_STEPS: Final = 8
HIDDEN: Final = (50, 100, 200)
N_LATENTS: Final = 8
RECONSTRUCTION_WEIGHT: Final = 3.0
VAE_BATCH_SIZE: Final = 16
PATIENCE: Final = 30
"""Epochs without a smaller loss, after which TimeVAE's learning rate is halved; three times that ends it."""


def block_bootstrap(windows: Windows, n: int, seed: int, n_together: int = BLOCK_STEPS) -> Windows:
    """Windows put together of blocks of real steps: real within a block, by chance between them.

    A block is the same part of any window, so that what depends on the place in the window stays; where
    windows begin at every step of one long series these are the moving blocks of Künsch 1989.
    """
    rng = np.random.default_rng([seed, 5])
    made = np.empty((n, *windows.shape[1:]))
    for first in range(0, windows.shape[1], n_together):
        place = slice(first, first + n_together)
        made[:, place] = windows[rng.integers(len(windows), size=n), place]
    return made


def normal_copula(windows: Windows, n: int, seed: int) -> Windows:
    """Whole windows as one normal distribution, between the ranks of each channel: nothing is trained.

    Each channel is made normal by its ranks over all windows and steps; windows are drawn by the principal
    components of what comes out; the way back gives values that the channel has had. A channel that is
    another one's copy is copied.
    """
    n_windows, n_steps, n_channels = windows.shape
    flat = windows.reshape(-1, n_channels)
    ordered = np.sort(flat, axis=0)
    normal = ndtri(rankdata(flat, axis=0) / (len(flat) + 1)).reshape(n_windows, -1)
    mean = normal.mean(0)
    sizes, axes = np.linalg.eigh(np.cov(normal, rowvar=False))
    noise = np.random.default_rng([seed, 6]).standard_normal((n, len(sizes)))
    drawn = mean + (noise * np.sqrt(np.maximum(sizes, 0))) @ axes.T
    places = (ndtr(drawn) * len(flat)).astype(np.int64).clip(0, len(flat) - 1).reshape(-1, n_channels)
    made = np.take_along_axis(ordered, places, axis=0)
    for channel in range(n_channels):
        twins = [k for k in range(channel) if np.array_equal(flat[:, k], flat[:, channel])]
        if twins:
            made[:, channel] = made[:, twins[0]]
    return made.reshape(n, n_steps, n_channels)


# --- TimeVAE ------------------------------------------------------------------------------------------------


@final
class TimeVAE(nn.Module):
    """The base model of Desai et al. 2021, "TimeVAE" (arXiv:2111.08095): level and residual, with the sizes,
    weights and batches of its public code."""

    def __init__(self, n_steps: int, n_channels: int) -> None:
        super().__init__()
        self.shape = n_steps, n_channels
        self.encoder = nn.Sequential(
            *(
                layer
                for n_in, n_out in pairwise((n_channels, *HIDDEN))
                for layer in (nn.Conv1d(n_in, n_out, 3, stride=2, padding=1), nn.ReLU())
            ),
            nn.Flatten(),
        )
        n_last = len(self.encoder(torch.zeros(1, n_channels, n_steps))[0])
        self.mean, self.log_variance = nn.Linear(n_last, N_LATENTS), nn.Linear(n_last, N_LATENTS)
        self.level = nn.Sequential(
            nn.Linear(N_LATENTS, n_channels), nn.ReLU(), nn.Linear(n_channels, n_channels)
        )
        widths = (*reversed(HIDDEN), n_channels)
        self.residual = nn.Sequential(
            nn.Linear(N_LATENTS, n_last),
            nn.ReLU(),
            nn.Unflatten(1, (HIDDEN[-1], -1)),
            *(
                layer
                for n_in, n_out in pairwise(widths)
                for layer in (
                    nn.ConvTranspose1d(n_in, n_out, 3, stride=2, padding=1, output_padding=1),
                    nn.ReLU(),
                )
            ),
            nn.Flatten(),
            nn.LazyLinear(n_steps * n_channels),
        )

    def decoded(self, latents: Tensor) -> Tensor:
        """Windows, shape `(n, n_steps, n_channels)`."""
        return self.level(latents)[:, None] + self.residual(latents).unflatten(1, self.shape)

    def loss(self, windows: Tensor) -> Tensor:
        """Squared errors of steps and of the means over channels, thrice, and the divergence; summed."""
        hidden = self.encoder(windows.transpose(1, 2))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        latents = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        errors = windows - self.decoded(latents)
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum() / 2
        return RECONSTRUCTION_WEIGHT * ((errors**2).sum() + (errors.mean(2) ** 2).sum()) + divergence


def timevae(windows: Windows, n: int, seed: int, budget_seconds: float, n_epochs: int = 1_000) -> Windows:
    """Windows of a TimeVAE that has learnt for at most so many seconds or epochs.

    Where the seconds end it, how far it has come depends on the machine: progress says so.
    """
    ends = time.monotonic() + budget_seconds
    with seeded(seed):
        network = TimeVAE(*windows.shape[1:])
        values = torch.from_numpy(windows.astype(np.float32))
        network.loss(values[:2])  # the last layer learns its size
        optimizer = torch.optim.Adam(network.parameters(), eps=1e-7)
        slower = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=PATIENCE)
        best, n_waited = float("inf"), 0
        for epoch in range(n_epochs):
            total = _epoch(network, values, optimizer, ends)
            slower.step(total)
            best, n_waited = (total, 0) if total < best else (best, n_waited + 1)
            if time.monotonic() > ends or n_waited > 3 * PATIENCE:
                told(f"TimeVAE: ended after {epoch + 1} epochs, loss {total:.2f}, best {best:.2f}")
                break
        with torch.no_grad():
            parts = torch.randn(n, N_LATENTS).split(1_000)
            return torch.cat([network.decoded(part) for part in parts]).double().numpy()


def _epoch(network: TimeVAE, values: Tensor, optimizer: torch.optim.Optimizer, ends: float) -> float:
    """One pass in random order, cut short where the time is over; the mean loss of a window."""
    total, n_seen = 0.0, 0
    for rows in torch.randperm(len(values)).split(VAE_BATCH_SIZE):
        optimizer.zero_grad()
        loss = network.loss(values[rows])
        loss.backward()
        optimizer.step()
        total, n_seen = total + float(loss.detach()), n_seen + len(rows)
        if time.monotonic() > ends:
            break
    return total / n_seen

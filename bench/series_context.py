"""Context FID: how far the means and covariances of learnt features of windows lie apart.

The features are those of TS2Vec, learnt from the real windows as Diffusion-TS does it: batches of 8, 600
steps of AdamW, weights averaged over all of them; a window's features are the largest of its steps. Written
anew from the papers: one encoder of the real windows serves all that are compared with them.

Source:
    Yue et al. 2022, "TS2Vec: Towards Universal Representation of Time Series" (arXiv:2106.10466);
    Jeha et al. 2022, "PSA-GAN" (context FID); Yuan and Qiao 2024, "Diffusion-TS" (arXiv:2403.01742).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu, log_softmax, max_pool1d
from torch.optim.swa_utils import AveragedModel

from bench.series_judges import seeded
from bench.series_windows import Windows

N_FEATURES: Final = 320
N_HIDDEN: Final = 64
DEPTH: Final = 10
BATCH_SIZE: Final = 8
N_ITERATIONS: Final = 600
DROPOUT: Final = 0.1
CHUNK: Final = 500


@final
class Block(nn.Module):
    """Two dilated convolutions around a skip."""

    def __init__(self, n_in: int, n_out: int, dilation: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv1d(n, n_out, 3, padding=dilation, dilation=dilation) for n in (n_in, n_out)
        )
        self.skip = nn.Identity() if n_in == n_out else nn.Conv1d(n_in, n_out, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Shape `(n, n_out, n_steps)`."""
        return self.skip(inputs) + self.second(gelu(self.first(gelu(inputs))))


@final
class Encoder(nn.Module):
    """Features of each step of a window, which see all other steps."""

    def __init__(self, n_channels: int, n_features: int = N_FEATURES, depth: int = DEPTH) -> None:
        super().__init__()
        self.enter = nn.Linear(n_channels, N_HIDDEN)
        widths = [N_HIDDEN] * (depth + 1) + [n_features]
        self.blocks = nn.Sequential(
            *(Block(n_in, n_out, 2**k) for k, (n_in, n_out) in enumerate(pairwise(widths)))
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Shape `(n, n_steps, n_features)`; while it learns half of the steps are hidden."""
        entered = self.enter(inputs)
        if self.training:
            entered = entered * (torch.rand(inputs.shape[:2]) < 0.5)[..., None]
        return dropout(self.blocks(entered.transpose(1, 2)), DROPOUT, self.training).transpose(1, 2)

    @torch.no_grad()
    def features(self, windows: Windows) -> np.ndarray:
        """Shape `(n, n_features)`: of each the largest of all steps."""
        parts = torch.from_numpy(windows.astype(np.float32)).split(CHUNK)
        return torch.cat([self(part).amax(1) for part in parts]).double().numpy()


def learnt_encoder(real: Windows, seed: int, n_iterations: int = N_ITERATIONS, depth: int = DEPTH) -> Encoder:
    """An encoder to which two overlapping parts of a window say the same of the steps that they share."""
    values = torch.from_numpy(real.astype(np.float32))
    rng = np.random.default_rng(seed)
    with seeded(seed):
        network = Encoder(real.shape[2], depth=depth)
        averaged = AveragedModel(network)
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
        for _ in range(n_iterations):
            rows = values[torch.from_numpy(rng.permutation(len(values))[:BATCH_SIZE])]
            optimizer.zero_grad()
            _hierarchical_loss(*_two_views(network, rows, rng)).backward()
            optimizer.step()
            averaged.update_parameters(network)
    return averaged.module.eval()


def _two_views(network: Encoder, rows: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Features of the steps that two overlapping parts of each window share: `(n, n_shared, n_features)`.

    The parts begin at other steps in each window, within what the longer of all allows.
    """
    n_steps = rows.shape[1]
    n_shared = int(rng.integers(2, n_steps + 1))
    left = int(rng.integers(n_steps - n_shared + 1))
    right = left + n_shared
    outer_left, outer_right = int(rng.integers(left + 1)), int(rng.integers(right, n_steps + 1))
    shifts = rng.integers(-outer_left, n_steps - outer_right + 1, len(rows))
    first, second = (
        torch.stack([row[k + begin : k + end] for row, k in zip(rows, shifts, strict=True)])
        for begin, end in ((outer_left, right), (left, outer_right))
    )
    return network(first)[:, -n_shared:], network(second)[:, :n_shared]


def _hierarchical_loss(first: Tensor, second: Tensor) -> Tensor:
    """Half the contrast between windows, half that between steps; at scales halved until one step is left."""
    total, n_scales = torch.zeros(()), 0
    while True:
        total = total + 0.5 * _contrast(first.transpose(0, 1), second.transpose(0, 1))
        n_scales += 1
        if first.shape[1] == 1:
            return total / n_scales
        total = total + 0.5 * _contrast(first, second)
        first, second = (max_pool1d(one.transpose(1, 2), 2).transpose(1, 2) for one in (first, second))


def _contrast(first: Tensor, second: Tensor) -> Tensor:
    """How hard a thing's other view is to find among both views of all things of its group.

    Args:
        first: Shape `(n_groups, n_things, n_features)`.
        second: The other views, in the same order.
    """
    both = torch.cat([first, second], 1)
    n = first.shape[1]
    likeness = both @ both.transpose(1, 2)
    likeness = likeness.masked_fill(torch.eye(2 * n, dtype=torch.bool), -torch.inf)
    things = torch.arange(n)
    chances = log_softmax(likeness, 2)
    return -(chances[:, things, things + n].mean() + chances[:, things + n, things].mean()) / 2


def frechet_distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Between two normal distributions with the means and covariances of these features."""
    first, second = (np.cov(one, rowvar=False) for one in (ours, theirs))
    roots = np.sqrt(np.maximum(np.linalg.eigvals(first @ second).real, 0)).sum()
    between = ((ours.mean(0) - theirs.mean(0)) ** 2).sum()
    return float(between + np.trace(first) + np.trace(second) - 2 * roots)

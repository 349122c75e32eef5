"""Judges of windows that know nothing of the product: TimeGAN's two scores, boosted trees, correlations.

Everything takes windows `(n, n_steps, n_channels)` in [0, 1] and is a function of them and a seed.

Protocols, where they leave a choice:

* *Discriminative score*: code of TimeGAN as it is since December 2020. One GRU of `int(n_channels / 2)`
  units, 2,000 steps of Adam at its defaults with 128 real and 128 synthetic windows, weights drawn as Keras
  draws them; then |accuracy - 1/2| on a fifth of both, the accuracy being the mean of that on real and that
  on synthetic windows. An honest score is not 0: of `n` windows tested on, the absolute value alone gives
  .4 / sqrt(n), which is .01 for stock.
* *Predictive score*: a GRU of `int(n_channels / 2)` units learns from synthetic windows to tell the last
  channel of the next step from the others of this one, 5,000 steps of 128; mean absolute error on real ones.
* *Correlational score*: as Diffusion-TS computes it: correlations of the channels over all steps, absolute
  differences summed over the lower triangle, a tenth of that; of five draws of a fifth of the windows.
* *Boosted trees*: scikit-learn's histogram trees at their defaults on the window and its differences, side by
  side, of at most 3,000 windows of each; the area under the ROC curve.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, final

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss

from bench.series_windows import Rows, Sides, Windows

BATCH_SIZE: Final = 128
N_DISCRIMINATIVE: Final = 2_000
N_PREDICTIVE: Final = 5_000
N_BOOSTED: Final = 3_000
N_TREES: Final = 100
N_DRAWS: Final = 5
"""Of a fifth of the windows, for the correlational score."""


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """Torch's own random numbers from a seed; the state of the process stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@final
class Recurrent(nn.Module):
    """One GRU and one number of each of its states, with Keras' first weights."""

    def __init__(self, n_channels: int, n_units: int) -> None:
        super().__init__()
        self.gru = nn.GRU(n_channels, n_units, batch_first=True)
        self.last = nn.Linear(n_units, 1)
        reach = (6 / (n_channels + 3 * n_units)) ** 0.5  # Glorot's, of the three gates as one matrix
        nn.init.uniform_(self.gru.weight_ih_l0, -reach, reach)
        nn.init.orthogonal_(self.gru.weight_hh_l0)
        nn.init.xavier_uniform_(self.last.weight)
        for bias in (self.gru.bias_ih_l0, self.gru.bias_hh_l0, self.last.bias):
            nn.init.zeros_(bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Shape `(n, n_steps)`."""
        return self.last(self.gru(inputs)[0]).squeeze(2)


def _learn(network: nn.Module, loss: Callable[[], Tensor], n_iterations: int) -> None:
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(n_iterations):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()


def _batch(values: Tensor) -> Tensor:
    return values[torch.randperm(len(values))[:BATCH_SIZE]]


def _tensor(windows: Windows) -> Tensor:
    return torch.from_numpy(windows.astype(np.float32))


def discriminative_score(
    real: Windows, fake: Windows, sides: Sides, seed: int, n_iterations: int = N_DISCRIMINATIVE
) -> float:
    """How much better than by chance a small recurrent network tells them: 0 to .5.

    Args:
        real: Windows.
        fake: Synthetic ones.
        sides: Which of them it learns from, and which it is tested on.
        seed: Of first weights and batches.
        n_iterations: Steps of the optimiser.
    """
    n_units = max(real.shape[2] // 2, 1)
    with seeded(seed):
        network = Recurrent(real.shape[2], n_units)
        ours, theirs = _tensor(real[sides.real_seen]), _tensor(fake[sides.fake_seen])

        def loss() -> Tensor:
            true, false = _batch(ours), _batch(theirs)
            logits = network(torch.cat([true, false]))[:, -1].split([len(true), len(false)])
            return sum(
                (
                    binary_cross_entropy_with_logits(one, torch.full_like(one, label))
                    for one, label in zip(logits, (1.0, 0.0), strict=True)
                ),
                torch.zeros(()),
            )

        _learn(network, loss, n_iterations)
        with torch.no_grad():
            found = [network(_tensor(one))[:, -1] > 0 for one in (real[sides.real_new], fake[sides.fake_new])]
    accuracy = (found[0].double().mean() + (~found[1]).double().mean()) / 2
    return abs(float(accuracy) - 0.5)


def predictive_score(real: Windows, fake: Windows, seed: int, n_iterations: int = N_PREDICTIVE) -> float:
    """Mean absolute error on real windows of what was learnt from synthetic ones; at least two channels."""
    with seeded(seed):
        network = Recurrent(real.shape[2] - 1, max(real.shape[2] // 2, 1))
        theirs = _tensor(fake)

        def error(windows: Tensor) -> Tensor:
            return l1_loss(network(windows[:, :-1, :-1]).sigmoid(), windows[:, 1:, -1])

        _learn(network, lambda: error(_batch(theirs)), n_iterations)
        with torch.no_grad():
            return float(error(_tensor(real)))


def predictive_floor(real: Windows) -> float:
    """The predictive score of the best constant for each step, which has learnt nothing from the others."""
    last = real[:, 1:, -1]
    return float(np.abs(last - np.median(last, axis=0)).mean())


def boosted_auc(
    real: Windows, fake: Windows, sides: Sides, seed: int, n_most: int = N_BOOSTED, n_trees: int = N_TREES
) -> float:
    """How well boosted trees tell windows and their differences: .5 is by chance, 1 without a mistake."""
    rng = np.random.default_rng([seed, 3])
    n_new = round(n_most / 4)
    seen = [_some(rows, n_most - n_new, rng) for rows in (sides.real_seen, sides.fake_seen)]
    new = [_some(rows, n_new, rng) for rows in (sides.real_new, sides.fake_new)]
    trees = HistGradientBoostingClassifier(max_iter=n_trees, random_state=seed)
    trees.fit(*_labelled(real[seen[0]], fake[seen[1]]))
    inputs, labels = _labelled(real[new[0]], fake[new[1]])
    return float(roc_auc_score(labels, trees.predict_proba(inputs)[:, 1]))


def _some(rows: Rows, n_most: int, rng: np.random.Generator) -> Rows:
    return rng.permutation(rows)[:n_most]


def _labelled(real: Windows, fake: Windows) -> tuple[np.ndarray, np.ndarray]:
    both = np.concatenate([real, fake])
    beside = [both.reshape(len(both), -1), np.diff(both, axis=1).reshape(len(both), -1)]
    return np.concatenate(beside, axis=1), np.repeat([1, 0], [len(real), len(fake)])


def correlation_distance(real: Windows, fake: Windows) -> float:
    """Differences of the correlations of channels, summed over the lower triangle; a tenth of it."""
    lower = np.tril_indices(real.shape[2])
    ours, theirs = (np.corrcoef(one.reshape(-1, one.shape[2]), rowvar=False)[lower] for one in (real, fake))
    return float(np.abs(np.nan_to_num(ours) - np.nan_to_num(theirs)).sum() / 10)


def correlational_score(real: Windows, fake: Windows, seed: int) -> float:
    """The mean of `correlation_distance` over five draws of a fifth of the windows, as it is published."""
    rng = np.random.default_rng([seed, 4])
    n = min(len(real), len(fake)) // N_DRAWS
    return float(
        np.mean(
            [
                correlation_distance(
                    real[rng.permutation(len(real))[:n]], fake[rng.permutation(len(fake))[:n]]
                )
                for _ in range(N_DRAWS)
            ]
        )
    )

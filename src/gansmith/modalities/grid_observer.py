"""Small convolutional networks that look at records on a grid for the scorecard: an encoder and a classifier.

They are learnt from the user's own real records in seconds, from a seed, and fetched from nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    cross_entropy,
    pad,
)

from gansmith.engine.processors import fastest_precision, matrix_precision
from gansmith.engine.randomness import Randomness
from gansmith.nets.convolution import GridEncoder, Shape, grids_of
from gansmith.scorecard.contest.arena import Chances, Lessons
from gansmith.scorecard.embedded.records import (
    AbstractObserver,
    Classifier,
    Codes,
    Embedded,
    Encoder,
    Target,
    Values,
)
from gansmith.scorecard.features import draws

N_FEATURES: Final = 64
NARROWEST: Final = 16
"""Channels of the finest level; the second has twice as many, and so on."""
N_BLOCKS: Final = 1
"""Residual blocks of each level: 10,000 digits are told with .984 in the place of .972."""
COARSEST_SIDE: Final = 8
BATCH_SIZE: Final = 64
LEARNING_RATE: Final = 2e-3
"""At the start; it falls to nothing."""
N_SEEN: Final = 50_000
"""Records that a network sees while it learns, those of a small set again and again."""
N_QUICKLY_SEEN: Final = 10_000
MAX_EPOCHS: Final = 30
N_AVERAGED: Final = 16
"""Steps over which a loss is averaged, about."""
SMALL_SIDE: Final = 16
"""Of the coarse picture that an encoder restores."""
NOISE: Final = 0.1
"""Standard deviation of what an encoder has to see through."""
_CHUNK: Final = 1_000
_POOLS: Final[dict[int, Any]] = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


@final
class GridObserver(AbstractObserver):
    """See the base class.

    Args:
        n_seen: Records that each network sees while it learns.
        fold: Sides of the blocks of neighbours that become channels before anything else: nothing is lost,
            and a network is about so many times quicker for each axis.
        settled: Mean loss, in nats, of so few errors that a network is taught; 0: it sees all of `n_seen`.
    """

    def __init__(self, n_seen: int = N_SEEN, *, fold: int = 1, settled: float = 0.0) -> None:
        self.n_seen, self.fold, self.settled = n_seen, fold, settled

    def encoder(self, learnt: Embedded, unseen: Embedded, targets: tuple[Target, ...], seed: int) -> Encoder:
        """See the base class: it learns to restore coarse records from noisy ones, and to tell classes."""
        small = [_small(torch.from_numpy(part.values)) for part in (learnt, unseen)]
        mean, spread = small[0].mean(0), float(small[0].var(0).sum()) or 1.0
        n_values, codes = len(mean), torch.from_numpy(learnt.codes)
        sizes = (*(len(target.classes) for target in targets), n_values)
        network = _seeded(lambda: _Network(learnt.values.shape[1:], sizes, self.fold), seed)

        def loss(rows: np.ndarray, generator: torch.Generator) -> Tensor:
            batch = torch.from_numpy(learnt.values[rows])
            *logits, restored = network(batch + NOISE * torch.randn(batch.shape, generator=generator))
            gap = restored + mean - small[0][rows]
            return gap.square().sum(1).mean() / spread + _surprise(logits, codes[rows])

        _learn(network, loss, len(learnt), self.n_seen, seed)
        *logits, restored = network.outputs(unseen.values)
        explained = 1 - float((restored + mean - small[1]).square().sum(1).mean()) / spread
        right = [
            f"{target.name} right in {float((said.argmax(1).numpy() == wanted)[wanted >= 0].mean()):.1%}"
            for target, said, wanted in zip(targets, logits, unseen.codes.T, strict=True)
            if (wanted >= 0).any()
        ]
        words = f"restores {explained:.0%} of the variance of {n_values} coarse values"
        return Encoder(network.points, _digest(network), ", ".join([words, *right]))

    def classifier(self, values: Values, codes: Codes, n_classes: tuple[int, ...], seed: int) -> Classifier:
        """See the base class."""
        network = _seeded(lambda: _Network(values.shape[1:], n_classes, self.fold), seed)
        wanted = torch.from_numpy(codes)

        def loss(rows: np.ndarray, generator: torch.Generator) -> Tensor:
            return _surprise(network(torch.from_numpy(values[rows])), wanted[rows])

        _learn(network, loss, len(values), self.n_seen, seed, self.settled)
        return lambda records: [part.softmax(1).double().numpy() for part in network.outputs(records)]


def taught(lessons: Lessons, seed: int, settled: float = 0.0) -> Chances:
    """What a small network learns in a contest: the chance that a record is rare.

    It learns no longer than until its mean loss, in nats, is below `settled`.
    """
    network = _seeded(lambda: _Network(lessons.inputs.shape[1:], (2,)), seed)
    wanted = torch.from_numpy(lessons.is_rare.astype(np.int64))
    weights = torch.from_numpy((lessons.weights / lessons.weights.mean()).astype(np.float32))

    def loss(rows: np.ndarray, generator: torch.Generator) -> Tensor:
        (logits,) = network(torch.from_numpy(lessons.inputs[rows]))
        return (weights[rows] * cross_entropy(logits, wanted[rows], reduction="none")).mean()

    _learn(network, loss, len(lessons), N_QUICKLY_SEEN, seed, settled)
    return lambda records: network.outputs(records)[0].softmax(1)[:, 1].double().numpy()


@final
class _Network(nn.Module):
    """Strided convolutions to 64 features, and linear outputs of them."""

    def __init__(self, shape: Shape, sizes: Sequence[int], fold: int = 1) -> None:
        super().__init__()
        n_channels, *grid = shape
        self.fold, n_levels = fold, 1
        shape = (n_channels * fold ** len(grid), *(-(-side // fold) for side in grid))
        while max(grids_of(tuple(shape[1:]), n_levels + 1)[0]) > COARSEST_SIDE:
            n_levels += 1
        widths = [NARROWEST * level for level in range(1, n_levels + 1)]
        self.encode = GridEncoder(tuple(shape), (*widths, N_FEATURES), N_BLOCKS, "leaky_relu")
        self.heads = nn.ModuleList([nn.Linear(N_FEATURES, size) for size in sizes])

    def forward(self, values: Tensor) -> list[Tensor]:
        """The outputs of each head, shape `(n, size)`."""
        features = self.features(values)
        return [head(features).float() for head in self.heads]

    def features(self, values: Tensor) -> Tensor:
        """Shape `(n, 64)`."""
        return self.encode(folded(2 * values - 1, self.fold)).float()

    @torch.no_grad()
    def points(self, values: Values) -> np.ndarray:
        """Features, float64."""
        parts = torch.from_numpy(values).split(_CHUNK)
        return torch.cat([self.features(part) for part in parts]).double().numpy()

    @torch.no_grad()
    def outputs(self, values: Values) -> list[Tensor]:
        """The outputs of each head for many records."""
        features = torch.from_numpy(self.points(values)).float()
        return [head(features) for head in self.heads]


def _surprise(logits: Sequence[Tensor], codes: Tensor) -> Tensor:
    """Mean cross-entropy of those that are known, in nats, summed over the targets."""
    total = torch.zeros(())
    for said, wanted in zip(logits, codes.T, strict=True):
        n_known = (wanted >= 0).sum().clamp_min(1)
        total = total + cross_entropy(said, wanted, ignore_index=-1, reduction="sum") / n_known
    return total


def _learn(
    network: nn.Module,
    loss: Callable[[np.ndarray, torch.Generator], Tensor],
    n_records: int,
    n_seen: int,
    seed: int,
    settled: float = 0.0,
) -> None:
    """With Adam, on random batches; of few records so many passes at most; no longer than until `settled`."""
    n_steps = max(1, min(n_seen, MAX_EPOCHS * n_records) // BATCH_SIZE)
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, n_steps)
    rng, generator = draws(seed), Randomness(seed).generator("observer's noise", 0)
    order, mean = np.zeros(0, np.int64), 1.0
    for _ in range(n_steps):
        while len(order) < min(BATCH_SIZE, n_records):
            order = np.append(order, rng.permutation(n_records))
        rows, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        optimiser.zero_grad()
        with matrix_precision(fastest_precision(torch.device("cpu")), torch.device("cpu")):
            value = loss(rows, generator)
        value.backward()
        optimiser.step()
        falling.step()
        mean += (value.item() - mean) / N_AVERAGED
        if mean < settled:
            break
    network.eval()


def _seeded(build: Callable[[], _Network], seed: int) -> _Network:
    """A network with first weights from a seed; the state of the process stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Randomness(seed).key("observer", 0))  # noqa: TID251 - inside a fork
        return build()


def _small(values: Tensor) -> Tensor:
    """Box averages on a grid of at most `SMALL_SIDE` places along each side: `(n, n_values)`."""
    grid = values.shape[2:]
    pool: Callable[[Tensor, list[int]], Tensor] = _POOLS[len(grid)]
    return pool(values, [min(side, SMALL_SIDE) for side in grid]).flatten(1)


def _digest(network: nn.Module) -> str:
    digest = blake2b(digest_size=8)
    for weights in network.state_dict().values():
        digest.update(weights.numpy().tobytes())
    return digest.hexdigest()


def folded(values: Tensor, fold: int) -> Tensor:
    """Blocks of `fold` neighbours along each axis as channels; at the ends the last value is repeated."""
    if fold == 1:
        return values
    n, n_channels, *grid = values.shape
    lacking = [side for length in reversed(grid) for side in (0, -length % fold)]
    padded = pad(values, lacking, mode="replicate")
    sides = [side for length in padded.shape[2:] for side in (length // fold, fold)]
    parted = padded.view(n, n_channels, *sides)  # (n, n_channels, length, fold, ...)
    n_dims = len(grid)
    order = [0, 1, *(3 + 2 * axis for axis in range(n_dims)), *(2 + 2 * axis for axis in range(n_dims))]
    return parted.permute(order).reshape(n, n_channels * fold**n_dims, *sides[::2])

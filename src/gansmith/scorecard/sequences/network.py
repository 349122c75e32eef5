"""The discriminative score: what a small recurrent network tells apart. A weak judge beside trees."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.scorecard.score import Score, error_of_share
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge, Padded
from gansmith.scorecard.sequences.records import Sequences
from gansmith.scorecard.sequences.windows import Groups

MAX_STEPS: Final = 24
"""Steps of a window of each series that is looked at, as in the paper."""
MAX_SERIES: Final = 2_000
"""On each side."""
_N_CODES: Final = 8
"""Categories of a column that are channels of their own."""
_TEST_SHARE: Final = 0.2


def discriminative(
    fake: Sequences, real: Sequences, groups: Groups, judge: AbstractRecurrentJudge, seed: int
) -> Score:
    """How much better than by guessing a recurrent network tells series it has not seen: 0 to one half.

    TimeGAN's protocol, with labels of each side's own number, as its authors have had it since December 2020;
    both sides give equally many, and series that belong together are never learnt from and asked about.

    Raises:
        DataError: Fewer than 20 series on a side.

    Source:
        Yoon, Jarrett & van der Schaar 2019, "Time-series generative adversarial networks", section 5.
    """
    rng, n = draws(seed), min(len(fake), len(real), MAX_SERIES)
    n_test = int(_TEST_SHARE * n)
    if n_test < 4:
        raise DataError(f"{n} series on a side are too few for a network. Wanted: 20 or more.")
    parts = [_parted(group, n, n_test, rng) for group in groups]
    ours, theirs = (
        [padded(side.take(part), real, rng) for part in both]
        for side, both in zip((fake, real), parts, strict=True)
    )
    said = judge.chances(ours[0], theirs[0], np.concatenate([ours[1], theirs[1]]), seed)
    labels = np.repeat([1, 0], [len(ours[1]), len(theirs[1])])
    accuracy = float(((said > 0.5) == labels).mean())
    return Score(
        value=abs(accuracy - 0.5),
        error=error_of_share(len(labels) * accuracy, len(labels)),
        n=n,
        direction="lower",
        source="Yoon et al. 2019, TimeGAN: |accuracy - 0.5|, labels mended in December 2020.",
        label="discriminative score",
        meaning="How much better than by guessing a small recurrent network tells real from synthetic "
        "series; 0 is perfect. It is a weak judge: see the two-sample AUC of trees first.",
        limits=(0.0, 0.5),
    )


def _parted(
    group: np.ndarray, n: int, n_test: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Series to learn from and to ask about, no group on both sides."""
    numbers = np.unique(group, return_inverse=True)[1]
    order = rng.permutation(int(numbers.max()) + 1)[numbers]
    ordered = np.argsort(order, kind="stable")[:n]
    asked, left = ordered[:n_test], ordered[n_test:]
    return left[~np.isin(numbers[left], numbers[asked])], asked


def padded(of: Sequences, like: Sequences, rng: np.random.Generator) -> Padded:
    """A window of each series, as a network takes it: measures by the range of real ones, codes, gaps.

    Args:
        of: The series.
        like: Real ones, whose ranges count.
        rng: Draws where windows begin; a series that is shorter is looked at as a whole.
    """
    length = int(min(MAX_STEPS, like.lengths.max()))
    first = np.floor(rng.random(len(of)) * (np.maximum(of.lengths - length, 0) + 1)).astype(np.int64)
    places = first[:, None] + np.arange(length)
    is_there = places < of.lengths[:, None]
    rows = np.where(is_there, of.starts[:-1][:, None] + places, 0)
    channels: list[np.ndarray] = []
    for name in like.measures:
        low, high = np.nanquantile(like.column(name), (0.005, 0.995))
        channels.append((of.column(name)[rows] - low) / max(float(high - low), 1e-12))
    for name in like.categories:
        channels += [(of.column(name)[rows] == code) * 1.0 for code in range(_N_CODES)]
    if like.clock:
        channels.append(np.log1p(np.maximum(of.gaps[rows], 0)) / 10)
    values = np.stack([*(np.clip(np.nan_to_num(one), -1, 2) for one in channels), is_there], axis=2)
    return (values * is_there[:, :, None]).astype(np.float64)

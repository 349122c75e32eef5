"""Unusual records: which ones they are, and whether synthetic records lie right beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import Tally
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.points import affordable, as_points, nearest_few
from gansmith.scorecard.private.risk import Attack, attack_of, measured_risk

UNUSUAL: Final = 0.01
"""Share of the records that are called unusual."""
FEWEST: Final = 20
"""Unusual records that are looked at, even where they are more than that share."""
BESIDE: Final = 1 / 3
"""Nearer than this share of the way to the nearest other real record is right beside."""
_N_CELLS: Final = 20
"""Of equal width between the 1 % and the 99 % quantile of a number."""


@final
@dataclass(frozen=True, eq=False)
class NearUnusual:
    """Unusual records with a synthetic one beside them."""

    attack: Attack
    train: Features
    """The unusual training records that have one, the nearest first."""
    fake: Features
    """The synthetic records beside them, in the same order."""
    distances: np.ndarray
    """Between the two, shape `(n,)`, in the space of `as_points`."""


def near_unusual(fake: Features, train: Features, holdout: Features, *, seed: int) -> NearUnusual:
    """How many of the most unusual training records have a synthetic one right beside them?

    Unusual are the most unusual 1 % of each side, 20 records at least (a quarter at most). Right beside is
    less than a third as far as the nearest other real record, of training and hold-out alike. The control
    group are the unusual records of the hold-out: nothing has to be known of how far records lie apart.

    Raises:
        DataError: Fewer than four real records on a side.

    Source:
        Ours; distances relative to those of real records: van Breugel et al. 2023 (arXiv:2302.12580).
    """
    check_comparable(fake, train, holdout, n_records=1)
    n = min(len(train), len(holdout))
    n_unusual = most_unusual(n)
    if not n_unusual:
        raise DataError(f"{n} real records on a side. Wanted: 4 or more. Leave near_unusual out.")
    rng = draws(seed)
    fake = fake.sample(affordable(fake), rng)
    train, holdout = (part.sample(min(n, affordable(part)), rng) for part in (train, holdout))
    rare = [np.argsort(-how, kind="stable")[:n_unusual] for how in unusualness(train, holdout)]
    fake_points, *real_points = as_points(fake, train, holdout)
    targets = np.concatenate([points[places] for points, places in zip(real_points, rare, strict=True)])
    to_fake, which = (found[:, 0] for found in nearest_few(targets, fake_points, 1))
    to_real = nearest_few(targets, np.concatenate(real_points), 2)[0][:, 1]  # the first one is itself
    is_near = to_fake < BESIDE**2 * to_real  # squared distances
    main, control = (Tally(int(side.sum()), n_unusual) for side in np.split(is_near, 2))
    attack = attack_of(
        {"all columns": measured_risk(main, control, None)},
        label="near copies of unusual records (risk)",
        meaning="Risk that one of the most unusual training records has a synthetic one right beside it.",
    )
    found = np.flatnonzero(is_near[:n_unusual])
    found = found[np.argsort(to_fake[found], kind="stable")]
    return NearUnusual(attack, train.take(rare[0][found]), fake.take(which[found]), np.sqrt(to_fake[found]))


def most_unusual(n: int) -> int:
    """How many of n records are called unusual."""
    return min(max(FEWEST, math.ceil(UNUSUAL * n)), n // 4)


def unusualness(*parts: Features) -> list[np.ndarray]:
    """Sum over the columns of -log of how frequent the record's cell is among all records.

    A category is a cell, and so is a missing value. Numbers lie in cells of equal width, 20 between the 1 %
    and the 99 % quantile and as many beyond as are needed: in cells of equal counts no number would be rare.

    Args:
        parts: Sets of records with the same columns, counted together.

    Returns:
        For each part shape `(n_records,)`, in nats, 0 or more; high is unusual.

    Source:
        The surprise of independent columns; Shannon 1948, "A mathematical theory of communication".
    """
    values = np.concatenate([part.values for part in parts])
    total = np.zeros(len(values))
    for column, is_category in enumerate(parts[0].is_category):
        cells = values[:, column] if is_category else _cells(values[:, column])
        _, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
        total -= np.log(counts / len(values))[inverse]
    return np.split(total, np.cumsum([len(part) for part in parts])[:-1])


def _cells(numbers: np.ndarray) -> np.ndarray:
    present = numbers[~np.isnan(numbers)]
    if not len(present):
        return numbers
    low, high = np.quantile(present, (0.01, 0.99))
    if low == high:
        return np.sign(numbers - low)
    # NaN stays; the 99 % quantile itself still lies inside.
    return np.where(numbers == high, _N_CELLS - 1, np.floor((numbers - low) / (high - low) * _N_CELLS))

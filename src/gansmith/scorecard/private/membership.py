"""Membership: can somebody tell whether a record was among the training records?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.private.membership_attacks import (
    FALSE_POSITIVES,
    auc_of,
    membership_attacks,
    sure_share_of,
)
from gansmith.scorecard.private.risk import Rate
from gansmith.scorecard.score import CONFIDENT, Score

UNUSUAL: Final = 0.01
"""Share of the records that are called unusual."""
FEWEST: Final = 20
"""Unusual records that are looked at, even where they are more than that share."""
_SMALLEST: Final = 12
"""Records without which there is nothing to split."""
_N_BINS: Final = 20
"""Cells of equal width between the 1 % and the 99 % quantile of a number."""
_SOURCE: Final = (
    "The best of van Breugel et al. 2023 (arXiv:2302.12580), Hilprecht et al. 2019, Hayes et al. 2019 "
    "(arXiv:1705.07663) and distances; Carlini et al. 2022 (arXiv:2112.03570)"
)

Pair = tuple[np.ndarray, np.ndarray]
"""Something of the members, shape (n,), and the same of the others."""


@final
@dataclass(frozen=True)
class Membership:
    """How well the best of several attacks tells training records from hold-out records."""

    auc: Score
    """0.5 is a guess; the error is DeLong's."""
    tpr: Score
    """Share of training records recognised while 1 % of the others are taken for some: 0.01 is a guess."""
    unusual_auc: Score
    """The same among the most unusual 1 % of all records."""
    unusual_tpr: Score
    details: Mapping[str, float]
    """AUC of each attack on all targets, the highest first: to see which one works. The highest of these is
    flattered by the choice, which `auc` is not."""


def membership(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 4_000
) -> Membership:
    """Tell members (training records) from non-members (hold-out records) by the synthetic records.

    Somebody holds a record, the synthetic records and further real records from the same source: half of the
    hold-out, the reference. Several attacks (see `membership_attacks`) say how likely the record was learnt
    from. The best attack is chosen on one half of the targets and measured on the other, then the other way
    round: the best of many on the same targets would accuse innocent data. For unusual targets it is chosen
    on the most unusual quarter of the ordinary ones.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw; half of them at most become targets.
        seed: Of the draws.
        n_max: Members, and non-members, at most.

    Returns:
        AUC and true-positive rates, overall and for the most unusual 1 % (20 records at least, if that is no
        more than a quarter).

    Raises:
        DataError: Different columns, none at all, no synthetic record, or fewer than 12 real ones on a side.

    Source:
        Van Breugel et al. 2023, "Membership inference attacks against synthetic data through overfitting
        detection" (arXiv:2302.12580), for the reference; Carlini et al. 2022 (arXiv:2112.03570) for the rate
        at few false positives.
    """
    check_comparable(fake, train, holdout, n_records=1)
    n = min(len(train), len(holdout))
    if n < _SMALLEST:
        raise DataError(
            f"{len(train)} training and {len(holdout)} hold-out records. Wanted: {_SMALLEST} or more of "
            "each. Set more records aside, or leave membership out."
        )
    targets = _chosen(train, holdout, n_max, draws(seed))
    said = membership_attacks(fake, targets.reference, (targets.members, targets.others), seed=seed)
    ordinary, unusual, nearly = (
        {name: (pair[0][places[0]], pair[1][places[1]]) for name, pair in said.items()}
        for places in (targets.ordinary, targets.unusual, targets.nearly_unusual)
    )
    halves = [{name: (a[part::2], b[part::2]) for name, (a, b) in ordinary.items()} for part in (0, 1)]
    swapped = [(halves[0], halves[1]), (halves[1], halves[0])]
    aucs = {name: auc_of(*pair).value for name, pair in ordinary.items()}
    return Membership(
        _mean([_best(auc_of, *sides) for sides in swapped], "", is_share=False),
        _mean([_best(sure_share_of, *sides) for sides in swapped], "", is_share=True),
        _mean([_best(auc_of, nearly, unusual)], " of unusual records", is_share=False),
        _mean([_best(sure_share_of, nearly, unusual)], " of unusual records", is_share=True),
        dict(sorted(aucs.items(), key=lambda item: -item[1])),
    )


@final
@dataclass(frozen=True, eq=False)
class _Targets:
    """Who is asked about, with places of the groups among members and among others."""

    members: Features
    others: Features
    reference: Features
    """Real records that are neither."""
    ordinary: Pair
    unusual: Pair
    nearly_unusual: Pair
    """The most unusual quarter of the ordinary ones, without the unusual."""


def _chosen(train: Features, holdout: Features, n_max: int, rng: np.random.Generator) -> _Targets:
    n = min(len(train), len(holdout))
    train, holdout = train.sample(n, rng), holdout.sample(n, rng)
    n_ordinary, n_unusual = min(n_max, n // 2), min(max(FEWEST, math.ceil(UNUSUAL * n)), n // 4)
    # Both sets are shuffled, so the first ones are a random choice and equals stand in random order.
    orders = [np.argsort(-how, kind="stable") for how in unusualness(train, holdout)]
    rare = [order[:n_unusual] for order in orders]
    nearly = [order[n_unusual:][order[n_unusual:] < n_ordinary] for order in orders]
    n_nearly = max(1, min(min(map(len, nearly)), max(FEWEST, n_ordinary // 4)))
    last = np.arange(n_ordinary, n_ordinary + n_unusual)
    is_reference = np.arange(n) >= n - n // 2
    is_reference[rare[1]] = False
    return _Targets(
        members=train.take(np.append(np.arange(n_ordinary), rare[0])),
        others=holdout.take(np.append(np.arange(n_ordinary), rare[1])),
        reference=holdout.take(np.flatnonzero(is_reference)),
        ordinary=(np.arange(n_ordinary), np.arange(n_ordinary)),
        unusual=(last, last),
        nearly_unusual=(nearly[0][:n_nearly], nearly[1][:n_nearly]),
    )


def unusualness(*parts: Features) -> list[np.ndarray]:
    """Sum over the columns of -log of how frequent the record's cell is among all records.

    A category is a cell, and so is a missing value. Numbers lie in 20 cells of equal width, or in the two
    beyond the 1 % and the 99 % quantile: in cells of equal counts no number would be rare.

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
    cells = np.floor((numbers - low) / (high - low) * _N_BINS)
    # The 99 % quantile itself still lies inside.
    cells = np.where(numbers == high, _N_BINS - 1, cells)
    return np.clip(cells, -1, _N_BINS)  # NaN stays


def _best(
    measure: Callable[[np.ndarray, np.ndarray], Rate],
    to_choose: Mapping[str, Pair],
    to_measure: Mapping[str, Pair],
) -> Rate:
    """The attack that does best on some targets, measured on others."""
    best = max(to_choose, key=lambda name: measure(*to_choose[name]).value)
    return measure(*to_measure[best])


def _mean(rates: list[Rate], whose: str, *, is_share: bool) -> Score:
    """Of independent rates, AUCs or shares; the interval of a share stays within 0 to 1."""
    value, n = sum(rate.value for rate in rates) / len(rates), sum(rate.n for rate in rates)
    low = value - math.hypot(*(rate.value - rate.low for rate in rates)) / len(rates)
    high = value + math.hypot(*(rate.high - rate.value for rate in rates)) / len(rates)
    if is_share:
        label = f"membership{whose} (found at 1 % false alarms)"
        meaning = f"Share of the training records{whose} that the best attack is sure of; 0.01 is a guess."
        n_asked, n_wanted = min(rate.n for rate in rates), math.ceil(1 / FALSE_POSITIVES) - 1
    else:
        label, n_asked, n_wanted = f"membership{whose} (AUC)", n, FEWEST
        meaning = (
            f"How often the best attack rightly calls the training record of two{whose}; 0.5 is a guess."
        )
    doubt = f"cannot be trusted: only {n_asked} records of each kind, {n_wanted} wanted"
    return Score(
        value=value,
        error=(high - low) / 2 / CONFIDENT,
        n=n,
        direction="lower",
        source=_SOURCE,
        label=label,
        meaning=meaning,
        bounds=(max(0.0, low), min(1.0, high)) if is_share else None,
        caveat=doubt if n_asked < n_wanted else "",
    )

"""Membership: can somebody tell whether a record was among the training records?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.learners import SMALL_TREES, auc_and_error
from gansmith.scorecard.points import affordable, as_points, nearest_few
from gansmith.scorecard.private.risk import Rate, Tally, wilson_rate
from gansmith.scorecard.score import CONFIDENT, Score

FALSE_POSITIVES: Final = 0.01
UNUSUAL: Final = 0.01
"""Share of the records that are called unusual."""
FEWEST: Final = 20
"""Unusual records that are looked at, even where they are more than that share."""
_SMALLEST: Final = 12
"""Records without which there is nothing to split."""
_N_BINS: Final = 20
"""Cells of equal width between the 1 % and the 99 % quantile of a number."""
_N_NEIGHBOURS: Final = 10
"""Of the larger of two neighbourhoods; the smaller one has the nearest alone."""
_BALL: Final = 0.1
"""The small ball reaches as far as this share of the targets has its nearest synthetic record."""
_RECORDS_LEARNT: Final = 10_000
"""That the classifier learns from, of each side."""
_SIDES: Final[tuple[Literal["right"], Literal["left"]]] = ("right", "left")
_NO_DISTANCE: Final = 1e-6
"""Added to distances before their logarithm is taken: a copy lies at a distance of 0."""
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

    Returns:
        AUC and true-positive rates, overall and for the most unusual 1 % (20 records at least, if that is no
        more than a quarter).

    Raises:
        DataError: Fewer than 12 real records on a side.

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
    targets, reference, groups = _chosen(train, holdout, n_max, draws(seed))
    said = membership_attacks(fake, reference, targets, seed=seed)
    ordinary, unusual, nearly = (
        {name: (pair[0][places[0]], pair[1][places[1]]) for name, pair in said.items()} for places in groups
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


def _chosen(
    train: Features, holdout: Features, n_max: int, rng: np.random.Generator
) -> tuple[tuple[Features, Features], Features, list[Pair]]:
    """Members and others; real records that are neither; and places of three groups of both.

    The groups are the ordinary ones, the unusual ones, and the most unusual quarter of the ordinary ones.
    """
    n = min(len(train), len(holdout))
    train, holdout = train.sample(n, rng), holdout.sample(n, rng)
    n_ordinary, n_unusual = min(n_max, n // 2), min(max(FEWEST, math.ceil(UNUSUAL * n)), n // 4)
    # Both sets are shuffled, so the first ones are a random choice and equals stand in random order.
    orders = [np.argsort(-how, kind="stable") for how in unusualness(train, holdout)]
    rare = [order[:n_unusual] for order in orders]
    nearly = [order[n_unusual:][order[n_unusual:] < n_ordinary] for order in orders]
    n_nearly = max(1, min(min(map(len, nearly)), max(FEWEST, n_ordinary // 4)))
    first, last = np.arange(n_ordinary), np.arange(n_ordinary, n_ordinary + n_unusual)
    is_reference = np.arange(n) >= n - n // 2
    is_reference[rare[1]] = False
    members = train.take(np.append(first, rare[0]))
    others = holdout.take(np.append(first, rare[1]))
    groups: list[Pair] = [(first, first), (last, last), (nearly[0][:n_nearly], nearly[1][:n_nearly])]
    return (members, others), holdout.take(np.flatnonzero(is_reference)), groups


def membership_attacks(
    fake: Features, reference: Features, targets: tuple[Features, Features], *, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What each attack says of members and of others.

    Args:
        fake: Synthetic records.
        reference: Real records that are neither members nor others.
        targets: Members and others.
        seed: Of the draws and the classifier.

    Returns:
        For each attack its numbers for members and for others, high for members.

    Source:
        The nearest synthetic record, with and without the nearest reference record: Chen et al. 2020,
        "GAN-Leaks" (arXiv:1909.03935). Ratio of densities, here by k nearest neighbours: van Breugel et al.
        2023 (arXiv:2302.12580). Records in a small ball: Hilprecht et al. 2019, "Monte Carlo and
        reconstruction membership inference attacks against generative models", PoPETs. A classifier: Hayes et
        al. 2019, "LOGAN" (arXiv:1705.07663), black box with auxiliary records.
    """
    rng = draws(seed)
    n_records = affordable(fake)
    fake, reference = fake.sample(n_records, rng), reference.sample(n_records // 2, rng)
    said = _by_distance(fake, reference, targets)
    said["synthetic-or-real classifier"] = _by_classifier(fake, reference, targets, seed)
    n_members = len(targets[0])
    return {name: (numbers[:n_members], numbers[n_members:]) for name, numbers in said.items()}


def _by_distance(
    fake: Features, reference: Features, targets: tuple[Features, Features]
) -> dict[str, np.ndarray]:
    fake_points, reference_points, *target_points = as_points(fake, reference, *targets)
    points = np.concatenate(target_points)  # (n_targets, n_dimensions)
    to_fake = np.sqrt(nearest_few(points, fake_points, 2 * _N_NEIGHBOURS)[0])  # (n_targets, 2 _N_NEIGHBOURS)
    to_real = np.sqrt(nearest_few(points, reference_points, _N_NEIGHBOURS)[0])
    said = {
        "nearest synthetic record": -to_fake[:, 0],
        "nearest synthetic less nearest real record": to_real[:, 0] - to_fake[:, 0],
    }
    for k in (1, _N_NEIGHBOURS):
        ours, theirs = (part[:, min(k, part.shape[1]) - 1] for part in (to_fake, to_real))
        # The ratio of two densities is that of their radii to the power of the dimension: the same order.
        said[f"density ratio by {k} neighbours"] = np.log(theirs + _NO_DISTANCE) - np.log(ours + _NO_DISTANCE)
    radius = np.quantile(to_fake[:, 0], _BALL)
    said["synthetic records in a small ball"] = (to_fake <= radius).sum(axis=1) * 1.0
    return said


def _by_classifier(
    fake: Features, reference: Features, targets: tuple[Features, Features], seed: int
) -> np.ndarray:
    n = min(len(fake), len(reference), _RECORDS_LEARNT)
    parts = [fake.values[:n], reference.values[:n], *(part.values for part in targets)]
    values = np.concatenate(parts)
    for column in np.flatnonzero(fake.is_category):
        values[:, column] = fold_rare_codes(values[:, column], n_codes=SMALL_TREES.n_codes)
    labels = np.repeat([1.0, 0.0], n)
    judge = SMALL_TREES.classifier(values[: 2 * n], labels, fake.is_category, seed)
    return judge.probabilities(values[2 * n :])[:, 1]


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
        meaning = f"Share of the training records{whose} that the best attack finds so; 0.01 is guessing."
        n_asked, n_wanted = min(rate.n for rate in rates), math.ceil(1 / FALSE_POSITIVES) - 1
    else:
        label, n_asked, n_wanted = f"membership{whose} (AUC)", n, FEWEST
        meaning = (
            f"How often the best attack tells a training record{whose} from a held-out one; 0.5 is guessing."
        )
    doubt = f"cannot be trusted: only {n_asked} records of each kind, {n_wanted} needed"
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


# --- What an attack reaches ---------------------------------------------------------------------------------


def true_positive_rate(
    positives: Float[np.ndarray, " n_positives"],
    negatives: Float[np.ndarray, " n_negatives"],
    *,
    false_positives: float,
) -> Rate:
    """Share of positive records above a threshold that a given share of negative ones exceeds.

    Of numbers of the same distribution, a share of i / (n + 1) lies above the i-th largest of n negative ones
    on average; in between, the rate is interpolated, and ties fall in random order. So a
    guess reaches the given share however few the negatives are, and fewer than 1 / false_positives of them
    can never show a rate of 1.

    Args:
        positives: What the attack says of the positive records, one or more; any scale.
        negatives: The same of the negative ones, one or more.
        false_positives: Share of negatives that may be taken for positives, between 0 and 1.

    Returns:
        The rate. Its interval adds, as squares, that of the share of positives and that of the threshold.

    Source:
        Carlini et al. 2022, "Membership inference attacks from first principles" (arXiv:2112.03570), on why
        few false positives are what counts. The sum of squares: Newcombe 1998, Statistics in Medicine 17.

    Example:
        >>> numbers = np.arange(1000.0)
        >>> round(true_positive_rate(numbers, numbers + 0.5, false_positives=0.1).value, 2)
        0.1
    """
    curve = _curve(positives, negatives)
    value = float(np.interp(false_positives, *curve))
    n_hits = min(value * len(positives), float(len(positives)))
    share = wilson_rate(Tally(n_hits, len(positives)))
    threshold = wilson_rate(Tally(false_positives * len(negatives), len(negatives)))
    least, most = np.interp([threshold.low, threshold.high], *curve).tolist()
    low = value - math.hypot(value - share.low, value - least)
    high = value + math.hypot(share.high - value, most - value)
    return Rate(value, max(0.0, low), min(1.0, high), len(positives))


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected shares of false positives, ascending from 0 to 1, and the shares of true ones."""
    n = len(negatives)
    ascending = np.sort(negatives)
    upper, lower = (np.searchsorted(ascending, ascending, side=side) for side in _SIDES)
    n_above, n_reached = (
        len(positives) - np.searchsorted(np.sort(positives), ascending, side=side) for side in _SIDES
    )
    # Negatives that are equal take part in a tie at random places: above the j-th of g of them there are
    # j / (g + 1) of the positives in the tie, on average.
    place = (upper - np.arange(n)) / (upper - lower + 1)
    n_true = n_above + (n_reached - n_above) * place
    shares = np.append(n_true / len(positives), 0.0)[::-1]
    return np.append(np.arange(n + 1) / (n + 1), 1.0), np.append(shares, 1.0)


def auc_of(members: np.ndarray, others: np.ndarray) -> Rate:
    """How often an attack rightly calls the member of two."""
    value, error = auc_and_error(members, others)
    return Rate(value, value - CONFIDENT * error, value + CONFIDENT * error, len(members))


def sure_share_of(members: np.ndarray, others: np.ndarray) -> Rate:
    """Share of the members that an attack is sure of."""
    return true_positive_rate(members, others, false_positives=FALSE_POSITIVES)

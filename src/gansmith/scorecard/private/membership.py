"""Membership: can somebody tell whether a record was among the training records?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import DOUBT, adjusted
from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.learners import SMALL_TREES
from gansmith.scorecard.points import affordable, as_points, nearest_few
from gansmith.scorecard.private.rates import Reached, auc_reached, mean_auc, n_needed, share_reached
from gansmith.scorecard.private.risk import Rate
from gansmith.scorecard.private.unusual import FEWEST, most_unusual, unusualness
from gansmith.scorecard.score import CONFIDENT, SHARE, Score

FALSE_POSITIVES: Final = 0.01
SURER: Final = 0.001
_SMALLEST: Final = 12
"""Records without which there is nothing to split."""
_N_NEIGHBOURS: Final = 10
"""Of the larger of two neighbourhoods; the smaller one has the nearest alone."""
_BALL: Final = 0.1
"""The small ball reaches as far as this share of the targets has its nearest synthetic record."""
_RECORDS_LEARNT: Final = 10_000
"""That the classifier learns from, of each side."""
_BY_CHOICE: Final = math.sqrt(1 + 2 / math.pi)
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
    surer: Mapping[str, float]
    """The rate `tpr` at one false alarm in a thousand, where there are records enough."""


def membership(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 4_000
) -> Membership:
    """Tell members (training records) from non-members (hold-out records) by the synthetic records.

    Somebody holds a record, the synthetic records and further real records from the same source: half of the
    hold-out, the reference. Several attacks (see `membership_attacks`) say how likely the record was learnt
    from. The best attack is chosen on one half of the targets and measured on the other, then the other way
    round: the best of many on the same targets would accuse innocent data. Unusual targets are too few for
    that: there the surest attack counts where its chance, by Holm, is below `DOUBT`, else the mean of all.
    All chances are those of the surest attack on all targets, by Holm.

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
    ordinary, unusual = (
        {name: (pair[0][places[0]], pair[1][places[1]]) for name, pair in said.items()} for places in groups
    )
    halves = [{name: (a[part::2], b[part::2]) for name, (a, b) in ordinary.items()} for part in (0, 1)]
    swapped = [(halves[0], halves[1]), (halves[1], halves[0])]
    aucs, tprs, unusual_aucs, unusual_tprs = (
        {name: measure(*pair) for name, pair in group.items()}
        for group in (ordinary, unusual)
        for measure in (auc_reached, _sure_share)
    )
    auc = _score(
        _mean([_best(auc_reached, *sides) for sides in swapped], aucs, _BY_CHOICE), "", is_share=False
    )
    tpr = _score(_mean([_best(_sure_share, *sides) for sides in swapped], tprs), "", is_share=True)
    unusual_auc = _score(
        _surest(unusual_aucs, mean_auc(unusual.values())), " of unusual records", is_share=False
    )
    unusual_tpr = _score(
        _surest(unusual_tprs, _mean_rate(unusual_tprs)), " of unusual records", is_share=True
    )
    return Membership(
        auc,
        _agreeing(tpr, auc),
        unusual_auc,
        _agreeing(unusual_tpr, unusual_auc),
        dict(sorted(((name, one.rate.value) for name, one in aucs.items()), key=lambda item: -item[1])),
        _surer(swapped),
    )


def _chosen(
    train: Features, holdout: Features, n_max: int, rng: np.random.Generator
) -> tuple[tuple[Features, Features], Features, list[Pair]]:
    """Members and others; real records that are neither; and places of the ordinary and the unusual ones."""
    n = min(len(train), len(holdout))
    train, holdout = train.sample(n, rng), holdout.sample(n, rng)
    n_ordinary, n_unusual = min(n_max, n // 2), most_unusual(n)
    # Both sets are shuffled, so the first ones are a random choice and equals stand in random order.
    orders = [np.argsort(-how, kind="stable") for how in unusualness(train, holdout)]
    rare = [order[:n_unusual] for order in orders]
    first, last = np.arange(n_ordinary), np.arange(n_ordinary, n_ordinary + n_unusual)
    is_reference = np.arange(n) >= n - n // 2
    is_reference[rare[1]] = False
    members = train.take(np.append(first, rare[0]))
    others = holdout.take(np.append(first, rare[1]))
    return (members, others), holdout.take(np.flatnonzero(is_reference)), [(first, first), (last, last)]


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


def _best(
    measure: Callable[[np.ndarray, np.ndarray], Reached],
    to_choose: Mapping[str, Pair],
    to_measure: Mapping[str, Pair],
) -> Reached:
    """The attack that does best on some targets, measured on others."""
    best = max(to_choose, key=lambda name: measure(*to_choose[name]).rate.value)
    return measure(*to_measure[best])


def _mean(parts: Sequence[Reached], of_all: Mapping[str, Reached], by_choice: float = 1.0) -> Reached:
    """Of two rates; the chance is by Holm that of the attack which does best on all targets.

    Not that of the two rates: which attack is chosen on one half goes together with what it reaches there. So
    do AUCs, where the choice is chance: with two attacks of which one does well where the other does badly,
    the mean is half of two sizes, |a| + |b|, with either sign, whose variance is 1 + 2 / pi times that of
    half of a + b. Shares of so few records, most of them 0, hardly do: their intervals hold without it.
    """
    rates = [part.rate for part in parts]
    chances = adjusted({name: part.chance for name, part in of_all.items()})
    wider = by_choice if min(chances.values()) >= DOUBT else 1.0
    value, n = sum(rate.value for rate in rates) / len(rates), sum(rate.n for rate in rates)
    low = value - wider * math.hypot(*(rate.value - rate.low for rate in rates)) / len(rates)
    high = value + wider * math.hypot(*(rate.high - rate.value for rate in rates)) / len(rates)
    n_others = min(part.n_others for part in parts)
    return Reached(Rate(value, low, high, n), min(chances.values()), n_others)


def _surest(parts: Mapping[str, Reached], mean: Rate) -> Reached:
    """The attack that is least likely a guess, or the mean of all where that may be one."""
    chances = adjusted({name: part.chance for name, part in parts.items()})
    surest = min(chances, key=lambda name: (chances[name], -parts[name].rate.low))
    rate = parts[surest].rate if chances[surest] < DOUBT else mean
    return Reached(rate, chances[surest], parts[surest].n_others)


def _mean_rate(parts: Mapping[str, Reached]) -> Rate:
    """The mean of shares; the interval is theirs, as if all erred alike."""
    rates = [part.rate for part in parts.values()]
    value, low, high = np.mean([(rate.value, rate.low, rate.high) for rate in rates], axis=0).tolist()
    return Rate(value, low, high, rates[0].n)


def _score(found: Reached, whose: str, *, is_share: bool) -> Score:
    """As a score."""
    rate, n_wanted = found.rate, n_needed(FALSE_POSITIVES) if is_share else FEWEST
    if is_share:
        label = f"membership{whose} (found at 1 % false alarms)"
        meaning = (
            f"Share of the training records{whose} that the best attack finds so; 0.01 is guessing. It takes "
            f"{n_wanted} records of each kind."
        )
    else:
        label = f"membership{whose} (AUC)"
        meaning = (
            f"How often the best attack tells a training record{whose} from a held-out one; 0.5 is guessing."
        )
    doubt = f"cannot be trusted: only {found.n_others} records of each kind, {n_wanted} needed"
    return Score(
        value=rate.value,
        error=(rate.high - rate.low) / 2 / CONFIDENT,
        n=rate.n,
        direction="lower",
        source=_SOURCE,
        label=label,
        meaning=meaning,
        bounds=(rate.low, rate.high),
        limits=SHARE,
        caveat=doubt if found.n_others < n_wanted else "",
        chance=found.chance,
    )


def _agreeing(tpr: Score, auc: Score) -> Score:
    """A rate, with a caveat where the AUC is too high for it.

    Whoever is found at a share f of false alarms with a rate of t only cannot have an AUC above
    1 - f (1 - t).
    """
    most = 1 - FALSE_POSITIVES * (1 - tpr.interval[1])
    if tpr.caveat or auc.interval[0] <= most:
        return tpr
    return replace(tpr, caveat=f"cannot be trusted: it contradicts an AUC of {auc.value:.3f}")


def _sure_share(members: np.ndarray, others: np.ndarray) -> Reached:
    return share_reached(members, others, false_positives=FALSE_POSITIVES)


def _surer_share(members: np.ndarray, others: np.ndarray) -> Reached:
    return share_reached(members, others, false_positives=SURER)


def _surer(swapped: Sequence[tuple[Mapping[str, Pair], Mapping[str, Pair]]]) -> dict[str, float]:
    """The rate at one false alarm in a thousand; nothing where there are too few records for it."""
    n_others = min(len(others) for _, measured in swapped for _, others in measured.values())
    if n_others < n_needed(SURER):
        return {}
    found = [_best(_surer_share, *sides).rate.value for sides in swapped]
    return {"found at 0.1 % false alarms": sum(found) / len(found)}

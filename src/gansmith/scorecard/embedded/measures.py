"""The scores of embedded records, one small function each; a new score is a function and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.records import AbstractObserver, Classifier, Embedded, Target
from gansmith.scorecard.embedded.statistics import SPECTRUM, Statistic
from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import auc_and_error
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share, share_of
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.real.distances import frechet_distance, kernel_distance
from gansmith.scorecard.score import (
    GROUPS_FREE,
    SHARE,
    Effort,
    Score,
    error_by_groups,
    error_of_share,
    interval_of_few,
)

NO_CLASSES: Final = "No attribute of the real records has two to a hundred classes, held-out ones included."
N_DETAILS: Final = 10
N_DRAWS: Final = 200
"""Of counts, from which the error of a divergence comes."""
N_NEIGHBOURS: Final = 5
"""k of coverage and density."""
SMALL_SET: Final = 2_000
"""Records of both sides below which a classifier is cross-validated in more than two folds."""
_LOPEZ: Final = "Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC; error: DeLong et al. 1988."
_HALF_COUNT: Final = 0.5
"""Added to each class: one that does not occur is no infinite distance."""


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Records on trial."""

    fake: Embedded
    """Synthetic records, or those of an anchor."""
    keys: np.ndarray
    """Of all of them, also those that are not looked at."""
    known_keys: frozenset[bytes]
    """Of all training records."""
    train: Embedded
    """What the generator learnt from; those that taught the encoder nothing come first, ..."""
    n_unseen: int
    """... and these are so many."""
    holdout: Embedded
    """Real records that the generator never saw."""
    targets: tuple[Target, ...]
    observer: AbstractObserver
    probe: Callable[[], Classifier]
    """A classifier of the targets that has learnt from the training records that taught the encoder."""
    alike: Callable[[Embedded], Likeness]
    """Which training record each is most like."""
    border: Callable[[], float]
    """Of near copies, see `border_of`."""
    seed: int
    effort: Effort

    @property
    def unseen(self) -> Embedded:
        """Training records that the encoder never saw."""
        return self.train.first(self.n_unseen)

    @property
    def n_classes(self) -> tuple[int, ...]:
        """Of each target."""
        return tuple(len(target.classes) for target in self.targets)


# --- Real ---------------------------------------------------------------------------------------------------


def _two_sample(case: Case) -> list[Found]:
    """Each record is judged by a classifier that has learnt from others."""
    n = min(len(case.fake), len(case.holdout), case.effort.n_told)
    if n < 4:
        raise DataError(f"Only {n} records on a side to tell apart. Wanted: 4 or more.")
    n_folds = min(case.effort.n_folds if 2 * n < SMALL_SET else 2, n // 2)
    both = np.concatenate([case.fake.first(n).values, case.holdout.first(n).values])
    is_fake, place = np.repeat([1, 0], n), np.tile(np.arange(n), 2)
    results: list[tuple[float, float]] = []
    for fold in range(n_folds):
        asked = place % n_folds == fold
        judge = case.observer.classifier(both[~asked], is_fake[~asked, None], (2,), case.seed)
        said = judge(both[asked])[0][:, 1]
        results.append(auc_and_error(said[is_fake[asked] == 1], said[is_fake[asked] == 0]))
    values, errors = np.array(results).T
    share = 1 / n_folds + 1 / (n_folds - 1)  # folds learn from each other's records: see `two_sample`
    score = Score(
        value=float(values.mean()),
        error=float(np.sqrt(np.square(errors).mean() * share)),
        n=n,
        direction="lower",
        source=_LOPEZ,
        label="two-sample AUC",
        meaning="How often a small network picks the synthetic one of two records, one real; 0.5 is perfect.",
        limits=SHARE,
    )
    return [Found("c2st", score)]


def _neighbourhoods(case: Case) -> list[Found]:
    n = min(case.effort.n_points, len(case.fake), len(case.holdout), case.n_unseen)
    fake, real = case.fake.first(n).points, case.holdout.first(n).points
    found = neighbourhoods(fake, real, k=max(1, min(N_NEIGHBOURS, n - 1)), seed=case.seed)
    return [Found(name, found[name]) for name in ("coverage", "density", "precision", "recall")]


def _distances(case: Case) -> list[Found]:
    n = min(case.effort.n_points, len(case.fake), len(case.holdout), case.n_unseen)
    fake, real = case.fake.first(n).points, case.holdout.first(n).points
    beside = " On an encoder learnt here from training records: not to be compared with others."
    made = (
        ("fd_local", "Frechet distance, local encoder", frechet_distance(fake, real, seed=case.seed)),
        ("kd_local", "kernel distance, local encoder", kernel_distance(fake, real, seed=case.seed)),
    )
    return [
        Found(name, replace(score, label=label, meaning=score.meaning + beside))
        for name, label, score in made
    ]


def statistic_measure(statistic: Statistic) -> Measure[Case]:
    """The mean distance between the means of numbers of each record, as a score."""

    def take(case: Case) -> list[Found]:
        ours, theirs = (statistic.of(side.values) for side in (case.fake, case.holdout))
        if not ours.shape[1]:
            raise DataError("The records are too small for any pattern.")

        def gap(fake: np.ndarray, real: np.ndarray) -> tuple[float]:
            distance = np.abs(ours[fake].mean(axis=0) - theirs[real].mean(axis=0)) ** statistic.power
            return (statistic.scale * float(distance.mean()) ** (1 / statistic.power),)

        whole = gap(np.arange(len(ours)), np.arange(len(theirs)))[0]
        error = error_by_groups(gap, len(ours), len(theirs), draws(case.seed))[0]
        gaps = statistic.scale * (ours.mean(axis=0) - theirs.mean(axis=0))
        widest = np.argsort(-np.abs(gaps), kind="stable")[:N_DETAILS].tolist()
        details: dict[str, float] = {}
        for place in widest:  # bands next to each other may go by one name: the widest gap counts
            details.setdefault(statistic.part(place, case.fake.values), float(gaps[place]))
        n = min(len(ours), len(theirs))
        score = Score(
            value=whole,
            error=error,
            n=n,
            direction="lower",
            source=statistic.source,
            label=statistic.label,
            meaning=statistic.meaning,
            bounds=interval_of_few(whole, error, GROUPS_FREE + 1),
            limits=(0.0, np.inf),
        )
        return [Found(statistic.name, score, details, (ours.mean(axis=0), theirs.mean(axis=0)))]

    return Measure((statistic.name,), "real", take)


def _class_balance(case: Case) -> list[Found]:
    """By a classifier that has learnt from training records."""
    _need_classes(case)
    judge, fakes = case.probe(), case.fake.first(case.n_unseen)
    seen, real = ([one.argmax(axis=1) for one in judge(side.values)] for side in (fakes, case.holdout))

    counts = [
        (np.bincount(theirs, minlength=n), np.bincount(ours, minlength=n))
        for ours, theirs, n in zip(seen, real, case.n_classes, strict=True)
    ]
    n_sides, rng = (len(fakes), len(case.holdout)), draws(case.seed)
    value = float(np.mean([_divergence(*both) for both in counts]))
    drawn = [np.mean([_divergence(*_drawn_again(both, rng)) for both in counts]) for _ in range(N_DRAWS)]
    error = float(np.std(drawn))
    score = Score(
        value=value,
        error=error,
        n=min(n_sides),
        direction="lower",
        source="Kullback & Leibler 1951, of the classes that a classifier of real records sees.",
        label="class divergence, nats",
        meaning="How far the shares of the classes are from those of real records; 0 is equal.",
        limits=(0.0, np.inf),
    )
    return [Found("class_kl", score, _largest_gaps(case, seen, real))]


def _largest_gaps(case: Case, seen: list[np.ndarray], real: list[np.ndarray]) -> dict[str, float]:
    """How much more often each class is seen than in real records, the furthest first."""
    gaps = {
        f"{target.name} = {name}": float((ours == place).mean() - (theirs == place).mean())
        for target, ours, theirs in zip(case.targets, seen, real, strict=True)
        for place, name in enumerate(target.classes)
        if name not in target.rare
    }
    return dict(sorted(gaps.items(), key=lambda item: -abs(item[1]))[:N_DETAILS])


def _drawn_again(counts: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """What another draw of both sides would have counted: the bootstrap of Efron 1979."""
    for one in counts:
        yield rng.multinomial(int(one.sum()), one / one.sum())


def _divergence(real: np.ndarray, fake: np.ndarray) -> float:
    """Between the classes counted on both sides, in nats."""
    p, q = (side + _HALF_COUNT for side in (real, fake))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


# --- Useful -------------------------------------------------------------------------------------------------


def _trained_on_them(case: Case) -> list[Found]:
    """What a classifier learns from these records, tried on held-out ones."""
    _need_classes(case, case.fake)
    known = case.fake.take(np.flatnonzero((case.fake.codes >= 0).any(axis=1)))
    known = known.first(min(case.effort.n_taught, len(case.train)))
    n_models = case.effort.n_models
    rights = np.stack(
        [
            _rights(
                case.observer.classifier(known.values, known.codes, case.n_classes, case.seed + model),
                case.holdout,
            )
            for model in range(n_models)
        ]
    )  # (n_models, n_holdout), the share of the targets that it sees right
    asked = ~np.isnan(rights[0])
    if not asked.any():
        raise DataError("No held-out record has a class: nothing can be predicted. Give labels for both.")
    rights = rights[:, asked]
    by_records = rights.mean(axis=0)
    hits = float(by_records.sum())
    between = float(rights.mean(axis=1).var(ddof=1)) / n_models if n_models > 1 else 0.0
    score = Score(
        value=float(by_records.mean()),
        error=float(np.sqrt(error_of_share(hits, len(by_records)) ** 2 + between)),
        n=len(by_records),
        direction="higher",
        source="Esteban et al. 2017 (arXiv:1706.02633), train on synthetic, test on real.",
        label="accuracy, trained on synthetic",
        meaning="Share of held-out real records that a network trained on these alone classifies correctly.",
        limits=SHARE,
    )
    return [Found("tstr", score)]


def _recognised(case: Case) -> list[Found]:
    """Whether records are what they were asked to be."""
    _need_classes(case, case.fake)
    rights = _rights(case.probe(), case.fake.first(case.n_unseen))
    rights = rights[~np.isnan(rights)]
    if not len(rights):
        raise DataError("Too few synthetic records have labels.")
    score = Score(
        value=float(rights.mean()),
        error=error_of_share(float(rights.sum()), len(rights)),
        n=len(rights),
        direction="higher",
        label="recognised",
        meaning="Share of the records to which a classifier trained on real ones gives the intended class.",
        limits=SHARE,
    )
    return [Found("recognised", score)]


def _rights(judge: Classifier, records: Embedded) -> np.ndarray:
    """Of each record the share of its known classes that are seen; NaN where none is known."""
    seen = np.stack([one.argmax(axis=1) for one in judge(records.values)], axis=1)
    is_known = records.codes >= 0
    n_known = is_known.sum(axis=1)
    n_right = ((seen == records.codes) & is_known).sum(axis=1)
    return np.where(n_known > 0, n_right / np.maximum(n_known, 1), np.nan)


def _need_classes(case: Case, *sets: Embedded) -> None:
    if not case.targets:
        raise DataError(NO_CLASSES)
    for one in sets:
        if not (one.codes >= 0).any():
            raise DataError("The synthetic records lack the labels of the real ones. Give them.")


# --- Private ------------------------------------------------------------------------------------------------


def _copies(case: Case) -> list[Found]:
    return [Found("copies", exact_copies(case.keys.tolist(), case.known_keys))]


def _near_copies(case: Case) -> list[Found]:
    found = case.alike(case.fake)
    score = share_of(
        int(found.is_near(case.border()).sum()),
        len(found.ratio),
        label="near copies",
        meaning="Share of the records that are nearly equal to a training record: moved, mirrored, "
        "stronger, weaker or a little blurred.",
        source="Carlini et al. 2023 (arXiv:2301.13188), of windows at the best shift.",
    )
    return [Found("near_copies", score, {}, (found, case.border()))]


def _nearer(case: Case) -> list[Found]:
    sets = (case.fake.features, case.unseen.features, case.holdout.features)
    return [Found("nearer", nearest_neighbour_share(*sets, seed=case.seed, n_max=case.effort.n_points))]


def _membership(case: Case) -> list[Found]:
    sets = (case.fake.features, case.unseen.features, case.holdout.features)
    found = membership(*sets, seed=case.seed, n_max=case.effort.n_members)
    return [
        Found("membership_auc", found.auc, found.details),
        Found("membership_tpr", found.tpr),
        Found("membership_auc_unusual", found.unusual_auc),
        Found("membership_tpr_unusual", found.unusual_tpr),
    ]


_SUSPICIOUS: Final = (0.01, 0.03)
"""How many more near copies than of fresh real records are amber, and red: photographs of one series are near
to each other, and several of them come together."""


MEASURES: Final[tuple[Measure[Case], ...]] = (
    Measure(("c2st",), "real", _two_sample),
    Measure(("coverage", "density", "precision", "recall"), "real", _neighbourhoods),
    Measure(("fd_local", "kd_local"), "real", _distances),
    Measure(("class_kl",), "real", _class_balance),
    statistic_measure(SPECTRUM),
    Measure(("recognised",), "useful", _recognised, stand_in="holdout"),
    Measure(("tstr",), "useful", _trained_on_them),
    Measure(("copies",), "private", _copies, stand_in="holdout"),
    Measure(("near_copies",), "private", _near_copies, stand_in="holdout", limits=_SUSPICIOUS),
    Measure(("nearer",), "private", _nearer, stand_in="half"),
    Measure(
        ("membership_auc", "membership_tpr", "membership_auc_unusual", "membership_tpr_unusual"),
        "private",
        _membership,
        stand_in="half",
    ),
)

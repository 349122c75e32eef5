"""The scores of series, one small function each; a new score is a function and a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.learners import FOREST, SMALL_TREES, TREES
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.points import as_points
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share, share_of
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.score import SHARE, Score
from gansmith.scorecard.sequences import statistics
from gansmith.scorecard.sequences.case import Case
from gansmith.scorecard.sequences.network import discriminative
from gansmith.scorecard.sequences.predicting import HORIZONS, MAX_TARGETS, explained, score_of
from gansmith.scorecard.sequences.profiles import Plan
from gansmith.scorecard.sequences.records import Sequences
from gansmith.scorecard.sequences.statistics import Named, Rows, gap_of_means, pooled
from gansmith.scorecard.sequences.windows import grouped_auc, windows_auc
from gansmith.scorecard.useful import contest, train_here_test_real

N_DETAILS: Final = 10
WHOLE_ONLY: Final = (
    "the real series are few: that pieces of training and hold-out differ shows nothing of whose they are"
)
_CLEARLY: Final = 3.0
"""Standard errors by which the second judge has to be better."""
_SUSPICIOUS: Final = (0.01, 0.03)
"""How many more near copies than of fresh real series are amber, and red."""


# --- Real ---------------------------------------------------------------------------------------------------


def _told_apart(case: Case) -> list[Found]:
    """Trees on what series are like, and trees on windows; the stronger of the two counts."""
    learner, folds = TREES if case.effort.is_full else SMALL_TREES, case.effort.n_folds
    whole, details = _by_profiles(case)
    groups = case.groups(case.fake), case.groups(case.real)
    try:
        short = windows_auc(
            case.fake,
            case.real,
            groups,
            seed=case.seed,
            n_max=case.effort.n_told,
            n_folds=folds,
            learner=learner,
            is_level=case.is_whole,
        )
    except DataError:
        return [Found("c2st", whole, details)]
    is_short = short.value - whole.value > _CLEARLY * whole.error
    said = replace(short if is_short else whole, label="two-sample AUC, boosted trees")
    return [Found("c2st", said, details), Found("c2st_windows", short)]


def _by_profiles(case: Case) -> tuple[Score, dict[str, float]]:
    effort, sides = case.effort, (case.joined(case.fake), case.joined(case.real))
    learner = TREES if effort.is_full else SMALL_TREES
    if case.is_whole:
        found = two_sample_auc(
            *sides,
            seed=case.seed,
            n_max=effort.n_told,
            n_folds=effort.n_folds,
            learner=learner,
            second=FOREST if effort.has_second_judge else None,
        )
        meaning = found.score.meaning.replace("two records", "two series by what they are like")
        return replace(found.score, meaning=meaning), dict(found.giveaways)
    rng, n = draws(case.seed), min(len(sides[0]), len(sides[1]), effort.n_told)
    chosen = [np.sort(rng.permutation(len(side))[:n]) for side in sides]
    ours, theirs = (side.values[some][:, None] for side, some in zip(sides, chosen, strict=True))
    dealt = [case.groups(side)[some] for side, some in zip((case.fake, case.real), chosen, strict=True)]
    value, error = grouped_auc(
        (ours, theirs),
        sides[0].is_category,
        (dealt[0], dealt[1]),
        seed=case.seed,
        n_folds=effort.n_folds,
        learner=learner,
    )
    return Score(
        value=value,
        error=error,
        n=n,
        direction="lower",
        source="Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC of boosted trees; folds by stretches of time.",
        label="two-sample AUC",
        meaning="How often boosted trees pick the synthetic one of two pieces by what they are like; 0.5 is "
        "perfect.",
        limits=SHARE,
    ), {}


def _recurrent(case: Case) -> list[Found]:
    if case.recurrent is None:
        raise DataError("no network is at hand")
    groups = case.groups(case.fake), case.groups(case.real)
    return [Found("discriminative", discriminative(case.fake, case.real, groups, case.recurrent, case.seed))]


def _neighbourhoods(case: Case) -> list[Found]:
    n, rng = min(case.effort.n_points, *case.n), draws(case.seed)
    sides = (case.joined(one).sample(n, rng) for one in (case.fake, case.real))
    fake, real = as_points(*sides)
    found = neighbourhoods(fake, real, k=max(1, min(5, n - 1)), seed=case.seed)
    return [Found(name, found[name]) for name in ("density", "coverage", "precision", "recall")]


# --- Numbers ------------------------------------------------------------------------------------------------


def _pooled(name: str, rows: Callable[[Sequences], Rows], label: str, meaning: str) -> Measure[Case]:
    """A score of the rows of all series together."""

    def take(case: Case) -> list[Found]:
        sides = rows(case.fake), rows(case.real)
        score, details = pooled(*sides, case.n, seed=case.seed, label=label, meaning=meaning, source=_SHAPES)
        return [Found(name, score, _first(details), details)]

    return Measure((name,), "real", take)


def _calendar(case: Case) -> list[Found]:
    ours, theirs = (
        statistics.of_calendar(side, has_hours=case.plan.has_hours) for side in (case.fake, case.real)
    )
    meaning = "How similar hours, weekends and beginnings of months are, counted by steps; 1 is equal."
    score, _ = pooled(ours, theirs, case.n, seed=case.seed, label="calendar", meaning=meaning, source=_SHAPES)
    return [Found("calendar", score)]


def _attributes(case: Case) -> list[Found]:
    sides = case.joined(case.fake), case.joined(case.real)
    pairs = [pair for pair in case.pairs if pair[0] < case.real.attributes.n_columns]
    rows = statistics.of_attributes(sides[0].above(sides[1]), pairs, len(case.fake))
    meaning = "How similarly attributes and what series are like go together; 1 is equal; mean of the pairs."
    score, details = pooled(
        *rows, case.n, seed=case.seed, label="attributes and series", meaning=meaning, source=_SHAPES
    )
    return [Found("attributes", score, _first(details))]


def _profiles(case: Case) -> list[Found]:
    ours, theirs = ((case.profile(side), np.arange(len(side))) for side in (case.fake, case.real))
    meaning = (
        "How similar the numbers that say what each series is like are distributed: lengths, levels, memory, "
        "changes, gaps, categories; 1 is equal; mean."
    )
    score, details = pooled(
        ours, theirs, case.n, seed=case.seed, label="what series are like", meaning=meaning, source=_SHAPES
    )
    return [Found("profiles", score, _first(details))]


def _mean_gap(
    name: str, numbers: Callable[[Sequences, Plan], Named], label: str, meaning: str, source: str
) -> Measure[Case]:
    """A score of the distance between means of numbers of series."""

    def take(case: Case) -> list[Found]:
        sides = numbers(case.fake, case.plan), numbers(case.real, case.plan)
        score, details, means = gap_of_means(
            *sides, seed=case.seed, label=label, meaning=meaning, source=source
        )
        return [Found(name, score, _first(details), (sides[0][0], *means))]

    return Measure((name,), "real", take)


def _spectra(case: Case) -> list[Found]:
    length = statistics.spectral_length(case.real)
    sides = [statistics.spectra(side, case.plan, length) for side in (case.fake, case.real)]
    score, details, means = gap_of_means(
        *sides,
        seed=case.seed,
        label="spectrum, dB",
        meaning="How far the power of slow and of fast waves is from that of real series, mean over bands.",
        source=f"Welch 1967; the first {length} steps of each series, of variance 1.",
    )
    return [Found("spectra", score, _first(details), (sides[0][0], *means))]


def _tails(case: Case) -> list[Found]:
    cuts = statistics.tail_cuts(case.real)
    sides = (statistics.tails(side, cuts) for side in (case.fake, case.real))
    meaning = (
        "How much oftener, or more seldom, values lie beyond extreme quantiles of real ones; 0 is equal."
    )
    score, details, _ = gap_of_means(
        *sides,
        seed=case.seed,
        label="tails, % of the steps",
        meaning=meaning,
        source="Quantiles of real steps.",
    )
    return [Found("tails", score, _first(details))]


# --- Useful -------------------------------------------------------------------------------------------------


def _predicted(name: str, horizons: tuple[int, ...], label: str, meaning: str) -> Measure[Case]:
    """How much of later steps a model explains that learnt from the series on trial."""

    def take(case: Case) -> list[Found]:
        usual = int(np.median(case.holdout.lengths))
        reached = [one for one in horizons if 2 * one <= usual]
        if not reached:
            raise DataError(f"series of {usual} steps are too short")
        shares, value, error = explained(
            case.fake,
            case.holdout,
            _targets(case),
            reached,
            case.plan.season,
            n_max=min(case.effort.n_taught, MAX_ROWS),
            seed=case.seed,
        )
        score = score_of(value, error, len(case.holdout), label, meaning)
        return [Found(name, score, dict(sorted(shares.items(), key=lambda item: item[1])))]

    return Measure((name,), "useful", take, is_dear=len(horizons) > 1)


def _targets(case: Case) -> tuple[str, ...]:
    names = case.real.steps.names
    return (
        (case.target,) if case.target in names else (*case.real.measures, *case.real.categories)[:MAX_TARGETS]
    )


def _target(case: Case) -> list[Found]:
    """An attribute, predicted from all others and from what a series is like."""
    if case.target not in case.real.attributes.names:
        raise DataError("no attribute was named to be predicted (--target)")
    asked = contest(case.target, case.joined(case.holdout), known=case.joined(case.train))
    score = train_here_test_real(
        case.joined(case.fake), asked, seed=case.seed, learner=SMALL_TREES, n_seeds=case.effort.n_models
    )
    return [Found("tstr", score)]


# --- Private ------------------------------------------------------------------------------------------------


def _copies(case: Case) -> list[Found]:
    meaning = "Share of the series all of whose steps are those of a training series, their times left out."
    found = exact_copies(case.fake.keys(), frozenset(case.train.keys()))
    return [Found("copies", replace(found, meaning=meaning))]


def _near_copies(case: Case) -> list[Found]:
    found = case.alike(case.fake)
    score = share_of(
        int(found.is_near(case.border()).sum()),
        len(found.ratio),
        label="near copies",
        meaning="Share of the series with a stretch that is nearly equal to one of a training series: at "
        "another time, scaled, or moved up or down.",
        source="Carlini et al. 2023 (arXiv:2301.13188), of normalised cross-correlations of windows.",
    )
    return [Found("near_copies", score, {}, (found, case.border()))]


def _need_whole(case: Case) -> tuple[Features, Features, Features]:
    if not case.is_whole:
        raise DataError(WHOLE_ONLY)
    fake, train, holdout = (case.joined(one) for one in (case.fake, case.train, case.holdout))
    return fake, train, holdout


def _nearer(case: Case) -> list[Found]:
    return [Found("nearer", nearest_neighbour_share(*_need_whole(case), seed=case.seed))]


def _membership(case: Case) -> list[Found]:
    found = membership(*_need_whole(case), seed=case.seed, n_max=case.effort.n_members)
    return [
        Found("membership_auc", found.auc, found.details),
        Found("membership_tpr", found.tpr, found.surer),
        Found("membership_auc_unusual", found.unusual_auc),
        Found("membership_tpr_unusual", found.unusual_tpr),
    ]


def _first(details: dict[str, float]) -> dict[str, float]:
    return dict(list(details.items())[:N_DETAILS])


_SHAPES: Final = (
    "Kolmogorov-Smirnov and total variation distances of all steps; the error is of whole series."
)
MAX_ROWS: Final = 20_000
"""Steps that a model learns from, and is tested on."""

MEASURES: Final[tuple[Measure[Case], ...]] = (
    Measure(("c2st", "c2st_windows"), "real", _told_apart),
    Measure(("discriminative",), "real", _recurrent, is_dear=True),
    Measure(("density", "coverage", "precision", "recall"), "real", _neighbourhoods),
    _pooled(
        "shape",
        statistics.of_steps,
        "column shapes",
        "How similar the distributions of single columns of steps are to real ones; 1 is equal; mean.",
    ),
    Measure(("profiles",), "real", _profiles),
    _mean_gap(
        "autocorrelation",
        statistics.memory,
        "autocorrelation, off by",
        "How far the autocorrelations of measures are from real ones, mean over lags; 0 is equal.",
        "Lin et al. 2020 (arXiv:1909.13403), DoppelGANger; means of whole series.",
    ),
    _mean_gap(
        "cross_correlation",
        statistics.cross,
        "cross-correlation, off by",
        "How far correlations of two measures, at one step and a step apart, are from real ones; 0 is equal.",
        "Ni et al. 2020 (arXiv:2006.05421), means of whole series.",
    ),
    Measure(("spectra",), "real", _spectra),
    _mean_gap(
        "volatility",
        partial(statistics.memory, of_changes=True),
        "clusters of changes, off by",
        "How far the autocorrelations of the sizes of changes are from real ones; 0 is equal.",
        "Cont 2001, stylized facts, Quantitative Finance 1.",
    ),
    Measure(("tails",), "real", _tails),
    _pooled(
        "lengths", statistics.of_lengths, "lengths", "How similar the lengths of series are; 1 is equal."
    ),
    _pooled("gaps", statistics.of_gaps, "gaps", "How similar the times between steps are; 1 is equal."),
    _pooled(
        "missing_stretches",
        statistics.of_stretches,
        "stretches of missing cells",
        "How similar the lengths of stretches of missing cells are; 1 is equal; mean of the measures.",
    ),
    _pooled(
        "transitions",
        statistics.of_transitions,
        "transitions of categories",
        "How similarly categories follow each other; 1 is equal; mean of the columns.",
    ),
    Measure(("calendar",), "real", _calendar),
    Measure(("attributes",), "real", _attributes),
    _predicted(
        "next_step",
        (1,),
        "next step, share explained",
        "How much of the next value of real series a model explains that learnt from these; 1 is all.",
    ),
    _predicted(
        "forecast",
        HORIZONS,
        "forecast, share explained",
        f"How much of values {HORIZONS[0]} and {HORIZONS[1]} steps ahead a model explains that learnt from "
        "these; 1 is all.",
    ),
    Measure(("tstr",), "useful", _target),
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

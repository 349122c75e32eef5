"""The scores of records against real ones, one small function each; a new score is a function and a line.

A measure takes a `Case` and gives what it found. It is called with synthetic records, and with those of each
anchor in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, final

import numpy as np

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.learners import FOREST, SMALL_TREES, TREES
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.naming import Naming
from gansmith.scorecard.points import as_points
from gansmith.scorecard.private.copies import (
    NEAR_OTHERS,
    exact_copies,
    near_copies,
    nearest_neighbour_share,
    rare_values,
)
from gansmith.scorecard.private.inference import inference
from gansmith.scorecard.private.linkability import linkability
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.private.risk import Attack
from gansmith.scorecard.private.singling_out import multivariate_singling_out, univariate_singling_out
from gansmith.scorecard.private.unusual import near_unusual
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.real.distances import frechet_distance, kernel_distance
from gansmith.scorecard.real.joint import mutual_information, triple_score
from gansmith.scorecard.real.minorities import rare_category_coverage, subgroup_score
from gansmith.scorecard.real.repeats import unique_share
from gansmith.scorecard.real.shape import missing_score, shape_score
from gansmith.scorecard.real.trend import trend_score
from gansmith.scorecard.real.two_sample import telling_pairs, two_sample_auc
from gansmith.scorecard.score import Effort, Score

N_DETAILS: Final = 10
_MAX_TOLD: Final = 3_000_000
"""Cells on each side that a classifier looks at: wide tables give fewer records, ..."""
_FEWEST_TOLD: Final = 2_000
"""... but so many at the least."""


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Records on trial."""

    fake: Features
    """Synthetic records, or those of an anchor."""
    train: Features
    """What the generator learnt from."""
    holdout: Features
    """Real records that it never saw."""
    told: tuple[str, ...]
    """Columns whose cells are compared, without those that only say whether a cell is missing."""
    seed: int
    effort: Effort
    is_anchor: bool
    """Whether only the number is wanted, not what lies behind it."""

    @cached_property
    def naming(self) -> Naming:
        """What may be said of real values."""
        return Naming(self.train.above(self.holdout))


def _told_apart(case: Case) -> list[Found]:
    effort = case.effort
    found = two_sample_auc(
        case.fake,
        case.holdout,
        seed=case.seed,
        n_max=min(effort.n_told, max(_FEWEST_TOLD, _MAX_TOLD // case.fake.n_columns)),
        n_folds=effort.n_folds,
        finds_giveaways=not case.is_anchor,
        learner=TREES if effort.is_full else SMALL_TREES,
        second=FOREST if effort.has_second_judge else None,
    )
    details = dict(found.giveaways)
    if found.giveaways and not case.is_anchor and effort.is_full:
        names = [name for name, _ in found.giveaways]
        pairs = telling_pairs(case.fake, case.holdout, names, seed=case.seed)
        details |= _first({f"{a} × {b}": gain for (a, b), gain in pairs.items()})
    return [Found("c2st", found.score, details)]


def _repeats(case: Case) -> list[Found]:
    n = min(len(case.train), case.effort.n_counted)  # as many as there are real ones
    details, score = unique_share(_at_most(n, case.fake, draws(case.seed)).keys())
    return [Found("unique", score, details)]


def _shapes(case: Case) -> list[Found]:
    fake, real = _counted(case)
    shapes, score = shape_score(fake, real, seed=case.seed)
    lowest = sorted(zip(shapes.tolist(), fake.names, strict=True))
    return [Found("shape", score, {name: one for one, name in lowest[:N_DETAILS]}, shapes)]


def _trends(case: Case) -> list[Found]:
    fake, real = _counted(case)
    trends, score = trend_score(fake, real, seed=case.seed)
    strong = trend_score(fake, real, seed=case.seed, strong_only=True)[1]
    return [Found("trend", score, _by_pair(trends, fake.names), trends), Found("trend_strong", strong)]


def _information(case: Case) -> list[Found]:
    fake, real = _counted(case)
    ours, theirs, score = mutual_information(fake, real, seed=case.seed)
    worst = _by_pair(abs(ours - theirs), fake.names, highest=True)
    return [Found("mutual_information", score, worst, (ours, theirs))]


def _categories(case: Case) -> list[Found]:
    known = case.train.above(case.holdout).keep(case.told)
    missing, score = rare_category_coverage(case.fake.keep(case.told), known)
    details = {
        f"{column} = {case.naming.cell(column, code)}": expected
        for (column, code), expected in missing.items()
        if case.naming.may_name(column, code)
    }
    return [Found("rare_categories", score, details, missing)]


def _neighbourhoods(case: Case) -> list[Found]:
    n = min(case.effort.n_points, len(case.fake), len(case.holdout))
    fake, real = as_points(*_drawn(case, n))
    k = max(1, min(5, n - 1))
    found = neighbourhoods(fake, real, k=k, seed=case.seed)
    return [Found(name, found[name]) for name in ("density", "coverage", "precision", "recall")]


def _distances(case: Case) -> list[Found]:
    fake, real = as_points(*_drawn(case, case.effort.n_points))
    return [
        Found("frechet", frechet_distance(fake, real, seed=case.seed)),
        Found("kernel", kernel_distance(fake, real, seed=case.seed)),
    ]


def _copies(case: Case) -> list[Found]:
    found, details = near_copies(case.fake, case.train, seed=case.seed), dict[str, float]()
    if not case.is_anchor:
        others = near_copies(case.fake, case.holdout, seed=case.seed).value
        details[NEAR_OTHERS] = 1 - (1 - others) ** (len(case.train) / len(case.holdout))
    copies = exact_copies(case.fake.keys(), case.train.keys())
    meaning = (
        f"Share of the records that are equal to a training record in all {len(case.told)} columns compared"
    )
    return [
        Found("copies", replace(copies, meaning=f"{meaning}; texts and identifiers are not.")),
        Found("near_copies", found, details),
    ]


def _nearer(case: Case) -> list[Found]:
    sets, n_max = (case.fake, case.train, case.holdout), case.effort.n_points
    return [Found("nearer", nearest_neighbour_share(*sets, seed=case.seed, n_max=n_max))]


def _membership(case: Case) -> list[Found]:
    found = membership(*_attacked_sets(case), seed=case.seed, n_max=case.effort.n_members)
    return [
        Found("membership_auc", found.auc, found.details),
        Found("membership_tpr", found.tpr, found.surer),
        Found("membership_auc_unusual", found.unusual_auc),
        Found("membership_tpr_unusual", found.unusual_tpr),
    ]


def _near_unusual(case: Case) -> list[Found]:
    found = near_unusual(*_attacked_sets(case), seed=case.seed)
    return [Found("near_unusual", found.attack.score, {}, found)]


def _compared(
    name: str, compare: Callable[..., tuple[Mapping[str, float], Score]], *, is_dear: bool = False
) -> Measure[Case]:
    """A score of the columns whose cells are compared, with what lies behind it."""

    def take(case: Case) -> list[Found]:
        details, score = compare(*_counted(case), seed=case.seed)
        return [Found(name, score, _first(details))]

    return Measure((name,), "real", take, is_dear)


def _attack(name: str, attack: Callable[..., Attack], n_tries: int = 1) -> Measure[Case]:
    """An attack that gives a risk, with `n_tries` times as many attempts as others."""

    def take(case: Case) -> list[Found]:
        found = attack(*_attacked_sets(case), seed=case.seed, n_max=n_tries * case.effort.n_attacks)
        return [Found(name, found.score, _first(found.details), found)]

    return Measure((name,), "private", take, stand_in="half")


def _rare_values(fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int) -> Attack:
    """As many attempts as there are rare values."""
    return rare_values(fake, train, holdout, seed=seed)


def _first(details: Mapping[str, float]) -> dict[str, float]:
    return dict(list(details.items())[:N_DETAILS])


def _attacked_sets(case: Case) -> tuple[Features, Features, Features]:
    rng, n = draws(case.seed), case.effort.n_attacked
    return _at_most(n, case.fake, rng), _at_most(n, case.train, rng), _at_most(n, case.holdout, rng)


def _drawn(case: Case, n_max: int) -> tuple[Features, Features]:
    """Equally many synthetic and held-out records."""
    n = min(n_max, len(case.fake), len(case.holdout))
    rng = draws(case.seed)
    return case.fake.sample(n, rng), case.holdout.sample(n, rng)


def _counted(case: Case) -> tuple[Features, Features]:
    """All records, as far as they are counted, of the columns whose cells are compared."""
    n = case.effort.n_counted
    fake, real = (_at_most(n, part, draws(case.seed)) for part in (case.fake, case.holdout))
    return fake.keep(case.told), real.keep(case.told)


def _at_most(n: int, part: Features, rng: np.random.Generator) -> Features:
    return part if len(part) <= n else part.sample(n, rng)


def _by_pair(matrix: np.ndarray, names: tuple[str, ...], *, highest: bool = False) -> dict[str, float]:
    """The lowest (or highest) entries above the diagonal, by the names of their columns; NaN left out."""
    first, second = np.triu_indices(len(matrix), 1)
    parts = matrix[first, second]
    order = np.argsort(-parts if highest else parts, kind="stable")[:N_DETAILS]  # NaN comes last
    return {
        f"{names[first[place]]} × {names[second[place]]}": float(parts[place])
        for place in order
        if np.isfinite(parts[place])
    }


MEASURES: Final[tuple[Measure[Case], ...]] = (
    Measure(("c2st",), "real", _told_apart),
    Measure(("unique",), "real", _repeats),
    Measure(("shape",), "real", _shapes),
    Measure(("trend", "trend_strong"), "real", _trends),
    Measure(("mutual_information",), "real", _information),
    _compared("triples", triple_score, is_dear=True),
    Measure(("density", "coverage", "precision", "recall"), "real", _neighbourhoods),
    Measure(("frechet", "kernel"), "real", _distances, is_dear=True),
    Measure(("rare_categories",), "real", _categories),
    _compared("subgroups", subgroup_score, is_dear=True),
    _compared("missing", missing_score),
    Measure(("copies", "near_copies"), "private", _copies, stand_in="holdout"),
    Measure(("nearer",), "private", _nearer, stand_in="half"),
    _attack("singling_out", multivariate_singling_out),
    _attack("singling_out_one", univariate_singling_out, 5),
    _attack("linkability", linkability),
    _attack("inference", inference),
    _attack("rare_values", _rare_values),
    Measure(
        ("membership_auc", "membership_tpr", "membership_auc_unusual", "membership_tpr_unusual"),
        "private",
        _membership,
        stand_in="half",
    ),
    Measure(("near_unusual",), "private", _near_unusual, stand_in="half"),
)

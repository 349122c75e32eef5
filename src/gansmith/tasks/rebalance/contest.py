"""The contest: every method against imbalance, tested on real records that neither it nor a generator has seen.

contest = rebalance("fraud.csv", target="Class")
print(contest.recommended, contest.reason)
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, final

import numpy as np

from gansmith import __version__
from gansmith.errors import GansmithError, UsageError, did_you_mean
from gansmith.scorecard.contest.arena import Arena, Learner, Lessons, Method
from gansmith.scorecard.contest.card import GENERATED, Contest
from gansmith.scorecard.contest.copies import Copies, copies
from gansmith.scorecard.contest.folds import folds_of
from gansmith.scorecard.contest.methods import plain_methods, with_all, with_made
from gansmith.scorecard.contest.playing import Fold, Scores, curve, looks_rare, played
from gansmith.scorecard.contest.predictions import Aim
from gansmith.scorecard.features import draws
from gansmith.settings import from_plain, settings_of
from gansmith.tasks.rebalance.case import Case, case_of, n_folds_of
from gansmith.tasks.rebalance.generating import generator_of, rare_records
from gansmith.tasks.rebalance.settings import RebalanceConfig

FEW_RECORDS: Final = 2_000
"""Training records up to which random methods are drawn several times, as that costs little."""
N_DRAWS: Final = 3
MOST_MADE: Final = 10_000
"""Rare records that a generator makes for a fold."""
QUARTER, FILTERED, ALL = (f"{GENERATED}_{name}" for name in ("quarter", "filtered", "all"))

Show = Callable[[str, float], None]
"""Told what is being done, and which share of the whole is done."""


def rebalance(data: object, *, target: str, show: Show | None = None, **options: Any) -> Contest:
    """Which method against imbalance helps to tell the rare class of some data, if any does.

    Args:
        data: A path, a data frame, pictures with their labels, ...
        target: The column, of pictures the attribute, that says the class.
        show: Called now and then with what is being done and the share that is done.
        **options: Settings of `RebalanceConfig`, such as `minority`, `budget`, `costs`, `seed`; and options of
            the kind of data, for reading it.

    Returns:
        Scores of all methods, with `recommended` and `reason`; `to_html` writes a report.

    Raises:
        DataError: The data cannot be read, has one class alone, or too few records of the rare one.
        UsageError: The target, a class, a learner or an option is unknown or cannot be.
    """
    own = {one.name for one in settings_of(RebalanceConfig)}
    config = from_plain(RebalanceConfig, {name: options[name] for name in options if name in own})
    others = {name: options[name] for name in options if name not in own}
    return contest_of(case_of(data, target, config, others), config, show)


def contest_of(case: Case, config: RebalanceConfig, show: Show | None = None) -> Contest:
    """Hold the contest.

    Raises:
        UsageError: There is no such learner, or nothing beside the target.
    """
    started, told = time.monotonic(), show or (lambda text, share: None)
    rng, k = draws(config.seed), n_folds_of(case, config)
    whole = case.contesting.arena([case.records], case.target)
    _check_learner(config.learner, whole)
    parts = folds_of(whole.inputs[0], case.numbers, k, rng)
    aim = Aim(config.precision, config.cost_pair())
    rounds: list[_Round] = []
    for number, seed in enumerate(rng.integers(2**31, size=k).tolist()):
        is_open = not rounds or not rounds[-1].skipped
        rounds.append(
            _round(case, config, np.flatnonzero(parts != number), np.flatnonzero(parts == number), seed, aim,
                   lambda text, share, at=number: told(f"fold {at + 1} of {k}: {text}", (at + share) / k),
                   generates=is_open)
        )  # fmt: skip
    told("done", 1.0)
    names = list(rounds[-1].meanings)
    return Contest(
        target=case.target,
        minority=case.minority,
        n_records=len(case.records),
        n_rare=case.n_rare,
        aim=aim,
        test_ratio=1 / (k - 1),
        played={
            learner: {name: [one.scores[learner][name] for one in rounds] for name in names}
            for learner in whole.learners
        },
        meanings=rounds[-1].meanings,
        curves={learner: [one.curves[learner] for one in rounds] for learner in whole.learners},
        chosen_learner=config.learner,
        copies=None if rounds[-1].skipped else sum((one.copies for one in rounds), Copies()),
        skipped={name: why for one in rounds for name, why in one.skipped.items()},
        notes=case.notes,
        made=_made(case, config, k, time.monotonic() - started),
    )


def _check_learner(name: str, arena: Arena) -> None:
    if name and name not in arena.learners:
        near = did_you_mean(name, arena.learners)
        raise UsageError(f"there is no learner {name!r} for this kind of data. {near}")


@final
@dataclass(frozen=True, eq=False)
class _Round:
    """What one fold has shown."""

    scores: Mapping[str, Mapping[str, Scores]]
    """By learner and method."""
    meanings: Mapping[str, str]
    curves: Mapping[str, Sequence[float]]
    copies: Copies
    skipped: Mapping[str, str]


def _round(
    case: Case, config: RebalanceConfig, learnt: np.ndarray, tested: np.ndarray, seed: int, aim: Aim, told: Show,
    *, generates: bool,
) -> _Round:  # fmt: skip
    """One fold: a generator learns from its training part, then all learners by all methods."""
    real, others = case.records.take(learnt), case.records.take(tested)
    is_rare, skipped, made = case.is_rare[learnt], dict[str, str](), list[Any]()
    n_draws = N_DRAWS if len(learnt) <= FEW_RECORDS else 1
    if generates:
        told("a generator learns", 0.0)
        try:
            n_rare = min(MOST_MADE, n_draws * Lessons.of(learnt, is_rare).n_lacking)
            made = _generated(case, config, real, n_rare, n_draws * len(learnt), seed)
        except GansmithError as error:
            skipped[GENERATED] = str(error)
    arena = case.contesting.arena([real, others, *made], case.target)
    fold = Fold(Lessons.of(arena.inputs[0], is_rare), arena.inputs[1], case.is_rare[tested], seed)
    plain = (*plain_methods(arena.is_category), *arena.methods)
    scores, curves, meanings = dict[str, Any](), dict[str, Any](), dict[str, str]()
    for place, (name, learner) in enumerate(arena.learners.items()):
        told(f"{name} learns by every method", (1 + place) / (1 + len(arena.learners)))
        methods = [*plain, *(_of_generator(case, fold, arena, learner, made) if made else ())]
        scores[name] = played(fold, learner, methods, aim, n_draws)
        curves[name] = curve(fold, learner, aim)
        meanings = {method.name: method.meaning for method in methods}
    counted = Copies()
    if made:
        rare = arena.inputs[0][is_rare], arena.inputs[1][fold.is_rare]
        counted = copies(arena.inputs[2], *rare, arena.is_category)
    return _Round(scores, meanings, curves, counted, skipped)


def _generated(
    case: Case, config: RebalanceConfig, real: Any, n_rare: int, n_all: int, seed: int
) -> list[Any]:
    """Rare records, and such of all classes, that a generator of the real ones makes."""
    model = generator_of(case, config, real, seed)
    everything = model.sample(n_all, seed)
    return [rare_records(case, model, max(1, n_rare), seed), everything]


def _of_generator(
    case: Case, fold: Fold, arena: Arena, learner: Learner, made: Sequence[Any]
) -> tuple[Method, ...]:
    """The contestants that add made records."""
    rare, everything = arena.inputs[2:]
    looks = rare[looks_rare(fold, learner, rare)]
    is_rare = case.contesting.classes(made[1], case.target) == case.minority
    return (
        Method(QUARTER, "a quarter of the rare records that are lacking, made", with_made(rare, 0.25)),
        Method(GENERATED, "all rare records that are lacking, made", with_made(rare)),
        Method(FILTERED, "the same, without those that do not look rare", with_made(looks)),
        Method(ALL, "as many made records of all classes as real ones", with_all(everything, is_rare)),
    )


def _made(case: Case, config: RebalanceConfig, k: int, seconds: float) -> tuple[tuple[str, str], ...]:
    """How the contest was held."""
    length = f"{config.samples_seen:,} records seen" if config.samples_seen else config.budget
    return (
        ("Data", f"{case.records.name}, {len(case.records):,} records, {case.n_rare:,} of {case.minority!r}"),
        ("Folds", f"{k}, each tested by what has not seen it; a generator each, {length}"),
        ("Seed", str(config.seed)),
        ("Time", f"{seconds:.0f} s"),
        ("Gansmith", __version__),
        ("Python", platform.python_version()),
        ("Libraries", ", ".join(f"{one} {version(one)}" for one in ("scikit-learn", "imbalanced-learn"))),
    )

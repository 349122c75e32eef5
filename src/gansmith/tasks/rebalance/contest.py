"""The contest: every method against imbalance, tested on real records that no generator has seen either.

contest = rebalance("fraud.csv", target="Class")
print(contest.recommended, contest.reason)
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Final, final

import numpy as np

from gansmith import __version__
from gansmith.errors import DataError, GansmithError, UsageError, did_you_mean
from gansmith.scorecard.contest.arena import Arena, Learner, Lessons, Method
from gansmith.scorecard.contest.card import GENERATED, Contest
from gansmith.scorecard.contest.copies import Copies, copies
from gansmith.scorecard.contest.folds import folds_of
from gansmith.scorecard.contest.methods import plain_methods, with_all, with_made
from gansmith.scorecard.contest.playing import Fold, Scores, curve, looks_rare, played
from gansmith.scorecard.contest.predictions import Aim
from gansmith.scorecard.features import draws
from gansmith.settings import from_plain, settings_of
from gansmith.tasks.rebalance.case import Case, case_of, n_folds_of, n_repetitions_of, weight_of
from gansmith.tasks.rebalance.generating import generators_of
from gansmith.tasks.rebalance.settings import RebalanceConfig

FEW_RECORDS: Final = 2_000
"""Training records up to which random methods are drawn several times, as that costs little."""
N_DRAWS: Final = 3
FIRST_SHARE: Final = 0.7
"""Of the time of a contest: the first deal, which has the generators. What is shown follows it."""
MOST_MADE: Final = 10_000
"""Rare records that a generator makes for a fold."""
SPARE: Final = 2
"""Rare records that a generator makes for each one that is lacking, as some do not look rare."""
QUARTER, FILTERED, ALL = (f"{GENERATED}_{name}" for name in ("quarter", "filtered", "all"))

Show = Callable[[str, float], None]
"""Told what is being done, and which share of the whole is done."""


def rebalance(data: object, *, target: str, show: Show | None = None, **options: Any) -> Contest:
    """Which method against imbalance helps to tell the rare class of some data, if any does.

    Args:
        data: A path, a data frame, pictures with their labels, ...
        target: The column, of pictures the attribute, that says the class.
        show: Called now and then with what is being done and the share that is done.
        **options: Settings of `RebalanceConfig`, such as `minority`, `budget`, `costs`, `seed`; and options
            of the kind of data, for reading it.

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


def contest_of(
    case: Case, config: RebalanceConfig, show: Show | None = None, *, generates: bool = True
) -> Contest:
    """Hold the contest.

    The first deal into folds has a generator for each. More deals follow for what needs none: that is cheap,
    and a few folds hold too few rare records to tell methods apart.

    Args:
        case: The records.
        config: How it is held.
        show: Told what is being done.
        generates: Whether there are generators at all.

    Raises:
        UsageError: There is no such learner, or nothing beside the target.
    """
    started, told = time.monotonic(), show or _silent
    whole = case.contesting.arena([case.records], case.target)
    rng, k, weight = draws(config.seed), n_folds_of(case, config), weight_of(whole)
    n_deals = n_repetitions_of(case, config, weight)
    _check_learner(config.learner, whole)
    aim = Aim(config.precision, config.cost_pair())
    rounds: list[_Round] = []
    for fold in _dealt(case, whole, k, rng):
        tell = partial(_tell, told, len(rounds), k)
        generates = generates and not (rounds and rounds[-1].skipped)
        stage = stage_of(case, config, *fold, tell, weight=weight, generates=generates)
        rounds.append(_round(stage, aim, tell))
    again: list[Mapping[str, Mapping[str, Scores]]] = []
    for deal in range(1, n_deals):
        share = FIRST_SHARE + (1 - FIRST_SHARE) * (deal - 1) / (n_deals - 1)
        told(f"repetition {deal + 1} of {n_deals}, with new folds", share)
        for fold in _dealt(case, whole, k, rng):
            stage = stage_of(case, config, *fold, _silent, weight=weight, generates=False)
            again.append(_scores_again(stage, aim))
    told("done", 1.0)
    names, scores = list(rounds[-1].meanings), [*(one.scores for one in rounds), *again]
    return Contest(
        target=case.target,
        minority=case.minority,
        n_records=len(case.records),
        n_rare=case.n_rare,
        aim=aim,
        test_ratio=1 / (k - 1),
        played={
            learner: {name: [one[learner][name] for one in scores if name in one[learner]] for name in names}
            for learner in whole.learners
        },
        meanings=rounds[-1].meanings,
        curves={learner: [one.curves[learner] for one in rounds] for learner in whole.learners},
        chosen_learner=config.learner,
        copies=sum((one.copies for one in rounds), Copies()) if GENERATED in names else None,
        skipped={name: why for one in rounds for name, why in one.skipped.items()},
        notes=case.notes,
        made=_made(case, config, (k, n_deals), time.monotonic() - started),
    )


def _dealt(
    case: Case, whole: Arena, k: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Of each fold the numbers of the records of its training and its test part, and a seed."""
    parts = folds_of(whole.inputs[0], case.numbers, k, rng)
    _check_folds(parts, case, k)
    for number, seed in enumerate(rng.integers(2**31, size=k).tolist()):
        yield np.flatnonzero(parts != number), np.flatnonzero(parts == number), seed


def _check_folds(parts: np.ndarray, case: Case, k: int) -> None:
    """Refuse folds without a rare record, or without another: equal records are in one fold."""
    for is_asked, what in ((case.is_rare, repr(case.minority)), (~case.is_rare, "other classes")):
        n = len(np.unique(parts[is_asked]))
        if n < k:
            raise DataError(
                f"{case.records.name}: records of {what} are so often equal that {n} of {k} folds have any: "
                "equal ones may not be learnt from and tested on. Ask for fewer folds, or give other records."
            )


def _check_learner(name: str, arena: Arena) -> None:
    if name and name not in arena.learners:
        near = did_you_mean(name, arena.learners)
        raise UsageError(f"there is no learner {name!r} for this kind of data. {near}")


def _tell(told: Show, number: int, k: int, text: str, share: float) -> None:
    told(f"fold {number + 1} of {k}: {text}", FIRST_SHARE * (number + share) / k)


def _silent(text: str, share: float) -> None:
    """For folds that are too short to be told of."""


@final
@dataclass(frozen=True, eq=False)
class Stage:
    """One fold before anybody has learnt in it: real records, made ones, and who learns."""

    case: Case
    fold: Fold
    arena: Arena
    """Of the training part, the test part, and of made records, if any: rare ones, and all classes."""
    is_made_rare: np.ndarray
    """Which of the made records of all classes are rare, shape `(n,)`."""
    n_draws: int
    """Of random methods."""
    skipped: Mapping[str, str]

    def methods(self, learner: Learner) -> tuple[Method, ...]:
        """All contestants, the cheapest first."""
        plain = (*plain_methods(self.arena.is_category), *self.arena.methods)
        if len(self.arena.inputs) == 2:
            return plain
        rare, everything = self.arena.inputs[2:]
        n_most = self.n_draws * self.fold.learnt.n_lacking
        looks, rare = rare[looks_rare(self.fold, learner, rare)], rare[:n_most]
        return (
            *plain,
            Method(QUARTER, "synthetic rare records, a quarter of those lacking", with_made(looks, 0.25)),
            Method(
                FILTERED, "synthetic rare records, all those lacking, if they look rare", with_made(looks)
            ),
            Method(GENERATED, "synthetic rare records, all those lacking", with_made(rare)),
            Method(
                ALL,
                "synthetic records of all classes, as many as real ones",
                with_all(everything, self.is_made_rare),
            ),
        )

    @property
    def copies(self) -> Copies:
        """How many of the made rare records are copies."""
        if len(self.arena.inputs) == 2:
            return Copies()
        learnt, fresh = self.fold.learnt, self.arena.inputs[1][self.fold.is_rare]
        return copies(self.arena.inputs[2], learnt.inputs[learnt.is_rare], fresh, self.arena.is_category)


def stage_of(
    case: Case,
    config: RebalanceConfig,
    learnt: np.ndarray,
    tested: np.ndarray,
    seed: int,
    told: Show,
    *,
    weight: int = 1,
    generates: bool = True,
) -> Stage:
    """Set up one fold: a generator learns from its training part alone.

    Args:
        case: All real records.
        config: How long it learns.
        learnt: Numbers of the records of the training part.
        tested: Those of the test part.
        seed: Of everything drawn.
        told: Told what is being done.
        weight: See `weight_of`.
        generates: Whether there is a generator at all.
    """
    real, others = case.records.take(learnt), case.records.take(tested)
    is_rare, skipped, made = case.is_rare[learnt], dict[str, str](), list[Any]()
    n_draws = N_DRAWS if weight * len(learnt) <= FEW_RECORDS else 1
    if generates:
        told("a generator learns", 0.0)
        try:
            n_rare = min(MOST_MADE, SPARE * n_draws * Lessons.of(learnt, is_rare).n_lacking)
            generators = generators_of(case, config, real, is_rare, seed)
            made = [
                generators.records(case, max(1, n_rare), seed),
                generators.general.sample(n_draws * len(learnt), seed),
            ]
        except GansmithError as error:
            skipped[GENERATED] = str(error)
    arena = case.contesting.arena([real, others, *made], case.target)
    fold = Fold(Lessons.of(arena.inputs[0], is_rare), arena.inputs[1], case.is_rare[tested], seed)
    is_made_rare = case.contesting.classes(made[1], case.target) == case.minority if made else is_rare[:0]
    return Stage(case, fold, arena, is_made_rare, n_draws, skipped)


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


def _round(stage: Stage, aim: Aim, told: Show) -> _Round:
    """Every learner learns by every method."""
    scores, curves, meanings = dict[str, Any](), dict[str, Any](), dict[str, str]()
    n_learners = len(stage.arena.learners)
    for place, (name, learner) in enumerate(stage.arena.learners.items()):
        told(f"{name} learns by every method", (1 + place) / (1 + n_learners))
        methods = stage.methods(learner)
        scores[name] = played(stage.fold, learner, methods, aim, stage.n_draws)
        curves[name] = curve(stage.fold, learner, aim)
        meanings = {method.name: method.meaning for method in methods}
    return _Round(scores, meanings, curves, stage.copies, stage.skipped)


def _scores_again(stage: Stage, aim: Aim) -> Mapping[str, Mapping[str, Scores]]:
    """By learner, the scores of what needs no generator and may change what counts, drawn once."""
    found: dict[str, Mapping[str, Scores]] = {}
    for name, learner in stage.arena.learners.items():
        methods = [one for one in stage.methods(learner) if aim.counts_decisions or not one.tunes_threshold]
        found[name] = played(stage.fold, learner, methods, aim, 1)
    return found


def _made(
    case: Case, config: RebalanceConfig, folds: tuple[int, int], seconds: float
) -> tuple[tuple[str, str], ...]:
    """How the contest was held; `folds` and how often they were dealt."""
    k, n_deals = folds
    length = f"{config.samples_seen:,} records seen" if config.samples_seen else config.budget
    return (
        ("Data", f"{case.records.name}, {len(case.records):,} records, {case.n_rare:,} of {case.minority!r}"),
        ("Folds", f"{k}, each tested by what has not seen it; a generator each, {length}"),
        ("Deals", f"{n_deals}; all after the first without a generator"),
        ("Seed", str(config.seed)),
        ("Time", f"{seconds:.0f} s"),
        ("Gansmith", __version__),
        ("Python", platform.python_version()),
        ("Libraries", ", ".join(f"{one} {version(one)}" for one in ("scikit-learn", "imbalanced-learn"))),
    )

"""More records of the rare class, for a user who wants them: alone, or with the real ones and marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.errors import QualityError, UsageError, did_you_mean
from gansmith.modalities.registry import options_of
from gansmith.scorecard.contest.arena import Lessons
from gansmith.scorecard.contest.card import GENERATED, Contest
from gansmith.scorecard.contest.playing import Fold, looks_rare
from gansmith.tasks.marks import mark_of, unmarked
from gansmith.tasks.model import Model
from gansmith.tasks.rebalance.case import Case
from gansmith.tasks.rebalance.contest import ALL, FILTERED, QUARTER
from gansmith.tasks.rebalance.generating import generators_of
from gansmith.tasks.rebalance.settings import RebalanceConfig
from gansmith.tasks.writing import sealed, write_blocks

MARK: Final = "synthetic"
"""The column, of pictures the attribute, that says which records are made."""
MAKING: Final = (GENERATED, QUARTER, FILTERED, ALL)
N_TRIED: Final = 3
"""Records that are made for each that is wanted, where some are left out."""


def method_to_write(contest: Contest, asked: str) -> str:
    """The method whose records are written: the one that is asked for, or the one that is recommended.

    Raises:
        UsageError: The one asked for makes no records, or could not be tried.
        QualityError: None is asked for, and the recommended one makes no records.
    """
    if asked:
        check_makes(asked)
        if asked not in contest.meanings:
            raise UsageError(
                f"{asked} could not be tried: {contest.skipped.get(GENERATED, 'no reason known')}"
            )
        return asked
    if contest.recommended not in MAKING:
        raise QualityError(
            f"nothing was written: the contest recommends {contest.recommended!r}, which needs no new "
            f"records. {_sentence(contest.reason)} To have them all the same, say --method {GENERATED}."
        )
    return contest.recommended


def check_makes(method: str) -> None:
    """Raise UsageError unless a method of that name makes records that can be written."""
    if method not in MAKING:
        raise UsageError(f"method {method!r} makes no records to be written. {did_you_mean(method, MAKING)}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def made_by(case: Case, config: RebalanceConfig, method: str, n: int, learner: str) -> tuple[Model, Any]:
    """The generator that a method takes, and the records that it adds.

    Args:
        case: The real records.
        config: How the generator is learnt.
        method: One of `MAKING`.
        n: How many; 0 takes what the method takes in the contest.
        learner: Who says what looks rare.
    """
    models = generators_of(case, config, case.records, case.is_rare, config.seed, is_sparing=True)
    lacking = max(1, Lessons.of(case.is_rare, case.is_rare).n_lacking)
    if method == ALL:
        return models.general, models.general.sample(n or len(case.records), config.seed)
    n = n or (round(lacking / 4) if method == QUARTER else lacking)
    if method not in (FILTERED, QUARTER):
        return models.rare, models.records(case, n, config.seed)
    made = models.records(case, N_TRIED * n, config.seed)
    arena = case.contesting.arena([case.records, made], case.target)
    fold = Fold(Lessons.of(arena.inputs[0], case.is_rare), arena.inputs[0], case.is_rare, config.seed)
    looks = looks_rare(fold, arena.learners[learner], arena.inputs[1])
    return models.rare, made.take(np.flatnonzero(looks)[:n])


def write_more(
    case: Case,
    config: RebalanceConfig,
    contest: Contest,
    method: str,
    path: Path,
    n: int = 0,
    *,
    with_real: bool = False,
    show: Callable[[str, float], None] | None = None,
) -> int:
    """Write made records, whole or not at all, and beside them where they come from.

    Args:
        case: The real records.
        config: How the generator is learnt.
        contest: What was found.
        method: One of `MAKING`.
        path: The format is that of its name.
        n: How many; 0 takes as many as the method adds.
        with_real: Write the real records too, before the made ones, and a mark with each.
        show: Told what is being done.

    Returns:
        How many were made.

    Raises:
        UsageError: There is no such format.
        DataError: It cannot be written; what stood there before stays.
    """
    if show is not None:
        show("a generator of all records learns", 0.0)
    model, made = made_by(case, config, method, n, contest.learner)
    asked = {
        "where": [f"{case.target}={case.minority}"],
        "method": method,
        "recommended": contest.recommended,
    }
    provenance = model.provenance(len(made), config.seed, asked)
    written = case.contesting.marked([case.records, made], [False, True], MARK) if with_real else made
    settled = options_of(case.modality, "sample", {})
    like = written.take(np.arange(0))
    settled = unmarked(case.modality, settled) if with_real else settled  # real ones are not made
    provenance |= mark_of(case.modality, like, settled)
    writer = case.modality.format.writer(path, like, sealed(provenance), settled)
    write_blocks(path, writer, iter([written]), provenance)
    return len(made)

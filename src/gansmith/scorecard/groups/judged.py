"""Everything about groups of a case: what is named in the answers, and the table by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.groups.cells import groups_of
from gansmith.scorecard.groups.fairness import guesses, rows_by_group
from gansmith.scorecard.groups.leakage import leaks
from gansmith.scorecard.groups.lost import groups_lost
from gansmith.scorecard.groups.relations import Deviation, Sides, columns_off, target_off
from gansmith.scorecard.measures import Case
from gansmith.scorecard.taught import Taught

MAX_RECORDS: Final = 20_000
"""Of each side that are looked at."""


@final
@dataclass(frozen=True)
class ByGroup:
    """What was found in groups of records."""

    relations: Sequence[Deviation] = ()
    """Groups whose target, or another column, is not as in real data."""
    lost: Sequence[Deviation] = ()
    """Groups that are predicted worse than by models of real records."""
    leaks: Sequence[Deviation] = ()
    """Columns that tell the target too well."""
    rows: Sequence[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """The table by group, see `rows_by_group`."""


def by_group(case: Case, target: str, taught: Taught) -> ByGroup:
    """Look at groups of records by one column and by two.

    Args:
        case: Synthetic records beside real ones. These are those of training and of as large a hold-out, at
            most. Of t and h of them, synthetic records that repeat the training without any error are off by
            a variance of h / t / (t + h), which is not above the 1 / (t + h) of fresh records.
        target: The column that was to be predicted, empty where none was chosen: then only the columns
            within groups are compared.
        taught: What models have learnt of it.
    """
    naming, rng = case.naming, draws(case.seed)
    known = case.train.above(case.holdout.sample(len(case.train), rng))
    fake, real = (_at_most(part, rng) for part in (case.fake, known))
    others = [name for name in case.told if name != target]
    sides = Sides.of(groups_of(fake, real, naming, others, seed=case.seed), fake, real)
    relations = columns_off(sides, others, naming)
    if not target or taught.of is None or taught.said is None:
        return ByGroup(relations)
    telling = [*others, target]
    return ByGroup(
        relations=[*target_off(sides, target, naming), *relations],
        lost=groups_lost(sides.groups, sides.groups.of(taught.of.test), taught.of, taught.said),
        leaks=leaks(fake.keep(telling), real.keep(telling), target, naming, seed=case.seed),
        rows=rows_by_group(
            sides,
            naming,
            taught.of,
            taught.said,
            guesses(fake, case.train, case.holdout, target, seed=case.seed),
        ),
    )


def _at_most(part: Features, rng: np.random.Generator) -> Features:
    return part if len(part) <= MAX_RECORDS else part.sample(MAX_RECORDS, rng)

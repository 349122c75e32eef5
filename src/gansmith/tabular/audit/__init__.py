"""An audit of a table before anything is learnt from it: what is wrong with it, and what to do.

"Use representative data of high quality" is easily said. Each check here looks for one thing that spoils
what is learnt, or the scores of it, and finds nothing in a table that is as it should be. Together they take
less than a second for tens of thousands of records, and a time that grows with the records alone.

A check is a function of a `Subject` and one line below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gansmith.findings import Finding, worst_first
from gansmith.tabular.audit.columns import mostly_missing, rare_groups, spellings
from gansmith.tabular.audit.records import copied, cut_off, few, in_order, of_series
from gansmith.tabular.audit.subject import Subject
from gansmith.tabular.audit.targets import given_away, missing_groups, rare_classes
from gansmith.tabular.schema import Table

Check = Callable[[Subject], tuple[Finding, ...]]
CHECKS: Final[dict[str, Check]] = {
    "cut off": cut_off,
    "target given away": given_away,
    "copies": copied,
    "rare classes": rare_classes,
    "few records": few,
    "spellings": spellings,
    "order": in_order,
    "series": of_series,
    "mostly missing": mostly_missing,
    "rare groups of the target": missing_groups,
    "rare groups": rare_groups,
}
"""By what they look for; of findings that weigh the same, those of the first come first."""


def audit(table: Table, target: str = "", min_count: int = 0) -> tuple[Finding, ...]:
    """What is to be known of a table before it is learnt from, the worst first.

    Args:
        table: The records, and what their columns are.
        target: A column to be predicted from the others, or "".
        min_count: Records that must share a value before it is named; 0 takes what is usual.
    """
    subject = Subject.of(table, target, min_count)
    return worst_first(one for check in CHECKS.values() for one in check(subject))

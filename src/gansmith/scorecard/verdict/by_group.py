"""What is said of groups of records, and of columns that tell the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gansmith.scorecard.chance import CERTAIN
from gansmith.scorecard.groups.relations import Deviation
from gansmith.scorecard.verdict.evidence import Evidence, Finding

RED: Final = {"relations": 0.3, "lost": 0.5, "leaks": 0.25}
"""Effects that are red: share of a group's records, of the possible usefulness, and AUC."""


def groups_off(evidence: Evidence) -> list[Finding]:
    """Groups that are not as in real data."""
    return _found(evidence.relations, "Groups of records not as in real data", RED["relations"])


def groups_useless(evidence: Evidence) -> list[Finding]:
    """Groups that models predict worse, and columns that make it too easy."""
    what = f"Models trained on it predict {evidence.target!r} worse than models trained on real records for"
    return [
        *_found(evidence.groups_lost, what, RED["lost"]),
        *_found(evidence.leaks, "The target leaks into the data", RED["leaks"]),
    ]


def _found(deviations: Sequence[Deviation], words: str, red: float) -> list[Finding]:
    if not deviations:
        return []
    is_red = any(one.effect > red and one.chance < CERTAIN for one in deviations)
    text = f"{words}: {'; '.join(one.text for one in deviations)}."
    columns = tuple(dict.fromkeys(name for one in deviations for name in one.columns))
    return [Finding("red" if is_red else "amber", text, columns)]

"""What the first answer says beside what is measured: how cells are spelt, and what a hold-out hides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gansmith.scorecard.verdict.evidence import Evidence, Finding
from gansmith.scorecard.verdict.leaks import Level

_ORDER: Final[tuple[Level, ...]] = ("grey", "green", "amber", "red")
MAX_NAMED: Final = 5


def spelt_otherwise(evidence: Evidence) -> list[Finding]:
    """Columns whose cells anybody tells from real ones at a glance, whatever they say."""
    if not evidence.spelling:
        return []
    said = [f"{name}: {words}" for name, words in evidence.spelling.items()]
    more = f"; and {len(said) - MAX_NAMED} more columns" if len(said) > MAX_NAMED else ""
    text = f"Cells are spelt unlike real ones: {'; '.join(said[:MAX_NAMED])}{more}."
    return [Finding("amber", text, tuple(evidence.spelling)[:MAX_NAMED])]


def warned(evidence: Evidence, findings: Sequence[Finding]) -> list[Finding]:
    """Findings with the warning beside the worst of them, so that it is said in any case."""
    if not evidence.warning or not findings:
        return [*findings]
    worst = max(findings, key=lambda one: _ORDER.index(one.level))
    return [*findings, Finding(worst.level, evidence.warning)]

"""What is wrong with the records given, before anything can be said by them: hold-outs and duplicates."""

from __future__ import annotations

from typing import Final

from gansmith.scorecard.real.repeats import ALIKE, MOST_FREQUENT
from gansmith.scorecard.score import CEILING, FLOOR, Score
from gansmith.scorecard.verdict.evidence import Evidence, Finding
from gansmith.scorecard.verdict.leaks import Level

STRANGE: Final = 0.6
"""An AUC by which training data and hold-out cannot be of one source."""
REPEATING: Final = 0.48
"""An AUC below which one side repeats the other: a record known from one side then stands on the other."""
REPEATED: Final = (0.02, 0.2)
"""How many more records than of real ones repeat others, beyond the error: amber, red."""
OUTSTANDING: Final = 0.1
"""Of all records: one that is there so often is spoken of alone."""


def strange_holdout(evidence: Evidence) -> list[Finding]:
    """Nothing can be said by a hold-out that is of another source, or that somebody has learnt from."""
    return unlike_holdout(evidence) or known_holdout(evidence)


def unlike_holdout(evidence: Evidence) -> list[Finding]:
    """Where a classifier tells even the training records from the hold-out."""
    entry = evidence.entries.get("c2st")
    real = entry.anchors.get(CEILING) if entry else None
    if real is None or real.value - 3 * real.error < STRANGE:
        return []
    return [
        Finding(
            "grey",
            f"The hold-out is not like the training data (AUC {real.value:.2f}), so nothing can be said. "
            "Give one from the same source, drawn at random.",
        )
    ]


def known_holdout(evidence: Evidence) -> list[Finding]:
    """Where training or synthetic records stand in the hold-out."""
    said, entry = "", evidence.entries.get("c2st")
    if evidence.overlap and evidence.overlap.is_beyond_chance:
        found = evidence.overlap
        said = (
            f"{found.share:.0%} of the hold-out records stand in the training data ({found.by_chance:.0%} "
            f"would by chance)"
        )
    elif entry and (real := entry.anchors.get(CEILING)) and _is_repeating(real):
        said = f"The hold-out repeats the training data (AUC {real.value:.2f})"
    elif entry and _is_repeating(entry.score):
        said = f"The synthetic records repeat the hold-out (AUC {entry.score.value:.2f})"
    ending = ", so nothing can be said. Give a hold-out that nothing was learnt from."
    return [Finding("grey", f"{said}{ending}")] if said else []


def _is_repeating(score: Score) -> bool:
    return score.value + 3 * score.error < REPEATING


def duplicates(evidence: Evidence) -> list[Finding]:
    """Where more records repeat others than of real ones and of independent columns."""
    entry = evidence.entries.get("unique")
    if entry is None or CEILING not in entry.anchors:
        return []
    own, real = entry.score, entry.anchors[CEILING]
    usual = min((entry.anchors[name] for name in (CEILING, FLOOR) if name in entry.anchors), key=_value)
    beyond = usual.value - own.value - 3 * (own.error**2 + usual.error**2) ** 0.5
    if beyond <= REPEATED[0]:
        return []
    level: Level = "red" if beyond > REPEATED[1] else "amber"
    most = entry.details[MOST_FREQUENT]
    n_alike = round((most if most > OUTSTANDING else entry.details[ALIKE]) * own.n)
    said = "identical" if most > OUTSTANDING else "identical with another one"
    beside = f"{1 - own.value:.1%} repeat others, of real records {1 - real.value:.1%}"
    ending = "Remove them and score again: they change whatever else is counted."
    return [Finding(level, f"{n_alike:,} of {own.n:,} records are {said} ({beside}). {ending}")]


def besides(repeated: list[Finding], findings: list[Finding]) -> list[Finding]:
    """Other findings as far as duplicates do not explain them: the worse ones."""
    if not repeated:
        return findings
    worse = [one for one in findings if one.level == "red" and repeated[0].level != "red"]
    return [*repeated, *worse]


def _value(score: Score) -> float:
    return score.value

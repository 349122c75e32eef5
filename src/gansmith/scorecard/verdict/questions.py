"""Five questions about synthetic data, each answered in plain words, with a colour and with its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, final

from gansmith.scorecard.score import Entry
from gansmith.scorecard.verdict import answers
from gansmith.scorecard.verdict.evidence import Evidence, Finding
from gansmith.scorecard.verdict.leaks import ATTACKS, SHARES, Level

_OF_LOOKS: Final = (
    "c2st", "c2st_windows", "discriminative", "unique", "density", "coverage", "precision", "recall",
    "frechet", "kernel", "fd_local", "kd_local",
)  # fmt: skip
_OF_NUMBERS: Final = (
    "shape", "trend", "trend_strong", "mutual_information", "triples", "rare_categories", "subgroups",
    "missing", *answers.DISTANCES, "profiles", "autocorrelation", "cross_correlation", "spectra",
    "volatility", "tails", "lengths", "gaps", "missing_stretches", "transitions", "calendar", "attributes",
)  # fmt: skip
ON_PRIVACY: Final = "Does it give anybody away?"
_QUESTIONS: Final[tuple[tuple[str, Callable[[Evidence], list[Finding]], tuple[str, ...], str], ...]] = (
    (
        "Does it look real?",
        answers.looks_real,
        _OF_LOOKS,
        "That this classifier cannot tell the records from real ones does not prove that none can, and a "
        "copy of the real data would look real, too.",
    ),
    (
        "Are the numbers right?",
        answers.numbers,
        _OF_NUMBERS,
        "Columns and pairs of columns are compared. Patterns of many columns show in the classifier "
        "above only.",
    ),
    (
        "Is it useful?",
        answers.useful,
        ("tstr", "trtr", "both", "tstr_linear", "recognised", "next_step", "forecast"),
        "It is useful for predicting what was predicted here, with the models tried here. Another "
        "question needs another test.",
    ),
    (
        ON_PRIVACY,
        answers.private,
        (*SHARES, "nearer", *(attack.name for attack in ATTACKS)),
        "Other attacks may find more than these. No measurement of this kind "
        "proves that nobody can be recognised, and only differential privacy bounds what an attacker can "
        "learn.",
    ),
    (
        "Is it valid?",
        answers.valid,
        ("valid",),
        "The rules are those that all real records keep. Rules that nobody stated and that the data does "
        "not show are not checked.",
    ),
)
"""Each with what answers it, the scores that it rests on, and what it does not prove."""
_ORDER: Final[tuple[Level, ...]] = ("grey", "green", "amber", "red")


@final
@dataclass(frozen=True)
class Line:
    """One question and its answer."""

    question: str
    level: Level
    """Green: as real records. Amber: look at it. Red: do not rely on it. Grey: could not be measured."""
    text: str
    """The answer, in words."""
    columns: tuple[str, ...]
    """The columns that it is about."""
    scores: tuple[str, ...]
    """Names of the scores behind it."""
    limits: str
    """What it does not prove."""

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them."""
        return asdict(self) | {"columns": list(self.columns), "scores": list(self.scores)}


def verdict(evidence: Evidence, limits: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """The five lines.

    Args:
        evidence: What they are drawn from.
        limits: Of some questions, what the answer does not prove, in the place of what is said of tables.
    """
    own = limits or {}
    return tuple(
        _line(question, find(evidence), scores, own.get(question, said), evidence.entries)
        for question, find, scores, said in _QUESTIONS
    )


def _line(
    question: str,
    findings: Sequence[Finding],
    scores: Sequence[str],
    limits: str,
    entries: Mapping[str, Entry],
) -> Line:
    level: Level = max([finding.level for finding in findings] or _ORDER[:1], key=_ORDER.index)
    said = [finding for finding in findings if finding.level == level] if level != "grey" else findings
    worse = [finding for finding in findings if finding.level == "amber"] if level == "red" else []
    columns = dict.fromkeys(name for finding in [*said, *worse] for name in finding.columns)
    text = " ".join(finding.text for finding in [*said, *worse]) or "This could not be measured."
    kept = tuple(name for name in scores if name in entries)
    return Line(question, level, text, tuple(columns), kept, limits)

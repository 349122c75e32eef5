"""Five questions about synthetic data, each answered in plain words, with a colour and with its limits.

The limits of the colours are ours. They are stated beside the questions, compare with what real records
reach, and say "green" only where the difference is small or within the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from gansmith.scorecard.leaks import (
    ATTACKS,
    SHARES,
    Level,
    counted,
    is_open,
    level_of_attack,
    level_of_share,
    untried,
)
from gansmith.scorecard.score import CEILING, Entry

_OF_NUMBERS: Final = (
    "shape", "trend", "trend_strong", "mutual_information", "triples", "rare_categories", "subgroups",
    "missing",
)  # fmt: skip
_ORDER: Final[tuple[Level, ...]] = ("grey", "green", "amber", "red")
MAX_NAMED: Final = 5
SIMILAR: Final = 0.03
"""A column that is this much less similar than a real one, beyond the error, is named."""
PAIR_SIMILAR: Final = 0.05
"""The same of a pair."""
STRANGE: Final = 0.6
"""An AUC by which training data and hold-out cannot be of one source."""
FEWEST: Final = 20
"""Records that neighbours can be looked for among."""
UNSURE: Final = 0.1
"""A standard error of an AUC that leaves everything open."""
EXPECTED: Final = 10.0
"""A category that should occur so often and does not is named: by chance that is one in twenty thousand."""


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
        return {
            "question": self.question,
            "level": self.level,
            "text": self.text,
            "columns": list(self.columns),
            "scores": list(self.scores),
            "limits": self.limits,
        }


@final
@dataclass(frozen=True)
class _Finding:
    level: Level
    text: str
    columns: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Evidence:
    """What the answers are drawn from."""

    entries: Mapping[str, Entry]
    """All scores that could be computed, by name."""
    columns: Sequence[str] = ()
    """Of the table."""
    gaps: Mapping[str, float] = field(default_factory=dict[str, float])
    """How much less similar each column is than that of real records, 0 to 1."""
    pair_gaps: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """The same of the worst pairs."""
    slack: float = 0.0
    """How far similarities of equal distributions may lie apart by chance: sqrt(1 / n + 1 / m)."""
    missing: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Column and category that do not occur, and how often they should."""
    defects: Mapping[str, tuple[float, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[float, tuple[str, ...]]]
    )
    """Rules that are broken, more often than by fresh real records: by which share, and of which columns."""
    target: str = ""
    """The column that was to be predicted; empty: all in turn."""
    lacks_target: bool = False
    """Whether the synthetic records have no such column."""
    lacking: Sequence[str] = ()
    """Columns of the real data that are not there."""
    searched: str = ""
    """A sentence, where attacks looked at part of the synthetic records only."""


def verdict(evidence: Evidence) -> tuple[Line, ...]:
    """The five lines."""
    entries = evidence.entries
    return (
        _line(
            "Does it look real?",
            _looks_real(evidence),
            ("c2st", "density", "coverage", "precision", "recall", "frechet", "kernel"),
            entries,
            "That no classifier of ours tells the records from real ones does not prove that none can, and a "
            "copy of the real data would look real, too.",
        ),
        _line(
            "Are the numbers right?",
            _numbers(evidence),
            _OF_NUMBERS,
            entries,
            "Columns and pairs of columns are compared. What only many columns together say is seen by the "
            "classifier above.",
        ),
        _line(
            "Is it useful?",
            _useful(evidence),
            ("tstr", "trtr", "both", "tstr_linear"),
            entries,
            "It is useful for predicting what was predicted here, with the models tried here. Another "
            "question needs another test.",
        ),
        _line(
            "Does it give anybody away?",
            _private(evidence),
            (*SHARES, "nearer", *(attack.name for attack in ATTACKS)),
            entries,
            "These attacks found nothing or something; others may find more. No measurement of this kind "
            "proves that nobody can be recognised, and only differential privacy bounds what an attacker can "
            "learn.",
        ),
        _line(
            "Is it valid?",
            _valid(evidence),
            ("valid",),
            entries,
            "The rules are those that all real records keep. Rules that nobody stated and that the data does "
            "not show are not checked.",
        ),
    )  # fmt: skip


def _line(
    question: str,
    findings: Sequence[_Finding],
    scores: Sequence[str],
    entries: Mapping[str, Entry],
    limits: str,
) -> Line:
    level: Level = max([finding.level for finding in findings] or _ORDER[:1], key=_ORDER.index)
    said = [finding for finding in findings if finding.level == level] if level != "grey" else findings
    worse = [finding for finding in findings if finding.level == "amber"] if level == "red" else []
    columns = dict.fromkeys(name for finding in [*said, *worse] for name in finding.columns)
    text = " ".join(finding.text for finding in [*said, *worse]) or "This could not be measured."
    kept = tuple(name for name in scores if name in entries)
    return Line(question, level, text, tuple(columns), kept, limits)


def _strange_holdout(evidence: Evidence) -> list[_Finding]:
    """Nothing can be said where a classifier tells even the training records from the hold-out."""
    entry = evidence.entries.get("c2st")
    real = entry.anchors.get(CEILING) if entry else None
    if real is None or real.value - 3 * real.error < STRANGE:
        return []
    return [
        _Finding(
            "grey",
            f"The hold-out is not like the training data (AUC {real.value:.2f}), so nothing can be said. "
            "Give one from the same source, drawn at random.",
        )
    ]


def _not_there(evidence: Evidence) -> list[_Finding]:
    if not evidence.lacking:
        return []
    names = tuple(evidence.lacking[:MAX_NAMED])
    return [_Finding("amber", f"Without what is not there at all: {_listed(evidence.lacking)}.", names)]


def _looks_real(evidence: Evidence) -> list[_Finding]:
    if strange := _strange_holdout(evidence):
        return strange
    findings = _not_there(evidence)
    entry = evidence.entries.get("c2st")
    if entry and entry.score.error > UNSURE:
        findings.append(_Finding("grey", f"{entry.score.n:,} records are too few to tell."))
    elif entry:
        excess = entry.score.value - max(0.5, entry.anchor(CEILING, 0.5))
        level = _level(excess - entry.score.error, 0.1, 0.3)
        told = {
            "green": "can hardly tell the records" if excess < 0.07 else "tells few of the records",
            "amber": "often tells the records",
            "red": "nearly always tells the records" if entry.score.value > 0.9 else "tells most records",
        }[level]
        columns = tuple(name for name in entry.details if name in evidence.columns)[:MAX_NAMED]
        named = "" if level == "green" or not columns else f", most of all by {_listed(columns)}"
        text = f"A classifier {told} from real ones{named} (AUC {entry.score.value:.2f}; 0.5 is perfect)."
        findings.append(_Finding(level, text, () if level == "green" else columns))
    entry = evidence.entries.get("coverage")
    if entry and entry.score.n < FEWEST:
        findings.append(_Finding("grey", f"{entry.score.n:,} records are too few to tell."))
    elif entry:
        share = entry.score.value / max(entry.anchor(CEILING, 1.0), 1e-9)
        level = _level(1 - share - 2 * entry.score.error, 0.2, 0.5)
        if level != "green":
            findings.append(
                _Finding(level, f"{1 - share:.0%} of the real records have no synthetic one near them.")
            )
        elif not findings:
            findings.append(_Finding("green", "Nearly all real records have a synthetic one near them."))
    return findings


def _numbers(evidence: Evidence) -> list[_Finding]:
    if evidence.slack > 3 * UNSURE:
        return [_Finding("grey", "There are too few records to tell.")]
    findings = [*_not_there(evidence), *_columns_off(evidence), *_pairs_off(evidence)]
    for name, words in (
        # Not the trends: they are cut at each table's own ends, so that one extreme number spoils them.
        ("mutual_information", "What columns say of each other is not as in real data"),
        ("triples", "Three columns together are not as in real data"),
        ("subgroups", "Some groups of records are not as in real data"),
        ("missing", "Cells are not missing as in real data"),
    ):
        if entry := evidence.entries.get(name):
            findings += _below_real(entry, words, evidence.columns)
    lacking = [pair for pair, expected in evidence.missing.items() if expected >= EXPECTED]
    if lacking:
        said = [f"{column} = {category}" for column, category in lacking]
        text = f"Never made, though it should be now and then: {_listed(said)}."
        columns = tuple(dict.fromkeys(column for column, _ in lacking))
        findings.append(_Finding("amber", text, columns[:MAX_NAMED]))
    measured = any(name in evidence.entries for name in ("shape", "trend"))
    if measured and not findings:
        findings.append(_Finding("green", "Single columns and pairs of columns are as in real data."))
    return findings


def _columns_off(evidence: Evidence) -> list[_Finding]:
    ordered = sorted(evidence.gaps.items(), key=lambda item: -item[1])
    far = {name: gap for name, gap in ordered if gap - evidence.slack > SIMILAR}
    if not far:
        return []
    worst = [f"{name} ({gap:.0%} off)" for name, gap in list(far.items())[:MAX_NAMED]]
    more = f" and {len(far) - MAX_NAMED} more" if len(far) > MAX_NAMED else ""
    is_bad = max(far.values()) > 0.2 or sum(far.values()) > 0.1 * len(evidence.gaps)
    text = f"Not distributed as in real data: {', '.join(worst)}{more}."
    return [_Finding("red" if is_bad else "amber", text, tuple(far)[: 2 * MAX_NAMED])]


def _pairs_off(evidence: Evidence) -> list[_Finding]:
    far = {pair: gap for pair, gap in evidence.pair_gaps.items() if gap - 3 * evidence.slack > PAIR_SIMILAR}
    if not far:
        return []
    said = [f"{a} and {b} ({gap:.0%} off)" for (a, b), gap in far.items()]
    level: Level = "red" if max(far.values()) > 0.2 else "amber"
    columns = tuple(dict.fromkeys(name for pair in far for name in pair))
    return [_Finding(level, f"Do not go together as in real data: {_listed(said)}.", columns)]


def _below_real(entry: Entry, words: str, columns: Sequence[str]) -> list[_Finding]:
    gap = entry.anchor(CEILING, 1.0) - entry.score.value
    level = _level(gap - 2 * entry.score.error, 0.015, 0.08)
    if level == "green":
        return []
    worst = dict(list(entry.details.items())[:3])
    named = f": {_listed(list(worst))}" if worst else ""
    return [_Finding(level, f"{words}{named}.", _named(worst, columns))]


def _useful(evidence: Evidence) -> list[_Finding]:
    entry, target = evidence.entries.get("tstr"), evidence.target
    if evidence.lacks_target:
        return [_Finding("red", f"The column {target!r} that is to be predicted is not there.", (target,))]
    if entry is None:
        return []
    what = f"of {target!r}" if target else "of its columns"
    best, guess = entry.anchor(CEILING, float("nan")), 0.5 if "AUC" in entry.score.label else 0.0
    reach = best - guess
    if not reach > 0.02:
        return [_Finding("grey", f"Even real records hardly allow a prediction {what}: nothing can be said.")]
    lost = best - entry.score.value
    level = _level((lost - 2 * entry.score.error) / reach, 0.1, 0.5)
    if level == "green" and lost / reach > 0.25:
        text = f"Predictions {what} seem worse ({entry.score.value:.2f}; real {best:.2f})"
        return [_Finding("grey", f"{text}, but there are too few records to tell.")]
    told = {
        "green": "are about as good as those learnt from real records",
        "amber": "are clearly worse than those learnt from real records",
        "red": "are of little use" if entry.score.value > guess + 0.02 else "are mere guessing",
    }[level]
    text = f"Predictions {what} learnt from these records {told} ({entry.score.value:.2f}; real {best:.2f})."
    columns = (target,) if target else tuple(name for name, skill in entry.details.items() if skill < 0.5)
    return [_Finding(level, text, () if level == "green" else columns[:MAX_NAMED])]


def _private(evidence: Evidence) -> list[_Finding]:
    entries, findings = evidence.entries, list[_Finding]()
    if strange := _strange_holdout(evidence):
        return strange
    for name, words in SHARES.items():
        if (entry := entries.get(name)) and (level := level_of_share(entry)) in ("amber", "red"):
            text = f"{entry.score.value:.1%} of the records {words} ({counted(entry)})."
            findings.append(_Finding(level, text))
    for attack in ATTACKS:
        if (entry := entries.get(attack.name)) and (level := level_of_attack(attack, entry)) != "grey":
            columns = _worst_of(attack.name, entry, evidence.columns)
            which = f" ({columns[0]})" if columns else ""
            text = f"{attack.words}{which}: {entry.score.value:.2f}, by chance {attack.chance:g}."
            findings += [] if level == "green" else [_Finding(level, text, columns)]
    if entry := entries.get("nearer"):
        level = _level(entry.score.interval[0] - max(0.5, entry.anchor(CEILING, 0.5)), 0.05, 0.2)
        if level != "green":
            share = f"{entry.score.value:.0%} of the records"
            findings.append(_Finding(level, f"{share} lie nearer to the records learnt from than to others."))
    if findings or "copies" not in entries:
        return findings
    copies = entries["copies"].score
    said = f" Equal to real ones by chance: {counted(entries['copies'])}." if copies.value > 0 else ""
    if lacking := untried(entries):
        text = f"No leak was found, but attacks failed or could not be tried: {_listed(lacking)}.{said}"
        return [_Finding("grey", text)]
    if is_open(entries):
        return [_Finding("grey", f"No leak was found, but there are too few records to rule one out.{said}")]
    text = "No attack did better on the records learnt from than on others: no leak was found."
    return [_Finding("green", f"{text}{said}{evidence.searched}")]


def _valid(evidence: Evidence) -> list[_Finding]:
    entry = evidence.entries.get("valid")
    if entry is None:
        return []
    if not evidence.defects:
        share = 1 - entry.score.value
        text = "Every record keeps all rules that real records keep."
        if share > 0:
            text = f"{share:.2%} of the records break a rule that as many fresh real ones break."
        return [_Finding("green", text)]
    broken = [f"{rule} ({one:.1%} do not)" for rule, (one, _) in list(evidence.defects.items())[:MAX_NAMED]]
    more = f" and {len(evidence.defects) - MAX_NAMED} more" if len(evidence.defects) > MAX_NAMED else ""
    named = dict.fromkeys(name for _, columns in evidence.defects.values() for name in columns)
    text = f"{1 - entry.score.value:.1%} of the records break a rule: {'; '.join(broken)}{more}."
    level: Level = "amber" if entry.score.value >= 0.99 else "red"
    return [_Finding(level, text, tuple(named)[:MAX_NAMED])]


def _worst_of(name: str, entry: Entry, columns: Sequence[str]) -> tuple[str, ...]:
    """The column that an attack works by best, where it works by one."""
    if name == "copied_texts":
        return tuple(entry.details)[:1]
    return _named(entry.details, columns)[:1] if name in ("inference", "rare_values") else ()


def _named(details: Iterable[str], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that details are about: "age", "age × pay", "city = Rome"."""
    found = [
        name
        for one in details
        for name in columns
        if one == name or one.startswith((f"{name} × ", f"{name} = ")) or one.endswith(f" × {name}")
    ]
    return tuple(dict.fromkeys(found))[:MAX_NAMED]


def _level(distance: float, amber: float, red: float) -> Level:
    return "red" if distance > red else "amber" if distance > amber else "green"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")

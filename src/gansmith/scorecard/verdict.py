"""Five questions about synthetic data, each answered in plain words, with a colour and with its limits.

The limits of the colours are ours. They are stated beside the questions, compare with what real records
reach, and say "green" only where the difference is small or within the error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, final

from gansmith.scorecard.score import CEILING, Entry

Level = Literal["green", "amber", "red", "grey"]

_ORDER: Final[tuple[Level, ...]] = ("grey", "green", "amber", "red")
MAX_NAMED: Final = 5
SIMILAR: Final = 0.03
"""A column or a pair that is this much less similar than a real one is named."""


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


def verdict(
    entries: Mapping[str, Entry], gaps: Mapping[str, float], missing: Mapping[str, Sequence[str]], target: str
) -> tuple[Line, ...]:
    """The five lines.

    Args:
        entries: All scores that could be computed, by name.
        gaps: How much less similar each column is than that of real records, 0 to 1.
        missing: Categories that should occur and do not, by column.
        target: The column that was to be predicted; empty: all in turn.
    """
    return (
        _line(
            "Does it look real?",
            _looks_real(entries),
            ("c2st", "density", "coverage", "precision", "recall", "frechet", "kernel", "triples"),
            entries,
            "That no classifier of ours tells the records from real ones does not prove that none can, and a "
            "copy of the real data would look real, too.",
        ),
        _line(
            "Are the numbers right?",
            _numbers(entries, gaps, missing),
            ("shape", "trend", "mutual_information", "rare_categories", "subgroups", "missing"),
            entries,
            "Columns and pairs of columns are compared. What only many columns together say is seen by the "
            "classifier above.",
        ),
        _line(
            "Is it useful?",
            _useful(entries, target),
            ("tstr", "trtr", "both", "tstr_linear"),
            entries,
            "It is useful for predicting what was predicted here, with the models tried here. Another "
            "question needs another test.",
        ),
        _line(
            "Does it give anybody away?",
            _private(entries),
            (
                "copies", "near_copies", "nearer", "singling_out", "linkability", "inference",
                "membership_auc", "membership_tpr", "membership_auc_unusual", "rare_values",
            ),
            entries,
            "These attacks found nothing or something; others may find more. No measurement of this kind "
            "proves that nobody can be recognised, and only differential privacy bounds what an attacker can "
            "learn.",
        ),
        _line(
            "Is it valid?",
            _valid(entries),
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


def _looks_real(entries: Mapping[str, Entry]) -> list[_Finding]:
    findings: list[_Finding] = []
    if entry := entries.get("c2st"):
        excess = entry.score.value - max(0.5, entry.anchor(CEILING, 0.5))
        level = _level(excess - entry.score.error, 0.1, 0.3)
        told = {
            "green": "A classifier can hardly tell the records from real ones",
            "amber": "A classifier often tells the records from real ones",
            "red": "A classifier tells the records from real ones almost every time"
            if entry.score.value > 0.9
            else "A classifier tells most of the records from real ones",
        }[level]
        columns = [name for name in entry.details if " × " not in name][:MAX_NAMED]
        named = "" if level == "green" or not columns else f", most of all by {_listed(columns)}"
        text = f"{told}{named} (AUC {entry.score.value:.2f}; 0.5 is perfect)."
        findings.append(_Finding(level, text, () if level == "green" else tuple(columns)))
    if entry := entries.get("coverage"):
        share = entry.score.value / max(entry.anchor(CEILING, 1.0), 1e-9)
        level = _level(1 - share - 2 * entry.score.error, 0.2, 0.5)
        if level != "green":
            findings.append(
                _Finding(level, f"{1 - share:.0%} of the real records have no synthetic one near them.")
            )
        elif not findings:
            findings.append(_Finding("green", "Nearly all real records have a synthetic one near them."))
    return findings


def _numbers(
    entries: Mapping[str, Entry], gaps: Mapping[str, float], missing: Mapping[str, Sequence[str]]
) -> list[_Finding]:
    findings: list[_Finding] = []
    far = {name: gap for name, gap in sorted(gaps.items(), key=lambda item: -item[1]) if gap > SIMILAR}
    if far:
        worst = [f"{name} ({gap:.0%} off)" for name, gap in list(far.items())[:MAX_NAMED]]
        more = f" and {len(far) - MAX_NAMED} more" if len(far) > MAX_NAMED else ""
        level: Level = "red" if max(far.values()) > 0.2 or sum(far.values()) > 0.1 * len(gaps) else "amber"
        findings.append(
            _Finding(level, f"Not distributed as in real data: {', '.join(worst)}{more}.", tuple(far))
        )
    for name, words in (
        ("trend", "Pairs of columns do not go together as in real data"),
        ("mutual_information", "What columns say of each other is not as in real data"),
        ("subgroups", "Some groups of records are not as in real data"),
        ("missing", "Cells are not missing as in real data"),
    ):
        if entry := entries.get(name):
            findings += _below_real(entry, words)
    for name, values in missing.items():
        findings.append(
            _Finding("amber", f"{name} never is {_listed(values)}, as it should be now and then.", (name,))
        )
    measured = any(name in entries for name in ("shape", "trend"))
    if measured and not findings:
        findings.append(_Finding("green", "Single columns and pairs of columns are as in real data."))
    return findings


def _below_real(entry: Entry, words: str) -> list[_Finding]:
    gap = entry.anchor(CEILING, 1.0) - entry.score.value
    level = _level(gap - 2 * entry.score.error, 0.015, 0.08)
    if level == "green":
        return []
    worst = list(entry.details)[:3]
    named = f": {_listed(worst)}" if worst else ""
    columns = tuple(dict.fromkeys(part.split(" = ")[0] for one in worst for part in one.split(" × ")))
    return [_Finding(level, f"{words}{named}.", columns)]


def _useful(entries: Mapping[str, Entry], target: str) -> list[_Finding]:
    entry = entries.get("tstr")
    if entry is None:
        return []
    what = f"of {target!r}" if target else "of its columns"
    best, guess = entry.anchor(CEILING, float("nan")), 0.5 if "AUC" in entry.score.label else 0.0
    reach = best - guess
    if not reach > 0.02:
        return [_Finding("grey", f"Even real records hardly allow a prediction {what}: nothing can be said.")]
    lost = best - entry.score.value
    level = _level((lost - 2 * entry.score.error) / reach, 0.1, 0.5)
    told = {
        "green": "are about as good as those learnt from real records",
        "amber": "are clearly worse than those learnt from real records",
        "red": "are of little use" if entry.score.value > guess + 0.02 else "are mere guessing",
    }[level]
    text = f"Predictions {what} learnt from these records {told} ({entry.score.value:.2f}; real {best:.2f})."
    columns = [name for name, skill in entry.details.items() if skill < 0.5] if not target else [target]
    return [_Finding(level, text, () if level == "green" else tuple(columns[:MAX_NAMED]))]


def _private(entries: Mapping[str, Entry]) -> list[_Finding]:
    findings: list[_Finding] = []
    for name, words in (
        ("copies", "stand in the real data"),
        ("near_copies", "all but stand in the real data"),
    ):
        if entry := entries.get(name):
            own = entry.anchors.get(CEILING)
            excess = entry.score.value - (own.value if own else 0.0)
            level = _level(excess - 3 * (entry.score.error + (own.error if own else 0.0)), 0.0, 0.02)
            if level != "green":
                beside = f", of fresh real records {own.value:.1%}" if own else ""
                findings.append(_Finding(level, f"{entry.score.value:.1%} of the records {words}{beside}."))
    attacks: tuple[tuple[str, str, float, float], ...] = (
        ("singling_out", "Persons can be singled out", 0.0, 0.05),
        ("linkability", "Separate pieces of a record can be linked", 0.0, 0.05),
        ("inference", "Secrets of persons in the data can be guessed", 0.0, 0.05),
        ("rare_values", "Rare values of the real data are repeated", 0.0, 0.1),
        ("membership_auc", "Who was in the real data can be found out", 0.5, 0.55),
        ("membership_auc_unusual", "Who was in the real data can be found out of unusual records", 0.5, 0.6),
        ("membership_tpr", "Some can be said with near certainty to be in the real data", 0.01, 0.03),
    )
    done = [name for name, *_ in attacks if name in entries]
    for name, words, chance, much in attacks:
        if entry := entries.get(name):
            low = entry.score.interval[0]
            level: Level = "green" if low <= chance else "amber" if entry.score.value <= much else "red"
            if level != "green":
                columns = tuple(entry.details)[:1] if name in ("inference", "rare_values") else ()
                which = f" ({columns[0]})" if columns else ""
                findings.append(
                    _Finding(
                        level, f"{words}{which}: {entry.score.value:.2f}, by chance {chance:g}.", columns
                    )
                )
    if entry := entries.get("nearer"):
        level = _level(entry.score.interval[0] - max(0.5, entry.anchor(CEILING, 0.5)), 0.05, 0.2)
        if level != "green":
            share = f"{entry.score.value:.0%} of the records"
            findings.append(_Finding(level, f"{share} lie nearer to the records learnt from than to others."))
    if done and not findings:
        text = "No attack did better on the records learnt from than on others: no leak was found."
        findings.append(_Finding("green", text))
    elif not findings and "copies" in entries:
        findings.append(_Finding("grey", "No more copies than by chance. No attack was carried out."))
    return findings


def _valid(entries: Mapping[str, Entry]) -> list[_Finding]:
    entry = entries.get("valid")
    if entry is None:
        return []
    if entry.score.value >= 1.0:
        return [_Finding("green", "Every record keeps all rules that real records keep.")]
    real = entry.anchors.get(CEILING)
    if real and entry.score.value >= real.value - 2 * (entry.score.error + real.error):
        share = f"{1 - entry.score.value:.2%} of the records break a rule"
        return [_Finding("green", f"{share}, no more than of fresh real records.")]
    broken = [f"{rule} ({share:.1%} do not)" for rule, share in list(entry.details.items())[:MAX_NAMED]]
    more = f" and {len(entry.details) - MAX_NAMED} more" if len(entry.details) > MAX_NAMED else ""
    level: Level = "amber" if entry.score.value >= 0.99 else "red"
    text = f"{1 - entry.score.value:.1%} of the records break a rule: {'; '.join(broken)}{more}."
    return [_Finding(level, text, tuple(_quoted(list(entry.details)[:MAX_NAMED])))]


def _quoted(rules: Sequence[str]) -> list[str]:
    """The columns that rules name, which stand in quotes."""
    return list(dict.fromkeys(name for rule in rules for name in rule.split("'")[1::2]))


def _level(distance: float, amber: float, red: float) -> Level:
    return "red" if distance > red else "amber" if distance > amber else "green"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")

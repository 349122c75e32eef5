"""Scores as rows of a table: value with error, anchors, and where the value lies between them.

And the verdict, whose answers rest on them: a few questions, each with a level and a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from gansmith.report.wording import ABSENT, Level, amount, interval, level, number

_FAMILIES: Final = {
    "real": ("Does it look real?", "Can synthetic records be told from real ones?"),
    "useful": ("Is it useful?", "Does what is learnt from it hold for real records?"),
    "private": ("Does it give anyone away?", "What does it tell about people of the training data?"),
    "valid": ("Is it valid?", "Does it keep types, ranges, keys and rules?"),
}

Scores = Mapping[str, Mapping[str, Any]]


@final
@dataclass(frozen=True)
class Strip:
    """Where a value and its anchors lie on a line of length 100; the good end is at the right."""

    value: float
    low: float
    high: float
    floor: float | None
    ceiling: float | None
    copy: float | None
    label: str


@final
@dataclass(frozen=True)
class ScoreRow:
    """One measured score in finished words."""

    name: str
    label: str
    value: str
    error: str
    interval: str
    ceiling: str
    floor: str
    copied: str
    better: str
    """`higher is better` or `lower is better`."""
    meaning: str
    caveat: str
    source: str
    n: str
    details: tuple[tuple[str, str], ...]
    strip: Strip | None


@final
@dataclass(frozen=True)
class Family:
    """The scores that answer one question."""

    title: str
    lead: str
    rows: tuple[ScoreRow, ...]


def families(scores: Scores) -> list[Family]:
    """All scores that could be computed, grouped by the question they answer."""
    found: list[Family] = []
    for family in dict.fromkeys([*_FAMILIES, *(str(score.get("family")) for score in scores.values())]):
        of_it = [name for name, score in scores.items() if str(score.get("family")) == family]
        if rows := _rows(scores, of_it):
            found.append(Family(*_FAMILIES.get(family, ("Other", "")), rows))
    return found


def _rows(scores: Scores, names: Iterable[str]) -> tuple[ScoreRow, ...]:
    """Of the scores that could be computed."""
    return tuple(
        score_row(name, scores[name]) for name in names if scores.get(name, {}).get("value") is not None
    )


def not_computed(scores: Scores) -> list[tuple[str, str]]:
    """Labels of the scores without a value, each with the reason."""
    return [
        (
            str(score.get("label") or name),
            str(score.get("reason") or score.get("caveat") or "The reason is not known."),
        )
        for name, score in scores.items()
        if score.get("value") is None
    ]


def score_row(name: str, score: Mapping[str, Any]) -> ScoreRow:
    """One score in words."""
    error = score.get("error")
    details: Mapping[str, Any] = score.get("details") or {}
    n = score.get("n")
    return ScoreRow(
        name=name,
        label=str(score.get("label") or name),
        value=number(score.get("value"), error),
        error="" if error is None else number(error, error),
        interval=interval(score, lambda end: number(end, error)),
        ceiling=number(score.get("ceiling"), error),
        floor=number(score.get("floor"), error),
        copied=number(score.get("copy"), error),
        better="lower is better" if score.get("direction") == "lower" else "higher is better",
        meaning=str(score.get("meaning") or ""),
        caveat=str(score.get("caveat") or ""),
        source=str(score.get("source") or ""),
        n="" if n is None else f"{n:,}",
        details=tuple((str(key), _detail(value)) for key, value in details.items()),
        strip=strip(score),
    )


def strip(score: Mapping[str, Any]) -> Strip | None:
    """Places of a score and its anchors between the worst and the best of them; None without anchors."""
    value, floor, ceiling, copied = (score.get(key) for key in ("value", "floor", "ceiling", "copy"))
    if value is None or (floor is None and ceiling is None):
        return None
    low, high = (value if score.get(end) is None else score[end] for end in ("low", "high"))
    known = [place for place in (value, low, high, floor, ceiling, copied) if place is not None]
    least, length = min(known), max(known) - min(known)
    if length <= 0:
        return None
    turned = score.get("direction") == "lower"

    def place(number_: float | None) -> float | None:
        if number_ is None:
            return None
        share = (number_ - least) / length
        return round(6 + 88 * (1 - share if turned else share), 2)

    ends = sorted((place(low) or 0.0, place(high) or 0.0))
    said = f"Value {number(value)}; independent columns {number(floor)}, real hold-out {number(ceiling)}"
    said += f", training copy {number(copied)}; the good end is at the right."
    return Strip(place(value) or 0.0, ends[0], ends[1], place(floor), place(ceiling), place(copied), said)


@final
@dataclass(frozen=True)
class Contest:
    """One score of several data sets."""

    label: str
    better: str
    contestants: tuple[tuple[ScoreRow, str], ...]
    """Each data set's score, and `best`, `as good` (its interval holds the best value) or nothing."""


def contests(cards: Sequence[Scores]) -> list[Contest]:
    """Every score that one of the data sets has, side by side."""
    names = list(dict.fromkeys(name for scores in cards for name in scores))
    return [_contest(name, [scores.get(name, {}) for scores in cards]) for name in names]


def _contest(name: str, scores: Sequence[Mapping[str, Any]]) -> Contest:
    known = [score for score in scores if score.get("value") is not None and not score.get("caveat")]
    lower = any(score.get("direction") == "lower" for score in known)
    best: float | None = None
    if len(known) > 1 and len({_shortfall(score) for score in known}) > 1:
        best = min(known, key=_shortfall)["value"]
    label = next((str(score["label"]) for score in scores if score.get("label")), name)
    contestants = tuple((score_row(name, score), _note(score, best)) for score in scores)
    return Contest(label, "lower is better" if lower else "higher is better", contestants)


def _shortfall(score: Mapping[str, Any]) -> float:
    """How far a value lies from what real records reach; better than these is no better."""
    value, ceiling = float(score["value"]), score.get("ceiling")
    is_lower = score.get("direction") == "lower"
    if ceiling is None:
        return value if is_lower else -value
    return max(0.0, value - ceiling if is_lower else ceiling - value)


def _note(score: Mapping[str, Any], best: float | None) -> str:
    value, low, high = (score.get(key) for key in ("value", "low", "high"))
    if best is None or value is None or score.get("caveat"):
        return ""
    if value == best:
        return "best"
    return "as good" if low is not None and high is not None and low <= best <= high else ""


def _detail(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    is_count = isinstance(value, int) or (abs(value) >= 10 and float(value).is_integer())
    return amount(value) if is_count else number(value)


@final
@dataclass(frozen=True)
class Answer:
    """One question of the verdict with its answer."""

    question: str
    level: Level
    text: str
    columns: tuple[str, ...]
    """Named as the cause; look at them first."""
    rows: tuple[ScoreRow, ...]
    """The scores that the answer rests on."""
    limits: str
    """What the answer does not prove."""


def answers(card: Mapping[str, Any]) -> list[Answer]:
    """The verdict of one data set, in the order given."""
    scores: Scores = card.get("scores") or {}
    return [
        Answer(
            question=str(line.get("question") or ""),
            level=level(line.get("level")),
            text=str(line.get("text") or ""),
            columns=tuple(str(name) for name in line.get("columns") or []),
            rows=_rows(scores, line.get("scores") or []),
            limits=str(line.get("limits") or ""),
        )
        for line in card.get("verdict") or []
    ]

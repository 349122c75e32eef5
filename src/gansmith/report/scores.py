"""Scores as rows of a table: value with error, anchors, and where the value lies between them.

And the verdict, whose answers rest on them: a few questions, each with a level and a sentence.
Everything is finished words for a template to print.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gansmith.report.wording import ABSENT, amount, interval, level, number

_FAMILIES: Final = {
    "real": ("Does it look real?", "Can synthetic records be told from real ones?"),
    "useful": ("Is it useful?", "Does what is learnt from it hold for real records?"),
    "private": ("Does it give anyone away?", "What does it tell about people of the training data?"),
    "valid": ("Is it valid?", "Does it keep types, ranges, keys and rules?"),
}

_USUAL: Final = ("ceiling", "floor", "copy")

Scores = Mapping[str, Mapping[str, Any]]
Words = dict[str, Any]
"""What a template prints, by the names that it uses."""


def families(scores: Scores) -> list[Words]:
    """All scores that could be computed, grouped by the question they answer."""
    found: list[Words] = []
    for family in dict.fromkeys([*_FAMILIES, *(str(score.get("family")) for score in scores.values())]):
        title, lead = _FAMILIES.get(family, ("Other", ""))
        of_it = [name for name, score in scores.items() if str(score.get("family")) == family]
        if rows := _rows(scores, of_it):
            found.append({"title": title, "lead": lead, "rows": rows})
    return found


def _rows(scores: Scores, names: Iterable[str]) -> list[Words]:
    """Of the scores that could be computed."""
    return [score_row(name, scores[name]) for name in names if scores.get(name, {}).get("value") is not None]


def not_computed(scores: Scores) -> list[tuple[str, str]]:
    """Labels of the scores without a value, each with the reason."""
    unknown = "The reason is not known."
    return [
        (str(score.get("label") or name), str(score.get("reason") or score.get("caveat") or unknown))
        for name, score in scores.items()
        if score.get("value") is None
    ]


def score_row(name: str, score: Mapping[str, Any]) -> Words:
    """One score in words."""
    error, n = score.get("error"), score.get("n")
    details: Mapping[str, Any] = score.get("details") or {}
    return {
        "label": str(score.get("label") or name),
        "value": number(score.get("value"), error),
        "error": "" if error is None else number(error, error),
        "interval": interval(score, lambda end: number(end, error)),
        "ceiling": number(score.get("ceiling"), error),
        "floor": number(score.get("floor"), error),
        "copied": number(score.get("copy"), error),
        "better": _better(score.get("direction") == "lower"),
        **{key: str(score.get(key) or "") for key in ("meaning", "caveat", "source")},
        "n": "" if n is None else f"{n:,}",
        "details": [*_further(score), *((str(key), _detail(value)) for key, value in details.items())],
        "strip": strip(score),
    }


def _further(score: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Anchors that a kind of data has of its own, with their values."""
    anchors: Mapping[str, Mapping[str, Any]] = score.get("anchors") or {}
    return [
        (f"anchor: {name}", number(one.get("value"), one.get("error")))
        for name, one in anchors.items()
        if name not in _USUAL
    ]


def _better(is_lower: bool) -> str:
    return "lower is better" if is_lower else "higher is better"


def strip(score: Mapping[str, Any]) -> Words | None:
    """Where a score and its anchors lie on a line of length 100, between the worst and the best of them.

    The good end is at the right. None without anchors.
    """
    value, floor, ceiling, copied = (score.get(key) for key in ("value", "floor", "ceiling", "copy"))
    if value is None or (floor is None and ceiling is None):
        return None
    low, high = (value if score.get(end) is None else score[end] for end in ("low", "high"))
    known = [place for place in (value, low, high, floor, ceiling, copied) if place is not None]
    least, length = min(known), max(known) - min(known)
    if length <= 0:
        return None
    turned = score.get("direction") == "lower"

    def place(mark: float) -> float:
        share = (mark - least) / length
        return round(6 + 88 * (1 - share if turned else share), 2)

    marks = {"value": value, "floor": floor, "ceiling": ceiling, "copied": copied}
    ends = sorted((place(low), place(high)))
    said = f"Value {number(value)}; independent parts {number(floor)}, real hold-out {number(ceiling)}"
    return {
        **{key: None if mark is None else place(mark) for key, mark in marks.items()},
        "low": ends[0],
        "high": ends[1],
        "label": f"{said}, training copy {number(copied)}; the good end is at the right.",
    }


def contests(cards: Sequence[Scores]) -> list[Words]:
    """Every score that one of the data sets has, side by side."""
    names = list(dict.fromkeys(name for scores in cards for name in scores))
    return [_contest(name, [scores.get(name, {}) for scores in cards]) for name in names]


def _contest(name: str, scores: Sequence[Mapping[str, Any]]) -> Words:
    """The contestants are each data set's score with "best", "as good" (its interval holds that) or ""."""
    known = [score for score in scores if score.get("value") is not None and not score.get("caveat")]
    best: float | None = None
    if len(known) > 1 and len({_shortfall(score) for score in known}) > 1:
        best = min(known, key=_shortfall)["value"]
    return {
        "label": next((str(score["label"]) for score in scores if score.get("label")), name),
        "better": _better(any(score.get("direction") == "lower" for score in scores)),
        "contestants": [(score_row(name, score), _note(score, best)) for score in scores],
    }


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


def answers(card: Mapping[str, Any]) -> list[Words]:
    """The verdict of one data set, in the order given: what it answers, and the scores that this rests on."""
    scores: Scores = card.get("scores") or {}
    return [
        {
            **{key: str(line.get(key) or "") for key in ("question", "text", "limits")},
            "level": level(line.get("level")),
            "columns": [str(name) for name in line.get("columns") or []],
            "rows": _rows(scores, line.get("scores") or []),
        }
        for line in card.get("verdict") or []
    ]

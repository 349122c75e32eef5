"""The privacy card: what was attacked, how, with what result, and what that does not prove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gansmith.report.markup import asset, policy, rendered, trusted
from gansmith.report.wording import in_words, interval, level, number, percent, shortened

_RATES: Final = {
    "main": "on training records",
    "control": "on records never seen",
    "baseline": "by a blind guess",
}
_LONGEST: Final = 240
"""Characters of a result: the names of a hundred columns stand in the JSON file."""
_AUC_FROM: Final = 0.4
"""Where the line of an AUC begins: .5 is a guess."""


def privacy_card_page(card: Mapping[str, Any]) -> str:
    """Two pages to print for a data-protection officer, by the three risks of Opinion 05/2014.

    Args:
        card: `title`, `conclusion` (`question`, `level`, `text`), `data`, `model` and `made` (pairs of label
            and value), `risks` and `further` (attacks with `risk`, `question`, `how`, `level`, `unit`,
            `value`, `low`, `high`, `amber`, `red`, `main`, `control`, `baseline`, `caveat`, `text`), `marks`
            (how they are given), `limits` and `notes`. What is missing is left out.

    Returns:
        HTML that needs no script and loads nothing.
    """
    style = asset("palette.css") + asset("privacy.css")
    conclusion = card.get("conclusion") or {}
    return rendered(
        "privacy.html.jinja",
        {
            "title": str(card.get("title") or "Privacy card"),
            "conclusion": str(conclusion.get("text") or ""),
            "question": str(conclusion.get("question") or ""),
            "level": level(conclusion.get("level")),
            "holds_real_records": card.get("holds_real_records"),
            "measured": in_words([*(card.get("data") or ()), *(card.get("made") or ())]),
            "model": in_words(card.get("model")),
            "risks": [_risk(risk) for risk in card.get("risks") or []],
            "further": [_risk(risk) for risk in card.get("further") or []],
            "marks_given": str(card.get("marks") or ""),
            "limits": [str(limit) for limit in (*(card.get("limits") or ()), *(card.get("notes") or ()))],
            "policy": trusted(policy([], [style])),
            "style": trusted(style),
        },
    )


def _risk(risk: Mapping[str, Any]) -> dict[str, Any]:
    """One attack in finished words."""
    shown = number if risk.get("unit") == "AUC" else percent
    caveat = str(risk.get("caveat") or "").rstrip(".")
    lines = {name: risk.get(name) for name in ("amber", "red")}
    return {
        "name": str(risk.get("risk") or ""),
        "question": str(risk.get("question") or ""),
        "level": level(risk.get("level")),
        "how": str(risk.get("how") or ""),
        "text": shortened(str(risk.get("text") or ""), _LONGEST),
        "value": shown(risk.get("value")),
        "interval": interval(risk, shown),
        "unit": "AUC" if risk.get("unit") == "AUC" else "",
        "lines": {name: shown(line) for name, line in lines.items() if line is not None},
        "rates": [(label, percent(risk[key])) for key, label in _RATES.items() if risk.get(key) is not None],
        "caveat": f"{caveat[0].upper()}{caveat[1:]}." if caveat else "",
        "bar": _bar(str(risk.get("risk") or ""), risk, shown),
    }


def _bar(name: str, risk: Mapping[str, Any], shown: Any) -> dict[str, Any] | None:
    """A value with its interval on a line of length 100, on which the amber and the red line stand.

    On one of three scales, so that cards can be compared: to 10%, to 30% or to 100%; an AUC from .4 to 1.
    """
    value = risk.get("value")
    if value is None:
        return None
    known = {key: risk[key] for key in ("value", "low", "high", "amber", "red") if risk.get(key) is not None}
    known = {"low": value, "high": value} | known
    start, reaches = (_AUC_FROM, (1.0,)) if risk.get("unit") == "AUC" else (0.0, (0.1, 0.3, 1.0))
    reach = next(end for end in reaches if max(known.values()) <= end or end == 1.0)
    said = f"{name}: {shown(value)}"
    if ends := interval(risk, shown):
        said += f", interval {ends}"
    said += "".join(f", {key} from {shown(known[key])}" for key in ("amber", "red") if key in known)
    ends_of_line = [f"{end:g}" if start else f"{end:.0%}" for end in (start, reach)]
    return {
        "amber": None,
        "red": None,
        **{
            key: round(100 * min(1.0, max(0.0, (place - start) / (reach - start))), 2)
            for key, place in known.items()
        },
        "start": ends_of_line[0],
        "end": ends_of_line[1],
        "label": f"{said}, on a scale from {ends_of_line[0]} to {ends_of_line[1]}.",
    }

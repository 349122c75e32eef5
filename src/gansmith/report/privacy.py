"""The privacy card: what was attacked, how, with what result, and what that does not prove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gansmith.report.markup import asset, policy, rendered, trusted
from gansmith.report.wording import in_words, interval, level, percent

_EXPLAINED: Final = {
    "singling out": (
        "Isolating one person in the data.",
        "The attacker reads the synthetic records, writes down descriptions that fit one person, and looks "
        "whether each fits exactly one record of the training data.",
    ),
    "linkability": (
        "Finding that two records belong to one person.",
        "The attacker holds two files about the same people with different columns, and joins records that "
        "lie nearest to the same synthetic records.",
    ),
    "inference": (
        "Deducing something about a person from what else is known.",
        "The attacker knows all columns of a person but one, and reads the missing value from the synthetic "
        "records that are most alike.",
    ),
}
"""What each risk of the opinion means, and how it is attacked."""


def privacy_card_page(card: Mapping[str, Any]) -> str:
    """A page to print for a data-protection officer, by the three risks of Opinion 05/2014.

    Args:
        card: `title`, `data` and `made` (pairs of label and value), `risks` and `further` (attacks with
            `risk`, `question`, `level`, `value`, `low`, `high`, `main`, `control`, `baseline`, `caveat`,
            `text`), and `limits`. What is missing is left out.

    Returns:
        HTML that needs no script and loads nothing.
    """
    style = asset("palette.css") + asset("privacy.css")
    return rendered(
        "privacy.html.jinja",
        {
            "title": str(card.get("title") or "Privacy card"),
            "data": in_words(card.get("data")),
            "risks": [_risk(risk) for risk in card.get("risks") or []],
            "further": [_risk(risk) for risk in card.get("further") or []],
            "limits": [str(limit) for limit in card.get("limits") or []],
            "made": in_words(card.get("made")),
            "policy": trusted(policy([], [style])),
            "style": trusted(style),
        },
    )


def _risk(risk: Mapping[str, Any]) -> dict[str, Any]:
    """One attack in finished words."""
    name = str(risk.get("risk") or "")
    meaning, how = _EXPLAINED.get(name.casefold(), ("", ""))
    rates = {
        "main": "On training records",
        "control": "On records never seen (control)",
        "baseline": "By guessing (baseline)",
    }
    return {
        "name": name,
        "question": str(risk.get("question") or ""),
        "level": level(risk.get("level")),
        "meaning": meaning,
        "how": how,
        "text": str(risk.get("text") or ""),
        "value": percent(risk.get("value")),
        "interval": interval(risk, percent),
        "rates": [(label, percent(risk[key])) for key, label in rates.items() if risk.get(key) is not None],
        "caveat": str(risk.get("caveat") or ""),
        "bar": _bar(name, risk),
    }


def _bar(name: str, risk: Mapping[str, Any]) -> dict[str, Any] | None:
    """A value with its interval on a line of length 100 from `0%` to `end`.

    On one of three scales, so that cards can be compared: to 10%, to 30% or to 100%.
    """
    value = risk.get("value")
    if value is None:
        return None
    ends = {end: value if risk.get(end) is None else risk[end] for end in ("low", "high")}
    reach = next(end for end in (0.1, 0.3, 1.0) if max(value, ends["high"]) <= end or end == 1.0)
    said = f"{name}: {percent(value)}"
    if ends_in_words := interval(risk, percent):
        said += f", interval {ends_in_words}"
    return {
        **{
            key: round(100 * min(1.0, max(0.0, place / reach)), 2)
            for key, place in {"value": value, **ends}.items()
        },
        "end": f"{reach:.0%}",
        "label": f"{said}, on a scale from 0% to {reach:.0%}.",
    }

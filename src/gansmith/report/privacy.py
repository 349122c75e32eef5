"""The privacy card: what was attacked, how, with what result, and what that does not prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from gansmith.report.markup import asset, policy, rendered, trusted
from gansmith.report.wording import Level, in_words, level, percent, percent_interval

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


@final
@dataclass(frozen=True)
class Bar:
    """A value with its interval on a line of length 100 from `0%` to `end`."""

    value: float
    low: float
    high: float
    end: str
    label: str


@final
@dataclass(frozen=True)
class Risk:
    """One attack in finished words."""

    name: str
    question: str
    level: Level
    meaning: str
    how: str
    text: str
    value: str
    interval: str
    rates: tuple[tuple[str, str], ...]
    caveat: str
    bar: Bar | None


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


def _risk(risk: Mapping[str, Any]) -> Risk:
    name = str(risk.get("risk") or "")
    meaning, how = _EXPLAINED.get(name.casefold(), ("", ""))
    rates = (
        ("On training records", "main"),
        ("On records never seen (control)", "control"),
        ("By guessing (baseline)", "baseline"),
    )
    return Risk(
        name=name,
        question=str(risk.get("question") or ""),
        level=level(risk.get("level")),
        meaning=meaning,
        how=how,
        text=str(risk.get("text") or ""),
        value=percent(risk.get("value")),
        interval=percent_interval(risk),
        rates=tuple((label, percent(risk[key])) for label, key in rates if risk.get(key) is not None),
        caveat=str(risk.get("caveat") or ""),
        bar=_bar(name, risk),
    )


def _bar(name: str, risk: Mapping[str, Any]) -> Bar | None:
    """On one of three scales, so that cards can be compared: to 10%, to 30% or to 100%."""
    value = risk.get("value")
    if value is None:
        return None
    low, high = (value if risk.get(end) is None else risk[end] for end in ("low", "high"))
    reach = next(end for end in (0.1, 0.3, 1.0) if max(value, high) <= end or end == 1.0)
    said = f"{name}: {percent(value)}"
    if percent_interval(risk):
        said += f", interval {percent_interval(risk)}"
    places = [round(100 * min(1.0, max(0.0, place / reach)), 2) for place in (value, low, high)]
    return Bar(places[0], places[1], places[2], f"{reach:.0%}", f"{said}, on a scale from 0% to {reach:.0%}.")

"""Cards put together for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_OF_THE_PAGE = ("made", "training", "title")


def page_of(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `gansmith.report` makes a page of.

    Args:
        cards: One report for each synthetic data set, as `Scorecard.report` gives them; one at least.
    """
    first = cards[0]
    names = [str(card["name"]) for card in cards]
    title = f"Scorecard of {names[0]}" if len(cards) == 1 else f"{len(cards)} synthetic data sets compared"
    notes = [
        note if len(cards) == 1 else f"{card['name']}: {note}" for card in cards for note in card["notes"]
    ]
    return {
        "title": title,
        "made": _made(cards),
        "notes": notes,
        "training": first["training"],
        "cards": [{key: value for key, value in card.items() if key not in _OF_THE_PAGE} for card in cards],
    }


def _made(cards: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """How the cards were made; what all of them share comes once."""
    lines = [list(pair) for card in cards for pair in card["made"]]
    return [pair for place, pair in enumerate(lines) if pair not in lines[:place]]

"""One card of several: what became of the same records where several things were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gansmith.scorecard.score import Score
from gansmith.scorecard.translation.card import Example, Measured, TranslationCard

_ASKED: Final = "asked"
MOST_EXAMPLES: Final = 12
"""Of all targets together."""


def together(
    cards: Mapping[str, TranslationCard], seen: Mapping[str, Score], of_real: Mapping[str, Score]
) -> TranslationCard:
    """A card with a row for each target, and its anchors below.

    Args:
        cards: By target, one or more.
        seen: How often what was asked for is seen, see `seen_as_asked`; nothing where nobody knows.
        of_real: The same of real records.
    """
    methods, examples = list[Measured](), list[Example]()
    n_shown = max(1, MOST_EXAMPLES // len(cards))
    for target, card in cards.items():
        names = {one.name: target if one is card.ours else f"{one.name}, {target}" for one in card.methods}
        for one in card.methods:
            more = {_ASKED: seen[target]} if one is card.ours and target in seen else {}
            methods.append(replace(one, name=names[one.name], scores={**more, **one.scores}, by_record={}))
        more = {_ASKED: of_real[target]} if target in of_real else {}
        if card.ceilings or more:
            methods.append(Measured(f"real, {target}", {**more, **card.ceilings}, is_anchor=True))
        examples += [_renamed(one, target, names) for one in card.examples[:n_shown]]
    first = next(iter(cards.values()))
    notes = [f"{target}: {note}" for target, card in cards.items() for note in card.notes]
    skipped = {name: why for card in cards.values() for name, why in card.skipped.items()}
    return TranslationCard(
        title=first.title,
        n_records=sum(card.n_records for card in cards.values()),
        methods=tuple(sorted(methods, key=lambda one: one.is_anchor)),
        stated=first.stated,
        skipped=skipped,
        examples=tuple(examples),
        notes=tuple(notes),
        made=first.made,
    )


def _renamed(example: Example, target: str, names: Mapping[str, str]) -> Example:
    """A record as the page of all targets shows it."""
    return Example(
        f"{example.name}: {target}",
        example.mark,
        {names.get(key, key): address for key, address in example.pictures.items()},
        {names[method]: scores for method, scores in example.scores.items()},
    )

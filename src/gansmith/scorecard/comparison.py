"""Several synthetic data sets, judged by the same real records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from gansmith.errors import UsageError, did_you_mean
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.publishing import page_of


@final
@dataclass(frozen=True)
class Comparison:
    """The cards of one or more synthetic data sets."""

    cards: tuple[Scorecard, ...]

    def __len__(self) -> int:
        return len(self.cards)

    def __iter__(self) -> Iterator[Scorecard]:
        return iter(self.cards)

    def __getitem__(self, name: str) -> Scorecard:
        """The card of a data set.

        Raises:
            UsageError: There is none of this name; the nearest is given.
        """
        found = {card.name: card for card in self.cards}
        if name not in found:
            raise UsageError(f"There is no data set {name!r} here. {did_you_mean(name, found)}")
        return found[name]

    def __str__(self) -> str:
        return "\n\n".join(f"{card.name}: {card}" for card in self.cards)

    def check(self, requirements: Sequence[str]) -> list[str]:
        """Which requirements are missed, and by which data set; see `Scorecard.check`."""
        return [f"{card.name}: {miss}" for card in self.cards for miss in card.check(requirements)]

    def to_dict(self) -> dict[str, Any]:
        """All cards, as JSON can hold them."""
        return {"cards": [card.to_dict() for card in self.cards]}

    def report(self) -> dict[str, Any]:
        """Everything that a report shows, as JSON can hold it."""
        return page_of([card.report() for card in self.cards])

    def to_html(self, path: str | Path) -> None:
        """Write one report of all: a page that needs no network, and its JSON twin beside it.

        Raises:
            DataError: When it cannot be written.
        """
        from gansmith.report.page import write_report  # heavy: only for those who want a page

        write_report(self.report(), Path(path))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from gansmith.report.notebook import fragment  # heavy, too

        return fragment(self.report())

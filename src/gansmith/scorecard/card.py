"""The card: all scores of one synthetic data set, the verdict, and what a page shows; or cards of several."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from gansmith.errors import UsageError, did_you_mean
from gansmith.scorecard.score import ANCHORS, CEILING, COPY, FLOOR, Entry
from gansmith.scorecard.verdict.privacy_card import privacy_card
from gansmith.scorecard.verdict.questions import ON_PRIVACY, Line
from gansmith.store import as_json, write_whole

if TYPE_CHECKING:
    import pandas as pd

    from gansmith.report.parts import Figure

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_OF_THE_PAGE: Final = ("made", "training", "title")
"""What a page of several cards says once."""
_CALLED: Final = {CEILING: "real", FLOOR: "independent", COPY: "copy"}
"""The anchors, as frames name them."""
_REQUIREMENT: Final = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|<|>)\s*([-+.\w]+)\s*")


@final
@dataclass(frozen=True, repr=False)
class Scorecard:
    """All scores of one synthetic data set."""

    title: str
    entries: tuple[Entry, ...]
    verdict: tuple[Line, ...] = ()
    """The answers in words."""
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    """Scores that could not be computed, and why."""
    plots: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What there is to see, as plain numbers for a page to draw; no record of the real data, and of their
    values only what enough of them share."""
    real_records: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The same with real records, and `made`, hashes of their files: for their owner, on a page only where it
    is asked for."""
    name: str = "synthetic"
    """Of the synthetic data set."""
    n_records: int = 0
    notes: tuple[str, ...] = ()
    """What a person should know about how the data was read and compared."""
    made: tuple[tuple[str, str], ...] = ()
    """How the card was made: versions, seed, time, hashes."""
    origin: tuple[tuple[str, str], ...] = ()
    """What is known of the model that made the data; empty: nothing."""
    training: Mapping[str, Any] | None = None
    """What the training looked like, where its run folder was given."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the scores, in their order."""
        return tuple(entry.name for entry in self.entries)

    def __getitem__(self, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            UsageError: There is none; the nearest name is given, or why it could not be computed.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        if name in self.skipped:
            raise UsageError(f"the score {name!r} could not be computed: {self.skipped[name]}")
        raise UsageError(f"There is no score {name!r} on this card. {did_you_mean(name, self.names)}")

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        answers = [f"{line.question:27} {line.level:5}  {line.text}" for line in self.verdict]
        scores = [
            f"{entry.name:23} {entry.score!s:>18}   real {entry.anchors.get(CEILING, '')!s:>18}   "
            f"independent parts {entry.anchors.get(FLOOR, '')!s:>18}"
            for entry in self.entries
        ]
        return "\n".join([self.title, *answers, *scores])

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON can hold it: the verdict, and every score by name with its anchors and details."""
        scores = {entry.name: entry.to_dict() for entry in self.entries}
        nothing = dict.fromkeys(("value", "error", *ANCHORS)) | {"n": 0, "direction": "higher"}
        lacking = {name: {**nothing, "reason": reason} for name, reason in self.skipped.items()}
        return {
            "title": self.title,
            "name": self.name,
            "n_records": self.n_records,
            "scores": {**scores, **lacking},
            "verdict": [line.to_dict() for line in self.verdict],
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """The scores as a data frame, one row each: value, error, interval, anchors, question, direction."""
        import pandas as pd  # heavy: only for those who want a frame

        rows = [
            {
                "value": entry.score.value,
                "error": entry.score.error,
                "low": entry.score.interval[0],
                "high": entry.score.interval[1],
                **{words: entry.anchor(name, math.nan) for name, words in _CALLED.items()},
                "question": entry.family,
                "better": entry.score.direction,
            }
            for entry in self.entries
        ]
        return pd.DataFrame(rows, index=pd.Index(self.names, name="score"))

    def plot(self, column: str = "") -> Any:
        """Plotly's figure of all scores beside their anchors; or of a column, real against synthetic.

        Raises:
            UsageError: There is no such column on the card, or plotly is not installed.
        """
        if not column:
            return Comparison((self,)).plot()
        from gansmith.report.columns import marginal  # heavy, too

        known = {one["name"]: one for one in self.plots.get("columns", ())}
        if column not in known:
            near = did_you_mean(column, known) if known else "It knows no columns."
            raise UsageError(f"there is no column {column!r} on this card. {near}")
        return _figure(marginal(known[column], 0))

    def report(self, *, with_real_records: bool = False) -> dict[str, Any]:
        """Everything that a report shows, as JSON can hold it; real records only where they are asked for."""
        plots, made = dict(self.plots), [list(pair) for pair in self.made]
        if with_real_records:
            shown = dict(self.real_records)
            made += [list(pair) for pair in shown.pop("made", ())]
            galleries = [*shown.pop("galleries", ()), *plots.pop("galleries", ())]
            plots |= {**shown, **({"galleries": galleries} if galleries else {})}
        return {
            **self.to_dict(),
            "plots": plots,
            "made": made,
            "training": self.training,
        }

    def privacy(self) -> dict[str, Any]:
        """The privacy card, as JSON can hold it."""
        made = dict(self.made)
        data = [
            ("Synthetic data", f"{made.get('Synthetic data', self.name)}, {self.n_records:,} records"),
            *((name, made[name]) for name in ("Real data", "Hold-out", "Date") if name in made),
        ]
        rest = [(name, value) for name, value in self.made if name not in dict(data)]
        answer = next((line.to_dict() for line in self.verdict if line.question == ON_PRIVACY), None)
        rates = {risk["score"]: risk for risk in self.plots.get("risks", ())}
        entries = {entry.name: entry for entry in self.entries}
        return privacy_card(entries, self.skipped, answer, data, self.origin, rest, self.notes, rates)

    def to_html(self, path: str | Path, *, with_real_records: bool = False) -> None:
        """Write the report; see `Comparison.to_html`.

        Raises:
            DataError: When it cannot be written.
        """
        Comparison((self,)).to_html(path, with_real_records=with_real_records)

    def to_privacy_card(self, path: str | Path) -> None:
        """Write what a data-protection officer wants to know: a page, or JSON when `path` ends in .json.

        Raises:
            DataError: When it cannot be written.
        """
        from gansmith.report.markup import as_bytes  # heavy: only for those who want a page
        from gansmith.report.privacy import privacy_card_page

        card, is_plain = self.privacy(), Path(path).suffix == ".json"
        write_whole(Path(path), as_json(card) + b"\n" if is_plain else as_bytes(privacy_card_page(card)))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from gansmith.report.page import fragment  # heavy, too

        return fragment(Comparison((self,)).report())

    def check(self, requirements: str | Sequence[str]) -> list[str]:
        """Which requirements the synthetic data misses.

        Args:
            requirements: One or several, each `name op number`, with op one of <=, >=, <, >: "c2st<=0.8".

        Returns:
            A sentence for each miss; empty when all is met. A score that is not a number misses everything.

        Raises:
            UsageError: A requirement cannot be read, or names a score that is not on the card.
        """
        requirements = [requirements] if isinstance(requirements, str) else requirements
        misses: list[str] = []
        for requirement in requirements:
            name, sign, limit = parsed(requirement)
            score = self[name].score
            if not _OPERATORS[sign](score.value, limit):
                misses.append(f"{name} is {score}, required: {sign} {limit:g}.")
        return misses


def _figure(figure: Figure) -> Any:
    """As Plotly has it, to be shown in a notebook or changed."""
    from gansmith.report.overview import drawn  # heavy: only for those who want a figure

    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise UsageError("plot() draws with plotly: pip install gansmith[plot].") from error

    return go.Figure(drawn(figure))


def parsed(requirement: str) -> tuple[str, str, float]:
    """Name, sign and limit of a requirement such as "c2st<=0.8".

    Raises:
        UsageError: It cannot be read.
    """
    match = _REQUIREMENT.fullmatch(requirement)
    try:
        limit = float(match[3]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or math.isnan(limit):
        raise UsageError(
            f"The requirement {requirement!r} cannot be read. "
            "Wanted: a score, one of <= >= < >, and a number, such as 'c2st<=0.8'."
        )
    return match[1], match[2], limit


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

    def to_frame(self) -> pd.DataFrame:
        """The data sets side by side: a row for each score, a column for each set and for real records."""
        import pandas as pd  # heavy: only for those who want a frame

        frames = {card.name: card.to_frame() for card in self.cards}
        names = pd.Index(dict.fromkeys(name for card in self.cards for name in card.names), name="score")
        found = pd.DataFrame({name: one["value"].reindex(names) for name, one in frames.items()}, names)
        real = pd.concat([one[_CALLED[CEILING]] for one in frames.values()])
        return found.assign(**{"real hold-out": real[~real.index.duplicated()].reindex(names)})

    def plot(self) -> Any:
        """Plotly's figure of all scores beside their anchors, with a mark for each data set.

        Raises:
            UsageError: plotly is not installed.
        """
        from gansmith.report.overview import overview  # heavy: only for those who want a figure

        return _figure(overview({card.name: card.to_dict()["scores"] for card in self.cards}))

    def report(self, *, with_real_records: bool = False) -> dict[str, Any]:
        """Everything that a report shows, as JSON can hold it: what `gansmith.report` makes a page of.

        Args:
            with_real_records: Whether records of the real data are shown: then it is for their owner alone.
        """
        cards = [card.report(with_real_records=with_real_records) for card in self.cards]
        is_alone = len(self.cards) == 1
        several = f"{len(cards)} synthetic data sets compared"
        lines = [pair for card in cards for pair in card["made"]]
        return {
            "holds_real_records": with_real_records,
            "title": f"Scorecard of {cards[0]['name']}" if is_alone else several,
            "made": [pair for place, pair in enumerate(lines) if pair not in lines[:place]],
            "notes": [
                note if is_alone else f"{card['name']}: {note}" for card in cards for note in card["notes"]
            ],
            "training": cards[0]["training"],
            "cards": [{key: card[key] for key in card if key not in _OF_THE_PAGE} for card in cards],
        }

    def to_html(self, path: str | Path, *, with_real_records: bool = False) -> None:
        """Write one report of all: a page that needs no network, and its JSON twin beside it.

        Args:
            path: Of the page.
            with_real_records: Whether records of the real data are shown, such as the nearest neighbours of
                synthetic ones. Both files say so then, and nobody but their owner may read them.

        Raises:
            DataError: When it cannot be written.
        """
        from gansmith.report.page import write_report  # heavy: only for those who want a page

        write_report(self.report(with_real_records=with_real_records), Path(path))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from gansmith.report.page import fragment  # heavy, too

        return fragment(self.report())

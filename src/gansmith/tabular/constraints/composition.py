"""A text that is made of other columns: full name = first + " " + last, e-mail = first.last@example.com.

A template holds texts and columns in braces: `{first} {last}`, `{first:lower}.{last:lower}@example.com`. What
stands after the name of a column is done to its text, one after the other: see `WAYS`. `{}` at the end stands
for whatever the column's own text holds there, such as the domain of an e-mail address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import are_missing, cells_of
from gansmith.tabular.constraints.base import Cells, Columns, Named, check_kinds
from gansmith.tabular.constraints.derived import AbstractDerived, held
from gansmith.tabular.constraints.view import View
from gansmith.tabular.schema import Column

WAYS: Final[Mapping[str, Callable[[str], str]]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "ascii": lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode(),
    "initial": lambda text: text[:1],
    "initials": lambda text: "".join(word[0] for word in text.split()),
    "first": lambda text: text.split(" ", 1)[0],
    "joined": lambda text: text.replace(" ", ""),
    "dotted": lambda text: text.replace(" ", "."),
    "dashed": lambda text: text.replace(" ", "-"),
    "underscored": lambda text: text.replace(" ", "_"),
    "letters": lambda text: re.sub(r"[^\w]", "", text),
}
"""What may be done to a text on its way into another."""
MAX_PIECES: Final = 8
MAX_TRIED: Final = 2_000
"""Beginnings of templates that are tried for one column."""
N_FEW: Final = 40
MAX_LENGTH: Final = 200
"""Characters of texts that may be made of others."""
_TRIED: Final = (
    "", "lower", "upper", "title", "ascii:lower", "ascii:lower:letters", "lower:dotted", "ascii:lower:dotted",
    "lower:dashed", "lower:underscored", "lower:joined", "ascii:lower:joined", "dashed", "underscored",
    "joined", "initial", "initial:lower", "initial:upper", "initials", "initials:lower", "first",
    "first:lower",
)  # fmt: skip
_PIECE: Final = re.compile(r"\{([^{}]*)\}|([^{}]+)|(.)", re.DOTALL)

Piece = tuple[str | None, str]
"""The name of a column and what is done to its text; or None and a text."""


@final
@settings(eq=False, error=DataError)
class Composition(AbstractDerived):
    """`column` is what `template` makes of `columns`."""

    kind: ClassVar[str] = "text"

    column: Named
    columns: Annotated[Columns, Field(min_length=1)]
    """Those that the template names."""
    template: Annotated[str, Field(min_length=1, max_length=1_000)]
    may_be_missing: bool = False

    def __post_init__(self) -> None:
        check_kinds((self.column, *self.columns), lambda one: one.type == "string", "texts")
        named = [name for name, _ in self.pieces if name]
        for one in self.columns:
            if one.name not in named:
                raise DataError(f"the template {self.template!r} does not name the column {one.name!r}.")

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The template, taken apart; `("", "")` is the rest of the column's own text.

        Raises:
            DataError: It is none.
        """
        names = [column.name for column in self.columns]
        found: list[Piece] = []
        for called, text, odd in _PIECE.findall(self.template):
            if odd:
                raise DataError(f"the template {self.template!r} has a brace too many.")
            if text:
                found.append((None, text))
                continue
            name = max((one for one in names if f"{called}:".startswith(f"{one}:")), key=len, default="")
            ways = called[len(name) + 1 :]
            if called and not name:
                raise DataError(f"the template names {called!r}, which is none of its columns.")
            for way in filter(None, ways.split(":")):
                if way not in WAYS:
                    raise DataError(f"the template asks for {way!r}. {did_you_mean(way, sorted(WAYS))}")
            found.append((name, ways))
        own = [place for place, (name, _) in enumerate(found) if name == ""]
        if own and (own != [len(found) - 1] or len(found) < 2 or found[-2][0] is not None):
            raise DataError("'{}' can stand at the end of a template alone, after a text.")
        return tuple(found)

    @property
    def target(self) -> Column:
        return self.column

    @property
    def keeps_own(self) -> bool:
        """See the base class: the end of its own text stays."""
        return self.pieces[-1][0] == ""

    def in_words(self) -> str:
        return f"{self.column.name} = {self.template}"

    def computed(self, records: pa.Table) -> pa.Array:
        texts = {one.name: cells_of(records, one.name).to_pylist() for one in self.columns}
        missing = np.logical_or.reduce([are_missing(cells_of(records, one.name)) for one in self.columns])
        own: list[str | None] = []
        if self.keeps_own:
            missing = missing | are_missing(cells_of(records, self.column.name))
            own = cells_of(records, self.column.name).to_pylist()
        places = np.flatnonzero(~missing).tolist()
        parts: list[list[str]] = []
        for place, (name, text) in enumerate(self.pieces):
            if name is None:
                parts.append([text] * len(places))
            elif name:
                parts.append([changed(texts[name][row], text) for row in places])
            else:
                sign = self.pieces[place - 1][1][-1]
                parts.append([str(own[row]).rpartition(sign)[2] for row in places])
        made: list[str | None] = [None] * records.num_rows
        for row, pieces in zip(places, zip(*parts, strict=True), strict=True):
            made[row] = "".join(pieces)
        return pa.array(made, pa.string())

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; what is made anew cannot be asked for."""
        cell = cells.get(self.column.name)
        new = [one.name for one in self.columns if one.traits.is_made_anew]
        if cell is not None and not cell.null_count and new:
            raise UsageError(
                f"column {self.column.name!r} is made of {', '.join(new)} ({self.in_words()}), made anew: "
                "it cannot be asked for, only whether it is missing."
            )
        return super().conditions_for(cells)


def changed(text: str, ways: str) -> str:
    """A text, and what is done to it one after the other.

    Example:
        >>> changed("Zoë Ann", "ascii:lower:dotted")
        'zoe.ann'
    """
    for way in filter(None, ways.split(":")):
        text = WAYS[way](text)
    return text


def find_compositions(view: View, taken: frozenset[str]) -> list[Composition]:
    """Texts that are made of other columns in every record; those of most columns first, of two the later."""
    columns = [one for one in view.schema.columns if one.type == "string" and one.traits.is_varied]
    if len(columns) < 2:
        return []
    few = view.quick.slice(0, N_FEW)
    texts: dict[str, list[str | None]] = {one.name: cells_of(few, one.name).to_pylist() for one in columns}
    made: dict[Piece, list[str | None]] = {
        (name, ways): [text and changed(text, ways) for text in some]
        for name, some in texts.items()
        if "{" not in name and "}" not in name and max(len(text or "") for text in some) <= MAX_LENGTH
        for ways in _TRIED
    }
    found: list[Composition] = []
    for target in reversed(columns):
        rows = [row for row, text in enumerate(texts[target.name]) if text]
        wanted = [str(texts[target.name][row]) for row in rows]
        if target.name in taken or len(set(wanted)) < 2 or max(map(len, wanted)) > MAX_LENGTH:
            continue
        candidates = _candidates(target.name, rows, wanted, made)
        likely = (_rule(target, columns, pieces) for pieces in _templates(wanted, candidates))
        rule = held(view.records, likely, len(columns) ** 2 * len(_TRIED) ** 2)
        found += [] if rule is None else [rule]
    return sorted(found, key=lambda one: -len(one.columns))


def _candidates(
    target: str, rows: Sequence[int], wanted: Sequence[str], made: Mapping[Piece, list[str | None]]
) -> dict[Piece, list[str]]:
    """What each text may hold of other columns: each holds the one of its record; the longest first."""
    found: dict[Piece, list[str]] = {}
    for piece, texts in made.items():
        within = ((texts[row], text) for row, text in zip(rows, wanted, strict=True))
        if piece[0] != target and all(one and one in text for one, text in within):
            kept = [str(texts[row]) for row in rows]
            if len(set(kept)) > 1 and kept not in found.values():
                found[piece] = kept
    return dict(sorted(found.items(), key=lambda one: -sum(map(len, one[1]))))


def _templates(wanted: list[str], candidates: Mapping[Piece, list[str]]) -> Iterator[tuple[Piece, ...]]:
    """Templates that make each of these texts, at least one column in each."""
    waiting: list[tuple[tuple[Piece, ...], tuple[int, ...]]] = [((), (0,) * len(wanted))]
    for _ in range(MAX_TRIED):
        if not waiting or not candidates:
            return
        pieces, places = waiting.pop()
        left = [text[place:] for text, place in zip(wanted, places, strict=True)]
        has_column = any(name is not None for name, _ in pieces)
        if not any(left):
            yield pieces
        elif has_column and pieces[-1][0] is None and pieces[-1][1][-1:] == "@" and all(left):
            yield (*pieces, ("", ""))
        if not all(left) or sum(name is not None for name, _ in pieces) >= MAX_PIECES:
            continue
        letter = left[0][0]
        if letter not in "{}" and all(text[0] == letter for text in left):
            before = pieces[-1][1] if pieces and pieces[-1][0] is None else ""
            kept = pieces[:-1] if before else pieces
            waiting.append(((*kept, (None, before + letter)), tuple(place + 1 for place in places)))
        for piece, texts in reversed(list(candidates.items())):
            if all(rest.startswith(text) for rest, text in zip(left, texts, strict=True)):
                after = tuple(place + len(text) for place, text in zip(places, texts, strict=True))
                waiting.append(((*pieces, piece), after))


def _rule(target: Column, columns: Sequence[Column], pieces: tuple[Piece, ...]) -> Composition:
    spelt = [text if name is None else f"{{{name}{text and f':{text}'}}}" for name, text in pieces]
    named = {name for name, _ in pieces if name}
    return Composition(target, tuple(one for one in columns if one.name in named), "".join(spelt))

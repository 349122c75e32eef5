"""What is asked of a learnt table, column by column: what fulfils it, and what nearly does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool, Float, Int

from gansmith.modalities.table.codec import TableCodec
from gansmith.tabular.columns.choices import Choices, Codes, Drawn, Levels
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.conditions import Condition
from gansmith.tabular.layout import Compact
from gansmith.tabular.rows import FIRST_RECORDS

Places = Int[np.ndarray, " places"]
"""Numbers of records."""

MIN_KNOWN: Final = 30
"""Learnt records that must have had what is asked for, or the model can hardly know it."""
MAX_LISTED: Final = 8
"""Values that are listed in a message."""
ENOUGH_OF_A_BIN: Final = 0.25
"""Share of the levels of a bin that will do, where less is asked for."""


@final
@dataclass(frozen=True)
class Near:
    """Cells in the right state that are moved to where they fulfil a condition.

    Where only small parts of states are asked for, free records hardly ever happen to have them. But levels
    close to each other, and members of one group, say much the same of the rest of a record. So of the state
    that most is asked of, all members of the group or a share of the levels will do, and of others as many as
    keep their proportion. Where enough of some state is asked for, nothing is moved.
    """

    chances: Float[np.ndarray, " n_states"]
    """By state, of a cell to be moved."""
    windows: Float[np.ndarray, "n_states 2"]
    """By state, from which to which level."""

    @staticmethod
    def nothing(n_states: int) -> Near:
        """Moves nothing."""
        return Near(np.zeros(n_states), np.tile([-1.0, 1.0], (n_states, 1)))

    @staticmethod
    def of(column: AbstractColumnCodec, choices: Choices, *, has_level: bool) -> Near:
        """What is near to what a condition leaves of a column."""
        n_states, enough = column.n_states, ENOUGH_OF_A_BIN if has_level else 1.0
        nothing = Near.nothing(n_states)
        if choices.cells is None:
            return nothing
        anything = column.choices(Condition.anything(choices.condition.column))
        asked, all_ = (np.bincount(one.codes, one.weights, n_states) for one in (choices, anything))
        share = np.divide(asked, all_, out=np.zeros(n_states), where=asked > 0)
        if share.max() >= enough:
            return nothing
        wanted = share * enough / share.max()
        if not has_level:
            return Near((wanted - share) / (1 - share), nothing.windows)
        low, high = np.ones(n_states), -np.ones(n_states)
        np.minimum.at(low, choices.codes, choices.levels - choices.widths / 2)
        np.maximum.at(high, choices.codes, choices.levels + choices.widths / 2)
        middle = np.clip((low + high) / 2, wanted - 1, 1 - wanted)
        return Near((asked > 0).astype(float), np.stack([middle - wanted, middle + wanted], 1))

    def are_moved(self, codes: Codes, levels: Levels, rng: np.random.Generator) -> Bool[np.ndarray, " n"]:
        """Which cells of these states and levels are."""
        low, high = self.windows[codes].T
        return (rng.random(len(codes)) < self.chances[codes]) & (low <= levels) & (levels <= high)


@final
@dataclass(frozen=True)
class ConditionedColumn:
    """A column that the generator makes, so that it can be held fixed."""

    codec: AbstractColumnCodec
    choices: Choices
    place: int
    """Among the columns of the layout."""
    level_place: int | None
    """Of its level in a compact record, if it has one."""
    near: Near
    """Which cells that are not what is asked for are moved to what is."""

    @staticmethod
    def of(codec: TableCodec, index: int, choices: Choices) -> ConditionedColumn:
        """Column `index` of the schema, which the generator makes."""
        layout, place, column = codec.layout, codec.rows.playing.index(index), codec.rows.columns[index]
        has_level = place in layout.level_columns
        level_place = layout.n_columns + layout.level_columns.index(place) if has_level else None
        return ConditionedColumn(
            column, choices, place, level_place, Near.of(column, choices, has_level=has_level)
        )

    @property
    def name(self) -> str:
        """Of the column."""
        return self.choices.condition.column.name

    def look(self, compact: Compact, rng: np.random.Generator) -> Drawn:
        """The column of these records, near ones moved; members of groups are drawn."""
        codes = compact[:, self.place].numpy().astype(np.int64)
        levels = np.zeros(len(codes), np.float32)
        if self.level_place is not None:
            levels = compact[:, self.level_place].numpy()
        if self.choices.cells is None:
            return Drawn(codes, levels, None)
        found = Drawn(codes, levels, self.codec.decode(codes, levels, rng, FIRST_RECORDS))
        is_moved = self.near.are_moved(codes, levels, rng) & ~self.holds(found)
        if not is_moved.any():
            return found
        other = self.choices.draw(codes, rng)
        levels = np.where(is_moved, other.levels, levels)
        return Drawn(codes, levels, pc.if_else(pa.array(is_moved), other.cells, found.cells))

    def holds(self, found: Drawn) -> Bool[np.ndarray, " n"]:
        """Which of these cells fulfil the condition."""
        if found.cells is None:
            return np.isin(found.codes, self.choices.codes)
        return self.choices.condition.holds(found.cells)

    def put(self, compact: Compact, drawn: Drawn) -> None:
        """Write these cells into compact records."""
        compact[:, self.place] = torch.from_numpy(drawn.codes).to(compact)
        if self.level_place is not None:
            compact[:, self.level_place] = torch.from_numpy(drawn.levels)

    def scarce(self, n_learnt: int, *, each: bool) -> list[str]:
        """What of it too few of the learnt records had, in words; `each` value counts for itself."""
        choices = self.choices
        if choices.cells is None:
            return []
        if not each:
            n_had, about = round(choices.weights.sum()), "about " if choices.widths.any() else ""
            is_scarce = n_had < MIN_KNOWN
            return [scarcity(f"{about}{n_had:,}", n_learnt, str(choices.condition))] if is_scarce else []
        rarest = [place for place in np.argsort(choices.weights) if choices.weights[place] < MIN_KNOWN]
        listed = [f"{choices.cells[place].as_py()!s} ({int(choices.weights[place])})" for place in rarest]
        if not listed:
            return []
        more = f" and {len(listed) - MAX_LISTED:,} more" if len(listed) > MAX_LISTED else ""
        return [
            f"too few records had these values of {self.name!r} for their other columns to be known: "
            f"{', '.join(listed[:MAX_LISTED])}{more}."
        ]


def scarcity(n_had: str, n_learnt: int, what: str) -> str:
    """That too few records had something, in words."""
    return (
        f"{n_had} of the {n_learnt:,} records that were learnt from had {what}: too few to know what else "
        "such records have."
    )


@final
@dataclass(frozen=True)
class Found:
    """What some records have of what is asked for."""

    columns: tuple[Drawn, ...]
    """The asked columns."""
    codes: Int[np.ndarray, "n columns"]
    """Their states."""
    holds: Bool[np.ndarray, "n columns"]
    """Which of them fulfil what is asked."""
    rows: Places
    """The records that fulfil everything."""
    cells: Mapping[str, pa.Array]
    """Their cells, by column of the flat schema, where these are settled."""

    def only(self, is_kept: Bool[np.ndarray, " places"]) -> Found:
        """The same with only some of the records that fulfil everything."""
        kept = pa.array(is_kept)
        cells = {name: column.filter(kept) for name, column in self.cells.items()}
        return replace(self, rows=self.rows[is_kept], cells=cells)


@final
@dataclass(frozen=True)
class Wanted:
    """A request, column by column."""

    codec: TableCodec
    columns: tuple[ConditionedColumn, ...]
    watched: tuple[Condition, ...]
    """What whole records must fulfil, where that does not follow from what is asked."""
    balanced: int | None
    """Which of the asked columns has all its values in turn."""
    sought: Mapping[str, pa.Scalar]
    """Cells that whole records are moved to where they are near."""

    @cached_property
    def lift(self) -> int:
        """How much oftener than others whatever fulfils it was learnt from, at least."""
        lifts, offsets = self.codec.lifts, self.codec.layout.offsets
        least = [
            int(lifts[offsets[one.place] + torch.from_numpy(one.choices.codes)].min()) for one in self.columns
        ]
        return max(least, default=1)

    def fulfilled(self, table: pa.Table) -> Bool[np.ndarray, " n"]:
        """Which flat records will do."""
        will_do = ~self.codec.rows.chain.violating(table)
        for condition in self.watched:
            will_do &= condition.holds(table.column(condition.column.name).combine_chunks())
        return will_do

    def __str__(self) -> str:
        conditions = [*(column.choices.condition for column in self.columns), *self.watched]
        return " and ".join(dict.fromkeys(text for text in map(str, conditions) if text))

    def examine(
        self, compact: Compact, rng: np.random.Generator, held: Mapping[int, Drawn], *, nudges: bool
    ) -> Found:
        """Look at records, and move near ones, in place, to where they fulfil what is asked.

        Args:
            compact: Shape `(n, n_compact)`.
            rng: Draws members of groups, and what near cells become.
            held: What some of the asked columns were held at.
            nudges: Whether whole records are moved too.
        """
        found = tuple(
            held.get(place) or column.look(compact, rng) for place, column in enumerate(self.columns)
        )
        cells: dict[str, pa.Array] = {}
        holds, codes = (np.ones((len(compact), len(found)), kind) for kind in (bool, np.int64))
        for place, (column, drawn) in enumerate(zip(self.columns, found, strict=True)):
            column.put(compact, drawn)
            holds[:, place], codes[:, place] = column.holds(drawn), drawn.codes
            if drawn.cells is not None:
                cells[column.name] = drawn.cells
        rows = np.flatnonzero(holds.all(1))
        cells = {name: column.take(pa.array(rows)) for name, column in cells.items()}
        if len(rows) and (self.watched or self.codec.rows.chain.constraints):  # known of whole records
            table = self.codec.decode_flat(compact[torch.from_numpy(rows)], rng, fixed=cells)
            if nudges:
                table = self.codec.rows.chain.nudged(table, self.sought)
            will_do = self.fulfilled(table)
            rows, table = rows[will_do], table.filter(pa.array(will_do))
            columns = self.codec.rows.flat.columns
            kept = [column.name for column in columns if not column.traits.is_made_anew]
            cells = {name: table.column(name).combine_chunks() for name in kept}
        return Found(found, codes, holds, rows, cells)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """What too few records had for the model to know it, in words.

        Args:
            n_learnt: Records that were learnt from.
            free: Makes records that nothing is asked of; where several columns are asked, these are counted.
        """
        alone = [
            text
            for place, column in enumerate(self.columns)
            for text in column.scarce(n_learnt, each=place == self.balanced)
        ]
        if alone or len(self.columns) + len(self.watched) < 2:
            return tuple(alone)
        columns = tuple(replace(column, near=Near.nothing(column.codec.n_states)) for column in self.columns)
        compact = free()
        found = replace(self, columns=columns).examine(compact, np.random.default_rng(0), {}, nudges=False)
        n_had = round(n_learnt * len(found.rows) / len(compact))
        return (scarcity(f"about {n_had:,}", n_learnt, str(self)),) if n_had < MIN_KNOWN else ()

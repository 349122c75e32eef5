"""What is asked of a learnt table, column by column: what fulfils it, and what nearly does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool, Float

from gansmith.modalities.table.codec import TableCodec
from gansmith.tabular.columns.choices import Choices, Codes, Drawn, Levels
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.conditions import Condition
from gansmith.tabular.layout import Compact

MIN_KNOWN: Final = 30
"""Learnt records that must have had what is asked for, or the model can hardly know it."""


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
    def of(column: AbstractColumnCodec, choices: Choices, *, has_level: bool) -> Near:
        """What is near to what a condition leaves of a column."""
        n_states, enough = column.n_states, ENOUGH_OF_A_BIN if has_level else 1.0
        nothing = Near(np.zeros(n_states), np.tile([-1.0, 1.0], (n_states, 1)))
        if choices.cells is None:
            return nothing
        anything = column.choices(Condition(choices.condition.column, None, choices.cells[:0], (), ()))
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
        found = Drawn(codes, levels, self.codec.decode(codes, levels, rng, 0))
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

    def scarce(self) -> list[tuple[str, int]]:
        """What of it few learnt records had, in words, with their number."""
        if self.choices.cells is None:
            return []
        n_learnt = round(self.choices.weights.sum())
        return [(str(self.choices.condition), n_learnt)] if n_learnt < MIN_KNOWN else []


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

    def fulfilled(self, table: pa.Table) -> Bool[np.ndarray, " n"]:
        """Which whole records will do."""
        will_do = ~self.codec.rows.chain.violating(table)
        for condition in self.watched:
            will_do &= condition.holds(table.column(condition.column.name).combine_chunks())
        return will_do

    def __str__(self) -> str:
        conditions = [*(column.choices.condition for column in self.columns), *self.watched]
        return " and ".join(dict.fromkeys(text for text in map(str, conditions) if text))

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
from gansmith.tabular.columns.choices import Choices, Drawn
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.conditions import Condition
from gansmith.tabular.layout import Compact


MIN_KNOWN: Final = 30
"""Learnt records that must have had what is asked for, or the model can hardly know it."""


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
    moving: Float[np.ndarray, " n_states"]
    """By state, the chance to move a cell that is in it, but not what is asked for, to what is.

    Levels, and members of groups, say little of the rest of a record. So where only parts of states are
    asked for, all records of the state that most is asked of will do, and as many of others as keep their
    proportion. Where all of some state is asked for, nothing is moved.
    """

    @staticmethod
    def of(codec: TableCodec, index: int, choices: Choices) -> ConditionedColumn:
        """Column `index` of the schema, which the generator makes."""
        layout, place, column = codec.layout, codec.rows.playing.index(index), codec.rows.columns[index]
        has_level = place in layout.level_columns
        level_place = layout.n_columns + layout.level_columns.index(place) if has_level else None
        return ConditionedColumn(column, choices, place, level_place, _moving(column, choices))

    @property
    def name(self) -> str:
        """Of the column."""
        return self.choices.condition.column.name

    def look(self, compact: Compact, rng: np.random.Generator, *, moves: bool) -> Drawn:
        """The column of these records, perhaps with some cells moved; members of groups are drawn."""
        codes = compact[:, self.place].numpy().astype(np.int64)
        levels = np.zeros(len(codes), np.float32)
        if self.level_place is not None:
            levels = compact[:, self.level_place].numpy()
        if self.choices.cells is None:
            return Drawn(codes, levels, None)
        found = Drawn(codes, levels, self.codec.decode(codes, levels, rng, 0))
        return self._moved(found, rng) if moves else found

    def _moved(self, found: Drawn, rng: np.random.Generator) -> Drawn:
        is_moved = (rng.random(len(found.codes)) < self.moving[found.codes]) & ~self.holds(found)
        other = self.choices.draw(found.codes, rng)
        levels = np.where(is_moved, other.levels, found.levels)
        return Drawn(found.codes, levels, pc.if_else(pa.array(is_moved), other.cells, found.cells))

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


def _moving(column: AbstractColumnCodec, choices: Choices) -> Float[np.ndarray, " n_states"]:
    if choices.cells is None:
        return np.zeros(column.n_states)
    anything = column.choices(Condition(choices.condition.column, None, choices.cells[:0], (), ()))
    asked, all_ = (np.bincount(one.codes, one.weights, column.n_states) for one in (choices, anything))
    share = np.divide(asked, all_, out=np.zeros_like(asked), where=asked > 0).clip(0, 1)
    best = share.max()
    return np.zeros_like(share) if best == 1 else (1 / best - 1) * share / (1 - share)

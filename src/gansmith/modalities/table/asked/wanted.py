"""A request to a learnt table, column by column: what can be held fixed, and what can only be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool

from gansmith.modalities.table.asked.choices import Choices, Drawn
from gansmith.modalities.table.asked.condition import Condition
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.layout import Compact


@final
@dataclass(frozen=True)
class AskedColumn:
    """A column that the generator makes, so that it can be held fixed."""

    choices: Choices
    place: int
    """Among the columns of the layout."""
    level_place: int | None
    """Of its level in a compact record, if it has one."""

    @property
    def condition(self) -> Condition:
        """What is asked of it."""
        return self.choices.condition

    @property
    def name(self) -> str:
        """Of the column."""
        return self.condition.column.name

    def look(self, compact: Compact, rng: np.random.Generator) -> Drawn:
        """The column of these records; members of groups are drawn."""
        codes = compact[:, self.place].numpy().astype(np.int64)
        levels = np.zeros(len(codes), np.float32)
        if self.level_place is not None:
            levels = compact[:, self.level_place].numpy()
        if self.choices.cells is None:
            return Drawn(codes, levels, None)
        return Drawn(codes, levels, self.choices.codec.decode(codes, levels, rng, 0))

    def holds(self, found: Drawn) -> Bool[np.ndarray, " n"]:
        """Which of these cells fulfil the condition."""
        if found.cells is None:
            return np.isin(found.codes, self.choices.codes)
        return self.condition.holds(found.cells)

    def put(self, compact: Compact, drawn: Drawn) -> None:
        """Write these cells into compact records."""
        compact[:, self.place] = torch.from_numpy(drawn.codes).to(compact)
        if self.level_place is not None:
            compact[:, self.level_place] = torch.from_numpy(drawn.levels)


@final
@dataclass(frozen=True)
class Wanted:
    """A request, column by column."""

    codec: TableCodec
    asked: tuple[AskedColumn, ...]
    watched: tuple[Condition, ...] = ()
    """What whole records must fulfil, where that does not follow from what is asked."""
    balanced: int | None = None
    """Which of the asked columns has all its values in turn."""
    sought: Mapping[str, pa.Scalar] = field(default_factory=dict[str, pa.Scalar])
    """Cells that whole records are moved to where they are near."""

    @property
    def is_watched(self) -> bool:
        """Whether records must be whole before it can be said that they will do."""
        return bool(self.watched) or bool(self.codec.chain.constraints)

    @property
    def n_variants(self) -> int:
        """How many values take turns; 1 where nothing is balanced."""
        return 1 if self.balanced is None else len(self.asked[self.balanced].choices)

    def whole(self, compact: Compact, rng: np.random.Generator, held: Mapping[str, pa.Array]) -> pa.Table:
        """Whole records with these cells held fixed."""
        table = self.codec.decode_rows(compact, rng, 0, held)
        return self.codec.chain.nudged(table, self.sought)

    def fulfilled(self, table: pa.Table) -> Bool[np.ndarray, " n"]:
        """Which whole records will do."""
        will_do = ~self.codec.chain.violating(table)
        for condition in self.watched:
            will_do &= condition.holds(table.column(condition.column.name).combine_chunks())
        return will_do

    def __str__(self) -> str:
        conditions = [*(column.condition for column in self.asked), *self.watched]
        return " and ".join(dict.fromkeys(text for text in map(str, conditions) if text))

"""What is asked of a database that is to be made: how large it is, and what its root rows are.

Rows that hang on nobody are drawn until enough of them are what is asked for; what hangs on them goes with
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.recipe import Compact
from gansmith.modalities.relational.codec import RelationalCodec
from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import Database
from gansmith.tabular.cells import cells_of, replaced
from gansmith.tabular.columns.choices import ANY_STATE, Choices
from gansmith.tabular.conditions import conditions_of
from gansmith.tabular.schema import NOT_ROUNDED, Column, Schema
from gansmith.tabular.where import Where

SCALE: Final = "scale"
"""How the size of a database stands among conditions."""
MIN_KNOWN: Final = 5


@final
@dataclass(frozen=True, eq=False)
class RelationalRequest:
    """See `Request` of the base."""

    codec: RelationalCodec
    share: float
    """Of the size of the data that each block has."""
    allowed: Mapping[tuple[str, int], Choices]
    """By table and number of what is said of it."""
    texts: tuple[str, ...]

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`."""
        found: list[str] = []
        for choices in self.allowed.values():
            n_had = round(float(choices.weights.sum()))
            if n_had < MIN_KNOWN:
                found.append(
                    f"{n_had:,} rows that were learnt from had {choices.condition}: too few to know what "
                    "else such rows have."
                )
        return tuple(found)

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> RelationalBlock:
        return RelationalBlock(self, size, seed)

    def condition(self) -> Tensor:
        """The share, and of each state of root rows which levels are allowed: the lowest and the highest."""
        wide = [np.array([self.share])]
        for table in self.codec.plan.made:
            if table.driving is None:
                wide += [
                    self._bounds(table, place) for place in range(len(self.codec.views[table.name].said))
                ]
        return torch.from_numpy(np.concatenate(wide).astype(np.float32))

    def _bounds(self, table: TablePlan, place: int) -> np.ndarray:
        """For each state the lowest and the highest level, side by side; none where they are in turn."""
        n_states = self.codec.views[table.name].said[place].n_states
        bounds = np.tile(np.array([-1.0, 1.0]), (n_states, 1))
        if choices := self.allowed.get((table.name, place)):
            bounds[:] = (1.0, -1.0)
            low, high = choices.levels - choices.widths / 2, choices.levels + choices.widths / 2
            for code, least, most in zip(choices.codes, low, high, strict=True):
                bounds[code] = min(bounds[code, 0], least), max(bounds[code, 1], most)
        return bounds.ravel()


@final
class RelationalBlock:
    """See `ConditionalBlock`: made at once."""

    def __init__(self, request: RelationalRequest, size: int, seed: int) -> None:
        self._request, self._size, self._seed = request, size, seed
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        return Question(fresh, self._request.condition().expand(self._size, -1))

    def take(self, compact: Compact) -> None:
        self._compact = compact

    @property
    def compact(self) -> Compact:
        assert self._compact is not None
        return self._compact

    def settled(self, records: Database) -> Database:
        """What is asked for letter for letter: a state may stand for several values."""
        tables = dict(records.tables)
        for (table, place), choices in self._request.allowed.items():
            name = self._request.codec.views[table].said[place].name
            cells = cells_of(tables[table].records, name)
            is_off = ~choices.condition.holds(cells)
            if choices.cells is None or not is_off.any():
                continue
            drawn = choices.draw(np.full(len(cells), ANY_STATE), np.random.default_rng([self._seed, place]))
            changed = pc.if_else(pa.array(is_off), drawn.cells, cells)
            tables[table] = replace(tables[table], records=replaced(tables[table].records, {name: changed}))
        return replace(records, tables=tables)


def request_for(codec: RelationalCodec, where: Where) -> RelationalRequest:
    """The request for a database of this size, whose root rows are such.

    Raises:
        UsageError: When a table, a column or a value is unknown, or the rows hang on others.
    """
    found = conditions_of(_askable(codec, where), where)
    scale = 1.0
    if (asked := found.pop(SCALE, None)) is not None and asked.values is not None:
        scale = float(asked.values[0].as_py())
    allowed: dict[tuple[str, int], Choices] = {}
    for name, condition in found.items():
        table, _, column = name.partition(".")
        view = codec.views[table]
        place = view.index(column)
        if place < 0 or view.rows is None or view.rows.chain.taking(column) is not None:
            raise UsageError(f"{name!r} follows from other columns, or is made anew: ask for another column.")
        allowed[table, place] = view.rows.columns[view.rows.flat.names.index(column)].choices(condition)
    texts = [text for condition in found.values() for text in condition.texts]
    texts += [f"{SCALE}={scale:g}"] if scale != 1 else []
    return RelationalRequest(codec, scale / codec.n_blocks(scale), allowed, tuple(texts))


def _askable(codec: RelationalCodec, where: Where) -> Schema:
    """What can be asked for: the size, and columns of rows that hang on nobody, called `table.column`.

    Raises:
        UsageError: Something of a table is asked for whose rows hang on others.
    """
    columns = [Column(SCALE, "decimal", decimals=NOT_ROUNDED)]
    roots = [one for one in codec.plan.made if one.driving is None]
    for table in roots:
        for name in table.own:
            column = codec.columns[table.name].column(name)
            if column.traits.is_varied:
                columns.append(replace(column, name=f"{table.name}.{name}", parts=()))
    texts = where if isinstance(where, Mapping) else [where] if isinstance(where, str) else where
    for text in map(str, texts):
        for table in codec.plan.tables:
            if text.startswith(f"{table.name}.") and table not in roots:
                listed = ", ".join(one.name for one in roots)
                why = "are kept as they are" if not table.is_made else "hang on rows of another table"
                raise UsageError(f"--where {text}: rows of {table.name!r} {why}. Ask for those of: {listed}.")
    return Schema(tuple(columns))

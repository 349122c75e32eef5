"""Databases from states: cells of parents first, then of their children beside them, then keys and sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.crossing import ancestors, called, is_context, summed, taken_from
from gansmith.modalities.relational.distinct import without_repeats
from gansmith.modalities.relational.packing import Made
from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import (
    NOBODY,
    Database,
    Rows,
    families_in_order,
    rows_pointed_at,
)
from gansmith.modalities.relational.views import TableView, category_name
from gansmith.tabular.cells import cells_of, floats_of
from gansmith.tabular.columns.measures import from_numbers
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Table

if TYPE_CHECKING:
    from gansmith.modalities.relational.codec import RelationalCodec

SPARE: Final = 2
"""How many times as many rows as usual a part of a database may have for its made-up keys to stay its own."""


def database_of(codec: RelationalCodec, made: Made, seed: Sequence[int], index: int) -> Database:
    """A database of states as tables.

    Args:
        codec: What was learnt.
        made: The states.
        seed: For what they leave open.
        index: Number of this part among all that are made.
    """
    spelling = _Spelling(codec, made, np.random.default_rng(list(seed)), index)
    for table in codec.plan.tables:
        spelling.add(table)
    for table in reversed(codec.plan.made):
        spelling.add_totals(table)
    tables = {
        one.name: Table(spelling.whole(one), codec.columns[one.name], one.name) for one in codec.plan.tables
    }
    found = Database(codec.schema, tables, "synthetic", plan=codec.plan)
    return without_repeats(found)


@final
class _Spelling:
    """Tables that are being put together."""

    def __init__(self, codec: RelationalCodec, made: Made, rng: np.random.Generator, index: int) -> None:
        self.codec, self.made, self.rng, self.index = codec, made, rng, index
        self.links: dict[tuple[str, str], Rows] = dict(made.links)
        self.own: dict[str, pa.Table] = {}
        """Cells of each table but its running numbers and foreign keys."""
        self._keys: dict[tuple[str, str], pa.Array] = {}

    def add(self, table: TablePlan) -> None:
        """Spell a table's own cells."""
        if not table.is_made:
            self.own[table.name] = self.codec.kept[table.name]
            for link in table.of_role("kept"):
                key = self.codec.schema[table.name].key_of(link.name)
                self.links[table.name, link.name] = _pointing(self.codec, table, key.name)
            return
        view = self.codec.views[table.name]
        n = len(self.made.states[table.name])
        cells = self._decoded(table, view, n)
        for link in table.of_role("category"):
            name = category_name(link.name)
            rows = cells.pop(name).cast(pa.int64()).fill_null(NOBODY).to_numpy(zero_copy_only=False)
            self.links[table.name, link.name] = rows
        for link in table.of_role("derived"):
            self.links[table.name, link.name] = self._rows_at(table.name, link.path)
        for copy in view.copies:
            rows = self._rows_at(table.name, copy.path)
            where = self._where(table.name, copy.path)
            cells[copy.column] = taken_from(cells_of(self.own[where], copy.source), rows)
        self.own[table.name] = pa.table({name: cells[name] for name in table.own} or {"": pa.nulls(n)})

    def _decoded(self, table: TablePlan, view: TableView, n: int) -> dict[str, pa.Array]:
        if view.rows is None:
            return {}
        states, levels = self.made.states[table.name], self.made.levels[table.name]
        rows, begin = view.rows, view.n_before
        codes = np.zeros((n, len(rows.playing)), np.int64)
        of_playing = np.zeros((n, len(rows.playing)), np.float32)
        codes[:, view.own] = states[:, begin : begin + len(view.own)]
        of_playing[:, view.own] = levels[:, begin : begin + len(view.own)]
        has_bins = [rows.columns[index].n_bins > 0 for index in rows.playing]
        made = Keyed(first_index=self.index * (SPARE * table.n_rows + 1_000)).part(
            f"sample {self.codec.sample}"
        )
        fixed = self._context(table, view)
        found = rows.decode(codes, of_playing[:, has_bins], self.rng.spawn(1)[0], made, fixed)
        return {name: cells_of(found, name) for name in found.column_names if not is_context(name)}

    def _context(self, table: TablePlan, view: TableView) -> dict[str, pa.Array]:
        """Cells of the context that rules read."""
        assert view.rows is not None
        wanted = {column.name: column for column in view.rows.flat.columns if is_context(column.name)}
        found: dict[str, pa.Array] = {}
        for path, parent in ancestors(self.codec.plan, table) if wanted else ():
            for name in parent.own:
                if column := wanted.get(called(path, name)):
                    cells = cells_of(self.own[parent.name], name)
                    found[column.name] = taken_from(cells, self._rows_at(table.name, path)).cast(
                        column.arrow_type
                    )
        return found

    def _rows_at(self, table: str, path: Sequence[str]) -> Rows:
        rows, where = self.links[table, path[0]], self._where(table, path[:1])
        for name in path[1:]:
            onward = self.links[where, name]
            rows = np.where(rows >= 0, onward[rows] if len(onward) else NOBODY, NOBODY)
            where = self._where(where, (name,))
        return rows

    def _where(self, table: str, path: Sequence[str]) -> str:
        for name in path:
            table = self.codec.schema[table].key_of(name).parent
        return table

    def add_totals(self, table: TablePlan) -> None:
        """Put sums over children in their places."""
        for total in self.codec.views[table.name].totals:
            child = self.codec.plan[total.child]
            assert child.driving
            rows = self.links[child.name, child.driving.name]
            n = self.own[table.name].num_rows
            sums = summed(self.own[child.name], total.factors, rows, n)
            column = self.codec.columns[table.name].column(total.column)
            old = cells_of(self.own[table.name], total.column)
            has_any = np.bincount(rows[rows >= 0], minlength=n) > 0
            cells = from_numbers(sums, ~has_any, column)
            cells = pc.if_else(pa.array(has_any), cells, old)
            place = self.own[table.name].column_names.index(total.column)
            self.own[table.name] = self.own[table.name].set_column(place, total.column, cells)

    # --- Keys ---

    def whole(self, table: TablePlan) -> pa.Table:
        """All columns of a table, keys among them."""
        schema = self.codec.columns[table.name]
        arrays = [_as(self._cells(table, column.name), column.arrow_type) for column in schema.columns]
        return pa.table(arrays, schema=schema.arrow_schema)

    def _cells(self, table: TablePlan, column: str) -> pa.Array:
        """The cells of a column, whichever it is."""
        if (table.name, column) not in self._keys:
            self._keys[table.name, column] = self._found(table, column)
        return self._keys[table.name, column]

    def _found(self, table: TablePlan, column: str) -> pa.Array:
        if column == table.numbered:
            return pa.array(table.first_number + self._ranks(table))
        if column == table.counter:
            assert table.driving
            places, *_ = families_in_order(self.links[table.name, table.driving.name], None)
            return pa.array(places + 1)
        for link in table.links:
            key = self.codec.schema[table.name].key_of(link.name)
            if column in key.columns and (table.is_made or link.role == "late"):
                theirs = key.parent_columns[key.columns.index(column)]
                cells = self._cells(self.codec.plan[link.parent], theirs)
                return taken_from(cells, self.links[table.name, link.name])
        return cells_of(self.own[table.name], column)

    def _ranks(self, table: TablePlan) -> np.ndarray:
        """The running number of each row, from 0."""
        n = len(self.made.states[table.name])
        if not table.is_numbered_in_order:
            return np.arange(n)
        order = np.argsort(floats_of(cells_of(self.own[table.name], table.order)), kind="stable")
        ranks = np.empty(n, np.int64)
        ranks[order] = np.arange(n)
        return ranks


def _pointing(codec: RelationalCodec, table: TablePlan, key: str) -> Rows:
    """Whom the rows of a kept table point at in another kept one."""
    foreign = codec.schema[table.name].key_of(key)
    return rows_pointed_at(codec.kept[table.name], foreign, codec.kept[foreign.parent])


def _as(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells of a type; of columns that hold nothing, none."""
    return pa.nulls(len(cells)) if pa.types.is_null(kind) else cells.cast(kind)

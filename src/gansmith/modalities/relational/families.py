"""A part of a database that is too large: whole families of root rows, drawn by a hash of their keys.

Of a database they are drawn while it is read, by the database itself: a row is read when the hash of its root
row's key is small enough, and then whatever it points at is fetched as well. What is in memory is what is
kept. What hangs on what is guessed from the schema first, and looked up in the plan of a small part then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from gansmith.modalities.relational.planning import LONGEST_LIST, Plan, plan_of
from gansmith.modalities.relational.reading import typed
from gansmith.modalities.relational.records import Database, key_cells
from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, TableSchema
from gansmith.modalities.relational.sources import AbstractSource, together
from gansmith.tabular.schema import Table

FIRST_ROWS: Final = 20_000
"""Of a first part, by which it is planned."""
KEYS_AT_ONCE: Final = 300
MOST_ROUNDS: Final = 50
SPARE: Final = 1.1
"""Rows that others point at come along."""
Chosen = Bool[np.ndarray, " n"]


@final
@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a database: those of families that were drawn, and those that they point at."""

    tables: dict[str, Table]
    chosen: dict[str, Chosen]
    """Which rows of each table belong to families that were drawn."""
    n_whole: int
    """Rows of the whole database."""

    @property
    def n_rows(self) -> int:
        """Of this part."""
        return sum(map(len, self.tables.values()))

    @property
    def note(self) -> str:
        """What to say of it."""
        return (
            f"{self.n_rows:,} of {self.n_whole:,} rows are learnt from: whole families, drawn by their root "
            "rows (--most-rows)"
        )

    def families(self, database: Database) -> np.ndarray:
        """The families of the rows that were drawn."""
        assert database.plan
        found = [
            database.family_of(table.name)[self.chosen[table.name]]
            for table in database.plan.made
            if table.name in self.chosen
        ]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def drawn(source: AbstractSource, schema: DatabaseSchema, most_rows: int) -> Part | None:
    """So many rows of a database, about, in whole families; None where it has no more."""
    counts = {table.name: source.counted(table.name) for table in schema.tables}
    if sum(counts.values()) <= most_rows:
        return None
    whole = {name for name, n in counts.items() if n <= LONGEST_LIST}
    guessed = {table.name: key for table in schema.tables if (key := _guessed(table, counts)) is not None}
    first = _read(source, schema, _Drawing(counts, whole, guessed, min(FIRST_ROWS, most_rows)))
    linked = Database(schema, first.tables, "")
    plan = plan_of(schema, first.tables, linked.links)
    known = {
        one.name: schema[one.name].key_of(one.driving.name) for one in plan.made if one.driving is not None
    }
    listed = {one.name for one in plan.tables if not one.is_made and one.name in whole}
    n_drawn = sum(int(chosen.sum()) for name, chosen in first.chosen.items() if name not in listed)
    n_all = sum(len(table) for name, table in first.tables.items() if name not in listed)
    budget = (most_rows - sum(counts[name] for name in listed)) * n_drawn / max(n_all, 1)
    return _read(source, schema, _Drawing(counts, listed, known, budget))


def drawn_families(plan: Plan, database: Database, most_rows: int) -> Part | None:
    """The same of a database that is in memory."""
    if database.n_rows <= most_rows:
        return None
    planned = Database(database.schema, database.tables, "", plan=plan)
    n_kept = sum(one.n_rows for one in plan.tables if not one.is_made)
    share = max(0.0, (most_rows - n_kept) / max(planned.n_rows - n_kept, 1)) / SPARE
    order = np.random.default_rng(0).permutation(len(planned))
    some = planned.take(np.sort(order[: max(1, round(share * len(order)))]))
    is_in = {name: some.counts(name) for name in planned.tables}
    chosen = {name: mask.copy() for name, mask in is_in.items()}
    for _ in range(2):  # whoever is pointed at comes along, with what it hangs on
        for table in reversed(plan.tables):
            for link in table.links:
                rows = planned.links[table.name, link.name][is_in[table.name]]
                is_in[link.parent][rows[rows >= 0]] = True
    kept = {name: table.take(np.flatnonzero(is_in[name])) for name, table in planned.tables.items()}
    return Part(kept, {name: chosen[name][is_in[name]] for name in kept}, planned.n_rows)


# --- What is read -------------------------------------------------------------------------------------------


@final
@dataclass(eq=False)
class _Drawing:
    """Which rows of which tables are read."""

    counts: Mapping[str, int]
    whole: set[str]
    """Tables that are read as they are."""
    driving: Mapping[str, ForeignKey]
    budget: float
    shares: dict[str, float] = field(default_factory=dict[str, float])
    """Of the families of each root table, the share that is read."""

    def __post_init__(self) -> None:
        trees: dict[str, float] = {}
        for name, n in self.counts.items():
            if name not in self.whole:
                root = [name, *(parent for _, parent in self.path(name))][-1]
                trees[root] = trees.get(root, 0) + n
        left, n_open = self.budget, len(trees)
        for name, n in sorted(trees.items(), key=lambda one: one[1]):  # small ones whole, large ones alike
            given = min(n, left / n_open)
            self.shares[name] = given / max(n, 1)
            left, n_open = left - given, n_open - 1

    def path(self, table: str) -> Iterator[tuple[ForeignKey, str]]:
        """Keys that lead from a table's rows to their root row, and where each leads."""
        seen = {table}
        while (key := self.driving.get(table)) and key.parent not in seen | self.whole:
            table = key.parent
            seen.add(table)
            yield key, table


def _guessed(table: TableSchema, counts: Mapping[str, int]) -> ForeignKey | None:
    """The key that rows hang on, by the schema alone."""
    able = [one for one in table.foreign_keys if one.parent != table.name and counts[one.parent]]
    return min(
        able,
        key=lambda one: (
            not set(one.columns) <= set(table.required) | set(table.primary_key),
            table.primary_key[:1] != one.columns[:1],
            counts[one.parent] >= counts[table.name],
            -counts[one.parent],
        ),
        default=None,
    )


def _read(source: AbstractSource, schema: DatabaseSchema, drawing: _Drawing) -> Part:
    """What is drawn of each table, and whatever that points at."""
    parts: dict[str, list[pa.Table]] = {}
    for table in schema.tables:
        rest = "" if table.name in drawing.whole else _condition(source, schema, table, drawing)
        parts[table.name] = [source.rows(table, rest)]
    n_drawn = {name: found[0].num_rows for name, found in parts.items()}
    fresh = {name: found[0] for name, found in parts.items()}
    for _ in range(MOST_ROUNDS):
        fresh = _pointed_at(source, schema, drawing, parts, fresh)
        if not fresh:
            break
        for name, rows in fresh.items():
            parts[name].append(rows)
    tables = {name: _typed(together(found), schema[name]) for name, found in parts.items()}
    chosen = {name: np.arange(len(table)) < n_drawn[name] for name, table in tables.items()}
    return Part(tables, chosen, sum(drawing.counts.values()))


def _condition(source: AbstractSource, schema: DatabaseSchema, table: TableSchema, drawing: _Drawing) -> str:
    """What chooses the rows of a table, called `t0`, by a hash of their root row's key."""
    joins, cases = "", ""
    rows = [table]
    for number, (key, parent) in enumerate(drawing.path(table.name), 1):
        pairs = zip(key.columns, key.parent_columns, strict=True)
        on = " AND ".join(
            f"t{number}.{source.quoted(theirs)} = t{number - 1}.{source.quoted(ours)}"
            for ours, theirs in pairs
        )
        joins += f" LEFT JOIN {source.quoted(parent)} t{number} ON {on}"
        rows.append(schema[parent])
    for number in range(len(rows) - 1, -1, -1):
        names = rows[number].primary_key or tuple(source.columns(rows[number].name))
        cells = [f"t{number}.{source.quoted(name)}" for name in names]
        small = f"{source.hashed(cells)} < {drawing.shares.get(rows[number].name, 1.0)!r}"
        cases += f" WHEN {cells[0]} IS NOT NULL THEN {small}" if number else f" ELSE {small}"
    return f"{joins} WHERE " + (f"CASE{cases} END" if len(rows) > 1 else cases.removeprefix(" ELSE "))


def _pointed_at(
    source: AbstractSource,
    schema: DatabaseSchema,
    drawing: _Drawing,
    parts: Mapping[str, list[pa.Table]],
    fresh: Mapping[str, pa.Table],
) -> dict[str, pa.Table]:
    """Rows that fresh ones point at and that are not there yet."""
    found: dict[str, list[pa.Table]] = {}
    for name, rows in fresh.items():
        for key in schema[name].foreign_keys:
            if key.parent in drawing.whole or not rows.num_rows:
                continue
            known = [*parts[key.parent], *found.get(key.parent, [])]
            if len(wanted := _lacking(rows, key, known)):
                more = _fetched(source, schema[key.parent], key.parent_columns, wanted)
                if more.num_rows:
                    found.setdefault(key.parent, []).append(more)
    return {name: together(some) for name, some in found.items()}


def _lacking(rows: pa.Table, key: ForeignKey, known: list[pa.Table]) -> pa.Table:
    """The keys, each once, that no known row of the parent has."""
    ours = rows.select(list(key.columns)).drop_null().group_by(list(key.columns)).aggregate([])
    cells = key_cells(ours, key.columns).cast(pa.string())
    theirs = [key_cells(one, key.parent_columns).cast(pa.string()) for one in known]
    return ours.filter(pc.invert(pc.is_in(cells, value_set=pa.concat_arrays(theirs))))


def _fetched(
    source: AbstractSource, table: TableSchema, columns: tuple[str, ...], keys: pa.Table
) -> pa.Table:
    """The rows of a table that have these keys."""
    found = [source.rows(table, "WHERE 1 = 0")]
    for first in range(0, keys.num_rows, KEYS_AT_ONCE):
        some = keys.slice(first, KEYS_AT_ONCE)
        values = [
            cell for row in zip(*(one.to_pylist() for one in some.columns), strict=True) for cell in row
        ]
        each = [
            " AND ".join(
                f"t0.{source.quoted(name)} = {source.mark(row * len(columns) + place)}"
                for place, name in enumerate(columns)
            )
            for row in range(some.num_rows)
        ]
        if len(columns) == 1:
            marks = ", ".join(source.mark(number) for number in range(len(values)))
            rest = f"WHERE t0.{source.quoted(columns[0])} IN ({marks})"
        else:
            rest = f"WHERE ({') OR ('.join(each)})"
        found.append(source.rows(table, rest, values))
    return together(found)


def _typed(cells: pa.Table, table: TableSchema) -> Table:
    return typed(cells, table.name, table.columns)

"""Databases as the scorecard looks at them: rows beside their parents, families as rows, queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa

from gansmith.modalities.relational.crossing import rows_at, taken_from
from gansmith.modalities.relational.records import Database, Rows, n_each
from gansmith.scorecard.features import draws
from gansmith.scorecard.relations import Answer
from gansmith.tabular.cells import cells_of, codes_of, floats_of
from gansmith.tabular.schema import NOT_ROUNDED, Column, Schema, Table

MOST_JOINED: Final = 40
"""Columns of parents beside a row."""
MOST_QUERIES: Final = 20
MOST_GROUPS: Final = 60
FEWEST_IN_GROUP: Final = 5
MOST_AGGREGATED: Final = 8
NEARLY_ALL: Final = 0.999
"""Share of the rows that may hold the same for a column to be compared."""


@final
@dataclass(frozen=True, eq=False)
class Joined:
    """Rows beside those that they point at."""

    table: Table
    own: frozenset[str]
    """The columns that are the rows' own."""


def own_columns(database: Database, table: str) -> list[Column]:
    """The columns of a table that can be compared: nothing that is made anew, no keys but into short lists.

    Of a table that has too few rows to learn from, personal cells are made anew: it is not compared.
    """
    plan, keys = database.plan, database.schema[table].keys
    if plan is None or plan[table].way in ("few", "empty"):
        return []
    found = [
        replace(one, parts=(), header="")
        for one in database.tables[table].schema.columns
        if one.name not in keys and one.traits.is_varied and not one.traits.is_made_anew and not one.parts
    ]
    found = [one for one in found if _varies(database.tables[table], one.name)]
    short = [database.schema[table].key_of(one.name) for one in plan[table].of_role("category")]
    single = [key.columns[0] for key in short if len(key.columns) == 1]
    known = {one.name: one for one in database.tables[table].schema.columns}
    found += [Column(name, "category", known[name].type) for name in single if _is_able(known[name])]
    return found


def _varies(table: Table, name: str) -> bool:
    """Whether more than a few rows differ: where one does, whether it is drawn decides a score alone."""
    counts = table.records.column(name).value_counts().field(1).to_numpy()
    return bool(counts.max(initial=0) <= NEARLY_ALL * len(table))


def _is_able(column: Column) -> bool:
    """Whether a key can be compared as a category."""
    return column.traits.is_varied and column.type in Column("any", "category").traits.types


def paths_from(
    database: Database, table: str, nearest: int, farthest: int
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Ways along keys, of so many keys, and where they lead."""
    going = [((key.name,), key.parent) for key in database.schema[table].foreign_keys if key.parent != table]
    for depth in range(1, farthest + 1):
        if depth >= nearest:
            yield from going
        going = [
            ((*path, key.name), key.parent)
            for path, where in going
            for key in database.schema[where].foreign_keys
            if key.parent not in (where, table) and _leads_on(database, where)
        ]


def _leads_on(database: Database, table: str) -> bool:
    """Whether what the rows of a table point at can be compared: of too few rows that is anybody."""
    return database.plan is None or database.plan[table].way != "few"


def joined_columns(
    database: Database, table: str, rows: np.ndarray, nearest: int, farthest: int
) -> Joined | None:
    """Rows beside those that lie so many keys away; None where there is nothing to compare."""
    own = own_columns(database, table)
    arrays = {
        one.name: cells_of(database.tables[table].records, one.name).take(pa.array(rows)) for one in own
    }
    columns, n_theirs = list(own), 0
    for path, parent in paths_from(database, table, nearest, farthest):
        theirs = database.tables[parent].records
        at = rows_at(database, table, path)[rows]
        for column in own_columns(database, parent):
            if n_theirs < MOST_JOINED:
                name = f"{'.'.join(path)}.{column.name}"
                arrays[name] = taken_from(cells_of(theirs, column.name), at)
                columns.append(replace(column, name=name))
                n_theirs += 1
    if not own or not n_theirs:
        return None
    made = Table(pa.table(arrays), Schema(tuple(columns)), table)
    return Joined(made, frozenset(one.name for one in own))


def children_of(database: Database, table: str) -> Iterator[tuple[str, str]]:
    """Tables that point at one, and by which key."""
    for one in database.schema.tables:
        for key in one.foreign_keys:
            if key.parent == table and one.name != table and len(database.tables[one.name]):
                yield one.name, key.name


def main_table(database: Database) -> str:
    """The table that is learnt whose rows most rows point at; of several the one of fewest rows."""
    assert database.plan
    weights = {
        one.name: sum(len(database.tables[child]) for child, _ in children_of(database, one.name))
        for one in database.plan.made
    }
    return max(weights, key=lambda name: (weights[name], -len(database.tables[name])))


def families_beside(database: Database, table: str, rows: np.ndarray | None = None) -> Table:
    """Rows of a table beside aggregates of what points at them: how many, means, spreads, kinds.

    Of a child `orders` by `customer_id` come `count(orders.customer_id)`, `mean(orders.total)`, ...
    """
    rows = np.flatnonzero(database.counts(table)) if rows is None else rows
    columns = own_columns(database, table)
    arrays = {
        one.name: cells_of(database.tables[table].records, one.name).take(pa.array(rows)) for one in columns
    }
    for child, key in children_of(database, table):
        links = database.links[child, key]
        counted = Column(f"count({child}.{key})", "integer")
        counts = n_each(links, len(database.tables[table]))
        arrays[counted.name] = pa.array(counts[rows])
        columns.append(counted)
        for column, values in aggregates(database, child, links, counts):
            if column.name not in arrays:
                arrays[column.name] = pa.array(values[rows], mask=np.isnan(values[rows]))
                columns.append(column)
    return Table(pa.table(arrays), Schema(tuple(columns)), table)


def aggregates(
    database: Database, child: str, links: Rows, counts: np.ndarray
) -> Iterator[tuple[Column, np.ndarray]]:
    """Means and spreads of a child's numbers, and how many kinds of its categories there are."""
    there = links >= 0
    n = len(counts)
    has_any = np.maximum(counts, 1)
    for column in own_columns(database, child)[:MOST_AGGREGATED]:
        cells = cells_of(database.tables[child].records, column.name)
        if column.traits.is_measure:
            values = floats_of(cells)
            is_set = there & np.isfinite(values)
            n_set = np.bincount(links[is_set], minlength=n)
            mean = np.bincount(links[is_set], weights=values[is_set], minlength=n) / np.maximum(n_set, 1)
            square = np.bincount(links[is_set], weights=np.square(values - mean[links])[is_set], minlength=n)
            spread = np.sqrt(square / np.maximum(n_set, 1))
            yield _number(f"mean({child}.{column.name})"), np.where(n_set > 0, mean, np.nan)
            yield _number(f"spread({child}.{column.name})"), np.where(n_set > 1, spread, np.nan)
        else:
            pairs = np.unique(np.stack([links[there], codes_of(cells)[there]], 1), axis=0)
            kinds = np.bincount(pairs[:, 0], minlength=n) if len(pairs) else np.zeros(n)
            yield _number(f"kinds({child}.{column.name})"), np.where(has_any > 0, kinds, np.nan).astype(float)


def _number(name: str) -> Column:
    return Column(name, "decimal", decimals=NOT_ROUNDED)


def independent(database: Database, seed: int) -> Database:
    """The same database, every column but keys shuffled by itself: real cardinalities, nothing else."""
    rng = draws(seed)
    tables: dict[str, Table] = {}
    for name, table in database.tables.items():
        keys, arrays = database.schema[name].keys, dict[str, pa.Array]()
        for column in table.schema.names:
            cells = cells_of(table.records, column)
            arrays[column] = cells if column in keys else cells.take(pa.array(rng.permutation(len(cells))))
        tables[name] = replace(table, records=pa.table(arrays, schema=table.records.schema))
    return replace(database, tables=tables)


def queries_of(database: Database, real: Database) -> list[Answer]:
    """The answers of joined aggregates: means and counts of a table's rows by a category of its parents.

    Which queries these are the real database says: those of the largest tables first.
    """
    assert real.plan
    found: list[Answer] = []
    for table in sorted(real.plan.made, key=lambda one: -one.n_rows):
        measures = [one.name for one in own_columns(real, table.name) if one.traits.is_number][:2]
        for path, parent in paths_from(real, table.name, 1, 3):
            for column in _groups(real, parent)[:2]:
                for measure in ("", *measures):
                    if len(found) >= MOST_QUERIES:
                        return found
                    found.append(_answer(database, table.name, path, parent, column, measure))
    return found


def _groups(database: Database, table: str) -> list[str]:
    """Columns of a table by which rows can be grouped."""
    found: list[str] = []
    keys, able = database.schema[table].keys, {one.name for one in own_columns(database, table)}
    if database.plan and database.plan[table].way == "kept":
        able = set(database.tables[table].schema.names)
    for column in database.tables[table].schema.columns:
        if column.name not in able:
            continue
        cells = cells_of(database.tables[table].records, column.name)
        n = len(cells.unique())
        is_word = column.type in ("string", "bool") or (column.traits.is_number and n <= MOST_GROUPS)
        if column.name not in keys and is_word and 1 < n <= MOST_GROUPS and not column.semantic_type:
            found.append(column.name)
    return found


def _answer(
    database: Database, table: str, path: tuple[str, ...], parent: str, column: str, measure: str
) -> Answer:
    """SELECT column, count(*) or avg(measure) FROM table JOIN parent ... GROUP BY column, as shares."""
    rows = rows_at(database, table, path)
    groups = taken_from(cells_of(database.tables[parent].records, column), rows).cast(pa.string())
    codes = codes_of(groups)
    names = tuple(str(one) for one in groups.dictionary_encode(null_encoding="encode").dictionary.to_pylist())
    counts = np.bincount(codes, minlength=len(names)).astype(float)
    by = f"{'.'.join(path)}.{column}"
    if not measure:
        return Answer(f"rows of {table} by {by}", names, counts / max(len(codes), 1))
    values = floats_of(cells_of(database.tables[table].records, measure))
    is_set = np.isfinite(values)
    sums = np.bincount(codes[is_set], weights=values[is_set], minlength=len(names))
    n_set = np.bincount(codes[is_set], minlength=len(names))
    means = np.where(n_set >= FEWEST_IN_GROUP, sums / np.maximum(n_set, 1), 0.0)
    return Answer(f"mean {measure} of {table} by {by}", names, means)

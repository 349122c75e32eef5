"""Rows beside the rows that they point at, and what always holds between the two.

A row's *context* is what it points at: its parents and theirs. Rules across tables are rules between columns
of the rows and of their context laid side by side, found and kept as those of one table are: a rental ends
after it began, and is paid after the customer came. Two kinds are found here: cells that are always those of
the context, and numbers of a parent that are sums over its children.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.planning import LONGEST_PATH, MOST_EXCEPTIONS, Plan, TablePlan
from gansmith.modalities.relational.records import Database, Rows
from gansmith.modalities.relational.schema import Names
from gansmith.settings import Field, settings
from gansmith.tabular.cells import cells_of, floats_of
from gansmith.tabular.constraints.finding import find
from gansmith.tabular.parts import split
from gansmith.tabular.schema import Column, Schema

FEWEST_ROWS: Final = 100
"""That prove a rule across tables."""
MOST_COLUMNS: Final = 40
"""Of the context that rules are looked for in."""
EXACT: Final = 0.999
CERTAIN: Final = 30.0
"""Logarithm of how unlikely a chance must be."""
_HALF_A_CENT: Final = 0.006
_UP: Final = "↑"


@final
@settings(kw_only=True)
class Copy:
    """A column that always holds what the context does."""

    column: str
    path: Names
    """Keys that lead to the row."""
    source: str


@final
@settings(kw_only=True)
class Total:
    """A column of a parent that is a sum over the children that hang on it."""

    column: str
    child: str
    factors: Annotated[Names, Field(min_length=1)]
    """Columns of the child whose product is summed."""


def ancestors(plan: Plan, table: TablePlan) -> Iterator[tuple[tuple[str, ...], TablePlan]]:
    """The rows that a row's context is: by the keys that lead there, near ones first."""
    going = [((), table)]
    for _ in range(LONGEST_PATH):
        going = [
            ((*path, link.name), plan[link.parent])
            for path, one in going
            for link in one.of_role("driving", "matched")
        ]
        yield from going


def rows_at(database: Database, table: str, path: Sequence[str]) -> Rows:
    """The number of the row that keys lead to, for each row."""
    rows = database.links[table, path[0]]
    where = database.schema[table].key_of(path[0]).parent
    for name in path[1:]:
        onward = database.links[where, name]
        rows = np.where(rows >= 0, onward[rows], -1)
        where = database.schema[where].key_of(name).parent
    return rows


def called(path: Sequence[str], column: str) -> str:
    """What a column of the context is called beside those of the rows."""
    return f"{_UP}{'/'.join(path)}.{column}"


def is_context(name: str) -> bool:
    """Whether a column belongs to the context of the rows that it lies beside."""
    return name.startswith(_UP)


def taken_from(cells: pa.Array, rows: Rows) -> pa.Array:
    """The cells of the rows with these numbers; missing where there is none."""
    return cells.take(pa.array(rows, mask=rows < 0))


def copies_of(database: Database, table: TablePlan, looked_at: Rows) -> tuple[Copy, ...]:
    """Columns that always hold what the context does, in the rows that are looked at."""
    own, found = database.tables[table.name].records.take(pa.array(looked_at)), dict[str, Copy]()
    if len(own) < FEWEST_ROWS:
        return ()
    assert database.plan
    for path, parent in ancestors(database.plan, table):
        rows = rows_at(database, table.name, path)[looked_at]
        if not (rows >= 0).all():
            continue
        theirs = database.tables[parent.name]
        for name in parent.own:
            if not theirs.schema.column(name).traits.is_varied:
                continue
            source = cells_of(theirs.records, name)
            for column in table.own:
                cells = cells_of(own, column)
                if column in found or cells.type != source.type or not _varies(cells):
                    continue
                if _are_equal(cells, taken_from(source, rows)):
                    found[column] = Copy(column=column, path=path, source=name)
    return tuple(found.values())


def _varies(cells: pa.Array) -> bool:
    """Whether it would be no chance that such cells are always those of others."""
    counts = pc.value_counts(cells).field(1).to_numpy()
    shares = counts / max(counts.sum(), 1)
    return bool(len(cells) * np.log(np.square(shares).sum() or 1) < -CERTAIN)


def _are_equal(ours: pa.Array, theirs: pa.Array) -> bool:
    """Whether cells are the same, but for so few that they are not worth a rule of their own."""
    for part in (slice(0, 500), slice(0, len(ours))):
        same = pc.fill_null(pc.equal(ours[part], theirs[part]), False)
        none = pc.and_(pc.is_null(ours[part]), pc.is_null(theirs[part]))
        both = pc.or_(same, none).cast(pa.float64())
        if pc.mean(both).as_py() < 1 - MOST_EXCEPTIONS * (4 if part.stop == 500 else 1):
            return False
    return True


def totals_of(database: Database, table: TablePlan) -> tuple[Total, ...]:
    """Numbers that are sums over the children."""
    assert database.plan
    own, found = database.tables[table.name], dict[str, Total]()
    children = [
        one for one in database.plan.made if one.driving is not None and one.driving.parent == table.name
    ]
    wanted = [name for name in table.own if _is_measure(own.schema.column(name))]
    for child in children if len(own) >= FEWEST_ROWS else ():
        driving = child.driving
        assert driving
        rows, theirs = database.links[child.name, driving.name], database.tables[child.name]
        measures = [name for name in child.own if _is_measure(theirs.schema.column(name))][:8]
        ways = [(a,) for a in measures] + [(a, b) for i, a in enumerate(measures) for b in measures[i + 1 :]]
        sums = {way: summed(theirs.records, way, rows, len(own)) for way in ways}
        has_any = np.bincount(rows[rows >= 0], minlength=len(own)) > 1
        for name in wanted:
            values = floats_of(cells_of(own.records, name))
            for way, total in sums.items():
                both = has_any & np.isfinite(values)
                if name in found or both.sum() < FEWEST_ROWS or len(np.unique(total[both])) < 5:
                    continue
                if (np.abs(total - values)[both] < _HALF_A_CENT).mean() >= EXACT:
                    found[name] = Total(column=name, child=child.name, factors=way)
    return tuple(found.values())


def _is_measure(column: Column) -> bool:
    return column.traits.is_number and column.traits.is_varied


def summed(children: pa.Table, factors: Sequence[str], rows: Rows, n_parents: int) -> np.ndarray:
    """The sum of products over the children of each parent."""
    product = np.ones(len(rows))
    for name in factors:
        product = product * np.nan_to_num(floats_of(cells_of(children, name)))
    there = rows >= 0
    return np.bincount(rows[there], weights=product[there], minlength=n_parents)


def beside(
    database: Database, table: TablePlan, own: Sequence[Column], cells: pa.Table, looked_at: Rows
) -> tuple[pa.Table, Schema]:
    """Rows and the columns of their context that a rule could be about.

    Args:
        database: With links.
        table: Whose rows.
        own: Its columns that are learnt.
        cells: Of these.
        looked_at: Numbers of the rows.
    """
    assert database.plan
    arrays = {one.name: cells_of(cells, one.name) for one in own}
    columns = list(own)
    for path, parent in ancestors(database.plan, table):
        theirs = database.tables[parent.name]
        rows = rows_at(database, table.name, path)[looked_at]
        for name in parent.own:
            column = theirs.schema.column(name)
            is_able = column.traits.is_exact and column.traits.is_varied and not column.parts
            if not is_able or len(columns) >= len(own) + MOST_COLUMNS or column.traits.is_made_anew:
                continue
            columns.append(replace(column, name=called(path, name), special=column.special, header=""))
            arrays[called(path, name)] = taken_from(cells_of(theirs.records, name), rows)
    return pa.table(arrays), Schema(tuple(columns))


def rules_of(records: pa.Table, schema: Schema) -> list[Mapping[str, object]]:
    """Rules that put back columns of the rows, or hold between them; none is about the context alone."""
    flat = schema.flat
    context = frozenset(name for name in flat.names if is_context(name))
    found: list[Mapping[str, object]] = []
    for rule in find(split(records, schema), flat, given=context):
        named = {*rule.reads, *rule.writes}
        if set(rule.writes) & context or not named - context:
            continue
        if named & context and not rule.writes:
            continue
        found.append(rule.to_json())
    return found

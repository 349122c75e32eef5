"""In which order tables are made, what each row hangs on, and how the other keys get their values.

Of the foreign keys of a table one is *driving*: its rows are made as the family of a row of that parent. A
*category* points into a short list, as a column of categories would. A *derived* key follows from others: a
payment has the customer of its rental. What is left is *matched* with rows that are there already, or *late*,
when all tables are made: a manager is an employee.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal, final

import numpy as np
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.relational.finding import words_of
from gansmith.modalities.relational.records import NOBODY, Links, Rows
from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, Names, TableSchema
from gansmith.settings import NonNegativeInt, settings
from gansmith.settings import field as stated
from gansmith.tabular.cells import cells_of, floats_of
from gansmith.tabular.schema import Column, Table

Role = Literal["driving", "category", "derived", "matched", "late", "kept"]
Way = Literal["made", "kept", "few", "empty"]
"""Learnt and made anew; a list of names, as it is; too few rows to learn from: kept, but for personal cells;
no rows at all."""
FEWEST_ROWS: Final = 20
"""Of a table that is learnt."""
LONGEST_LIST: Final = 1_000
"""Rows of a list of names."""
MOST_CATEGORIES: Final = 100
FEWEST_EACH: Final = 5
"""Rows that point at one of a short list, on the average."""
FEWEST_TO_DERIVE: Final = 20
MOST_EXCEPTIONS: Final = 0.005
"""Share of the rows where a key that follows from others may be another: these are not kept."""
FOLLOWS: Final = 0.9
"""Rank correlation of a running number with a date, from which numbers follow the date."""
LEAST_SHARE: Final = 0.8
"""Of the rows that must point at somebody, for the key to be a driving one."""
LONGEST_PATH: Final = 3


@final
@settings(kw_only=True, error=DataError)
class Link:
    """How a foreign key gets its values."""

    name: str
    parent: str
    role: Role
    path: Names = ()
    """Of a derived one: the foreign keys that lead to the same row, the first of the same table."""
    has_nobody: bool = False
    """Whether some rows point at nobody."""
    is_single: bool = False
    """Whether no two rows point at the same."""


@final
@settings(kw_only=True, error=DataError)
class TablePlan:
    """How one table is made."""

    name: str
    way: Way
    n_rows: NonNegativeInt
    links: Annotated[tuple[Link, ...], stated()] = ()
    numbered: str = ""
    """The column of its running number; empty: it has none."""
    first_number: int = 1
    counter: str = ""
    """The column that counts the rows of a family; empty: none does."""
    order: str = ""
    """The column by which rows of a family follow each other; empty: as they stand."""
    is_numbered_in_order: bool = False
    own: Names = ()
    """Its columns that are learnt or made anew: neither running numbers nor foreign keys."""

    @property
    def is_made(self) -> bool:
        """Whether it is learnt."""
        return self.way == "made"

    @property
    def driving(self) -> Link | None:
        """What its rows hang on."""
        return next((one for one in self.links if one.role == "driving"), None)

    def of_role(self, *roles: Role) -> tuple[Link, ...]:
        """Its keys of these roles."""
        return tuple(one for one in self.links if one.role in roles)

    def link(self, name: str) -> Link:
        """The key of that name."""
        return next(one for one in self.links if one.name == name)


@final
@settings(kw_only=True, error=DataError)
class Plan:
    """All tables, each after those that it needs; those that are not learnt come first."""

    tables: Annotated[tuple[TablePlan, ...], stated()]

    def __getitem__(self, name: str) -> TablePlan:
        """The table of that name."""
        return next(one for one in self.tables if one.name == name)

    @property
    def made(self) -> tuple[TablePlan, ...]:
        """Those that are learnt."""
        return tuple(one for one in self.tables if one.is_made)

    def pointing_at(self, name: str) -> Iterator[tuple[TablePlan, Link]]:
        """Keys of tables that are learnt, which need to know how many rows point at each row of a table."""
        for table in self.made:
            for link in table.of_role("driving", "matched", "late"):
                if link.parent == name:
                    yield table, link


def plan_of(
    schema: DatabaseSchema,
    tables: Mapping[str, Table],
    links: Links,
    keep: Sequence[str] = (),
    generate: Sequence[str] = (),
) -> Plan:
    """The plan for a database.

    Raises:
        UsageError: There is no such table to keep or to generate.
    """
    for name in (*keep, *generate):
        if name not in schema.names:
            raise UsageError(f"there is no table {name!r}. {did_you_mean(name, schema.names)}")
    ways = _ways(schema, tables, keep, generate)
    plans: dict[str, TablePlan] = {}
    for table in schema.tables:
        found = _roles(table, schema, tables, links, ways)
        plans[table.name] = _with_columns(
            TablePlan(name=table.name, way=ways[table.name], n_rows=len(tables[table.name]), links=found),
            table,
            tables[table.name],
            links,
        )
    return Plan(tables=_in_turn(plans))


def composed(links: Links, table: str, path: Sequence[str], schema: DatabaseSchema) -> Rows:
    """The row that each row of a table points at by way of several keys."""
    rows = links[table, path[0]]
    where = schema[table].key_of(path[0]).parent
    for name in path[1:]:
        onward = links[where, name]
        rows = np.where(rows >= 0, onward[rows] if len(onward) else NOBODY, NOBODY)
        where = schema[where].key_of(name).parent
    return rows


# --- Which tables are learnt --------------------------------------------------------------------------------


def _ways(
    schema: DatabaseSchema, tables: Mapping[str, Table], keep: Sequence[str], generate: Sequence[str]
) -> dict[str, Way]:
    pointed_at = {key.parent for one in schema.tables for key in one.foreign_keys if key.parent != one.name}
    ways: dict[str, Way] = {}
    for table in schema.tables:
        n, name = len(tables[table.name]), table.name
        if not n:
            ways[name] = "empty"
        elif name in keep:
            ways[name] = "kept"
        elif n < FEWEST_ROWS:
            ways[name] = "few"
        elif name not in generate and name in pointed_at and n <= LONGEST_LIST:
            ways[name] = "kept" if _is_list(table, tables[name]) else "made"
        else:
            ways[name] = "made"
    while any(_unlisted(table, ways) for table in schema.tables if table.name not in keep):
        for table in schema.tables:
            if table.name not in keep and _unlisted(table, ways):
                ways[table.name] = "made"
    return ways


def _is_list(table: TableSchema, records: Table) -> bool:
    """Whether it is a list of names: one text for each row, nobody's, and nothing else that varies."""
    own = [one for one in records.schema.columns if one.name not in table.keys and one.traits.is_varied]
    if len(own) != 1:
        return False
    cells = cells_of(records.records, own[0].name)
    is_name = own[0].type == "string" and not own[0].semantic_type
    return is_name and pc.count_distinct(cells).as_py() > 0.9 * len(cells)


def _unlisted(table: TableSchema, ways: Mapping[str, Way]) -> bool:
    """Whether a list of names would point at something that is made."""
    return ways[table.name] == "kept" and any(
        ways[key.parent] == "made" for key in table.foreign_keys if key.parent != table.name
    )


# --- What each key is for -----------------------------------------------------------------------------------


def _roles(
    table: TableSchema,
    schema: DatabaseSchema,
    tables: Mapping[str, Table],
    links: Links,
    ways: Mapping[str, Way],
) -> tuple[Link, ...]:
    roles: dict[str, Role] = {}
    paths: dict[str, tuple[str, ...]] = {}
    n = len(tables[table.name])
    for key in table.foreign_keys:
        is_made = ways[key.parent] == "made"
        n_parents = len(tables[key.parent])
        if ways[table.name] != "made":
            roles[key.name] = "late" if is_made else "kept"
        elif key.parent == table.name:
            roles[key.name] = "late"
        elif not is_made and n_parents <= MOST_CATEGORIES and n >= FEWEST_EACH * n_parents:
            roles[key.name] = "category"
        else:
            roles[key.name] = "matched"
    if ways[table.name] == "made":
        for key in table.foreign_keys:
            if path := _derivation(table, key, schema, links, paths):
                roles[key.name], paths[key.name] = "derived", path
        free = [one for one in table.foreign_keys if roles[one.name] == "matched"]
        able = [one for one in free if np.mean(links[table.name, one.name] >= 0) >= LEAST_SHARE]
        leading = {path[0] for path in paths.values()}
        if able:
            best = min(
                able,
                key=lambda one: (
                    one.name not in leading,
                    ways[one.parent] != "made",
                    table.primary_key[:1] != one.columns[:1],
                    not set(words_of(one.parent)) & set(words_of(table.name)),
                    len(tables[one.parent]),
                ),
            )
            roles[best.name] = "driving"
    found: list[Link] = []
    for key in table.foreign_keys:
        rows = links[table.name, key.name]
        there = rows[rows >= 0]
        is_single = len(there) > 1 and len(np.unique(there)) == len(there)
        found.append(
            Link(
                name=key.name,
                parent=key.parent,
                role=roles[key.name],
                path=paths.get(key.name, ()),
                has_nobody=len(there) < len(rows),
                is_single=is_single,
            )
        )
    return tuple(found)


def _derivation(
    table: TableSchema,
    key: ForeignKey,
    schema: DatabaseSchema,
    links: Links,
    known: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Other keys that always lead to the same row; empty where there are none."""
    rows = links[table.name, key.name]
    for path in _paths(table, key, schema):
        if path[0] in known:
            continue
        others = composed(links, table.name, path, schema)
        both = (rows >= 0) & (others >= 0)
        is_enough = both.sum() >= max(FEWEST_TO_DERIVE, LEAST_SHARE * len(rows))
        if (
            is_enough
            and len(np.unique(rows[both])) > 1
            and (rows[both] != others[both]).mean() <= MOST_EXCEPTIONS
        ):
            return path
    return ()


def _paths(table: TableSchema, key: ForeignKey, schema: DatabaseSchema) -> Iterator[tuple[str, ...]]:
    """Ways from a table to where a key of it points, but that key itself; short ones first."""
    going = [((one.name,), one.parent) for one in table.foreign_keys if one.name != key.name]
    for _ in range(LONGEST_PATH - 1):
        onward: list[tuple[tuple[str, ...], str]] = []
        for path, where in going:
            for one in schema[where].foreign_keys:
                if one.parent == key.parent and one.parent_columns == key.parent_columns:
                    yield (*path, one.name)
                if one.parent != table.name:
                    onward.append(((*path, one.name), one.parent))
        going = onward


# --- Columns and order --------------------------------------------------------------------------------------


def _with_columns(plan: TablePlan, table: TableSchema, records: Table, links: Links) -> TablePlan:
    """The plan with what is known of the table's own columns."""
    pointing = frozenset(name for one in table.foreign_keys for name in one.columns)
    keys = [name for name in table.primary_key if name not in pointing]
    numbered = counter = ""
    first = 1
    if plan.is_made and len(keys) == 1:
        cells = cells_of(records.records, keys[0])
        numbers = floats_of(cells) if _is_whole(records.schema.column(keys[0])) else np.zeros(0)
        if len(numbers) and len(table.primary_key) == 1:
            numbered, first = keys[0], int(np.nanmin(numbers))
        elif len(numbers) and plan.driving and _is_counter(numbers, links[plan.name, plan.driving.name]):
            counter = keys[0]
    own = tuple(
        name for name in records.schema.names if name not in pointing and name not in (numbered, counter)
    )
    order = next((name for name in own if _is_moment(records, name)), "")
    in_order = False
    if numbered and order:
        ranks = [
            np.argsort(np.argsort(floats_of(cells_of(records.records, one)))) for one in (numbered, order)
        ]
        in_order = float(np.corrcoef(np.stack(ranks)).min()) > FOLLOWS
    return replace(
        plan, numbered=numbered, first_number=first, counter=counter, order=order, own=own,
        is_numbered_in_order=in_order,
    )  # fmt: skip


def _is_whole(column: Column) -> bool:
    return "int" in column.type


def _is_counter(numbers: np.ndarray, rows: Rows) -> bool:
    """Whether numbers count the rows of each family from 1."""
    order = np.lexsort((numbers, rows))
    groups, firsts = np.unique(rows[order], return_index=True)
    sizes = np.diff([*firsts, len(rows)])
    counted = np.arange(len(rows)) - np.repeat(firsts, sizes) + 1
    return len(groups) > 1 and bool((numbers[order] == counted).all())


def _is_moment(records: Table, name: str) -> bool:
    column = records.schema.column(name)
    cells = cells_of(records.records, name)
    return column.traits.is_time and column.traits.is_varied and pc.count_distinct(cells).as_py() > 10


def _in_turn(plans: Mapping[str, TablePlan]) -> tuple[TablePlan, ...]:
    """Each table after those that it needs; keys that close a circle become late."""
    done = [one for one in plans.values() if not one.is_made]
    waiting = {one.name: one for one in plans.values() if one.is_made}
    while waiting:
        ready = [one for one in waiting.values() if not _needs(one) & waiting.keys()]
        if not ready:
            name, link = min(
                ((one.name, link) for one in waiting.values() for link in one.of_role("matched", "driving")
                 if link.parent in waiting),
                key=lambda found: (found[1].role == "driving", not found[1].has_nobody, found[0]),
            )  # fmt: skip
            old = waiting[name]
            late = tuple(replace(one, role="late") if one == link else one for one in old.links)
            waiting[name] = replace(old, links=_without_derived(late))
            continue
        for one in ready:
            done.append(waiting.pop(one.name))
    return tuple(done)


def _needs(table: TablePlan) -> set[str]:
    return {one.parent for one in table.of_role("driving", "matched", "category")}


def _without_derived(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Keys that followed from one that is late are late themselves."""
    late = {one.name for one in links if one.role == "late"}
    return tuple(
        replace(one, role="late", path=()) if one.path and one.path[0] in late else one for one in links
    )

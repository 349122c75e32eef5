"""Learning what a database's tables are made of: their columns, rules across tables, kinds of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from gansmith.disclosure import usual_min_count
from gansmith.modalities.relational.crossing import (
    beside,
    copies_of,
    is_context,
    rules_of,
    totals_of,
)
from gansmith.modalities.relational.matching import n_strata, stratum
from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import Database, Rows, families_in_order, n_each
from gansmith.modalities.relational.sharing import of_many_families
from gansmith.modalities.relational.views import (
    Extra,
    Levels,
    Never,
    Pair,
    Said,
    Shares,
    States,
    TableView,
    category_name,
    count_name,
)
from gansmith.tabular.cells import cells_of, floats_of, some_of
from gansmith.tabular.constraints import named_by
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column, Schema, Table

MOST_FITTED: Final = 200_000
"""Rows by which the columns of a table are learnt; of larger ones some are drawn."""
ENCODED_AT_ONCE: Final = 200_000
OFTEN: Final = 8.0
"""Rows that would have two states together, of which none has, for it to be no chance."""
MOST_KINDS: Final = 12
ROWS_PER_KIND: Final = 40
MOST_CLUSTERED: Final = 20_000
MOST_STATES: Final = 40
"""Of a column whose states are compared one by one where rows are grouped."""
Features = Float[np.ndarray, "_ _"]
Kinds = Int[np.ndarray, " _"]


@final
@dataclass(frozen=True, eq=False)
class Encoded:
    """The rows of tables that are made, as states and levels."""

    states: dict[str, States] = field(default_factory=dict[str, States])
    levels: dict[str, Levels] = field(default_factory=dict[str, Levels])

    def put(self, name: str, rows: tuple[States, Levels]) -> None:
        """Keep the rows of a table."""
        self.states[name], self.levels[name] = rows

    def of(self, name: str) -> tuple[States, Levels]:
        """The rows of a table."""
        return self.states[name], self.levels[name]


def fitted_views(database: Database, min_count: int, seed: int) -> tuple[dict[str, TableView], Encoded]:
    """What was learnt of each table, and all rows as states and levels of what is said of them."""
    assert database.plan
    views: dict[str, TableView] = {}
    encoded = Encoded()
    for table in database.plan.made:
        views[table.name] = _fitted(database, table, min_count, seed)
        encoded.put(table.name, encoded_rows(database, views[table.name], seed))
    kinds = _kinds(database, views, encoded, seed)
    for table in database.plan.made:
        view, of_table = views[table.name], kinds.get(table.name, {})
        extras = tuple(Extra(*pointing, int(one.max(initial=0))) for pointing, one in of_table.items())
        chosen = [link for link in table.of_role("matched") if (table.name, link.name) in _flat(kinds)]
        most = {link.name: kinds[link.parent][table.name, link.name].max(initial=1) for link in chosen}
        wanted = {name: int(n) * n_strata(table) for name, n in most.items()}
        views[table.name] = replace(view, kinds=extras, wanted=wanted)
    for table in database.plan.made:
        view, counts = views[table.name], database.counts(table.name)
        encoded.put(table.name, _with_kinds(database, view, encoded.of(table.name), kinds))
        states = encoded.states[table.name][counts]
        usual = [_shares(states[:, place], one.n_states) for place, one in enumerate(view.said)]
        views[table.name] = replace(view, usual=tuple(usual), never=_never_together(states, usual, view.said))
    return views, encoded


def _never_together(states: np.ndarray, usual: list[Shares], said: Sequence[Said]) -> dict[Pair, Never]:
    """By pairs of columns, states that are never together, though by chance they would often be."""
    found: dict[Pair, Never] = {}
    for second in range(len(usual)):
        for first in range(second):
            shape = len(usual[first]), len(usual[second])
            joint = states[:, first].astype(np.int64) * shape[1] + states[:, second]
            counts = np.bincount(joint, minlength=shape[0] * shape[1]).reshape(shape)
            by_chance = len(states) * np.outer(usual[first], usual[second])
            never = (counts == 0) & (by_chance >= OFTEN)
            bins = slice(shape[1] - said[second].n_bins, shape[1])  # whether there is any number at all
            never[(counts[:, bins].sum(1) == 0) & (by_chance[:, bins].sum(1) >= OFTEN), bins] = True
            if never.any():
                found[first, second] = never
    return found


def _shares(states: np.ndarray, n_states: int) -> Shares:
    return np.bincount(states, minlength=n_states) / max(1, len(states))


def encoded_like(views: Mapping[str, TableView], database: Database, seed: int) -> Encoded:
    """All rows as states and levels of what views say; of the database that they were learnt from."""
    assert database.plan
    own, encoded = Encoded(), Encoded()
    for table in database.plan.made:
        own.put(table.name, encoded_rows(database, views[table.name], seed))
    kinds = _kinds(database, views, own, seed)
    for table in database.plan.made:
        encoded.put(table.name, _with_kinds(database, views[table.name], own.of(table.name), kinds))
    return encoded


def _flat(kinds: Mapping[str, Mapping[tuple[str, str], Kinds]]) -> set[tuple[str, str]]:
    return {pointing for of_table in kinds.values() for pointing in of_table}


def _fitted(database: Database, table: TablePlan, min_count: int, seed: int) -> TableView:
    """Columns and rules of one table; only rows that count are learnt from."""
    looked_at = some_of(len(database.tables[table.name]), MOST_FITTED)
    copies, totals = copies_of(database, table, looked_at), totals_of(database, table)
    records, schema = laid_out(database, table, {one.column for one in copies}, looked_at)
    counts = np.flatnonzero(database.counts(table.name)[looked_at])
    own = [name for name in schema.names if not is_context(name)]
    counted = {name for name in own if name.startswith("number of ")}
    ruled = [name for name in schema.names if name not in counted]
    seen = Schema(tuple(schema.column(name) for name in ruled))
    rules = rules_of(records.select(ruled), seen)
    needed = named_by(rules)
    columns = tuple(one for one in schema.columns if one.name in own or one.name in needed)
    if not own:
        return TableView(table, None, copies, totals)
    fitted = Schema(columns, None, tuple(rules))
    part = records.select(list(fitted.names)).take(pa.array(counts)).combine_chunks()
    least, families = min_count or usual_min_count(len(part)), database.family_of(table.name)
    if table.driving is not None and least > 1:
        own_cells = Schema(tuple(one for one in columns if one.name in table.own))
        rng = np.random.default_rng(seed)
        part, shared = of_many_families(part, own_cells, families[looked_at[counts]], least, rng)
        known = {one.name: one for one in shared.columns if one.name not in needed}
        fitted = replace(fitted, columns=tuple(known.get(one.name, one) for one in columns))
    whole = Table(part, fitted, table.name, n_whole=len(database.tables[table.name]))
    rows = RowCodec.fit(whole, least, seed, needs_states=False)
    return TableView(table, rows, copies, totals)


def laid_out(database: Database, table: TablePlan, without: set[str], rows: Rows) -> tuple[pa.Table, Schema]:
    """Own columns of rows, keys into short lists, numbers of children, and the context beside them."""
    assert database.plan
    records = database.tables[table.name]
    columns = [records.schema.column(name) for name in table.own if name not in without]
    key = database.schema[table.name].primary_key
    columns = [_key_column(one) if (one.name,) == key else one for one in columns]
    chosen = pa.array(rows)
    arrays = {
        one.name: cells_of(records.records, one.name).take(chosen).cast(one.arrow_type) for one in columns
    }
    for link in table.of_role("category"):
        theirs = database.links[table.name, link.name][rows]
        arrays[category_name(link.name)] = pa.array(theirs, mask=theirs < 0).cast(pa.string())
        columns.append(Column(category_name(link.name), "category"))
    for child, link in database.plan.pointing_at(table.name):
        name = count_name(child.name, link.name)
        arrays[name] = pa.array(n_each(database.links[child.name, link.name], len(records))[rows])
        columns.append(Column(name, "integer"))
    return beside(database, table, columns, pa.table(arrays or {"": pa.nulls(len(rows))}), rows)


def _key_column(column: Column) -> Column:
    """A key that tells rows apart, as something that is made anew."""
    return column if column.traits.is_made_anew else Column(column.name, "identifier", column.type)


def encoded_rows(database: Database, view: TableView, seed: int) -> tuple[States, Levels]:
    """Rows as states and levels of a view's own columns."""
    n, n_own = len(database.tables[view.plan.name]), len(view.own)
    states, levels = np.zeros((n, n_own), np.int16), np.zeros((n, n_own), np.float32)
    if view.rows is None:
        return states, levels
    has_bins = [view.rows.columns[index].n_bins > 0 for index in view.rows.playing]
    copied, rng = {one.column for one in view.copies}, np.random.default_rng(seed)
    for first in range(0, n, ENCODED_AT_ONCE):
        rows = np.arange(first, min(first + ENCODED_AT_ONCE, n))
        records, _ = laid_out(database, view.plan, copied, rows)
        codes, of_bins = view.rows.encode(records.select(list(view.rows.schema.names)), rng)
        placed = np.zeros(codes.shape, np.float32)
        placed[:, has_bins] = of_bins
        states[rows], levels[rows] = codes[:, view.own], placed[:, view.own]
    return states, levels


# --- Kinds of rows ------------------------------------------------------------------------------------------


def _kinds(
    database: Database, views: Mapping[str, TableView], encoded: Encoded, seed: int
) -> dict[str, dict[tuple[str, str], Kinds]]:
    """Kinds of rows by table and by the key that points at them, numbers from 1; 0: nobody points.

    Seen from a matched key, rows are alike that are alike themselves; from a driving one, those that have
    like families.

    Source:
        Pang et al. 2024, "ClavaDDPM" (arXiv:2405.17724): clusters that parents and children share.
    """
    assert database.plan
    looks = {one.name: features_of(views[one.name], *encoded.of(one.name)) for one in database.plan.made}
    found: dict[str, dict[tuple[str, str], Kinds]] = {one.name: {} for one in database.plan.made}
    for parent in database.plan.made:
        for child, link in database.plan.pointing_at(parent.name):
            rows = database.links[child.name, link.name]
            if link.role == "late":
                continue
            if link.role == "matched":
                seen = [looks[parent.name]]
                if parent.driving is not None and parent.driving.parent in looks:
                    above = database.links[parent.name, parent.driving.name]
                    seen.append(np.where((above >= 0)[:, None], looks[parent.driving.parent][above], 0))
                kinds = grouped(np.concatenate(seen, 1), seed)
            else:
                look = looks[child.name]
                if link.is_single or not look.shape[1]:
                    continue
                kinds = _kinds_of_families(look, rows, len(looks[parent.name]), seed)
            found[parent.name][child.name, link.name] = kinds
    return found


def _kinds_of_families(
    look: Features, rows: np.ndarray, n_parents: int, seed: int
) -> Int[np.ndarray, " n_parents"]:
    """Groups of parents whose children are alike on the average; 0: there are none."""
    there = rows >= 0
    n_children = n_each(rows, n_parents)
    kinds = np.zeros(n_parents, np.int64)
    has_any = n_children > 0
    means = np.zeros((int(has_any.sum()), look.shape[1]), np.float32)
    for place in range(look.shape[1]):
        sums = np.bincount(rows[there], weights=look[there, place], minlength=n_parents)
        means[:, place] = sums[has_any] / n_children[has_any]
    kinds[has_any] = grouped(means, seed)
    return kinds


def features_of(view: TableView, states: States, levels: Levels) -> Features:
    """Rows as numbers that can be compared: ranks of numbers, categories one by one."""
    found: list[np.ndarray] = []
    for index, place in enumerate(view.own):
        assert view.rows is not None
        codec = view.rows.columns[view.rows.playing[place]]
        if codec.n_bins or codec.n_states > MOST_STATES:
            found.append(((states[:, index] + (levels[:, index] + 1) / 2) / codec.n_states)[:, None])
        else:
            found.append(0.7 * np.eye(codec.n_states, dtype=np.float32)[states[:, index]])
    looks = found or [np.zeros((len(states), 0))]
    return np.concatenate([one.astype(np.float32, copy=False) for one in looks], 1)


def grouped(features: Features, seed: int) -> Kinds:
    """Groups of rows that are alike, numbers from 1: the more rows there are, the more groups."""
    n, k = len(features), int(np.clip(len(features) // ROWS_PER_KIND, 1, MOST_KINDS))
    if k < 2 or not features.shape[1]:
        return np.ones(n, np.int64)
    from sklearn.cluster import KMeans  # only for those who learn; one start of "k-means++"

    rng = np.random.default_rng(seed)
    some = features[rng.permutation(n)[:MOST_CLUSTERED]]
    k = min(k, len(np.unique(some.round(6), axis=0)))
    means: Any = KMeans(k, max_iter=30, random_state=seed).fit(some)
    return 1 + means.predict(features).astype(np.int64)


def _wanted(database: Database, table: TablePlan, key: str, kinds: Kinds) -> Kinds:
    """The kind of the row that each row points at, and in which part of those who do it is; 0: nobody."""
    rows, n = database.links[table.name, key], n_strata(table)
    order = floats_of(cells_of(database.tables[table.name].records, table.order)) if table.order else None
    places, *_ = families_in_order(rows, order)
    counts = n_each(rows, len(kinds))[rows]
    return np.where(rows >= 0, 1 + (np.maximum(kinds[rows], 1) - 1) * n + stratum(places, counts, n), 0)


def _with_kinds(
    database: Database,
    view: TableView,
    own: tuple[States, Levels],
    kinds: Mapping[str, Mapping[tuple[str, str], Kinds]],
) -> tuple[States, Levels]:
    """States and levels of everything that is said of the rows."""
    name, before = view.plan.name, list[np.ndarray]()
    for key in view.wanted:
        before.append(_wanted(database, view.plan, key, kinds[view.plan.link(key).parent][name, key]))
    for link in view.plan.of_role("late"):
        if link.has_nobody:
            before.append((database.links[name, link.name] >= 0).astype(np.int64))
    after = [kinds[name][one.table, one.key] for one in view.kinds]
    states, levels = own
    states = np.column_stack([*before, states, *after]).astype(np.int16)
    none = np.zeros((len(states), len(before))), np.zeros((len(states), len(after)))
    return states, np.concatenate([none[0], levels, none[1]], 1).astype(np.float32)

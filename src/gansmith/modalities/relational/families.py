"""A part of a database that is too large: whole families of root rows, drawn by a hash of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from gansmith.modalities.relational.planning import plan_of
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.schema import DatabaseSchema
from gansmith.tabular.schema import Table

SPARE: Final = 1.1
"""Rows that others point at come along."""


def drawn_families(
    schema: DatabaseSchema, tables: Mapping[str, Table], most_rows: int
) -> tuple[dict[str, Table], str]:
    """Some families, whole, and all rows that they point at; and what to say of it.

    Rows that are pointed at from several families come along with the first; so there may be somewhat more
    rows than were asked for.
    """
    database = Database(schema, tables, "")
    plan = plan_of(schema, tables, database.links)
    planned = Database(schema, tables, "", plan=plan)
    n_all = sum(len(table) for table in tables.values())
    n_kept = sum(one.n_rows for one in plan.tables if not one.is_made)
    share = max(0.0, (most_rows - n_kept) / max(n_all - n_kept, 1)) / SPARE
    order = np.random.default_rng(0).permutation(len(planned))
    chosen = planned.take(np.sort(order[: max(1, round(share * len(order)))]))
    is_in = {name: chosen.counts(name) for name in tables}
    for table in reversed(plan.tables):  # whoever is pointed at comes along, with what it hangs on
        for link in table.links:
            rows = planned.links[table.name, link.name][is_in[table.name]]
            is_in[link.parent][rows[rows >= 0]] = True
    for table in reversed(plan.tables):
        for link in table.links:
            rows = planned.links[table.name, link.name][is_in[table.name]]
            is_in[link.parent][rows[rows >= 0]] = True
    kept = {name: table.take(np.flatnonzero(is_in[name])) for name, table in tables.items()}
    n = sum(len(table) for table in kept.values())
    said = f"{n:,} of {n_all:,} rows are learnt from: whole families, drawn by their root rows (--most-rows)"
    return kept, said

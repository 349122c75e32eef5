"""What always holds in a database: keys, required cells, numbers that follow, and who breaks it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.crossing import Copy, copies_of, rows_at, summed, taken_from, totals_of
from gansmith.modalities.relational.records import Database, Rows, key_cells
from gansmith.scorecard.validity import Rule
from gansmith.tabular.cells import are_again, cells_of, floats_of, some_of

MOST_LOOKED_AT = 200_000
"""Rows of a table in which rules are looked for."""
_HALF_A_CENT = 0.006


def rules_across(fake: Database, real: Database) -> list[Rule]:
    """The rules that real rows keep without exception, and which synthetic rows break them."""
    return [
        *_keys(fake),
        *_required(fake, real),
        *_derived(fake, real),
        *_copied(fake, real),
        *_sums(fake, real),
    ]


def _keys(fake: Database) -> list[Rule]:
    found: list[Rule] = []
    for table in fake.schema.tables:
        records = fake.tables[table.name].records
        for columns in (table.primary_key, *table.unique):
            if columns and len(records):
                cells = key_cells(records, columns)
                again = are_again(cells) & cells.is_valid().to_numpy(zero_copy_only=False)
                found.append(Rule(f"{table.name}: {' + '.join(columns)} is unique", columns, again, None))
        for key in table.foreign_keys:
            is_set = np.ones(len(records), bool)
            for name in key.columns:
                is_set &= cells_of(records, name).is_valid().to_numpy(zero_copy_only=False)
            lost = is_set & (fake.links[table.name, key.name] < 0)
            found.append(Rule(f"{table.name}: {key.name} is a row of {key.parent}", key.columns, lost, None))
    return found


def _required(fake: Database, real: Database) -> list[Rule]:
    found: list[Rule] = []
    for table in fake.schema.tables:
        records = fake.tables[table.name].records
        for name in table.required:
            is_always = not real.tables[table.name].records.column(name).null_count  # a blank counts as none
            if is_always and name in records.column_names:
                lacking = cells_of(records, name).is_null().to_numpy(zero_copy_only=False)
                found.append(Rule(f"{table.name}: {name} is there", (name,), lacking, None))
    return found


def _derived(fake: Database, real: Database) -> list[Rule]:
    found: list[Rule] = []
    for table in real.plan.made if real.plan else ():
        for link in table.of_role("derived"):
            ours, theirs = fake.links[table.name, link.name], rows_at(fake, table.name, link.path)
            broken = (theirs >= 0) & (ours != theirs)
            path = " → ".join(link.path)
            found.append(Rule(f"{table.name}: {link.name} is that of {path}", (link.name,), broken, None))
    return found


def _copied(fake: Database, real: Database) -> list[Rule]:
    found: list[Rule] = []
    for table in real.plan.made if real.plan else ():
        for copy in copies_of(real, table, _looked_at(real, table.name)):
            if _unlike(real, table.name, copy).any():
                continue  # a rule with exceptions is none
            broken = _unlike(fake, table.name, copy)
            words = f"{table.name}: {copy.column} is {'.'.join(copy.path)}.{copy.source}"
            found.append(Rule(words, (copy.column,), broken, None))
    return found


def _looked_at(database: Database, table: str) -> Rows:
    return some_of(len(database.tables[table]), MOST_LOOKED_AT)


def _unlike(database: Database, table: str, copy: Copy) -> np.ndarray:
    """Which rows hold something else than the row that they point at."""
    parent = table
    for name in copy.path:
        parent = database.schema[parent].key_of(name).parent
    theirs = cells_of(database.tables[parent].records, copy.source)
    wanted = taken_from(theirs, rows_at(database, table, copy.path)).cast(pa.string())
    ours = cells_of(database.tables[table].records, copy.column).cast(pa.string())
    is_equal = pc.or_(pc.fill_null(pc.equal(ours, wanted), False), pc.and_(ours.is_null(), wanted.is_null()))
    return ~is_equal.to_numpy(zero_copy_only=False)


def _sums(fake: Database, real: Database) -> list[Rule]:
    found: list[Rule] = []
    for table in real.plan.made if real.plan else ():
        for total in totals_of(real, table):
            child = real.plan[total.child] if real.plan else None
            assert child is not None
            assert child.driving is not None
            rows, own = fake.links[child.name, child.driving.name], fake.tables[table.name].records
            sums = summed(fake.tables[child.name].records, total.factors, rows, len(own))
            values = floats_of(cells_of(own, total.column))
            has_any = np.bincount(rows[rows >= 0], minlength=len(own)) > 0
            broken = has_any & (np.abs(sums - values) > _HALF_A_CENT)
            words = f"{table.name}: {total.column} is the sum of {total.child}.{' * '.join(total.factors)}"
            found.append(Rule(words, (total.column,), broken, None))
    return found

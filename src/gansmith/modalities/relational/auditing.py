"""What is wrong with a database before anything is learnt from it."""

from __future__ import annotations

import numpy as np

from gansmith.findings import SPOILS, WEAKENS, WORTH_KNOWING, Finding, named, worst_first
from gansmith.modalities.relational.records import Database, key_cells
from gansmith.tabular.cells import are_again, cells_of


def audit(database: Database) -> tuple[Finding, ...]:
    """What is to be known of a database before it is learnt from, the worst first; see `Auditing`."""
    return worst_first([*_orphans(database), *_repeated(database), *_alone(database)])


def _orphans(database: Database) -> list[Finding]:
    """Rows that point at rows that are not there."""
    found: list[Finding] = []
    for table in database.schema.tables:
        for key in table.foreign_keys:
            records = database.tables[table.name].records
            is_set = np.ones(len(records), bool)
            for name in key.columns:
                is_set &= cells_of(records, name).is_valid().to_numpy(zero_copy_only=False)
            n = int((is_set & (database.links[table.name, key.name] < 0)).sum())
            if n:
                said = f"{n:,} of {len(records):,} rows of {table.name} point at no row of {key.parent}"
                cure = f"They are learnt as rows without {key.name}; new rows never point at nothing."
                found.append(Finding("orphans", WEAKENS, said, cure, (key.name,), n))
    return found


def _repeated(database: Database) -> list[Finding]:
    """Keys that are not unique."""
    found: list[Finding] = []
    for table in database.schema.tables:
        if table.primary_key:
            n = int(are_again(key_cells(database.tables[table.name].records, table.primary_key)).sum())
            if n:
                said = f"{n:,} rows of {table.name} have a key that an earlier one has"
                cure = "New rows each have one of their own. Clean the data, or name another with --schema."
                found.append(Finding("repeated keys", SPOILS, said, cure, table.primary_key, n))
    return found


def _alone(database: Database) -> list[Finding]:
    """Tables that nothing joins to others."""
    pointed_at = {key.parent for one in database.schema.tables for key in one.foreign_keys}
    alone = [
        one.name for one in database.schema.tables if not one.foreign_keys and one.name not in pointed_at
    ]
    if not alone or len(database.schema.tables) < 2:
        return []
    said = f"no key joins these tables to others: {named(alone)}"
    cure = "Each is learnt by itself. --schema FILE declares keys that are missing."
    return [Finding("alone", WORTH_KNOWING, said, cure, (), len(alone))]

"""A part of a database: whole families, drawn while it is read."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from relational_shops import shop, sqlite_shop

from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.format import RelationalFormat

FORM = RelationalFormat()
MOST = 2_000


@pytest.fixture(scope="module")
def tables():
    return shop(1_500, 3)


def _checked(read, tables):
    """Families that count are whole, and whatever is pointed at is there."""
    assert 0.5 * MOST < read.n_rows < 1.5 * MOST
    assert len(read.tables["channels"]) == 3
    for table in read.schema.tables:
        for key in table.foreign_keys:
            assert (read.links[table.name, key.name] >= 0).all(), key.name
    owners = np.array(tables["orders"]["customer_id"].to_pylist())
    wanted = dict(zip(*np.unique(owners, return_counts=True), strict=True))
    chosen = np.flatnonzero(read.counts("customers"))
    customers = read.tables["customers"].records["customer_id"].to_numpy()[chosen]
    n_orders = np.bincount(read.links["orders", "customer_id"], minlength=len(read.tables["customers"]))
    assert len(customers) > 20
    assert [int(n) for n in n_orders[chosen]] == [wanted.get(one, 0) for one in customers]


def test_families_are_drawn_while_a_database_is_read(tmp_path, tables):
    address = sqlite_shop(tmp_path / "shop.db", tables)
    read = FORM.read(address, RelationalOptions(most_rows=MOST))
    _checked(read, tables)
    assert any("whole families" in note for note in read.notes)
    again = FORM.read(address, RelationalOptions(most_rows=MOST))
    assert FORM.fingerprint(again) == FORM.fingerprint(read)
    everything = FORM.read(address, RelationalOptions(most_rows=1_000_000))
    assert everything.families is None


def test_families_of_a_folder_are_drawn_as_well(tmp_path, tables):
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    _checked(FORM.read(tmp_path, RelationalOptions(most_rows=MOST)), tables)

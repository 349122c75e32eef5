"""Keys that are found, declared and refused; what each is for; in which order tables are made."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from relational_shops import shop, sqlite_shop

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.ddl import plain_check
from gansmith.modalities.relational.finding import words_of
from gansmith.modalities.relational.format import RelationalFormat
from gansmith.modalities.relational.schema import DatabaseSchema
from gansmith.modalities.relational.sources import cells_as_arrow, joined_cells


def read(tables, **options) -> Any:
    return RelationalFormat().read(tables, RelationalOptions(**options))


def test_keys_are_found_by_name_uniqueness_and_inclusion():
    database = read(shop())
    found = {
        f"{table.name}.{key.name}": key.parent
        for table in database.schema.tables
        for key in table.foreign_keys
    }
    assert found == {
        "orders.customer_id": "customers",
        "orders.channel_id": "channels",
        "order_lines.order_id": "orders",
        "order_lines.product_id": "products",
    }
    assert any("foreign keys found in the data" in note for note in database.notes)


def test_numbers_that_lie_in_a_key_by_chance_are_none():
    database = read(
        {
            "people": pa.table({"id": range(1, 60), "age": range(20, 79)}),
            "scores": pa.table({"id": range(1, 60), "age": [30] * 59, "rank": range(1, 60)}),
        }
    )
    assert not any(table.foreign_keys for table in database.schema.tables)
    assert any("no foreign keys were found" in note for note in database.notes)


def test_each_key_has_its_role_and_parents_come_first():
    plan = read(shop()).plan
    roles = {f"{table.name}.{link.name}": link.role for table in plan.tables for link in table.links}
    assert roles == {
        "orders.customer_id": "driving",
        "orders.channel_id": "category",
        "order_lines.order_id": "driving",
        "order_lines.product_id": "matched",
    }
    names = [table.name for table in plan.tables]
    assert names.index("customers") < names.index("orders") < names.index("order_lines")
    assert plan["channels"].way == "few"
    assert plan["customers"].numbered == "customer_id"


def test_a_key_that_follows_from_others_is_derived():
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(40), 3)
    database = read(
        {
            "customers": pa.table({"customer_id": np.arange(40), "age": rng.integers(0, 9, 40)}),
            "rentals": pa.table({"rental_id": np.arange(120), "customer_id": owner}),
            "payments": pa.table(
                {
                    "payment_id": np.arange(120),
                    "rental_id": np.arange(120),
                    "customer_id": owner,
                    "paid": rng.random(120).round(2),
                }
            ),
        }
    )
    link = database.plan["payments"].link("customer_id")
    assert (link.role, link.path) == ("derived", ("rental_id", "customer_id"))


def test_circles_are_cut_where_nobody_may_be_pointed_at():
    n = 40
    boss = pa.array([None] * 10 + list(range(10)) * 3)
    database = read(
        {
            "staff": pa.table({"staff_id": np.arange(n), "manager_id": boss, "pay": np.arange(n) % 7}),
            "teams": pa.table({"team_id": np.arange(30), "lead": pa.array([None] * 5 + list(range(25)))}),
        },
        schema={
            "tables": [
                {
                    "name": "staff",
                    "primary_key": ["staff_id"],
                    "foreign_keys": [
                        {"columns": ["manager_id"], "parent": "staff", "parent_columns": ["staff_id"]}
                    ],
                },
                {
                    "name": "teams",
                    "primary_key": ["team_id"],
                    "foreign_keys": [
                        {"columns": ["lead"], "parent": "staff", "parent_columns": ["staff_id"]}
                    ],
                },
            ]
        },
    )
    assert database.plan["staff"].link("manager_id").role == "late"


def test_metadata_of_sdv_is_read():
    schema = DatabaseSchema.from_json(
        {
            "tables": {
                "guests": {"columns": {"email": {"sdtype": "id"}}, "primary_key": "email"},
                "stays": {"columns": {"who": {"sdtype": "id"}}},
            },
            "relationships": [
                {
                    "parent_table_name": "guests",
                    "parent_primary_key": "email",
                    "child_table_name": "stays",
                    "child_foreign_key": "who",
                }
            ],
        }
    )
    assert schema["stays"].foreign_keys[0].parent == "guests"
    assert DatabaseSchema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"tables": [{"name": "a"}, {"name": "a"}]}, "two tables 'a'"),
        (
            {
                "tables": [
                    {
                        "name": "a",
                        "foreign_keys": [{"columns": ["x"], "parent": "b", "parent_columns": ["y"]}],
                    }
                ]
            },
            "points at 'b'",
        ),
        ({"tables": [{"name": "orders", "primary_key": ["nope"]}]}, "the column 'nope'"),
        ({"tables": [{"name": "order"}]}, "table 'order' of the schema is not there. Did you mean 'orders'?"),
    ],
)
def test_a_wrong_schema_is_refused(schema, said):
    with pytest.raises(DataError, match=said):
        read(shop(), schema=schema)


def test_orphans_and_repeated_keys_are_found():
    tables = shop()
    orders = tables["orders"]
    owners = orders["customer_id"].to_pylist()
    keys = orders["order_id"].to_pylist()
    owners[0], keys[1] = 10_000, keys[0]
    changed = orders.set_column(1, "customer_id", pa.array(owners)).set_column(0, "order_id", pa.array(keys))
    given = read(tables).schema.to_json()
    database = read({**tables, "orders": changed}, schema=given)
    found = [finding.said for finding in RelationalFormat().audit(database, "", RelationalOptions())]
    assert any("1 of" in said and "point at no row of customers" in said for said in found)
    assert any("have a key that an earlier one has" in said for said in found)


def test_tables_to_keep_must_be_there():
    with pytest.raises(UsageError, match=r"no table 'product'. Did you mean 'products'"):
        read(shop(), keep=("product",))
    assert read(shop(), keep=("products",)).plan["products"].way == "kept"


def test_names_are_taken_apart():
    assert words_of("BillingAddressID") == ("billing", "address", "id")


def test_a_check_goes_where_every_database_reads_it():
    assert plain_check("(größe > (100)::numeric)", ["größe"]) == "(größe > (100))"
    assert plain_check("tier IN ('gold', 'it''s:')", ["tier"]) == "tier IN ('gold', 'it''s:')"
    assert plain_check("length(tier) > 3", ["tier"]) == ""
    assert plain_check("tier ~ '^g'", ["tier"]) == ""


def test_cells_of_drivers_become_what_can_be_learnt():
    assert cells_as_arrow([uuid.UUID(int=5), None]).to_pylist()[0] == str(uuid.UUID(int=5))
    assert cells_as_arrow([{"b", "a"}]).to_pylist() == ["a,b"]
    assert joined_cells([pa.array([1]), pa.nulls(1), pa.array(["x"])]).to_pylist() == ["1", None, "x"]
    assert joined_cells([pa.array([1]), pa.array([1.5])]).type == pa.float64()


def test_unique_columns_of_sqlite_are_seen_however_they_are_declared(tmp_path):
    read = RelationalFormat().read(sqlite_shop(tmp_path / "shop.db", shop()), RelationalOptions())
    assert read.schema["channels"].unique == (("channel",),)

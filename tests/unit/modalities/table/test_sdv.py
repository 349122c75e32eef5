"""Metadata of SDV as a schema, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.recipe import TableRecipe
from gansmith.modalities.table.sdv import is_sdv, to_sdv
from gansmith.tabular.schema import KINDS, Column, Schema, schema_of

FORMAT, RECIPE = TableFormat(), TableRecipe()
N = 60
GUESTS: dict[str, Any] = {
    "primary_key": "guest",
    "alternate_keys": ["card"],
    "columns": {
        "guest": {"sdtype": "id", "regex_format": "G-[0-9]{3}"},
        "card": {"sdtype": "credit_card_number", "pii": True},
        "mail": {"sdtype": "email", "pii": True},
        "stars": {"sdtype": "categorical", "order_by": "numerical_value"},
        "fee": {"sdtype": "numerical", "computer_representation": "Float"},
        "member": {"sdtype": "boolean"},
        "came": {"sdtype": "datetime", "datetime_format": "%m/%d/%Y"},
        "town": {"sdtype": "city", "pii": False},
        "phone": {"sdtype": "phone_number"},
        "north": {"sdtype": "latitude", "pii": True},
    },
    "column_relationships": [{"type": "address", "column_names": ["town", "north"]}],
}


@pytest.fixture(scope="module")
def guests():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "guest": [f"G-{k:03}" for k in range(N)],
            "card": [4_000_000_000_000 + 7919 * k for k in range(N)],
            "mail": [f"{'abcdefg'[k % 7]} {k % 3}@example.org" for k in range(N)],
            "stars": rng.integers(1, 6, N),
            "fee": np.round(rng.random(N) * 30, 2),
            "member": rng.choice(["yes", "no"], N),
            "came": [f"{1 + k % 12:02}/{1 + k % 11:02}/2024" for k in range(N)],
            "town": rng.choice(["Bern", "Oslo"], N),
            "phone": rng.integers(10**8, 10**8 + 9, N),
            "north": np.round(rng.random(N) * 90, 4),
        }
    )


def _kinds(source, schema, **columns):
    table = FORMAT.read(source, TableOptions(columns=columns, schema=schema))
    return {column.name: column for column in table.schema.columns}, table.notes


def test_a_single_table(guests):
    found, notes = _kinds(guests, {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", **GUESTS})
    assert {name: column.kind for name, column in found.items()} == {
        "guest": "identifier", "card": "identifier", "mail": "invented", "stars": "category",
        "fee": "decimal", "member": "boolean", "came": "date", "town": "category",
        "phone": "identifier", "north": "decimal",
    }  # fmt: skip
    assert (found["came"].format, found["fee"].decimals) == ("%m/%d/%Y", 2)
    assert (found["card"].type, found["phone"].type) == ("int64", "int64")
    assert found["mail"].semantic_type == "email"
    for said in (
        "column_relationships",
        "order_by",
        "regex_format",
        "'north': sdtype 'latitude'",
        "'phone': an id",
    ):
        assert any(said in note for note in notes), said


def test_what_was_read_can_be_learnt_and_comes_back_as_it_was(guests):
    table = FORMAT.read(guests, TableOptions(schema=GUESTS))
    codec = TableCodec.fit(table, TableOptions(), 0)
    fake = FORMAT.returned(codec.decode(codec.encode(table, 0), 0, 0), guests)
    assert fake.dtypes.equals(guests.dtypes)


def test_a_format_decides_between_day_and_month(guests):
    """01/02/2024 may be either: the metadata knows."""
    turned = {
        **GUESTS,
        "columns": {**GUESTS["columns"], "came": {"sdtype": "datetime", "datetime_format": "%d/%m/%Y"}},
    }
    early = guests.assign(came=["03/04/2024", "05/06/2024"] * (N // 2))
    for metadata, form in ((GUESTS, "%m/%d/%Y"), (turned, "%d/%m/%Y")):
        assert _kinds(early, metadata)[0]["came"].format == form


@pytest.mark.parametrize("version", ["V1", "MULTI_TABLE_V1"])
def test_one_of_several_tables(guests, tmp_path, version):
    both = {
        "METADATA_SPEC_VERSION": version,
        "tables": {"hotels": {"columns": {"x": {"sdtype": "id"}}}, "guests": GUESTS},
        "relationships": [{"parent_table_name": "hotels", "child_table_name": "guests"}],
    }
    with pytest.raises(UsageError, match=r"'hotels', 'guests'.*--schema-table"):
        _kinds(guests, both)
    assert _kinds(guests, schema_of(both, "guests"))[0]["stars"].kind == "category"
    with pytest.raises(UsageError, match="Did you mean 'guests'"):
        schema_of(both, "guest")
    guests.to_csv(tmp_path / "guests.csv", index=False)  # the file has the table's name
    assert _kinds(tmp_path / "guests.csv", both)[0]["guest"].kind == "identifier"
    (tmp_path / "metadata.json").write_text(json.dumps(both))
    assert is_sdv(schema_of(tmp_path / "metadata.json"))


def test_a_kind_that_is_named_goes_before_the_metadata(guests):
    assert _kinds(guests, GUESTS, stars="integer", north="category")[0]["stars"].kind == "integer"


def test_columns_that_differ_are_named(guests):
    with pytest.raises(DataError, match="'fee' of the metadata is not in the table"):
        _kinds(guests.drop(columns="fee"), GUESTS)
    with pytest.raises(DataError, match="'more' is not in the metadata"):
        _kinds(guests.assign(more=1), GUESTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"METADATA_SPEC_VERSION": "V9"}, "version 'V9'"),
        ({"columns": {}}, "'columns' must be"),
        ({"columns": {"a": {}}}, "'a' has no 'sdtype'"),
        ({"columns": {"a": 3}}, "'a' has no 'sdtype'"),
        ({"primary_key": "b"}, "key 'b' is no column"),
        ({"tables": {"t": 3}}, "'tables' must be"),
        ({"tables": {}}, "0 tables"),
    ],
)
def test_what_is_no_metadata_is_refused(wrong, said):
    metadata = {"METADATA_SPEC_VERSION": "V1", "columns": {"a": {"sdtype": "numerical"}}, **wrong}
    with pytest.raises((DataError, UsageError), match=said):
        _kinds(pd.DataFrame({"a": range(9)}), metadata)


def test_numbers_that_look_like_something_else_stay_numbers():
    codes = pd.DataFrame({"a": ["007", "010", "123"] * 5})
    assert _kinds(codes, {"columns": {"a": {"sdtype": "numerical"}}})[0]["a"].kind == "decimal"
    assert _kinds(codes, {"columns": {"a": {"sdtype": "categorical"}}})[0]["a"].kind == "category"


def test_a_schema_becomes_metadata_and_comes_back(guests):
    found, _ = _kinds(guests, GUESTS)
    metadata = json.loads(json.dumps(to_sdv(Schema(tuple(found.values())), "guests")))
    assert metadata["METADATA_SPEC_VERSION"] == "V1"
    table = metadata["tables"]["guests"]
    assert (table["primary_key"], table["alternate_keys"]) == ("guest", ["card", "phone"])
    assert table["columns"]["came"] == {"sdtype": "datetime", "datetime_format": "%m/%d/%Y"}
    assert table["columns"]["fee"] == {"sdtype": "numerical", "computer_representation": "Float"}
    again, _ = _kinds(guests, metadata)
    assert {name: column.kind for name, column in again.items()} == {
        name: column.kind for name, column in found.items()
    }


@pytest.mark.parametrize("type", ["int64", "uint8"])
def test_widths_are_spelt_as_sdv_spells_them(type):
    said = to_sdv(Schema((Column("a", "integer", type),)), "t")["tables"]["t"]["columns"]["a"]
    assert said["computer_representation"] in ("Int64", "UInt8")


def test_every_kind_can_be_written():
    for kind in KINDS:
        assert to_sdv(Schema((Column("a", kind),)), "t")["tables"]["t"]["columns"]["a"]["sdtype"]

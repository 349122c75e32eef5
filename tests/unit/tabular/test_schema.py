from __future__ import annotations

import json

import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.columns import KINDS
from gansmith.tabular.schema import Column, Schema


def test_a_kind_and_a_name_are_enough():
    schema = Schema.from_json({"columns": [{"name": kind, "kind": kind} for kind in KINDS]})
    assert schema.names == tuple(KINDS)
    assert schema.arrow_schema.field("date").type == pa.date32()
    assert schema.column("integer").arrow_type == pa.int64()


def test_json_keeps_every_field():
    schema = Schema(
        (
            Column(
                "price",
                "decimal",
                decimals=2,
                is_padded=True,
                point=",",
                missing_mark="NA",
                missing_rate=0.25,
            ),
            Column("smoker", "boolean", spelling=("no", "yes")),
            Column(
                "when", "datetime", format="%d.%m.%Y %H:%M", granularity_seconds=60, stored_as="timestamp[ns]"
            ),
        )
    )
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_only_what_differs_from_the_default_is_written():
    assert Column("age", "integer").to_json() == {"name": "age", "kind": "integer", "type": "int64"}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"name": "a", "kind": "integre"}, "Did you mean 'integer'?"),
        ({"name": "a", "kind": "decimal", "decimal": 2}, "Did you mean 'decimals'?"),
        ({"name": "a"}, "column 'a': kind must be given"),
        ({"name": "", "kind": "text"}, "name must be a text of 1 or more characters"),
        ({"name": "a", "kind": "decimal", "decimals": "2"}, "column 'a': decimals must be a whole number"),
        ({"name": "a", "kind": "decimal", "decimals": 99}, "decimals must be 30 or less, not 99"),
        ({"name": "a", "kind": "date", "type": "int64"}, "type must be one of date32[day], not 'int64'"),
        ({"name": "a", "kind": "boolean", "spelling": ["no"]}, "two strings"),
        ({"name": "a", "kind": "integer", "missing_rate": 2}, "missing_rate must be 1 or less, not 2"),
        ({"name": "a", "kind": "integer", "is_padded": 1}, "true or false"),
        ({"name": "a" * 20_000, "kind": "integer"}, "name must be a text of 10000 or fewer characters"),
        ("a", "columns.item 1 must be an object"),
    ],
)
def test_a_wrong_column_is_refused_by_name(column, said):
    with pytest.raises(DataError, match=r".") as caught:
        Schema.from_json({"columns": [column]})
    assert said in str(caught.value)


@pytest.mark.parametrize("obj", [[], {}, {"columns": []}, {"columns": 3}, {"column": []}])
def test_what_is_no_schema_is_refused(obj):
    with pytest.raises(DataError, match="schema"):
        Schema.from_json(obj)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="two columns 'a'"):
        Schema((Column("a", "integer"), Column("a", "text")))


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'income'"):
        Schema((Column("income", "integer"),)).column("incme")

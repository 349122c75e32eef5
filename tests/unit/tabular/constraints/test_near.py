"""Numbers that lie near the middle of what goes with them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import request_for
from gansmith.tabular.constraints import Chain
from gansmith.tabular.constraints.finding import find, settle
from gansmith.tabular.constraints.near import Near
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column, Table

N = 600
CITIES = {"Rome": 41.9, "Oslo": 59.9, "Lima": -12.05, "Cairo": 30.04}


def places(n: int = N) -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    cities = rng.choice(list(CITIES), n).tolist()
    cities[:2] = ["Hobart", "Hobart"]  # too few to come out
    north = [CITIES.get(city, -42.88) + rng.normal(0, 0.05) for city in cities]
    return {"city": cities, "north": np.round(north, 4).tolist(), "weight": rng.normal(70, 9, n).tolist()}


@pytest.fixture(scope="module")
def table() -> Table:
    found = read_table(pa.table(places()))
    schema, _ = settle(found.records, found.schema, (), is_finding=True)
    return Table(found.records, schema, "places")


def test_what_lies_near_something_is_found_and_nothing_else(table):
    assert [rule.in_words() for rule in find(table.records, table.schema)] == [
        "north lies near the mean of its city"
    ]
    wide = places() | {"north": np.random.default_rng(1).normal(0, 20, N).tolist()}
    other = read_table(pa.table(wide))
    assert find(other.records, other.schema) == []


def test_records_come_back_as_they_were(table):
    chain = Chain.fit(table.records, table.schema)
    back = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    assert back.equals(table.records)
    gaps = pa.table({**places(), "north": [None if k % 5 else 41.9 for k in range(N)]})
    assert chain.reduce(gaps).column("north").null_count == N - N // 5


def test_whatever_is_made_lies_near_and_no_rare_middle_is_kept(table):
    codec = TableCodec.fit(table, TableOptions(min_count=5), 0)
    (rule,) = codec.rows.chain.constraints
    assert isinstance(rule, Near)
    assert sorted(rule.keys.to_pylist()) == sorted(CITIES)
    compact = np.random.default_rng(0).permuted(codec.encode(table, 0).numpy(), axis=0)
    made = codec.decode(codec.encode(table, 0).new_tensor(compact), 0, 0).records.to_pydict()
    apart = [abs(n - CITIES[c]) for c, n in zip(made["city"], made["north"], strict=True)]
    assert max(apart) < 0.2
    state, tensors = codec.state()
    again = TableCodec.from_state(json.loads(json.dumps(state)), tensors)
    assert again.decode(codec.encode(table, 0), 0, 0).records.equals(
        codec.decode(codec.encode(table, 0), 0, 0).records
    )
    asked = request_for(codec, ["north=41.9"])
    assert asked.wanted.columns == ()  # it depends on the city, and is looked for


def test_a_number_far_from_its_middle_breaks_the_rule(table):
    chain = Chain.fit(table.records, table.schema, 5)
    some = pa.table(
        {"city": ["Rome", "Rome", None, "Bonn"], "north": [41.9, 59.9, 41.9, 12.0], "weight": [1.0] * 4}
    )
    assert chain.violating(some).tolist() == [False, True, False, True]


def test_a_declared_rule_and_a_hostile_one(table):
    given = [{"kind": "near", "column": "weight", "by": "city"}]
    schema, _ = settle(table.records, read_table(pa.table(places())).schema, given, is_finding=False)
    chain = Chain.fit(table.records, schema, 5)
    back = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    assert not chain.violating(back).any()
    (state,) = chain.state()
    for wrong in ({"middles": [1.0]}, {"keys": ["Rome"] * 4}, {"reach": float("nan")}, {"keys": "Rome"}):
        with pytest.raises(DataError):
            Chain.from_state([{**state, **wrong}], schema)
    with pytest.raises(DataError, match="a number without special values"):
        Near(Column("a", "category"), Column("b", "category"))
    with pytest.raises(DataError, match="looked up"):
        Near(Column("a", "decimal"), Column("b", "text"))

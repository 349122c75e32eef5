"""Many codes that go with one value each: found, made anew, kept with their value."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.constraints import Chain
from gansmith.tabular.constraints.finding import find, settle
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed

N = 2_000
N_CITIES = 40
MIN_COUNT = 5


def post_codes(seed=0):
    """Cities of very different size, each with codes that begin alike."""
    rng = np.random.default_rng(seed)
    sizes = 1 / np.arange(1, N_CITIES + 1)
    city = rng.choice(N_CITIES, N, p=sizes / sizes.sum())
    area = np.random.default_rng(9).permutation(900)[:N_CITIES] + 100
    codes = [f"{area[k]}{code:02d}" for k, code in zip(city, rng.integers(0, 100, N), strict=True)]
    return {"code": codes, "city": [f"city {k}" for k in city]}, dict(
        zip(area.astype(str), range(N_CITIES), strict=True)
    )


@pytest.fixture(scope="module", params=["integer", "text"])
def table(request):
    return read_table(pa.table(post_codes()[0]), overrides={"code": request.param})


@pytest.fixture(scope="module")
def chain(table):
    schema, _ = settle(table.records, table.schema, [], is_finding=True)
    return Chain.fit(table.records, schema, MIN_COUNT)


def test_codes_of_few_records_are_found(table):
    found = [rule.to_json() for rule in find(table.records, table.schema)]
    assert found == [{"kind": "codes", "column": "code", "by": "city"}]


def test_made_codes_belong_to_their_city_and_rare_ones_stay_in(table, chain):
    counts = Counter(map(str, table.records.column("code").to_pylist()))
    areas = post_codes()[1]
    made = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    for code, city in zip(*made.to_pydict().values(), strict=True):
        assert f"city {areas[str(code)[:3]]}" == city
    assert not chain.violating(made).any()
    (rule,) = chain.constraints
    assert all(
        counts[text] >= MIN_COUNT for text, rest in zip(rule.beginnings, rule.shapes, strict=True) if not rest
    )
    for text in rule.beginnings:
        assert sum(n for code, n in counts.items() if code.startswith(text)) >= MIN_COUNT


def test_cities_stay_as_frequent_and_missing_codes_missing():
    frame = post_codes()[0]
    frame["code"] = pa.array(frame["code"], mask=np.random.default_rng(1).random(N) < 0.2)
    table = read_table(pa.table(frame))
    schema, _ = settle(table.records, table.schema, [], is_finding=True)
    chain = Chain.fit(table.records, schema, 1)
    made = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    assert made.column("city").equals(table.records.column("city"))
    assert made.column("code").is_null().equals(table.records.column("code").is_null())


def test_a_code_that_is_asked_for_asks_for_its_city(table, chain):
    code = table.records.column("code").combine_chunks()[:1]
    city = table.records.column("city")[0].as_py()
    asked, sought = chain.conditions_for({"code": code})
    assert asked["city"].to_pylist() == [city]
    made = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    nudged = chain.nudged(made, {name: cell[0] for name, cell in sought.items()})
    assert {row["city"] for row in nudged.to_pylist() if row["code"] == code[0].as_py()} == {city}
    other = pa.array([99]).cast(code.type)
    with pytest.raises(UsageError, match="no city is known of code=99"):
        chain.conditions_for({"code": other})


def test_a_code_tells_the_city_of_a_partial_record(table, chain):
    partial = table.records.set_column(1, "city", pa.nulls(N, pa.string()))
    told = chain.told(partial).column("city").to_pylist()
    assert {
        mine
        for mine, real in zip(told, table.records.column("city").to_pylist(), strict=True)
        if mine != real
    } <= {None}


def test_a_state_made_by_hand_is_refused(chain):
    state = json.loads(json.dumps(chain.state()))
    assert Chain.from_state(state, chain.schema).state() == state
    n = len(state[0]["owners"])
    for change in ({"owners": [0] * n}, {"owners": [n] * n}, {"counts": [0] * n}, {"shapes": ["9" * 99] * n}):
        with pytest.raises(DataError, match="constraint 1"):
            Chain.from_state([{**state[0], **change}], chain.schema)


def test_codes_that_go_with_anything_are_not_found():
    frame = post_codes()[0]
    frame["city"] = np.random.default_rng(5).permutation(frame["city"]).tolist()
    table = read_table(pa.table(frame))
    assert find(table.records, table.schema) == []


def test_keys_are_no_codes_for_what_they_begin_with_tells_nothing():
    rng = np.random.default_rng(0)
    keys = 10_000 + 7 * (300 * rng.random(N) ** 1.6).astype(int)
    tiers = np.random.default_rng(1).choice(["bronze", "silver", "gold"], 20_000, p=[0.6, 0.3, 0.1])
    records = pa.table({"customer": [f"C{key}" for key in keys], "tier": tiers[keys]})
    assert [rule.kind for rule in find(records, read_table(records).schema)] == []


def test_a_column_that_another_one_says_is_there_is_no_code():
    rng = np.random.default_rng(0)
    pattern = rng.choice(["number", "PC", "other"], N)
    number = [
        f"{rng.integers(1_000, 1_600) if one == 'PC' else rng.integers(2_000, 2_600)}" for one in pattern
    ]
    records = pa.table({"pattern": pattern, "number": pa.array(number, mask=pattern == "other")})
    schema = read_table(records, overrides={"number": "text"}).schema
    assert not [rule for rule in find(records, schema) if rule.kind == "codes"]


def test_no_code_is_made_anew_where_nearly_all_are_shared():
    rng = np.random.default_rng(0)
    cities, places = rng.integers(0, 12, N), rng.integers(0, 12, N)
    codes = [f"{10 + 7 * city}{11 * place:03}" for city, place in zip(cities, places, strict=True)]
    codes[:3] = ["99001", "99002", "99003"]
    rows = {"code": codes, "city": [f"city {k}" for k in cities[:-1]] + ["city 5"]}
    rows["city"][:3] = ["far"] * 3
    rows["code"][-1] = "45000"
    table = read_table(pa.table(rows), overrides={"code": "text"})
    schema = replace(table.schema, constraints=({"kind": "codes", "column": "code", "by": "city"},))
    chain = Chain.fit(table.records, schema, MIN_COUNT)
    made = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    counts = Counter(codes)
    assert all(counts[code] >= MIN_COUNT for code in made.column("code").to_pylist())
    assert "far" not in made.column("city").to_pylist()

"""Constraints taken out and put back, one kind after the other and all of them together."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.errors import DataError, UsageError
from gansmith.tabular.constraints import KINDS, Chain
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed

N = 400
RULES = [
    {"kind": "dependency", "by": "school", "column": "years"},
    {"kind": "combinations", "columns": ["city", "country"]},
    {"kind": "one_of", "columns": ["red", "green", "blue"]},
    {"kind": "sum", "total": "total", "parts": ["fare", "tip"]},
    {"kind": "inequality", "low": "start", "high": "end"},
    {"kind": "inequality", "low": "small", "high": "large", "strict": True},
    {"kind": "range", "column": "total", "low": 0, "high": 60},
    {"kind": "missing_together", "columns": ["a", "b"]},
    {"kind": "unique", "columns": ["small", "large", "city"]},
    {"kind": "format", "column": "plate", "pattern": "[A-C]{2}-[0-9]{3}"},
    {"kind": "part", "column": "weekday", "of": "start", "part": "weekday"},
    {"kind": "elapsed", "column": "hours", "start": "start", "end": "end", "unit": "hours"},
    {"kind": "product", "column": "price", "factors": ["fare", "years"], "times": 0.5},
    {
        "kind": "text",
        "column": "called",
        "columns": ["city", "country"],
        "template": "{city:upper} ({country})",
    },
    {"kind": "codes", "column": "post", "by": "state"},
    {"kind": "missing_when", "column": "note", "by": "school", "values": ["none", "top"]},
    {"kind": "one_present", "columns": ["debit", "credit"]},
    {"kind": "near", "column": "width", "by": "state"},
]


def records() -> pa.Table:
    rng = np.random.default_rng(0)
    school = rng.integers(0, 4, N)
    city = rng.integers(0, 3, N)
    colour = rng.integers(0, 3, N)
    fare, tip = rng.gamma(2, 5, N).round(2), rng.gamma(1, 2, N).round(2)
    start = rng.integers(0, 10**6, N)
    small = rng.integers(0, 50, N) + np.arange(N) * 100
    gone = rng.random(N) < 0.3
    no_start, no_end = rng.random(N) < 0.1, rng.random(N) < 0.1
    end = start + rng.integers(0, 9000, N)
    fare = np.minimum(fare, 30)
    post = rng.integers(0, 1000, N)
    return pa.table(
        {
            "school": np.array(["none", "low", "high", "top"])[school],
            "years": np.array([0, 9, 12, 16])[school],
            "city": np.array(["Paris", "Rome", "Rome"])[city],
            "country": np.array(["France", "Italy", "US"])[city],
            "red": (colour == 0).astype(int),
            "green": (colour == 1).astype(int),
            "blue": (colour == 2).astype(int),
            "fare": fare,
            "tip": np.minimum(tip, 30),
            "total": (fare + np.minimum(tip, 30)).round(2),
            "start": pa.array(start * 10**6, mask=no_start).cast(pa.timestamp("us")),
            "end": pa.array(end * 10**6, mask=no_end).cast(pa.timestamp("us")),
            "small": small,
            "large": small + 1 + rng.integers(0, 9, N) * 7,
            "a": pa.array(rng.normal(size=N).round(3), mask=gone),
            "b": pa.array(rng.choice(["x", "y"], N), mask=gone),
            "weekday": pa.array(np.array(list("DFSSMDM"))[start // 86_400 % 7], mask=no_start),
            "hours": pa.array((end - start) // 3600, mask=no_start | no_end),
            "called": [f"{('PARIS', 'ROME', 'ROME')[k]} ({('France', 'Italy', 'US')[k]})" for k in city],
            "price": (np.array([0, 9, 12, 16])[school] * fare / 2).round(2),
            "note": pa.array(rng.choice(["p", "q"], N), mask=np.isin(school, (0, 3))),
            "debit": pa.array(np.arange(N) * 7 % 400, mask=np.arange(N) % 3 == 0),
            "credit": pa.array(np.arange(N) * 11 % 400, mask=np.arange(N) % 3 != 0),
            "state": np.array(["north", "south"])[post // 500],
            "post": [f"{k:03d}" for k in post],
            "width": (post // 500 * 40 + rng.random(N)).round(2),
            "plate": [f"{'ABC'[i % 3]}{'ABC'[i // 3 % 3]}-{i % 1000:03d}" for i in range(N)],
        }
    )


@pytest.fixture(scope="module")
def table():
    return read_table(records(), overrides={"plate": "text", "post": "text"})


@pytest.fixture(scope="module")
def chain(table):
    return Chain.fit(table.records, settle(table.records, table.schema, RULES, is_finding=False)[0])


def test_every_kind_is_tried_here():
    assert {str(rule["kind"]) for rule in RULES} == set(KINDS)


def test_what_is_taken_out_comes_back(table, chain):
    reduced = chain.reduce(table.records)
    assert reduced.schema.names == table.records.schema.names
    for name in ("years", "country", "green", "blue", "total"):
        assert reduced.column(name).null_count == N
    assert reduced.column("red").to_pylist()[:2] != table.records.column("red").to_pylist()[:2]
    back = chain.restore(reduced, np.random.default_rng(0), Keyed())
    made_anew = {"plate", "post"}
    for name in set(table.schema.names) - made_anew:
        assert back.column(name).to_pylist() == table.records.column(name).to_pylist(), name
    assert back.schema.types == table.records.schema.types


def test_the_reduced_columns_are_what_their_schema_says(table, chain):
    reduced = chain.reduce(table.records)
    for column in chain.reduced.columns:
        assert reduced.column(column.name).type == column.arrow_type, column
    assert chain.reduced.column("end").kind == "integer"
    assert chain.reduced.column("city").kind == "category"


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_any_reduced_records_come_back_keeping_all_rules(table, chain, seed):
    rng = np.random.default_rng(seed)
    reduced = chain.reduce(table.records)
    shuffled = pa.table(  # every column on its own: what a bad generator would make
        {name: reduced.column(name).take(pa.array(rng.permutation(N))) for name in reduced.schema.names}
    )
    back = chain.restore(shuffled, rng, Keyed())
    assert not chain.violating(back).any()
    for constraint in chain.constraints:
        if constraint.kind != "unique":
            assert not constraint.violating(back).any(), constraint.in_words()


def test_a_chain_survives_its_state(table, chain):
    again = Chain.from_state(json.loads(json.dumps(chain.state())), chain.schema)
    reduced = chain.reduce(table.records)
    assert again.order == chain.order
    assert again.reduce(table.records).equals(reduced)
    ours, theirs = (
        one.restore(reduced, np.random.default_rng(3), Keyed(first_index=7)) for one in (chain, again)
    )
    assert ours.equals(theirs)


@pytest.mark.parametrize("index", range(len(RULES)))
@pytest.mark.parametrize(
    "change",
    [
        lambda state: {**state, "more": 1},
        lambda state: [],
        lambda state: (
            {key: state[key][1:] if key == min(state) else state[key] for key in state}
            if all(isinstance(value, list) for value in state.values())
            else {**state, "reference": "x"}
        ),
        lambda state: {key: [{}] * 3 for key in state},
        lambda state: dict.fromkeys(state),
    ],
)
def test_a_state_made_by_hand_is_refused(chain, index, change):
    state = json.loads(json.dumps(chain.state()))
    changed = change(state[index])
    if changed == state[index]:
        pytest.skip("this kind has learnt nothing")
    state[index] = changed
    with pytest.raises(DataError, match=f"constraint {index + 1}"):
        Chain.from_state(state, chain.schema)


def test_an_inequality_of_a_hostile_model_is_refused(chain):
    for values in ([float("nan")] * 41, [1e300] * 41, list(range(41, 0, -1)), [True, "x"], None):
        state = chain.state()
        state[4] = {**state[4], "quantiles": values}
        with pytest.raises(DataError, match="constraint 5"):
            Chain.from_state(state, chain.schema)


# --- Order --------------------------------------------------------------------------------------------------


def settled(frame, rules):
    table = read_table(pa.table(frame))
    return table, Chain.fit(table.records, settle(table.records, table.schema, rules, is_finding=False)[0])


def test_constraints_build_on_each_other():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 100, 300), rng.integers(0, 100, 300)
    c = a + b + rng.integers(0, 40, 300)
    rules = [
        {"kind": "inequality", "low": "total", "high": "c"},
        {"kind": "inequality", "low": "c", "high": "d"},
        {"kind": "sum", "total": "total", "parts": ["a", "b"]},
    ]
    frame = {"a": a, "b": b, "total": a + b, "c": c, "d": c + rng.integers(0, 5, 300)}
    table, chain = settled(frame, rules)
    assert chain.order == (2, 0, 1)
    back = chain.restore(chain.reduce(table.records), rng, Keyed())
    assert back.equals(table.records)


def test_of_a_circle_one_column_stays_in_the_game():
    values = np.random.default_rng(0).integers(0, 5, 200)
    rules = [
        {"kind": "dependency", "by": "a", "column": "b"},
        {"kind": "dependency", "by": "b", "column": "a"},
    ]
    _, chain = settled({"a": values, "b": values * 3}, rules)
    assert chain.order == (0,)
    assert chain.taking("a") is None
    assert chain.taking("b") is not None


def test_a_column_is_put_back_by_the_first_rule_alone():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 100, 200), rng.integers(0, 100, 200)
    rules = [
        {"kind": "inequality", "low": "a", "high": "c"},
        {"kind": "inequality", "low": "b", "high": "c"},
    ]
    _, chain = settled({"a": a, "b": b, "c": np.maximum(a, b) + 1}, rules)
    assert chain.order == (0,)
    broken = pa.table({"a": [1, 1], "b": [9, 1], "c": [3, 3]})
    assert chain.violating(broken).tolist() == [True, False]


# --- What is asked for --------------------------------------------------------------------------------------


def cell(chain, name, value):
    return {name: pa.array([value]).cast(chain.schema.column(name).arrow_type)}


def test_what_a_decided_column_shall_be_is_asked_of_the_deciding_one(chain):
    cells, sought = chain.conditions_for(cell(chain, "years", 12))
    assert {name: found[0].as_py() for name, found in cells.items()} == {"school": "high"}
    assert not sought
    with pytest.raises(UsageError, match="no record has school=low and years=16"):
        chain.conditions_for(cell(chain, "school", "low") | cell(chain, "years", 16))


def test_one_of_several_columns_is_asked_of_the_category(chain):
    cells, sought = chain.conditions_for(cell(chain, "green", 1))
    assert {name: found[0].as_py() for name, found in cells.items()} == {"red": "green"}
    assert not sought
    cells, sought = chain.conditions_for(cell(chain, "green", 0))
    assert not cells
    assert list(sought) == ["green"]
    with pytest.raises(UsageError, match="both red=1 and blue=1"):
        chain.conditions_for(cell(chain, "red", 1) | cell(chain, "blue", 1))


def test_a_combination_is_asked_for_when_there_is_only_one(chain):
    cells, sought = chain.conditions_for(cell(chain, "country", "Italy"))
    assert list(cells) == ["city"]
    assert not sought
    cells, sought = chain.conditions_for(cell(chain, "city", "Rome"))
    assert not cells
    assert list(sought) == ["city"]


def test_a_missing_cell_is_asked_of_the_first_of_those_that_are_missing_together(chain):
    cells, sought = chain.conditions_for(cell(chain, "b", None))
    assert list(cells) == ["a"]
    assert not cells["a"][0].is_valid
    assert not sought


def test_a_high_value_is_looked_for_among_those_near_it(table, chain):
    cells, sought = chain.conditions_for(cell(chain, "large", 20_000))
    assert not cells
    nudged = chain.nudged(table.records, {name: found[0] for name, found in sought.items()})
    before, after = (one.column("large").to_numpy() for one in (table.records, nudged))
    assert 20 < (after == 20_000).sum() < 120
    assert np.abs(before[after == 20_000] - 20_000).max() < 6_000
    assert (before == after)[after != 20_000].all()
    with pytest.raises(UsageError, match="no value 999999"):
        chain.conditions_for(cell(chain, "large", 999_999))


def test_what_no_constraint_touches_is_asked_for_as_it_is(chain):
    asked = cell(chain, "fare", 3.5)
    assert chain.conditions_for(asked) == (asked, {})


# --- Privacy ------------------------------------------------------------------------------------------------


def test_values_that_are_never_made_are_not_kept(chain):
    kept = chain.keeping({"school": pa.array(["none", "top"])})
    assert set(kept.state()[0]["keys"]) == {"none", "top"}
    assert set(kept.state()[0]["values"]) == {"0", "16"}
    names, (cities, _) = (chain.state()[1][key] for key in ("names", "values"))
    made = [name for name, city in zip(names, cities, strict=True) if city == "Paris"]
    assert chain.keeping({"city": pa.array(made)}).state()[1] == {
        "names": made,
        "values": [["Paris"], ["France"]],
    }


# --- Single kinds -------------------------------------------------------------------------------------------


def test_an_unknown_number_takes_the_nearest_key():
    by = np.repeat([10, 20, 40], 50)
    table, chain = settled({"by": by, "to": by * 2}, [{"kind": "dependency", "by": "by", "column": "to"}])
    reduced = chain.reduce(table.records).slice(0, 3)
    moved = reduced.set_column(0, "by", pa.array([12, 33, 99]))
    back = chain.restore(moved, np.random.default_rng(0), Keyed())
    assert back.to_pydict() == {"by": [10, 40, 40], "to": [20, 80, 80]}


def test_a_date_stays_before_a_moment():
    day = datetime.date(2020, 1, 1)
    frame = {
        "day": pa.array([day + datetime.timedelta(days=i % 90) for i in range(200)]),
        "at": pa.array(
            [datetime.datetime(2020, 1, 1 + i % 28, 5) + datetime.timedelta(days=90) for i in range(200)]
        ),
    }
    table, chain = settled(frame, [{"kind": "inequality", "low": "day", "high": "at"}])
    back = chain.restore(chain.reduce(table.records), np.random.default_rng(0), Keyed())
    assert back.equals(table.records)


def test_decimals_of_other_precision_keep_the_order():
    rng = np.random.default_rng(0)
    low = rng.random(300).round(3)
    frame = {"low": low, "high": np.ceil(low * 10 + rng.random(300) * 3) / 10}
    table, chain = settled(frame, [{"kind": "inequality", "low": "low", "high": "high"}])
    reduced = chain.reduce(table.records)
    mixed = reduced.set_column(1, "high", reduced.column("high").take(pa.array(rng.permutation(300))))
    back = chain.restore(mixed, rng, Keyed())
    assert not chain.violating(back).any()
    high = back.column("high").to_numpy()
    assert (high == high.round(1)).all()


def test_a_range_of_dates_is_kept_to():
    days = pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in range(60)])
    rule = {"kind": "range", "column": "day", "low": "2020-01-01", "high": "2020-03-31"}
    _, chain = settled({"day": days, "n": np.arange(60) % 7}, [rule])
    late = pa.table({"day": pa.array([datetime.date(2021, 5, 5), None]), "n": [1, 1]})
    back = chain.restore(late, np.random.default_rng(0), Keyed())
    assert back.column("day").to_pylist() == [datetime.date(2020, 3, 31), None]


def test_texts_of_a_format_are_new_and_identifiers_differ():
    plates = [f"AB{i:04d}" for i in range(200)]
    table = read_table(pa.table({"plate": plates, "n": np.arange(200) % 7}))
    assert table.schema.column("plate").kind == "identifier"
    rule = {"kind": "format", "column": "plate", "pattern": "[A-Z]{2}[0-9]"}
    with pytest.raises(DataError, match="record 1 breaks 'plate matches"):
        settle(table.records, table.schema, [rule], is_finding=False)
    schema, _ = settle(
        table.records, table.schema, [{**rule, "pattern": "[AB]{2}[0-9]{4}"}], is_finding=False
    )
    chain = Chain.fit(table.records, schema)
    first, second = (
        chain.restore(table.records, np.random.default_rng(0), Keyed(first_index=k)) for k in (0, 200)
    )
    made = first.column("plate").to_pylist() + second.column("plate").to_pylist()
    assert len(set(made)) == 400
    with pytest.raises(DataError, match="40,000 texts"):
        chain.restore(table.records, np.random.default_rng(0), Keyed(first_index=39_900))


def test_of_a_key_the_second_record_is_the_wrong_one(chain):
    unique = chain.uniques[0]
    twice = pa.table({"small": [1, 1, None, None], "large": [2, 2, 2, 2], "city": ["a"] * 4})
    assert unique.violating(twice).tolist() == [False, True, False, False]

"""Rules found in the data: those that hold are, those that chance explains are not."""

from __future__ import annotations

import datetime
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.tabular.constraints.finding import MAX_NOTES, find, settle
from gansmith.tabular.files import read_table

N = 2_000


def rng():
    return np.random.default_rng(0)


def rules(frame):
    table = read_table(pa.table(frame))
    return [constraint.to_json() for constraint in find(table.records, table.schema)]


def test_independent_columns_have_no_rules():
    frame = {f"n{i}": rng().permutation(N * 3)[:N] % (7 + 31 * i) for i in range(6)}
    frame |= {f"c{i}": np.random.default_rng(i).choice(list("abcdefgh"), N) for i in range(6)}
    frame |= {f"b{i}": np.random.default_rng(i).random(N) < 0.02 for i in range(6)}
    assert rules(frame) == []


def test_a_column_that_decides_another_is_found_and_the_text_goes_first():
    code = rng().integers(0, 12, N)
    frame = {
        "years": code + 3,
        "school": [f"school {k}" for k in code],
        "stage": code // 4,
        "other": code % 5,
    }
    assert rules(frame) == [
        {"kind": "dependency", "by": "school", "column": "years"},
        {"kind": "dependency", "by": "school", "column": "stage"},
        {"kind": "dependency", "by": "school", "column": "other"},
    ]


def test_the_nearest_column_decides():
    zip_code = rng().integers(0, 60, N)
    frame = {
        "zip": [f"z{k}" for k in zip_code],
        "city": [f"c{k // 3}" for k in zip_code],
        "land": [f"l{k // 12}" for k in zip_code],
    }
    assert rules(frame) == [
        {"kind": "dependency", "by": "zip", "column": "city"},
        {"kind": "dependency", "by": "city", "column": "land"},
    ]


def test_one_exception_is_enough():
    code = rng().integers(0, 12, N)
    decided = code // 4
    decided[-1] = (decided[-1] + 1) % 3
    total = np.arange(N) % 17
    assert rules({"code": [f"k{k}" for k in code], "stage": decided}) == []
    a, b = rng().random((2, N)).round(2)
    broken = (a + b).round(2)
    broken[7] += 0.5
    assert [rule for rule in rules({"a": a, "b": b, "c": broken, "n": total}) if rule["kind"] == "sum"] == []


def test_values_that_are_nearly_unique_decide_nothing():
    code = rng().permutation(N) // 3  # each value three times
    assert rules({"code": [f"k{k}" for k in code], "group": code % 4}) == []


def test_a_rare_column_is_not_decided_by_chance():
    rare = np.zeros(N, int)
    rare[[5, 900]] = 1
    street = [f"s{k}" for k in rng().integers(0, 150, N)]
    street[5], street[900] = "only here", "and here"
    assert rules({"street": street, "rare": rare}) == []


def test_a_category_spread_over_columns_is_found_beside_another():
    first, second = rng().integers(0, 4, N), np.random.default_rng(1).integers(0, 6, N)
    frame = {f"area{k}": (first == k).astype(int) for k in range(4)}
    frame |= {f"soil{k}": (second == k).astype(int) for k in range(6)}
    frame["other"] = np.random.default_rng(2).integers(0, 2, N)
    assert rules(frame) == [
        {"kind": "one_of", "columns": [f"area{k}" for k in range(4)]},
        {"kind": "one_of", "columns": [f"soil{k}" for k in range(6)]},
    ]


def test_sums_are_found_one_upon_the_other():
    fare, tip, tolls, tax = rng().gamma(2, 5, (4, N)).round(2)
    total = (fare + tip + tolls).round(2)
    frame = {
        "total": total,
        "fare": fare,
        "tip": tip,
        "tolls": tolls,
        "tax": tax,
        "paid": (total + tax).round(2),
    }
    found = [rule for rule in rules(frame) if rule["kind"] == "sum"]
    assert {"kind": "sum", "total": "total", "parts": ["fare", "tip", "tolls"]} in found
    assert len(found) == 2
    assert found[1]["total"] == "paid"


def test_a_copy_is_found():
    fare = rng().gamma(2, 5, N).round(2)
    assert rules({"fare": fare, "again": fare}) == [{"kind": "sum", "total": "again", "parts": ["fare"]}]


def test_an_order_is_found_along_a_chain_and_useless_ones_are_not():
    start = rng().integers(0, 10**6, N)
    middle = start + rng().integers(0, 10**4, N)
    end = middle + np.random.default_rng(1).integers(0, 10**4, N)
    moments = [pa.array(values * 10**6).cast(pa.timestamp("us")) for values in (start, middle, end)]
    frame = dict(zip(("start", "middle", "end"), moments, strict=True))
    frame |= {"age": rng().integers(18, 80, N), "weight": np.random.default_rng(3).integers(10**4, 10**6, N)}
    assert rules(frame) == [
        {"kind": "inequality", "low": "start", "high": "middle"},
        {"kind": "inequality", "low": "middle", "high": "end"},
    ]


def test_an_order_is_found_among_missing_cells():
    low = rng().random(N)
    high = low + np.random.default_rng(1).random(N)
    frame = {
        "low": pa.array(low, mask=np.random.default_rng(2).random(N) < 0.3),
        "high": pa.array(high, mask=np.random.default_rng(3).random(N) < 0.3),
    }
    assert rules(frame) == [{"kind": "inequality", "low": "low", "high": "high"}]


def test_cells_that_are_missing_together_are_found():
    gone = rng().random(N) < 0.1
    frame = {
        name: pa.array(np.random.default_rng(seed).random(N), mask=gone) for seed, name in enumerate("ab")
    }
    frame["c"] = pa.array(np.random.default_rng(9).random(N), mask=np.roll(gone, 1))
    assert rules(frame) == [{"kind": "missing_together", "columns": ["a", "b"]}]


def test_a_column_that_is_missing_exactly_with_some_values_of_another_is_found():
    status = rng().choice(["open", "sent", "back"], N)
    frame = {
        "status": status,
        "sent": pa.array(np.random.default_rng(1).normal(size=N), mask=status == "open"),
        "why": pa.array(np.random.default_rng(2).choice(["a", "b"], N), mask=status != "back"),
        "any": pa.array(
            np.random.default_rng(3).choice(["a", "b"], N), mask=np.random.default_rng(4).random(N) < 0.3
        ),
    }
    assert rules(frame) == [
        {"kind": "missing_when", "column": "sent", "by": "status", "values": ["open"]},
        {"kind": "missing_when", "column": "why", "by": "status", "values": ["open", "sent"]},
    ]


def test_no_rule_names_a_value_that_one_record_has():
    status = rng().choice(["open", "sent", "back"], N).astype(object)
    status[7] = "lost"
    sent = np.random.default_rng(1).normal(size=N)
    assert (
        rules({"status": status, "sent": pa.array(sent, mask=np.isin(status.astype(str), ["open", "lost"]))})
        == []
    )
    (found,) = rules({"status": status, "sent": pa.array(sent, mask=status == "open")})
    assert found["values"] == ["open"]


def test_few_records_prove_nothing():
    code = np.arange(90) % 3
    assert rules({"a": [f"k{k}" for k in code], "b": code}) == []


def test_what_is_declared_is_not_found_again_and_a_schema_that_speaks_of_it_is_believed():
    code = rng().integers(0, 12, N)
    table = read_table(pa.table({"school": [f"s{k}" for k in code], "years": code}))
    declared = {"kind": "dependency", "by": "years", "column": "school"}
    schema, notes = settle(table.records, table.schema, [declared], is_finding=True)
    assert schema.constraints == (declared,)
    assert notes == ()
    silent = replace(table.schema, constraints=())
    assert settle(table.records, silent, [], is_finding=True) == (silent, ())
    assert settle(table.records, table.schema, [], is_finding=False) == (table.schema, ())
    schema, notes = settle(table.records, table.schema, [], is_finding=True)
    assert notes == (
        "rule found: school determines years (12 combinations). Synthetic records will keep it; to drop it, "
        "give --no-constraints or edit the schema",
    )
    assert settle(table.records, schema, [], is_finding=True) == (schema, ())


def test_many_rules_are_told_in_few_lines():
    code = rng().integers(0, 50, N)
    frame = {f"k{k}": [f"{k} {value // (1 + k % 2)}" for value in code] for k in range(30)}
    table = read_table(pa.table(frame))
    _, notes = settle(table.records, table.schema, [], is_finding=True)
    assert len(notes) == MAX_NOTES + 1
    assert "9 more such rules" in notes[-1]


def test_dates_and_moments_are_compared():
    days = rng().integers(0, 300, N)
    late = days * 24 + rng().integers(1, 900, N)
    day_one = datetime.datetime(2020, 1, 1)
    frame = {
        "day": pa.array([(day_one + datetime.timedelta(days=int(d))).date() for d in days]),
        "at": pa.array([day_one + datetime.timedelta(hours=int(h)) for h in late]),
    }
    assert rules(frame) == [{"kind": "inequality", "low": "day", "high": "at"}]


@pytest.mark.slow
def test_a_wide_table_does_not_take_long():
    table = read_table(
        pa.table({f"c{i}": np.random.default_rng(i).integers(0, 2 + i % 40, N) for i in range(1000)})
    )
    started = time.process_time()
    assert find(table.records, table.schema) == []
    assert time.process_time() - started < 20

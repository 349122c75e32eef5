"""Constraints that a person writes: what is refused, and how it is said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.constraints import read_constraints
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.files import read_table
from gansmith.tabular.schema import Schema


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 100, 150)
    return read_table(
        pa.table(
            {
                "start": start,
                "end": start + rng.integers(0, 9, 150),
                "city": rng.choice(["Ulm", "Rom"], 150),
                "country": rng.choice(["DE", "IT"], 150),
                "note": [f"word {i} and more words of it" for i in range(150)],
                "part": rng.random(150).round(2),
            }
        ),
        overrides={"note": "text"},
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "inequalty", "low": "start", "high": "end"}, "Did you mean 'inequality'"),
        ({"low": "start", "high": "end"}, "there is no kind None"),
        ({"kind": "inequality", "low": "strat", "high": "end"}, "Did you mean 'start'"),
        ({"kind": "inequality", "low": "start", "hihg": "end"}, "Did you mean 'high'"),
        ({"kind": "inequality", "low": "start"}, "high must be given"),
        ({"kind": "inequality", "low": "start", "high": "start"}, "twice"),
        ({"kind": "inequality", "low": "start", "high": "city"}, "two numbers or two times"),
        ({"kind": "inequality", "low": "start", "high": "end", "strict": 1}, "true or false"),
        ({"kind": "inequality", "low": 3, "high": "end"}, "low must be the name of a column, not 3"),
        ({"kind": "combinations", "columns": ["city"]}, "list of 2 or more"),
        ({"kind": "combinations", "columns": "city"}, "columns must be a list, not 'city'"),
        ({"kind": "combinations", "columns": ["city", "city"]}, "twice"),
        ({"kind": "combinations", "columns": ["city", "note"]}, "Wanted: values that can be looked up"),
        ({"kind": "dependency", "by": "note", "column": "city"}, "Wanted: values that can be looked up"),
        ({"kind": "one_of", "columns": ["city", "country"]}, "0 and 1"),
        ({"kind": "sum", "total": "end", "parts": ["city"]}, "Wanted: numbers"),
        ({"kind": "range", "column": "city", "low": 1}, "a number or a time"),
        ({"kind": "range", "column": "start"}, "neither 'low' nor 'high'"),
        ({"kind": "range", "column": "start", "low": "x"}, "Wanted: a number"),
        ({"kind": "range", "column": "start", "low": 9, "high": 1}, "no value"),
        ({"kind": "range", "column": "start", "low": 1.2, "high": 1.7}, "no value"),
        ({"kind": "unique", "columns": []}, "list of 1 or more"),
        ({"kind": "format", "column": "start", "pattern": "[0-9]+"}, "Wanted: texts"),
        ({"kind": "format", "column": "note", "pattern": "(?=a)"}, "character"),
        ({"kind": "format", "column": "note", "pattern": 3}, "must be a text"),
        ({"kind": "missing_together", "columns": ["start", "nothing"]}, "not there"),
    ],
)
def test_what_is_not_right_is_refused_with_the_nearest_name(table, rule, message):
    with pytest.raises(DataError, match="constraint 1") as caught:
        read_constraints([rule], table.schema)
    assert message in str(caught.value)


def test_what_was_read_is_written_back(table):
    rules = [
        {"kind": "inequality", "low": "start", "high": "end"},
        {"kind": "inequality", "low": "start", "high": "end", "strict": True},
        {"kind": "range", "column": "start", "low": 0},
        {"kind": "unique", "columns": ["start", "note"]},
    ]
    assert [rule.to_json() for rule in read_constraints(rules, table.schema)] == rules
    schema = Schema(table.schema.columns, constraints=tuple(rules))
    assert Schema.from_json(schema.to_json()) == schema
    assert "constraints" not in table.schema.to_json()


@pytest.mark.parametrize("listed", [3, "inequality", {"kind": "sum"}, [3], [None]])
def test_constraints_that_are_no_list_of_objects_are_refused(table, listed):
    with pytest.raises(DataError, match="constraint"):
        Schema.from_json({**table.schema.to_json(), "constraints": listed})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"kind": "inequality", "low": "end", "high": "start"},
            "record 2 breaks 'end <= start': end=66, start=63",
        ),
        ({"kind": "dependency", "by": "city", "column": "country"}, "breaks 'city determines country"),
        ({"kind": "sum", "total": "end", "parts": ["start"]}, "breaks 'end = start'"),
        ({"kind": "range", "column": "start", "high": 50}, "breaks 'start <= 50': start="),
        ({"kind": "unique", "columns": ["start"]}, "no two records have the same start"),
        ({"kind": "format", "column": "note", "pattern": "word [0-9]"}, "breaks 'note matches"),
    ],
)
def test_data_that_breaks_a_declared_rule_is_refused_with_the_record(table, rule, message):
    with pytest.raises(DataError, match="leave the constraint out") as caught:
        settle(table.records, table.schema, [rule], is_finding=True)
    assert message in str(caught.value)


def test_the_record_that_is_named_is_the_first_that_breaks_it(table):
    values = np.arange(150) // 2
    low = values.copy()
    values[[40, 90]] = -7
    broken = read_table(pa.table({"a": low, "b": values}))
    with pytest.raises(DataError, match=r"record 41 breaks 'a <= b': a=20, b=-7 \(2 records do\)"):
        settle(
            broken.records, broken.schema, [{"kind": "inequality", "low": "a", "high": "b"}], is_finding=True
        )

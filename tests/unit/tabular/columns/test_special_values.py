"""Values that stand for something else, such as 9999-12-31: set apart, exact, as often as they are there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.columns.special_values import MARK
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.files import read_table
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column

N = 200
STARTS = [dt.date(2015, 1, 1) + dt.timedelta(days=37 * n % 2000) for n in range(N)]
ENDS = [
    dt.date(9999, 12, 31) if n % 10 == 0 else day + dt.timedelta(days=1 + n % 60)
    for n, day in enumerate(STARTS)
]


def made_of(table, n=2000, constraints=(), is_finding=True):
    """Records that a game would make which had learnt the frequencies of each column, and no more."""
    schema, notes = settle(table.records, table.schema, constraints, is_finding=is_finding)
    codec = RowCodec.fit(type(table)(table.records, schema, table.name), 0, 0)
    rng = np.random.default_rng(0)
    codes, levels = codec.encode(table.records, rng)
    drawn = np.stack([column[rng.integers(len(column), size=n)] for column in codes.T], 1)
    return (
        codec.decode(drawn, rng.uniform(-1, 1, (n, levels.shape[1])).astype(np.float32), rng),
        schema,
        notes,
    )


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (dt.date(9999, 12, 31), "9999-12-31"), (dt.date(2999, 12, 31), "2999-12-31"),
        (dt.date(2099, 12, 31), "2099-12-31"), (dt.date(1900, 1, 1), "1900-01-01"),
        (dt.date(1, 1, 1), "0001-01-01"), (dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
         "9999-12-31 23:59:59.999999"), (99999, "99999"), (-999, "-999"), (-9, "-9"), (999.99, "999.99"),
    ],
)  # fmt: skip
def test_a_value_that_stands_for_something_else_is_found_and_comes_back_exactly(last, text):
    others: list[Any] = list(STARTS) if isinstance(last, dt.date) else [(n * 37) % 80 for n in range(N)]
    if isinstance(last, dt.datetime):
        others = [dt.datetime.combine(day, dt.time()) for day in STARTS]
    values: list[Any] = [last if n % 10 == 0 else value for n, value in enumerate(others)]
    values = [float(value) if isinstance(last, float) else value for value in values]
    table = read_table(pa.table({"x": values, "k": [n % 4 for n in range(N)]}))
    column = table.schema.column("x")
    assert column.special == (text,)
    assert f"special values, learnt apart from the others: {text} in 20 records" in table.notes[0]
    assert column.granularity_seconds == (86400 if isinstance(last, dt.datetime) else 0)
    made, _, _ = made_of(table)
    x = made["x"].to_pylist()
    assert 0.07 < sum(value == last for value in x) / len(x) < 0.13
    rest = [value for value in x if value != last]
    assert min(others) <= min(rest) <= max(rest) <= max(others)


@pytest.mark.parametrize(
    "values",
    [
        [*range(90), *[99] * 20], [*range(1000)], [0.5, 0.99, 99.9] * 30,
        [dt.date(1900 + n % 60, 1 + n % 12, 1) for n in range(100)],
        [dt.date(2060 + n % 40, 12, 31) for n in range(100)],
    ],
)  # fmt: skip
def test_what_lies_among_the_others_is_nothing_special(values):
    assert read_table(pa.table({"x": values})).schema.column("x").special == ()


def test_midnight_stays_midnight_beside_a_last_second():
    cells = ["9999-12-31 23:59:59" if n % 10 == 0 else f"{day} 00:00:00" for n, day in enumerate(STARTS)]
    table = read_table(pa.table({"valid_to": cells, "price": [n % 9 for n in range(N)]}))
    made, schema, _ = made_of(table)
    column = schema.column("valid_to")
    spelt = column.traits.spell(made["valid_to"].combine_chunks(), column).to_pylist()
    assert {text[11:] for text in spelt if not text.startswith("9999")} == {"00:00:00"}
    assert {text for text in spelt if text.startswith("9999")} == {"9999-12-31 23:59:59"}


@pytest.mark.parametrize("is_declared", [False, True])
def test_an_order_holds_for_the_others_and_the_last_day_comes_as_often_as_it_is_there(is_declared):
    table = read_table(pa.table({"valid_from": STARTS, "valid_to": ENDS, "price": [n % 9 for n in range(N)]}))
    rule = {"kind": "inequality", "low": "valid_from", "high": "valid_to"}
    made, schema, notes = made_of(
        table, constraints=[rule] if is_declared else [], is_finding=not is_declared
    )
    assert schema.constraints == (rule,)
    assert is_declared or "valid_from <= valid_to" in notes[0]
    low, high = (made[name].to_numpy() for name in ("valid_from", "valid_to"))
    is_open = high == np.datetime64("9999-12-31")
    assert 0.07 < is_open.mean() < 0.13
    assert (low <= high).all()
    assert high[~is_open].max() < np.datetime64("2021-01-01")


def test_numbers_keep_an_order_beside_a_special_one():
    lo = (np.arange(N) * 37) % 400
    hi = np.where(np.arange(N) % 10 == 0, 99999, lo + 1 + np.arange(N) % 60)
    table = read_table(pd.DataFrame({"lo": lo, "hi": hi, "k": np.arange(N) % 4}))
    made, _, _ = made_of(table, constraints=[{"kind": "inequality", "low": "lo", "high": "hi"}])
    low, high = (made[name].to_numpy() for name in ("lo", "hi"))
    assert 0.07 < (high == 99999).mean() < 0.13
    assert (high[high != 99999] <= 470).all()
    assert (low <= high).all()


def test_the_end_that_is_open_can_be_asked_for():
    table = read_table(pa.table({"valid_from": STARTS, "valid_to": ENDS, "price": [n % 9 for n in range(N)]}))
    schema, _ = settle(table.records, table.schema, (), is_finding=True)
    chain = RowCodec.fit(type(table)(table.records, schema, "x"), 0, 0).chain
    asked, unsure = chain.conditions_for({"valid_to": pa.array([dt.date(9999, 12, 31)])})
    assert (asked["valid_to"].to_pylist(), unsure) == ([MARK], {})


def test_a_moment_is_in_time_until_the_end_of_the_day():
    rng = np.random.default_rng(0)
    due = np.datetime64("2015-01-01") + rng.integers(0, 2000, N)
    at = due.astype("datetime64[m]") - rng.integers(-1439, 20 * 1440, N)
    at[0] = due[0].astype("datetime64[m]") + np.timedelta64(1439, "m")
    cells = {"submitted": [str(moment).replace("T", " ") for moment in at], "due": due.astype(str).tolist()}
    table = read_table(pa.table({**cells, "grade": [n % 5 for n in range(N)]}))
    made, schema, _ = made_of(table)
    assert schema.constraints == ({"kind": "inequality", "low": "submitted", "high": "due"},)
    assert (made["submitted"].to_numpy().astype("datetime64[D]") <= made["due"].to_numpy()).all()
    late = [*cells["submitted"][:-1], f"{due[-1] + np.timedelta64(1, 'D')} 00:00"]
    spoilt = read_table(pa.table({**cells, "submitted": late}))
    rules = schema.constraints or ()
    with pytest.raises(DataError, match="record 200 breaks 'submitted <= due'"):
        settle(spoilt.records, spoilt.schema, rules, is_finding=False)


def test_a_schema_says_what_is_special_and_is_checked():
    column = Column("x", "integer", special=("7",))
    table = read_table(pa.table({"x": [7, 1, 2, 3]}), schema=None)
    assert column.special == ("7",)
    assert table.schema.column("x").special == ()
    with pytest.raises(DataError, match="'special' holds what is no int64"):
        Column("x", "integer", special=("never",))

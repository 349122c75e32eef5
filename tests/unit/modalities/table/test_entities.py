"""Hold-outs by entity and by time, and entities that stand on both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import UsageError
from gansmith.modalities.table.entities import entity_column, hold_out, known_entities
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.files import read_table
from gansmith.tabular.schema import Table
from gansmith.tasks.judging import score

FORMAT = TableFormat()
N = 600


def visits(seed: int = 0, who: str = "customer_id", n_customers: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            who: rng.integers(0, n_customers, N) + 50_000,
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N), "D"),
            "store_id": rng.integers(100, 180, N),
            "paid": rng.gamma(2.0, 9.0, N).round(2),
            "how": rng.choice(["card", "cash"], N),
        }
    )


def split(table: Table, time: str = "") -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    train, held, notes = hold_out(table, None, time, 0.2, 0)
    return train.records.to_pandas(), held.records.to_pandas(), notes


@pytest.mark.parametrize("who", ["customer_id", "PatientID", "user", "id"])
def test_a_column_that_says_who_is_found_where_it_repeats(who: str):
    assert entity_column(read_table(visits(who=who)), "") == who


def test_places_and_keys_are_no_entities():
    assert entity_column(read_table(visits().drop(columns="customer_id")), "") == ""
    alone = visits().assign(customer_id=np.arange(N) + 1)
    assert entity_column(read_table(alone), "") == ""


def test_the_fifth_that_is_split_off_holds_whole_entities():
    train, held, notes = split(read_table(visits()))
    assert not set(train["customer_id"]) & set(held["customer_id"])
    assert len(train) + len(held) == N
    assert 0.2 * N <= len(held) < 0.25 * N
    assert "all records of each 'customer_id'" in notes[0]


def test_without_entities_the_split_is_that_of_records():
    table = read_table(visits().drop(columns="customer_id"))
    train, held, notes = split(table)
    assert (len(train), len(held), notes) == (480, 120, ())


def test_the_latest_fifth():
    table = read_table(visits(n_customers=300))
    train, held, notes = split(table, "day")
    assert held["day"].min() >= train["day"].max()
    assert "latest records by 'day'" in notes[0]
    train, held, notes = split(replace(table, entity="customer_id"), "day")
    assert not set(train["customer_id"]) & set(held["customer_id"])
    last = train.groupby("customer_id")["day"].max().max()
    assert held.groupby("customer_id")["day"].max().min() >= last


def test_known_entities():
    first, second = visits(1), visits(2)
    known = known_entities(read_table(first), read_table(second), "customer_id")
    assert known is not None
    shared = set(first["customer_id"]) & set(second["customer_id"])
    assert known.n_known == len(shared)
    assert "are also in training: their records are not fresh" in known.warning
    assert f"{len(shared):,} of the" in known.said
    others = second.assign(customer_id=second["customer_id"] + 10_000)
    known = known_entities(read_table(first), read_table(others), "customer_id")
    assert known is not None
    assert known.warning == ""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (TableOptions(entity="custmer_id"), "Did you mean 'customer_id'"),
        (TableOptions(time="dya"), "Did you mean 'day'"),
        (TableOptions(time="how"), "'how' is category: no date, time or number"),
        (TableOptions(entity="one"), "all records are of one 'one'"),
    ],
)
def test_errors_say_what_to_do(asked: TableOptions, said: str):
    table = FORMAT.read(visits().assign(one="a"), asked)
    with pytest.raises(UsageError, match=said):
        FORMAT.hold_out(table, None, asked, 0.2, 0)


def test_a_time_does_not_go_with_a_hold_out():
    table = read_table(visits())
    with pytest.raises(UsageError, match="a hold-out is given"):
        FORMAT.hold_out(table, table, TableOptions(time="day"), 0.2, 0)


def test_the_time_that_sets_a_holdout_apart_is_not_held_against_it():
    rng, n = np.random.default_rng(0), 600
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n) // 2, "D")
    table = pd.DataFrame({"day": days, "x": rng.normal(size=n), "y": rng.integers(0, 3, n)})
    fake = table.assign(x=rng.normal(size=n), y=rng.integers(0, 3, n))
    card = score(fake, table, time="day", quick=True, verbose=False)
    assert card.verdict[0].level == "green"
    assert "day" not in card["shape"].details

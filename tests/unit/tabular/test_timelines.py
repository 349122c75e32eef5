"""Tables that plainly hold series are told from those that only have names and dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.tabular.audit import audit
from gansmith.tabular.files import read_table
from gansmith.tabular.timelines import Timeline, plain_timeline, says_what, says_who


def steps(n: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + np.cumsum(rng.integers(1, 9, (n, 8)), 1).reshape(-1)
    return pd.DataFrame(
        {"user_id": np.repeat(np.arange(n) + 100, 8), "day": days, "spent": rng.random(n * 8)}
    )


def test_series_are_found():
    assert plain_timeline(read_table(steps())) == Timeline("user_id", "day")
    by_day = steps().sort_values("day", kind="stable")
    assert plain_timeline(read_table(by_day)) == Timeline("user_id", "day")
    (found,) = [one for one in audit(read_table(steps())) if one.check == "series"]
    assert str(found).startswith(
        "this looks like series of 'user_id' in time by 'day'. Each record is learnt by"
    )


@pytest.mark.parametrize("what", ["any order", "twice", "few", "other name", "numbers"])
def test_other_tables_are_none(what):
    frame = steps()
    if what == "any order":
        frame["day"] = frame["day"].sample(frac=1, random_state=0).to_numpy()
    elif what == "twice":
        frame["day"] = frame["day"].where(frame.index != 3, frame["day"].shift(1))
    elif what == "few":
        frame["user_id"] = np.arange(len(frame)) // 2
    elif what == "other name":
        frame = frame.rename(columns={"user_id": "city"})
    else:
        frame["day"] = np.arange(len(frame))
    assert plain_timeline(read_table(frame)) is None


def test_names():
    assert all(
        map(says_who, ["customer_id", "customerId", "PATIENT", "user", "id", "bank account no", "acc_id"])
    )
    assert not any(map(says_who, ["customer_age", "city", "user_rating", "paid", "grid"]))
    assert all(map(says_what, ["sensor", "store_id", "Ticker", "machine-nr"]))
    assert not any(map(says_what, ["state", "region", "store", "product"]))

"""Small series with known properties, for the tests beside this file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def make_customers(n: int = 30, seed: int = 0) -> pd.DataFrame:
    """Purchases of customers at irregular times; city and birthday are attributes, the shop is constant."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        length = int(rng.integers(5, 15))
        times = np.datetime64("2020-01-01", "s") + np.cumsum(rng.integers(60, 10**6, length))
        rows.append(
            pd.DataFrame(
                {
                    "customer_id": f"C{number:04}",
                    "city": ["Rome", "Oslo", "Bern"][number % 3],
                    "born": np.datetime64("1970-01-01") + int(rng.integers(0, 9000)),
                    "when": times,
                    "amount": rng.gamma(2, 20, length).round(2),
                    "kind": rng.choice(["food", "books"], length),
                    "shop": "online",
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def make_hours(n: int = 200, first: str = "2020-01-01T00") -> pd.DataFrame:
    """One series of readings, an hour apart."""
    when = np.datetime64(first, "s") + 3600 * np.arange(n)
    load = np.sin(np.arange(n) / 24 * 2 * np.pi).round(3) + 0.0
    return pd.DataFrame({"when": when, "load": load, "level": np.arange(n) % 7})


@pytest.fixture
def customers():
    return make_customers


@pytest.fixture
def hours():
    return make_hours

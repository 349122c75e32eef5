"""Populations for the scorecard's operating characteristics: simulated ones, and tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.tables import BESIDE

Rng = np.random.Generator
Dealt = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, str]
"""What takes the part of synthetic records, training records, hold-out, and the target (or none)."""
NAMES: Final = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Ines", "Jon", "Kim", "Lena")
SURNAMES: Final = ("Abel", "Brandt", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jung")
WORDS: Final = (
    "patient", "came", "late", "pays", "card", "asked", "receipt", "moved", "house", "called", "twice", "tea",
    "dog", "works", "night", "speaks", "wants", "letters", "mail", "phone", "address", "answer", "left",
)  # fmt: skip


def people(n: int, rng: Rng) -> pd.DataFrame:
    """Persons of a registry: an identifier, texts, dates, gaps that go together, and a target."""
    age = np.clip(rng.gamma(9.0, 5.2, n), 18, 95).round().astype(int)
    sex = np.where(rng.random(n) < 0.5, "female", "male")
    retired = (age > 64) & (rng.random(n) < 0.9)
    job = np.where(retired, "retired", rng.choice(["clerk", "nurse", "driver", "teacher", "none"], n))
    pay = np.exp(rng.normal(7.4 + 0.3 * (job == "teacher") - 0.6 * (job == "none"), 0.4)).round(2)
    joined = pd.Timestamp("2015-01-05") + pd.to_timedelta(7 * rng.integers(0, 400, n) + _weekday(n, rng), "D")
    has_phone = rng.random(n) < 0.8
    odds = 0.06 * (age - 45) + 0.9 * (sex == "female") - 0.8 * (job == "none") + 0.0003 * (pay - 1600)
    return pd.DataFrame(
        {
            "person": rng.choice(90_000_000, n, replace=False) + 10_000_000,
            "name": [f"{a} {b}" for a, b in zip(rng.choice(NAMES, n), rng.choice(SURNAMES, n), strict=True)],
            "age": age,
            "sex": sex,
            "job": job,
            "pay": pay,
            "city": rng.choice(["Rome", "Oslo", "Bern", "Bonn"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "joined": joined.strftime("%Y-%m-%d"),
            "phone": pd.Series(rng.choice(["home", "mobile", "work"], n)).where(has_phone),
            "called": np.where(has_phone, rng.poisson(2.0, n) * 1.0, np.nan),
            "remark": [" ".join(rng.choice(WORDS, rng.integers(4, 12))) for _ in range(n)],
            "active": np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )


def _weekday(n: int, rng: Rng) -> np.ndarray:
    """Days after Monday, seldom at a weekend."""
    return rng.choice(7, n, p=[0.2, 0.2, 0.2, 0.19, 0.19, 0.01, 0.01])


def hospital(n: int, rng: Rng) -> pd.DataFrame:
    """Stays in a hospital: most laboratory values are missing for most patients."""
    severity = rng.normal(size=n)
    table = {"ward": rng.choice(list("ABCDEFGH"), n, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.08, 0.05, 0.02])}
    for place in range(8):
        value = np.exp(rng.normal(0.5 * severity, 0.7)).round(place % 3)
        table[f"lab_{place}"] = np.where(rng.random(n) < 0.1 + 0.1 * place, value, np.nan)
    table["stay"] = np.maximum(1, np.exp(1 + 0.5 * severity + rng.normal(0, 0.5, n))).round()
    table["died"] = np.where(rng.random(n) < 1 / (1 + np.exp(3 - 1.2 * severity)), "yes", "no")
    return pd.DataFrame(table)


def accounts(n: int, rng: Rng) -> pd.DataFrame:
    """Accounts of a bank: heavy tails, many zeros, months that follow from each other, a seldom target."""
    size = rng.normal(size=n)
    table: dict[str, np.ndarray] = {"balance": np.exp(6 + 1.5 * size + rng.normal(0, 0.5, n)).round(2)}
    bill = np.exp(5 + size)
    for month in range(5):
        bill = bill * np.exp(rng.normal(0, 0.3, n))
        is_idle = rng.random(n) < 0.25
        table[f"bill_{month}"] = np.where(is_idle, 0.0, bill).round()
        table[f"late_{month}"] = rng.choice([-1, 0, 1, 2], n, p=[0.3, 0.5, 0.15, 0.05])
    table["loss"] = (rng.standard_t(2.0, n) * 100).round(1)
    table["branch"] = rng.choice([f"branch {place}" for place in range(40)], n)
    late = sum(table[f"late_{month}"] for month in range(5))
    table["default"] = np.where(rng.random(n) < 1 / (1 + np.exp(4.5 - 0.8 * late)), "yes", "no")
    return pd.DataFrame(table)


def numbers(n: int, rng: Rng) -> pd.DataFrame:
    """Twelve correlated numbers."""
    mixing = np.random.default_rng(1).normal(size=(12, 12)) + np.eye(12)
    values = rng.normal(size=(n, 12)) @ mixing
    return pd.DataFrame(values.round(4), columns=[f"x{place}" for place in range(12)])


SIMULATED: Final[dict[str, tuple[Callable[[int, Rng], pd.DataFrame], str]]] = {
    "people": (people, "active"),
    "hospital": (hospital, "died"),
    "accounts": (accounts, "default"),
    "numbers": (numbers, ""),
}
"""How records are drawn, and the target."""
TABLES: Final[dict[str, tuple[str, str]]] = {
    "adult": ("adult/train.csv.gz", "income"),
    "magic": ("magic/train.csv.gz", ""),
    "beijing_pm25": ("beijing_pm25/train.csv.gz", "pm2.5"),
    "covertype": ("covertype/covtype_10k.csv", ""),
    "creditcard": ("creditcard_fraud/creditcard_sample.csv", ""),
    "abalone": ("abalone/abalone.csv", ""),
    "titanic": ("titanic/titanic.csv", "Survived"),
    "nyc_taxi": ("nyc_taxi/taxis.csv", ""),
}
"""Where a table lies, and the target."""
POPULATIONS: Final = (*SIMULATED, *TABLES)


def dealt(name: str, size: int, rng: Rng) -> Dealt | None:
    """Three heaps of one population, the hold-out of as many records or a quarter; None: too few there."""
    n_holdout = size if rng.random() < 0.5 else max(100, size // 4)
    n = 2 * size + n_holdout
    if name in SIMULATED:
        draw, target = SIMULATED[name]
        heap = draw(n, rng)
    else:
        target, whole = TABLES[name][1], table(name)
        if whole is None or len(whole) < 2 * size + 100:
            return None
        heap = whole.iloc[rng.permutation(len(whole))[:n]]
    return heap[:size], heap[size : 2 * size], heap[2 * size :], target


@cache
def table(name: str) -> pd.DataFrame | None:
    """A table, or None where there is no copy."""
    folder = Path(os.environ.get("GANSMITH_DATA", BESIDE / "data"))
    path = folder / TABLES[name][0]
    if not path.exists():
        print(f"{path} is not there: set GANSMITH_DATA to measure on your own copy. Skipped.")
        return None
    has_header = name not in ("abalone",)
    return pd.read_csv(path, header=0 if has_header else None).rename(columns=str)

"""How cells are spelt: each fault is named, and honest records are not accused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.spelling import unlike_real
from gansmith.tabular.files import read_table

FORMAT = TableFormat()
N = 200
WORDS = "patient came late pays card asked receipt moved house called twice works night speaks".split()  # noqa: SIM905
FIRST = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Ines", "Jon", "Kim", "Lena")
LAST = ("Abel", "Brandt", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jung")


def people(seed: int, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    joined = pd.Timestamp("2015-01-05") + pd.to_timedelta(rng.integers(0, 2500, n), "D")
    seen = pd.Timestamp("2019-01-05") + pd.to_timedelta(rng.integers(0, 90_000, n), "min")
    return pd.DataFrame(
        {
            "name": [f"{a} {b}" for a, b in zip(rng.choice(FIRST, n), rng.choice(LAST, n), strict=True)],
            "age": rng.integers(18, 90, n),
            "pay": rng.gamma(4.0, 700, n).round(2),
            "joined": joined.strftime("%Y-%m-%d"),
            "seen": seen,
            "code": [f"AB-{k:07d}" for k in rng.choice(9_999_999, n, replace=False)],
            "remark": [" ".join(rng.choice(WORDS, rng.integers(4, 12))) for _ in range(n)],
        }
    )


def found(fake: pd.DataFrame, train: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, str]:
    known = read_table(train)
    return unlike_real(FORMAT.read_to_judge(fake, known), known, FORMAT.read_like(holdout, known))


FAULTS: dict[str, tuple[str, Callable[[pd.Series], pd.Series | list[str]], tuple[str, ...]]] = {
    "another format": (
        "joined",
        lambda c: pd.to_datetime(c).dt.strftime("%d/%m/%Y"),
        ("31/12/2019 (real: 2019-12-31)",),
    ),
    "commas": ("pay", lambda c: c.map("{:,.2f}".format), ("1,234.56 (real: 1234.56)",)),
    "capitals": ("name", lambda c: c.str.upper(), ("all in capitals in 100 % of the cells (real: none",)),
    "user names": ("name", lambda c: [f"User{k}" for k in range(len(c))], ("Xx9", "Xx Xx")),
    "placeholders": ("remark", lambda c: ["lorem ipsum dolor sit amet"] * len(c), ("placeholder text",)),
    "other words": (
        "remark",
        lambda c: [" ".join(text[::-1].split()) for text in c],
        ("words that no real text has",),
    ),
    "decimals": ("age", lambda c: c + 0.1234, ("4 or more decimals in 100 % of the cells (real: none",)),
    "seconds": ("seen", lambda c: c + pd.Timedelta(7, "s"), ("whole seconds", "whole minutes")),
    "other codes": ("code", lambda c: c.str.replace("-", "/"), ("X/9", "X-9")),
    "accents": ("code", lambda c: c.str.replace("A", "Ä"), ("letters with accents",)),
    "length": ("code", lambda c: c.str[:-2], ("8 characters", "10 characters")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str):
    column, change, words = FAULTS[fault]
    fake, train, holdout = (people(seed)[[column]] for seed in (3, 1, 2))
    said = found(fake.assign(**{column: change(fake[column])}), train, holdout)
    assert set(said) == {column}
    assert all(word in said[column] for word in words), said


def test_honest_records_are_not_accused():
    for seed in range(3):
        assert not found(*(people(100 + 3 * seed + part, 150) for part in range(3)))


def test_a_note_says_both_formats():
    fake = people(3)
    fake["joined"] = pd.to_datetime(fake["joined"]).dt.strftime("%d/%m/%Y")
    table = FORMAT.read_to_judge(fake[["joined"]], read_table(people(1)[["joined"]]))
    assert "column 'joined': is spelt 31/12/2019 here, not 2019-12-31" in table.notes


def test_times_that_were_typed_are_not_spelt():
    fake = people(3)
    fake["joined"] = pd.to_datetime(fake["joined"])
    assert not found(*(part[["joined"]] for part in (fake, people(1), people(2))))


def test_other_names_than_the_real_ones_are_wanted():
    train, holdout, fake = (people(seed)[["name"]] for seed in (1, 2, 3))
    for part in (train, holdout):
        part.loc[: N // 2, "name"] = "Dr. " + part["name"]
    assert read_table(train).schema.column("name").semantic_type == "name"
    fake["name"] = fake["name"] + "heimersson"  # longer, and none is a doctor
    assert not found(fake, train, holdout)
    fake.loc[: N // 2, "name"] = [f"User{k}" for k in range(N // 2 + 1)]
    assert "Xx9" in found(fake, train, holdout)["name"]


def test_rare_real_shapes_are_not_named():
    train, holdout, fake = people(1), people(2), people(3)
    train, holdout, fake = (part[["code"]] for part in (train, holdout, fake))
    train.loc[0, "code"] = holdout.loc[0, "code"] = "SECRET!!"
    said = found(fake.assign(code=[f"A {k}" for k in range(N)]), train, holdout)
    assert "!" not in said["code"]

"""A table of every kind of column, and what a codec learns of it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.files import read_table

N = 400
AS_THEY_ARE = {"street": "category", "note": "text"}
"""Columns that would be found to have patterns."""


@pytest.fixture(scope="package")
def path(tmp_path_factory):
    rng = np.random.default_rng(0)
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=int(k)) for k in rng.integers(0, 600, N)]
    times = [dt.datetime(2020, 1, 1) + dt.timedelta(minutes=int(k)) for k in rng.integers(0, 10**5, N)]
    columns = {
        "id": [f"p{k:05}" for k in range(N)],
        "age": [0 if k % 3 == 0 else 18 + int(a) for k, a in enumerate(rng.integers(0, 60, N))],
        "price": [f"{x:.2f}".replace(".", ",") for x in rng.gamma(2, 50, N)],
        "grade": ["NA" if k % 10 == 0 else str(k % 4) for k in range(N)],
        "city": [" Rome" if k % 2 else "Oslo" for k in range(N)],
        "street": ["" if k % 20 == 0 else f"s{k % 160}" for k in range(N)],
        "member": ["yes" if k % 3 else "no" for k in range(N)],
        "born": [day.strftime("%d.%m.%Y") for day in days],
        "seen": [time.strftime("%Y-%m-%d %H:%M") for time in times],
        "note": [f"a long story number {k} that goes on and on" if k % 7 else "" for k in range(N)],
        "land": ["here"] * N,
    }
    found = tmp_path_factory.mktemp("asked") / "people.csv"
    lines = [
        ";".join(columns),
        *(";".join(str(cell) for cell in record) for record in zip(*columns.values(), strict=True)),
    ]
    found.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return found


@pytest.fixture(scope="package")
def table(path):
    return read_table(path, overrides=AS_THEY_ARE)


@pytest.fixture(scope="package")
def codec(table):
    return TableCodec.fit(table, TableOptions(min_count=1), 0)

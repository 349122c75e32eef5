"""Frames as they come: empty strings, codes of digits, UUIDs, sparse columns, offsets, inventions."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.files import read_table
from gansmith.tabular.files.frames import in_type_of
from gansmith.tabular.rows import RowCodec

N = 60
K = [n % 4 for n in range(N)]


def made_like(source, n=N, min_count=0, **options):
    """Records in the type of what they were learnt from, each column drawn by itself, and the notes."""
    table = read_table(source, **options)
    codec = RowCodec.fit(table, min_count, 0)
    rng = np.random.default_rng(0)
    codes, levels = codec.encode(table.records, rng)
    drawn = rng.integers(len(codes), size=n)
    records = codec.decode(codes[drawn], levels[drawn], rng)
    return in_type_of(records, codec.schema, source), table.notes


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_an_empty_string_stays_one_where_nothing_is_missing(dtype):
    frame = pd.DataFrame({"g": pd.Series(["", "a", "b", "a"] * 15, dtype=dtype), "k": K})
    made, _ = made_like(frame, 400)
    assert not made.g.isna().any()
    assert 0.15 < (made.g == "").mean() < 0.35
    assert made.g.dtype == frame.g.dtype
    numbers, _ = made_like(pd.DataFrame({"g": ["", "5.5", "2.5", "NA"] * 15, "k": K}))
    assert not numbers.g.isna().any()


def test_an_empty_string_is_missing_beside_others_that_are():
    made, _ = made_like(pd.DataFrame({"g": ["", None, "b", "a"] * 15, "k": K}), 400)
    assert made.g.isna().any()
    assert set(made.g.dropna()) == {"a", "b"}


@pytest.mark.parametrize("letter", ["", "A"])
def test_codes_of_digits_are_codes_that_exist(letter):
    codes = [f"{letter}{1000 + 7 * n}" for n in range(150)] * 3
    frame = pd.DataFrame({"code": codes, "k": [n % 4 for n in range(450)]})
    made, _ = made_like(frame, 1000, min_count=3)
    assert set(made.code) <= set(codes)
    rarer, _ = made_like(frame, 1000)
    if not letter:
        assert rarer.code.str.fullmatch("[0-9]{4}").all()


def test_digits_are_numbers_where_all_columns_are_strings():
    frame = pd.DataFrame({"n": [str(n % 40) for n in range(N)], "k": list(map(str, K))})
    assert read_table(frame).schema.column("n").kind == "integer"
    assert read_table(frame.assign(k=K)).schema.column("n").kind == "category"


def test_uuids_come_back_as_objects_and_new():
    real = [uuid.UUID(int=2**100 + n * 977) for n in range(N)]
    made, _ = made_like(pd.DataFrame({"v": real, "k": K}))
    assert all(isinstance(one, uuid.UUID) for one in made.v)
    assert made.v.is_unique
    assert not set(made.v) & set(real)


def test_sparse_columns_are_read_and_come_back():
    frame = pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 5] * 20), "k": K})
    made, _ = made_like(frame)
    assert made.s.dtype == frame.s.dtype
    assert set(made.s) <= {0, 5}


def test_objects_that_no_column_holds_are_called_by_their_type():
    frame = pd.DataFrame({"v": [object() for _ in range(N)], "k": K})
    with pytest.raises(DataError, match="holds objects of type object, which are no values of a column"):
        read_table(frame)
    with pytest.raises(DataError, match="mixes values of several types"):
        read_table(pd.DataFrame({"v": [1, "a"] * 30, "k": K}))


def test_offsets_that_are_lost_are_told():
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (0, 2, -5)]
    days = [dt.datetime(2020, 1, 1, tzinfo=zones[n % 3]) + dt.timedelta(days=n) for n in range(N)]
    _, notes = made_like(pd.DataFrame({"v": pd.Series(days, dtype=object), "k": K}))
    assert "column 'v': its 3 offsets from UTC are not kept: all times become those of UTC" in notes[0]
    same = [day.astimezone(dt.UTC) for day in days]
    assert made_like(pd.DataFrame({"v": pd.Series(same, dtype=object), "k": K}))[1] == ()


@pytest.mark.parametrize(
    ("values", "kind", "is_digits"),
    [
        ([0] * N, "address", False), ([1.5] * N, "name", False), ([True, False] * 30, "email", False),
        (list(range(4912345678, 4912345738)), "phone", True), (list(range(N)), "uuid", False),
        (list(range(N)), "text", False), (list(pd.date_range("2020", periods=N)), "name", False),
        (["x"] * N, "address", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("library", ["pandas", "pyarrow", "polars"])
def test_what_is_invented_over_numbers_and_times_is_text(values, kind, is_digits, library):
    source = pd.DataFrame({"v": values, "k": K})
    if library == "pyarrow":
        source = pa.Table.from_pandas(source)
    if library == "polars":
        source = pytest.importorskip("polars").from_pandas(source)
    made, _ = made_like(source, 5, overrides={"v": kind})
    cells = made["v"].to_pylist() if library == "pyarrow" else list(made["v"])
    assert all(isinstance(cell, int if is_digits else str) for cell in map(_plain, cells))


def _plain(cell):
    return cell.item() if isinstance(cell, np.generic) else cell

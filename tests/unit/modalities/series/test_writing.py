"""Series in the shapes that people have them in: read, written again, returned in the caller's own type."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.registry import recognise
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.sources import find_sides, looks_like_series

FORMAT = SeriesFormat()


def read(source, **options):
    return FORMAT.read(source, SeriesOptions(**options))


def written(path, *blocks):
    with FORMAT.writer(path, blocks[0], {"made": "yes"}, SeriesOptions()) as writer:
        for block in blocks:
            writer.write(block)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".jsonl", ".csv.gz"])
def test_long_tables_come_back(tmp_path, ending, customers):
    customers(12).to_csv(tmp_path / "buys.csv", index=False)
    series = read(tmp_path / "buys.csv")
    halves = series.take(np.arange(5)), series.take(np.arange(5, 12))
    path = written(tmp_path / f"again{ending}", *halves)
    if ending == ".csv":
        assert path.read_bytes() == (tmp_path / "buys.csv").read_bytes()
    if ending == ".parquet":
        assert pq.read_schema(path).metadata[b"made"] == b"yes"
    again = FORMAT.read_like(path, series)
    assert again.steps.equals(series.steps)
    assert again.starts.tolist() == series.starts.tolist()


def test_several_series_are_numbered_where_there_was_one(tmp_path, hours):
    series = read(hours())
    assert written(tmp_path / "one.csv", series).read_text().startswith("when,load,level\n")
    three = series.cut(np.array([0, 0, 0]), np.array([0, 24, 48]), np.array([24, 48, 96]))
    path = written(tmp_path / "three.csv", three, series)
    assert path.read_text().startswith("series,when,load,level\n1,2020")
    again = FORMAT.read_like(path, series)
    assert again.lengths.tolist() == [24, 24, 48, 200]
    assert again.form.entity == "series"
    with pytest.raises(DataError, match="a second series follows"):
        written(tmp_path / "no.csv", series, series)
    frame = FORMAT.returned(three, hours())
    assert frame.columns.tolist() == ["series", "when", "load", "level"]
    assert frame["series"].value_counts().to_dict() == {1: 24, 2: 24, 3: 48}


def test_rows_as_series(tmp_path):
    text = "id,city,2020-01,2020-02,2020-03\nA7,Rome,1.50,2.50,3.00\nB8,Oslo,4.00,5.25,\nC9,Rome,,1.00,2.00\n"
    (tmp_path / "wide.csv").write_text(text)
    series = read(tmp_path / "wide.csv", wide=True)
    assert (series.form.entity, series.form.attributes) == ("id", ("city",))
    assert series.lengths.tolist() == [3, 2, 3]
    assert series.steps.column("value").to_pylist() == [1.5, 2.5, 3.0, 4.0, 5.25, None, 1.0, 2.0]
    assert str(series.steps.column("time")[1]) == "2020-02-01"
    assert written(tmp_path / "again.csv", series).read_text() == text
    assert FORMAT.read_like(tmp_path / "again.csv", series).steps.equals(series.steps)
    frame = pd.read_csv(tmp_path / "wide.csv")
    assert FORMAT.returned(read(frame, wide=True), frame).equals(frame)
    narrow = read(frame.drop(columns="2020-03"), wide=True).cut(np.array([0]), np.array([0]), np.array([2]))
    longer = replace(narrow, steps=narrow.steps.take(pa.array([0, 1, 1])), starts=np.array([0, 3]))
    with pytest.raises(DataError, match="3 steps has no room in a table of 2 columns"):
        FORMAT.returned(longer, frame)


def test_several_measures_side_by_side():
    names = ["hr_1", "hr_2", "hr_3", "bp_1", "bp_2", "bp_3"]
    frame = pd.DataFrame(np.arange(24).reshape(4, 6) / 2, columns=names)
    series = read(frame.assign(age=[30, 40, 50, 60]), wide=True)
    assert [one.name for one in series.form.measures] == ["hr", "bp"]
    assert series.form.attributes == ("age",)
    assert series.steps.column("time").to_pylist() == [1, 2, 3] * 4
    assert series.steps.column("bp").to_pylist()[:4] == [1.5, 2.0, 2.5, 4.5]
    sides, counted = find_sides(["q1", "q2", *(f"t{k}" for k in range(9))])
    assert counted == tuple(range(9))
    assert sides == (tuple(f"t{k}" for k in range(9)),)  # and not the two of other numbers
    with pytest.raises(DataError, match="no columns side by side have names that count up"):
        read(frame.set_axis(list("abcdef"), axis=1), wide=True)


@pytest.mark.parametrize("is_archive", [False, True])
def test_a_file_for_each_series(tmp_path, hours, is_archive):
    folder = tmp_path / "meters"
    folder.mkdir()
    for number, name in enumerate(["north", "south", "east"]):
        hours(30 + number).assign(kind="abc"[number]).to_csv(folder / f"{name}.csv", index=False)
    (folder / "notes.md").write_text("no table")
    source = folder
    if is_archive:
        source = tmp_path / "meters.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for one in folder.iterdir():
                archive.write(one, f"meters/{one.name}")
    assert FORMAT.recognises(str(source))
    series = read(str(source))
    assert (series.form.shape, series.form.entity, series.form.attributes) == ("folder", "series", ("kind",))
    assert dict(zip(series.entities.to_pylist(), series.lengths.tolist(), strict=True)) == {
        "east": 32, "north": 30, "south": 31,
    }  # fmt: skip
    blocks = series.take(np.arange(2)), series.take(np.array([2]))
    out = written(tmp_path / ("out.zip" if is_archive else "out"), *blocks)
    assert FORMAT.read_like(out, series).steps.equals(series.steps)
    if not is_archive:
        assert (out / "east.csv").read_bytes() == (folder / "east.csv").read_bytes()
    one = written(tmp_path / "all.csv", series)
    assert one.read_text().startswith("series,when,load,level,kind\neast,")


def test_folders_of_other_things_are_none(tmp_path, hours):
    assert not looks_like_series(tmp_path)
    hours().to_csv(tmp_path / "a.csv", index=False)
    assert not looks_like_series(tmp_path)
    hours().rename(columns={"load": "power"}).to_csv(tmp_path / "b.csv", index=False)
    assert not looks_like_series(tmp_path)
    with pytest.raises(
        DataError, match=r"b\.csv: not of the same columns as 'a\.csv': column 'load' is in one"
    ):
        read(tmp_path)
    with pytest.raises(UsageError, match="these series make no folder"):
        written(tmp_path / "out", read(hours()))


def test_arrays_of_three_axes(tmp_path):
    values = np.random.default_rng(0).random((6, 10, 2)).astype(np.float32)
    series = read(values)
    assert (len(series), set(series.lengths.tolist()), series.form.shape) == (6, {10}, "array")
    back = FORMAT.returned(series, values)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, values)
    values[2, 7:] = np.nan
    series = read(values)
    assert series.lengths.tolist() == [10, 10, 7, 10, 10, 10]
    np.testing.assert_array_equal(FORMAT.returned(series, values), values)
    np.save(tmp_path / "series.npy", values)
    assert read(tmp_path / "series.npy").steps.equals(series.steps)
    (tmp_path / "none.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"none\.npy: no array can be read there"):
        read(tmp_path / "none.npy")
    rows = values[0]
    np.testing.assert_array_equal(FORMAT.returned(read(rows), rows), rows)


def test_arrays_are_written_and_recognised(tmp_path, customers):
    values = np.random.default_rng(0).random((30, 5, 2)).round(2)
    values[2, 3:] = np.nan
    np.save(tmp_path / "few.npy", values)
    assert recognise(tmp_path / "few.npy").kind == recognise(values).kind == "series"
    assert recognise(values.transpose(0, 2, 1)).kind == "series"
    pictures = np.random.default_rng(0).normal(size=(30, 5, 6))
    assert recognise(pictures).kind == "image"
    assert "--kind series" in " ".join(ImageFormat().read(pictures, ImageOptions()).notes)
    series = read(tmp_path / "few.npy")
    written(tmp_path / "again.npy", series.take(np.arange(4)), series.take(np.arange(4, 30)))
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), values)
    with pytest.raises(UsageError, match=r"an array holds numbers alone, and 'city' holds none"):
        written(tmp_path / "none.npy", read(customers(5)))
    assert not (tmp_path / "none.npy").exists()


def test_the_callers_own_types_come_back(hours, customers):
    frame = customers(5)
    series = read(frame)
    assert FORMAT.returned(series, frame).equals(frame)
    assert FORMAT.returned(read(pl.from_pandas(frame)), pl.from_pandas(frame)).equals(pl.from_pandas(frame))
    table = pa.Table.from_pandas(frame)
    assert FORMAT.returned(read(table), table).equals(table)
    dated = hours().set_index("when")
    assert read(dated).form.time == "when"
    pd.testing.assert_frame_equal(FORMAT.returned(read(dated), dated), dated)
    bare = dated.rename_axis(None)
    assert read(bare).form.time == "time"
    pd.testing.assert_frame_equal(FORMAT.returned(read(bare), bare), bare)
    pd.testing.assert_series_equal(FORMAT.returned(read(dated["load"]), dated["load"]), dated["load"])
    panel = frame.set_index(["customer_id", "when"])
    pd.testing.assert_frame_equal(FORMAT.returned(read(panel), panel), panel)


def test_previews_and_overviews(customers, hours):
    series = read(customers(8))
    seen = FORMAT.preview(series)
    lines = seen.as_text().splitlines()
    assert lines[0] == "customer_id C0000"
    assert lines[1].startswith("amount ")
    assert lines[1].split()[2].startswith(str(series.steps.column("amount")[0]))
    assert (seen.as_png() or b"").startswith(b"\x89PNG")
    drawn = seen.strip(200, 20, 60)
    assert drawn is not None
    assert drawn.shape[2] == 3
    rows = {one["column"]: one["is"] for one in FORMAT.overview(series) if one["column"]}
    assert rows["customer_id"] == "entity"
    assert rows["when"] == "time"
    assert rows["city"] == "attribute"
    assert rows["amount"] == "measure"
    assert FORMAT.overview(read(hours()))[1]["holds"] == "200"


def test_columns_and_targets(customers):
    series = read(customers(8))
    assert FORMAT.names(series) == ("customer_id", "city", "born", "when", "amount", "kind", "shop")
    FORMAT.check_target(series, "kind")
    for name in ("customer_id", "when", "shop"):
        with pytest.raises(UsageError, match=f"target '{name}'"):
            FORMAT.check_target(series, name)

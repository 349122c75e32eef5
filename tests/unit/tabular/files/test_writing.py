from __future__ import annotations

import datetime
import errno
import gzip
import io
import os
from types import SimpleNamespace

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.files import read_table
from gansmith.tabular.files.frames import in_type_of
from gansmith.tabular.files.writing import TableWriter, TextSink
from gansmith.tabular.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("n", "integer", missing_mark="?", missing_rate=0.5),
        Column("price", "decimal", decimals=2, is_padded=True),
        Column("rate", "decimal", decimals=1, has_point=True, point=","),
        Column("smoker", "boolean", spelling=("no", "yes")),
        Column("day", "date", format="%-d.%-m.%Y"),
        Column("say", "category"),
    )
)
RECORDS = pa.table(
    {
        "n": [3, None],
        "price": [-0.5, 1234.0],
        "rate": [2.0, -0.04],
        "smoker": [True, False],
        "day": [datetime.date(2021, 9, 5), None],
        "say": ['he said "no", twice', "=1+1"],
    }
)
TEXT = """n,price,rate,smoker,day,say
3,-0.50,"2,0",yes,5.9.2021,"he said ""no"", twice"
?,1234.00,"0,0",no,,=1+1
"""


def test_text_is_spelt_as_the_input_was(tmp_path):
    with TableWriter(tmp_path / "out.csv", SCHEMA) as writer:
        writer.write(RECORDS.slice(0, 1))
        writer.write(RECORDS.slice(1))
    assert (tmp_path / "out.csv").read_text() == TEXT
    assert writer.n_records == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_formulas_are_disarmed_on_request(tmp_path):
    with TableWriter(tmp_path / "out.csv", SCHEMA, safe_csv=True) as writer:
        writer.write(RECORDS)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[2].endswith(",'=1+1")
    assert lines[1].startswith("3,-0.50,")  # a negative number is no formula


def test_tabs_gzip_and_standard_output(tmp_path, monkeypatch):
    for _ in range(2):
        with TableWriter(tmp_path / "out.tsv.gz", SCHEMA) as writer:
            writer.write(RECORDS)
    text = gzip.decompress((tmp_path / "out.tsv.gz").read_bytes()).decode()
    assert text.startswith("n\tprice\t")
    assert "\t2,0\t" in text
    stdout = SimpleNamespace(buffer=io.BytesIO(), flush=lambda: None)
    monkeypatch.setattr("gansmith.tabular.files.writing.sys", SimpleNamespace(stdout=stdout))
    with TableWriter("-", SCHEMA) as writer:
        writer.write(RECORDS)
    assert stdout.buffer.getvalue().decode() == TEXT


def test_parquet_keeps_types_and_metadata(tmp_path):
    price = Column("price", "decimal", decimals=2, stored_as="decimal128(10, 2)")
    level = Column("level", "category", stored_as="dictionary")
    when = Column("when", "datetime", stored_as="timestamp[ns, tz=Europe/Paris]")
    records = pa.table(
        {
            "price": [1.239],
            "level": ["a"],
            "when": pa.array([datetime.datetime(2020, 1, 1)], pa.timestamp("us")),
        }
    )
    with TableWriter(
        tmp_path / "t.parquet", Schema((price, level, when)), metadata={"synthetic": "true"}
    ) as writer:
        writer.write(records)
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.schema.field("price").type == pa.decimal128(10, 2)
    assert pa.types.is_dictionary(table.schema.field("level").type)
    assert str(table.column("price")[0].as_py()) == "1.24"
    assert table.column("when")[0].as_py().isoformat() == "2020-01-01T00:00:00+01:00"
    assert table.schema.metadata[b"synthetic"] == b"true"


def test_json_lines(tmp_path):
    with TableWriter(tmp_path / "t.jsonl", SCHEMA) as writer:
        writer.write(RECORDS)
    first = (tmp_path / "t.jsonl").read_text().splitlines()[0]
    assert first == (
        '{"n":3,"price":-0.5,"rate":2.0,"smoker":true,"day":"5.9.2021","say":"he said \\"no\\", twice"}'
    )


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.jsonl"])
def test_a_failure_leaves_what_was_there(tmp_path, name):
    path = tmp_path / name
    path.write_text("precious")
    with pytest.raises(RuntimeError, match="stop"), TableWriter(path, SCHEMA) as writer:  # noqa: PT012
        writer.write(RECORDS)
        raise RuntimeError("stop")
    assert path.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.jsonl"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch, name):
    def full(file_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = r"the disk is full after 2 records \([\d,]+ bytes\)"
    with pytest.raises(DataError, match=said), TableWriter(tmp_path / name, SCHEMA) as writer:
        writer.write(RECORDS)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_disk_that_fills_up_while_a_block_is_written(tmp_path, monkeypatch):
    def full(self: TextSink, records: pa.Table) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    said = "the disk is full after 2 records"
    with pytest.raises(DataError, match=said), TableWriter(tmp_path / "t.csv", SCHEMA) as writer:  # noqa: PT012
        writer.write(RECORDS)
        monkeypatch.setattr(TextSink, "write", full)
        writer.write(RECORDS)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(UsageError, match=r"\.parquet"):
        TableWriter(tmp_path / "t.parqet", SCHEMA)
    with pytest.raises(DataError, match="no folder"), TableWriter(tmp_path / "no" / "t.csv", SCHEMA):
        pass
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"), TableWriter(tmp_path / "f.csv", SCHEMA):
        pass
    with pytest.raises(DataError, match="no column 'n'"), TableWriter(tmp_path / "t.csv", SCHEMA) as writer:
        writer.write(RECORDS.drop_columns(["n"]))


def test_pandas_types_come_back():
    frame = pd.DataFrame(
        {
            "age": pd.array([1, None, 3], dtype="Int16"),
            "whole": [1.0, None, 3.0],
            "small": pd.array([1, 2, 2], dtype="int8"),
            "level": pd.Categorical(["a", "b", "a"], categories=["b", "a", "c"], ordered=True),
            "when": pd.to_datetime(pd.Series(["2020-01-01", "2020-01-02", None])),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "object": pd.Series(["x", None, "y"], dtype=object),
            "day": pd.Series(["2020-01-31", "2020-02-01", "2020-02-01"]),
            7: [1.25, 2.5, 3.0],
        }
    )
    table = read_table(frame)
    assert table.schema.column("day").kind == "date"
    pd.testing.assert_frame_equal(in_type_of(table.records, table.schema, frame), frame)


def test_polars_and_arrow_types_come_back():
    frame = pl.DataFrame(
        {"n": pl.Series([1, 2, None], dtype=pl.Int16), "c": pl.Series(["a", "b", "a"], dtype=pl.Categorical)}
    )
    table = read_table(frame)
    assert in_type_of(table.records, table.schema, frame).equals(frame)
    arrow = pa.table({"n": pa.array([1, 2], pa.uint8()), "c": pa.array(["a", "b"], pa.large_string())})
    table = read_table(arrow)
    assert in_type_of(table.records, table.schema, arrow).equals(arrow)
    assert list(in_type_of(table.records, table.schema, "table.csv").columns) == ["n", "c"]


def test_a_schema_of_text_reads_what_it_wrote_as_parquet(tmp_path):
    (tmp_path / "a.csv").write_text("x,y,z\n1.0,yes,2020-01-05\n2.0,no,2020-01-06\n,no,2020-01-06\n")
    table = read_table(tmp_path / "a.csv")
    for name in ("b.parquet", "b.jsonl", "b.tsv"):
        with TableWriter(tmp_path / name, table.schema) as writer:
            writer.write(table.records)
        assert read_table(tmp_path / name, schema=table.schema).records.equals(table.records), name


def test_blanks_in_the_header_and_around_quoted_cells_are_kept(tmp_path):
    lines = ["no, DEPOSIT AMT ,day"] + [
        f'{n}," {100.5 + 3 * n:.2f} "," 2014-03-{n + 1:02} "' for n in range(9)
    ]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    table = read_table(tmp_path / "in.csv")
    assert table.schema.names == ("no", "DEPOSIT AMT", "day")
    assert [column.kind for column in table.schema.columns] == ["integer", "decimal", "date"]
    with TableWriter(tmp_path / "out.csv", Schema.from_json(table.schema.to_json())) as writer:
        writer.write(table.records)
    assert (tmp_path / "out.csv").read_text() == (tmp_path / "in.csv").read_text()
    (tmp_path / "in.csv").write_text("a,b\n 1,x\n2  ,y\n3,z\n")
    assert "spaces around its cells differ" in read_table(tmp_path / "in.csv").notes[0]

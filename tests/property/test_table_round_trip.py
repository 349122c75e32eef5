from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.tabular.columns import KINDS
from gansmith.tabular.files import read_table
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Column, Schema

# Letters that are no whole word of a kind, and what makes quoting hard.
WORDS = st.text(st.sampled_from(list("abc xyzéß\",;|\t\n'=")), min_size=1, max_size=8).map(lambda s: f"w{s}w")
CELLS = {
    "integer": st.integers(-(2**62), 2**62).map(str),
    "padded": st.integers(-(10**9), 10**9)
    .map(lambda n: f"{n / 100:.2f}")
    .filter(lambda cell: cell != "-0.00"),
    "shortest": st.integers(-(10**9), 10**9).map(lambda n: f"{n / 1000:.3f}".rstrip("0").rstrip(".")),
    "pointed": st.integers(-(10**7), 10**7).map(lambda n: repr(n / 100)),
    "boolean": st.sampled_from(["No", "Yes"]),
    "date": st.dates().map(lambda day: f"{day.year:04}-{day.month:02}-{day.day:02}"),
    "datetime": st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat(sep=" ")),
    "category": WORDS,
    "code": st.integers(0, 9999).map(lambda n: f"{n:05}"),
}


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A well-formed CSV file: columns of one spelling each, some cells missing with one mark a column."""
    n = draw(st.integers(2, 12))
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=2, max_size=5))
    columns: list[list[str]] = []
    for kind in kinds:
        cells = draw(st.lists(CELLS[kind], min_size=n, max_size=n))
        mark = draw(st.sampled_from(["", "NA", "?"]))
        gaps = draw(st.lists(st.integers(0, n - 1), max_size=2))
        columns.append([mark if place in gaps else cell for place, cell in enumerate(cells)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"{kind} {place}" for place, kind in enumerate(kinds)])
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


@settings(deadline=None, max_examples=60)
@given(text=tables())
def test_text_read_and_written_is_the_same_text(text):
    with tempfile.TemporaryDirectory() as folder:
        source, copy = Path(folder, "a.csv"), Path(folder, "b.csv")
        source.write_bytes(text.encode())
        table = read_table(source)
        with TableWriter(copy, table.schema) as writer:
            writer.write(table.records)
        assert copy.read_bytes().decode() == text
        assert read_table(copy).records.equals(table.records)


@settings(deadline=None, max_examples=40)
@given(
    numbers=st.lists(st.none() | st.floats(-1e12, 1e12).map(lambda x: round(x, 3)), min_size=2, max_size=20),
    words=st.data(),
)
def test_parquet_gives_back_the_records(numbers, words):
    cells = words.draw(st.lists(st.none() | WORDS, min_size=len(numbers), max_size=len(numbers)))
    table = read_table(pa.table({"x": pa.array(numbers, pa.float64()), "w": pa.array(cells, pa.string())}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.parquet")
        with TableWriter(path, table.schema) as writer:
            writer.write(table.records)
        again = read_table(path)
    assert again.schema == table.schema
    assert again.records.equals(table.records)


@settings(deadline=None, max_examples=60)
@given(
    names=st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6, unique=True),
    kinds=st.lists(st.sampled_from(list(KINDS)), min_size=6, max_size=6),
    decimals=st.integers(-1, 12),
    rate=st.floats(0, 1),
    mark=st.text(max_size=5),
)
def test_a_schema_survives_json(names, kinds, decimals, rate, mark):
    columns = [
        Column(name, kind, decimals=decimals, missing_rate=rate, missing_mark=mark, spelling=("n", "y"))
        for name, kind in zip(names, kinds, strict=False)
    ]
    schema = Schema(tuple(columns))
    assert Schema.from_json(schema.to_json()) == schema

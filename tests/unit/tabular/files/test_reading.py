from __future__ import annotations

import datetime
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.files import read_partial, read_table
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Schema


def written(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def column_of(folder: Path, cells: list[str], name: str = "x", **options):
    """The column of these cells, beside one of plain numbers, and its values."""
    lines = [f'{number};"{cell}"' for number, cell in enumerate(cells)]
    table = read_table(written(folder, f"other;{name}\n" + "\n".join(lines)), **options)
    return table.schema.column(name), table.records.column(name).to_pylist()


@pytest.mark.parametrize(
    ("cells", "kind", "fields", "first"),
    [
        (["1", "-2", "+3"], "integer", {}, 1),
        (["0", "1", "0"], "integer", {}, 0),
        (["1.5", "2", "3.25"], "decimal", {"decimals": 2, "is_padded": False}, 1.5),
        (["1.50", "2.00", "3.25"], "decimal", {"decimals": 2, "is_padded": True}, 1.5),
        (["1.0", "2.0", "7.0"], "decimal", {"decimals": 0, "has_point": True}, 1.0),
        (["1,5", "2,25", "3"], "decimal", {"decimals": 2, "point": ","}, 1.5),
        (["0.1234567890123456", "0.7654321", "1e-3"], "decimal", {"decimals": -1}, 0.1234567890123456),
        (["1334.8799999999999", "271227.08", "0.5"], "decimal", {"decimals": 2}, 1334.88),
        (["yes", "no", "yes"], "boolean", {"spelling": ("no", "yes")}, True),
        (["F", "T", "T"], "boolean", {"spelling": ("F", "T")}, False),
        (["2021-09-25", "2020-01-31"], "date", {"format": "%Y-%m-%d"}, datetime.date(2021, 9, 25)),
        (["25/9/2021", "1/12/2020"], "date", {"format": "%-d/%-m/%Y"}, datetime.date(2021, 9, 25)),
        (["09/25/2021", "01/12/2020"], "date", {"format": "%m/%d/%Y"}, datetime.date(2021, 9, 25)),
        (["25.09.2021", "01.12.2020"], "date", {"format": "%d.%m.%Y"}, datetime.date(2021, 9, 25)),
        (["September 25, 2021", "May 1, 2020"], "date", {"format": "%B %-d, %Y"}, datetime.date(2021, 9, 25)),
        (["2021-09", "2020-01"], "date", {"format": "%Y-%m"}, datetime.date(2021, 9, 1)),
        (
            ["2021-09-25 10:30:00", "2020-01-31 00:15:00"],
            "datetime",
            {"format": "%Y-%m-%d %H:%M:%S", "granularity_seconds": 60},
            datetime.datetime(2021, 9, 25, 10, 30),
        ),
        (
            ["2021-09-25T10:30:00.250Z", "2020-01-31T00:15:00.125Z"],
            "datetime",
            {"format": "%Y-%m-%dT%H:%M:%S.%gZ", "granularity_seconds": 0},
            datetime.datetime(2021, 9, 25, 10, 30, 0, 250_000),
        ),
        (["01013", "02143", "90210"], "category", {}, "01013"),
        (["red", "blue", "red"], "category", {}, "red"),
        (["2021-02-30", "2021-02-31"], "category", {}, "2021-02-30"),
        (["5", "5", "5"], "constant", {"type": "int64"}, 5),
        (["NA", "", "?"], "constant", {"type": "null", "missing_rate": 1.0}, None),
        ([f"A-{n:04}" for n in range(30)], "identifier", {"type": "string"}, "A-0000"),
        ([f"{n}" for n in range(1, 31)], "identifier", {"type": "int64"}, 1),
        ([f"{'so ' * (n % 9)}it is {n} of them" for n in range(100)], "text", {}, "it is 0 of them"),
        ([f"it is number {n} of them all" for n in range(100)], "pattern", {}, "it is number 0 of them all"),
        ([f"word{n % 80}" for n in range(240)], "category", {}, "word0"),
        (["1", "NA", "3", "?", "NA"], "integer", {"missing_mark": "NA", "missing_rate": 0.6}, 1),
        (["a", "NA", "b", "?", "NA"], "category", {"missing_mark": "NA", "missing_rate": 0.4}, "a"),
        (["a", "NA", "", "?", "NA"], "category", {"missing_mark": "", "missing_rate": 0.2}, "a"),
    ],
)
def test_a_column_is_what_a_person_would_call_it(tmp_path, cells, kind, fields, first):
    column, values = column_of(tmp_path, cells)
    assert column.kind == kind
    assert {name: getattr(column, name) for name in fields} == fields
    assert values[0] == pytest.approx(first) if isinstance(first, float) else values[0] == first


def test_numbers_that_never_repeat_are_identifiers_by_name_alone(tmp_path):
    numbers = [str(n * n + 17) for n in range(40)]
    assert column_of(tmp_path, numbers, "customer_id")[0].kind == "identifier"
    assert column_of(tmp_path, numbers, "PassengerId")[0].kind == "identifier"
    assert column_of(tmp_path, numbers, "amount_paid")[0].kind == "integer"


def test_years_are_no_identifiers(tmp_path):
    assert column_of(tmp_path, [str(year) for year in range(1980, 2020)], "year")[0].kind == "integer"


def test_an_ambiguous_date_is_told(tmp_path):
    table = read_table(written(tmp_path, "a,day\n1,01/02/2021\n2,03/02/2021\n"))
    assert table.schema.column("day").format == "%d/%m/%Y"  # two days apart rather than two months
    assert "%m/%d/%Y" in table.notes[0]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", "Москва Казань Омск Новосибирск Самара Челябинск Воронеж Пермь"),
        ("koi8_r", "Москва Казань Омск Новосибирск Самара Челябинск Воронеж Пермь"),
        ("cp1253", "Αθήνα Πάτρα Βόλος Θεσσαλονίκη Λάρισα Τρίκαλα Χαλκίδα Σέρρες"),
        ("shift_jis", "東京 大阪 名古屋 札幌 福岡 神戸 さいたま 広島 カタカナ"),
        ("gb18030", "北京 上海 广州 深圳 天津 武汉 成都 重庆 南京 西安"),
        ("cp1252", "Köln Besançon Málaga Nürnberg Orléans Évry"),
    ],
)
def test_text_of_another_alphabet_is_recognised(tmp_path, encoding, words):
    path = tmp_path / "towns.csv"
    towns = words.split()
    text = "town,n\n" + "".join(f"{towns[n % len(towns)]},{n}\n" for n in range(60))
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert set(table.records.column("town").to_pylist()) == set(towns)
    assert "is not valid UTF-8, so the file was read as" in table.notes[0]
    with TableWriter(tmp_path / "again.csv", table.schema) as writer:
        writer.write(table.records)
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_the_dialect_is_found(tmp_path, delimiter, encoding, is_zipped):
    text = 'név;"text"\nJosé;"a, b; c| d"\nZoë;"say ""hi""\nthere"\nJosé;x\n'.replace("név;", "who;")
    text = "\n".join(line.replace(";", delimiter, 1) for line in text.split("\n"))
    raw = text.encode(encoding)
    path = written(tmp_path, gzip.compress(raw) if is_zipped else raw, "t.csv.gz" if is_zipped else "t.txt")
    table = read_table(path)
    assert table.records.to_pydict()["who"] == ["José", "Zoë", "José"]
    assert table.records.to_pydict()["text"][1] == 'say "hi"\nthere'
    assert bool(table.notes) == (encoding == "cp1252")


def test_blanks_after_delimiters_belong_to_them(tmp_path):
    table = read_table(
        written(tmp_path, "39, State-gov, 13\n50, Private, 7\n38, Private, 9\n"), has_header=False
    )
    assert table.records.column("column_2").to_pylist() == ["State-gov", "Private", "Private"]
    assert [column.kind for column in table.schema.columns] == ["integer", "category", "integer"]


def test_a_schema_decides(tmp_path):
    path = written(tmp_path, "b,a\n1,01/02/2021\n2,03/02/2021\nNA,04/02/2021\n")
    schema = Schema.from_json(
        {"columns": [{"name": "a", "kind": "date", "format": "%m/%d/%Y"}, {"name": "b", "kind": "category"}]}
    )
    table = read_table(path, schema=schema)
    assert table.schema.names == ("a", "b")
    assert table.records.column("a")[0].as_py() == datetime.date(2021, 1, 2)
    assert table.records.column("b").to_pylist() == ["1", "2", "NA"]


@pytest.mark.parametrize("extension", [".csv", ".parquet", ".jsonl"])
def test_overrides(tmp_path, extension):
    frame = pd.DataFrame({"zone": [3, 1, 3], "flag": [0, 1, 1], "amount": [1, 2, 2]})
    path = tmp_path / f"t{extension}"
    {".csv": lambda: frame.to_csv(path, index=False), ".parquet": lambda: frame.to_parquet(path),
     ".jsonl": lambda: frame.to_json(path, orient="records", lines=True)}[extension]()  # fmt: skip
    table = read_table(path, overrides={"zone": "category", "flag": "boolean"})
    assert table.records.to_pydict() == {
        "zone": ["3", "1", "3"],
        "flag": [False, True, True],
        "amount": [1, 2, 2],
    }


@pytest.mark.parametrize("kind", ["date", "datetime", "boolean", "constant"])
def test_an_override_that_the_data_contradicts_is_refused(tmp_path, kind):
    path = written(tmp_path, "age,b\n39,x\n50,y\n38,z\n")
    with pytest.raises(DataError, match=r"column 'age', record \d: '\d+'"):
        read_table(path, overrides={"age": kind})
    with pytest.raises(DataError, match=r"column 'age', record \d: '\d+'"):
        read_table(pa.table({"age": [39, 50, 38]}), overrides={"age": kind})


def test_an_unknown_override_is_a_usage_error(tmp_path):
    path = written(tmp_path, "age,b\n39,x\n50,y\n")
    with pytest.raises(UsageError, match="Did you mean 'age'"):
        read_table(path, overrides={"aeg": "integer"})
    with pytest.raises(UsageError, match="Did you mean 'integer'"):
        read_table(path, overrides={"age": "integr"})


BAD_TEXT = [
    ("a,b\n", "no records after its header"),
    ("a,b\n1,2\n", "a single record"),
    ("a,a\n1,2\n3,4\n", "two columns are called 'a'"),
    ("a,\n1,2\n3,4\n", "column 2 has no name"),
    ("a,b\n1,2\n3\n4,5\n", "record 2 ('3') has 1 cells where 2 are wanted"),
    ("a,b\n1,2\n3,4,5\n4,5\n", "record 2 ('3,4,5') has 3 cells where 2 are wanted"),
    ("a,b\n1,2\n3,inf\n4,5\n", "column 'b', record 2: 'inf'"),
    ("a,b\n1,2\n3,4\n4,1e999\n", "column 'b', record 3: '1e999'"),
    ('a,b\n1,2\n3,"x\n4,5\n', "never closed"),
    ("  \n \n", "nothing but blanks"),
    ("", "is empty"),
    (b"a,b\n1,\x00\n2,3\n", "line 2 holds a NUL byte"),
    (b"a,b\n1,2\n\x81,\xff\n", "line 3 holds the byte 0x81"),
]


@pytest.mark.parametrize(("content", "said"), BAD_TEXT)
def test_bad_text_is_refused(tmp_path, content, said):
    with pytest.raises(DataError, match=r"table\.csv: ") as caught:
        read_table(written(tmp_path, content))
    assert said in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_header_that_is_data_hints_at_the_option(tmp_path):
    with pytest.raises(DataError, match="--no-header"):
        read_table(written(tmp_path, "1,1\n2,3\n4,5\n"), has_header=True)


def test_bad_files_are_refused(tmp_path):
    good = written(tmp_path, "a,b\n1,2\n3,4\n", "adult.csv")
    with pytest.raises(DataError, match=r"Did you mean 'adult\.csv'"):
        read_table(tmp_path / "adlt.csv")
    with pytest.raises(DataError, match="no such folder"):
        read_table(tmp_path / "nowhere" / "adlt.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="folder is empty"):
        read_table(tmp_path / "empty")
    with pytest.raises(DataError, match=r"extension \.xlsx"):
        read_table(written(tmp_path, "PK\x03\x04", "t.xlsx"))
    with pytest.raises(DataError, match="no records"):
        read_table(written(tmp_path, "a,b", "unended.csv"))
    with pytest.raises(DataError, match="gzip file is truncated"):
        read_table(written(tmp_path, gzip.compress(good.read_bytes())[:-9], "t.csv.gz"))
    with pytest.raises(DataError, match="Parquet file is truncated"):
        read_table(written(tmp_path, b"PAR1 and nothing else", "t.parquet"))
    with pytest.raises(UsageError, match="no encoding 'utf-9'"):
        read_table(good, encoding="utf-9")
    with pytest.raises(DataError, match="is not ascii"):
        read_table(written(tmp_path, "a,b\n1,é\n3,4\n"), encoding="ascii")
    with pytest.raises(UsageError, match="is no table"):
        read_table([1, 2])


def test_bad_json_lines_are_refused(tmp_path):
    with pytest.raises(DataError, match="record 2 is not valid JSON"):
        read_table(written(tmp_path, '{"a": 1}\n{"a": \n', "t.jsonl"))
    with pytest.raises(DataError, match="record 2 is JSON, but not an object"):
        read_table(written(tmp_path, '{"a": 1}\n[1]\n', "t.jsonl"))
    with pytest.raises(DataError, match="column 'b' holds nested values"):
        read_table(written(tmp_path, '{"a": 1, "b": [1]}\n{"a": 2}\n', "t.jsonl"))


def test_nested_parquet_is_refused(tmp_path):
    pq.write_table(pa.table({"a": [1, 2], "b": [[1], [2]]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'b' holds values of type list"):
        read_table(tmp_path / "t.parquet")


def test_json_lines_are_typed(tmp_path):
    text = """{"n": 1, "s": "x", "d": "2020-01-31", "b": true}

{"n": 2.5, "s": null, "d": "2020-02-01", "b": false}
"""
    table = read_table(written(tmp_path, text, "t.jsonl"))
    assert [column.kind for column in table.schema.columns] == ["decimal", "constant", "date", "boolean"]
    assert table.records.column("d")[1].as_py() == datetime.date(2020, 2, 1)


def test_typed_columns_keep_their_types():
    table = read_table(
        pa.table(
            {
                "small": pa.array([1, 2, None], pa.int8()),
                "whole": pa.array([1.0, None, 3.0]),
                "price": pa.array([1, 2, 3], pa.decimal128(10, 2)),
                "single": pa.array([1.1, 2.2, 3.3], pa.float32()),
                "level": pa.array(["a", "b", "a"]).dictionary_encode(),
                "when": pa.array([0, 10**9, 2 * 10**9], pa.timestamp("ns", "UTC")),
                "day": pa.array([0, 1, 2], pa.date32()),
                "flag": [True, False, None],
                "nothing": pa.nulls(3),
            }
        )
    )
    got = {column.name: (column.kind, column.type, column.stored_as) for column in table.schema.columns}
    assert got == {
        "small": ("integer", "int8", ""),
        "whole": ("integer", "int64", "double"),
        "price": ("decimal", "double", "decimal128(10, 2)"),
        "single": ("decimal", "float", ""),
        "level": ("category", "string", "dictionary"),
        "when": ("datetime", "timestamp[us]", "timestamp[ns, tz=UTC]"),
        "day": ("date", "date32[day]", ""),
        "flag": ("boolean", "bool", ""),
        "nothing": ("constant", "null", ""),
    }
    assert table.schema.column("single").decimals == 1
    assert table.schema.column("price").decimals == 2


def test_an_infinite_number_of_a_frame_is_refused():
    with pytest.raises(DataError, match=r"column 'x', record 2: inf"):
        read_table(pd.DataFrame({"x": [1.5, np.inf, 2.5]}))
    with pytest.raises(DataError, match="column 'x' mixes"):
        read_table(pd.DataFrame({"x": [1, "a"]}, dtype=object))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_every_library_are_read(library):
    table = read_table(library({"n": [1, 2, 2], "s": ["x", "y", "x"]}))
    assert [column.kind for column in table.schema.columns] == ["integer", "category"]
    assert len(table.take(np.array([2, 0]))) == 2
    assert table.take(np.array([1])).records.to_pylist() == [{"n": 2, "s": "y"}]


@pytest.mark.slow
def test_ten_thousand_categories_and_two_thousand_columns(tmp_path):
    many = pa.table({"c": [f"c{n % 10_000} x" for n in range(25_000)], "n": list(range(25_000))})
    assert read_table(many, overrides={"c": "category"}).schema.column("c").kind == "category"
    header = ",".join(f"c{n}" for n in range(2000))
    path = written(tmp_path, "\n".join([header, *(",".join(["1", "2"] * 1000) for _ in range(3))]))
    assert len(read_table(path).schema) == 2000


def test_a_column_of_nothing_is_read_again_as_nothing():
    """A column that had no cell at all is of type null, to which no text can be cast: this was an error."""
    schema = read_table(pa.table({"n": ["1", "2"], "nothing": pa.array(["", ""])})).schema
    again = read_table(pa.table({"n": ["3", "4"], "nothing": pa.array(["", ""])}), schema=schema)
    assert again.schema == schema
    _, partial = read_partial(pa.table({"nothing": pa.array(["", ""])}), schema)
    assert partial.records.column("nothing").null_count == 2
    judged = read_table(
        pa.table({"n": ["3", "4"], "nothing": pa.array(["", ""])}), schema=schema, leniency="columns"
    )
    assert judged.notes == ()


def test_a_thousandth_of_a_large_number_is_no_noise():
    large = 274877906944.001
    (column,) = read_table(pa.table({"x": [large, 0.5, None]})).schema.columns
    assert column.decimals < 0 or round(large, column.decimals) == large

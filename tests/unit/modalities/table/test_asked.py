"""`--where`: every kind of value, spelt as a person spells it; and it holds for every record."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.base import Reading
from gansmith.modalities.table.asked import matching, parse_value, request_for
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.files.reading import read_table
from gansmith.modalities.table.modality import TableModality
from gansmith.tasks.fit import FitConfig, start

N = 400


@pytest.fixture(scope="module")
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
        "note": [f"a long story number {k} that goes on and on" for k in range(N)],
        "land": ["here"] * N,
    }
    found = tmp_path_factory.mktemp("asked") / "people.csv"
    lines = [
        ";".join(columns),
        *(";".join(str(cell) for cell in record) for record in zip(*columns.values(), strict=True)),
    ]
    found.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def table(path):
    return read_table(path)


@pytest.fixture(scope="module")
def codec(table):
    return TableCodec.fit(table.records, table.schema, 0)


@pytest.fixture(scope="module")
def model(path):
    config = FitConfig(min_count=1, preset="small", samples_seen=3 * 360, threads=1)
    run = start(str(path), config, reading=Reading(finds_constraints=False))  # the grade decides the city
    for _ in run:
        pass
    return run.model()


def test_the_columns_are_what_they_should_be(table):
    kinds = {column.name: column.kind for column in table.schema.columns}
    assert kinds == {
        "id": "identifier", "age": "integer", "price": "decimal", "grade": "integer", "city": "category",
        "street": "category", "member": "boolean", "born": "date", "seen": "datetime",
        "note": "text", "land": "constant",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "cell"),
    [
        ("age", "42", 42),
        ("age", " 42 ", 42),
        ("age", 42, 42),
        ("age", np.int32(42), 42),
        ("price", "3,14", 3.14),
        ("price", 3.14, 3.14),
        ("grade", "NA", None),
        ("grade", None, None),
        ("city", " Rome", " Rome"),
        ("street", "", None),
        ("member", "yes", True),
        ("member", False, False),
        ("born", "24.12.2020", dt.date(2020, 12, 24)),
        ("born", dt.date(2020, 12, 24), dt.date(2020, 12, 24)),
        ("seen", "2020-02-03 04:05", dt.datetime(2020, 2, 3, 4, 5)),
        ("seen", dt.datetime(2020, 2, 3, 4, 5), dt.datetime(2020, 2, 3, 4, 5)),
        ("land", "here", "here"),
    ],
)
def test_values_are_read_as_a_person_spells_them(table, name, value, cell):
    column = table.schema.column(name)
    parsed = parse_value(column, value)
    assert parsed.type == column.arrow_type
    assert parsed.to_pylist() == [cell]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"aeg": "42"}, "Did you mean 'age'?"),
        ({"age": "old"}, "'old' is no integer"),
        ({"age": "42.5"}, "'42.5' is no integer"),
        ({"age": 10**30}, "is no integer"),
        ({"age": "999"}, "learnt from 0 to 77. The nearest is 77"),
        ({"age": "-1"}, "The nearest is 0"),
        ({"grade": "7"}, "The nearest is 3"),
        ({"price": "cheap"}, "'cheap' is no decimal"),
        ({"price": "9999999"}, "learnt from"),
        ({"city": "Rome"}, "Did you mean ' Rome'?"),
        ({"city": ""}, "has no missing cells"),
        ({"street": "S5"}, "Did you mean 's5'?"),
        ({"member": "maybe"}, "'maybe' is no boolean. Write it as in the data: no or yes"),
        ({"born": "2020-12-24"}, "is no date. Write it as in the data: %d.%m.%Y"),
        ({"born": "24.12.1920"}, "learnt from 2020-01-"),
        ({"seen": "yesterday"}, "is no datetime"),
        ({"id": "p00001"}, "cannot be asked for"),
        ({"note": "hello"}, "cannot be asked for"),
        ({"land": "there"}, "no value 'there'"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(codec, where, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        request_for(codec, where)
    assert next(iter(where)) in str(caught.value)


WHERES = [
    {"age": "0"}, {"age": "42"}, {"price": "63,17"}, {"grade": "NA"}, {"grade": "2"}, {"city": " Rome"},
    {"street": "s5"}, {"street": ""}, {"member": "no"}, {"born": "24.12.2020"}, {"seen": "2020-02-03 04:05"},
    {"land": "here"},
    {"age": 30, "city": "Oslo", "member": True, "born": dt.date(2020, 12, 24)},
]  # fmt: skip


@pytest.mark.parametrize("where", WHERES, ids=str)
def test_what_is_asked_for_holds_for_every_record(model, table, where):
    records = model.sample(2000, seed=3, where=where).records
    assert records.num_rows == 2000
    for name, value in where.items():
        wanted = parse_value(table.schema.column(name), value)[0].as_py()
        assert set(records.column(name).to_pylist()) == {wanted}
    free = [name for name in ("age", "price", "city") if name not in where]
    assert all(len(set(records.column(name).to_pylist())) > 1 for name in free)


def test_matching_finds_the_records(table):
    cities = np.array(table.records.column("city").to_pylist())
    ages = np.array(table.records.column("age").to_pylist())
    found = matching(table.records, table.schema, {"city": "Oslo", "age": "0"})
    assert found.tolist() == np.flatnonzero((cities == "Oslo") & (ages == 0)).tolist()
    gaps = matching(table.records, table.schema, {"grade": "NA"})
    assert gaps.tolist() == list(range(0, N, 10))


def test_learning_from_too_few_matching_records_is_refused(path):
    with pytest.raises(DataError, match="0 records have born="):
        TableModality().read(path, Reading(where={"born": "01.01.1950"}))


def test_a_column_of_missing_numbers_can_only_be_missing():
    table = read_table(
        pa.table({"a": ["x", "y"] * 20, "b": pa.nulls(40, pa.int64())}), overrides={"b": "integer"}
    )
    codec = TableCodec.fit(table.records, table.schema, 0)
    with pytest.raises(UsageError, match="'b'"):
        request_for(codec, {"b": "3"})
    assert request_for(codec, {"b": None}).fixed["b"].as_py() is None

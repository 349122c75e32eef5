"""`--where`: every kind of value, spelt as a person spells it; and it holds for every record."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import request_for
from gansmith.tabular.conditions import conditions_of, matching, parse_value
from gansmith.tabular.files import read_table
from gansmith.tasks.runs.fit import FitConfig, start


@pytest.fixture(scope="module")
def model(path):
    config = FitConfig(preset="small", samples_seen=3 * 360, threads=1)
    columns = {"street": "category", "note": "text"}
    run = start(str(path), config, options={"finds_constraints": False, "min_count": 1, "columns": columns})
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
        ({"age": "=>65"}, "'=>65' is no integer"),
        ({"age": ">65"}, "For a range write age>65"),
        ({"age": {">": 77}}, "nothing is age>77: it was learnt from 0 to 77"),
        ({"age": {">=": 200}}, "learnt from 0 to 77"),
        ({"age": {">=": 1, "<=": 17}}, "nothing is age>=1 and age<=17"),
        ({"age": {"<": 30, ">": 40}}, "contradict"),
        ({"age": {">": 30, "<=": 30}}, "contradict"),
        ({"age": {"=": [30, 31], ">": 40}}, "contradict"),
        ({"age": {"=": 30, "!=": 30}}, "contradict"),
        ({"age": {">=": ""}}, "needs a value"),
        ({"age": [30, 999]}, "The nearest is 77"),
        ({"born": {">=": "1.1.2030"}}, "learnt from 2020-01-"),
        ({"city": {">": "A"}}, "has no order"),
        ({"member": {"<": "yes"}}, "has no order"),
        ({"id": {">": "p00001"}}, "has no order"),
        ({"city": ["Oslo", "Rme"]}, "Did you mean ' Rome'?"),
        ({"city": {"!=": "Rme"}}, "Did you mean ' Rome'?"),
        ({"city": {"!=": ["Oslo", " Rome"]}}, "no value is left"),
        ({"note": {"!=": "hello"}}, "cannot be asked for"),
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
CONDITIONS = [
    ["age>=65"], ["age>60", "age<63"], ["age>=30", "age<=30"], ["age=0", "age=42"], ["age!=0"],
    ["price>=20,5", "price<20,6"], ["price<1000"], ["price>=63,171", "price<=63,189"],
    ["grade!="], ["grade!=2"], ["grade=NA", "grade=3"], ["grade>1"],
    ["city=Oslo", "city= Rome"], ["street=s5", "street=s7", "street="], ["street!=s5", "street!="],
    ["member!=no"], ["born>=24.12.2020", "born<01.02.2021"], ["seen<2020-02-03 04:05"],
    ["note="], ["note!="], ["land!="],
    ["age>=65", "city=Oslo", "born>=01.06.2021", "street=s5", "member=no", "grade=NA", "note="],
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


@pytest.mark.parametrize("where", CONDITIONS, ids=" ".join)
def test_every_condition_holds_for_every_record(model, table, where):
    records = model.sample(1500, seed=3, where=where).records
    assert len(matching(records, table.schema, where)) == records.num_rows == 1500
    asked = conditions_of(table.schema, where)
    assert all(
        len(set(records.column(name).to_pylist())) > 1 for name in ("price", "seen") if name not in asked
    )


def test_values_of_a_range_are_as_frequent_as_they_were(model, table):
    records = model.sample(3000, seed=1, where={"age": {">=": 50}}).records
    real = np.array(table.records.column("age").to_pylist())
    made = np.array(records.column("age").to_pylist())
    assert 50 <= made.min() < made.max() <= real.max()
    assert abs(made.mean() - real[real >= 50].mean()) < 3


@pytest.mark.parametrize(
    ("balance", "where", "values"),
    [
        ("city", (), {"Oslo", " Rome"}),
        ("member", ["age>=60"], {False, True}),
        ("grade", (), {0, 1, 2, 3}),
        ("grade", ["grade=1", "grade=", "city=Oslo"], {1, None}),
        ("age", ["age=42", "age=0", "age=43"], {0, 42, 43}),
        ("street", ["street!=s5"], None),
    ],
)
def test_balanced_values_take_turns(model, table, balance, where, values):
    records = model.sample(1001, seed=2, where=where, balance=balance).records
    counts = Counter(records.column(balance).to_pylist())
    known = model.codec.rows.columns[table.schema.names.index(balance)].state()
    assert set(counts) == (set(known["values"]) - {"s5"} if values is None else values)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(matching(records, table.schema, where)) == 1001
    few = model.sample(300, seed=2, where=where, balance=balance).records
    assert few.equals(records.slice(0, 300).combine_chunks())


@pytest.mark.parametrize(
    ("balance", "where", "said"),
    [
        ("ctiy", (), "Did you mean 'city'?"),
        ("price", (), "too many values"),
        ("age", ["age>=20"], "too many values"),
        ("born", (), "too many values"),
        ("id", (), "no values to balance"),
        ("note", (), "no values to balance"),
        ("land", (), "no values to balance"),
        ("city", ["city=Rome"], "Did you mean ' Rome'?"),
    ],
)
def test_what_cannot_be_balanced_is_refused(codec, balance, where, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        request_for(codec, where, balance)


@pytest.mark.slow
def test_a_block_does_not_depend_on_how_many_are_wanted(model, monkeypatch):
    monkeypatch.setattr(type(model.codec), "block_size", 64)
    for where, balance in ((["age>=70", "city=Oslo"], ""), (["grade="], "member"), ((), "street")):
        whole = model.sample(250, seed=5, where=where, balance=balance).records
        for n in (1, 20, 64, 150):
            few = model.sample(n, seed=5, where=where, balance=balance).records
            assert few.equals(whole.slice(0, n).combine_chunks()), (where, balance, n)
        other = model.sample(250, seed=6, where=where, balance=balance).records
        assert not other.equals(whole)


def test_identifiers_stay_unique(model):
    records = model.sample(9000, where=["age>=60"], balance="city").records
    assert len(set(records.column("id").to_pylist())) == 9000


def test_what_is_common_is_what_is_made_without_asking(model, table):
    """Where enough records fulfil it, they are the model's own; here of one that learnt all alike."""
    model = replace(model, codec=replace(model.codec, lifts=torch.ones_like(model.codec.lifts)))
    free = model.sample(8000, seed=9).records
    own = free.take(pa.array(matching(free, table.schema, ["member=yes"])))
    asked = model.sample(1000, seed=9, where=["member=yes"]).records
    for name in ("age", "price", "city", "born", "seen"):
        assert asked.column(name).to_pylist() == own.column(name).to_pylist()[:1000]


def test_matching_finds_the_records(table):
    cities = np.array(table.records.column("city").to_pylist())
    ages = np.array(table.records.column("age").to_pylist())
    found = matching(table.records, table.schema, {"city": "Oslo", "age": "0"})
    assert found.tolist() == np.flatnonzero((cities == "Oslo") & (ages == 0)).tolist()
    gaps = matching(table.records, table.schema, {"grade": "NA"})
    assert gaps.tolist() == list(range(0, 400, 10))


def test_learning_from_too_few_matching_records_is_refused(path):
    with pytest.raises(DataError, match="0 records have born="):
        TableFormat().read(path, TableOptions(where={"born": "01.01.1950"}))


def test_a_column_of_missing_numbers_can_only_be_missing():
    table = read_table(
        pa.table({"a": ["x", "y"] * 20, "b": pa.nulls(40, pa.int64())}), overrides={"b": "integer"}
    )
    codec = TableCodec.fit(table, TableOptions(min_count=1), 0)
    with pytest.raises(UsageError, match="'b'"):
        request_for(codec, {"b": "3"})
    assert request_for(codec, {"b": None}).wanted.columns == ()

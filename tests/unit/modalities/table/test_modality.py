"""What tables promise to the tasks beside the conformance checks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.codec import MAX_BLOCK_SIZE, TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.recipe import MAX_HELDOUT, TableRecipe
from gansmith.scorecard.score import QUICK
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.files.frames import fingerprint_of
from gansmith.tabular.networks import TableNetworks

FORMAT, RECIPE = TableFormat(), TableRecipe()


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=300).round(3),
        "c": rng.choice(["a", "b"], 300),
        "id": np.arange(300),
        "k": ["z"] * 300,
    }
    return FORMAT.read(pa.table(data), TableOptions())


@pytest.fixture(scope="module")
def codec(records):
    return TableCodec.fit(records, TableOptions(), 0)


@pytest.mark.parametrize(
    ("source", "is_table"),
    [
        ("people.csv", True), ("PEOPLE.CSV.GZ", True), ("a.parquet", True), ("a.jsonl", True),
        ("no_extension", True), ("anything.data", True),
        (pd.DataFrame({"a": [1]}), True), (np.zeros((3, 4)), True), (np.zeros((3, 4, 4)), False),
    ],
)  # fmt: skip
def test_tables_are_recognised(source, is_table):
    assert FORMAT.recognises(source) is is_table


def test_discretion_sees_records_less_often_and_asks_more_to_share_a_value(codec, records):
    usual, discreet = (RECIPE.plan(codec, 300, preset) for preset in ("default", "discreet"))
    assert discreet.samples_seen <= usual.samples_seen / 3
    assert RECIPE.options_for(TableOptions(), 1_000, "discreet").min_count == 20
    assert RECIPE.options_for(TableOptions(min_count=7), 1_000, "discreet").min_count == 7
    assert RECIPE.options_for(TableOptions(), 1_000, "default").min_count == 0
    strict = TableCodec.fit(records, RECIPE.options_for(TableOptions(), 300, "discreet"), 0)
    assert strict.rows.min_count == 12


def test_how_many_are_held_out():
    assert [RECIPE.n_heldout(n, "default") for n in (10, 199, 200, 1000, 10**6)] == [
        0,
        0,
        20,
        100,
        MAX_HELDOUT,
    ]


def test_plans_survive_json_and_fit_the_data(codec):
    for preset in RECIPE.presets:
        plan = RECIPE.plan(codec, 120, preset)
        assert plan.game.batch_size == 120
        assert from_plain(TableNetworks, to_plain(plan.networks)) == plan.networks


def test_blocks_hold_fewer_records_of_wide_tables(codec):
    wide = FORMAT.read(pa.table({f"c{k}": np.arange(40) % 20 for k in range(500)}), TableOptions())
    assert codec.block_size == MAX_BLOCK_SIZE
    assert 64 <= TableCodec.fit(wide, TableOptions(), 0).block_size < 1000


@pytest.mark.parametrize("target", ["id", "k"])
def test_a_target_that_nothing_tells_is_refused(records, target):
    FORMAT.check_target(records, "x")
    with pytest.raises(UsageError, match="cannot be predicted"):
        FORMAT.check_target(records, target)


def test_a_table_with_nothing_to_learn_is_refused():
    records = FORMAT.read(pa.table({"id": np.arange(30), "k": ["z"] * 30}), TableOptions())
    with pytest.raises(DataError, match="nothing here can be learnt"):
        TableCodec.fit(records, TableOptions(), 0)


def test_the_fingerprint_knows_every_cell(records):
    changed = records.records.set_column(1, "c", pa.array(["a"] * 300))
    other = FORMAT.read(changed, TableOptions())
    again = FORMAT.read(records.records, TableOptions())
    assert FORMAT.fingerprint(again) == FORMAT.fingerprint(records)
    assert FORMAT.fingerprint(other) != FORMAT.fingerprint(records)


def test_the_fingerprint_knows_nothing_of_what_lies_below_a_missing_cell():
    values = np.array([1, 2, 3, 4], np.int64)
    other = np.array([1, 99, 3, 4], np.int64)
    is_there = pa.py_buffer(np.packbits([True, False, True, True], bitorder="little").tobytes())
    one, two = (
        pa.Array.from_buffers(pa.int64(), 4, [is_there, pa.py_buffer(numbers.tobytes())])
        for numbers in (values, other)
    )
    assert one.equals(two)
    prints = [fingerprint_of(pa.table({"x": cells, "c": list("abcd")})) for cells in (one, two)]
    assert prints[0] == prints[1]
    assert fingerprint_of(pa.table({"x": [1, 3, None, 4], "c": list("abcd")})) != prints[0]


def test_the_callers_own_type_comes_back(codec, records):
    for source in (records.records.to_pandas(), records.records):
        assert isinstance(FORMAT.returned(records, source), type(source))
    assert isinstance(FORMAT.returned(records, "people.csv"), pd.DataFrame)


def test_joining_keeps_order(records):
    both = FORMAT.join([records.take(np.arange(3)), records.take(np.arange(3, 7))])
    assert both.records.equals(records.records.slice(0, 7).combine_chunks())


def test_a_hostile_codec_is_refused(codec):
    state, tensors = codec.state()
    with pytest.raises(DataError, match="n_quantiles"):
        TableCodec.from_state(state, {**tensors, "0/n_quantiles": tensors["0/knots"].new_tensor(10**9)})


def test_held_out_scores_tell_real_from_noise(codec, records):
    compact = codec.encode(records, 0)
    real = codec.expand(compact)
    noise = real.clone()
    noise[:, :2] = noise[:, [1, 0]]
    for n_heldout in (50, 300):
        score = RECIPE.held_out_score(codec, n_heldout, 0)
        assert 0 <= score(noise, real) <= score(real, real) <= 1


def test_the_description_says_how_columns_were_learnt(codec):
    rows = {row["column"]: row for row in RECIPE.describe(codec)}
    assert rows["c"]["learnt as"] == "2 categories"
    assert "quantile bins" in rows["x"]["learnt as"]
    assert rows["id"]["learnt as"] == "made anew"
    assert rows["k"]["learnt as"] == "1 category"


def _people(**columns):
    n = 60
    base = {
        "age": np.arange(n) % 40,
        "paid": pa.array([k % 2 == 0 for k in range(n)]),
        "land": ["here"] * n,
        "word": [f"w{k % 5}" for k in range(n)],
    }
    return pa.table({**base, **columns})


ODD = {
    "age": pa.array([2.5, *map(float, range(59))]),
    "paid": ["maybe", *["false", "true"] * 29, "true"],
    "land": ["there", *["here"] * 59],
}


@pytest.mark.parametrize("name", ODD)
def test_a_column_that_differs_is_read_and_told_of_and_scored(name):
    train = FORMAT.read(_people(), TableOptions())
    odd = FORMAT.read_like(_people(**{name: ODD[name]}), train)
    assert any(name in note for note in odd.notes)
    assert len(FORMAT.read_like(_people(), train).notes) == 0
    (card,) = FORMAT.score([odd], train, train, None, 0, QUICK)
    assert card["copies"].score.value < 1
    assert name in card["shape"].details
    (other,) = FORMAT.score([train], train, odd, None, 0, QUICK)
    assert other.names == card.names


def test_another_constant_is_a_difference():
    train = FORMAT.read(_people(), TableOptions())
    odd = FORMAT.read_like(_people(land=["there"] * 60), train)
    (card,) = FORMAT.score([odd], train, train, None, 0, QUICK)
    assert card["shape"].details["land"] == pytest.approx(0)
    assert card["copies"].score.value == 0


def test_a_missing_column_is_still_refused():
    train = FORMAT.read(_people(), TableOptions())
    with pytest.raises(DataError, match="age"):
        FORMAT.read_like(_people().drop_columns(["age"]), train)


def test_one_record_can_be_read_for_a_model(codec, records):
    one = records.records.slice(0, 1)
    found = FORMAT.read_for(one, codec.empty)
    assert found.schema == codec.schema
    assert found.records.equals(one.combine_chunks())
    assert FORMAT.read_for(one.to_pandas(), codec.empty).records.equals(found.records)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_columns(["x"]),
        lambda table: table.set_column(0, "x", pa.array(["word"])),
        lambda table: table.set_column(0, "x", pa.array([[1.0]])),
        lambda table: table.slice(0, 0),
    ],
)
def test_records_that_are_not_the_models_are_refused(codec, records, change):
    with pytest.raises(DataError):
        FORMAT.read_for(change(records.records.slice(0, 1)), codec.empty)
    with pytest.raises(UsageError):
        FORMAT.read_for(7, codec.empty)


def test_a_column_that_the_model_does_not_know_is_left_out_with_a_note(codec, records):
    one = records.records.slice(0, 1)
    found = FORMAT.read_for(one.append_column("more", pa.array([1])), codec.empty)
    assert found.schema == codec.schema
    assert any("'more'" in note for note in found.notes)


def test_a_column_that_was_constant_may_hold_another_value():
    table = pa.table({"x": [0.5, 1.5, 2.5] * 20, "k": [7] * 60})
    like = FORMAT.read(table, TableOptions())
    other = FORMAT.read_for(pa.table({"x": [0.5], "k": [8]}), like)
    assert other.records["k"].to_pylist() == [8]

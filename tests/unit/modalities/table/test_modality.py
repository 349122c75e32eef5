"""What tables promise to the tasks beside the conformance checks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.base import Reading
from gansmith.modalities.table.modality import MAX_BLOCK_SIZE, TableModality
from gansmith.modalities.table.presets import MAX_HELDOUT
from gansmith.modalities.table.reader import TableReader
from gansmith.scorecard.effort import QUICK
from gansmith.settings import to_plain

MODALITY = TableModality()


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=300).round(3),
        "c": rng.choice(["a", "b"], 300),
        "id": np.arange(300),
        "k": ["z"] * 300,
    }
    return MODALITY.read(pa.table(data), Reading())


@pytest.fixture(scope="module")
def codec(records):
    return MODALITY.fit_codec(records, "default", 0)


@pytest.mark.parametrize(
    ("source", "is_table"),
    [
        ("people.csv", True), ("PEOPLE.CSV.GZ", True), ("a.parquet", True), ("a.jsonl", True),
        ("no_extension", True), ("anything.data", True),
        (pd.DataFrame({"a": [1]}), True), (np.zeros((3, 4)), True), (np.zeros((3, 4, 4)), False),
    ],
)  # fmt: skip
def test_tables_are_recognised(source, is_table):
    assert MODALITY.recognises(source) is is_table


def test_how_many_are_held_out():
    assert [MODALITY.n_heldout(n, "default") for n in (10, 199, 200, 1000, 10**6)] == [
        0,
        0,
        20,
        100,
        MAX_HELDOUT,
    ]
    with pytest.raises(UsageError, match="Did you mean 'small'"):
        MODALITY.n_heldout(100, "smal")


def test_plans_survive_json_and_fit_the_data(codec):
    for preset in MODALITY.presets:
        plan = MODALITY.plan(codec, 120, preset)
        assert plan.game.batch_size == 120
        assert MODALITY.networks(to_plain(plan.networks)) == plan.networks


def test_blocks_hold_fewer_records_of_wide_tables(codec):
    wide = MODALITY.read(pa.table({f"c{k}": np.arange(40) % 20 for k in range(500)}), Reading())
    assert MODALITY.block_size(codec) == MAX_BLOCK_SIZE
    assert 64 <= MODALITY.block_size(MODALITY.fit_codec(wide, "default", 0)) < 1000


@pytest.mark.parametrize("target", ["id", "k"])
def test_a_target_that_nothing_tells_is_refused(records, target):
    MODALITY.check_target(records, "x")
    with pytest.raises(UsageError, match="cannot be predicted"):
        MODALITY.check_target(records, target)


def test_a_table_with_nothing_to_learn_is_refused():
    records = MODALITY.read(pa.table({"id": np.arange(30), "k": ["z"] * 30}), Reading())
    with pytest.raises(DataError, match="nothing here can be learnt"):
        MODALITY.fit_codec(records, "default", 0)


def test_the_fingerprint_knows_every_cell(records):
    changed = records.records.set_column(1, "c", pa.array(["a"] * 300))
    other = MODALITY.read(changed, Reading())
    again = MODALITY.read(records.records, Reading())
    assert MODALITY.fingerprint(again) == MODALITY.fingerprint(records)
    assert MODALITY.fingerprint(other) != MODALITY.fingerprint(records)


def test_the_callers_own_type_comes_back(codec, records):
    for source in (records.records.to_pandas(), records.records):
        assert isinstance(MODALITY.returned(codec, records, source), type(source))
    assert isinstance(MODALITY.returned(codec, records, "people.csv"), pd.DataFrame)


def test_joining_keeps_order(records):
    both = MODALITY.join([records.take(np.arange(3)), records.take(np.arange(3, 7))])
    assert both.records.equals(records.records.slice(0, 7).combine_chunks())


def test_a_hostile_codec_is_refused(codec):
    state, tensors = codec.state()
    with pytest.raises(DataError, match="n_quantiles"):
        MODALITY.load_codec(state, {**tensors, "0/n_quantiles": tensors["0/knots"].new_tensor(10**9)})


def test_held_out_scores_tell_real_from_noise(codec, records):
    compact = MODALITY.encode(codec, records, 0)
    real = codec.expand(compact)
    noise = real.clone()
    noise[:, :2] = noise[:, [1, 0]]
    for n_heldout in (50, 300):
        score = MODALITY.held_out_score(codec, n_heldout, 0)
        assert 0 <= score(noise, real) <= score(real, real) <= 1


def test_the_description_says_how_columns_were_learnt(codec):
    rows = {row["column"]: row for row in MODALITY.describe(codec)}
    assert rows["c"]["learnt as"] == "2 categories"
    assert "bins with ranks" in rows["x"]["learnt as"]
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
    train = MODALITY.read(_people(), Reading())
    odd = MODALITY.read_alike(_people(**{name: ODD[name]}), train)
    assert any(name in note for note in odd.notes)
    assert len(MODALITY.read_alike(_people(), train).notes) == 0
    (card,) = TableReader().score([odd], train, train, None, 0, QUICK)
    assert card["copies"].score.value < 1
    assert name in card["shape"].details
    (other,) = TableReader().score([train], train, odd, None, 0, QUICK)
    assert other.names == card.names


def test_another_constant_is_a_difference():
    train = MODALITY.read(_people(), Reading())
    odd = MODALITY.read_alike(_people(land=["there"] * 60), train)
    (card,) = TableReader().score([odd], train, train, None, 0, QUICK)
    assert card["shape"].details["land"] == pytest.approx(0)
    assert card["copies"].score.value == 0


def test_a_missing_column_is_still_refused():
    train = MODALITY.read(_people(), Reading())
    with pytest.raises(DataError, match="age"):
        MODALITY.read_alike(_people().drop_columns(["age"]), train)


def test_one_record_can_be_read_for_a_model(codec, records):
    one = records.records.slice(0, 1)
    found = MODALITY.read_for(codec, one)
    assert found.schema == codec.schema
    assert found.records.equals(one.combine_chunks())
    assert MODALITY.read_for(codec, one.to_pandas()).records.equals(found.records)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.drop_columns(["x"]),
        lambda table: table.append_column("more", pa.array([1])),
        lambda table: table.set_column(0, "x", pa.array(["word"])),
        lambda table: table.set_column(0, "x", pa.array([[1.0]])),
        lambda table: table.slice(0, 0),
    ],
)
def test_records_that_are_not_the_models_are_refused(codec, records, change):
    with pytest.raises(DataError):
        MODALITY.read_for(codec, change(records.records.slice(0, 1)))
    with pytest.raises(UsageError):
        MODALITY.read_for(codec, 7)

"""All columns side by side: the codec of a whole table."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.files import read_table


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 300
    return read_table(
        pa.table(
            {
                "id": pa.array(np.arange(n) + 1),
                "pay": pa.array(np.round(rng.gamma(2, 1000, n), 2), mask=rng.random(n) < 0.1),
                "city": pa.array([f"c{k % 150}" for k in rng.permutation(n)]),
                "team": pa.array(rng.choice(["red", "blue", "green"], n)),
                "note": pa.array(
                    [f"a long story number {k} " * 3 for k in range(n)], mask=rng.random(n) < 0.2
                ),
                "land": pa.array(["here"] * n),
                "nothing": pa.nulls(n),
                "since": pa.array(np.datetime64("2020-01-01") + rng.integers(0, 900, n)),
            }
        ),
        overrides={"city": "category", "note": "text"},
    )


@pytest.fixture(scope="module")
def codec(table):
    return TableCodec.fit(table, TableOptions(min_count=1), 0)


def test_what_takes_part_and_what_does_not(table, codec):
    assert {table.schema.names[index] for index in codec.rows.playing} == {
        "pay",
        "city",
        "team",
        "note",
        "since",
    }
    assert list(codec.layout.n_states) == sorted(codec.layout.n_states)
    assert codec.layout.n_states[0] == 2  # the text's gaps


def test_there_and_back(table, codec):
    compact = codec.encode_rows(table.records, np.random.default_rng(0))
    assert compact.shape == (300, codec.layout.n_compact)
    back = codec.decode_rows(compact, np.random.default_rng(0))
    assert back.schema.equals(table.records.schema)
    assert not set(back.column("id").to_pylist()) & set(table.records.column("id").to_pylist())
    assert back.column("pay").to_numpy() == pytest.approx(
        table.records.column("pay").to_numpy(), abs=0.011, nan_ok=True
    )
    for name in ("team", "land", "nothing", "since"):
        assert back.column(name).combine_chunks().equals(table.records.column(name).combine_chunks()), name
    assert back.column("note").null_count == table.records.column("note").null_count
    assert set(back.column("city").to_pylist()) <= set(table.records.column("city").to_pylist())


def test_one_record_is_enough_to_be_encoded_and_none_is_no_error(table, codec):
    for n in (0, 1):
        compact = codec.encode_rows(table.records.slice(0, n), np.random.default_rng(0))
        assert codec.decode_rows(compact, np.random.default_rng(0)).num_rows == n


def test_more_records_change_none_of_the_first(table, codec):
    compact = codec.encode_rows(table.records, np.random.default_rng(0))
    few, all_of_them = (codec.decode_rows(part, np.random.default_rng(5)) for part in (compact[:7], compact))
    assert few.equals(all_of_them.slice(0, 7))


def test_the_state_goes_through_json_and_tensors(table, codec):
    state, tensors = codec.state()
    again = TableCodec.from_state(
        json.loads(json.dumps(state)), {name: value.clone() for name, value in tensors.items()}
    )
    assert again.schema == codec.schema
    assert again.layout == codec.layout
    compact = codec.encode_rows(table.records, np.random.default_rng(0))
    assert torch.equal(again.encode_rows(table.records, np.random.default_rng(0)), compact)
    decoded = [one.decode_rows(compact, np.random.default_rng(1)) for one in (codec, again)]
    assert decoded[0].equals(decoded[1])


def test_features_are_numbers_as_they_are_and_codes(table, codec):
    compact = codec.encode_rows(table.records, np.random.default_rng(0))
    values, is_category = codec.features(compact)
    names = [table.schema.names[index] for index in codec.rows.playing]
    assert {name for name, is_one in zip(names, is_category, strict=True) if is_one} == {
        "city",
        "team",
        "note",
    }
    pay = values[:, names.index("pay")]
    real = table.records.column("pay").to_pylist()
    assert np.isnan(pay).tolist() == [value is None for value in real]
    assert pay[~np.isnan(pay)] == pytest.approx([value for value in real if value is not None], abs=0.01)


def test_the_same_records_give_the_same_codec(table):
    states = [TableCodec.fit(table, TableOptions(min_count=1), 3).state() for _ in range(2)]
    assert states[0][0] == states[1][0]
    assert all(torch.equal(value, states[1][1][name]) for name, value in states[0][1].items())


@pytest.mark.slow
def test_two_thousand_columns_are_encoded_at_once():
    rng = np.random.default_rng(0)
    wide = read_table(pa.table({f"c{k}": rng.integers(0, 5 + k % 7, 60) for k in range(2000)}))
    codec = TableCodec.fit(wide, TableOptions(min_count=1), 0)
    compact = codec.encode_rows(wide.records, rng)
    assert len(codec.layout.blocks) < 20
    assert torch.equal(codec.compact(codec.expand(compact)), compact)
    assert codec.decode_rows(compact, rng).equals(wide.records)


def test_a_column_may_decide_another_and_be_one_of_several():
    sort = np.random.default_rng(0).integers(0, 3, 300)
    spread = {name: (sort == k).astype(int) for k, name in enumerate(("red", "green", "blue"))}
    rules = (
        {"kind": "one_of", "columns": ["red", "green", "blue"]},
        {"kind": "dependency", "by": "green", "column": "word"},
    )
    table = read_table(
        pa.table({**spread, "word": np.where(sort == 1, "yes", "no"), "n": np.arange(300) % 7})
    )
    codec = TableCodec.fit(replace(table, schema=replace(table.schema, constraints=rules)), TableOptions(), 0)
    made = codec.decode(codec.encode(table, 0), 0, 0)
    assert made.records.select(table.records.column_names).equals(table.records)

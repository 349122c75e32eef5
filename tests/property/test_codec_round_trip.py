"""decode(encode(raw)) equals raw, whatever the columns; and samples of the codec keep the frequencies."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.errors import DataError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.schema import Column, Schema, Table

CENTS = st.integers(-(10**9), 10**9).map(lambda n: round(n / 100, 2))
SECONDS = st.datetimes().map(lambda at: at.replace(microsecond=0))
KINDS = {
    "integer": (Column("x", "integer"), st.integers(-(2**40), 2**40)),
    "small": (Column("x", "integer", "int8"), st.integers(-128, 127)),
    "decimal": (Column("x", "decimal", decimals=2), CENTS),
    "float": (Column("x", "decimal", decimals=-1), st.floats(-1e12, 1e12)),
    "boolean": (Column("x", "boolean"), st.booleans()),
    "category": (Column("x", "category"), st.text(max_size=6)),
    "date": (Column("x", "date"), st.dates()),
    "datetime": (Column("x", "datetime", granularity_seconds=1), SECONDS),
    "constant": (Column("x", "constant", "int64"), st.just(7)),
}


POOLS = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(KINDS[kind][1], min_size=1, max_size=60))
)


def _table(pools: list[tuple[str, list]], n: int, gap_share: float, seed: int) -> tuple[pa.Table, Schema]:
    """Records of any kinds of columns with many ties and some missing cells."""
    rng = np.random.default_rng(seed)
    columns, arrays = [], []
    for place, (kind, pool) in enumerate(pools):
        values = [None if rng.random() < gap_share else pool[rng.integers(len(pool))] for _ in range(n)]
        columns.append(replace(KINDS[kind][0], name=f"{kind} {place}"))
        arrays.append(pa.array(values, columns[-1].arrow_type))
    found = Schema(tuple(columns))
    return pa.table(arrays, schema=found.arrow_schema), found


@settings(deadline=None, max_examples=60)
@given(
    pools=st.lists(POOLS, min_size=1, max_size=5),
    n=st.integers(2, 80),
    gap_share=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 10**6),
)
def test_records_come_back(pools, n, gap_share, seed):
    records, schema = _table(pools, n, gap_share, seed)
    try:
        codec = TableCodec.fit(Table(records, schema, "t"), TableOptions(min_count=1), 0)
    except DataError:  # all columns are constant
        return
    compact = codec.encode_rows(records, np.random.default_rng(seed))
    assert torch.equal(codec.compact(codec.expand(compact)), compact)
    back = codec.decode_rows(compact, np.random.default_rng(seed))
    assert back.schema.equals(records.schema)
    for column in schema.columns:
        found, expected = (table.column(column.name).to_pylist() for table in (back, records))
        assert column.kind == "decimal" or found == expected, column.name
        if column.kind == "decimal":
            _assert_within_a_millionth(found, expected)


def _assert_within_a_millionth(found: list[float | None], expected: list[float | None]) -> None:
    """Of what a bin may span, as `columns/numbers.py` states: levels have 24 binary digits."""
    known = [value for value in expected if value is not None]
    tolerance = 1e-6 * (max(known) - min(known)) if known else 0.0
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or theirs is None or abs(ours - theirs) <= tolerance


def test_numbers_beside_one_that_is_far_away_come_back_within_a_millionth():
    pool = [cents / 100 for cents in range(-14, 17)] + [-86507.64]
    records, schema = _table([("decimal", pool)], 70, 0.0, 0)
    codec = TableCodec.fit(Table(records, schema, "t"), TableOptions(min_count=1), 0)
    back = codec.decode_rows(codec.encode_rows(records, np.random.default_rng(0)), np.random.default_rng(0))
    name = records.column_names[0]
    _assert_within_a_millionth(back.column(name).to_pylist(), records.column(name).to_pylist())


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), decimals=st.integers(0, 6), scale=st.floats(0.01, 1e6))
def test_many_distinct_numbers_come_back_within_a_thousandth_of_their_rank(seed, decimals, scale):
    values = np.round(np.random.default_rng(seed).lognormal(0, 1.5, 3000) * scale, decimals)
    schema = Schema((Column("x", "decimal", decimals=decimals),))
    records = pa.table({"x": values})
    codec = TableCodec.fit(Table(records, schema, "t"), TableOptions(min_count=1), 0)
    back = (
        codec.decode_rows(codec.encode_rows(records, np.random.default_rng(0)), np.random.default_rng(0))
        if codec.rows.playing
        else records
    )
    found, ordered = back.column("x").to_numpy(), np.sort(values)
    low = ordered[np.maximum(np.searchsorted(ordered, values, "left") - 4, 0)]
    high = ordered[np.minimum(np.searchsorted(ordered, values, "right") + 4, len(values) - 1)]
    assert (found >= low).all()
    assert (found <= high).all()


@settings(deadline=None, max_examples=25)
@given(
    shares=st.lists(st.integers(5, 20), min_size=2, max_size=40),
    zeros=st.integers(0, 400),
    gaps=st.integers(0, 200),
    seed=st.integers(0, 10**6),
)
def test_frequencies_come_back(shares, zeros, gaps, seed):
    numbers = [*np.repeat(np.arange(len(shares)) + 1, shares).tolist(), *[0] * zeros, *[None] * gaps]
    words = [f"w{value}" for value in numbers]
    day = dt.date(2020, 1, 1)
    days = [None if value is None else day + dt.timedelta(days=value) for value in numbers]
    records = pa.table({"n": pa.array(numbers, pa.int64()), "w": words, "d": pa.array(days, pa.date32())})
    schema = Schema((Column("n", "integer"), Column("w", "category"), Column("d", "date")))
    order = np.random.default_rng(seed).permutation(len(numbers))
    codec = TableCodec.fit(Table(records, schema, "t"), TableOptions(min_count=1), 0)
    shuffled = records.take(pa.array(order))
    back = codec.decode_rows(
        codec.encode_rows(shuffled, np.random.default_rng(seed)), np.random.default_rng(seed)
    )
    assert back.equals(shuffled)

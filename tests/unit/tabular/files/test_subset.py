"""Which records of a large table are kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.tabular.files import read_table, subset
from gansmith.tabular.files.subset import Subset, n_kept, numbers_kept, priorities


def numbers(n: int) -> pa.Table:
    return pa.table({"number": pa.array(np.arange(n))})


@given(st.integers(0, 3_000), st.integers(1, 2_000), st.integers(1, 700), st.booleans())
def test_batch_by_batch_or_at_once_the_same_records_are_kept(n, n_wanted, batch_size, is_known):
    table = numbers(n)
    kept = Subset(table.schema, n_wanted, n if is_known else None)
    for batch in table.to_batches(batch_size):
        kept.add(batch)
    assert kept.n_seen == n
    assert kept.table()["number"].to_pylist() == numbers_kept(n, n_wanted).tolist()
    assert len(kept.table()) == min(n, n_wanted)


def test_many_more_come_than_are_kept():
    kept = Subset(numbers(1).schema, 100)
    for first in range(0, 200_000, 10_000):
        kept.add(pa.record_batch({"number": np.arange(first, first + 10_000)}))
        assert kept._n_kept <= 10_000 + 1_130
    assert kept.table()["number"].to_pylist() == numbers_kept(200_000, 100).tolist()


def test_every_part_of_the_table_has_its_share():
    counts, _ = np.histogram(numbers_kept(1_000_000, 100_000), bins=20, range=(0, 1_000_000))
    assert np.abs(counts - 5_000).max() < 5 * 5_000**0.5
    parities = numbers_kept(1_000_000, 100_000) % 2
    assert abs(parities.mean() - 0.5) < 0.01


def test_priorities_are_a_function_of_the_number_alone():
    assert priorities(0, 10)[7:].tolist() == priorities(7, 3).tolist()
    assert len(set(priorities(0, 100_000).tolist())) == 100_000


def test_wide_tables_keep_fewer_records():
    assert n_kept(15) == 1_000_000
    assert n_kept(2_000) == 50_000
    assert n_kept(10**6) == 5_000


@pytest.mark.parametrize("source", ["parquet", "csv", "arrow", "pandas"])
def test_a_large_table_is_read_in_part_and_a_note_says_so(tmp_path, monkeypatch, source):
    monkeypatch.setattr(subset, "MAX_RECORDS", 100)
    table = pa.table(
        {"x": pa.array(np.arange(1_000) * 3), "y": pa.array([f"k{n % 3}" for n in range(1_000)])}
    )
    path = tmp_path / "large.parquet"
    pq.write_table(table, path, row_group_size=130)
    text = tmp_path / "large.csv"
    table.to_pandas().to_csv(text, index=False)
    given = {"parquet": path, "csv": text, "arrow": table, "pandas": table.to_pandas()}[source]
    found = read_table(given, is_capped=True)
    assert found.records["x"].to_pylist() == (numbers_kept(1_000, 100) * 3).tolist()
    assert any("of 1,000 records 100 were kept" in note for note in found.notes)
    assert len(read_table(given)) == 1_000


def test_a_table_that_fits_is_read_whole_without_a_note(tmp_path):
    path = tmp_path / "small.parquet"
    pq.write_table(numbers(300), path, row_group_size=130)
    found = read_table(path, is_capped=True)
    assert found.records["number"].to_pylist() == list(range(300))
    assert found.notes == ()

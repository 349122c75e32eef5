"""Partial records of every type of table, imputed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gansmith.errors import DataError
from gansmith.tasks.synthesize import Synthesizer


@pytest.fixture(scope="module")
def gappy():
    """Twenty people, their index not a count, of whom much is unknown."""
    n = 20
    frame = pd.DataFrame(
        {
            "city": pd.Categorical([["Ulm", None][k % 2] for k in range(n)]),
            "age": [None if k % 3 == 0 else 20.0 + k for k in range(n)],
            "member": pd.array([None if k % 4 else True for k in range(n)], "boolean"),
        },
        index=pd.Index([f"p{k}" for k in range(n)], name="who"),
    )
    frame["age"] = frame["age"].astype("float32")
    return frame


def _same_where_given(whole, partial):
    for name in partial.columns:
        there = partial[name].notna().to_numpy()
        assert whole[name][there].tolist() == partial[name][there].tolist(), name


def test_a_frame_comes_back_as_it_was_without_gaps(model, gappy):
    before = gappy.copy()
    whole = model.imputed(model.read_partial(gappy))
    assert gappy.equals(before)
    assert list(whole.columns) == ["city", "age", "member", "income"]
    assert whole.index.equals(gappy.index)
    assert not whole.isna().to_numpy().any()
    _same_where_given(whole, gappy)
    assert whole["age"].dtype == np.float32
    assert str(whole["member"].dtype) == "boolean"
    assert isinstance(whole["city"].dtype, pd.CategoricalDtype)
    assert set(whole["city"]) <= {"Ulm", "Rom", "Oslo"}


def test_polars_and_arrow_tables_too(model, gappy):
    arrow = pa.Table.from_pandas(gappy.astype({"city": str}).where(gappy.notna(), None), preserve_index=False)
    categories = pl.DataFrame(arrow).with_columns(pl.col("city").cast(pl.Categorical))
    coded = pa.table({"city": arrow.column("city").dictionary_encode()})
    for source in (arrow, pl.DataFrame(arrow), categories, coded):
        whole = model.imputed(model.read_partial(source))
        assert isinstance(whole, type(source))
        table = whole if isinstance(whole, pa.Table) else whole.to_arrow()
        assert sum(column.null_count for column in table.columns) == 0
        before: Any = source if isinstance(source, pa.Table) else source.to_arrow()
        assert [table.column(name).type for name in before.column_names] == [c.type for c in before.columns]
        _same_where_given(table.to_pandas(), pa.table(source).to_pandas())


def test_columns_of_nothing_are_filled(model):
    empty = pd.DataFrame({"age": [np.nan] * 3, "city": [None] * 3, "member": [True, False, True]})
    whole = model.imputed(model.read_partial(empty))
    assert not whole.isna().to_numpy().any()
    assert whole["member"].tolist() == [True, False, True]


def test_another_seed_is_another_completion(model, gappy):
    partial = model.read_partial(gappy)
    first, same, other = (model.imputed(partial, seed) for seed in (0, 0, 1))
    assert first.equals(same)
    assert not first.equals(other)
    one = model.imputed(model.read_partial(gappy.iloc[:1]))
    assert one.iloc[0].tolist() == first.iloc[0].tolist()


def test_many_blocks_are_one_table(model, gappy, monkeypatch):
    monkeypatch.setattr(type(model.codec), "block_size", 8)
    whole = model.imputed(model.read_partial(gappy))
    assert len(whole) == 20
    assert not whole.isna().to_numpy().any()
    _same_where_given(whole, gappy)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl", "out.csv.gz"])
def test_a_file_of_any_format_is_written(model, gappy, tmp_path, name, monkeypatch):
    monkeypatch.setattr(type(model.codec), "block_size", 8)
    partial = model.read_partial(gappy)
    said = model.write_imputed(partial, tmp_path / name, seed=3)
    assert said == json.loads((tmp_path / f"{name}.meta.json").read_text())
    assert (said["imputed"], said["n_gaps"], said["records"], said["seed"]) == ("DataFrame", 52, 20, 3)
    found = (
        pq.read_table(tmp_path / name).to_pandas()
        if name.endswith("parquet")
        else pd.read_json(tmp_path / name, lines=True)
        if name.endswith("jsonl")
        else pd.read_csv(tmp_path / name)
    )
    assert not found.isna().to_numpy().any()
    assert found["age"].tolist() == model.imputed(partial, 3)["age"].tolist()


def test_text_stays_letter_for_letter(model, tmp_path):
    given = 'member;city;income\nTrue; Ulm ;1234.5\n;"Ulm";007.50\nFalse;;\nTrue;Atlantis;1e3\n'
    (tmp_path / "in.csv").write_text(given)
    partial = model.read_partial(tmp_path / "in.csv")
    assert any("2 cells hold what" in note for note in partial.notes)
    model.write_imputed(partial, tmp_path / "out.csv")
    rows = [line.split(";") for line in (tmp_path / "out.csv").read_text().splitlines()]
    assert rows[0] == ["member", "city", "income", "age"]
    assert [row[2] for row in rows[1:3]] == ["1234.5", "007.50"]
    assert rows[4][2] == "1e3"
    assert [row[0] for row in (rows[1], rows[3], rows[4])] == ["True", "False", "True"]
    assert [row[1] for row in (rows[1], rows[2], rows[4])] == [" Ulm ", "Ulm", "Atlantis"]
    assert all(cell for row in rows for cell in row)


def test_decimals_beyond_those_learnt_are_kept(model, tmp_path):
    frame = pd.DataFrame({"income": [1234.56789, np.nan], "age": [30, 40]})
    whole = model.imputed(model.read_partial(frame))
    assert whole["income"].iloc[0] == 1234.56789
    model.write_imputed(model.read_partial(frame), tmp_path / "out.csv")
    assert "1234.56789" in (tmp_path / "out.csv").read_text()


def test_the_python_face(model, gappy):
    synthesizer = Synthesizer()
    synthesizer.model_, synthesizer.target_ = model, ""
    whole = synthesizer.impute(gappy, seed=5)
    assert whole.equals(model.imputed(model.read_partial(gappy), 5))
    kept = synthesizer.impute(gappy, keep_missing=True, seed=5)
    assert kept.shape == whole.shape
    with pytest.raises(DataError, match="Did you mean 'city'"):
        synthesizer.impute(gappy.rename(columns={"city": "citty"}))

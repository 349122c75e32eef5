"""Every competitor gets the same halves, letter for letter."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pandas as pd
import pytest

from bench.peers.datasets import DATA_SETS, DataSet, is_there, prepare


def test_halves_share_no_record_and_lose_none(world):
    prepared = prepare(DATA_SETS["small"], world / "cache")
    train, holdout = (
        pd.read_csv(path, dtype=str, keep_default_na=False) for path in (prepared.train, prepared.holdout)
    )
    assert (prepared.n_train, prepared.n_holdout) == (len(train), len(holdout)) == (51, 50)
    original = [
        line.split(",", 1)[1] for line in (world / "data/small/small.csv").read_text("utf-8").splitlines()
    ]
    both = pd.concat([train, holdout]).agg(",".join, axis=1)
    assert sorted(both) == sorted(original)


def test_the_same_halves_every_time(world):
    first = prepare(DATA_SETS["small"], world / "one")
    second = prepare(DATA_SETS["small"], world / "two")
    assert first.train.read_bytes() == second.train.read_bytes()


def test_kinds_and_left_out_columns(world):
    prepared = prepare(DATA_SETS["small"], world / "cache")
    assert prepared.kinds == {"letter": "category", "size": "number", "kind": "category"}


def test_only_so_many_records(world):
    prepared = prepare(replace(DATA_SETS["small"], n_max=20), world / "cache")
    assert (prepared.n_train, prepared.n_holdout) == (10, 10)


def test_an_official_split_stays_as_it_is(world):
    folder = world / "data" / "official"
    folder.mkdir()
    for name, text in (("train", "a,b\n1.0,?\n2.50,\n"), ("holdout", "a,b\n3,NA\n")):
        with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8") as file:
            file.write(text)
    official = DataSet("official", "b")
    assert is_there(official)
    prepared = prepare(official, world / "cache")
    assert prepared.train.read_text("utf-8") == "a,b\n1.0,?\n2.50,\n"
    assert prepared.holdout.read_text("utf-8") == "a,b\n3,NA\n"


def test_a_data_set_that_is_not_there_is_seen(world):
    assert not is_there(DataSet("nowhere", "x"))


@pytest.mark.parametrize("data_set", DATA_SETS.values(), ids=lambda one: one.name)
def test_a_target_is_no_left_out_column(data_set):
    assert data_set.target not in data_set.left_out
    if data_set.header:
        assert data_set.target in data_set.header.split()

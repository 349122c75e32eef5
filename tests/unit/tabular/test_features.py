from __future__ import annotations

import json
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.modalities.table.scoring import score_tables
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import QUICK
from gansmith.tabular.features import table_features
from gansmith.tabular.schema import Column, Schema, Table


def schema(**kinds: str) -> Schema:
    return Schema(tuple(Column(name, kind) for name, kind in kinds.items()))


def test_one_code_book_for_all_tables():
    first = pa.table({"c": ["b", "a", "a", None]})
    second = pa.table({"c": ["new", "b", None]})
    a, b = table_features([first, second], schema(c="category"))
    assert a.values[:, 0].tolist()[:3] == [1.0, 0.0, 0.0]  # codes by frequency in the first
    assert b.values[:, 0].tolist()[:2] == [2.0, 1.0]
    assert np.isnan(a.values[3, 0])
    assert np.isnan(b.values[2, 0])
    assert a.is_category.all()


def test_kinds():
    n = 30
    table = pa.table(
        {
            "many": pa.array([*range(n - 1), None], pa.int64()),
            "few": pa.array([0.5, 0.25, 0.5] * 10),
            "big": pa.array([2**60 + i * 2**40 for i in range(n)], pa.int64()),
            "ratio": pa.array([float("inf"), float("nan"), *map(float, range(n - 2))]),
            "yes": pa.array([True, None, False] * 10),
            "day": pa.array([date(1970, 1, 2)] * n, pa.date32()),
            "time": pa.array([datetime(1970, 1, 1, 0, 1)] * n, pa.timestamp("us")),
            "note": pa.array(["x"] * n),
            "remark": pa.array([None, *["x"] * (n - 1)]),
            "key": pa.array([str(i) for i in range(n)]),
            "same": pa.array(["k"] * n),
        }
    )
    kinds = schema(
        many="integer", few="decimal", big="integer", ratio="decimal", yes="boolean", day="date",
        time="datetime", note="text", remark="text", key="identifier", same="constant",
    )  # fmt: skip
    (features,) = table_features([table], kinds)
    assert features.names == ("many", "few", "big", "ratio", "yes", "day", "time", "remark is missing")
    assert features.is_category.tolist() == [False, False, False, False, True, False, False, True]
    column = {name: features.values[:, i] for i, name in enumerate(features.names)}
    assert column["few"][:2].tolist() == [0.5, 0.25]
    assert features.labels["yes"][0] in ("true", "false")
    assert features.scales == {"day": "days", "time": "seconds", "remark is missing": "gaps"}
    assert features.cell("time", 60.0) == "1970-01-01 00:01:00"
    assert np.isnan(column["many"][-1])
    assert np.isnan(column["ratio"][:2]).all()
    assert column["day"][0] == 1.0
    assert column["time"][0] == 60.0
    assert column["remark is missing"][:2].tolist() == [1.0, 0.0]


def test_a_table_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="no column 'n'"):
        table_features([pa.table({"m": [1]})], schema(n="integer"))
    with pytest.raises(DataError, match="column 'n' is of the types list"):
        table_features([pa.table({"n": [[1]]})], schema(n="integer"))


def test_other_types_are_compared_in_a_wider_one():
    whole = pa.table({"n": list(range(40))})
    halves, words = pa.table({"n": [2.5, 3.0]}), pa.table({"n": ["3", "x"]})
    first, second = table_features([whole, halves], schema(n="integer"))
    assert not first.is_category.any()
    assert second.values[:, 0].tolist() == [2.5, 3.0]
    first, _, third = table_features([whole, halves, words], schema(n="integer"))
    assert first.is_category.all()
    assert third.values[0, 0] == first.values[3, 0]
    first, second = table_features(
        [pa.table({"k": ["a"] * 3}), pa.table({"k": ["b"] * 3})], schema(k="constant")
    )
    assert first.values[0, 0] != second.values[0, 0]


def people(seed: int, n: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    is_rich = age + rng.normal(0, 15, n) > 55
    return pa.table(
        {
            "age": age,
            "wage": rng.lognormal(size=n).round(3),
            "rich": np.where(is_rich, "yes", "no"),
            "id": age.astype(str),
        }
    )


KINDS = schema(age="integer", wage="decimal", rich="category", id="identifier")


def card_of(fake: pa.Table, train: pa.Table, holdout: pa.Table, target: str | None) -> Scorecard:
    tables = [Table(part, KINDS, name) for name, part in (("f", fake), ("t", train), ("h", holdout))]
    (card,) = score_tables(tables[:1], tables[1], tables[2], target, 0, QUICK)
    return card


@pytest.mark.slow
def test_card_of_a_copy_and_of_strangers():
    train, holdout = people(0, 300), people(1, 300)
    copy = card_of(train, train, holdout, "rich")
    for name in ("shape", "trend", "mutual_information"):  # as good as real and no better
        assert (
            copy[name].score.value == copy[name].anchors["ceiling"].value == copy[name].anchors["copy"].value
        )
    assert copy["copies"].score.value == 1.0
    assert copy["nearer"].score.value > 0.7
    stranger = card_of(people(2, 300), train, holdout, "rich")
    assert stranger["copies"].score.value < 0.1
    for entry in stranger.entries:
        anchor = entry.anchors["ceiling"]
        assert abs(entry.score.value - anchor.value) <= 4 * np.hypot(entry.score.error, anchor.error)
    json.dumps(stranger.report(), allow_nan=False)


@pytest.mark.slow
def test_card_of_independent_columns():
    rng = np.random.default_rng(3)
    train, holdout = people(0, 300), people(1, 300)
    fake = train.set_column(2, "rich", pa.array(rng.permutation(train["rich"].to_numpy())))
    card = card_of(fake, train, holdout, "rich")
    assert card["c2st"].score.value > 0.6
    assert set(list(card["c2st"].details)[:2]) == {"age", "rich"}
    assert card["tstr"].score.value < 0.65 < card["tstr"].anchors["ceiling"].value
    for name in ("trend", "mutual_information"):
        assert next(iter(card[name].details)) == "age × rich"
    few = people(0, 20)
    assert "trend" in card_of(few, few, few, None).names

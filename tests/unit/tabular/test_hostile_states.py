"""What a model file made by hand may not say of a column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.columns.categories import CategoryCodec
from gansmith.tabular.columns.identifiers import IdentifierCodec
from gansmith.tabular.columns.keys import KeyCodec
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.columns.texts import StandInCodec
from gansmith.tabular.schema import Column

NUMBER, CATEGORY = Column("x", "integer"), Column("x", "category")
IDENTIFIER, TEXT = Column("x", "identifier"), Column("x", "text")
KEY, CURVE = Column("x", "key", pattern=("C[0-9]{4}",)), tuple(np.linspace(0, 1, 33).tolist())
CODECS = {
    "number": NumberCodec.fit(pa.array([*range(500), *[7] * 40]), NUMBER),
    "category": CategoryCodec.fit(pa.array(["a", "b", "b", None]), CATEGORY),
    "identifier": IdentifierCodec.fit(pa.array([f"A-{k}" for k in range(30)]), IDENTIFIER),
    "text": StandInCodec.fit(pa.array(["some words"] * 3), TEXT),
    "key": replace(
        KeyCodec.fit(pa.array([f"C{k // 2}" for k in range(100)]), KEY),
        by=("y",), classes=("a", "b"), sizes=((20, 40), (30, 60)), curves=(CURVE, CURVE),
    ),
}  # fmt: skip
NEWER = {"words", "capitals", "stops", "by", "classes", "sizes", "curves"}
"""What codecs of older files do not hold."""
KNOTS = CODECS["number"].state()["knots"]


@pytest.mark.parametrize("name", CODECS)
def test_an_honest_state_comes_back(name):
    codec = CODECS[name]
    again = type(codec).from_state(codec.state(), codec.column)
    assert str(again.state()) == str(codec.state())
    for key in codec.state().keys() - NEWER:
        with pytest.raises(DataError, match=f"column 'x'.*{key}"):
            type(codec).from_state({k: v for k, v in codec.state().items() if k != key}, codec.column)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("number", "has_missing", 1),
        ("number", "n_quantiles", 10**9),
        ("number", "n_quantiles", 0),
        ("number", "spikes", np.array([2.0, 1.0])),
        ("number", "spikes", np.array([1.0, 1.0])),
        ("number", "spikes", np.zeros((2, 2))),
        ("number", "spikes", [1.0]),
        ("number", "knots", KNOTS[::-1]),
        ("number", "knots", KNOTS[1:]),
        ("number", "knots", np.where(KNOTS[5] == KNOTS, np.nan, KNOTS)),
        ("number", "knots", np.append(KNOTS[:-1], np.inf)),
        ("number", "shares", np.linspace(0.1, 1, len(KNOTS))),
        ("number", "shares", np.linspace(0, 2, len(KNOTS))),
        ("number", "counts", np.array([1, 2, 3])),
        ("number", "counts", np.array([40, -1])),
        ("number", "counts", np.array([40.0, 500.0])),
        ("number", "counts", np.array([40, 2**50])),
        ("category", "values", "ab"),
        ("category", "values", ["a", 7]),
        ("category", "values", ["a", "a"]),
        ("category", "values", ["a"]),
        ("category", "states", np.array([0, 2])),
        ("category", "states", np.array([1, 1])),
        ("category", "states", np.array([1, 0])),
        ("category", "states", np.array([0.0, 1.0])),
        ("category", "counts", np.array([1, 0])),
        ("category", "counts", np.array([1, -3])),
        ("identifier", "width", 41),
        ("identifier", "width", -1),
        ("identifier", "prefix", "x" * 10**5),
        ("identifier", "start", "1" * 21),
        ("identifier", "start", 7.5),
        ("identifier", "span", "-1"),
        ("identifier", "alphabets", ["ab", ""]),
        ("identifier", "alphabets", ["aa"]),
        ("identifier", "alphabets", ["".join(map(chr, range(300, 600)))]),
        ("identifier", "alphabets", ["a"] * 201),
        ("key", "n_values", -1),
        ("key", "n_values", 0),
        ("key", "n_values", 2**50),
        ("key", "n_records", 0),
        ("key", "shares", np.linspace(0, 2, 33)),
        ("key", "shares", np.linspace(1, 0, 33)),
        ("key", "shares", np.linspace(0, 1, 5)),
        ("key", "shares", np.zeros(0)),
        ("key", "by", "y"),
        ("key", "by", []),
        ("key", "classes", ["a"]),
        ("key", "classes", ["a", "a"]),
        ("key", "sizes", [[20, 40]]),
        ("key", "sizes", [[20, 40], [0, 60]]),
        ("key", "sizes", [[20, 40], [30, 2**50]]),
        ("key", "sizes", [[20, 40], [30]]),
        ("key", "curves", [CURVE]),
        ("key", "curves", [CURVE, CURVE[::-1]]),
        ("key", "curves", [CURVE, CURVE[:4]]),
        ("key", "curves", [CURVE, (float("nan"), *CURVE[1:])]),
        ("text", "lengths", np.full(33, 10.0**9)),
        ("text", "lengths", np.full(33, -1.0)),
        ("text", "lengths", np.full(3, 10.0)),
        ("text", "lengths", np.arange(33.0)[::-1]),
    ],
)
def test_a_hostile_state_is_refused(name, key, value):
    codec = CODECS[name]
    with pytest.raises(DataError, match="column 'x' of the model"):
        type(codec).from_state({**codec.state(), key: value}, codec.column)


def test_values_that_are_not_of_the_type_are_refused():
    state = {**CODECS["category"].state(), "values": ["true", "maybe"]}
    with pytest.raises(DataError, match="not of type bool"):
        CategoryCodec.from_state(state, Column("x", "boolean"))
    far = {**CODECS["number"].state(), "spikes": np.array([1e300])}
    with pytest.raises(DataError, match="beyond the last date"):
        NumberCodec.from_state(far, Column("x", "date"))

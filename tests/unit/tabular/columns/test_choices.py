"""Choices fulfil their condition, and come as often as in the records they were learnt from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.errors import UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.columns.choices import ANY_STATE
from gansmith.tabular.conditions import conditions_of
from gansmith.tabular.files import read_table


def _choices(values, where, **overrides):
    table = read_table(pa.table({"x": values}), overrides=overrides)
    codec = TableCodec.fit(table, TableOptions(min_count=1), 0)
    (condition,) = conditions_of(table.schema, where).values()
    return codec.rows.columns[0].choices(condition), condition, table.records.column("x").combine_chunks()


def _drawn(choices, n=20_000) -> Any:
    return choices.draw(np.full(n, ANY_STATE), np.random.default_rng(0))


RNG = np.random.default_rng(0)
COLUMNS = {
    "steps": RNG.binomial(60, 0.4, 4000) + 20,
    "slopes": np.round(RNG.lognormal(3, 1, 4000), 2),
    "spikes": np.where(RNG.random(4000) < 0.6, 0, RNG.integers(1, 4000, 4000)),
    "plain": RNG.integers(0, 12, 4000),
    "full": RNG.normal(size=4000) * np.pi,
    "missing": pa.array(RNG.integers(0, 300, 4000), mask=RNG.random(4000) < 0.2),
    "days": np.datetime64("2020-01-01") + RNG.integers(0, 900, 4000),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("share", [0.03, 0.5, 0.9])
def test_a_range_is_drawn_as_often_as_it_occurs(name, share):
    values = COLUMNS[name]
    known = np.sort(np.asarray(pa.array(values).drop_null()))
    low, high = known[int(share * len(known))], known[int((share + 0.08) * len(known))]
    choices, condition, real = _choices(values, {"x": {">=": low.item(), "<=": high.item()}})
    drawn = _drawn(choices)
    assert condition.holds(drawn.cells).all()
    kept = np.sort(
        real.filter(pa.array(condition.holds(real))).cast(pa.float64() if name != "days" else pa.int32())
    )
    made = np.sort(np.asarray(drawn.cells.cast(pa.float64() if name != "days" else pa.int32())))
    ranks = np.linspace(0.05, 0.95, 10)
    spread = max(float(kept[-1] - kept[0]), 1e-9)
    assert np.abs(np.quantile(kept, ranks) - np.quantile(made, ranks)).max() <= 0.15 * spread


def test_values_are_drawn_as_often_as_they_occur():
    words = ["a"] * 600 + ["b"] * 300 + ["c"] * 90 + [None] * 10
    choices, _, _ = _choices(words, ["x=b", "x=c"])
    counts = Counter(_drawn(choices).cells.to_pylist())
    assert counts["c"] / counts["b"] == pytest.approx(0.3, abs=0.03)
    choices, _, _ = _choices(words, ["x!=a"])
    counts = Counter(_drawn(choices).cells.to_pylist())
    assert counts["b"] / 20_000 == pytest.approx(0.75, abs=0.02)
    assert counts[None] / 20_000 == pytest.approx(0.025, abs=0.01)


def test_members_of_groups_are_drawn_within_their_state():
    words = [f"w{k}" for k in range(400) for _ in range(1 + k % 5)]
    choices, _, _ = _choices(words, ["x=w3", "x=w399", "x=w7"], x="category")
    drawn = _drawn(choices, 300)
    assert set(drawn.cells.to_pylist()) == {"w3", "w399", "w7"}
    of_state: Any = choices.draw(choices.codes[[0]].repeat(50), np.random.default_rng(1))
    assert set(of_state.codes.tolist()) == {int(choices.codes[0])}


def test_a_state_that_cannot_be_is_replaced():
    choices, condition, _ = _choices(COLUMNS["steps"], ["x>=50"])
    drawn: Any = choices.draw(np.zeros(50, np.int64), np.random.default_rng(0))
    assert condition.holds(drawn.cells).all()


@settings(deadline=None, max_examples=80)
@given(
    name=st.sampled_from(sorted(COLUMNS)),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    signs=st.tuples(st.sampled_from([">", ">="]), st.sampled_from(["<", "<="])),
)
def test_whatever_is_drawn_fulfils_the_condition_as_a_record_too(name, ends, signs):
    known = np.sort(np.asarray(pa.array(COLUMNS[name]).drop_null()))
    low, high = (known[int(end * (len(known) - 1))].item() for end in sorted(ends))
    try:
        choices, condition, _ = _choices(COLUMNS[name], {"x": {signs[0]: low, signs[1]: high}})
    except UsageError:  # no value between these ends
        inside = known[(known >= low) & (known <= high)]
        assert set(inside.tolist()) <= {low, high} or name == "days"
        return
    drawn = _drawn(choices, 500)
    assert condition.holds(drawn.cells).all()
    assert choices.decode is not None
    again = choices.decode(drawn.codes, drawn.levels)
    if name != "full":
        assert again.equals(drawn.cells)
    else:
        assert np.allclose(again.to_numpy(), drawn.cells.to_numpy())

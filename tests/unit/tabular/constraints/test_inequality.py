"""An order between columns that hardly go together: both take part as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.constraints import Chain
from gansmith.tabular.constraints.finding import find, settle
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.suppressed import unknown_notes

N = 400


def fitted(low: np.ndarray, high: np.ndarray) -> tuple[pa.Table, Chain]:
    table = read_table(pa.table({"low": low, "high": high}))
    rules = [{"kind": "inequality", "low": "low", "high": "high"}]
    return table.records, Chain.fit(
        table.records, settle(table.records, table.schema, rules, is_finding=False)[0]
    )


@pytest.fixture(scope="module")
def loose() -> tuple[pa.Table, Chain]:
    rng = np.random.default_rng(0)
    low = rng.gamma(2, 5, N).round(3)
    return fitted(low, (low + rng.gamma(2, 10, N)).round(3))


def test_columns_that_hardly_go_together_take_part_as_they_are(loose):
    records, chain = loose
    assert chain.reduce(records).equals(records)
    assert chain.restore(records, np.random.default_rng(0), Keyed()).equals(records)
    assert chain.reduced.columns == chain.schema.columns


def test_a_distance_that_is_never_long_takes_part_in_place_of_the_higher_one():
    rng = np.random.default_rng(0)
    width = rng.integers(10, 80, N)
    records, chain = fitted(width, width + rng.integers(5, 40, N))
    reduced = chain.reduce(records)
    assert pc.min_max(reduced.column("high")).as_py() == {"min": 5, "max": 39}
    mixed = reduced.set_column(0, "low", pa.array(rng.permutation(width)))
    back = chain.restore(mixed, rng, Keyed())
    apart = back.column("high").to_numpy() - back.column("low").to_numpy()
    assert (apart.min(), apart.max()) == (5, 39)


def test_the_few_that_break_the_rule_are_raised(loose):
    records, chain = loose
    lows = records.column("low").to_numpy()
    mixed = records.set_column(1, "high", pa.array(np.random.default_rng(1).permutation(lows)))
    is_broken = chain.violating(mixed)
    assert 0.3 < is_broken.mean() < 0.7
    back = chain.restore(mixed, np.random.default_rng(0), Keyed())
    assert not chain.violating(back).any()
    assert (back.column("high").to_numpy()[is_broken] == lows[is_broken]).all()
    assert (back.column("high").to_numpy() == mixed.column("high").to_numpy())[~is_broken].all()


def test_the_higher_one_can_be_asked_for_itself(loose):
    _, chain = loose
    asked = {"high": pa.array([20.0])}
    assert chain.conditions_for(asked) == (asked, {})


def test_columns_that_go_together_become_a_distance():
    rng = np.random.default_rng(0)
    low = rng.gamma(2, 50, N).round(3)
    records, chain = fitted(low, (low + rng.gamma(2, 2, N)).round(3))
    distance = chain.reduce(records).column("high").to_numpy()
    assert np.allclose(distance, records.column("high").to_numpy() - low)


def test_a_model_remembers_which_of_the_two_it_was(loose):
    _, chain = loose
    again = Chain.from_state(chain.state(), chain.schema)
    assert again.state() == chain.state()
    assert again.state()[0]["is_distance"] is False


def test_a_distance_is_not_taken_for_unknown_cells():
    """What a constraint made of a column cannot be compared with its cells: this raised an Arrow error."""
    start = np.arange(200) * 10**9
    table = read_table(
        pa.table(
            {
                "start": pa.array(start).cast(pa.timestamp("us")),
                "end": pa.array(start + np.arange(200) % 40 * 10**6).cast(pa.timestamp("us")),
            }
        )
    )
    rules = [{"kind": "inequality", "low": "start", "high": "end"}]
    schema, _ = settle(table.records, table.schema, rules, is_finding=False)
    codec = TableCodec.fit(replace(table, schema=schema), TableOptions(min_count=1), 0)
    assert codec.rows.columns[1].column.kind == "integer"
    assert unknown_notes(codec.rows, table.records) == ()


def test_a_repeated_extreme_value_that_means_never_keeps_no_rule_from_being_found():
    rng = np.random.default_rng(0)
    start = np.datetime64("2023-01-01") + rng.integers(0, 900, 600)
    end = np.where(rng.random(600) < 0.3, np.datetime64("9999-12-31"), start + rng.integers(30, 365, 600))
    table = read_table(pa.table({"start": pa.array(start), "end": pa.array(end)}))
    rules = find(table.records, table.schema)
    assert [rule.in_words() for rule in rules] == ["start <= end"]
    chain = Chain.fit(table.records, replace(table.schema, constraints=(rules[0].to_json(),)), 5)
    reduced = chain.reduce(table.records)
    shuffled = reduced.set_column(0, "start", reduced.column("start").take(rng.permutation(600)))
    made = chain.restore(shuffled, rng, Keyed())
    assert not chain.violating(made).any()
    never = pa.scalar(date(9999, 12, 31))
    assert pc.equal(made.column("end"), never).equals(pc.equal(table.records.column("end"), never))


def test_what_is_filled_in_for_another_column_s_sake_keeps_the_rule():
    rng = np.random.default_rng(0)
    paid = rng.random(800) < 0.7
    start = rng.integers(0, 5_000, 800)
    end = pa.array(start + rng.integers(1, 300, 800), mask=~paid)
    table = read_table(pa.table({"paid": paid, "start": start, "end": end}))
    schema, _ = settle(table.records, table.schema, [], is_finding=True)
    chain = Chain.fit(table.records, schema, 5)
    assert [one.kind for one in chain.constraints] == ["inequality", "missing_when"]
    reduced = chain.reduce(table.records)
    shuffled = pa.table(
        {name: reduced.column(name).take(rng.permutation(800)) for name in reduced.column_names}
    )
    made = chain.restore(shuffled, rng, Keyed())
    assert not chain.violating(made).any()

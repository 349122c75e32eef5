"""Conditions on columns that constraints compute, said of those that they are computed from."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import reduced, request_for
from gansmith.tabular.conditions import conditions_of
from gansmith.tabular.files import read_table
from gansmith.tasks.synthesize import Synthesizer

RULES = (
    {"kind": "dependency", "by": "school", "column": "years"},
    {"kind": "combinations", "columns": ["country", "city"]},
    {"kind": "inequality", "low": "start", "high": "end"},
)


@pytest.fixture(scope="module")
def codec():
    rng = np.random.default_rng(0)
    n = 300
    school = rng.integers(0, 4, n)
    place = rng.integers(0, 4, n)
    start = rng.integers(0, 50, n)
    table = read_table(
        pa.table(
            {
                "school": np.array(["none", "low", "mid", "high"])[school],
                "years": np.array([0, 9, 12, 12])[school],
                "country": np.array(["Italy", "Italy", "Georgia", "USA"])[place],
                "city": np.array(["Rome", "Turin", "Rome", "Rome"])[place],
                "start": start,
                "end": start + rng.integers(0, 12, n),
                "x": rng.integers(0, 9, n),
            }
        )
    )
    return TableCodec.fit(
        replace(table, schema=replace(table.schema, constraints=RULES)), TableOptions(min_count=1), 0
    )


def _asked(codec, where):
    asked, sought = reduced(codec.rows.chain, conditions_of(codec.schema, where))
    values = {name: found.values and set(found.values.to_pylist()) for name, found in asked.items()}
    return values, sought


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        (["years>=10"], {"school": {"mid", "high"}}),
        (["years=9"], {"school": {"low"}}),
        (["years!=12", "school!=none"], {"school": {"low"}}),
        (["years>=5", "school=low", "school=none"], {"school": {"low"}}),
        (["x=3"], {"x": {3}}),
        (["end>=40"], {}),
    ],
    ids=["at_least", "one", "others", "either", "itself", "open"],
)
def test_what_decides_a_column_is_asked_for(codec, where, asked):
    assert _asked(codec, where) == (asked, {})


def test_of_combinations_all_that_fit_are_asked_for(codec):
    sizes = [
        len(_asked(codec, where)[0].get("country") or ())
        for where in (["city=Rome"], ["city=Turin"], ["city=Rome", "country!=USA"], ["country=Italy"])
    ]
    rule = codec.rows.chain.taking("city")
    is_held = codec.rows.chain.reduced.column("country") == codec.rows.chain.reduced.column(rule.writes[0])
    assert is_held
    assert sizes == [3, 1, 2, 2]


def test_one_cell_that_cannot_be_told_is_sought(codec):
    asked, sought = _asked(codec, {"end": 33})
    assert asked == {}
    assert {name: cell.as_py() for name, cell in sought.items()} == {"end": 33}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (["years>=10", "years<=11"], "no record has years>=10 and years<=11: school determines years"),
        (["years>=10", "school=low"], "no record has"),
        (["city=Turin", "country=USA"], "no record has"),
        (["end=5000"], "has no value 5000"),
    ],
)
def test_what_no_record_can_be_is_refused(codec, where, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        request_for(codec, where)


def test_a_missing_end_of_an_order_of_dates_can_be_asked_for():
    """The later date is learnt as a distance, a whole number; that it is missing is of no type at all."""
    rng = np.random.default_rng(0)
    start = np.datetime64("2020-01-01") + rng.integers(0, 500, 300)
    ends = pa.array(start + rng.integers(0, 9, 300), mask=rng.random(300) < 0.2)
    data = pa.table({"from": start, "to": ends, "x": rng.integers(0, 9, 300)})
    rule = {"kind": "inequality", "low": "from", "high": "to"}
    learnt = Synthesizer(preset="small", samples_seen=2_000, threads=1).fit(data, constraints=[rule])
    assert learnt.sample(64, where={"to": None})["to"].null_count == 64

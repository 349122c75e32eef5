"""What is said where too few records were learnt that are like those asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.registry import find_modality
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import request_for
from gansmith.tasks.synthesize import Synthesizer

RECIPE = find_modality("table").recipe


@pytest.fixture(scope="module")
def frame():
    """1,000 records: 12 come from Oslo, 480 are old, and of those with a dog hardly one is."""
    rng = np.random.default_rng(0)
    city = np.array(["Oslo"] * 12 + ["Rome"] * 588 + ["Lima"] * 400)
    age = np.array([70, 20] * 480 + [20] * 40)
    pet = np.where((age == 70) | (rng.random(1000) < 0.2), "cat", "dog")
    pet[:2] = "dog"  # one of them is old
    return pd.DataFrame({"city": city, "age": age, "pet": pet, "pay": rng.normal(3000, 500, 1000).round(2)})


@pytest.fixture(scope="module")
def codec(frame):
    read = find_modality("table").format.read(frame, TableOptions())
    return TableCodec.fit(read, TableOptions(), 0)


@pytest.fixture(scope="module")
def free(frame, codec):
    """Records as they were learnt: those that a perfect model would make."""
    read = find_modality("table").format.read(frame, TableOptions())
    return lambda: codec.encode(read, 0)


def doubts(codec, free, where, balance=""):
    return request_for(codec, where, balance).doubts(1000, free)


def test_few_records_that_had_a_value_are_counted(codec, free):
    (said,) = doubts(codec, free, {"city": "Oslo"})
    assert said.startswith("12 of the 1,000 records that were learnt from had city=Oslo: too few")


@pytest.mark.parametrize("where", [{"city": "Rome"}, {"city": ["Oslo", "Lima"]}, {"pay": {">": 3000}}])
def test_nothing_is_said_of_what_many_had(codec, free, where):
    assert not doubts(codec, free, where)


def test_a_narrow_range_of_numbers_is_estimated(codec, free, frame):
    high = float(frame["pay"].sort_values().iloc[-15])
    (said,) = doubts(codec, free, {"pay": {">=": high}})
    assert said.startswith("about ")
    assert int(said.split()[1]) < 30


def test_frequent_values_may_be_rare_together(codec, free):
    (said,) = doubts(codec, free, {"age": 70, "pet": "dog"})
    assert said.startswith("about 1 of the 1,000 records that were learnt from had age=70 and pet=dog")
    assert not doubts(codec, free, {"age": 70, "pet": "cat"})


def test_of_a_balanced_column_the_rare_values_are_listed(codec, free):
    (said,) = doubts(codec, free, {}, "city")
    assert "'city'" in said
    assert "Oslo (12)" in said
    assert "Rome" not in said


def test_how_well_each_value_is_known_is_described(codec):
    rows = {row["column"]: row["records per value"] for row in RECIPE.describe(codec)}
    assert rows["city"] == "Rome: 588, Lima: 400, Oslo: 12"
    assert rows["age"] == "20: 520, 70: 480"
    assert rows["pay"] == "50 in each bin"


def test_whoever_samples_is_warned(frame):
    learnt = Synthesizer(samples_seen=500, threads=1, preset="small").fit(frame)
    with pytest.warns(UserWarning, match="had city=Oslo: too few"):
        learnt.sample(2, where={"city": "Oslo"})
    (said,) = learnt.model_.doubts({"city": "Oslo"})
    assert "of the 900 records" in said  # 100 were held out
    assert not learnt.model_.doubts()

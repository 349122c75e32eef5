"""Records that break a rule or share a key are made again, whatever the generator makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.conditions import matching
from gansmith.tasks import sampling
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.synthesize import Synthesizer

N = 300
RULES = [
    {"kind": "unique", "columns": ["small", "letter"]},
    {"kind": "inequality", "low": "a", "high": "c"},
    {"kind": "inequality", "low": "b", "high": "c"},
]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 50, (2, N))
    code = rng.integers(0, 4, N)
    pairs = rng.permutation(400)[:N]
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "c": np.maximum(a, b) + rng.integers(0, 30, N),
            "small": pairs // 20,
            "letter": [f"l{k}" for k in pairs % 20],
            "school": np.array(["none", "low", "high", "top"])[code],
            "years": np.array([0, 9, 12, 16])[code],
            "key": [f"K{k:05d}" for k in range(N)],
        }
    )


@pytest.fixture(scope="module")
def model(frame):
    synthesizer = Synthesizer(preset="small", samples_seen=1200, threads=1)
    return synthesizer.fit(frame, constraints=RULES, min_count=1).model_


def check(made: pd.DataFrame):
    assert not made.duplicated(["small", "letter"]).any()
    assert (made.a <= made.c).all()
    assert (made.b <= made.c).all()
    years = {"none": 0, "low": 9, "high": 12, "top": 16}
    assert (made.school.map(years) == made.years).all()
    assert not made.key.duplicated().any()


def test_all_records_keep_all_rules(model):
    check(model.sample(150, seed=1).records.to_pandas())
    rules = [rule["kind"] for rule in model.codec.state()[0]["schema"]["constraints"]]
    assert rules == ["unique", "inequality", "inequality", "dependency"]


def test_the_first_records_do_not_depend_on_how_many_follow(model):
    many, few = (model.sample(n, seed=2).records for n in (120, 40))
    assert many.slice(0, 40).equals(few)


def test_keys_stay_unique_over_blocks(model, monkeypatch):
    monkeypatch.setattr(type(model.codec), "block_size", 32)
    check(model.sample(150, seed=1).records.to_pandas())


def test_a_file_makes_the_same_records(model, tmp_path):
    model.save(tmp_path / "m.gan")
    again = load_model(tmp_path / "m.gan")
    assert again.sample(60, seed=3).records.equals(model.sample(60, seed=3).records)


def test_when_there_are_no_more_keys_it_is_said(model, monkeypatch):
    monkeypatch.setattr(sampling, "MAX_TRIES", 20)
    with pytest.raises(UsageError, match="no two records have the same small, letter"):
        model.sample(450)


@pytest.mark.parametrize(("name", "value"), [("years", 12), ("c", 40), ("a", 7)])
def test_what_is_asked_for_holds(model, name, value):
    made = model.sample(12, where={name: value}).records.to_pandas()
    assert (made[name] == value).all()
    check(made)


@pytest.mark.parametrize(
    ("where", "balance"),
    [
        (["years>=10"], ""),
        (["years=9", "years=16"], ""),
        (["years!=0", "a<=10", "c>=30"], ""),
        (["school=low", "school=top", "years>=10"], ""),
        (["c<=20"], "school"),
    ],
)
def test_conditions_on_computed_columns_hold_too(model, frame, where, balance):
    made = model.sample(40, where=where, balance=balance, seed=1).records
    assert len(matching(made, model.codec.schema, where)) == 40
    check(made.to_pandas())
    if balance:
        assert made.to_pandas().groupby(balance).size().tolist() == [10] * 4
    few = model.sample(13, where=where, balance=balance, seed=1).records
    assert few.equals(made.slice(0, 13).combine_chunks())


def test_what_follows_from_others_is_not_balanced(model):
    with pytest.raises(UsageError, match=r"follows from others .school determines years .* Balance 'school'"):
        model.sample(5, balance="years")
    with pytest.raises(UsageError, match="no record has years>=13 and years<=15: school determines years"):
        model.sample(5, where=["years>=13", "years<=15"])


def test_filled_gaps_keep_the_rules_of_what_is_there(model, frame):
    rng = np.random.default_rng(1)
    given = frame.drop(columns="key").mask(rng.random((N, 7)) < 0.3)
    whole = model.imputed(model.read_partial(given))
    assert not whole.isna().to_numpy().any()
    for name in given:
        there = given[name].notna()
        assert (whole[name][there] == given[name][there]).all()
    years = {"none": 0, "low": 9, "high": 12, "top": 16}
    assert (whole.school.map(years) == whole.years).all()
    assert (whole.a <= whole.c).mean() > 0.97
    assert (whole.b <= whole.c).mean() > 0.97


def test_what_no_record_can_have_is_refused(model):
    with pytest.raises(UsageError, match="no record has school=low and years=16"):
        model.sample(5, where={"school": "low", "years": 16})
    with pytest.raises(UsageError, match="column 'c' has no value 5000"):
        model.sample(5, where={"c": 5000})


def test_without_rules_nothing_is_found(frame):
    run = start(frame, FitConfig(preset="small", samples_seen=300))
    assert any(note.startswith("rule found: school determines years (4 combinations)") for note in run.notes)
    synthesizer = Synthesizer(preset="small", samples_seen=300, threads=1)
    model = synthesizer.fit(frame, finds_constraints=False).model_
    state = model.codec.state()[0]
    assert "constraints" not in state
    assert "constraints" not in state["schema"]


def test_a_target_that_follows_from_another_column_can_be_scored(frame):
    run = start(frame, FitConfig(preset="small", samples_seen=300), target="years")
    described = {row["column"]: row["learnt as"] for row in run.modality.recipe.describe(run.codec)}
    assert described["years"].startswith("follows from the rule: school determines years")


def test_a_rule_of_rare_values_only_is_refused(frame):
    rule = {"kind": "combinations", "columns": ["small", "letter"]}
    with pytest.raises(DataError, match="no value is shared by enough records"):
        Synthesizer(preset="small", samples_seen=300, threads=1).fit(frame, constraints=[rule])

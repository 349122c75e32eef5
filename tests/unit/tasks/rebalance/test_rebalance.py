"""The contest on small tables: what counts as a class, what comes out, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gansmith
from gansmith.errors import DataError, QualityError, UsageError
from gansmith.modalities.table import contesting
from gansmith.tasks.rebalance.case import case_of, few_in_words, rare_class
from gansmith.tasks.rebalance.contest import contest_of
from gansmith.tasks.rebalance.generating import generators_of
from gansmith.tasks.rebalance.more import method_to_write, write_more
from gansmith.tasks.rebalance.settings import RebalanceConfig

pytestmark = pytest.mark.usefixtures("small_contests")
CONFIG = RebalanceConfig(samples_seen=216, folds=2, repetitions=2)


def _people(n=120, n_rare=20, seed=0):
    rng = np.random.default_rng(seed)
    is_rare = rng.permutation(n) < n_rare
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n) + 30 * is_rare,
            "pay": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n).round(3)),
            "city": rng.choice(["Ulm", "Rom", "Oslo"], n),
            "state": np.where(is_rare, "ill", "well"),
        }
    )


@pytest.fixture(scope="module")
def case():
    return case_of(_people(), "state", CONFIG)


@pytest.fixture(scope="module")
def contest(case):
    return contest_of(case, CONFIG)


def test_every_method_has_scores_for_every_learner(contest):
    found = json.loads(json.dumps(contest.to_dict(), allow_nan=False))
    assert set(found["learners"]) == {"linear", "trees"}
    names = [one["name"] for one in found["methods"]]
    assert names[0] == "nothing"
    assert {"threshold", "weights", "random", "smote", "generator"} <= set(names)
    assert len(names) == len(set(names))
    assert found["recommended"] in names
    for one in found["methods"]:
        assert 0 <= one["pr_auc"] <= 1
        assert {"gain", "gain_error", "error", "brier", "roc_auc", "recall"} <= set(one)
        is_dealt_once = one["name"] == "threshold" or one["name"].startswith("generator")
        assert len(one["folds"]) == (2 if is_dealt_once else 4)
    assert found["methods"][0]["gain"] == 0
    assert found["minority"] == "ill"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_contest(case, contest):
    again = contest_of(case, CONFIG)
    assert again.to_dict()["learners"] == contest.to_dict()["learners"]


def test_the_page_says_what_to_do(contest, tmp_path):
    contest.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert contest.recommended in page
    assert "What each method gains" in page
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["contest"]["target"] == "state"


def test_records_are_written_only_where_they_are_recommended_or_asked_for(case, contest, tmp_path):
    if contest.recommended == "nothing":
        with pytest.raises(QualityError, match="--method generator"):
            method_to_write(contest, "")
    with pytest.raises(UsageError, match="makes no records"):
        method_to_write(contest, "smote")
    path = tmp_path / "more.csv"
    n = write_more(case, CONFIG, contest, method_to_write(contest, "generator"), path, 7, with_real=True)
    found = pd.read_csv(path)
    assert n == 7
    assert found["synthetic"].sum() == 7
    assert (found.loc[found["synthetic"], "state"] == "ill").all()
    assert len(found) == len(case.records) + 7
    assert json.loads(Path(f"{path}.meta.json").read_text("utf-8"))["synthetic"] is True


@pytest.mark.parametrize("n_rare", [6, 20])
def test_a_generator_is_fine_tuned_where_very_few_records_are_rare(n_rare):
    case = case_of(_people(n_rare=n_rare), "state", CONFIG)
    config = replace(CONFIG, samples_seen=864)
    found = generators_of(case, config, case.records, case.is_rare, 0)
    lengths = [one.manifest["training"]["samples_seen"] for one in (found.general, found.rare)]
    assert (found.rare is not found.general) == (n_rare == 6) == ("origin" in found.rare.manifest)
    assert sum(lengths[: 1 + (n_rare == 6)]) <= 864 + sum(lengths) // 4  # each is rounded up to whole steps
    assert set(contesting.classes_of(found.records(case, 5, 0), "state")) == {"ill"}


# --- What is no case ----------------------------------------------------------------------------------------


def test_one_class_alone_is_no_case():
    with pytest.raises(DataError, match="one class alone"):
        case_of(_people(n_rare=0).assign(other=1), "state", CONFIG)


def test_a_number_is_no_target():
    frame = _people().assign(score=np.random.default_rng(0).normal(size=120))
    with pytest.raises(UsageError, match="not classes"):
        case_of(frame, "score", CONFIG)


def test_a_target_of_two_thousand_values_is_none():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=4000), "town": [f"t{k % 2000}" for k in range(4000)]})
    with pytest.raises(UsageError):
        case_of(frame, "town", CONFIG)


def test_an_unknown_target_is_named_with_the_nearest():
    with pytest.raises(UsageError, match="'state'"):
        case_of(_people(), "stata", CONFIG)


@pytest.mark.parametrize(
    ("counts", "asked", "error", "words"),
    [
        ({"a": 100, "b": 3}, "", DataError, "fewer than 6"),
        ({"a": 100, "b": 3, "c": 40}, "", DataError, "--minority 'c'"),
        ({"a": 100, "b": 30}, "a", UsageError, "not rare"),
        ({"a": 100, "bee": 30}, "bea", UsageError, "'bee'"),
    ],
)
def test_classes_that_cannot_be_the_rare_one(counts, asked, error, words):
    with pytest.raises(error, match=words):
        rare_class(Counter(counts), "y", asked, "data")


def test_records_without_a_class_are_left_out_with_a_note():
    frame = _people()
    frame.loc[:4, "state"] = None
    case = case_of(frame, "state", CONFIG)
    assert len(case.records) == 115
    assert any("5 records have no 'state'" in note for note in case.notes)


def test_rare_records_that_are_all_equal_are_refused():
    frame = _people()
    frame.loc[frame["state"] == "ill", ["age", "pay", "city"]] = [200, 0.5, "Rom"]
    with pytest.raises(DataError, match="1 of 2 folds"):
        contest_of(case_of(frame, "state", CONFIG), CONFIG)


def test_too_many_folds_are_refused():
    with pytest.raises(UsageError, match="2 to 10"):
        case_of(_people(), "state", RebalanceConfig(folds=11))


def test_few_rare_records_are_said_to_be_few():
    assert "recall of 0.21 to 0.79" in few_in_words(12, "ill")
    case = case_of(_people(n_rare=12), "state", RebalanceConfig())
    assert "very few" in case.notes[-1]


@pytest.mark.parametrize("given", [{"costs": "5"}, {"costs": "0:1"}, {"costs": "5:1", "precision": 0.9},
                                   {"precision": 1.5}, {"budget": "soon"}])  # fmt: skip
def test_settings_that_cannot_be(given):
    with pytest.raises(UsageError):
        RebalanceConfig(**given)


def test_an_unknown_learner_and_option_are_refused():
    with pytest.raises(UsageError, match="'trees'"):
        gansmith.rebalance(_people(), target="state", learner="treees")
    with pytest.raises(UsageError, match="no option 'fold'"):
        gansmith.rebalance(_people(), target="state", fold=3)


@pytest.mark.slow
def test_columns_in_another_order_and_new_categories_change_nothing_much():
    """A category that only test records have is one that no learner knows."""
    frame = _people()
    frame.loc[3, "city"] = "Nowhere"
    found = contest_of(case_of(frame[frame.columns[::-1]], "state", CONFIG), CONFIG)
    assert found.meanings

"""Scores in words, and where a value lies between its anchors."""

from __future__ import annotations

import pytest

from gansmith.report.scores import contests, families, not_computed, score_row, strip
from gansmith.report.wording import level, number

SCORE = {"value": 0.7, "error": 0.01, "low": 0.68, "high": 0.72, "ceiling": 0.5, "floor": 1.0, "copy": 0.5,
         "direction": "lower", "label": "two-sample AUC", "family": "real"}  # fmt: skip


def test_the_good_end_is_at_the_right_whichever_way_a_score_runs():
    lower = strip(SCORE)
    higher = strip(SCORE | {"direction": "higher", "ceiling": 1.0, "floor": 0.5})
    assert lower is not None
    assert higher is not None
    assert lower["floor"] < lower["value"] < lower["ceiling"]
    assert lower["value"] == pytest.approx(6 + 88 * 0.6)
    assert higher["value"] == pytest.approx(6 + 88 * 0.4)
    assert lower["low"] < lower["value"] < lower["high"]


@pytest.mark.parametrize("missing", [{"floor": None, "ceiling": None}, {"value": None}])
def test_a_score_without_anchors_has_no_line(missing):
    assert strip(SCORE | missing) is None


def test_a_score_that_equals_all_its_anchors_has_no_line():
    assert strip({"value": 1.0, "ceiling": 1.0, "floor": 1.0, "copy": 1.0}) is None


def test_digits_follow_the_error():
    row = score_row("c2st", SCORE | {"value": 0.70301, "error": 0.034})
    assert (row["value"], row["error"]) == ("0.703", "0.034")
    assert number(12.3456, 2.1) == "12.3"


def test_scores_are_grouped_and_those_without_value_named():
    scores = {
        "a": SCORE,
        "b": SCORE | {"family": "valid"},
        "c": SCORE | {"value": None, "reason": "too few rows"},
    }
    assert [family["title"] for family in families(scores)] == ["Does it look real?", "Is it valid?"]
    assert not_computed(scores) == [("two-sample AUC", "too few rows")]


def test_the_best_is_marked_by_the_direction():
    (contest,) = contests([{"a": SCORE}, {"a": SCORE | {"value": 0.6, "low": 0.5, "high": 0.7}}, {}])
    assert [note for _, note in contest["contestants"]] == ["", "best", ""]
    (contest,) = contests([{"a": SCORE}, {"a": SCORE | {"value": 0.69}}])
    assert [note for _, note in contest["contestants"]] == ["as good", "best"]
    (contest,) = contests([{"a": SCORE}, {"a": SCORE}])
    assert [note for _, note in contest["contestants"]] == ["", ""]


def test_an_unknown_level_is_not_measured():
    assert level("purple").word == level(None).word == "Open"

from __future__ import annotations

import json
import math

import pytest

from gansmith.errors import UsageError
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import CEILING, Entry, Score


def card(value: float = 0.83) -> Scorecard:
    score = Score(value=value, error=0.02, n=2000, direction="lower", label="two-sample AUC", meaning="So.")
    anchor = Score(value=0.5, error=0.01, n=2000, direction="lower")
    return Scorecard("Scores", (Entry("c2st", score, {CEILING: anchor}, {"age": 0.7}),))


@pytest.mark.parametrize("met", ["c2st<=0.83", " c2st >= 0.8", "c2st<1", "c2st > -1e-3"])
def test_met(met: str):
    assert card().check([met]) == []


@pytest.mark.parametrize("missed", ["c2st<0.83", "c2st<=0.8", "c2st>0.83", "c2st>=1"])
def test_missed(missed: str):
    (sentence,) = card().check([missed, "c2st<=1"])
    assert sentence.startswith("c2st is 0.83 ± 0.02, required: ")


def test_what_is_no_number_misses_everything():
    assert len(card(math.nan).check(["c2st<=1", "c2st>=0"])) == 2


@pytest.mark.parametrize("unreadable", ["c2st", "c2st=0.8", "<=0.8", "c2st<=high", "c2st<=nan", "c2st<=", ""])
def test_unreadable_requirements(unreadable: str):
    with pytest.raises(UsageError, match="cannot be read"):
        card().check([unreadable])


def test_unknown_score():
    with pytest.raises(UsageError, match="Did you mean 'c2st'"):
        card().check(["c2ts<=0.8"])


def test_json():
    obj = json.loads(json.dumps(card(math.inf).to_dict(), allow_nan=False))
    assert obj["scores"]["c2st"]["value"] is None
    assert obj["scores"]["c2st"]["anchors"]["ceiling"]["value"] == 0.5
    assert obj["scores"]["c2st"]["ceiling"] == 0.5
    assert obj["scores"]["c2st"]["floor"] is None
    assert obj["scores"]["c2st"]["details"] == {"age": 0.7}


def test_a_score_without_records_or_with_a_negative_error_is_refused():
    for n, error in ((0, 0.1), (5, -0.1)):
        with pytest.raises(ValueError, match="A score of"):
            Score(value=1.0, error=error, n=n, direction="lower")

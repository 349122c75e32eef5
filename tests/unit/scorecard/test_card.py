from __future__ import annotations

import json
import math
import sys
from dataclasses import replace

import pytest

from gansmith.errors import UsageError
from gansmith.scorecard.card import Comparison, Scorecard
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


def test_a_frame_has_a_row_for_each_score():
    (row,) = card().to_frame().reset_index().to_dict("records")
    assert [row[name] for name in ("score", "value", "real", "better")] == ["c2st", 0.83, 0.5, "lower"]
    assert math.isnan(row["copy"])
    assert row["high"] == pytest.approx(0.83 + 1.96 * 0.02)


def test_cards_stand_side_by_side_in_a_frame_a_figure_and_a_notebook():
    cards = Comparison((replace(card(), name="ours"), replace(card(0.9), name="<theirs>")))
    assert cards.to_frame().loc["c2st"].to_dict() == {"ours": 0.83, "<theirs>": 0.9, "real hold-out": 0.5}
    figure = cards.plot()
    assert {one.name: list(one.x) for one in figure.data} == {
        "real hold-out": [1.0],
        "independent parts": [],
        "training copy": [],
        "ours": [pytest.approx(0.175)],  # lower is better: from 0.9 to 0.5
        "&lt;theirs&gt;": [0.0],
    }
    page = cards._repr_html_()
    assert page.count("<table>") == 1
    assert "&lt;theirs&gt;" in page
    assert "0.830" in page
    assert "0.900" in page


def test_a_column_is_drawn_real_against_synthetic():
    column = {
        "name": "age",
        "kind": "integer",
        "real": [0.4, 0.6],
        "synthetic": [0.5, 0.5],
        "edges": [0, 1, 2],
    }
    drawn = replace(card(), plots={"columns": [column | {"error": 0.1, "ceiling": 0.05}]})
    figure = drawn.plot("age")
    assert [one.name for one in figure.data] == ["real", "synthetic"]
    assert "@" not in figure.to_json()
    with pytest.raises(UsageError, match="Did you mean 'age'"):
        drawn.plot("agee")
    with pytest.raises(UsageError, match="It knows no columns"):
        card().plot("age")


def test_without_plotly_a_figure_is_refused_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(UsageError, match=r"pip install gansmith\[plot\]"):
        Comparison((card(),)).plot()

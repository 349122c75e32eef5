"""The page of a contest: what to do, every number, and nothing that was not sure."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.report.contest import contest_sections
from gansmith.report.page import render
from gansmith.scorecard.contest.card import Contest
from gansmith.scorecard.contest.copies import Copies
from gansmith.scorecard.contest.predictions import Aim, scores


def _contest(gains, minority="ill", rise=0.1):
    """A contest of made-up chances: each method's are nearer to the truth by its gain."""
    rng = np.random.default_rng(0)
    is_rare = rng.random(400) < 0.2

    def fold(method_gain):
        chance = np.clip(0.5 * rng.random(400) + (0.1 + method_gain) * is_rare, 0, 1)
        return scores(chance, is_rare, Aim(), 0.5, (0.2, 0.5))

    played = {name: [fold(each) for _ in range(5)] for name, each in gains.items()}
    last = [one["pr_auc"] for one in played["nothing"]]
    return Contest(
        target="state",
        minority=minority,
        n_records=400,
        n_rare=80,
        aim=Aim(),
        test_ratio=0.25,
        played={"linear": played},
        meanings={name: f"what {name} is" for name in gains},
        curves={"linear": [(one - 2 * rise, one - rise, one - rise / 2) for one in last]},
        copies=Copies(100, 1, 2, 50, 0),
        skipped={"smote": "no neighbours"},
        notes=("read as it was",),
    )


HELPS = {"nothing": 0.0, "weights": 0.001, "generator": 0.3}


def test_what_helps_is_the_heading_and_what_it_is_worth_is_said():
    contest = _contest(HELPS)
    page = render(contest.report())
    assert contest.recommended == "generator"
    assert "Use “generator”" in page
    assert contest.reason[1:] in page
    assert "real records alone" in page
    for said in ("what generator is", "no neighbours", "read as it was", "Of 100 synthetic rare records 1"):
        assert said in page
    assert f"{contest.to_dict()['methods'][2]['gain']:.2f}" in page


def test_where_nothing_helps_the_heading_says_so():
    contest = _contest(HELPS | {"generator": 0.0})
    assert contest.recommended == "nothing"
    assert "Do nothing" in render(contest.report())


def test_a_flat_learning_curve_says_nothing_of_worth():
    contest = _contest(HELPS, rise=0.0)
    assert contest.to_dict()["worth"] == {}
    assert "nothing says what synthetic ones are" in render(contest.report())


def test_worth_is_more_than_once_where_the_generator_helps():
    assert _contest(HELPS).to_dict()["worth"]["generator"] > 1


def test_names_cannot_become_markup():
    page = render(_contest(HELPS, minority="<script>alert(1)</script>").report())
    assert "<script>alert" not in page


def test_a_report_without_a_contest_has_none_of_it():
    assert contest_sections({}) == []
    assert "What each method gains" not in render({"title": "x"})


@pytest.mark.parametrize("name", ["gains-linear", "curve-linear", "calibration-linear"])
def test_every_figure_has_its_numbers(name):
    figures = [one for section in contest_sections(_contest(HELPS).to_dict()) for one in section.figures]
    (figure,) = [one for one in figures if one.name == name]
    assert figure.numbers
    assert "generator" in figure.label

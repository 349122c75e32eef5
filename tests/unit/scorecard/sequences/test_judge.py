"""Whole cards of series: the answers, the anchors, windows, predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.learners import SMALL_TREES
from gansmith.scorecard.score import CEILING, COPY, FLOOR, QUICK
from gansmith.scorecard.sequences.judge import SequenceJudge
from gansmith.scorecard.sequences.network import discriminative, padded
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge
from gansmith.scorecard.sequences.predicting import explained
from gansmith.scorecard.sequences.records import Sequences
from gansmith.scorecard.sequences.windows import windows_auc
from gansmith.scorecard.verdict.leaks import levels
from tests.unit.scorecard.sequences.made import panel, wave, with_column, with_steps_shuffled

_SLOW = ("c2st", "next_step", "membership_auc")
"""Measures that learn trees: whole cards take them, see the tests of the kind of data."""


@pytest.fixture(scope="module")
def taken():
    judge = SequenceJudge(panel(1, 60), panel(2, 60), is_whole=True, target="", seed=0, effort=QUICK)
    judge.measures = tuple(one for one in judge.measures if one.names[0] not in _SLOW)
    entries, _, skipped = judge.measured(judge.case(panel(3, 60)), 60)
    return {entry.name: entry for entry in entries}, skipped


def test_scores_stand_beside_their_anchors(taken):
    entries, skipped = taken
    for name in ("coverage", "profiles", "autocorrelation", "cross_correlation", "transitions"):
        entry = entries[name]
        worse = entry.score.value - entry.anchors[FLOOR].value
        assert (worse < 0) == (entry.score.direction == "lower"), name
    assert entries["copies"].anchors[COPY].value == 1
    assert entries["near_copies"].anchors[COPY].value > 0.9
    assert entries["near_copies"].anchors[CEILING].value <= 0.05
    assert set(skipped) == {"discriminative", "forecast", "tstr"}


def test_pieces_of_few_series_are_no_members():
    long = wave(1, 3_600, 24, 0).pieces(24)
    parts = long.take(np.arange(100)), long.take(np.arange(100, 150))
    judge = SequenceJudge(*parts, is_whole=False, target="", seed=0, effort=QUICK)
    judge.measures = tuple(one for one in judge.measures if one.names[0] in ("c2st", "membership_auc"))
    entries, _, skipped = judge.measured(judge.case(wave(1, 2_400, 24, 1).pieces(24)), 100)
    assert "series are few" in skipped["membership_auc"]
    assert "c2st" in {entry.name for entry in entries}


def test_too_few_series_are_refused():
    with pytest.raises(DataError, match="Wanted: 4"):
        SequenceJudge(panel(1, 3), panel(2, 9), is_whole=True, target="", seed=0, effort=QUICK)


def test_windows_see_what_steps_say_of_each_other():
    real, fake, wrong = panel(1), panel(2), with_steps_shuffled(panel(2))
    groups = np.arange(len(real)), np.arange(len(real))
    scores = [
        windows_auc(one, real, groups, seed=0, n_max=600, n_folds=2, learner=SMALL_TREES)
        for one in (fake, wrong)
    ]
    assert abs(scores[0].value - 0.5) < 4 * scores[0].error
    assert scores[1].value > 0.9


def _explained(taught: Sequences, asked: Sequences, target: str) -> tuple[dict[str, float], float, float]:
    return explained(taught, asked, (target,), (1,), 0, n_max=6_000, seed=0)


def test_the_next_step_is_explained_as_far_as_it_is_said():
    """Of an AR(1) process of one level, the square of its memory."""
    taught, asked = (panel(seed, 300, city=0.0) for seed in (1, 2))
    shares, value, error = _explained(taught, asked, "value")
    assert shares["value"] == value == pytest.approx(0.64, abs=0.08)
    assert 0 < error < 0.05
    assert _explained(with_steps_shuffled(taught), asked, "value")[1] < value - 0.2
    assert 0.05 < _explained(taught, asked, "kind")[1] < 0.4


def test_a_constant_cannot_be_predicted():
    flat = with_column(panel(1, 20), "value", np.ones(panel(1, 20).n_steps))
    with pytest.raises(DataError, match="predicted"):
        explained(flat, flat, ("value",), (1,), 0, n_max=500, seed=0)


def test_series_without_times_or_attributes_are_judged():
    plain = [replace(wave(30, 40, 8, seed), clock="", times=np.full(1_200, np.nan)) for seed in range(3)]
    judge = SequenceJudge(*plain[:2], is_whole=True, target="", seed=0, effort=QUICK)
    judge.measures = tuple(one for one in judge.measures if one.family == "real" and one.names[0] != "c2st")
    _, _, skipped = judge.measured(judge.case(plain[2]), 30)
    assert {"gaps", "calendar", "transitions", "attributes"} <= set(skipped)


@final
class _ByLevel(AbstractRecurrentJudge):
    """Knows synthetic series by their mean alone."""

    def chances(self, fake, real, asked, seed):
        middle = (fake[..., 0].mean() + real[..., 0].mean()) / 2
        return (asked[..., 0].mean(axis=1) > middle) * 1.0


def test_the_discriminative_score_is_better_than_guessing_by():
    real, fake, groups = panel(1, 100), panel(2, 100), (np.arange(100), np.arange(100))
    assert discriminative(fake, real, groups, _ByLevel(), 0).value < 0.25
    moved = with_column(fake, "value", fake.column("value") + 50)
    assert discriminative(moved, real, groups, _ByLevel(), 0).value == 0.5


def test_what_a_network_sees_ends_with_the_series():
    short = panel(1, 5, shortest=10)
    seen = padded(short, panel(2), np.random.default_rng(0))
    ends = np.minimum(short.lengths, 24)
    assert seen[..., -1].sum(axis=1).tolist() == ends.tolist()
    assert all((one[end:] == 0).all() for one, end in zip(seen, ends, strict=True))


def test_copies_at_another_time_and_scale_are_said_and_named():
    """A tenth of the series is copied: shifted, scaled, moved."""
    train, fake = panel(1), panel(3)
    copied = with_column(train, "value", 3 * train.column("value") - 5).take(np.arange(15))
    late = replace(copied, times=copied.times + 5e6)
    judge = SequenceJudge(train, panel(2), is_whole=True, target="", seed=0, effort=QUICK)
    judge.measures = tuple(one for one in judge.measures if one.names[0] == "near_copies")
    for one, expected in ((fake, "green"), (fake.take(np.arange(135)).above(late), "red")):
        entries, _, _ = judge.measured(judge.case(one), len(one))
        assert levels({entry.name: entry for entry in entries})["near_copies"] == expected

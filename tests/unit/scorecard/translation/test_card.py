"""The card: every method beside its anchors, what is stated, what is shown, what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.learners import Trees
from gansmith.scorecard.score import Score
from gansmith.scorecard.translation.card import mean_score, with_error
from gansmith.scorecard.translation.measuring import Method, Trial, chosen, translation_card

QUICK = Trees(n_trees=10, n_leaves=4, learning_rate=0.4, n_codes=31)


def _truths(n, n_channels=3, seed=0):
    """Of different sizes."""
    rng = np.random.default_rng(seed)
    sizes = [(n_channels, 24 + 4 * (place % 3), 32) for place in range(n)]
    return [gaussian_filter(rng.random(size), (0, 0.6, 0.6)).astype(np.float32) for size in sizes]


def _blurred(records, sigma):
    return [gaussian_filter(one, (0, sigma, sigma)) for one in records]


@pytest.fixture(scope="module")
def card():
    truths = _truths(4)
    methods = {
        "identity": Method(_blurred(truths, 1), "what was given", is_anchor=True),
        "ours": Method(_blurred(truths, 0.3), several=[[one, one + 0.1] for one in truths]),
        "faithful": Method(_blurred(truths, 0.25)),
    }
    trial = Trial(
        inputs=_blurred(truths, 1),
        truths=truths,
        names=list("abcd"),
        shave=2,
        kernel="a blur",
        learner=QUICK,
    )
    return translation_card(methods, trial, title="Sharper", address=str, made=[("seed", "0")])


def test_methods_stand_before_anchors_with_every_score(card):
    assert [one.name for one in card.methods] == ["ours", "faithful", "identity"]
    assert card.ours.name == "ours"
    names = "psnr_y ssim_y psnr ssim content patch_auc fd_patches diversity diversity_inputs"
    assert set(card.names) == set(names.split())
    ours, anchor = card["ours"].scores, card["identity"].scores
    assert ours["psnr_y"].value > anchor["psnr_y"].value
    assert ours["ssim"].value > anchor["ssim"].value
    assert anchor["content"].value == pytest.approx(1)
    assert anchor["patch_auc"].value > 0.95
    assert ours["fd_patches"].value < anchor["fd_patches"].value
    assert ours["diversity"].value == pytest.approx(0.1, abs=1e-6)
    assert set(card.ceilings) == {"patch_auc", "fd_patches"}
    assert card.skipped == {}


def test_a_gain_is_measured_record_by_record(card):
    each = np.subtract(*(card[one].by_record["psnr"] for one in ("ours", "identity")))
    gain = card.gain("psnr", "ours", "identity")
    assert gain.value == pytest.approx(each.mean())
    assert gain.error == pytest.approx(each.std(ddof=1) / math.sqrt(4))
    assert gain.error < card["ours"].scores["psnr"].error
    with pytest.raises(UsageError, match="Did you mean 'psnr'"):
        card.gain("psnrr", "ours", "identity")
    with pytest.raises(UsageError, match="Did you mean 'ours'"):
        card.gain("psnr", "our", "identity")


def test_the_text_says_what_was_found_and_how(card):
    text = str(card)
    assert "“ours” reaches a PSNR (Y) of" in text
    assert "dB nearer to the truth than “identity”" in text
    assert "dB further from the truth than “faithful”" in text
    assert "rgb2ycbcr" in text
    assert "a border of 2 left out" in text
    assert "with: a blur." in text
    starts = ("ours", "faithful", "identity (anchor)", "real,")
    rows = [line for line in text.splitlines() if line.startswith(starts)]
    assert len(rows) == 4
    assert len({row.index("±", 60) for row in rows[:3]}) == 1  # aligned


def test_the_card_is_plain_json(card):
    assert "data:" not in json.dumps(card.report(), allow_nan=False)
    plain = json.loads(json.dumps(card.report(with_real_records=True), allow_nan=False))
    assert plain["methods"][0]["scores"]["psnr"]["label"] == "PSNR, dB"
    assert len(plain["methods"][0]["by_record"]["psnr"]) == plain["n_records"] == 4
    assert plain["made"] == [["seed", "0"]]
    assert list(plain["examples"][0]["pictures"]) == ["input", "ours", "faithful", "identity", "truth"]
    worst = int(np.argmin(card["ours"].by_record["psnr_y"]))
    assert (plain["examples"][0]["name"], plain["examples"][0]["mark"]) == ("abcd"[worst], "worst")


def test_masks_are_judged_by_overlap():
    truths = [(one[:1] > 0.5).astype(np.float32) for one in _truths(3)]
    card = translation_card({"ours": Method(truths)}, Trial(truths=truths))
    assert card["ours"].scores["dice"].value == card["ours"].scores["iou"].value == 1
    assert (
        "Dice of 1.000 ± 0.001." in str(card) or "Dice of 1.00." in str(card) or "Dice of 1.000." in str(card)
    )
    assert "masks" in card.skipped["patch_auc"]
    assert card.ceilings == {}


def test_one_record_alone_has_no_error_and_no_patches():
    truths = _truths(1, n_channels=1)
    card = translation_card({"ours": Method(_blurred(truths, 1))}, Trial(truths=truths, inputs=truths))
    score = card["ours"].scores["psnr"]
    assert math.isnan(score.error)
    assert "One record" in score.caveat
    assert (
        card.skipped["patch_auc"]
        == card.skipped["fd_patches"]
        == ("One record: a classifier needs others to learn from.")
    )
    assert "psnr_y" not in card["ours"].scores
    json.dumps(card.report(), allow_nan=False)


def test_without_a_truth_realism_is_measured_against_any_real_records():
    real = _truths(3)
    methods = {"ours": Method(_truths(2, seed=1)), "identity": Method(_blurred(real[:2], 1), is_anchor=True)}
    card = translation_card(methods, Trial(real=real, learner=QUICK), address=str)
    assert set(card.names) == {"patch_auc", "fd_patches"}
    assert card["ours"].scores["patch_auc"].value < card["identity"].scores["patch_auc"].value
    assert [one.mark for one in card.examples] == [""] * 2


def test_records_too_small_for_a_window_say_so():
    truths = [one[:, :7, :7] for one in _truths(3)]
    card = translation_card({"ours": Method(_blurred(truths, 1))}, Trial(truths=truths))
    assert set(card.names) == {"psnr_y", "psnr"}
    assert "window of 11" in card.skipped["ssim"]
    assert "too short for patches" in card.skipped["patch_auc"]


def test_what_does_not_go_together_is_refused():
    truths = _truths(2)
    with pytest.raises(UsageError, match="no method"):
        translation_card({}, Trial(truths=truths))
    with pytest.raises(DataError, match="1 outputs of 'ours', 2 truths"):
        translation_card({"ours": Method(truths[:1])}, Trial(truths=truths))
    with pytest.raises(DataError, match="1, 3 channels"):
        translation_card({"ours": Method(truths)}, Trial(truths=[one[:1] for one in truths]))
    with pytest.raises(DataError, match=r"\(3, 28, 32\).*\(3, 24, 32\)"):
        translation_card({"ours": Method(truths[::-1])}, Trial(truths=truths))


def test_the_worst_are_shown_first_and_then_those_in_the_middle():
    values = [float(place) for place in range(40)]
    shown = chosen(values, 12)
    assert [place for place, mark in shown.items() if mark == "worst"] == [0, 1, 2, 3]
    typical = [place for place, mark in shown.items() if mark == "typical"]
    assert len(typical) == 8
    assert all(16 < place < 27 for place in typical)
    assert chosen([3.0], 12) == {0: "worst"}


def test_a_mean_over_few_records_has_a_wide_interval():
    score = mean_score(np.array([0.9, 1.0, np.nan, 0.8]), "higher", label="", meaning="", bounds=(0, 1))
    assert (score.value, score.n) == (pytest.approx(0.9), 3)
    assert score.interval == (pytest.approx(0.9 - 4.3027 * 0.1 / math.sqrt(3), abs=1e-4), 1)
    assert with_error(Score(0.9932, 0.0003, 5, "higher")) == "0.993 ± 0.001"
    assert with_error(Score(171.2, 25.3, 5, "lower")) == "171 ± 25"
    assert with_error(Score(math.nan, math.nan, 1, "lower")) == "–"

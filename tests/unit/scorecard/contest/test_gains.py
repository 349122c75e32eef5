"""Gains against closed forms, and a recommendation that keeps quiet where there is nothing to gain."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from gansmith.scorecard.chance import adjusted
from gansmith.scorecard.contest.gains import ahead, chances_of_all, gain, recommended

RATIO = 0.25


def test_without_overlap_the_interval_is_that_of_a_plain_t_test():
    folds = np.array([0.1, 0.3, 0.2, 0.4])
    found, plain = gain(folds, 0.0), cast("Any", ttest_1samp(folds, 0.0, alternative="greater"))
    low, high = ttest_1samp(folds, 0.0).confidence_interval(0.95)
    assert found.p == pytest.approx(plain.pvalue)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_overlap_widens_the_error_by_the_ratio_of_test_to_training_records():
    folds = np.array([0.1, 0.3, 0.2, 0.4, 0.0])
    assert gain(folds, RATIO).error == pytest.approx(gain(folds, 0.0).error * np.sqrt((0.2 + RATIO) / 0.2))


def test_the_same_folds_dealt_again_make_an_error_smaller_but_not_without_end():
    folds = np.array([0.1, 0.3, 0.2, 0.4, 0.0])
    spread = folds.std()
    errors = [gain(np.tile(folds, n), RATIO).error for n in (1, 10, 1_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(spread * np.sqrt(RATIO), rel=1e-3)


def test_a_method_with_fewer_folds_is_compared_on_these_alone():
    assert ahead(np.array([0.5, 0.7]), np.array([0.4, 0.6, 0.9])) == pytest.approx([0.1, 0.1])
    folds = _folds(np.random.default_rng(0), {"cheap": 0.2, "dear": 0.2}, n=20)
    assert recommended({**folds, "dear": folds["dear"][:5]}, RATIO, 0.01, "pr_auc").name == "cheap"
    assert (
        recommended(
            {**folds, "cheap": folds["nothing"], "dear": folds["dear"][:5]}, RATIO, 0.01, "pr_auc"
        ).name
        == "dear"
    )


def test_no_difference_in_any_fold_is_no_finding():
    assert gain(np.zeros(5), RATIO).p == 1.0


def test_adjusted_chances_never_fall_and_stay_below_one():
    found = adjusted({"a": 0.02, "b": 0.015, "c": 0.9, "d": 0.9})
    assert found == pytest.approx({"b": 0.06, "a": 0.06, "c": 1.0, "d": 1.0})


def test_methods_that_go_together_are_hardly_more_than_one():
    rng = np.random.default_rng(0)
    one = 0.2 + 0.4 * rng.normal(size=50)
    alone = gain(one, RATIO).p
    alike = chances_of_all({f"{k}": one + 1e-4 * rng.normal(size=50) for k in range(5)}, RATIO)["0"]
    apart = chances_of_all({"0": one} | {f"{k}": 0.4 * rng.normal(size=50) for k in range(1, 5)}, RATIO)["0"]
    assert alike == pytest.approx(alone, abs=0.005)
    assert 3 * alone < apart < 5.5 * alone


def test_families_share_the_chance_of_a_false_finding_and_few_folds_are_holms():
    rng = np.random.default_rng(0)
    few = {name: 0.1 + 0.05 * rng.normal(size=5) for name in "ab"}
    holm = adjusted({name: gain(each, RATIO).p for name, each in few.items()})
    assert chances_of_all(few, RATIO) == pytest.approx(holm)
    both = chances_of_all({**few, "c": rng.normal(size=50), "still": np.zeros(50)}, RATIO)
    assert both["a"] == pytest.approx(min(1.0, 2 * holm["a"]))
    assert both["still"] == 1.0


def _folds(rng, gains, n=5, spread=0.01):
    base = 0.5 + 0.05 * rng.normal(size=n)
    found = {"nothing": base}
    return found | {name: base + mean + spread * rng.normal(size=n) for name, mean in gains.items()}


def test_a_large_gain_is_recommended_with_its_interval():
    found = recommended(_folds(np.random.default_rng(0), {"a": 0.0, "b": 0.2}), RATIO, 0.01, "pr_auc")
    assert found.name == "b"
    assert "95 % interval" in found.reason


def test_of_two_that_are_as_good_the_cheaper_one_is_taken():
    found = recommended(_folds(np.random.default_rng(1), {"a": 0.2, "b": 0.2}), RATIO, 0.01, "pr_auc")
    assert found.name == "a"


def test_a_sure_gain_too_small_to_have_is_left():
    folds = _folds(np.random.default_rng(0), {"a": 0.002}, spread=1e-5)
    assert recommended(folds, RATIO, 0.01, "pr_auc").name == "nothing"


def test_where_nothing_helps_nothing_is_recommended_nearly_always():
    rng = np.random.default_rng(0)
    names = {f"method {number}": 0.0 for number in range(10)}
    hits = [recommended(_folds(rng, names, spread=0.05), RATIO, 0.01, "pr_auc").name for _ in range(300)]
    assert sum(name != "nothing" for name in hits) <= 0.05 * 300


def test_a_doubtful_gain_is_named_as_such():
    rng = np.random.default_rng(3)
    folds = _folds(rng, {"a": 0.05, **{f"b{k}": 0.0 for k in range(20)}}, spread=0.03)
    found = recommended(folds, 0.0, 0.01, "pr_auc")
    assert found.name == "nothing"
    assert "luck" in found.reason or "sure" in found.reason

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.real.missing import missing_score


def gaps(features, *shares: np.ndarray):
    """A table whose column i has a missing cell where `shares[i]` is true."""
    return features(*[np.where(is_missing, np.nan, 1.0) for is_missing in shares], categories=(0,))


def test_nothing_missing(features):
    details, score = missing_score(features(np.zeros(9)), features(np.ones(5)))
    assert details == {}
    assert (score.value, score.error) == (1.0, 0.0)


def test_more_missing_cells_are_seen(features):
    n = np.arange(1000)
    fake, real = gaps(features, n < 300, n < 0, n < 100), gaps(features, n < 100, n < 0, n < 100)
    details, score = missing_score(fake, real)
    assert details == pytest.approx({"c0": 0.2, "c2": 0.0})
    assert list(details) == ["c0", "c2"]
    assert score.value == pytest.approx(0.8)
    assert score.error == pytest.approx(0.018, rel=0.8)


def test_the_same_cells_missing_apart_instead_of_together(features):
    n = np.arange(1000)
    together, apart = gaps(features, n < 200, n < 200), gaps(features, n < 200, n >= 800)
    details, score = missing_score(apart, together)
    assert details == {"c0": 0.0, "c1": 0.0}
    assert score.value == pytest.approx(0.6)


def test_one_column_is_seen_through_a_thousand_patterns(features):
    rng = np.random.default_rng(0)
    fake, real = (rng.random((20, 1000)) < 0.5 for _ in range(2))
    fake[0] = True
    details, score = missing_score(gaps(features, *fake), gaps(features, *real))
    assert next(iter(details)) == "c0"
    assert score.value == pytest.approx(1.0 - details["c0"])
    assert score.value == pytest.approx(0.5, abs=0.05)


def test_equal_distributions_and_honest_errors(features):
    rng = np.random.default_rng(1)
    scores = [
        missing_score(
            *[gaps(features, *(rng.random((2, 400)) < 0.3))] * 1
            + [gaps(features, *(rng.random((2, 400)) < 0.3))]
        )[1]
        for _ in range(30)
    ]
    assert np.mean([score.value for score in scores]) > 0.93
    ratio = np.mean([score.error for score in scores]) / np.std([score.value for score in scores])
    assert 0.6 < ratio < 2.0


def test_two_records_and_the_same_seed(features):
    two = gaps(features, np.array([True, False])), gaps(features, np.array([False, False]))
    details, score = missing_score(*two, seed=4)
    assert (details, score.value) == ({"c0": 0.5}, 0.5)
    assert (details, score) == missing_score(*two, seed=4)

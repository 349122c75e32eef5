from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.learners import auc_and_error


def test_auc_counts_pairs_and_half_of_the_ties():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40).astype(float) + 1, rng.integers(0, 6, 30).astype(float)
    wanted = (a[:, None] > b).mean() + 0.5 * (a[:, None] == b).mean()
    assert auc_and_error(a, b)[0] == pytest.approx(wanted)


def test_error_is_what_repetition_shows():
    rng = np.random.default_rng(0)
    results = np.array([auc_and_error(rng.normal(1, 1, 80), rng.normal(0, 1, 50)) for _ in range(300)])
    assert results[:, 1].mean() == pytest.approx(results[:, 0].std(), rel=0.12)


def test_no_perfect_certainty():
    assert auc_and_error(np.ones(20), np.zeros(20)) == (1.0, 0.5 / 20)
    assert auc_and_error(np.ones(1), np.zeros(1))[1] > 0.5

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gansmith.scorecard.real.joint import cut_into_cells, draw_subsets, total_variation
from gansmith.scorecard.score import Score
from gansmith.scorecard.standard_errors import mean_similarity


@pytest.mark.parametrize(("n_columns", "size"), [(6, 2), (7, 3), (1, 2), (2, 3), (3, 3)])
def test_all_subsets_come_once(n_columns: int, size: int):
    subsets = draw_subsets(n_columns, size, 1000, np.random.default_rng(0))
    assert subsets.shape == (math.comb(n_columns, size), size)
    assert len({tuple(subset) for subset in subsets.tolist()}) == len(subsets)
    assert (np.diff(subsets, axis=1) < 0).all()
    assert ((subsets >= 0) & (subsets < n_columns)).all()


def test_subsets_are_drawn_evenly():
    rng = np.random.default_rng(0)
    counts = np.zeros(8)
    for _ in range(200):
        subsets = draw_subsets(8, 3, 7, rng)
        assert len(np.unique(subsets, axis=0)) == 7
        counts += np.bincount(subsets.ravel(), minlength=8)
    assert counts == pytest.approx(np.full(8, 200 * 7 * 3 / 8), rel=0.15)


def test_numbers_are_cut_at_real_quantiles(features):
    real = features(np.arange(100.0), np.full(100, 7.0))
    fake = features(np.array([-5.0, 19.0, 20.0, np.nan, 500.0]), np.array([1.0, 7.0, 8.0, 7.0, np.nan]))
    ours, theirs = cut_into_cells(fake, real, n_bins=5, n_codes=3)
    assert np.bincount(theirs.numbers[0]).tolist() == [0, 20, 20, 20, 20, 20]
    assert ours.numbers[0].tolist() == [1, 1, 2, 0, 5]
    assert ours.numbers[1].tolist() == [1, 1, 2, 1, 0]  # one edge, and what lies beyond it


def test_joint_cells_tell_all_combinations_apart(features):
    a, b, c = (grid.ravel() for grid in np.meshgrid(*[[0, 1, np.nan]] * 3))
    cells, _ = cut_into_cells(*[features(a, b, c, categories=(0, 1, 2))] * 2, n_bins=2, n_codes=5)
    assert len(np.unique(cells.joint(np.array([2, 0, 1])))) == 27


def test_total_variation_of_sparse_cells():
    fake, real = np.array([0, 10**15, 10**15, 5]), np.array([10**15, 7])
    assert total_variation(fake, real) == pytest.approx(0.5)


def test_parts_that_a_group_lacks_keep_their_value():
    def similarity(parts: np.ndarray, measure: Callable[..., np.ndarray]) -> Score:
        rng, words = np.random.default_rng(0), dict.fromkeys(("source", "label", "meaning"), "")
        return mean_similarity(parts, measure, (50, 40), rng, **words, undefined="nothing")

    parts = np.array([0.2, 0.6, np.nan])
    blind = similarity(parts, lambda a, b: np.where(a[0] % 2, np.nan, parts))
    assert (blind.value, blind.error, blind.n, blind.caveat) == (pytest.approx(0.4), 0.0, 40, "")
    undefined = similarity(parts[2:], lambda a, b: parts[2:])
    assert np.isnan([undefined.value, undefined.error]).all()
    assert undefined.caveat == "nothing"

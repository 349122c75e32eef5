from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features
from gansmith.scorecard.points import affordable, nearest_few


@pytest.mark.parametrize(("n", "k"), [(3, 5), (500, 1), (3_001, 4), (3_001, 20)])
def test_the_nearest_are_found(n, k):
    rng = np.random.default_rng(0)
    points, references = rng.normal(size=(40, 3)), rng.normal(size=(n, 3))
    everything = np.square(points[:, None] - references).sum(axis=2)
    squared, indices = nearest_few(points, references, k)
    assert squared.shape == indices.shape == (40, min(k, n))
    np.testing.assert_allclose(squared, np.sort(everything, axis=1)[:, :k])
    np.testing.assert_allclose(np.take_along_axis(everything, indices, axis=1), squared)


def test_a_copy_is_at_no_distance_at_all():
    references = 1e3 + np.random.default_rng(0).normal(size=(5_000, 20))
    squared, indices = nearest_few(references[4_000:4_050], references, 2)
    assert (squared[:, 0] == 0.0).all()
    assert (squared[:, 1] > 0.0).all()
    np.testing.assert_array_equal(indices[:, 0], np.arange(4_000, 4_050))


def test_wide_tables_afford_fewer_records():
    def of(n_numbers: int, n_codes: int) -> int:
        values = np.zeros((2, n_numbers + 1))
        values[1, -1] = n_codes - 1
        names = tuple(map(str, range(n_numbers + 1)))
        return affordable(Features(names, values, np.arange(n_numbers + 1) == n_numbers))

    assert of(5, 10) == 50_000
    assert of(1_000, 2_000) == 30_000_000 // 2_050

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.real.coverage import density_and_coverage, expected_coverage


def test_equal_distributions():
    rng = np.random.default_rng(0)
    results = [density_and_coverage(*rng.normal(size=(2, 300, 2))) for _ in range(20)]
    density, coverage = (np.mean([result[i].value for result in results]) for i in (0, 1))
    assert coverage == pytest.approx(expected_coverage(300, 300, 5), abs=0.012)
    assert expected_coverage(300, 300, 5) == pytest.approx(0.969, abs=0.001)
    assert density == pytest.approx(1.0, abs=0.04)
    for i in (0, 1):
        ratio = np.mean([result[i].error for result in results]) / np.std(
            [result[i].value for result in results]
        )
        assert 0.5 < ratio < 2.0


def test_unequal_sizes():
    rng = np.random.default_rng(1)
    values = [
        density_and_coverage(rng.normal(size=(50, 2)), rng.normal(size=(200, 2)), k=3)[1].value
        for _ in range(40)
    ]
    assert np.mean(values) == pytest.approx(expected_coverage(50, 200, 3), abs=0.03)


def test_a_lost_half_is_seen():
    rng = np.random.default_rng(2)
    real = rng.normal(size=(400, 1)) + np.repeat([0.0, 100.0], 200)[:, None]
    density, coverage = density_and_coverage(rng.normal(size=(400, 1)), real)
    assert coverage.value == pytest.approx(0.5, abs=0.03)
    assert density.value == pytest.approx(1.0, abs=0.15)
    far = density_and_coverage(real + 1e4, real)
    assert far[0].value == far[1].value == 0.0


def test_repeated_records_can_be_covered():
    real = np.repeat(np.arange(10.0), 20)[:, None]
    assert density_and_coverage(real, real)[1].value == 1.0


def test_refused():
    with pytest.raises(DataError, match="2 synthetic points or more"):
        density_and_coverage(np.zeros((1, 2)), np.zeros((9, 2)))
    with pytest.raises(DataError, match="more than k real"):
        density_and_coverage(np.zeros((9, 2)), np.zeros((5, 2)), k=5)

"""Ranges and bins that a guarantee pays for."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Ledger
from gansmith.privacy.ranges import noisy_bins, noisy_range

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        (RANDOM.uniform(20, 90, 5_000), (16.0, 128.0)),
        (RANDOM.normal(0, 3, 5_000), (-16.0, 16.0)),
        (-RANDOM.uniform(0.3, 0.9, 5_000), (-1.0, -0.25)),
        (np.zeros(5_000), (0.0, 2.0**-40)),
        (np.array([3.0]), (0.0, 1.0)),
        (np.full(5_000, np.nan), (0.0, 1.0)),
    ],
)
def test_a_range_of_powers_of_two(values, ends):
    found = noisy_range(Ledger(Guarantee(10.0)), np.append(values, [1e12, -1e-30]), 0.5, "x")
    assert found == ends


def test_bins_are_about_as_full_as_each_other():
    values = RANDOM.normal(0, 1, 20_000)
    bins = noisy_bins(Ledger(Guarantee(3.0)), values, (-8.0, 8.0), 0.02, "x", max_bins=10)
    assert (bins.edges[0], bins.edges[-1]) == (-8, 8)
    assert 6 <= len(bins.counts) <= 10
    true = np.histogram(values, bins.edges)[0]
    assert true.min() > 800
    assert np.abs(true - bins.counts).max() < 400


def test_a_number_that_many_have_gets_a_bin_of_its_own():
    values = np.concatenate([np.zeros(18_000), RANDOM.integers(1_000, 9_000, 2_000).astype(float)])
    ledger = Ledger(Guarantee(3.0))
    bins = noisy_bins(ledger, values, (0.0, 99_999.0), 0.02, "gain", n_levels=17, grain=1.0)
    assert bins.edges[:2] == (0.0, 1.0)
    assert abs(bins.counts[0] - 18_000) < 300
    assert bins.edges[-1] == 100_000
    assert ledger.loss.rho <= 0.02 * (1 + 1e-9)


@pytest.mark.parametrize("grain", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("ends", [(0.0, 0.0), (5.0, 6.0), (-3.0, 1e6)])
@pytest.mark.parametrize("n_rows", [0, 3, 4_000])
def test_bins_of_anything(grain, ends, n_rows):
    values = np.append(RANDOM.normal(4, 20, n_rows), [np.nan, np.inf, -np.inf])
    ledger = Ledger(Guarantee(3.0))
    bins = noisy_bins(ledger, values, ends, 0.01, "x", grain=grain)
    assert (np.diff(bins.edges) > 0).all()
    assert len(bins.edges) == len(bins.counts) + 1 <= 33
    assert bins.edges[0] == ends[0]
    assert bins.edges[-1] >= ends[1]
    assert ledger.loss.rho <= 0.01 * (1 + 1e-9)


def test_numbers_of_a_grain_are_never_cut_in_two():
    values = RANDOM.integers(17, 91, 20_000).astype(float)
    bins = noisy_bins(Ledger(Guarantee(3.0)), values, (17.0, 90.0), 0.02, "age", grain=1.0)
    assert all(float(edge).is_integer() for edge in bins.edges)
    assert bins.edges[-1] == 91

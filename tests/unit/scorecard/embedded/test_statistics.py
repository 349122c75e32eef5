"""Spectrum and levels, against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.embedded.statistics import level, levels, spectrum, wave


def test_a_wave_stands_in_its_band():
    places = np.arange(32)
    for n_waves in (2, 8, 16):
        values = (0.5 + 0.4 * np.cos(2 * np.pi * n_waves * places / 32))[None, None].astype(np.float32)
        found = spectrum(values)[0]
        assert int(np.argmax(found)) == n_waves - 1
        assert wave(n_waves - 1, values) == f"patterns of {32 / n_waves:.2g} px"


def test_a_checkerboard_is_finer_than_any_line():
    board = (np.indices((16, 16)).sum(axis=0) % 2)[None, None].astype(np.float32)
    lines = (np.indices((16, 16))[0] % 2)[None, None].astype(np.float32)
    assert np.argmax(spectrum(board)[0]) > np.argmax(spectrum(lines)[0]) == 7


def test_decibels_are_of_power():
    noise = np.random.default_rng(0).random((4, 3, 12, 10)).astype(np.float32)
    louder = spectrum(noise) - spectrum(0.5 * noise)
    assert np.allclose(louder, 10 * np.log10(4), atol=0.01)
    assert np.isfinite(spectrum(np.zeros((1, 1, 4, 4), np.float32))).all()


def test_levels_are_a_curve_of_each_channel():
    values = np.zeros((1, 2, 4, 8), np.float32)
    values[0, 1] = np.arange(32).reshape(4, 8) / 32
    found = levels(values)[0]
    assert found.shape == (62,)
    assert (found[:31] == 1).all()
    assert np.allclose(found[31:], np.arange(2, 33) / 32)
    assert level(31, values) == "values of channel 2 up to 3%"


def test_the_mean_distance_of_levels_is_that_of_wasserstein():
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(0)
    a, b = (rng.beta(2, shape, (50, 1, 400)).astype(np.float32) for shape in (2, 3))
    ours = np.abs(levels(a).mean(axis=0) - levels(b).mean(axis=0)).mean()
    assert ours == pytest.approx(wasserstein_distance(a.ravel(), b.ravel()), abs=0.005)

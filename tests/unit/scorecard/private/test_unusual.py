from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.membership import unusualness


def test_it_is_the_surprise_summed_over_columns():
    values = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, np.nan], [1.0, 1.0]])
    part = Features(("a", "b"), values, np.array([True, True]))
    half = Features(("a", "b"), values[2:], np.array([True, True]))
    got = unusualness(part.take(np.array([0, 1])), half)
    assert got[0] == pytest.approx(-2 * np.log(3 / 4) * np.ones(2))
    assert got[1] == pytest.approx(np.full(2, -np.log(3 / 4) - np.log(1 / 4)))


def test_extreme_numbers_are_unusual_and_the_middle_is_not():
    numbers = np.random.default_rng(0).normal(size=(2_000, 1))
    (how,) = unusualness(Features(("x",), numbers, np.array([False])))
    order = np.argsort(numbers[:, 0])
    assert how[order[[0, -1]]].min() > 3.0 > how[order[1_000]]


def test_constant_and_empty_columns_are_no_surprise():
    values = np.stack([np.full(5, 3.0), np.full(5, np.nan)], axis=1)
    (how,) = unusualness(Features(("a", "b"), values, np.array([False, False])))
    assert how.tolist() == [0.0] * 5

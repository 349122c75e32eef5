"""What is kept of an input, and how much outputs differ."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gansmith.scorecard.translation.content import brought, content_kept, differences


def _blobs(seed, *grid):
    rng = np.random.default_rng(seed)
    coarse = rng.random([side // 4 for side in grid])
    return brought(coarse, grid)[None].astype(np.float32)


def test_the_same_edges_are_kept_whatever_the_brightness():
    given = _blobs(0, 32, 40)
    assert content_kept(given, given) == pytest.approx(1)
    assert content_kept(given, 1 - 0.5 * given) == pytest.approx(1)
    assert abs(content_kept(given, _blobs(1, 32, 40))) < 0.3
    assert math.isnan(content_kept(given, np.full_like(given, 0.5)))


def test_an_input_is_brought_to_the_grid_of_the_output():
    made = _blobs(0, 64, 48)
    given = made.reshape(1, 32, 2, 24, 2).mean((2, 4))
    assert content_kept(given, made) > 0.9
    assert content_kept(np.repeat(given, 3, 0), made) > 0.9  # colour to grey
    assert brought(given[0], (64, 48)).shape == (64, 48)
    assert abs(brought(given[0], (64, 48)) - made[0]).mean() < 0.04


def test_a_straight_line_stays_one_when_it_is_resized():
    line = np.linspace(0.5, 9.5, 10)
    assert brought(line, (20,))[2:-2] == pytest.approx(np.linspace(0.25, 9.75, 20)[2:-2])
    assert brought(line, (5,))[1:-1] == pytest.approx(np.linspace(1, 9, 5)[1:-1])


def test_diversity_is_the_difference_between_outputs_of_one_input():
    one, other = np.zeros((1, 4, 4), np.float32), np.full((1, 4, 4), 0.2, np.float32)
    own, between = differences([[one, one, other], [other, other]])
    assert own == pytest.approx([0.4 / 3, 0])
    assert between == pytest.approx(0.2)
    assert math.isnan(differences([[one, other]])[1])

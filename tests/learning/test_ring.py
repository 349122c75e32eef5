"""The default game finds every mode of a ring; a generator that has learnt nothing does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.ring import N_MODES, RingConfig, generated, judged, new_game, play, real_points
from gansmith.engine.randomness import Randomness


def found_all(result: dict[str, float]) -> bool:
    """The check of all tests here."""
    return result["modes"] == N_MODES and result["high_quality"] > 0.7 and result["reverse_kl"] < 0.05


def test_the_real_ring_passes():
    result = judged(real_points(2500, Randomness(1)))
    assert found_all(result)
    assert result["high_quality"] == pytest.approx(0.989, abs=0.01)
    assert result["spread"] == pytest.approx(1.0, abs=0.1)


def test_an_untrained_generator_fails():
    assert not found_all(judged(generated(new_game(0, RingConfig()), 2500)))


def test_a_generator_that_lost_a_mode_fails():
    points = real_points(2500, Randomness(1))
    assert not found_all(judged(points[points[:, 0] < 0.9]))


def test_a_generator_that_repeats_one_point_fails():
    assert not found_all(judged(torch.tensor([[1.0, 0.0]]).expand(2500, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_game_finds_the_ring(seed):
    result = play(seed, replace(RingConfig(), n_steps=4000))
    assert found_all(result), result

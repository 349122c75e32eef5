"""The default game finds every mode of a mixture; a generator that has learnt nothing does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.mixtures import RACES, Codec, Race
from bench.modes import generated, new_game, play
from gansmith.engine.randomness import Randomness

DATA = {name: make() for name, make in RACES.items()}


def found_all(result: dict[str, float], race: Race) -> bool:
    """The check of all tests here."""
    return result["modes"] == len(race.means) and result["high_quality"] > 0.7 and result["reverse_kl"] < 0.05


@pytest.mark.parametrize("race", DATA.values(), ids=DATA)
def test_real_points_pass(race):
    result = race.judged(race.real_points(2500, Randomness(1)))
    assert found_all(result, race)
    assert result["high_quality"] == pytest.approx(0.997 if race.basis is not None else 0.989, abs=0.01)
    assert 0.85 < result["spread_min"] <= 1 <= result["spread_max"] < 1.2


@pytest.mark.parametrize("race", DATA.values(), ids=DATA)
def test_an_untrained_generator_fails(race):
    codec = Codec.of(race.real_points(2500, Randomness(1)))
    assert not found_all(race.judged(generated(new_game(0, race.config, codec.n_seen), codec, 2500)), race)


@pytest.mark.parametrize("race", DATA.values(), ids=DATA)
def test_a_generator_that_lost_a_mode_fails(race):
    points = race.real_points(2500, Randomness(1))
    is_of_first = torch.cdist(points, race.means).argmin(1) == 0
    result = race.judged(points[~is_of_first])
    assert result["modes"] == len(race.means) - 1
    assert result["spread_min"] == 0.0


@pytest.mark.parametrize("race", DATA.values(), ids=DATA)
def test_a_generator_that_makes_only_the_means_fails(race):
    result = race.judged(race.means.repeat(300, 1)[:2500])
    assert result["spread_max"] == pytest.approx(0.0, abs=1e-3)
    if race.basis is not None:  # in the plane a mean is a good point, in many dimensions it is none
        assert result["high_quality"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_game_finds_the_ring(seed):
    race = replace(DATA["ring"], config=replace(DATA["ring"].config, n_steps=3000))
    result, points = play(seed, race)
    assert found_all(result, race), result
    assert points.shape[1] == 2

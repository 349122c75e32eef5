"""Latents as points: drawn, walked between, found again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.latents import LatentSpace, Points, film_of_walks, joined_points
from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import FitConfig, start


def learnt(**settings) -> Model:
    config = FitConfig(samples_seen=10_000, threads=1, latents=8, **settings)
    run = start(bundled_digits().take(np.arange(400)), config)
    for _ in run:
        pass
    return run.model()


@pytest.fixture(scope="module")
def model():
    return learnt()


def test_points_are_drawn_with_what_is_asked_for(model):
    space = LatentSpace(model)
    points = space.draw(6, seed=1, where={"label": "7"})
    assert points.noise.shape == (6, 8)
    assert points.condition is not None
    assert (points.condition == points.condition[0]).all()
    again = space.draw(6, seed=1, where={"label": "7"})
    assert np.array_equal(points.noise, again.noise)
    assert not np.array_equal(points.noise, space.draw(6, seed=2).noise)


def test_records_are_a_function_of_their_points(model):
    space = LatentSpace(model)
    points = space.draw(5, seed=3)
    whole, one = space.records(points), space.records(points.take(np.array([3])))
    assert np.array_equal(whole.pixels[3], one.pixels[0])
    moved = Points(points.noise + 1.0, points.condition)
    assert not np.array_equal(space.records(moved).pixels, whole.pixels)


def test_a_walk_goes_through_its_stops_in_small_steps(model):
    space = LatentSpace(model)
    stops = space.draw(3, seed=4)
    walk = space.walk(stops, 10)
    assert len(walk) == 21
    assert np.allclose(walk.noise[[0, 10, 20]], stops.noise, atol=1e-5)
    assert np.allclose(walk.condition[[0, 10, 20]], stops.condition, atol=1e-5)
    lengths = np.linalg.norm(walk.noise, axis=1)
    assert lengths.min() > 0.9 * np.linalg.norm(stops.noise, axis=1).min()  # along the sphere
    steps = np.linalg.norm(np.diff(walk.noise, axis=0), axis=1)
    assert steps.max() < 1.5 * steps.mean()
    closed = space.walk(stops, 10, is_closed=True)
    assert len(closed) == 30
    with pytest.raises(UsageError, match="2 stops"):
        space.walk(stops.take(np.array([0])), 10)


def test_what_a_model_made_is_found_again(model):
    space = LatentSpace(model)
    made = model.sample(3, seed=5, where={"label": "1"})
    found = space.records(space.project(made, n_steps=100))
    other = space.records(space.draw(3, seed=6, where={"label": "1"}))

    def far(pictures):
        return np.square(pictures.pixels.astype(float) - made.pixels).mean()

    assert far(found) < 0.5 * far(other)


def test_parts_become_one(model):
    space = LatentSpace(model)
    parts = [space.draw(2, seed) for seed in (1, 2)]
    assert np.array_equal(joined_points(parts).noise[2:], parts[1].noise)


def test_a_film_of_walks(model, tmp_path):
    said = film_of_walks(model, tmp_path / "walk.gif", 2, 3, 4, balance="label")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == said["frames"] == 12
    assert json.loads((tmp_path / "walk.gif.meta.json").read_bytes())["synthetic"] is True
    with pytest.raises(UsageError, match="format"):
        film_of_walks(model, tmp_path / "walk.mp3", 2, 3, 4)


def test_truncation_makes_records_more_alike(model):
    sevens = {"label": "7"}
    free, tight = model.sample(200, where=sevens), model.sample(200, where=sevens, truncation=0.3)
    assert tight.pixels.std(0).mean() < 0.9 * free.pixels.std(0).mean()
    with pytest.raises(UsageError, match="truncation"):
        model.sample(1, truncation=0.0)


def test_a_game_without_latents_says_so():
    with pytest.raises(UsageError, match="has no latents"):
        LatentSpace(learnt(preset="vae"))

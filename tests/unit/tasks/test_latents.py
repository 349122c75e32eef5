"""Latents as points: drawn, walked between, found again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageSequence

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
    assert walk.condition is not None
    assert stops.condition is not None
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
        assert len([*ImageSequence.Iterator(film)]) == said["frames"] == 12
    assert json.loads((tmp_path / "walk.gif.meta.json").read_bytes())["synthetic"] is True
    with pytest.raises(UsageError, match="format"):
        film_of_walks(model, tmp_path / "walk.mp3", 2, 3, 4)


def _asked(monkeypatch, model, path, *arguments, **options):
    """What the stops of a film's first walk are told, as values of the label."""
    stops = []
    walk = LatentSpace.walk

    def noted(space, points, *others, **more):
        stops.append(points.condition[:, :10].argmax(1).tolist())
        return walk(space, points, *others, **more)

    monkeypatch.setattr(LatentSpace, "walk", noted)
    film_of_walks(model, path, *arguments, **options)
    return stops[0]


def test_stops_take_turns_where_values_are_alternatives(model, tmp_path, monkeypatch):
    film = tmp_path / "walk.gif"
    for where in (["label=1", "label=7"], {"label": ["1", "7"]}):
        assert _asked(monkeypatch, model, film, 1, 4, 1, where=where) == [1, 7, 1, 7]
    assert _asked(monkeypatch, model, film, 1, None, 1, where=["label=7", "label=1"]) == [1, 7]
    assert _asked(monkeypatch, model, film, 1, None, 1, balance="label") == list(range(10))
    assert _asked(monkeypatch, model, film, 1, None, 1, where=["label=3"]) == [3] * 5
    assert len(_asked(monkeypatch, model, film, 1, None, 1)) == 5


def test_what_makes_no_film_is_refused_before_anything_is_made(model, tmp_path, monkeypatch):
    monkeypatch.setattr(LatentSpace, "records", lambda *_: pytest.fail("made"))
    with pytest.raises(UsageError, match="format"):
        film_of_walks(model, tmp_path / "walk.mp3", 2, 3, 4)
    with pytest.raises(UsageError, match=r"25,600 pictures\. At most 20,000"):
        film_of_walks(model, tmp_path / "walk.gif", 64, 4, 100)


def test_records_are_found_block_by_block(model, monkeypatch):
    space, made = LatentSpace(model), model.sample(5, seed=5)
    whole = space.project(made, n_steps=3)
    monkeypatch.setattr(type(model.codec), "block_size", 2)
    parts = space.project(made, n_steps=3)
    assert np.allclose(parts.noise, whole.noise, atol=1e-4)
    assert parts.condition is not None
    assert whole.condition is not None
    assert np.array_equal(parts.condition, whole.condition)


def test_the_difference_of_two_labels_changes_records(model):
    """What docs/how-to/pictures.md says of directions."""
    space = LatentSpace(model)
    ones, sevens = (space.draw(50, where={"label": label}) for label in ("1", "7"))
    assert np.array_equal(ones.noise, sevens.noise)  # noise knows of no label
    assert ones.condition is not None
    assert sevens.condition is not None
    direction = ones.condition.mean(0) - sevens.condition.mean(0)
    turned = space.records(Points(sevens.noise, sevens.condition + direction))
    assert not np.array_equal(turned.pixels, space.records(sevens).pixels)
    assert np.array_equal(turned.pixels, space.records(ones).pixels)


def test_truncation_makes_records_more_alike(model):
    sevens = {"label": "7"}
    free, tight = model.sample(200, where=sevens), model.sample(200, where=sevens, truncation=0.3)
    assert tight.pixels.std(0).mean() < 0.9 * free.pixels.std(0).mean()
    with pytest.raises(UsageError, match="truncation"):
        model.sample(1, truncation=0.0)


def test_a_game_without_latents_says_so():
    with pytest.raises(UsageError, match="has no latents"):
        LatentSpace(learnt(preset="vae"))

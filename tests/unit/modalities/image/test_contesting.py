"""Pictures in a contest: their classes, what is done to them, and a network that minds the weights."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import UsageError
from gansmith.modalities import grid_observer
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.contesting import METHODS, arena_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.recipe import ImageRecipe
from gansmith.scorecard.contest.arena import Lessons

classes_of, marked = ImageRecipe().classes, ImageRecipe().marked
METHOD = {method.name: method.remedy for method in METHODS}


def _bars(n, seed, n_upright):
    """Bars of 8 x 8, some upright, at random places."""
    rng, pixels = np.random.default_rng(seed), np.zeros((n, 8, 8), np.uint8)
    for one in range(n):
        place = rng.integers(1, 7)
        if one < n_upright:
            pixels[one, :, place] = 200
        else:
            pixels[one, place] = 200
    labels = np.array(["upright"] * n_upright + ["flat"] * (n - n_upright), object)
    return Pictures.of(pixels + rng.integers(40, size=pixels.shape).astype(np.uint8), labels, 255, "bars")


@pytest.fixture(scope="module")
def lessons():
    pictures = _bars(60, 0, 10)
    return Lessons.of(arena_of([pictures]).inputs[0], classes_of(pictures, "label") == "upright")


def test_numbers_are_classes_as_they_are_spelt_and_unknown_ones_are_none():
    pictures = _bars(3, 0, 1).with_attributes(Attributes({"grade": np.array([1.0, np.nan, 2.5])}))
    assert classes_of(pictures, "grade").tolist() == ["1", None, "2.5"]
    with pytest.raises(UsageError, match="'grade'"):
        classes_of(pictures, "grad")


@pytest.mark.parametrize("name", ["flips", "shifts"])
def test_what_is_done_to_rare_pictures_balances_them(name, lessons):
    made = METHOD[name](lessons, np.random.default_rng(0))
    assert made.is_rare.sum() == 50
    assert made.inputs.dtype == lessons.inputs.dtype
    assert np.array_equal(made.inputs[:60], lessons.inputs)


def test_flipped_twice_is_the_picture(lessons):
    made = METHOD["flips"](lessons, np.random.default_rng(0)).inputs[60:]
    known = {one.tobytes() for one in lessons.inputs[lessons.is_rare]}
    assert all({one.tobytes(), np.ascontiguousarray(one[..., ::-1]).tobytes()} & known for one in made)


def test_mixed_pictures_weigh_one_in_both_classes_together(lessons):
    made = METHOD["mixup"](lessons, np.random.default_rng(0))
    weights = made.weights[60:].reshape(2, 40)
    assert weights.sum(axis=0) == pytest.approx(np.ones(40))
    assert (weights[0] >= 0.5).all()
    assert made.is_rare[60:100].all()
    assert not made.is_rare[100:].any()


def test_a_network_learns_what_weighs(lessons, monkeypatch):
    monkeypatch.setattr(grid_observer, "N_QUICKLY_SEEN", 3_000)
    pictures = _bars(200, 1, 100)
    inputs, is_rare = arena_of([pictures]).inputs[0], classes_of(pictures, "label") == "upright"
    learner = arena_of([pictures]).learners["net"]
    chance = learner(lessons, 0)(inputs)
    assert chance[is_rare].mean() > chance[~is_rare].mean() + 0.2
    heavy = Lessons(lessons.inputs, lessons.is_rare, np.where(lessons.is_rare, 100.0, 0.01))
    assert learner(heavy, 0)(inputs).mean() > 0.9


def test_marks_stand_with_each_picture():
    found = marked([_bars(3, 0, 1), _bars(2, 1, 2)], [False, True], "synthetic")
    assert found.attributes.columns["synthetic"].tolist() == ["no"] * 3 + ["yes"] * 2
    assert len(found) == 5

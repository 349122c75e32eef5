"""Near copies: found after a shift, a mirror, another brightness and blur; strangers are none."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.embedded.alike import LEAST, NEAR, Likeness, border_of, coarse, likeness

SHAPES = {"series": (2, 96), "picture": (1, 20, 24), "volume": (1, 12, 12, 12)}


def smooth(n: int, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Random records whose neighbouring values are alike, 0 to 1."""
    values = np.random.default_rng(seed).normal(size=(n, *shape))
    for axis in range(2, values.ndim):
        for _ in range(3):
            values = values + np.roll(values, 1, axis) + np.roll(values, -1, axis)
    values -= values.min()
    return (0.2 + 0.6 * values / values.max()).astype(np.float32)


def _blurred(values: np.ndarray) -> np.ndarray:
    for axis in range(2, values.ndim):
        values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


CHANGES = {
    "as it is": lambda values: values,
    "shifted": lambda values: np.roll(values, 1, axis=2),
    "mirrored": lambda values: values[..., ::-1],
    "brighter": lambda values: values + 0.15,
    "paler": lambda values: 0.5 + 0.4 * (values - 0.5),
    "blurred": _blurred,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_found(shape, change):
    train = smooth(60, shape, 0)
    fake = np.concatenate([change(train[:20]), smooth(20, shape, 1)]).astype(np.float32)
    found = likeness(fake, train)
    assert found.is_near(NEAR)[:20].all()
    assert np.array_equal(found.which[:20], np.arange(20))
    assert not found.is_near(NEAR)[20:].any()


def test_only_shifts_that_a_copy_may_have_are_looked_for():
    train = smooth(60, (1, 20, 24), 0)
    later, higher = (np.roll(train[:20], 2, axis) for axis in (3, 2))
    mirrored = train[:20, ..., ::-1]
    found = [likeness(fake, train, moved=(1,), is_mirrored=False) for fake in (later, higher, mirrored)]
    assert found[0].is_near(NEAR).all()
    assert found[1].is_near(NEAR).mean() < 0.5
    assert found[2].is_near(NEAR).mean() < 0.5


def test_nothing_is_a_copy_of_a_blank_record():
    train = smooth(30, (1, 8, 8), 0)
    train[3] = 0.4
    found = likeness(np.full((2, 1, 8, 8), 0.4, np.float32), train)
    assert np.array_equal(found.ratio, [1, 1])


def test_one_training_record_is_enough():
    train = smooth(1, (1, 8, 8), 0)
    assert likeness(train, train).ratio[0] < 0.1


def test_the_border_is_what_hardly_any_fresh_record_is_below():
    def of(ratio: np.ndarray) -> Likeness:
        return Likeness(ratio, np.zeros(len(ratio), int))

    assert border_of(of(np.full(100, 0.9))) == NEAR
    assert border_of(of(np.linspace(0.2, 1, 101))) == pytest.approx(0.208)
    assert border_of(of(np.zeros(100))) == LEAST


def test_a_coarse_grid_has_few_places():
    assert coarse(np.ones((2, 1, 70, 30), np.float32)).shape == (2, 1, 23, 30)
    assert np.allclose(coarse(np.ones((2, 3, 5), np.float32)), 1)

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gansmith.scorecard.features import Features
from gansmith.scorecard.points import as_blocks
from gansmith.scorecard.private.inference import _nearest_without, inference


@pytest.mark.parametrize("n_columns", [3, 9])
def test_the_nearest_without_a_column(n_columns):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4_900, n_columns))
    is_category = np.arange(n_columns) % 2 == 1
    values[:, is_category] = rng.integers(0, 4, size=(4_900, int(is_category.sum())))
    values[rng.random(values.shape) < 0.05] = np.nan
    names = tuple(map(str, range(n_columns)))
    every = Features(names, values, is_category)
    (fake, targets), blocks = as_blocks(every.take(np.arange(4_600)), every.take(np.arange(4_600, 4_900)))
    found = _nearest_without(targets, fake, blocks)
    for block, nearest in zip(blocks, found, strict=True):
        ours, theirs = (np.delete(part, block, axis=1) for part in (targets, fake))
        squared = cdist(ours, theirs, "sqeuclidean")
        got = squared[np.arange(300), nearest]
        np.testing.assert_allclose(got, squared.min(axis=1), atol=2e-6)


def test_a_column_that_follows_from_others_is_no_risk():
    rng = np.random.default_rng(0)

    def part(n: int) -> Features:
        a = rng.normal(size=n)
        return Features(("a", "b"), np.stack([a, 2 * a], axis=1), np.array([False, False]))

    attack = inference(part(2_000), part(500), part(500), seed=0)
    for risk in attack.parts.values():
        assert risk.control.value > 0.95
        assert risk.low <= 0.0
        assert risk.caveat == ""  # the attack works, on everybody alike


def test_how_far_a_number_may_be_off():
    # The secret runs from 0 to 1000: its middle nine tenths are 900 wide, of which 45 are allowed.
    secret = np.linspace(0.0, 1000.0, 1001)
    key = np.arange(1001.0)

    def part(shift: float) -> Features:
        return Features(("key", "b"), np.stack([key, secret + shift], axis=1), np.array([True, False]))

    real = part(0.0)
    for shift, is_right in ((44.0, True), (46.0, False)):
        # Only keys among the 49 most frequent codes are told apart, so the fake knows just these.
        few = np.arange(0, 1001, 25)
        parts = [known.take(few) for known in (part(shift), real, real)]
        attack = inference(*parts, seed=0)
        assert ("b" in attack.parts) != is_right  # a secret that nobody is missed for is left out
        assert ("Left out, missed by fewer than 30 guesses: b." in attack.score.meaning) == is_right


def test_categories_must_be_the_same_and_missing_is_a_guess_too():
    key = np.arange(8.0)
    secret = np.array([0, 1, np.nan, 3, np.nan, 5, 1, 1])
    guess = np.array([0, 2, np.nan, np.nan, 4, 5, 1, 0])
    real, fake = (
        Features(("key", "b"), np.stack([key, cells], axis=1), np.array([True, True]))
        for cells in (secret, guess)
    )
    attack = inference(fake, real, real, seed=0)
    assert attack.parts["b"].main.value == 4 / 8


def test_the_guess_to_beat_is_the_most_frequent_cell():
    rng = np.random.default_rng(0)

    def part() -> Features:
        values = np.stack([rng.normal(size=800), rng.random(800) < 0.1], axis=1)
        return Features(("a", "b"), values, np.array([False, True]))

    attack = inference(part(), part(), part(), seed=0)
    secret = attack.parts["b"]
    assert secret.baseline is not None
    assert secret.baseline.value == pytest.approx(0.9, abs=0.04)
    assert secret.main.value < secret.baseline.value
    assert "no better than a guess" in secret.caveat


def test_of_many_columns_some_are_secrets():
    rng = np.random.default_rng(0)
    part = Features(tuple(map(str, range(60))), rng.normal(size=(60, 60)), np.zeros(60, dtype=bool))
    attack = inference(part, part, part, seed=0)
    assert len(attack.parts) == 50
    assert attack.risk.main.value == 1.0


def _of_two_classes(n: int, share: float, seed: int) -> Features:
    rng = np.random.default_rng([seed, 3])
    is_ill = rng.random(n) < share
    values = np.stack([rng.normal(size=n) + is_ill, is_ill * 1.0, rng.normal(size=n)], axis=1)
    return Features(("blood", "ill", "size"), values, np.array([False, True, False]))


def test_other_shares_of_a_class_are_no_risk():
    """1.8 % and 9.1 % are ill: among training records "healthy" is right more often, whoever guesses."""
    train, holdout = _of_two_classes(2_000, 0.018, 0), _of_two_classes(2_000, 0.091, 1)
    attack = inference(_of_two_classes(2_000, 0.018, 2), train, holdout, seed=0)
    secret = attack.parts["ill"]
    assert secret.main.value > 0.94
    assert abs(secret.main.value - secret.control.value) < 0.02
    assert attack.score.chance is not None
    assert attack.score.chance > 0.05
    assert inference(train, train, holdout, seed=0).score.chance == pytest.approx(0.0, abs=1e-9)


def test_a_secret_that_hardly_anybody_is_missed_for_is_no_headline():
    rng = np.random.default_rng(0)

    def part() -> Features:
        values = np.stack([rng.normal(size=800), rng.normal(size=800), rng.random(800) < 0.01], axis=1)
        values[:, 1] += values[:, 0]
        return Features(("a", "b", "rare"), values, np.array([False, False, True]))

    attack = inference(part(), part(), part(), seed=0)
    assert "rare" not in attack.parts
    assert "Left out, missed by fewer than 30 guesses: rare." in attack.score.meaning

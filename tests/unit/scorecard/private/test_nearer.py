from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import nearest_neighbour_share


def numbers(rng: np.random.Generator, n: int, d: int = 3) -> Features:
    return Features(tuple(map(str, range(d))), rng.normal(size=(n, d)), np.zeros(d, dtype=bool))


def test_a_copy_is_nearer_to_training_and_a_stranger_is_not():
    rng = np.random.default_rng(0)
    train, holdout, stranger = (numbers(rng, 400) for _ in range(3))
    assert nearest_neighbour_share(train, train, holdout, seed=0).value == 1.0
    assert nearest_neighbour_share(holdout, train, holdout, seed=0).value == 0.0
    score = nearest_neighbour_share(stranger, train, holdout, seed=0)
    assert abs(score.value - 0.5) < 3 * score.error


def test_a_larger_training_set_is_no_nearer():
    rng = np.random.default_rng(1)
    score = nearest_neighbour_share(numbers(rng, 500), numbers(rng, 5000), numbers(rng, 500), seed=0)
    assert abs(score.value - 0.5) < 3 * score.error


def test_ties_count_one_half():
    coin = Features(("c",), np.tile([[0.0], [1.0]], (50, 1)), np.array([True]))
    assert nearest_neighbour_share(coin, coin, coin, seed=0).value == 0.5


def test_the_error_knows_that_records_share_their_neighbours():
    rng = np.random.default_rng(2)
    scores = [
        nearest_neighbour_share(numbers(rng, 400), numbers(rng, 40), numbers(rng, 40), seed=s)
        for s in range(60)
    ]
    spread = np.std([score.value for score in scores])
    assert 0.7 < np.mean([score.error for score in scores]) / spread < 2.5

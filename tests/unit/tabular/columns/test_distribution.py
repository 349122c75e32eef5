"""Distribution functions through as many corners as held-out numbers ask for."""

from __future__ import annotations

import numpy as np
import pytest
from jaxtyping import Float

from gansmith.tabular.columns.distribution import distribution, repeat

Numbers = Float[np.ndarray, " n"]


def corners(numbers: Numbers, min_count: int = 5) -> tuple[Numbers, Numbers]:
    values, counts = np.unique(numbers, return_counts=True)
    return distribution(values, counts, min_count)


def distance(numbers: Numbers, knots: Numbers, shares: Float[np.ndarray, " k"]) -> float:
    """Kolmogorov and Smirnov's, between numbers and the function."""
    numbers = np.sort(numbers)
    ranks = (np.arange(len(numbers)) + 0.5) / len(numbers)
    return float(np.abs(np.interp(numbers, knots, shares) - ranks).max())


def two_humps(n: int) -> Numbers:
    rng = np.random.default_rng(0)
    return np.where(rng.random(n) < 0.5, rng.normal(0, 1, n), rng.normal(50, 0.1, n))


DENSE = {
    "doubles with two humps": two_humps(70_000),
    "sums of cents that are not whole cents": np.random.default_rng(1).gamma(2, 5, 20_000).round(2)
    + np.random.default_rng(2).gamma(1, 2, 20_000).round(2),
    "microseconds of a year": np.floor(np.random.default_rng(3).random(100_000) ** 3 * 3.15e13),
    "one far away": np.append(np.random.default_rng(4).normal(0, 1, 5_000), 1e12),
}


@pytest.mark.parametrize("name", DENSE)
def test_the_function_follows_the_numbers_however_dense_they_lie(name):
    assert distance(DENSE[name], *corners(DENSE[name])) < 0.02


def test_more_numbers_show_more():
    few, many = (len(corners(two_humps(n))[0]) for n in (1_000, 50_000))
    assert 10 < few < many


def test_a_plain_shape_asks_for_few_corners():
    assert len(corners(np.random.default_rng(0).random(10_000))[0]) < 64


def test_no_corner_but_the_ends_is_the_number_of_a_single_record():
    for n in (5_121, 10_241, 20_001):
        numbers = np.random.default_rng(0).normal(0, 1, n)
        knots, _ = corners(numbers)
        assert not np.isin(knots[1:-1], numbers).any()


def test_numbers_that_repeat_are_steps_unless_many_are_rare():
    values, counts = np.arange(100.0), np.full(100, 50)
    assert repeat(values, counts, 5)
    knots, shares = distribution(values, counts, 5)
    assert (knots == np.repeat(values, 2)).all()
    assert np.allclose(np.diff(shares)[::2], 0.01)
    assert repeat(values, np.where(values % 10 == 5, 4, counts), 5)  # each becomes its neighbour
    assert repeat(values, np.append([4], counts[1:]), 5)  # at the lower end, too
    assert not repeat(np.arange(400.0), np.append(counts, np.full(300, 4)), 5)  # all become 99
    assert not repeat(values, np.full(100, 5), 6)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 39])
def test_few_numbers_are_a_line(n):
    numbers = np.random.default_rng(n).random(n)
    knots, shares = corners(numbers, 1)
    assert (np.diff(knots) >= 0).all()
    assert (knots[0], knots[-1]) == (numbers.min(), numbers.max())
    assert (shares[0], shares[-1]) == (0, 1)

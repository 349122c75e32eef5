from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import nearest_neighbour_share
from gansmith.scorecard.real.distances import frechet_distance
from gansmith.scorecard.real.shape import shape_score
from gansmith.scorecard.real.trend import trend_score
from gansmith.scorecard.resampling import PARTS, Deal, variation_similarity
from gansmith.scorecard.score import SHARE, Score

Rng = np.random.Generator
Measured = Callable[[Rng], Score]


def coins(share: float, n: int, rng: Rng) -> np.ndarray:
    return (rng.random(n) < share).astype(np.int64)


@pytest.mark.parametrize("n", [3, 20, 2_000])
def test_every_part_of_few_records_is_some_of_them(n: int):
    deal = Deal.of(n, 2 * n, np.random.default_rng(0))
    counts = PARTS @ np.bincount(deal.fake_hands, minlength=32)
    assert (counts <= n).all()
    assert (counts.reshape(-1, 10)[:, :4].sum(axis=1) == n).all()  # quarters
    assert (counts.reshape(-1, 10)[:, 4::2] + counts.reshape(-1, 10)[:, 5::2] == n).all()  # halves


def test_halves_of_all_deals_cross():
    halves = PARTS.reshape(-1, 10, 32)[:, 4::2].reshape(-1, 32)
    signs = 2 * halves - 1  # of each half: 1 of its hands, -1 of the rest
    assert signs @ signs.T == pytest.approx(32 * np.eye(27))


def test_the_error_of_shares_that_differ_is_that_of_the_formula():
    rng = np.random.default_rng(1)
    fake, real = coins(0.3, 4_000, rng), coins(0.5, 2_000, rng)
    deal = Deal.of(4_000, 2_000, rng)
    error = deal.error(deal.each(deal.tallied(fake, real, 2), variation_similarity))
    assert error == pytest.approx(np.sqrt(0.21 / 4_000 + 0.25 / 2_000), rel=0.25)


def test_the_error_of_equal_tables_is_that_of_equal_tables():
    rng = np.random.default_rng(2)
    found: list[tuple[float, float]] = []
    for _ in range(40):
        fake, real = (rng.integers(0, 30, 600) for _ in range(2))
        deal = Deal.of(600, 600, rng)
        parts = deal.each(deal.tallied(fake, real, 30), variation_similarity)
        whole = np.abs(np.bincount(fake, minlength=30) - np.bincount(real, minlength=30)).sum() / 1_200
        found.append((float(whole), deal.error(parts)))
    values, errors = np.array(found).T
    assert 0.8 < np.sqrt(np.square(errors).mean()) / values.std() < 1.3


def test_an_interval_stays_within_what_is_possible():
    assert Score(0.999, 0.01, 10, "higher", limits=SHARE).interval == (pytest.approx(0.9794), 1.0)
    assert Score(0.001, 0.01, 10, "higher", limits=SHARE, bounds=(-0.2, 0.3)).interval == (0.0, 0.3)
    assert Score(20.0, 1.0, 10, "lower").interval == (pytest.approx(18.04), pytest.approx(21.96))
    assert str(Score(0.999, 0.01, 10, "higher", limits=SHARE)) == "0.999 (0.979 to 1)"
    assert str(Score(0.9, 0.01, 10, "higher", limits=SHARE)) == "0.9 ± 0.01"


# --- Of the scores: intervals hold the mean over other draws ------------------------------------------------


def table(n: int, scale: float, rng: Rng) -> Features:
    """Heavy tails, a category that goes with them, and another number."""
    heavy = rng.standard_t(2.0, n) * scale
    code = np.digitize(heavy + rng.normal(size=n), [-1.0, 0.5, 2.0]) * 1.0
    values = np.stack([heavy, code, heavy + rng.normal(size=n)], axis=1)
    return Features(("a", "b", "c"), values, np.array([False, True, False]))


def points(n: int, rng: Rng) -> np.ndarray:
    return rng.normal(size=(n, 6)) * np.arange(1, 7)


MEASURED: dict[str, tuple[Measured, int]] = {
    "frechet": (lambda rng: frechet_distance(points(200, rng) * 1.05, points(200, rng)), 40),
    "nearer": (lambda rng: nearest_neighbour_share(*(table(200, 1.0, rng) for _ in range(3)), seed=0), 40),
    "shape": (lambda rng: shape_score(table(300, 1.2, rng), table(300, 1.0, rng))[1], 40),
}
SLOW: dict[str, tuple[Measured, int]] = {
    "trend": (lambda rng: trend_score(table(500, 1.2, rng), table(500, 1.0, rng))[1], 60),
    "strong": (
        lambda rng: trend_score(table(500, 1.2, rng), table(500, 1.0, rng), strong_only=True)[1],
        60,
    ),
}


def covered(measure: Measured, n_draws: int) -> tuple[float, float]:
    scores = [measure(np.random.default_rng(draw)) for draw in range(n_draws)]
    mean = np.mean([score.value for score in scores])
    held = np.mean([score.interval[0] <= mean <= score.interval[1] for score in scores])
    errors = np.sqrt(np.mean([score.error**2 for score in scores]))
    return float(held), float(errors / np.std([score.value for score in scores]))


@pytest.mark.parametrize("name", MEASURED)
def test_intervals_hold_the_mean(name: str):
    held, ratio = covered(*MEASURED[name])
    assert held >= 0.85
    assert 0.75 < ratio < 1.4


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_intervals_of_trends_hold_the_mean(name: str):
    held, ratio = covered(*SLOW[name])
    assert held >= 0.85
    assert 0.7 < ratio < 1.6

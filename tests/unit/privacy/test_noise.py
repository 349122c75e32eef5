"""Noise of exactly the stated laws, from bits that no seed rules."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from gansmith.privacy import noise
from gansmith.privacy.noise import ExactNoise, discrete_gaussian, discrete_laplace, exponential_choice
from gansmith.privacy.randomness import SeededBits, SystemBits, below

FALSE_ALARM = 1e-6


def fits(drawn, mass):
    """Whether whole numbers are drawn by a law, given by unnormalised chances of -reach..reach."""
    reach = len(mass) // 2
    expected = mass / mass.sum() * len(drawn)
    observed = np.bincount(np.clip(drawn, -reach, reach) + reach, minlength=len(mass))
    is_tail = expected < 5
    pairs = np.array([[*values[~is_tail], values[is_tail].sum()] for values in (observed, expected)])
    pairs = pairs[:, pairs[1] > 0]
    return stats.chisquare(pairs[0], pairs[1] * pairs[0].sum() / pairs[1].sum()).pvalue > FALSE_ALARM


def gaussian_mass(sigma):
    reach = np.arange(-int(8 * sigma) - 3, int(8 * sigma) + 4)
    return np.exp(-(reach**2) / (2 * sigma**2))


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0, 2.7, 66.0])
def test_the_discrete_gaussian_follows_its_law(sigma):
    assert fits(discrete_gaussian(SeededBits(1), sigma, 200_000), gaussian_mass(sigma))


def test_the_test_can_fail():
    drawn = discrete_gaussian(SeededBits(1), 2.7, 200_000)
    assert not fits(drawn, gaussian_mass(2.7 * 1.05))
    assert not fits(np.where(drawn == 0, 1, drawn), gaussian_mass(2.7))


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(5, 2), Fraction(40)])
def test_the_discrete_laplace_follows_its_law(scale):
    reach = np.arange(-60 * 40, 60 * 40 + 1)
    assert fits(discrete_laplace(SeededBits(2), scale, 100_000), np.exp(-np.abs(reach) / float(scale)))


def test_choices_follow_their_law():
    scores, rate = np.array([0, 3, -2, 3, 1]), Fraction(1, 2)
    bits = SeededBits(3)
    drawn = [exponential_choice(bits, scores, rate) for _ in range(1_500)]
    expected = np.exp(scores * 0.5) / np.exp(scores * 0.5).sum() * len(drawn)
    assert stats.chisquare(np.bincount(drawn, minlength=5), expected).pvalue > FALSE_ALARM


def test_a_choice_of_hopeless_candidates_ends():
    scores = np.full(3_000, -(2**59))
    scores[1_234] = 0
    assert exponential_choice(SeededBits(0), scores, Fraction(1, 2**20)) == 1_234


def test_chances_are_the_same_digit_by_digit(monkeypatch):
    """The way that a draw in 10^12 takes, taken by all of them, decides as the usual one does."""
    usual = discrete_gaussian(SeededBits(5), 3.3, 400)
    monkeypatch.setattr(noise, "MARGIN", 2.0)
    assert np.array_equal(discrete_gaussian(SeededBits(5), 3.3, 400), usual)


@pytest.mark.parametrize(("more", "is_below"), [(0, True), (2**64 - 1, False)])
def test_what_is_too_close_to_call_takes_more_digits(more, is_below):
    class Scripted:
        is_secure = False
        n_asked = 0

        def words(self, n):
            self.n_asked += n
            return np.full(n, more, np.uint64)

    bits = Scripted()
    just_less_than_log_2 = Fraction(69314718055994530941723212145817656807, 10**38)
    assert noise._is_below(bits, 2**63, just_less_than_log_2) is is_below  # one half, and more digits
    assert bits.n_asked > 0


@pytest.mark.parametrize("end", [1, 2, 3, 1000, 2**40 + 1])
def test_whole_numbers_below_an_end(end):
    drawn = below(SeededBits(7), 20_000, end)
    assert drawn.min() >= 0
    assert drawn.max() < end
    if 1 < end <= 1000:
        assert stats.chisquare(np.bincount(drawn, minlength=end)).pvalue > FALSE_ALARM


def test_the_operating_system_rules_the_noise():
    one, two = (ExactNoise(SystemBits()).gaussian(np.zeros(64, np.int64), 1e6) for _ in range(2))
    assert not np.array_equal(one, two)
    assert ExactNoise(SystemBits()).is_secure
    assert not ExactNoise(SeededBits(0)).is_secure


def test_noise_is_uncorrelated_from_draw_to_draw():
    drawn = ExactNoise(SystemBits()).gaussian(np.zeros(50_000, np.int64), 100.0).astype(float)
    lags = [np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1] for lag in (1, 2, 7)]
    assert np.abs(lags).max() < 5 / np.sqrt(50_000)
    chi2 = (drawn**2).sum() / 100.0**2
    assert stats.chi2.cdf(chi2, 50_000) > FALSE_ALARM
    assert stats.chi2.sf(chi2, 50_000) > FALSE_ALARM


@pytest.mark.parametrize("sigma", [0.0, -1.0, 2.0**41, float("nan")])
def test_a_scale_that_is_none_is_refused(sigma):
    with pytest.raises(ValueError, match="sigma"):
        discrete_gaussian(SeededBits(0), sigma, 3)


def test_what_comes_out_above_a_threshold_is_in_the_order_of_the_alphabet():
    found = ExactNoise(SeededBits(0)).reveal({"z": 900, "b": 1_000, "q": 1, "a": 950}, 2.0, 100)
    assert list(found) == ["a", "b", "z"]

"""Bugs that made other private generators leak, planted one by one: each must be caught, the right code pass.

The procedure that is audited is what a private table goes through before anything is learnt: rows of a
person, number of rows, ranges, categories, marginals, one of them chosen by how badly it is known.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from gansmith.errors import GansmithError, UsageError
from gansmith.privacy import mechanisms, noise, ranges
from gansmith.privacy.accounting import gaussian_epsilon
from gansmith.privacy.auditing import epsilon_of_guesses, mu_of_canaries, neighbour_faults
from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Charge, Ledger
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SeededBits, SystemBits

PROMISED = Guarantee(2.0, 1e-5, unit="person", max_rows=2)


class People(NamedTuple):
    """Rows of a table with a number, a name and a code each."""

    person: np.ndarray
    age: np.ndarray
    city: np.ndarray
    code: np.ndarray

    def taken(self, rows):
        return People(*(column[rows] for column in self))


def people(n, seed=0):
    random = np.random.default_rng(seed)
    city = random.choice(["Paris", "Rome", "Oslo"], n)
    return People(np.arange(n) // 2, random.uniform(10, 90, n), city, random.integers(0, 3, n))


def without_the_last(data, n_rows):
    return data.taken(np.arange(len(data.person) - n_rows))


def odd_one(data, n_rows=5):
    """One person more, who is unlike all others and has many rows."""
    new = People(np.full(n_rows, 10**6), np.full(n_rows, 97.0), np.full(n_rows, "Nome"), np.full(n_rows, 2))
    return People(*(np.concatenate([old, more]) for old, more in zip(data, new, strict=True)))


def procedure(ledger, data):
    """What is known of a table before anything is learnt."""
    rho = ledger.rho_budget / 6
    data = data.taken(mechanisms.bounded_rows(ledger, data.person))
    mechanisms.noisy_n_rows(ledger, len(data.person), rho)
    ends = ranges.noisy_range(ledger, data.age, rho, "age")
    ranges.noisy_bins(ledger, data.age, ends, rho, "age", n_levels=3)
    delta = ledger.guarantee.delta_of_thresholds
    found = mechanisms.categories(ledger, data.city.tolist(), rho, delta, "city")
    names = {name: code for code, name in enumerate(found)}
    city = np.array([names.get(name, len(names)) for name in data.city.tolist()], np.int64)
    columns = {"city": (city, len(names) + 1), "code": (data.code, 3)}
    errors = np.array(
        [np.abs(np.bincount(codes, minlength=size) - 300.0).sum() for codes, size in columns.values()]
    )
    chosen = list(columns)[mechanisms.select(ledger, errors, rho, "which column")]
    codes, size = columns[chosen]
    mechanisms.noisy_marginal(ledger, [codes], [size], rho, chosen)


def seen_faults():
    """Neighbouring data, of a person like others and of one unlike them."""
    data = people(900)
    found = neighbour_faults(procedure, PROMISED, data, without_the_last(data, 2))
    found += neighbour_faults(procedure, PROMISED, odd_one(data), data)
    return found


def noise_faults():
    """Whether the noise that comes out has the variance that is charged, and differs from time to time."""
    draws = []
    for _ in range(2):
        book = Ledger(PROMISED)
        sigma = 2 / math.sqrt(2 * 0.01)
        draws.append(mechanisms.noisy_counts(book, np.zeros(20_000, np.int64), 0.01, "cells"))
        chi2 = (draws[-1].astype(float) ** 2).sum() / sigma**2
        if not 1e-6 < stats.chi2.cdf(chi2, 20_000) < 1 - 1e-6:
            return ["the noise is not as wide as it was charged"]
    draws += [mechanisms.noisy_counts(Ledger(PROMISED), np.zeros(20_000, np.int64), 0.01, "again")]
    for one, two in ((0, 1), (1, 2)):
        if abs(np.corrcoef(draws[one], draws[two])[0, 1]) > 5 / math.sqrt(20_000):
            return ["two releases have the same noise"]
    return []


def canary_faults():
    """Canaries in cells of their own: what is gained beyond what the charge allows."""
    book, n_canaries = Ledger(Guarantee(2.0, 1e-5)), 4_000
    is_in = np.random.default_rng(3).random(n_canaries) < 0.5
    rho = book.rho_budget
    noisy = mechanisms.noisy_counts(book, is_in.astype(np.int64), rho, "canaries")
    _, bound = mu_of_canaries(noisy.astype(float), is_in, 1 - 1e-6)
    guesses = np.argsort(noisy)
    right = is_in[guesses[-250:]].sum() + (~is_in[guesses[:250]]).sum()
    found = []
    if gaussian_epsilon(max(bound, 1e-9), 1e-5) > 2.0:
        found.append("canaries show more than epsilon")
    if epsilon_of_guesses(n_canaries, 500, int(right), 1e-5) > 2.0:
        found.append("guesses at canaries are right too often")
    return found


def choice_faults():
    """The exponential mechanism as it draws, against its law."""
    book = Ledger(Guarantee(20.0, 1e-5))
    rho = book.rho_budget / 601
    scores = np.array([0.0, 1.1 / math.sqrt(2 * rho)])
    n_high = sum(mechanisms.select(book, scores, rho, "which") for _ in range(600))
    chance = 1 / (1 + math.exp(-1.1))
    return [] if 1e-6 < stats.binom.cdf(n_high, 600, chance) < 1 - 1e-6 else ["choices are too sure"]


def crash_faults(folder):
    """Killed at every line: what is charged in the end, and whether what came out stays."""
    path = folder / "ledger.jsonl"
    path.unlink(missing_ok=True)

    def releases(book):
        rho = PROMISED_RHO / 3
        return [
            mechanisms.noisy_counts(book, np.zeros(4, np.int64), rho, str(on)).tolist() for on in range(3)
        ]

    whole = releases(Ledger(PROMISED, path))
    lines, found = path.read_bytes().splitlines(keepends=True), []
    for n_lines in range(1, len(lines) + 1):
        path.write_bytes(b"".join(lines[:n_lines]))
        resumed = Ledger(PROMISED, path)
        try:
            again = releases(resumed)
        except UsageError:
            continue  # refused, and said so
        n_known = sum(line.startswith(b'["result"') for line in lines[:n_lines])
        if again[:n_known] != whole[:n_known]:
            found.append("what had come out was drawn again")
        if resumed.loss.rho < PROMISED_RHO * (1 - 1e-9):
            found.append("a resumed run paid less")
    return found


def budget_faults():
    """Whether more can be had than was promised."""
    book = Ledger(PROMISED)
    try:
        for number in range(4):
            mechanisms.noisy_counts(book, np.zeros(2, np.int64), 0.4 * book.rho_budget, str(number))
    except UsageError:
        return []
    return ["more was released than was promised"]


PROMISED_RHO = Ledger(PROMISED).rho_budget


def all_faults(folder):
    """Every audit, one after the other."""
    yield from budget_faults()
    yield from seen_faults()
    yield from noise_faults()
    yield from canary_faults()
    yield from crash_faults(folder)
    yield from choice_faults()


def test_the_right_code_passes(tmp_path):
    assert list(all_faults(tmp_path)) == []


# Each of these plants one bug, by what pytest's monkeypatch calls `setattr`.


def no_noise(plant):
    plant(ExactNoise, "gaussian", lambda _self, values, _sigma: values)


def the_same_noise_again(plant):
    def gaussian(_self, values, sigma):
        return values + noise.discrete_gaussian(SeededBits(0), sigma, values.size).reshape(values.shape)

    plant(ExactNoise, "gaussian", gaussian)


def a_third_of_the_noise(plant):
    plant(mechanisms, "noise_scale", lambda _ledger, rho: 2 / math.sqrt(2 * rho) / 3)


def variance_for_deviation(plant):
    true = noise.discrete_gaussian
    plant(noise, "discrete_gaussian", lambda bits, sigma, n: true(bits, math.sqrt(sigma), n))


def sensitivity_of_a_row_for_a_person(plant):
    plant(mechanisms, "noise_scale", lambda _ledger, rho: 1 / math.sqrt(2 * rho))


def rows_of_a_person_unbounded(plant):
    plant(mechanisms, "bounded_rows", lambda _ledger, units: np.arange(len(units)))


def categories_from_the_data(plant):
    def categories(ledger, values, rho, delta, on):
        counted = Counter(values)
        noisy = mechanisms.noisy_counts(ledger, np.array(list(counted.values()), np.int64), rho, on)
        return dict(zip(counted, noisy.tolist(), strict=True))

    plant(mechanisms, "categories", categories)


def a_threshold_too_low(plant):
    plant(mechanisms, "threshold_of", lambda _sigma, _delta, _n_rows=1: 5)


def ends_from_the_data(plant):
    plant(ranges, "noisy_range", lambda _ledger, values, _rho, _on: (values.min(), values.max()))


def an_exact_number_of_rows_in_the_noise(plant):
    """As noise that grows with the data does."""
    true = mechanisms.noisy_marginal

    def noisy_marginal(ledger, columns, sizes, rho, on):
        return true(ledger, columns, sizes, rho * 800 / len(columns[0]), on)

    plant(mechanisms, "noisy_marginal", noisy_marginal)


def a_choice_without_its_half(plant):
    true = ExactNoise.choose
    plant(ExactNoise, "choose", lambda self, scores, rate: true(self, scores, Fraction(2) * rate))


def scores_that_move_twice_as_far(plant):
    true = mechanisms.select

    def select(ledger, scores, rho, on, sensitivity=1.0):
        return true(ledger, scores, rho, on, sensitivity / 2)

    plant(mechanisms, "select", select)


def the_best_instead_of_a_choice(plant):
    plant(ExactNoise, "choose", lambda _self, scores, _rate: int(scores.argmax()))


def nothing_is_charged(plant):
    true = Ledger.release

    def release(self, charge, draw):
        return true(self, Charge(charge.mechanism, charge.on, 0.0, 1.0, charge.sigma), draw)

    plant(Ledger, "release", release)


def a_resumed_run_begins_with_a_full_purse(plant):
    plant(Ledger, "_read", lambda self, path: path.unlink() or Ledger.__init__(self, self.guarantee, path))


def a_resumed_run_draws_again(plant):
    true = Ledger._read

    def read(self, path):
        true(self, path)
        self._stored.clear()

    plant(Ledger, "_read", read)


def overspending_is_let_through(plant):
    plant(Ledger, "_check_left", lambda _self, _charge: None)


def half_the_rho_is_written_down(plant):
    plant(mechanisms, "Charge", lambda mechanism, on, rho, *rest: Charge(mechanism, on, rho / 2, *rest))


BUGS = [
    no_noise,
    the_same_noise_again,
    a_third_of_the_noise,
    variance_for_deviation,
    sensitivity_of_a_row_for_a_person,
    rows_of_a_person_unbounded,
    categories_from_the_data,
    a_threshold_too_low,
    ends_from_the_data,
    an_exact_number_of_rows_in_the_noise,
    a_choice_without_its_half,
    scores_that_move_twice_as_far,
    the_best_instead_of_a_choice,
    nothing_is_charged,
    a_resumed_run_begins_with_a_full_purse,
    a_resumed_run_draws_again,
    overspending_is_let_through,
    half_the_rho_is_written_down,
]


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(bug, monkeypatch, tmp_path):
    bug(monkeypatch.setattr)
    try:
        found = next(all_faults(tmp_path), None)
    except GansmithError as refused:  # by the ledger, before anything came out
        found = str(refused)
    assert found


def test_audits_have_power():
    """On a mechanism whose loss is known, what is shown is nearly all of it; a blind audit fails here."""
    n_canaries, is_in = 40_000, np.random.default_rng(5).random(40_000) < 0.5
    for mu in (0.3, 0.5, 1.0):
        noisy = (
            is_in + noise.discrete_gaussian(SystemBits(), 40 / mu, n_canaries) / 40
        )  # a canary counts 40 times
        _, bound = mu_of_canaries(noisy, is_in)
        assert 0.8 * mu < bound
        assert gaussian_epsilon(bound, 1e-5) > 0.75 * gaussian_epsilon(mu, 1e-5)


def test_twenty_of_twenty_lower_bounds_stay_below_epsilon():
    bounds = []
    for epsilon in (0.5, 1.0, 3.0, 5.0):
        for seed in range(5):
            book = Ledger(Guarantee(epsilon, 1e-5))
            is_in = np.random.default_rng(seed).random(20_000) < 0.5
            noisy = mechanisms.noisy_counts(book, is_in.astype(np.int64), book.rho_budget, "canaries")
            _, mu = mu_of_canaries(noisy.astype(float), is_in, 1 - 1e-7)
            order = np.argsort(noisy)
            right = int(is_in[order[-150:]].sum() + (~is_in[order[:150]]).sum())
            shown = gaussian_epsilon(max(mu, 1e-9), 1e-5), epsilon_of_guesses(20_000, 300, right, 1e-5)
            bounds.append(max(shown) / epsilon)
    assert len(bounds) == 20
    assert max(bounds) < 1
    assert np.median(bounds) > 0.6

"""Conversions against closed forms, published numbers and another package."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gansmith.privacy import accounting
from gansmith.privacy.accounting import (
    Loss,
    Sampled,
    account,
    epsilon_of,
    epsilon_of_renyi,
    epsilon_of_rho,
    gaussian_delta,
    gaussian_epsilon,
    renyi,
    renyi_of_sampled,
    rho_for,
    rho_of_gaussian,
    sigma_of_rho,
)


@pytest.mark.parametrize(
    ("epsilon", "delta", "rho"),
    [(0.1, 1e-5, 0.00043), (1.0, 1e-5, 0.0306), (3.0, 1e-5, 0.224), (10.0, 1e-5, 1.78), (1.0, 1e-9, 0.0150)],
)
def test_the_budget_of_an_epsilon(epsilon, delta, rho):
    assert rho_for(epsilon, delta) == pytest.approx(rho, rel=0.02)
    assert epsilon_of(Loss(rho_for(epsilon, delta)), delta) <= epsilon


@pytest.mark.parametrize("rho", [1e-4, 0.01, 0.5, 4.0])
def test_the_conversion_is_tighter_than_the_textbook_and_no_less_than_the_truth(rho):
    found = epsilon_of_rho(rho, 1e-6)
    assert found < rho + 2 * math.sqrt(rho * math.log(1e6))
    assert found >= gaussian_epsilon(math.sqrt(2 * rho), 1e-6)  # a Gaussian has that rho


@pytest.mark.parametrize("mu", [0.1, 0.5, 1.0, 3.0])
def test_the_exact_curve_of_gaussian_noise(mu):
    epsilon = gaussian_epsilon(mu, 1e-5)
    assert gaussian_delta(mu, epsilon) == pytest.approx(1e-5, rel=1e-6)
    # by numbers: the chance that the loss exceeds epsilon, less e^epsilon times its mirror's
    x = np.linspace(-12, 12 + mu, 2_000_001)
    ones, others = np.exp(-((x - mu) ** 2) / 2), np.exp(-(x**2) / 2)
    delta = np.maximum(ones - math.exp(epsilon) * others, 0).sum() * (x[1] - x[0]) / math.sqrt(2 * math.pi)
    assert delta == pytest.approx(1e-5, rel=1e-3)


def test_orders_are_so_close_that_their_grid_costs_nothing():
    for rho in (1e-4, 0.03, 1.0):
        on_grid = epsilon_of_renyi(renyi(Loss(rho)), 1e-6)
        assert epsilon_of_rho(rho, 1e-6) <= on_grid <= epsilon_of_rho(rho, 1e-6) * 1.001


def test_a_step_on_every_record_is_plain_noise():
    assert renyi_of_sampled(1.0, 2.0) == pytest.approx(accounting.ORDERS * rho_of_gaussian(2.0))


@pytest.mark.parametrize(("rate", "noise"), [(0.01, 1.0), (0.2, 3.0), (0.9, 5.0)])
def test_divergences_of_poisson_steps_by_numbers(rate, noise):
    x = np.linspace(-40 * noise, 40 * noise, 400_001)
    plain = np.exp(-(x**2) / (2 * noise**2))
    mixed = (1 - rate) * plain + rate * np.exp(-((x - 1) ** 2) / (2 * noise**2))
    steps = (x[1] - x[0]) / (noise * math.sqrt(2 * math.pi))
    found = renyi_of_sampled(rate, noise)
    for index in range(0, 700, 100):
        order = accounting.ORDERS[index]
        inner = np.where(plain > 1e-300, (mixed / np.maximum(plain, 1e-300)) ** order * plain, 0)
        true = math.log(inner.sum() * steps) / (order - 1)
        assert true <= found[index] * (1 + 1e-6) + 1e-9


def test_sampling_pays():
    sampled = Loss(0.0, (Sampled(0.01, 1.0, 1_000),))
    assert epsilon_of(sampled, 1e-5) < epsilon_of_rho(1_000 * rho_of_gaussian(1.0), 1e-5) / 10


def test_google_says_the_same():
    pytest.importorskip("dp_accounting")
    for loss in (
        Loss(0.02),
        Loss(1.5),
        Loss(0.01, (Sampled(0.02, 1.1, 500),)),
        Loss(0, (Sampled(0.3, 8.0, 90),)),
    ):
        found = account(loss, 1e-6)
        epsilons = [each.epsilon for each in found]
        assert "dp-accounting" in found[-1].accountant
        assert max(epsilons) == pytest.approx(min(epsilons), rel=0.02)


def test_without_google_ours_say_it(monkeypatch):
    monkeypatch.setattr(accounting, "_google", lambda: None)
    assert [found.accountant for found in account(Loss(0.1), 1e-6)] == [
        "zCDP, optimal conversion",
        "Rényi divergences",
    ]


def test_nothing_costs_nothing():
    assert epsilon_of(Loss(), 1e-6) == 0


def test_noise_is_rounded_up():
    for rho in (1e-5, 0.003, 0.7):
        assert rho_of_gaussian(sigma_of_rho(rho, 3.0), 3.0) <= rho

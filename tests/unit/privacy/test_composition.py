"""The exact privacy loss of many steps, against closed forms, Google's and Rényi divergences."""

from __future__ import annotations

import math

import pytest

from gansmith.privacy.accounting import Loss, Sampled, account, epsilon_of_renyi, gaussian_epsilon, renyi
from gansmith.privacy.composition import epsilon_of_losses


@pytest.mark.parametrize("mu", [0.3, 1.0, 2.5])
def test_gaussian_noise_has_a_closed_form(mu):
    found = epsilon_of_losses(Loss(mu**2 / 2, (), True), 1e-5)
    assert gaussian_epsilon(mu, 1e-5) <= found <= 1.01 * gaussian_epsilon(mu, 1e-5)


def test_steps_on_all_records_are_gaussian_noise():
    steps = Sampled(1.0, 10.0, 64)
    found = epsilon_of_losses(Loss(0.02, (steps,), True), 1e-6)
    true = gaussian_epsilon(math.sqrt(0.64 + 0.04), 1e-6)
    assert true <= found <= 1.01 * true


@pytest.mark.parametrize(
    ("rate", "noise", "n_steps"), [(0.01, 1.0, 300), (0.3, 8.0, 90), (0.002, 0.8, 2_000)]
)
def test_it_lies_between_googles_and_renyis(rate, noise, n_steps):
    pytest.importorskip("dp_accounting")
    loss = Loss(0.001, (Sampled(rate, noise, n_steps),), True)
    ours, google = (found.epsilon for found in account(loss, 1e-5))
    assert ours == pytest.approx(google, rel=0.01)
    assert google < ours < epsilon_of_renyi(renyi(loss), 1e-5)


def test_nothing_costs_nothing():
    assert epsilon_of_losses(Loss(), 1e-5) == 0

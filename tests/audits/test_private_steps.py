"""Private steps under attack: records whose gradients nobody else has, in or out by lot, and planted bugs.

A canary moves a weight of its own, which no other record touches: what the noisy gradient says there is all
that anybody can know of it. So one step audits a thousand of them, sharply, for the noise is Gaussian.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from gansmith.engine import private_gradients
from gansmith.engine.private_gradients import STEPS, PrivateStep, clipped_sum, private_gradient
from gansmith.privacy.accounting import gaussian_epsilon
from gansmith.privacy.auditing import mu_of_canaries
from gansmith.privacy.mechanisms import poisson_rows
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SystemBits

N_CANARIES, SIGMA = 4_000, 2.0
NOISE = ExactNoise(SystemBits())
STEP = PrivateStep(clip=1.0, noise_multiplier=SIGMA, n_expected=100.0, chunk=64)


def own_weight(judge, parts):
    """The gradient of a record is the record."""
    return judge(parts[0]).sum()


def canary_faults(sigma=SIGMA):
    """What one step tells of canaries, against mu = 1 / sigma; records are as loud as they can be."""
    network = nn.Linear(N_CANARIES, 1, bias=False)
    is_in = np.random.default_rng(1).random(N_CANARIES) < 0.5
    records = 50 * torch.eye(N_CANARIES)[torch.from_numpy(is_in)]  # fifty times too long, before it is cut
    found = private_gradient(network, own_weight, [(records,)], STEP, NOISE)
    mu, bound = mu_of_canaries(found.double().numpy(), is_in, 1 - 1e-7)
    if bound > 1 / sigma:
        return [f"canaries show mu {mu:.2f} and not {1 / sigma:.2f}"]
    return []


def width_faults():
    """The width of the noise of an empty batch, and of one batch more."""
    network = nn.Linear(N_CANARIES, 1, bias=False)
    nobody = (torch.empty(0, N_CANARIES),)
    one, two = (
        private_gradient(network, own_weight, [nobody], STEP, NOISE).double().numpy() for _ in range(2)
    )
    chi2 = (one**2).sum() / (SIGMA * STEP.clip / STEP.n_expected) ** 2
    if not 1e-6 < stats.chi2.cdf(chi2, N_CANARIES) < 1 - 1e-6:
        return ["the noise is not as wide as it was charged"]
    return ["two steps have the same noise"] if abs(np.corrcoef(one, two)[0, 1]) > 0.09 else []


def record_faults():
    """How far one record moves the sum."""
    network = nn.Linear(6, 8)
    samples = torch.randn(20, 6)
    without = clipped_sum(network, own_weight, (samples,), STEP)
    moved = [
        float(
            (clipped_sum(network, own_weight, (torch.cat([samples, odd[None]]),), STEP) - without)
            .double()
            .norm()
        )
        for odd in (samples.sum(0) * -1e8, samples[0] * 1e30, torch.full((6,), torch.nan), samples[1])
    ]
    return [f"one record moves the sum by {max(moved) / STEPS:.3g} clips"] if max(moved) > STEPS else []


def sampling_faults():
    """Whether each record is in each batch with the stated chance, whatever others are."""
    rate, n_steps, n = 0.1, 400, 300
    batches = np.zeros((n_steps, n), bool)
    for step in range(n_steps):
        batches[step, poisson_rows(NOISE, n, rate)] = True
    sizes, often = batches.sum(1), batches.sum(0)
    found = []
    for counts, total, spread in ((sizes, n, n_steps), (often, n_steps, n)):
        chi2 = ((counts - total * rate) ** 2).sum() / (total * rate * (1 - rate))
        if not 1e-6 < stats.chi2.cdf(chi2, spread) < 1 - 1e-6:
            found.append("batches are not drawn by a coin for each record and step")
    return found


def all_faults():
    """Every audit, one after the other."""
    yield from record_faults()
    yield from sampling_faults()
    yield from width_faults()
    yield from canary_faults()


def test_the_right_code_passes():
    assert list(all_faults()) == []


def test_canaries_show_nearly_all_that_is_lost():
    network = nn.Linear(N_CANARIES, 1, bias=False)
    is_in = np.random.default_rng(2).random(N_CANARIES) < 0.5
    records = torch.eye(N_CANARIES)[torch.from_numpy(is_in)]
    for sigma in (0.7, 2.0):
        step = PrivateStep(clip=1.0, noise_multiplier=sigma, n_expected=100.0, chunk=64)
        found = private_gradient(network, own_weight, [(records,)], step, NOISE)
        _, bound = mu_of_canaries(found.double().numpy(), is_in)
        assert 0.8 / sigma < bound
        assert gaussian_epsilon(bound, 1e-5) > 0.75 * gaussian_epsilon(1 / sigma, 1e-5)


def no_noise(plant):
    plant(ExactNoise, "gaussian", lambda _self, values, _sigma: values)


def noise_for_a_tenth_of_the_clip(plant):
    true = ExactNoise.gaussian
    plant(ExactNoise, "gaussian", lambda self, values, sigma: true(self, values, sigma / 10))


def the_same_noise_each_step(plant):
    true, kept = ExactNoise.gaussian, {}

    def gaussian(self, values, sigma):
        if sigma not in kept:
            kept[sigma] = true(self, np.zeros_like(values), sigma)
        return values + kept[sigma]

    plant(ExactNoise, "gaussian", gaussian)


def clipped_after_the_sum(plant):
    def in_steps(gradients, most, clip):
        total = torch.cat([each.double().nan_to_num().sum(0) for each in gradients])
        return (total / total.norm().clamp(min=clip) * most).round().long()

    plant(private_gradients, "_in_steps", in_steps)


def clipped_layer_by_layer(plant):
    true = private_gradients._in_steps
    plant(
        private_gradients,
        "_in_steps",
        lambda gradients, most, clip: torch.cat([true([each], most, clip) for each in gradients]),
    )


def not_clipped(plant):
    def in_steps(gradients, most, clip):
        return torch.cat(
            [(each.double().nan_to_num() * STEPS / clip).round().sum(0) for each in gradients]
        ).long()

    plant(private_gradients, "_in_steps", in_steps)


def not_a_number_spoils_all(plant):
    plant(torch, "nan_to_num", lambda each, *_: each)


def shuffled_batches(plant):
    def rows(_noise, n, rate, order=[]):  # noqa: B006
        if not order:
            order += np.random.default_rng(len(order)).permutation(n).tolist()
        size = round(n * rate)
        taken, order[:] = order[:size], order[size:]
        return np.sort(taken)

    plant("poisson_rows", rows)


def batches_of_one_size(plant):
    plant("poisson_rows", lambda noise, n, rate: np.argsort(noise.keys(n))[: round(n * rate)])


BUGS = [
    no_noise,
    noise_for_a_tenth_of_the_clip,
    the_same_noise_each_step,
    clipped_after_the_sum,
    clipped_layer_by_layer,
    not_clipped,
    not_a_number_spoils_all,
    shuffled_batches,
    batches_of_one_size,
]


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(bug, monkeypatch):
    def plant(*where):
        if isinstance(where[0], str):
            monkeypatch.setitem(globals(), *where)
        else:
            monkeypatch.setattr(*where)

    bug(plant)
    assert next(all_faults(), None)

"""Windows as the networks see them: nothing is lost, and an untrained generator is a Gaussian copula."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import torch

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.randomness import Randomness
from gansmith.modalities.series.window_game import calibrate_windows, plan_windows, window_score
from gansmith.modalities.series.window_networks import WindowDiscriminator, WindowGenerator, networks_for
from gansmith.modalities.series.windows import WindowView

N_STEPS = 12


def _cut(series: np.ndarray) -> np.ndarray:
    return np.stack([series[start : start + N_STEPS] for start in range(len(series) - N_STEPS + 1)])


@cache
def windows() -> np.ndarray:
    """Of one series: a coarse sensor, weather between knots, prices that go together, noise, a copy."""
    rng = np.random.default_rng(0)
    n = 700
    is_busy = rng.random(n) < np.repeat(rng.choice([0.05, 0.9], n // 20), 20)
    sensor = np.round(np.cumsum(rng.normal(size=n) * is_busy) * 2) / 4
    knots = np.round(5 * np.cumsum(rng.normal(size=n // 4 + 2)))
    weather = np.interp(np.arange(n), np.arange(len(knots)) * 4 + 1, knots)
    price = np.exp(np.cumsum(0.01 * rng.normal(size=n)))
    close = price * (1 + 0.002 * rng.normal(size=n))
    high = np.maximum(price, close) * (1 + 0.002 * rng.exponential(size=n))
    noise = rng.gamma(2.0, size=n)
    return _cut(np.stack([sensor, weather, price, close, noise, sensor, high], 1)).astype(np.float32)


@cache
def waves() -> np.ndarray:
    """Separate windows: sines of which two numbers tell everything."""
    rng = np.random.default_rng(1)
    rate, phase = rng.uniform(0, 0.2, (400, 1, 2)), rng.uniform(0, 0.1, (400, 1, 2))
    return np.sin(rate * np.arange(N_STEPS)[None, :, None] + phase).astype(np.float32)


@cache
def view_of(name: str) -> WindowView:
    return WindowView.fit({"windows": windows, "waves": waves}[name]())


def rules_of(view: WindowView) -> AdversarialRules:
    rules = plan_windows(view, 600).game
    assert isinstance(rules, AdversarialRules)
    return rules


def players_of(view: WindowView) -> tuple[WindowGenerator, WindowDiscriminator]:
    with torch.random.fork_rng(devices=[]):
        networks = networks_for(view, plan_windows(view, 600).networks, rules_of(view))
    generator, discriminator = networks["generator"], networks["discriminator"]
    assert isinstance(generator, WindowGenerator)
    assert isinstance(discriminator, WindowDiscriminator)
    return generator, discriminator


@cache
def untrained(name: str) -> WindowGenerator:
    return players_of(view_of(name))[0]


def _made(generator: WindowGenerator, n: int = 3000) -> np.ndarray:
    latents = rules_of(generator.view).latents(n, Randomness(3).stream("test"), 0)
    with torch.no_grad():
        return generator.view.compact(generator.eval()(latents)).numpy()


def test_each_measure_is_told_in_the_way_that_suits_it():
    found = {one.name: one.places for one in view_of("windows").codings}
    assert found == {"moves": (0,), "knots": (1,), "bars": (2, 3, 6), "levels": (4,)}
    assert view_of("windows").is_sliding
    assert [one.name for one in view_of("waves").codings] == ["anchors"]
    assert view_of("waves").n_scores == 4
    assert not view_of("waves").is_sliding


@pytest.mark.parametrize("name", ["windows", "waves"])
def test_samples_hold_the_numbers(name):
    values = torch.from_numpy({"windows": windows, "waves": waves}[name]())
    view = view_of(name)
    samples = view.expand(values)
    assert samples.shape == (len(values), view.n_values)
    torch.testing.assert_close(view.compact(samples), values.double(), rtol=1e-6, atol=1e-5)


def test_readings_come_back_to_the_last_digit():
    rng = np.random.default_rng(4)
    sensor = np.round(np.cumsum(rng.normal(size=400) * (rng.random(400) < 0.4)) * 3) / 3 + 700
    weather = np.interp(np.arange(400), np.arange(102) * 4 + 1, np.round(np.cumsum(rng.normal(size=102)), 1))
    values = _cut(np.stack([sensor, weather], 1))
    view = WindowView.fit(values)
    assert {one.name for one in view.codings} & {"moves", "changes"}
    again = view.compact(view.expand(torch.from_numpy(values))).numpy()
    assert np.array_equal(again[..., 0], values[..., 0])
    assert np.abs(again[..., 1] - values[..., 1]).max() < 1e-12
    generator, _ = players_of(view)
    assert np.isin(_made(generator, 200)[..., 0], values[..., 0]).mean() > 0.99


def test_numbers_are_whole_where_products_are_of_half_precision():
    for name in ("windows", "waves"):
        generator = untrained(name)
        with torch.autocast("cpu", torch.bfloat16):
            made = _made(generator, 50)
        assert np.array_equal(made, _made(generator, 50))


def test_what_bounds_the_others_still_does_and_smooth_measures_stay_together():
    made = _made(untrained("windows"), 500)
    assert (made[..., 6] >= made[..., 2:4].max(2) - 1e-5).all()
    slow = np.cumsum(np.convolve(np.random.default_rng(5).normal(size=430), np.ones(30), "valid"))
    pair = np.stack([slow, slow + np.random.default_rng(6).normal(size=len(slow))], 1)
    view = WindowView.fit(_cut(pair))
    assert [one.name for one in view.codings] == ["smooth"]
    own = torch.from_numpy(_cut(pair))
    torch.testing.assert_close(view.codings[0].made(view.codings[0].told(own)), own, rtol=1e-4, atol=1e-3)


def test_what_is_told_can_be_made_again():
    values = torch.from_numpy(windows())
    for one in view_of("windows").codings:
        own = values[..., list(one.places)]
        torch.testing.assert_close(one.made(one.told(own)), own, rtol=1e-4, atol=1e-4)
    own = torch.from_numpy(waves())
    (anchors,) = view_of("waves").codings
    assert (anchors.made(anchors.told(own)) - own).abs().mean() < 1e-5


def test_scores_of_what_scores_stand_for_are_these_scores():
    view = view_of("windows")
    scores = view.scores(torch.from_numpy(windows()[::5]))
    again = view.scores(view.compact(view.samples(scores)))
    assert (again - scores).abs().mean() < 0.01


def test_a_view_comes_back_from_its_state():
    view = view_of("windows")
    state, tensors = view.state()
    again = WindowView.from_state(json.loads(json.dumps(state, sort_keys=True)), tensors)
    assert [one.name for one in again.codings] == [one.name for one in view.codings]
    values = torch.from_numpy(windows()[:20])
    torch.testing.assert_close(again.expand(values), view.expand(values), rtol=0, atol=0)


def test_constant_measures_stay_constant():
    values = np.concatenate([windows()[:100], np.full((100, N_STEPS, 1), 7.3, np.float32)], 2)
    view = WindowView.fit(values)
    samples = view.expand(torch.from_numpy(values))
    assert samples.abs().max() < 100
    assert view.compact(samples)[..., -1].sub(7.3).abs().max() < 1e-5


def test_an_untrained_generator_has_the_margins_and_correlations_of_the_real_windows():
    real, made = windows(), _made(untrained("windows"))
    assert np.isin(made[..., 0], real[..., 0]).mean() > 0.99  # only readings of the sensor
    assert abs((np.diff(made[..., 0]) == 0).mean() - (np.diff(real[..., 0]) == 0).mean()) < 0.05
    bends = np.abs(np.diff(made[..., 1], 2)) > 1e-3
    assert bends.sum(1).max() <= 3  # at knots alone
    np.testing.assert_array_equal(made[..., 0], made[..., 5])
    shares = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(
        np.quantile(made[..., 4], shares), np.quantile(real[..., 4], shares), rtol=0.1, atol=0.05
    )
    ours, theirs = (np.corrcoef(one[..., [2, 3]].reshape(len(one), -1).T) for one in (made, real))
    assert np.abs(ours - theirs).max() < 0.05


def test_calibration_brings_margins_back_and_makes_the_same_again():
    generator = untrained("windows")
    with torch.no_grad():
        generator.last.bias.add_(3.0)
    rules = rules_of(generator.view)
    real = windows()
    assert abs(_made(generator)[..., 2].mean() - real[..., 2].mean()) > 0.1 * real[..., 2].std()
    calibrate_windows([generator], rules, real, 0)
    made = _made(generator)
    assert abs(made[..., 2].mean() - real[..., 2].mean()) < 0.1 * real[..., 2].std()
    before = {name: one.clone() for name, one in generator.state_dict().items()}
    calibrate_windows([generator], rules, real, 0)
    assert all(one.equal(before[name]) for name, one in generator.state_dict().items())
    with torch.no_grad():
        generator.last.bias.sub_(3.0)


def test_gradients_reach_every_weight_of_both_players():
    generator, discriminator = players_of(view_of("windows"))
    n_latents = rules_of(view_of("windows")).n_latents
    samples = generator.train()(torch.randn(32, n_latents, generator=torch.Generator().manual_seed(0)))
    discriminator(samples).sum().backward()
    assert generator.last.weight.grad is not None
    assert generator.last.weight.grad.abs().sum() > 0
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in discriminator.parameters())


def test_the_score_tells_noise_from_windows():
    view = view_of("windows")
    real = torch.from_numpy(windows()[:300])
    scored = window_score(view, 0)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(1))
    assert scored(view.expand(real[::2]), view.expand(real[1::2])) > 0.4
    assert scored(view.expand(noise), view.expand(real)) < 0.2

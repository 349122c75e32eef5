"""The judges of the bench of pictures tell what they should, on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.picture_judge import (
    class_divergence,
    codes_of,
    copies,
    coverage_and_density,
    frechet_distance,
    inputs_of,
    known_values,
    learnt_denoiser,
    learnt_probe,
    nearest,
)
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.pictures import Pictures


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def normal(n, n_features=4, seed=0, shift=0.0, scale=1.0):
    return np.random.default_rng(seed).normal(shift, scale, (n, n_features))


def halves(n, seed=0):
    """Noise that is bright on the left (0) or on the right (1), and at the top (0) or at the bottom (1)."""
    rng = np.random.default_rng(seed)
    side, level = rng.integers(0, 2, (2, n))
    pixels = rng.uniform(0, 0.4, (n, 1, 16, 16))
    for k in range(n):
        pixels[k, 0, :, slice(8, 16) if side[k] else slice(0, 8)] += 0.3
        pixels[k, 0, slice(8, 16) if level[k] else slice(0, 8)] += 0.3
    return torch.from_numpy(pixels).float(), {
        "side": torch.from_numpy(side),
        "level": torch.from_numpy(level),
    }


@pytest.mark.slow
def test_a_probe_learns_each_of_several_attributes_and_the_same_again():
    inputs, targets = halves(256)
    n_values = {"side": 2, "level": 2}
    probe, again = (learnt_probe(inputs, targets, n_values, 6, seed=3) for _ in range(2))
    unseen, wanted = halves(100, seed=1)
    assert all(share > 0.9 for share in probe.accuracy(unseen, wanted).values())
    assert np.array_equal(probe.trunk.features(unseen), again.trunk.features(unseen))
    swapped = {"side": 1 - wanted["side"], "level": wanted["level"]}
    assert probe.accuracy(unseen, swapped)["side"] < 0.1


def test_a_probe_leaves_unknown_values_out():
    inputs, targets = halves(64)
    targets["level"] = torch.full((64,), -1)
    targets["level"][:8] = 1
    probe = learnt_probe(inputs, targets, {"side": 2, "level": 2}, 4, seed=0)
    assert all(torch.isfinite(weight).all() for weight in probe.parameters())


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (4, 56, 46), (1, 8, 8)])
def test_networks_have_any_shape_and_few_parameters(shape):
    inputs = torch.rand(8, *shape)
    probe = learnt_probe(inputs, {"x": torch.arange(8) % 2}, {"x": 2}, 1, seed=0)
    assert probe.trunk.features(inputs).shape == (8, 64)
    assert sum(weight.numel() for weight in probe.parameters()) < 100_000


def test_weights_make_up_for_rare_classes():
    _, targets = halves(200)
    rare, usual = ((targets["side"] == side).nonzero()[:, 0] for side in (1, 0))
    kept = torch.cat([usual, rare[:6]])
    noise = torch.rand(len(kept), 1, 16, 16, generator=torch.Generator().manual_seed(0))
    sides = {"side": targets["side"][kept]}
    shares = []
    for is_balanced in (False, True):
        probe = learnt_probe(noise, sides, {"side": 2}, 6, seed=0, is_balanced=is_balanced)
        shares.append(torch.softmax(probe.heads["side"](probe.trunk(noise)), 1)[:, 1].mean().item())
    assert shares[1] > shares[0] + 0.1


def test_the_features_of_a_denoiser_tell_pictures_apart():
    inputs, _ = halves(64)
    trunk = learnt_denoiser(inputs, 4, seed=0)
    features = trunk.features(inputs)
    assert features.shape == (64, 64)
    assert features.std(0).max() > 0


def test_coverage_and_density_of_the_same_of_others_and_of_a_single_spot():
    real = normal(400)
    assert coverage_and_density(real, real) == (1.0, pytest.approx(1.0, abs=0.01))
    same_law, density = coverage_and_density(real, normal(400, seed=1))
    assert 0.9 < same_law < 1
    assert 0.85 < density < 1.15
    assert coverage_and_density(real, normal(400, shift=50.0)) == (0, 0)
    spot, dense = coverage_and_density(real, np.zeros((400, 4)))
    assert spot < 0.1
    assert dense > 1.3


def test_the_frechet_distance_of_two_gaussians_in_closed_form():
    first, second = normal(200_000, 3), normal(200_000, 3, seed=1, shift=2.0, scale=3.0)
    assert frechet_distance(first, second) == pytest.approx(3 * 2.0**2 + 3 * (3 - 1) ** 2, rel=0.02)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


def test_class_divergence_in_closed_form():
    half, quarter = torch.tensor([0, 1] * 50_000), torch.tensor([0, 1, 1, 1] * 25_000)
    expected = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert class_divergence(half, quarter, 2) == pytest.approx(expected, rel=1e-3)
    assert class_divergence(half, half, 2) == 0
    assert np.isfinite(class_divergence(half, torch.zeros(10, dtype=torch.long), 2))


def test_copies_are_found_and_others_are_not():
    train, heldout = (torch.rand(200, 3, 32, 32, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    fresh = torch.rand(100, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    fakes = torch.cat([train[:50] + 0.01, fresh])
    found = copies(fakes, heldout, train, has_alpha=False)
    assert found.fake == pytest.approx(1 / 3, abs=0.05)
    assert found.fake_strict == pytest.approx(1 / 3, abs=0.05)
    assert found.heldout == pytest.approx(0.01)


def test_what_is_transparent_is_white():
    clear = torch.zeros(40, 4, 16, 16)
    clear[:, 3] = torch.rand(40, 16, 16, generator=torch.Generator().manual_seed(0))
    black = clear.clone()
    black[:, 3] = 1
    assert copies(black, clear, clear, has_alpha=True).fake == 0
    assert copies(black[:, :3], clear[:, :3], clear[:, :3], has_alpha=False).fake_strict == 0


def test_the_nearest_but_itself():
    rows = np.array([[0.0], [1.0], [3.0]])
    assert nearest(rows, rows).tolist() == [0, 0, 0]
    assert nearest(rows, rows, n_skipped=1).tolist() == [1, 1, 2]


def test_inputs_are_shares_of_white_and_of_opacity():
    grey = inputs_of(Pictures.of(np.full((2, 4, 6), 8, np.uint16), highest=16))
    assert grey.shape == (2, 1, 4, 6)
    assert torch.all(grey == 0.5)
    clear = inputs_of(Pictures.of(np.full((1, 2, 2, 4), (255, 255, 255, 0), np.uint8)))
    assert torch.all(clear == 0)


def test_codes_follow_the_known_values():
    labels = np.array(["b", "a", None, "c"], dtype=object)
    pictures = Pictures.of(np.zeros((4, 2, 2), np.uint8), attributes=Attributes({"x": labels}))
    assert known_values(pictures, "x") == ["a", "b", "c"]
    assert codes_of(pictures, "x", ["a", "b"]).tolist() == [1, 0, -1, -1]

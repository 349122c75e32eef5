"""The article's game is exactly the article's; the rules of thumb say what they say."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy

from gansmith.engine.batches import Batch
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.modalities.image.pictures import Form
from gansmith.modalities.image.presets import PRESETS
from gansmith.modalities.image.recipe import ImageRecipe
from gansmith.modalities.recipe import seeded_networks
from gansmith.nets.mlp import ActivationLayer
from gansmith.nets.settings import rule_of_thumb_sizes
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import FitConfig, start


def codec_of(height, width, n_channels=1):
    form = Form(height, width, n_channels, "uint8", 0.0, 16.0)
    return ImageCodec(form, AttributeCodec.fit(Attributes()))


DIGITS = codec_of(8, 8)
JUDGES = ("discriminator", "encoder")
"""Players that see pictures."""


def _players(preset, key=0):
    recipe = ImageRecipe()
    plan = recipe.plan(DIGITS, 177, preset)
    return [*seeded_networks(recipe, DIGITS, plan.networks, plan.game, key).values()]


def _described(network):
    return [
        (layer.in_features, layer.out_features)
        if isinstance(layer, nn.Linear)
        else layer.name
        if isinstance(layer, ActivationLayer)
        else type(layer)
        for layer in network.layers
    ]


def test_the_articles_players():
    generator, discriminator = _players("article")
    assert _described(generator) == [(20, 40), "tanh", (40, 64), nn.Sigmoid]
    assert _described(discriminator) == [(64, 32), "tanh", (32, 16), "tanh", (16, 1)]


def test_the_articles_start():
    for network in _players("article"):
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                bound = math.sqrt(6 / (layer.in_features + layer.out_features))
                assert not layer.bias.any()
                assert layer.weight.abs().max() <= bound
                # PyTorch's own bound, 1 / sqrt(n_in), is another: the weights fill theirs.
                assert layer.weight.abs().max() > 0.8 * bound


def test_the_articles_rules():
    plan: Any = PRESETS["article"].plan(DIGITS, 177, 0.0)
    assert (plan.game.batch_size, plan.game.n_latents, plan.game.n_discriminator_turns) == (10, 20, 1)
    assert (plan.game.objective, plan.game.penalties) == ("non-saturating", ())
    for player in (plan.game.generator, plan.game.discriminator):
        assert (player.learning_rate, player.final_learning_rate) == (0.005, None)
        assert (player.beta1, player.beta2) == (0.9, 0.999)
        assert (player.average_half_life_samples, player.weight_clip) == (0, None)
    assert plan.samples_seen == 100 * 17 * 10  # 100 epochs, the remainder of 177 / 10 dropped
    assert PRESETS["article"].n_heldout(177) == 0


def test_the_articles_game_is_the_articles_loop():
    """Twelve steps of the engine against the loop as the article has it, on probabilities and labels."""
    pixels = np.random.default_rng(0).integers(0, 17, (47, 8, 8))
    run = start(pixels, FitConfig(kind="image", preset="article", samples_seen=120, seed=3))
    engine, batches = run.prepared.game, run.prepared.batches
    generator, discriminator = copy.deepcopy([*engine.networks.values()])
    for _ in run:
        pass
    draw = engine.randomness.normal
    step_generator, step_discriminator = (
        torch.optim.Adam(network.parameters(), lr=0.005) for network in (generator, discriminator)
    )
    ones, zeros = torch.ones(10), torch.zeros(10)
    for step in range(12):
        step_discriminator.zero_grad()
        fake = generator(draw((10, 20), "latents/0", step)).detach()
        real_loss = binary_cross_entropy(discriminator(batches(step)["real"]).sigmoid(), ones)
        fake_loss = binary_cross_entropy(discriminator(fake).sigmoid(), zeros)
        (real_loss + fake_loss).backward()
        step_discriminator.step()
        step_generator.zero_grad()
        fooled = discriminator(generator(draw((10, 20), "latents/1", step))).sigmoid()
        binary_cross_entropy(fooled, ones).backward()
        step_generator.step()
    for ours, theirs in zip(engine.networks.values(), (generator, discriminator), strict=True):
        for weight, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(weight, expected, rtol=1e-3, atol=1e-4)


def test_the_default_game():
    plan: Any = PRESETS["default"].plan(DIGITS, 177, 0.0)
    assert plan.game.objective == "relativistic"
    assert {penalty.name for penalty in plan.game.penalties} == {"r1", "r2"}
    assert plan.game.generator.average_half_life_samples > 0
    assert plan.game.n_latents == 32


def test_few_pictures_choose_no_model():
    n_heldout = PRESETS["default"].n_heldout
    assert (n_heldout(177), n_heldout(1500), n_heldout(60_000)) == (0, 150, 300)


@pytest.mark.parametrize(
    ("rule", "n_latents", "hidden"), [("root", 8, 36), ("half", 32, 48), ("quarter", 16, 40)]
)
def test_the_rules_of_thumb(rule, n_latents, hidden):
    sizes = rule_of_thumb_sizes(64, rule)
    assert (sizes.n_latents, sizes.generator_widths, sizes.discriminator_widths) == (
        n_latents,
        (hidden,),
        (32, 16),
    )


def test_no_layer_is_empty():
    for rule in ("root", "half", "quarter"):
        sizes = rule_of_thumb_sizes(1, rule)
        assert min(sizes.n_latents, *sizes.generator_widths, *sizes.discriminator_widths) == 1


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("shape", [(2, 2), (8, 8), (64, 2), (1, 20), (28, 28), (40, 30, 3)])
def test_every_preset_fits_every_size(preset, shape):
    recipe, codec = ImageRecipe(), codec_of(*shape)
    plan: Any = recipe.plan(codec, 5, preset, seconds=1.0)  # small networks
    assert plan.game.batch_size <= 5
    assert plan.samples_seen > 0
    networks = seeded_networks(recipe, codec, plan.networks, plan.game, 0)
    noise = Batch({"noise": torch.randn(3, plan.game.n_latents)}, 3)
    with torch.no_grad():
        samples = plan.game.generate(networks, noise, Randomness(0).stream("test"), 0)
        assert samples.shape == (3, *codec.shape)
        judged = [network(samples, None) for name, network in networks.items() if name in JUDGES]
    assert len(judged) == 1
    assert len(judged[0][0] if isinstance(judged[0], tuple) else judged[0]) == 3


@pytest.mark.parametrize("preset", ["default", "article", "dcgan"])
@pytest.mark.parametrize("shape", [(8, 8), (13, 18, 4)])
def test_players_answer_in_shape(preset, shape):
    recipe, codec = ImageRecipe(), codec_of(*shape)
    plan: Any = recipe.plan(codec, 177, preset)
    generator, discriminator = seeded_networks(recipe, codec, plan.networks, plan.game, 0).values()
    samples = generator(torch.randn(7, plan.game.n_latents), None)
    assert samples.shape == (7, *codec.shape)
    assert discriminator(samples, None).shape == (7,)


def test_the_same_key_makes_the_same_weights():
    first, again, other = (
        torch.cat([p.flatten() for p in _players("article", key)[0].parameters()]) for key in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"generator_widths": (10**9,)}, "must be 8192 or less"),
        ({"discriminator_widths": (4,) * 17}, "must be a list of 16 or fewer"),
        ({"activation": "tang"}, "Did you mean 'tanh'"),
        ({"weights": "xavir"}, "Did you mean 'xavier'"),
    ],
)
def test_absurd_sizes_are_refused(change, match):
    with pytest.raises(UsageError, match=match):
        replace(ImageNetworks((3,), (3,)), **change)


@pytest.mark.parametrize("preset", ["default", "dcgan"])
def test_a_convolutional_model_is_the_same_behind_its_file(preset, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 18, 20, 3)).astype(np.uint8)
    labels = np.array(["a", "b"] * 20, object)
    run = start((pixels, labels), FitConfig(preset=preset, samples_seen=64, threads=1))
    for _ in run:
        pass
    model = run.model()
    model.save(tmp_path / "m.gan")
    ours, theirs = model.sample(5, seed=1), load_model(tmp_path / "m.gan").sample(5, seed=1)
    assert np.array_equal(ours.pixels, theirs.pixels)
    assert ours.pixels.std() > 0
    assert ours.labels is not None
    assert ours.labels.tolist() == theirs.attributes.columns["label"].tolist()

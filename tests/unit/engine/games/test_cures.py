"""What keeps a game healthy: packs, past fakes, noise, changes, soft labels, looking ahead, one batch."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.conformance import check_game
from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import TensorDataset
from gansmith.engine.cures import Adjustments
from gansmith.engine.games import Progress
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.inputs import Inputs
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.terms import TermConfig
from gansmith.errors import UsageError
from gansmith.nets.discriminators import (
    BatchDiscriminator,
    spectrally_normalised,
)
from gansmith.nets.mlp import Perceptron

SHAPES = [(5,), (3, 6), (3, 4, 4), (2, 3, 4, 5)]
STREAM = Randomness(0).stream("inputs")


class Shaping(nn.Module):
    """Latents to samples of a shape."""

    def __init__(self, shape) -> None:
        super().__init__()
        self.shape = shape
        self.layers = Perceptron((3, 8, torch.Size(shape).numel()), "tanh")

    def forward(self, latents, conditions=None):
        made = self.layers(latents).view(-1, *self.shape)
        return made if conditions is None else made + conditions.view(-1, *[1] * len(self.shape))


class Judging(nn.Module):
    """Samples of any shape, and conditions, to logits."""

    def __init__(self, n_in: int, n_conditions: int = 0) -> None:
        super().__init__()
        self.layers = Perceptron((n_in + n_conditions, 8, 1), "tanh")

    def forward(self, samples, conditions=None):
        parts = [samples.flatten(1)] + ([] if conditions is None else [conditions])
        return self.layers(torch.cat(parts, 1))


def toy(shape=(2,), *, n_conditions: int = 0, judge: nn.Module | None = None, **rules) -> Adversarial:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        n_packed = max(1, rules.get("n_packed", 1))
        n_in = torch.Size(shape).numel()
        networks = {
            "generator": Shaping(shape),
            "discriminator": judge or Judging(n_packed * n_in, n_packed * n_conditions),
        }
    player = PlayerConfig(0.01, average_half_life_samples=40)
    usual: dict[str, Any] = {"generator": player, "discriminator": PlayerConfig(0.01)}
    config = AdversarialRules(batch_size=8, n_latents=3, **(usual | rules))
    return Adversarial(config, networks, Randomness(0))


def dataset(shape=(2,), n_conditions: int = 0, n: int = 64) -> TensorDataset:
    generator = torch.Generator().manual_seed(1)
    parts = {"real": torch.randn(n, *shape, generator=generator) * 0.3 + 1}
    if n_conditions:
        parts["condition"] = torch.randn(n, n_conditions, generator=generator)
    return TensorDataset(parts)


CURES: dict[str, dict[str, Any]] = {
    "packs": {"n_packed": 3},
    "noise": {"input_noise": 0.3, "final_input_noise": 0.1},
    "changes": {
        "augmentations": (AugmentationConfig("mask", 0.0, 0.8), AugmentationConfig("jitter", 0.5)),
        "penalties": (PenaltyConfig("consistency", 1.0), PenaltyConfig("fake_consistency", 1.0)),
    },
    "adapting changes": {"augmentations": (AugmentationConfig("mask", 0.6),), "augmentation_target": 0.0},
    "soft labels": {"label_smoothing": 0.1},
    "past fakes": {"replay_share": 0.5, "n_replayed": 20},
    "looking ahead": {"n_unrolled": 2, "penalties": (PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1))},
    "one batch": {"combined_batch": True, "objective": "non-saturating"},
    "balance": {"objective": "boundary-equilibrium"},
    "averages": {"penalties": (PenaltyConfig("lecam", 0.3),)},
    "small steps": {"penalties": (PenaltyConfig("r1_finite_difference", 0.3), PenaltyConfig("dragan", 0.3))},
}
EVERYTHING: dict[str, Any] = {
    "n_packed": 2,
    "input_noise": 0.2,
    "augmentations": (AugmentationConfig("scale", 0.5), AugmentationConfig("mask", 0.3)),
    "label_smoothing": 0.1,
    "replay_share": 0.5,
    "n_replayed": 24,
    "n_unrolled": 1,
    "n_discriminator_turns": 2,
    "penalties": (PenaltyConfig("r1", 0.1), PenaltyConfig("lecam", 0.1), PenaltyConfig("consistency", 1.0)),
}


@pytest.mark.parametrize("name", CURES)
@pytest.mark.parametrize("n_conditions", [0, 1])
def test_a_game_with_a_cure_keeps_the_promises(name, n_conditions, tmp_path):
    """Among them: a resumed run equals an uninterrupted one bit for bit."""
    game = toy(n_conditions=n_conditions, **CURES[name])
    networks = game.networks
    check_game(game.config, lambda: copy.deepcopy(networks), dataset(n_conditions=n_conditions), tmp_path)


@pytest.mark.parametrize("n_conditions", [0, 1])
def test_a_game_with_all_cures_at_once_keeps_the_promises(n_conditions, tmp_path):
    game = toy(n_conditions=n_conditions, **EVERYTHING)
    networks = game.networks
    check_game(game.config, lambda: copy.deepcopy(networks), dataset(n_conditions=n_conditions), tmp_path)


@pytest.mark.parametrize("turns", ["same_fakes", "one_pass"])
@pytest.mark.parametrize(
    "name",
    ["packs", "noise", "changes", "adapting changes", "soft labels", "balance", "averages", "small steps"],
)
def test_cures_go_with_other_turns(name, turns, tmp_path):
    game = toy(turns=turns, **CURES[name])
    networks = game.networks
    check_game(game.config, lambda: copy.deepcopy(networks), dataset(), tmp_path)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_on_every_shape(objective, shape):
    game = toy(shape, objective=objective, n_packed=2, input_noise=0.1, penalties=())
    batch = dataset(shape).batch(torch.arange(8))
    before = game.state()
    losses = game.play(0, [batch] * game.rules.n_batches, Progress(0.0))
    assert all(torch.tensor(list(losses.values())).isfinite())
    for name, player in game.players.items():
        moved = [key for key, value in game.state().items() if not torch.equal(value, before[key])]
        assert any(key.startswith(f"players/{name}/network") for key in moved)
        assert player.gradient.isfinite().all()


# --- Packs --------------------------------------------------------------------------------------------------


def test_packs_that_are_kept_for_an_illness():
    """Until a cure wants them each record is shown twice."""
    rules = toy(n_packed=1).config
    assert rules.curable() == replace(rules, n_packed=2, packs_if_ill=True)
    assert replace(rules, n_packed=3).curable() == replace(rules, n_packed=3)
    game = toy(n_packed=2, packs_if_ill=True)
    seen: list[torch.Tensor] = []
    game.networks["discriminator"].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    batch = dataset().batch(torch.arange(8))
    for packs in (False, True):
        seen.clear()
        game.play(0, [batch, batch], Progress(0.0, adjustments=Adjustments(packs=packs)))
        halves = [shown.view(len(shown), 2, 2) for shown in seen]
        assert all(torch.equal(half[:, 0], half[:, 1]) != packs for half in halves)


def test_penalties_of_packs_are_exact():
    """R1 of a linear discriminator is the squared norm of its weights, those of each place in the pack."""
    judge = nn.Linear(6, 1)

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = judge

        def forward(self, samples, conditions=None):
            return self.inner(samples).squeeze(1)

    losses = []
    for weight in (0.0, 1.0):
        game = toy(n_packed=3, judge=Linear(), penalties=(PenaltyConfig("r1", weight),))
        batch = dataset().batch(torch.arange(8))
        losses.append(game.discriminator_turn(0, 0, batch, Progress(0.0)).item())
    assert losses[1] - losses[0] == pytest.approx(0.5 * judge.weight.square().sum().item(), rel=1e-4)


def test_a_single_record_is_judged_as_so_many_of_its_kind():
    game = toy(n_packed=2)
    batch = dataset().batch(torch.arange(20))
    realism = game.config.realism(game.best, batch, {})
    order = torch.randperm(20)
    shuffled = game.config.realism(game.best, batch.rows(order), {})
    assert torch.allclose(shuffled, realism[order])
    assert torch.allclose(game.config.realism(game.best, batch.rows(slice(3, 4)), {}), realism[3:4])


# --- Noise, labels, one batch -------------------------------------------------------------------------------


def test_noise_follows_its_schedule_and_is_new_for_each_side_and_step():
    samples = torch.zeros(4_000, 2)

    def shown(side="real", step=0, noise=0.5):
        return Inputs(noise=noise, stream=STREAM, step=step)(samples, side)

    assert shown().std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.equal(shown(), shown())
    assert not torch.equal(shown(), shown("fake"))
    assert not torch.equal(shown(), shown(step=1))
    game = toy(input_noise=0.4, final_input_noise=0.2)
    batch = dataset().batch(torch.arange(8))
    strengths = [
        game._inputs(game._turn(0, "0", batch, Progress(share, adjustments=more)), "generator").noise
        for share, more in ((0.0, Adjustments()), (1.0, Adjustments()), (1.0, Adjustments(input_noise=0.1)))
    ]
    assert strengths == pytest.approx([0.4, 0.2, 0.3])


def test_one_batch_with_one_loss_is_cross_entropy_over_all_of_its_records():
    game = toy(combined_batch=True, objective="non-saturating", penalties=())
    batch = dataset().batch(torch.arange(8))
    loss = game.discriminator_turn(0, 0, batch, Progress(0.0))
    fake = game._turn(0, "0", batch, Progress(0.0)).fake
    logits = game.networks["discriminator"](torch.cat([batch["real"], fake]))
    labels = torch.cat([torch.ones(8), torch.zeros(8)])
    assert torch.allclose(loss, binary_cross_entropy_with_logits(logits, labels))


def test_networks_that_look_at_batches_see_both_sides_in_one_batch():
    judge = BatchDiscriminator(2, (8,), "tanh", "deviation")
    sizes: list[int] = []
    judge.statistic.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    for combined, expected in ((False, [8, 8, 8]), (True, [16, 16])):
        sizes.clear()
        game = toy(judge=judge, combined_batch=combined, objective="non-saturating", penalties=())
        game.play(0, [dataset().batch(torch.arange(8))] * game.rules.n_batches, Progress(0.0))
        assert sizes == expected


# --- Looking ahead ------------------------------------------------------------------------------------------


def test_looking_ahead_is_what_the_discriminator_would_say_after_its_step():
    """With plain gradient descent one step ahead is the step that it takes."""
    player = PlayerConfig(0.05, optimiser="sgd")
    rules: Any = {"generator": player, "discriminator": player, "penalties": (PenaltyConfig("r1", 0.3),)}
    batch = dataset().batch(torch.arange(8))
    ahead, apart = toy(n_unrolled=1, **rules), toy(**rules)
    loss = ahead.generator_turn(0, 0, batch, Progress(0.0))
    turn = apart._turn(0, "1", batch, Progress(0.0))
    examination = apart._examined(turn, apart.networks["discriminator"], is_watched=True)
    weights = apart.discriminator.parameters
    gradients = torch.autograd.grad(apart._losses.of_discriminator(examination, 0, 0.0), weights)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= 0.05 * gradient
    expected = apart._generator_loss(turn, apart.networks["discriminator"])
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_looking_ahead_the_generator_knows_how_the_discriminator_will_move():
    """The gradient goes through the steps ahead; that of the finished weights alone is another one."""
    player = PlayerConfig(0.5, optimiser="sgd")
    game = toy(n_unrolled=3, generator=player, discriminator=player, penalties=())
    batch = dataset().batch(torch.arange(8))
    loss = game.generator_turn(0, 0, batch, Progress(0.0))
    found = torch.autograd.grad(loss, game.generator.parameters)
    (weight,) = (p for p in game.generator.parameters if p.shape == (2,))
    place = found[[p is weight for p in game.generator.parameters].index(True)]
    changes = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[0] += sign * 1e-2
        changes.append(game.generator_turn(0, 0, batch, Progress(0.0)).item())
        with torch.no_grad():
            weight[0] -= sign * 1e-2
    assert place[0].item() == pytest.approx((changes[0] - changes[1]) / 2e-2, rel=0.02, abs=1e-4)
    assert all(
        map(torch.equal, game.discriminator.parameters, toy(generator=player).discriminator.parameters)
    ), "the discriminator itself stays where it is"


# --- What does not go together ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"turns": "one_pass", "replay_share": 0.5}, "do not go with replay_share"),
        ({"turns": "one_pass", "combined_batch": True, "objective": "hinge"}, "with combined_batch"),
        ({"turns": "same_fakes", "n_unrolled": 2}, "Leave out turns or n_unrolled"),
        ({"combined_batch": True}, "compares real records with fakes"),
        ({"n_unrolled": 1, "terms": (TermConfig("feature_matching"),)}, "terms that need features"),
        (
            {"turns": "one_pass", "n_packed": 2, "terms": (TermConfig("reconstruction"),)},
            "terms with packing, noise or augmentations",
        ),
        ({"n_packed": 0}, "1 or more"),
        ({"label_smoothing": 0.1, "objective": "wasserstein"}, "has no labels to be smoothed"),
        ({"label_smoothing": 0.5}, "less than 0.5"),
        ({"augmentation_target": 0.6}, "name one"),
    ],
)
def test_what_does_not_go_together_is_refused(rules, words):
    with pytest.raises(UsageError, match=words):
        toy(**rules)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"turns": "one_pass"}, "whole batch"),
        ({"n_unrolled": 1}, "looking ahead"),
        (
            {"combined_batch": True, "objective": "hinge", "penalties": (PenaltyConfig("consistency", 1.0),)},
            "batches of two sizes",
        ),
    ],
)
def test_what_does_not_go_with_whole_batches_is_refused(rules, words):
    with pytest.raises(UsageError, match=words):
        toy(judge=BatchDiscriminator(2, (8,), "tanh", "deviation"), **rules)


def test_whole_batches_are_evaluated_as_they_were_learnt():
    """A discriminator that counts the others is asked about batches of the size it knows."""
    judge = BatchDiscriminator(2, (8,), "tanh", "discrimination")
    sizes: list[int] = []
    judge.statistic.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    game, batch = toy(judge=judge), dataset().batch(torch.arange(24))
    game.evaluate(batch["real"], batch, batch)
    game.config.realism(game.best, batch, {})
    assert set(sizes) == {8}


def test_reading_leaves_spectral_normalisation_alone():
    game = toy(judge=spectrally_normalised(Judging(2)))
    batch = dataset().batch(torch.arange(24))
    before = game.state()
    game.evaluate(batch["real"], batch, batch)
    assert all(torch.equal(value, before[name]) for name, value in game.state().items())
    assert game.networks["discriminator"].training


def test_looking_ahead_meets_the_penalties_of_a_cure():
    game = toy(n_unrolled=1, penalties=(PenaltyConfig("r1", 1.0),))
    batch = dataset().batch(torch.arange(8))
    losses = {
        scale: game.generator_turn(0, 0, batch, Progress(0.0, adjustments=Adjustments(penalty_scale=scale)))
        for scale in (1.0, 8.0)
    }
    assert losses[1.0].item() != losses[8.0].item()


def test_packs_that_were_begun_with_go_on():
    rules = toy(n_packed=2, packs_if_ill=True).config
    assert rules.after(Adjustments()) == rules
    assert not rules.after(Adjustments(packs=True)).packs_if_ill
    assert "packs" in rules.adjustable
    assert "penalty_scale" not in replace(rules, penalties=()).adjustable


def test_unknown_augmentations_are_refused():
    with pytest.raises(UsageError, match="Did you mean 'mask'"):
        AugmentationConfig("maks", 0.5)

from __future__ import annotations

from typing import Any

import pytest
import torch

from gansmith.engine.batches import Batch
from gansmith.engine.game import GameConfig
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.errors import UsageError


@pytest.fixture
def steps_of(monkeypatch):
    """Counts the optimiser steps and backward passes of a game."""

    def watch(game) -> list[str]:
        events: list[str] = []
        for name, player in game.players.items():
            learn = player.learn

            def watched(loss, progress, rate_scale=1.0, *, name=name, learn=learn):
                events.append(name)
                learn(loss, progress, rate_scale)

            monkeypatch.setattr(player, "learn", watched)
        return events

    return watch


@pytest.mark.parametrize("n_turns", [1, 3])
def test_one_step_per_player_and_turn(new_game, new_batches, steps_of, n_turns):
    game = new_game(n_discriminator_turns=n_turns)
    events = steps_of(game)
    game.play(0, new_batches(), 0.0)
    assert events == ["discriminator"] * n_turns + ["generator"]


@pytest.mark.parametrize(("objective", "n_batches"), [("relativistic", 3), ("non-saturating", 2)])
def test_each_turn_that_compares_takes_a_batch_of_its_own(new_game, objective, n_batches):
    asked: list[int] = []

    def batches(k: int) -> Batch:
        asked.append(k)
        return Batch(torch.full((8, 2), float(k)))

    game = new_game(n_discriminator_turns=2, objective=objective)
    game.play(0, batches, 0.0)
    game.play(1, batches, 0.0)
    assert asked == list(range(2 * n_batches))
    judged = [samples[0, 0].item() for samples, _ in game.discriminator.network.seen[:n_batches]]
    expected = [0.0, 1.0, 2.0] if objective == "relativistic" else [0.0, 1.0]
    assert judged == expected


def test_real_and_fake_are_judged_in_one_pass(new_game, new_batches):
    game = new_game()
    game.play(0, new_batches(), 0.0)
    assert [len(samples) for samples, _ in game.discriminator.network.seen] == [16, 16]
    game = new_game(objective="non-saturating")
    game.play(0, new_batches(), 0.0)
    assert [len(samples) for samples, _ in game.discriminator.network.seen] == [16, 8]


def test_fakes_are_asked_for_what_their_real_partners_fulfil(new_game, new_batches):
    game, batches = new_game(), new_batches(asking=lambda samples, generator: samples * 2)
    game.play(0, batches, 0.0)
    wanted = [batches(0).conditions, batches(1).conditions]
    for asked, expected in zip(game.generator.network.asked, wanted, strict=True):
        assert torch.equal(asked, expected)
    for (_, judged), expected in zip(game.discriminator.network.seen, wanted, strict=True):
        assert torch.equal(judged, torch.cat([expected, expected]))


def test_each_turn_has_fresh_latents(new_game, new_batches):
    game = new_game(n_discriminator_turns=2)
    batch = new_batches()(0)
    drawn = [game._latents(step, turn, batch) for step in (0, 1) for turn in (0, 1, 2)]
    assert len({tuple(latents.flatten().tolist()) for latents in drawn}) == 6


def test_same_seed_same_game(new_game, new_batches):
    def weights(seed: int):
        game = new_game(0)
        game.randomness = new_game(seed).randomness
        for step in range(3):
            game.play(step, new_batches(), step / 3)
        return torch.cat([p.flatten() for p in game.generator.parameters])

    assert torch.equal(weights(0), weights(0))
    assert not torch.allclose(weights(0), weights(1))


@pytest.mark.parametrize("objective", ["relativistic", "wasserstein", "hinge"])
def test_both_players_learn_what_they_should(new_game, new_batches, objective):
    """Alone, the discriminator learns to tell; against a fixed one, the generator learns to please."""
    game = new_game(objective=objective, penalties=())
    batch = new_batches()(0)

    def gap() -> float:
        with torch.no_grad():
            fake = game.generator.network(game._latents(0, 0, batch), None)
            judge = game.discriminator.network
            return (judge(batch.samples, None).mean() - judge(fake, None).mean()).item()

    before = gap()
    for _ in range(20):
        game.discriminator.learn(game._discriminator_turn(0, 0, batch, 0.0), 0.0)
    after = gap()
    assert after > before + 0.1
    for step in range(20):
        game.generator.learn(game._generator_turn(step, batch), 0.0)
    assert gap() < after - 0.1


def test_penalties_are_weighted_as_they_say(new_game, new_batches):
    batch = new_batches()(0)

    def loss(step: int, progress: float, *penalties: PenaltyConfig) -> float:
        return new_game(penalties=penalties)._discriminator_turn(step, 0, batch, progress).item()

    bare, once = loss(0, 0.0), loss(0, 0.0, PenaltyConfig("r1", 1.0))
    r1 = once - bare
    assert r1 > 0
    assert loss(0, 0.0, PenaltyConfig("r1", 3.0)) - bare == pytest.approx(3 * r1, rel=1e-3)
    assert loss(0, 1.0, PenaltyConfig("r1", 1.0, 0.5)) - bare == pytest.approx(0.5 * r1, rel=1e-3)
    assert loss(0, 0.5, PenaltyConfig("r1", 1.0, 0.0)) - bare == pytest.approx(0.5 * r1, rel=1e-3)
    assert loss(0, 1.0, PenaltyConfig("r1", 0.0, 2.0)) - bare == pytest.approx(
        2 * r1, rel=1e-3
    )  # from nothing
    assert loss(0, 0.0, PenaltyConfig("r1", 1.0, interval=4)) - bare == pytest.approx(4 * r1, rel=1e-3)
    off = loss(3, 0.0)
    assert loss(3, 0.0, PenaltyConfig("r1", 1.0, interval=4)) == off
    r2 = loss(0, 0.0, PenaltyConfig("r2", 1.0)) - bare
    both = loss(0, 0.0, PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    assert both - bare == pytest.approx(r1 + r2, rel=1e-3)
    assert loss(0, 0.0, PenaltyConfig("r1", 0.0)) == bare


def test_r1_looks_at_real_and_r2_at_fake_records(new_game, new_batches):
    batch = new_batches()(0)
    game = new_game(penalties=())
    bare = game._discriminator_turn(0, 0, batch, 0.0).item()
    fake = game.generator.network(game._latents(0, 0, batch), None).detach()
    for name, place in (("r1", batch.samples), ("r2", fake)):
        samples = place.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(game.discriminator.network(samples, None).sum(), samples)
        expected = 0.5 * gradient.square().sum(1).mean().item()
        found = new_game(penalties=(PenaltyConfig(name, 1.0),))._discriminator_turn(0, 0, batch, 0.0).item()
        assert found - bare == pytest.approx(expected, rel=1e-3)


def test_the_penalty_between_is_measured_between(new_game, new_batches):
    game = new_game(penalties=(PenaltyConfig("gradient_penalty", 10.0),), objective="wasserstein")
    batch = new_batches(asking=lambda samples, generator: samples * 2)(0)
    game._discriminator_turn(0, 0, batch, 0.0)
    (both, _), (points, conditions) = game.discriminator.network.seen
    real, fake = both.split(8)
    assert torch.equal(conditions, batch.conditions)
    shares = ((points - fake) / (real - fake)).mean(1)
    assert ((shares > 0) & (shares < 1)).all()
    assert shares.std() > 0.1
    assert torch.allclose(points, torch.lerp(fake, real, shares[:, None]), atol=1e-4)


def test_a_clipped_wasserstein_critic_plays(new_game, new_batches):
    game = new_game(objective="wasserstein", penalties=(), discriminator=PlayerConfig(0.01, weight_clip=0.05))
    for step in range(5):
        game.play(step, new_batches(), 0.0)
    assert max(p.abs().max().item() for p in game.discriminator.parameters) <= 0.0500001


def test_half_precision_keeps_weights_and_losses_whole(new_game, new_batches):
    game = new_game(precision="bfloat16")
    turns = game.play(0, new_batches(), 0.0)
    whole = new_game().play(0, new_batches(), 0.0)
    assert turns.discriminator_loss == pytest.approx(whole.discriminator_loss, rel=0.05)
    assert turns.discriminator_loss != whole.discriminator_loss
    assert all(p.dtype == torch.float32 for player in game.players.values() for p in player.parameters)


@pytest.mark.parametrize(
    "wrong",
    [
        {"objective": "relativistik"},
        {"precision": "float16"},
        {"batch_size": 0},
        {"n_latents": 0},
        {"n_discriminator_turns": 0},
    ],
)
def test_wrong_settings(wrong):
    settings: dict[str, Any] = {"batch_size": 8, "n_latents": 3, **wrong}
    with pytest.raises(UsageError):
        GameConfig(**settings)

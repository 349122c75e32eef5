from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.encounter import present
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.base import Progress
from gansmith.engine.judge import Judgement
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.terms import TermConfig
from gansmith.errors import UsageError
from gansmith.nets.explicit import AbstractExplicitDiscriminator, leaky_gradients, leaky_layers
from gansmith.nets.whole_batch import AbstractWholeBatchDiscriminator


def play(game, batches, step=0, share=0.0):
    """One step of a game, as a training plays it."""
    n = game.rules.n_batches
    return game.play(step, [batches(step * n + index) for index in range(n)], Progress(share))


@pytest.fixture
def steps_of(monkeypatch):
    """Counts the optimiser steps and backward passes of a game."""

    def watch(game) -> list[str]:
        events: list[str] = []
        for name, player in game.players.items():
            learn = player.learn

            def watched(loss, share, rate_scale=1.0, *, name=name, learn=learn, **more):
                events.append(name)
                learn(loss, share, rate_scale, **more)

            monkeypatch.setattr(player, "learn", watched)
        return events

    return watch


@pytest.mark.parametrize("n_turns", [1, 3])
def test_one_step_per_player_and_turn(new_game, new_batches, steps_of, n_turns):
    game = new_game(n_discriminator_turns=n_turns)
    events = steps_of(game)
    play(game, new_batches())
    assert events == ["discriminator"] * n_turns + ["generator"]


@pytest.mark.parametrize(("objective", "n_batches"), [("relativistic", 3), ("non-saturating", 2)])
def test_each_turn_that_compares_takes_a_batch_of_its_own(new_game, objective, n_batches):
    asked: list[int] = []

    def batches(k: int) -> Batch:
        asked.append(k)
        return Batch({"real": torch.full((8, 2), float(k))})

    game = new_game(n_discriminator_turns=2, objective=objective)
    play(game, batches)
    play(game, batches, 1)
    assert asked == list(range(2 * n_batches))
    judged = [samples[0, 0].item() for samples, _ in game.discriminator.network.seen[:n_batches]]
    expected = [0.0, 1.0, 2.0] if objective == "relativistic" else [0.0, 1.0]
    assert judged == expected


def test_the_discriminator_judges_real_and_fake_in_one_pass(new_game, new_batches):
    game = new_game()
    play(game, new_batches())
    assert [len(samples) for samples, _ in game.discriminator.network.seen] == [16, 8, 8]
    game = new_game(objective="non-saturating")
    play(game, new_batches())
    assert [len(samples) for samples, _ in game.discriminator.network.seen] == [16, 8]


def test_fakes_are_asked_for_what_their_real_partners_fulfil(new_game, new_batches):
    game, batches = new_game(), new_batches(conditioning=lambda batch, generator: batch["real"] * 2)
    play(game, batches)
    wanted = [batches(0)["condition"], batches(1)["condition"]]
    for asked, expected in zip(game.generator.network.asked, wanted, strict=True):
        assert torch.equal(asked, expected)
    first, second = wanted
    judged = [conditions for _, conditions in game.discriminator.network.seen]
    for found, expected in zip(judged, (torch.cat([first, first]), second, second), strict=True):
        assert torch.equal(found, expected)


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
            play(game, new_batches(), step, step / 3)
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
            return (judge(batch["real"], None).mean() - judge(fake, None).mean()).item()

    before = gap()
    for _ in range(20):
        game.discriminator.learn(game.discriminator_turn(0, 0, batch, 0.0), 0.0)
    after = gap()
    assert after > before + 0.1
    for step in range(20):
        game.generator.learn(game.generator_turn(step, batch), 0.0)
    assert gap() < after - 0.1


def test_penalties_are_weighted_as_they_say(new_game, new_batches):
    batch = new_batches()(0)

    def loss(step: int, progress: float, *penalties: PenaltyConfig) -> float:
        return new_game(penalties=penalties).discriminator_turn(step, 0, batch, progress).item()

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
    bare = game.discriminator_turn(0, 0, batch, 0.0).item()
    fake = game.generator.network(game._latents(0, 0, batch), None).detach()
    for name, place in (("r1", batch["real"]), ("r2", fake)):
        samples = place.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(game.discriminator.network(samples, None).sum(), samples)
        expected = 0.5 * gradient.square().sum(1).mean().item()
        found = new_game(penalties=(PenaltyConfig(name, 1.0),)).discriminator_turn(0, 0, batch, 0.0).item()
        assert found - bare == pytest.approx(expected, rel=1e-3)


def test_the_penalty_between_is_measured_between(new_game, new_batches):
    game = new_game(penalties=(PenaltyConfig("gradient_penalty", 10.0),), objective="wasserstein")
    batch = new_batches(conditioning=lambda batch, generator: batch["real"] * 2)(0)
    game.discriminator_turn(0, 0, batch, 0.0)
    (both, _), (points, conditions) = game.discriminator.network.seen
    real, fake = both.split(8)
    assert torch.equal(conditions, batch["condition"])
    shares = ((points - fake) / (real - fake)).mean(1)
    assert ((shares > 0) & (shares < 1)).all()
    assert shares.std() > 0.1
    assert torch.allclose(points, torch.lerp(fake, real, shares[:, None]), atol=1e-4)


def test_a_clipped_wasserstein_critic_plays(new_game, new_batches):
    game = new_game(objective="wasserstein", penalties=(), discriminator=PlayerConfig(0.01, weight_clip=0.05))
    for step in range(5):
        play(game, new_batches(), step)
    assert max(p.abs().max().item() for p in game.discriminator.parameters) <= 0.0500001


def test_half_precision_keeps_weights_and_losses_whole(new_game, new_batches):
    game = new_game(precision="bfloat16")
    halved = play(game, new_batches())["discriminator"]
    whole = play(new_game(), new_batches())["discriminator"]
    assert halved == pytest.approx(whole, rel=0.05)
    assert halved != whole
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
        AdversarialRules(**settings)


# --- Long runs ---------------------------------------------------------------------------------------------


def test_a_run_twice_as_long_takes_steps_of_half_the_size(new_game, new_batches, monkeypatch):
    game = new_game(full_rate_samples=500)
    scales = []
    monkeypatch.setattr(game.generator, "learn", lambda loss, share, scale: scales.append(scale))
    drawn = [new_batches()(index) for index in range(2)]
    game.play(0, drawn, Progress(0.0, 8, 1000))
    game.play(1, drawn, Progress(0.5, 16, 400, rate_scale=0.5))
    assert scales == [0.5, 0.5]


def test_the_average_counts_the_records_of_all_turns(new_run, monkeypatch):
    training = new_run(n_discriminator_turns=3)
    counted = []
    generator = training.game.players["generator"]
    monkeypatch.setattr(generator, "update_average", lambda n, seen: counted.append((n, seen)))
    list(training)
    assert counted[:2] == [(24, 24), (24, 48)]


def test_every_player_may_have_an_average_and_the_kept_discriminator_is_read(new_run, evaluation):
    training = new_run(discriminator=PlayerConfig(0.01, average_half_life_samples=20))
    list(training)
    game = training.game
    best, start = game.best["discriminator"], new_run().game.networks["discriminator"]
    moved = [
        (one - other).abs().max() for one, other in zip(best.parameters(), start.parameters(), strict=True)
    ]
    assert max(moved) > 0
    assert best is not game.networks["discriminator"]
    fake = game.generate(evaluation.heldout, game.randomness.stream("evaluation"), 0)
    with torch.no_grad():
        middle = (best(evaluation.heldout["real"]).mean() + best(fake).mean()) / 2
    assert game.evaluate(fake, evaluation.heldout, evaluation.seen)["decision_threshold"] == pytest.approx(
        middle.item(), abs=1e-5
    )


# --- One pass for both players ------------------------------------------------------------------------------


class Explicit(AbstractExplicitDiscriminator):
    """Points and conditions to logits, with its input gradient written down."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 8), nn.Linear(8, 8)])
        self.last = nn.Linear(8, 1)

    def forward(self, samples, conditions=None):
        return leaky_layers(samples, self.layers, self.last)

    def with_gradients(self, samples, conditions):
        met: list[torch.Tensor] = []
        logits = leaky_layers(samples, self.layers, self.last, met)
        return logits, leaky_gradients(self.layers, self.last, met)


class Featured(nn.Module):
    """Points to a judgement with features, classes and a code."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 8), nn.Linear(8, 1)
        self.classes, self.code = nn.Linear(8, 3), nn.Linear(8, 2)

    def forward(self, samples, conditions=None):
        features = torch.tanh(self.first(samples))
        heads = {"class": self.classes(features), "code": self.code(features)}
        return Judgement(self.last(features).squeeze(1), (features,), heads)


class Spread(AbstractWholeBatchDiscriminator):
    """Judges a batch by how far its points lie apart."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.sizes: list[int] = []

    def forward(self, samples, conditions=None):
        self.sizes.append(len(samples))
        return self.weight * samples.std(0).sum().expand(len(samples))


def game_with(discriminator, game):
    networks = {**game.networks, "discriminator": discriminator}
    return game.rules.start(networks, game.randomness)


def labelled(batches):
    batch = batches(0)
    return batch.with_part("labels", torch.arange(len(batch)) % 3)


R1_AND_R2 = (PenaltyConfig("r1", 0.3), PenaltyConfig("r2", 0.2))
BETWEEN = (PenaltyConfig("gradient_penalty", 1.0),)
TERMS = (TermConfig("feature_matching", 0.5), TermConfig("information", 0.1), TermConfig("auxiliary_class"))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("penalties", [(), R1_AND_R2, R1_AND_R2[:1], BETWEEN], ids=str)
@pytest.mark.parametrize(
    ("make", "terms"),
    [(nn.Module, ()), (Explicit, ()), (Featured, ()), (Featured, TERMS)],
    ids=["plain", "explicit", "featured", "terms"],
)
def test_one_pass_gives_the_gradient_of_two(new_game, new_batches, objective, penalties, make, terms):
    """What the generator learns from the shared pass is what its own turn would have told it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        judge = None if make is nn.Module else make()
    games = []
    for turns in ("one_pass", "fresh"):
        game = new_game(objective=objective, penalties=penalties, terms=terms, turns=turns)
        games.append(game_with(copy.deepcopy(judge), game) if judge else game)
    shared, apart = games
    batch = labelled(new_batches())
    losses = shared.play(0, [batch], Progress(0.0))
    latents = apart._latents(0, 0, batch)
    fake = apart._made(latents, batch)
    encounter = present(apart.networks["discriminator"], batch, fake, latents)
    loss = apart._generator_loss(encounter)
    expected = torch.autograd.grad(loss, apart.generator.parameters)
    expected = torch.cat([part.flatten() for part in expected])
    assert expected.abs().max() > 1e-5
    assert torch.allclose(shared.generator.gradient, expected, rtol=1e-4, atol=1e-7)
    assert losses["generator"] == pytest.approx(loss.item(), rel=1e-5)
    alone = apart.discriminator_turn(0, 0, batch, 0.0)
    assert losses["discriminator"] == pytest.approx(alone.item(), rel=1e-5)
    apart.discriminator.learn(alone, 0.0)
    assert torch.allclose(shared.discriminator.gradient, apart.discriminator.gradient, rtol=1e-4, atol=1e-7)


def test_one_pass_of_a_sure_discriminator_still_gives_a_gradient(new_game, new_batches):
    """Where the discriminator's own slope is tiny, the ratio of both is huge, and their product is right."""
    game = new_game(penalties=(), turns="one_pass")
    with torch.no_grad():
        game.networks["discriminator"].layers[2].weight *= 60
    batch = new_batches()(0)
    game.play(0, [batch], Progress(0.0))
    assert game.generator.gradient.isfinite().all()
    assert game.generator.gradient.abs().max() > 1e-3


@pytest.mark.parametrize("objective", ["non-saturating", "minimax", "relativistic"])
def test_one_pass_survives_a_discriminator_so_sure_that_its_slope_is_nothing(
    new_game, new_batches, objective
):
    game = new_game(objective=objective, penalties=(), turns="one_pass")
    with torch.no_grad():
        game.networks["discriminator"].layers[2].weight *= 4000
        game.networks["discriminator"].layers[2].bias -= 110
    losses = game.play(0, [new_batches()(0)], Progress(0.0))
    assert all(map(math.isfinite, losses.values()))
    assert all(player.gradient.isfinite().all() for player in game.players.values())


def test_one_pass_judges_once_and_takes_one_batch(new_game, new_batches, steps_of):
    game = new_game(turns="one_pass")
    events = steps_of(game)
    assert game.rules.n_batches == 1
    play(game, new_batches())
    assert events == ["discriminator", "generator"]
    assert [len(samples) for samples, _ in game.networks["discriminator"].seen] == [16]
    assert len(game.networks["generator"].asked) == 1


# --- Turns on the same fakes --------------------------------------------------------------------------------


def test_on_the_same_fakes_the_generator_meets_the_discriminator_as_it_is_by_then(new_game, new_batches):
    game, twin = new_game(turns="same_fakes"), new_game()
    assert game.rules.n_batches == 1
    batch = new_batches()(0)
    losses = game.play(0, [batch], Progress(0.0))
    assert len(game.networks["generator"].asked) == 1
    loss = twin.discriminator_turn(0, 0, batch, 0.0)
    assert losses["discriminator"] == pytest.approx(loss.item(), rel=1e-5)
    twin.discriminator.learn(loss, 0.0)
    latents = twin._latents(0, 0, batch)
    loss = twin._generator_loss(twin._presented(batch, twin._made(latents, batch), latents))
    assert losses["generator"] == pytest.approx(loss.item(), rel=1e-5)
    twin.generator.learn(loss, 0.0)
    assert torch.allclose(game.generator.gradient, twin.generator.gradient, rtol=1e-4, atol=1e-7)


# --- Networks that look at a whole batch -------------------------------------------------------------------


def test_a_network_that_looks_at_a_batch_judges_real_and_fake_apart(new_game, new_batches):
    judge = Spread()
    play(game_with(judge, new_game(penalties=R1_AND_R2)), new_batches())
    assert judge.sizes == [8] * 4
    play(game_with(judge, new_game(turns="same_fakes")), new_batches())
    assert judge.sizes == [8] * 8
    with pytest.raises(UsageError, match="whole batch"):
        game_with(Spread(), new_game(turns="one_pass"))


# --- What a step remembers ----------------------------------------------------------------------------------


def test_a_role_that_is_not_filled(new_game):
    game = new_game()
    with pytest.raises(UsageError, match="needs a network as discriminator"):
        game.rules.start({"generator": game.networks["generator"]}, game.randomness)


def test_fine_tuning_keeps_what_the_networks_know_and_takes_smaller_steps(new_game):
    rules = new_game().rules
    learnt = replace(rules, n_latents=3, objective="hinge", batch_size=5)
    tuned = replace(rules, n_latents=7).fine_tuning(learnt, 0.1, 0.25)
    assert (tuned.n_latents, tuned.objective, tuned.batch_size) == (3, "hinge", rules.batch_size)
    assert tuned.generator.learning_rate == pytest.approx(0.1 * rules.generator.learning_rate)
    assert tuned.generator.average_half_life_samples == 10
    assert tuned.generator.is_average_known
    with pytest.raises(UsageError, match="autoencoder"):
        rules.fine_tuning(AutoencoderRules(batch_size=8, n_latents=3), 0.1, 0.25)

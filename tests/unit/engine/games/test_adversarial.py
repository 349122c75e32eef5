from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from gansmith.engine.batches import Batch
from gansmith.engine.games import Progress
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig, learn
from gansmith.errors import UsageError


def play(game, batches, step=0, share=0.0):
    """One step of a game, as a training plays it."""
    n = game.rules.n_batches
    return game.play(step, [batches(step * n + index) for index in range(n)], Progress(share))


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
    names = [(step, name) for step in (0, 1) for name in "012"]
    drawn = [game._turn(step, name, batch, Progress(0.0)).latents for step, name in names]
    assert len({tuple(latents.flatten().tolist()) for latents in drawn}) == 6


def test_latents_are_of_the_chosen_distribution_in_learning_and_in_sampling(new_game, new_batches):
    game = new_game(latent_distribution="uniform")
    met: list[torch.Tensor] = []
    game.generator.network.register_forward_pre_hook(lambda _, given: met.append(given[0]))
    play(game, new_batches())
    game.rules.generate(game.networks, new_batches()(0), game.randomness.stream("sample"), 0)
    assert len(met) == 3
    assert all(latents.abs().max() <= 1 for latents in met)
    assert not torch.equal(met[0], met[1])


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
            fake = game._turn(0, "0", batch, Progress(0.0)).fake
            judge = game.discriminator.network
            return (judge(batch["real"], None).mean() - judge(fake, None).mean()).item()

    before = gap()
    for _ in range(20):
        learn([game.discriminator], game.discriminator_turn(0, 0, batch, Progress(0.0)), 0.0)
    after = gap()
    assert after > before + 0.1
    for step in range(20):
        learn([game.generator], game.generator_turn(step, 0, batch, Progress(0.0)), 0.0)
    assert gap() < after - 0.1


def test_penalties_are_weighted_as_they_say(new_game, new_batches):
    batch = new_batches()(0)

    def loss(step: int, progress: float, *penalties: PenaltyConfig) -> float:
        return new_game(penalties=penalties).discriminator_turn(step, 0, batch, Progress(progress)).item()

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
    bare = game.discriminator_turn(0, 0, batch, Progress(0.0)).item()
    fake = game._turn(0, "0", batch, Progress(0.0)).fake.detach()
    for name, place in (("r1", batch["real"]), ("r2", fake)):
        samples = place.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(game.discriminator.network(samples, None).sum(), samples)
        expected = 0.5 * gradient.square().sum(1).mean().item()
        found = (
            new_game(penalties=(PenaltyConfig(name, 1.0),))
            .discriminator_turn(0, 0, batch, Progress(0.0))
            .item()
        )
        assert found - bare == pytest.approx(expected, rel=1e-3)


def test_the_penalty_between_is_measured_between(new_game, new_batches):
    game = new_game(penalties=(PenaltyConfig("gradient_penalty", 10.0),), objective="wasserstein")
    batch = new_batches(conditioning=lambda batch, generator: batch["real"] * 2)(0)
    game.discriminator_turn(0, 0, batch, Progress(0.0))
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
        {"n_generator_turns": 0},
        {"latent_distribution": "cauchy"},
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
    monkeypatch.setattr(game.generator, "step", lambda share, scale: scales.append(scale))
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


# --- What a step remembers ----------------------------------------------------------------------------------


def test_a_role_that_is_not_filled(new_game):
    game = new_game()
    with pytest.raises(UsageError, match="needs a network as discriminator"):
        game.rules.start({"generator": game.networks["generator"]}, game.randomness)


def test_fine_tuning_keeps_what_the_networks_know_and_takes_smaller_steps(new_game):
    rules = new_game().rules
    own = (PenaltyConfig("gradient_penalty", 10.0),)
    learnt = replace(
        rules, n_latents=3, latent_distribution="uniform", objective="hinge", penalties=own, batch_size=5
    )
    tuned = replace(rules, n_latents=7).fine_tuning(learnt, 0.1, 0.25)
    assert (tuned.n_latents, tuned.objective, tuned.batch_size) == (3, "hinge", rules.batch_size)
    assert (tuned.latent_distribution, tuned.penalties) == ("uniform", own)
    assert tuned.generator.learning_rate == pytest.approx(0.1 * rules.generator.learning_rate)
    assert tuned.generator.average_half_life_samples == 10
    assert tuned.generator.is_average_known
    with pytest.raises(UsageError, match="autoencoder"):
        rules.fine_tuning(AutoencoderRules(batch_size=8, n_latents=3), 0.1, 0.25)

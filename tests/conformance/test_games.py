"""Every game of the registry keeps every promise and learns; and a game that breaks one is found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.conformance import GAME_CHECKS, ConformanceError, check_game
from gansmith.engine.batches import Batch, TensorDataset
from gansmith.engine.games import GAMES, Progress
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.games.contrast import surprises
from gansmith.engine.randomness import Randomness
from gansmith.engine.tuning import Tuning
from gansmith.errors import UsageError
from tests.conformance.toys import (
    TOYS,
    Encoder,
    Swapper,
    clouds,
    layers,
    learnt,
    networks_of,
    points,
    subject_of,
)

# --- Promises -----------------------------------------------------------------------------------------------


def test_every_game_is_tried():
    assert set(TOYS) == set(GAMES)


@pytest.mark.parametrize("check", GAME_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", TOYS)
def test_the_promise_is_kept(name, check, tmp_path):
    check(subject_of(name, tmp_path))


@pytest.mark.parametrize(
    ("name", "tuning"),
    [
        ("adversarial", Tuning(n_generator_turns=2, n_discriminator_turns=2, latent_distribution="uniform")),
        ("adversarial", Tuning(objective="wasserstein", optimiser="rmsprop", beta1=0.5, weight_clip=0.5)),
        ("autoencoder", Tuning(optimiser="sgd", beta1=0.9, learning_rate=0.01)),
        ("domains", Tuning(objective="wasserstein", optimiser="rmsprop")),
    ],
)
def test_tuned_games_keep_the_promises(name, tuning, tmp_path):
    subject = subject_of(name, tmp_path)
    check_game(subject.rules.tuned(tuning, 2), subject.networks, subject.dataset, tmp_path)


def test_an_encoder_of_uniform_latents_keeps_the_promises(tmp_path):
    subject = subject_of("encoder", tmp_path, latent_distribution="uniform")
    check_game(subject.rules, subject.networks, subject.dataset, tmp_path)


@pytest.mark.parametrize("turns", ["same_fakes", "one_pass"])
def test_all_turns_keep_the_promises(turns, tmp_path):
    subject = subject_of("adversarial", tmp_path, turns=turns)
    check_game(subject.rules, subject.networks, subject.dataset, tmp_path)


@pytest.mark.parametrize("name", TOYS)
def test_half_precision_keeps_the_promises(name, tmp_path):
    subject = subject_of(name, tmp_path, precision="bfloat16")
    check_game(subject.rules, subject.networks, subject.dataset, tmp_path)
    game: Any = subject.game()
    batches = subject.batches()
    game.play(0, [batches(index) for index in range(subject.rules.n_batches)], Progress(0.0))
    assert all(tensor.dtype == torch.float32 for tensor in game.memory().values())


@pytest.mark.parametrize("name", TOYS)
def test_a_game_refuses_what_is_absurd(name):
    with pytest.raises(UsageError):
        replace(TOYS[name].rules, batch_size=0)
    with pytest.raises(UsageError):
        replace(TOYS[name].rules, precision="float16")
    with pytest.raises(UsageError, match=f"game '{name}' needs a network"):
        TOYS[name].rules.start({}, Randomness(0))


# --- Each check can fail ------------------------------------------------------------------------------------


def _losing_setting(patch):
    patch.setattr(AdversarialRules, "__eq__", lambda self, other: False)


def _standing_still(patch):
    patch.setattr(Adversarial, "play", lambda self, step, batches, progress: {"generator": 1.0})


def _undefined_losses(patch):
    play = Adversarial.play

    def broken(self, step, batches, progress):
        return {**play(self, step, batches, progress), "more": float("nan")}

    patch.setattr(Adversarial, "play", broken)


def _fickle_generator(patch):
    generate = AdversarialRules.generate

    def broken(self, networks, given, stream, index):
        return generate(self, networks, given, stream, index) + torch.rand(())

    patch.setattr(AdversarialRules, "generate", broken)


def _reading_that_plays(patch):
    evaluate = Adversarial.evaluate

    def broken(self, fake, heldout, seen):
        self.discriminator.step(0.0, 1.0)
        self.generator.gradient.fill_(1.0)
        self.generator.step(0.0, 1.0)
        return evaluate(self, fake, heldout, seen)

    patch.setattr(Adversarial, "evaluate", broken)


def _forgetful(patch):
    load = Adversarial.load_state

    def broken(self, tensors):
        load(self, tensors)
        self.generator.gradient.zero_()
        self.generator._vector.mean.zero_()
        self.generator._vector.square.zero_()

    patch.setattr(Adversarial, "load_state", broken)


def _naming_the_wrong_network(patch):
    patch.setattr(AdversarialRules, "generating", ("discriminator",))


CHECKS = {check.__name__: check for check in GAME_CHECKS}
BREAKS = [
    ("check_rules_are_plain", _losing_setting, "plain JSON"),
    ("check_play", _standing_still, "every player learns"),
    ("check_play", _undefined_losses, "finite numbers"),
    ("check_generate", _fickle_generator, "repeatable"),
    ("check_generate", _naming_the_wrong_network, "suffice"),
    ("check_readings", _reading_that_plays, "reading changes nothing"),
    ("check_game_resumes", _forgetful, "uninterrupted"),
]


def test_every_check_is_proved_able_to_fail():
    assert {check.__name__ for check in GAME_CHECKS} == {name for name, _, _ in BREAKS}


@pytest.mark.parametrize(("name", "break_it", "said"), BREAKS)
def test_a_broken_promise_is_found_and_named(name, break_it, said, tmp_path, monkeypatch):
    break_it(monkeypatch)
    with pytest.raises(ConformanceError, match=said):
        CHECKS[name](subject_of("adversarial", tmp_path))


def test_a_pool_that_is_forgotten_is_found_out(tmp_path, monkeypatch):
    memory = Adversarial.memory

    def without_pool(self):
        return {name: value for name, value in memory(self).items() if not name.startswith("replay/")}

    monkeypatch.setattr(Adversarial, "memory", without_pool)
    with pytest.raises(ConformanceError, match="uninterrupted"):
        CHECKS["check_game_resumes"](subject_of("adversarial", tmp_path, replay_share=0.5, n_replayed=100))


# --- They learn ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_generator_carries_records_over_and_back():
    """Points of each cloud land in the other, are read as that, and come back to where they were."""
    training, readings = learnt("domains")
    assert readings[-1]["asked"] > 0.95
    parts = clouds()
    made = training.game.generate(Batch({**parts, "real": None}), Randomness(0).stream("apply"), 0)
    real, codes, source = parts["real"], parts["condition"], parts["source"]
    assert real is not None
    assert codes is not None
    assert source is not None
    for place in range(2):
        own = codes[:, place].bool()
        assert (made[own].mean(0) - real[own].mean(0)).abs().max() < 0.25
    back = Batch({"source": made, "condition": parts["origin"]})
    again = training.game.generate(back, Randomness(0).stream("apply"), 0)
    assert (again - source).abs().mean() < 0.15


def test_an_autoencoder_learns_the_bound_and_draws_both_clouds():
    training, readings = learnt("autoencoder")
    bounds = [reading["bound"] for reading in readings]
    assert bounds[-1] > bounds[0]
    drawn = training.game.generate(Batch({}, 500), Randomness(1).stream("sample"), 0)
    shares = (drawn[:, 0] > 0).float().mean()
    assert 0.35 < shares < 0.65
    assert readings[-1]["coverage"] > 0.5


@pytest.mark.slow
def test_an_encoder_inverts_a_finished_generator():
    finished, _ = learnt("adversarial")
    generator = finished.game.best["generator"]
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    training, readings = learnt("encoder", {"generator": generator, "encoder": Encoder()})
    assert readings[-1]["closeness"] > 0.9
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())
    odd = Batch({"real": torch.tensor([[4.0, -4.0], [1.0, 1.0]])})
    again = training.game.generate(odd, Randomness(0).stream("apply"), 0)
    far, near = (again - odd["real"]).square().sum(1).tolist()
    assert far > 10 * near


def test_a_discriminator_finds_the_cell_that_does_not_go_with_the_others():
    """Three columns say the same; the ratio is high where one of them does not, though each is usual."""
    noise = Randomness(7)
    rows = noise.normal((512, 1), "rows", 0) + 0.05 * noise.normal((512, 3), "cells", 0)
    critic = {"corruptor": Swapper(), "discriminator": layers(3, 32, 32, 3)}
    training, readings = learnt("contrast", critic, {"real": rows})
    assert readings[-1]["accuracy"] > 0.9 > readings[0]["accuracy"]
    broken = rows[:100].clone()
    broken[:, 1] = -broken[:, 1]
    broken = broken[rows[:100, 1].abs() > 0.5]
    network = training.game.best["discriminator"]
    assert (surprises(network, broken).argmax(1) == 1).float().mean() > 0.9
    ratios = [surprises(network, some).sum(1) for some in (rows, broken)]
    assert ratios[1].median() > ratios[0].quantile(0.95)
    realism = [training.game.rules.realism(critic, Batch({"real": some}), {}) for some in (rows, broken)]
    assert realism[0].median() > 0.5 > realism[1].median()


def test_a_generator_learns_to_teach():
    """Three lessons on generated points beat three lessons of a generator that has not learnt."""
    _, readings = learnt("teaching")
    assert readings[-1]["learner_accuracy"] > 0.95
    fresh = TOYS["teaching"].rules.start(networks_of("teaching"), Randomness(0))
    data = TensorDataset(points()).all
    assert fresh.evaluate(data["real"], data, data)["learner_loss"] > 2 * readings[-1]["learner_loss"]


def test_a_lesson_is_differentiated_through_every_step_of_the_learner():
    """The gradient that reaches the generator is that of finite differences, where the learner is smooth."""
    learner = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    networks = {**networks_of("teaching"), "learner": learner}
    game: Any = TOYS["teaching"].rules.start(networks, Randomness(0))
    batch = TensorDataset(points(64)).all

    def loss() -> Tensor:
        taught = game._taught(game.networks, 32, Randomness(0).stream("lessons"), 0)
        return game._examined(taught, batch)[0]

    weight = game.players["generator"].parameters[-1]
    (gradient,) = torch.autograd.grad(loss(), weight)
    for place in range(2):
        found: list[float] = []
        for step in (0.01, -0.02):
            with torch.no_grad():
                weight[place] += step
            found.append(loss().item())
        with torch.no_grad():
            weight[place] += 0.01
        assert gradient[place].item() == pytest.approx((found[0] - found[1]) / 0.02, rel=0.02, abs=1e-4)

"""Every game of the registry keeps every promise and learns; and a game that breaks one is found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.conformance import GAME_CHECKS, ConformanceError, GameSubject, check_game
from gansmith.engine.batches import Batch, Batches, Shuffled, TensorDataset
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.engine.games import GAMES, AbstractRules, Progress
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.contrast import ContrastRules, surprises
from gansmith.engine.games.cycle import Cycle, CycleRules
from gansmith.engine.games.domains import DomainRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.games.paired import PairedRules
from gansmith.engine.games.teaching import TeachingRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training
from gansmith.engine.tuning import Tuning
from gansmith.errors import UsageError
from gansmith.nets.distributions import (
    AbstractDecoder,
    AbstractEncoder,
    AbstractSequential,
    normal_log_density,
)

SMOOTH = (PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1))
AVERAGED = PlayerConfig(2e-3, 2e-4, average_half_life_samples=2_000)
TELLING = PlayerConfig(2e-3, 2e-4)


def layers(*widths: int) -> nn.Sequential:
    found: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        found += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*found[:-1])


class Maker(nn.Module):
    """Latents, and a condition where there is one, to points; or points to points."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.layers = layers(n_in, 32, 32, 2)

    def forward(self, inputs: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(inputs if conditions is None else torch.cat([inputs, conditions], 1))


class Mover(nn.Module):
    """Points and where they shall be to points there; noise moves them a little."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(4, 32, 32, 2)

    def forward(self, source: Tensor, condition: Tensor, noise: Tensor | None) -> Tensor:
        moved = source + self.layers(torch.cat([source, condition], 1))
        return moved if noise is None else moved + 0.01 * noise


class Teller(nn.Module):
    """Points to logits."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 32, 1)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(samples).squeeze(1)


class Encoder(AbstractEncoder):
    """Points to where their latents may lie."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 32, 4)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(samples).chunk(2, 1)
        return mean, log_variance


class Decoder(AbstractDecoder):
    """Latents to round clouds of points."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = layers(2, 32, 32, 2)
        self.log_variance = nn.Parameter(torch.zeros(()))

    def log_likelihood(self, samples: Tensor, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        log_variance = self.log_variance.expand(len(samples), 2)
        return normal_log_density(samples, self.layers(latents), log_variance)

    def forward(self, latents: Tensor, conditions: Tensor | None, generator: torch.Generator) -> Tensor:
        noise = torch.randn(len(latents), 2, generator=generator)
        return self.layers(latents) + (0.5 * self.log_variance).exp() * noise


class Sequence(AbstractSequential):
    """Points coordinate after coordinate, each from a normal distribution given the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(2))
        self.second = layers(1, 32, 2)

    def log_likelihood(self, parts: Mapping[str, Tensor], hiding: torch.Generator | None) -> Tensor:
        real = parts["real"]
        said = torch.stack([self.first.expand(len(real), 2), self.second(real[:, :1])], 1)
        return normal_log_density(real, said[..., 0], said[..., 1]) / 2

    def forward(self, noise: Tensor, conditions: Tensor | None) -> Tensor:
        one = self.first[0] + (0.5 * self.first[1]).exp() * noise[:, :1]
        mean, log_variance = self.second(one).chunk(2, 1)
        return torch.cat([one, mean + (0.5 * log_variance).exp() * noise[:, 1:]], 1)


class Swapper(AbstractCorruptor):
    """One cell of each row comes from another row; which one it is, is drawn."""

    def forward(self, samples: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, n_columns = samples.shape
        places = torch.randint(n_columns, (n,), generator=generator)
        is_changed = torch.nn.functional.one_hot(places, n_columns).bool()
        others = samples.roll(int(torch.randint(1, n, (), generator=generator)), 0)
        return torch.where(is_changed, others, samples), is_changed


def points(n: int = 512) -> dict[str, Tensor | None]:
    """Two clouds of two classes as `real`, another one elsewhere as `source`, paired at random."""
    noise = Randomness(5)
    labels = torch.arange(n) % 2
    centres = torch.tensor([[1.0, 1.0], [-1.0, 0.5]])
    real = centres[labels] + 0.2 * noise.normal((n, 2), "real", 0)
    stretched = noise.normal((n, 2), "source", 0) * torch.tensor([0.5, 0.1])
    source = torch.tensor([3.0, -2.0]) + stretched
    return {"real": real, "source": source, "labels": labels}


def clouds(n: int = 512) -> dict[str, Tensor | None]:
    """The same two clouds, each to be turned into the other."""
    real = points(n)["real"]
    assert real is not None
    codes = torch.eye(2)[torch.arange(n) % 2]
    return {"real": real, "condition": codes, "source": real.roll(3, 0), "origin": codes.roll(3, 0)}


PARTS = {"domains": clouds}
"""Of games that need others than `points`."""


@dataclass(frozen=True)
class Toy:
    """A game small enough to be learnt in seconds."""

    rules: AbstractRules
    make: Callable[[], dict[str, nn.Module]]
    n_steps: int = 800


TOYS = {
    "adversarial": Toy(
        AdversarialRules(
            batch_size=64, n_latents=2, penalties=SMOOTH, generator=AVERAGED, discriminator=TELLING
        ),
        lambda: {"generator": Maker(2), "discriminator": Teller()},
    ),
    "autoencoder": Toy(
        AutoencoderRules(batch_size=64, n_latents=2, learner=AVERAGED),
        lambda: {"encoder": Encoder(), "decoder": Decoder()},
    ),
    "contrast": Toy(
        ContrastRules(batch_size=64),
        lambda: {"corruptor": Swapper(), "discriminator": layers(2, 32, 32, 2)},
    ),
    "cycle": Toy(
        CycleRules(
            batch_size=64,
            penalties=SMOOTH,
            cycle_weight=1.0,
            n_pooled=100,
            generator=AVERAGED,
            discriminator=TELLING,
        ),
        lambda: {
            "generator": Maker(2),
            "inverse_generator": Maker(2),
            "discriminator": Teller(),
            "source_discriminator": Teller(),
        },
    ),
    "domains": Toy(
        DomainRules(
            batch_size=64,
            penalties=SMOOTH,
            cycle_weight=1.0,
            identity_weight=1.0,
            reader_weight=0.1,
            n_noise=2,
            generator=AVERAGED,
            discriminator=TELLING,
        ),
        lambda: {"generator": Mover(), "discriminator": Teller(), "reader": layers(2, 16, 2)},
    ),
    "encoder": Toy(
        EncoderRules(batch_size=64, n_latents=2, learner=AVERAGED),
        lambda: {"generator": Maker(2), "encoder": Encoder()},
    ),
    "likelihood": Toy(LikelihoodRules(batch_size=64, generator=AVERAGED), lambda: {"generator": Sequence()}),
    "paired": Toy(
        PairedRules(
            batch_size=64,
            penalties=SMOOTH,
            faithful_share=0.0,
            generator=AVERAGED,
            discriminator=TELLING,
        ),
        lambda: {"generator": Maker(2), "faithful": Maker(2), "discriminator": Teller()},
    ),
    "teaching": Toy(
        TeachingRules(
            batch_size=64, n_latents=2, n_classes=2, generator=PlayerConfig(5e-3, beta1=0.9, beta2=0.999)
        ),
        lambda: {"generator": Maker(4), "learner": layers(2, 16, 2)},
        n_steps=200,
    ),
}


def networks_of(name: str) -> dict[str, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TOYS[name].make()


def subject_of(name: str, folder, **rules: Any) -> GameSubject:
    changed = replace(TOYS[name].rules, **rules)
    dataset = TensorDataset(PARTS.get(name, points)())
    return GameSubject(changed, lambda: networks_of(name), dataset, folder)


def learnt(
    name: str,
    networks: Mapping[str, nn.Module] | None = None,
    parts: Mapping[str, Tensor | None] | None = None,
) -> tuple[Training, list[Any]]:
    """A whole run of a toy, and the readings of its evaluations."""
    toy, randomness = TOYS[name], Randomness(0)
    game = toy.rules.start(networks or networks_of(name), randomness)
    data = TensorDataset(parts or PARTS.get(name, points)())
    drawing = Shuffled(len(data), toy.rules.batch_size, randomness)
    heldout, seen = data.batch(torch.arange(256, 512)), data.batch(torch.arange(256))
    config = TrainConfig(toy.n_steps * toy.rules.samples_per_step, 4, 2)
    batches = Batches(data, drawing, randomness)
    training = Training(game, batches, config, Evaluation(heldout, seen, lambda fake, real: 0.5))
    return training, [record.readings for record in training if record.readings]


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
        ("cycle", Tuning(objective="wasserstein", optimiser="rmsprop")),
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
    monkeypatch.setattr(Cycle, "memory", lambda self: {})
    with pytest.raises(ConformanceError, match="uninterrupted"):
        CHECKS["check_game_resumes"](subject_of("cycle", tmp_path, n_pooled=100))


# --- They learn ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_four_networks_carry_records_over_and_back():
    """Source points land among the real ones, and come back to where they were; no pairs are known."""
    training, readings = learnt("cycle")
    assert readings[-1]["coverage"] > 0.5
    assert readings[-1]["cycle_error"] < 0.15 < readings[0]["cycle_error"] + 0.15
    source = TensorDataset(points()).all.with_part("real", None)
    made = training.game.generate(source, Randomness(0).stream("apply"), 0)
    real = points()["real"]
    assert real is not None
    assert (made.mean(0) - real.mean(0)).abs().max() < 0.25
    back = training.game.generate(Batch({"real": made}), Randomness(0).stream("apply"), 0)
    assert (back - source["source"]).abs().mean() < 0.15


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


# --- Cycle: the pool ----------------------------------------------------------------------------------------


def test_the_pool_is_filled_first_and_then_swaps_half():
    game: Any = TOYS["cycle"].rules.start(networks_of("cycle"), Randomness(0))
    numbered = torch.arange(64.0)[:, None].expand(64, 2)
    pool, chance = game._pools["discriminator"], torch.Generator().manual_seed(0)
    assert torch.equal(pool.exchanged({"fake": numbered}, chance)["fake"], numbered)
    shown = pool.exchanged({"fake": numbered + 100}, chance)["fake"]
    old = (shown < 100).all(1)
    assert len(game.memory()["discriminator"]) == 100
    assert 10 <= int(old.sum()) <= 14  # half of those that found no free place
    assert sorted(torch.cat([shown, game.memory()["discriminator"]])[:, 0].tolist()) == sorted(
        torch.cat([numbered, numbered + 100])[:, 0].tolist() + (numbered[:36, 0] + 100).tolist()
    )

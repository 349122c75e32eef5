"""In which turns two players learn: on fresh fakes, on the same ones, from one pass; and whole batches."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.games import Progress
from gansmith.engine.judge import Judgement
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import learn
from gansmith.engine.terms import TermConfig
from gansmith.errors import UsageError
from gansmith.nets.discriminators import (
    AbstractExplicitDiscriminator,
    AbstractWholeBatchDiscriminator,
    dense_gradients,
    dense_logits,
)


def play(game, batches, step=0, share=0.0):
    """One step of a game, as a training plays it."""
    n = game.rules.n_batches
    return game.play(step, [batches(step * n + index) for index in range(n)], Progress(share))


# --- One pass for both players ------------------------------------------------------------------------------


class Explicit(AbstractExplicitDiscriminator):
    """Points and conditions to logits, with its input gradient written down."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 8), nn.Linear(8, 8)])
        self.last = nn.Linear(8, 1)

    def forward(self, samples, conditions=None):
        return dense_logits(samples, self.layers, self.last)

    def with_gradients(self, samples, conditions):
        met: list[torch.Tensor] = []
        logits = dense_logits(samples, self.layers, self.last, met)
        return logits, dense_gradients(self.layers, self.last, met)


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
OF_LOGITS = tuple(PenaltyConfig(name, 1.0) for name in ("r2_finite_difference", "lecam", "fake_consistency"))
TERMS = (TermConfig("feature_matching", 0.5), TermConfig("information", 0.1), TermConfig("auxiliary_class"))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    "penalties", [(), R1_AND_R2, R1_AND_R2[:1], BETWEEN, OF_LOGITS], ids=lambda found: str(len(found))
)
@pytest.mark.parametrize(
    ("make", "terms"),
    [(nn.Module, ()), (Explicit, ()), (Featured, TERMS)],
    ids=["plain", "explicit", "terms"],
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
    turn = apart._turn(0, "0", batch, Progress(0.0))
    loss = apart._generator_loss(turn, apart.networks["discriminator"])
    expected = torch.autograd.grad(loss, apart.generator.parameters)
    expected = torch.cat([part.flatten() for part in expected])
    assert expected.abs().max() > 1e-5
    assert torch.allclose(shared.generator.gradient, expected, rtol=1e-4, atol=1e-7)
    assert losses["generator"] == pytest.approx(loss.item(), rel=1e-5)
    alone = apart.discriminator_turn(0, 0, batch, Progress(0.0))
    assert losses["discriminator"] == pytest.approx(alone.item(), rel=1e-5)
    learn([apart.discriminator], alone, 0.0)
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
    loss = twin.discriminator_turn(0, 0, batch, Progress(0.0))
    assert losses["discriminator"] == pytest.approx(loss.item(), rel=1e-5)
    learn([twin.discriminator], loss, 0.0)
    loss = twin._generator_loss(twin._turn(0, "0", batch, Progress(0.0)), twin.networks["discriminator"])
    assert losses["generator"] == pytest.approx(loss.item(), rel=1e-5)
    learn([twin.generator], loss, 0.0)
    assert torch.allclose(game.generator.gradient, twin.generator.gradient, rtol=1e-4, atol=1e-7)


# --- Several turns of each player ---------------------------------------------------------------------------


@pytest.mark.parametrize(("objective", "n_batches"), [("relativistic", 5), ("non-saturating", 2)])
def test_each_turn_of_the_generator_is_on_fakes_and_where_it_compares_on_records_of_its_own(
    new_game, steps_of, objective, n_batches
):
    game = new_game(n_discriminator_turns=2, n_generator_turns=3, objective=objective, penalties=())
    events = steps_of(game)
    assert game.rules.n_batches == n_batches
    game.play(0, [Batch({"real": torch.full((8, 2), float(k))}) for k in range(n_batches)], Progress(0.0))
    assert events == ["discriminator"] * 2 + ["generator"] * 3
    assert game.rules.samples_per_step == 16
    judged = [samples for samples, _ in game.networks["discriminator"].seen]
    fakes = [samples[8:] for samples in judged[:2]]
    if objective == "relativistic":
        reals = [judged[0][0, 0].item(), judged[1][0, 0].item(), *(one[0, 0].item() for one in judged[2::2])]
        assert reals == [0.0, 1.0, 2.0, 3.0, 4.0]
        fakes += judged[3::2]
    else:
        fakes += judged[2:]
    assert len({tuple(fake.flatten().tolist()) for fake in fakes}) == 5


def test_what_the_generator_is_asked_for_goes_with_what_it_is_compared_with(new_game, new_batches):
    batches = new_batches(conditioning=lambda batch, generator: batch["real"] * 2)
    game = new_game(n_generator_turns=2)
    play(game, batches)
    wanted = [batches(index)["condition"] for index in range(3)]
    for asked, expected in zip(game.networks["generator"].asked, wanted, strict=True):
        assert torch.equal(asked, expected)


@pytest.mark.parametrize("turns", ["same_fakes", "one_pass"])
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_other_turns_are_one_of_each_player(new_game, turns, player):
    with pytest.raises(UsageError, match=f"not 2 of the {player}. Leave out turns or n_{player}_turns"):
        new_game(turns=turns, **{f"n_{player}_turns": 2})


# --- Networks that look at a whole batch -------------------------------------------------------------------


def test_a_network_that_looks_at_a_batch_judges_real_and_fake_apart(new_game, new_batches):
    judge = Spread()
    play(game_with(judge, new_game(penalties=R1_AND_R2)), new_batches())
    assert judge.sizes == [8] * 4
    play(game_with(judge, new_game(turns="same_fakes")), new_batches())
    assert judge.sizes == [8] * 8
    with pytest.raises(UsageError, match="whole batch"):
        game_with(Spread(), new_game(turns="one_pass"))

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from gansmith.engine.players import Player, PlayerConfig, learn
from gansmith.errors import UsageError


def network() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def loss_of(player: Player) -> torch.Tensor:
    return player.network(torch.ones(2, 3)).square().mean()


def learnt(player: Player, n_steps: int) -> Player:
    for step in range(n_steps):
        learn([player], loss_of(player), step / 10)
        player.update_average(2, 2 * (step + 1))
    return player


def test_learns_as_torchs_adam_does():
    player = Player(network(), PlayerConfig(0.01, None, 0.5, 0.9))
    twin = network()
    twin.load_state_dict(player.network.state_dict())
    adam = torch.optim.Adam(twin.parameters(), lr=0.01, betas=(0.5, 0.9))
    for _ in range(5):
        adam.zero_grad()
        twin(torch.ones(2, 3)).square().mean().backward()
        adam.step()
    learnt(player, 5)
    for ours, theirs in zip(player.network.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_only_its_own_weights_change():
    net = network()
    one, other = Player(network(), PlayerConfig()), Player(net, PlayerConfig())
    before = {name: value.clone() for name, value in other.network.state_dict().items()}
    learn([one], one.network(net[0](torch.ones(2, 3))[:, :3]).mean() + loss_of(other), 0.0)
    assert all(torch.equal(value, before[name]) for name, value in other.network.state_dict().items())
    assert not any(p.grad.any() for p in other.parameters if p.grad is not None)


def test_frozen_weights_and_weights_the_loss_does_not_reach_stay():
    net = network()
    net[0].weight.requires_grad_(False)
    player = Player(net, PlayerConfig())
    before = {name: value.clone() for name, value in net.state_dict().items()}
    learn([player], net[2](torch.ones(2, 4)).mean(), 0.0)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"2.weight", "2.bias"}


def test_learning_rate_follows_the_schedule_and_the_scale():
    def first_step(progress: float, scale: float = 1.0) -> float:
        net = nn.Linear(1, 1, bias=False)
        player, before = Player(net, PlayerConfig(0.1, 0.0)), net.weight.item()
        learn([player], player.network(torch.ones(1, 1)).sum(), progress, scale)
        return before - net.weight.item()  # the first step of Adam is as long as the rate

    assert first_step(0.0) == pytest.approx(0.1, rel=1e-4)
    assert first_step(0.5) == pytest.approx(0.05, rel=1e-4)
    assert first_step(0.0, 0.25) == pytest.approx(0.025, rel=1e-4)
    assert first_step(1.0) == pytest.approx(0.0, abs=1e-7)


def test_average():
    player = Player(network(), PlayerConfig(0.01, average_half_life_samples=0.1))  # weight 1 - 0.5^20
    first = [p.clone() for p in player.network.parameters()]
    assert player.average is not None
    assert player.best_known is player.average
    learnt(player, 1)
    for kept, newest, old in zip(
        player.average.parameters(), player.network.parameters(), first, strict=True
    ):
        assert torch.allclose(kept, old.lerp(newest, 1 - 0.5**20), atol=1e-7)
        assert not kept.requires_grad
    newest: Any = network()
    slow = Player(newest, PlayerConfig(0.01, average_half_life_samples=20))
    with torch.no_grad():
        newest[0].weight += 1
    slow.update_average(batch_size=20, samples_seen=10**6)
    average: Any = slow.average
    assert torch.allclose(average[0].weight, newest[0].weight - 0.5)


def test_the_average_carries_buffers():
    net: Any = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    player = Player(net, PlayerConfig(0.01, average_half_life_samples=50))
    average: Any = player.average
    for step in range(4):
        learn([player], net(torch.randn(8, 3)).square().mean(), 0.0)
        player.update_average(8, 8 * (step + 1))
    kept, newest = dict(average.named_buffers()), dict(net.named_buffers())
    assert newest["1.num_batches_tracked"] == 4
    assert all(torch.equal(kept[name], newest[name]) for name in newest)
    assert not torch.equal(average[2].weight, net[2].weight)


def test_players_learn_together_from_one_pass():
    one, other = Player(network(), PlayerConfig(0.01)), Player(nn.Linear(1, 1), PlayerConfig(0.01))
    twins = copy.deepcopy((one.network, other.network))
    point = torch.ones(2, 3, requires_grad=True)
    loss = other.network(one.network(point)).square().mean()
    learn([one, other], loss, 0.0, also=[point])
    expected = torch.autograd.grad(
        twins[1](twins[0](point)).square().mean(), [*twins[0].parameters(), *twins[1].parameters()]
    )
    found = torch.cat([one.gradient, other.gradient])
    assert torch.allclose(found, torch.cat([part.flatten() for part in expected]))
    assert point.grad is not None


def test_learns_from_the_gradient_of_what_it_made():
    player = Player(network(), PlayerConfig(0.01))
    made = player.network(torch.ones(2, 3))
    (expected,) = torch.autograd.grad((3 * made).sum(), [player.parameters[0]], retain_graph=True)
    learn([player], made, 0.0, gradient=torch.full_like(made, 3.0))
    assert torch.allclose(player.gradient[: expected.numel()], expected.flatten())


def test_without_an_average_the_network_itself_is_best_known():
    player = learnt(Player(network(), PlayerConfig()), 2)
    assert player.average is None
    assert player.best_known is player.network


def test_weight_clip():
    player = learnt(Player(network(), PlayerConfig(0.5, weight_clip=0.02)), 3)
    largest = max(parameter.abs().max().item() for parameter in player.parameters)
    assert largest == pytest.approx(0.02)


def test_state_goes_round_bit_for_bit():
    config = PlayerConfig(0.01, 0.001, 0.5, average_half_life_samples=20)
    straight = learnt(Player(network(), config), 7)
    half = Player(network(), config)
    half.load_state(learnt(Player(network(), config), 0).state())
    first = Player(network(), config)
    first.load_state(half.state())
    second = Player(network(), config)
    learnt(first, 4)
    state = first.state()
    learnt(first, 3)  # what happens to the first player later must not reach the state
    second.load_state(state)
    for step in range(4, 7):
        learn([second], loss_of(second), step / 10)
        second.update_average(2, 2 * (step + 1))
    repeated = Player(network(), config)
    repeated.load_state(half.state())
    learnt(repeated, 7)
    expected, found = repeated.state(), second.state()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert straight.state().keys() == found.keys()


def test_a_state_of_another_network_is_refused():
    player = Player(nn.Linear(2, 2), PlayerConfig())
    with pytest.raises(RuntimeError):
        player.load_state(Player(nn.Linear(3, 2), PlayerConfig()).state())


@pytest.mark.parametrize(
    "wrong",
    [
        {"learning_rate": 0.0},
        {"learning_rate": -1.0},
        {"final_learning_rate": -1.0},
        {"beta1": 1.0},
        {"beta2": -0.1},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(UsageError):
        PlayerConfig(**wrong)


def test_the_memory_of_squared_gradients_grows_along_the_run():
    config = PlayerConfig(beta2=0.9, final_beta2=0.99)
    assert [round(config.beta2_at(share), 6) for share in (0.0, 0.5, 1.0)] == [0.9, 0.968377, 0.99]
    assert PlayerConfig(beta2=0.9).beta2_at(1.0) == 0.9
    assert config.with_setting("beta2", 0.95).beta2_at(1.0) == 0.95  # what was chosen stays

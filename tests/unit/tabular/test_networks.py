"""The two players for tables: what comes out of them, and where gradients go."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.errors import UsageError
from gansmith.nets.mlp import initialise
from gansmith.tabular.layout import FEW_SHARE, FREE_SHARE, MOST_SHARE, Layout, draw_conditions, hold_fixed
from gansmith.tabular.networks import (
    TableDecoder,
    TableDiscriminator,
    TableGenerator,
    TableNetworks,
    hard_states,
    n_conditions,
    networks_for,
)

LAYOUT = Layout(n_states=(2, 3, 3, 6), n_bins=(0, 0, 2, 6))
SIZES = TableNetworks(generator_widths=(16, 16), discriminator_widths=(16, 12))


@pytest.fixture(params=[0, 2], ids=["draft", "revised"])
def generator(request):
    network = TableGenerator(LAYOUT, replace(SIZES, n_revisions=request.param), 8)
    with torch.no_grad():  # blocks start as the identity: wake them up
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return network


@pytest.fixture
def discriminator():
    return TableDiscriminator(LAYOUT, SIZES)


def _states(samples, block):
    return samples[:, block.values].reshape(-1, block.n_columns, block.n_states)


@pytest.mark.parametrize("is_learning", [True, False])
def test_states_are_hard_to_the_last_bit(generator, is_learning):
    with torch.set_grad_enabled(is_learning):
        samples = generator(torch.randn(300, 8))
    for block in LAYOUT.blocks:
        states = _states(samples, block)
        assert torch.allclose(states.sum(2), torch.ones(1))
        assert set(states.detach().round().unique().tolist()) == {0.0, 1.0}
        assert (states - states.round()).abs().max() <= 2e-7
    if not is_learning:
        assert torch.equal(samples, LAYOUT.expand(LAYOUT.compact(samples)))


def test_levels_are_zero_outside_bins_and_within_one(generator):
    with torch.no_grad():
        samples = generator(torch.randn(500, 8))
    codes, levels = LAYOUT.compact(samples).split([4, 2], 1)
    is_open = codes[:, 2] >= 1  # one plain state, then two bins
    assert is_open.any()
    assert (~is_open).any()
    assert not levels[~is_open, 0].any()
    assert levels[is_open, 0].all()
    assert levels[:, 1].all()  # all states of the last column are bins
    assert levels.abs().max() <= 1


def test_gradients_reach_every_weight_of_the_generator(generator, discriminator):
    for weight in generator.parameters():
        weight.grad = None
    discriminator(generator(torch.randn(200, 8))).sum().backward()
    for name, weight in generator.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_the_way_back_is_that_of_the_softmax():
    logits = torch.randn(4, LAYOUT.n_one_hot, requires_grad=True)
    weights = torch.randn(4, LAYOUT.n_one_hot)
    (ours,) = torch.autograd.grad((hard_states(logits, LAYOUT, 0.5) * weights).sum(), logits)
    blocks = [torch.softmax(block.of(logits) / 0.5, -1).flatten(1) for block in LAYOUT.blocks]
    (soft,) = torch.autograd.grad((torch.cat(blocks, 1) * weights).sum(), logits)
    assert torch.allclose(ours, soft, atol=1e-6)


def test_of_equally_strong_states_the_first_is_taken():
    logits = torch.zeros(5, LAYOUT.n_one_hot)
    logits[2:] = torch.randn(3, LAYOUT.n_one_hot)
    hard = hard_states(logits, LAYOUT, 0.5)
    for block in LAYOUT.blocks:
        assert (block.of(hard)[:2].argmax(-1) == 0).all()
        assert (block.of(hard).sum(-1) == 1).all()
        assert torch.equal(block.of(hard)[2:].argmax(-1), block.of(logits)[2:].argmax(-1))


def test_what_is_asked_for_is_copied_exactly(generator):
    with torch.no_grad():
        real = generator(torch.randn(400, 8))
    is_conditioned = (torch.rand(400, 4) < 0.5).float()
    made = generator(torch.randn(400, 8), hold_fixed(LAYOUT, real, is_conditioned)).detach()
    mask = is_conditioned[:, LAYOUT.column_of_value].bool()
    assert torch.equal(made[mask], real[mask])
    assert not torch.equal(made[~mask], real[~mask])


def test_nothing_asked_is_the_same_as_no_conditions(generator):
    latents = torch.randn(20, 8)
    assert torch.equal(generator(latents), generator(latents, torch.zeros(20, n_conditions(LAYOUT))))


def test_the_discriminator_judges_each_record_alone(generator, discriminator):
    samples = generator(torch.randn(50, 8)).detach()
    conditions = torch.zeros(50, n_conditions(LAYOUT))
    logits = discriminator(samples, conditions)
    assert logits.shape == (50,)
    changed = samples.clone()
    changed[1:] = changed[1:].flip(0)
    assert discriminator(changed, conditions)[0].item() == pytest.approx(logits[0].item(), abs=1e-6)
    gradients = torch.autograd.grad(discriminator(samples.requires_grad_(), conditions)[3], samples)[0]
    assert gradients[3].any()
    assert not gradients[[index for index in range(50) if index != 3]].any()


def test_the_discriminator_knows_what_was_asked(generator, discriminator):
    samples = generator(torch.randn(50, 8)).detach()
    asked = hold_fixed(LAYOUT, samples, torch.ones(50, 4))
    assert not torch.equal(discriminator(samples, asked), discriminator(samples, None))


def test_with_a_completion_the_game_is_played_without_conditions():
    config = replace(SIZES, completion_width=8)
    generator, discriminator = TableGenerator(LAYOUT, config, 8), TableDiscriminator(LAYOUT, config)
    latents = torch.randn(50, 8)
    free = generator(latents).detach()
    asked = hold_fixed(LAYOUT, free.flip(0), torch.eye(4)[torch.arange(50) % 4])
    assert torch.equal(discriminator(free, asked), discriminator(free, None))
    made = generator(latents, asked)
    assert torch.equal(hold_fixed(LAYOUT, made, asked[:, :4]), asked)
    assert generator.completion
    assert not any(weight.requires_grad for weight in generator.completion.parameters())


def test_the_gradient_written_down_is_that_of_autograd(generator, discriminator):
    samples = generator(torch.randn(30, 8)).detach().requires_grad_()
    conditions = draw_conditions(LAYOUT, samples.detach(), torch.Generator().manual_seed(0))
    logits, written = discriminator.with_gradients(samples, conditions)
    again = discriminator(samples, conditions)
    (derived,) = torch.autograd.grad(again.sum(), samples)
    assert torch.allclose(logits, again)
    assert torch.allclose(written, derived, atol=1e-6)


def test_most_records_are_asked_for_nothing_and_never_for_everything():
    samples = LAYOUT.expand(torch.zeros(20_000, LAYOUT.n_compact))
    conditions = draw_conditions(LAYOUT, samples, torch.Generator().manual_seed(0))
    n_conditioned = conditions[:, :4].sum(1)
    any_share = 1 - FEW_SHARE - MOST_SHARE  # from none to three of four columns
    wanted = [FREE_SHARE + (1 - FREE_SHARE) * any_share / 4]
    for few, most in ((1 / 2, 1 / 4), (1 / 4, 1 / 4), (1 / 4, 1 / 2)):
        wanted.append((1 - FREE_SHARE) * (FEW_SHARE * few + MOST_SHARE * most + any_share / 4))
    found = n_conditioned.long().bincount() / len(samples)
    assert found.tolist() == pytest.approx(wanted, abs=0.015)
    asked_values = conditions[:, 4:][conditions[:, :4][:, LAYOUT.column_of_value] == 0]
    assert not asked_values.any()  # what is not asked for is not told


@pytest.mark.parametrize(
    "wrong",
    [{"generator_widths": (10**9,)}, {"discriminator_widths": (8,) * 17}, {"temperature": 0.0}],
)
def test_absurd_sizes_are_refused(wrong):
    with pytest.raises(UsageError, match="must be"):
        replace(SIZES, **wrong)


# --- Settings that all kinds share ------------------------------------------------------------------------


def test_blocks_of_other_widths_are_joined_by_linear_layers():
    network = TableGenerator(LAYOUT, replace(SIZES, generator_widths=(16, 8, 12), n_revisions=1), 8)
    assert network(torch.randn(5, 8)).shape == (5, LAYOUT.n_values)
    skips = {name for name in network.state_dict() if "skip" in name}
    assert skips == {f"blocks.{block}.skip.{part}" for block in (1, 2) for part in ("weight", "bias")}


@pytest.mark.parametrize("game", [AdversarialRules, AutoencoderRules])
@pytest.mark.parametrize("change", [{"activation": "tanh"}, {"weights": "orthogonal"}])
def test_activation_and_first_weights_reach_every_network(game, change):
    def answers(config) -> list[torch.Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            made = networks_for(LAYOUT, config, game(batch_size=4, n_latents=8)).values()
            initialise(made, config.weights, torch.default_generator)  # as `seeded_networks` does
            latents, samples = torch.randn(5, 8), torch.rand(5, LAYOUT.n_values)
        of_latents = (TableGenerator, TableDecoder)
        found = []
        for network in made:
            trunk = network.trunk if isinstance(network, TableDecoder) else network
            given = latents if isinstance(network, of_latents) else samples
            result = trunk.logits(given) if isinstance(trunk, TableGenerator) else network(given)
            found.append(result[0] if isinstance(result, tuple) else result)
        return found

    for ours, others in zip(answers(SIZES), answers(replace(SIZES, **change)), strict=True):
        assert not torch.allclose(ours, others)

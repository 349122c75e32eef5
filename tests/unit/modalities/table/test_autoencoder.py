"""The encoder and the decoder of tables, and models that were learnt with them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.domains import DomainRules
from gansmith.errors import UsageError
from gansmith.tabular.layout import Layout, hold_fixed
from gansmith.tabular.networks import TableDecoder, TableNetworks, networks_for

LAYOUT = Layout(n_states=(2, 3, 6), n_bins=(0, 0, 4))
SIZES = TableNetworks(generator_widths=(16,), discriminator_widths=(16, 12))


@pytest.fixture
def decoder() -> TableDecoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        found: Any = networks_for(LAYOUT, SIZES, AutoencoderRules(batch_size=8, n_latents=5))["decoder"]
    return found


def draw(decoder: TableDecoder, latents: torch.Tensor, conditions: torch.Tensor | None = None, key: int = 0):
    with torch.no_grad():
        return decoder(latents, conditions, torch.Generator().manual_seed(key))


def test_draws_are_hard_and_as_frequent_as_the_decoder_says(decoder):
    latents = torch.randn(1, 5).expand(20_000, 5)
    drawn = draw(decoder, latents)
    with torch.no_grad():
        logits = decoder.trunk.logits(latents[:1])
    for block in LAYOUT.blocks:
        chances = torch.softmax(block.of(logits), -1)[0]
        assert set(block.of(drawn).unique().tolist()) <= {0.0, 1.0}
        assert (block.of(drawn).mean(0) - chances).abs().max() < 0.015  # four standard errors
    levels, is_open = drawn[:, LAYOUT.n_one_hot], drawn[:, LAYOUT.bins[0]].sum(1).bool()
    assert (levels[~is_open] == 0).all()
    assert ((levels >= -1) & (levels <= 1)).all()


def test_the_log_likelihood_is_that_of_the_chances_and_the_normal_level(decoder):
    latents = torch.randn(6, 5)
    samples = draw(decoder, latents, key=1)
    with torch.no_grad():
        found, logits = decoder.log_likelihood(samples, latents), decoder.trunk.logits(latents)
    expected = torch.zeros(6)
    for block in LAYOUT.blocks:
        expected += (torch.softmax(block.of(logits), -1) * block.of(samples)).sum(-1).log().sum(1)
    normal = torch.distributions.Normal(
        torch.tanh(logits[:, LAYOUT.n_one_hot]), decoder.log_deviations.detach().exp()
    )
    density = normal.log_prob(samples[:, LAYOUT.n_one_hot]) + 0.5 * math.log(2 * math.pi)
    expected += torch.where(samples[:, LAYOUT.bins[0]].sum(1) > 0, density, 0.0)
    assert torch.allclose(found, expected, atol=1e-4)


def test_what_is_asked_for_is_copied_and_counts_nothing(decoder):
    latents = torch.randn(50, 5)
    real = draw(decoder, torch.randn(50, 5), key=2)
    asked = hold_fixed(LAYOUT, real, torch.tensor([[1.0, 0.0, 1.0]]).expand(50, 3))
    drawn = draw(decoder, latents, asked)
    columns = LAYOUT.column_of_value != 1
    assert torch.equal(drawn[:, columns], real[:, columns])
    with torch.no_grad():
        everything = decoder.log_likelihood(real, latents, hold_fixed(LAYOUT, real, torch.ones(50, 3)))
    assert not everything.any()


def test_a_game_that_tables_do_not_play():
    with pytest.raises(UsageError, match="no networks for the game 'domains'"):
        networks_for(LAYOUT, SIZES, DomainRules(batch_size=8))

"""Networks of domains: they start as colours alone, and hear what is asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.nets.domain_translators import ColourTables, ConditionReader, DomainTranslator

SHAPE = (3, 16, 16)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def plain_tables(n_domains: int, n_channels: int = 3) -> Tensor:
    """Tables that change no colour."""
    axis = torch.linspace(0, 1, 5)
    colours = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"))[:n_channels]
    return colours.expand(n_domains, 2, *colours.shape).clone()


def sources(n: int, n_channels: int = 3) -> Tensor:
    height = torch.linspace(0, 1, 16).view(1, 1, 16, 1).expand(n, 1, 16, 16)
    return torch.cat([noise(n, n_channels, 16, 16), height], 1)


def test_plain_tables_change_nothing():
    source = sources(2)
    made = ColourTables(plain_tables(2))(source[:, :3], source[:, 3:], torch.eye(2))
    assert torch.allclose(made, source[:, :3], atol=1e-6)


def test_greys_have_tables_too():
    source = sources(2, 1)
    made = ColourTables(plain_tables(2, 1))(source[:, :1], source[:, 1:], torch.eye(2))
    assert torch.allclose(made, source[:, :1], atol=1e-6)


def test_each_domain_has_its_table_and_heights_lie_between():
    tables = plain_tables(2)
    tables[1, 1] = 1 - tables[1, 1]  # at the bottom of the second domain
    source = sources(2)
    made = ColourTables(tables)(source[:, :3], source[:, 3:], torch.eye(2))
    assert torch.allclose(made[0], source[0, :3], atol=1e-6)
    share = source[1, 3:]
    wanted = (1 - share) * source[1, :3] + share * (1 - source[1, :3])
    assert torch.allclose(made[1], wanted, atol=1e-6)


def test_a_new_network_changes_colours_alone_and_a_learnt_one_hears_what_is_asked():
    network = DomainTranslator(SHAPE, 2, (8, 8), 1, "leaky_relu", fold=2, tables=plain_tables(2))
    source = sources(2)
    assert torch.allclose(network(source, torch.eye(2)), source[:, :3], atol=1e-6)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.1 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(1)))
    one, other = (network(source, code.expand(2, 2)) for code in torch.eye(2))
    assert (one - other).abs().mean() > 1e-3
    assert [tuple(seen.shape) for seen in network.features(source[:, :3], source, torch.eye(2))] == [
        (2, 8, 8, 8),
        (2, 8, 4, 4),
    ]
    assert (one - source[:, :3]).abs().max() <= 1  # a change is bounded


def test_a_reader_reads_each_record():
    reader = ConditionReader((1, 20, 12), 3, (4, 8), "leaky_relu")
    assert reader(noise(5, 1, 20, 12)).shape == (5, 3)

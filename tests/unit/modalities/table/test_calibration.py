"""States as frequent as in the data, when the game is over."""

from __future__ import annotations

import torch

from gansmith.modalities.table.calibration import match_frequencies
from gansmith.modalities.table.layout import Layout
from gansmith.modalities.table.networks import TableGenerator, TableNetworks

LAYOUT = Layout(n_states=(2, 3, 3, 12), n_bins=(0, 0, 2, 10))


def generator(n_revisions: int) -> TableGenerator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = TableGenerator(LAYOUT, TableNetworks(16, 32, 1, (8,), n_revisions=n_revisions))
    return made.requires_grad_(False)


def skewed_records(n: int) -> torch.Tensor:
    draw = torch.rand(n, LAYOUT.n_compact, generator=torch.Generator().manual_seed(2))
    sizes = torch.tensor(LAYOUT.n_states)
    codes = torch.floor(draw[:, : LAYOUT.n_columns] ** 3 * sizes)
    return torch.cat([codes, 2 * draw[:, LAYOUT.n_columns :] - 1], 1)


def errors(made: TableGenerator, real: torch.Tensor) -> torch.Tensor:
    """Total variation of each column, on latents that the calibration has not seen."""
    latents = torch.randn(20_000, 16, generator=torch.Generator().manual_seed(3))
    counts = (LAYOUT.expand(LAYOUT.compact(made(latents)))[:, : LAYOUT.n_one_hot]).mean(0)
    wanted = LAYOUT.expand(real)[:, : LAYOUT.n_one_hot].mean(0)
    columns = LAYOUT.column_of_value[: LAYOUT.n_one_hot]
    return torch.zeros(LAYOUT.n_columns).index_add_(0, columns, (counts - wanted).abs()) / 2


def test_states_become_as_frequent_as_in_the_records() -> None:
    for n_revisions in (0, 1):
        made, real = generator(n_revisions), skewed_records(5_000)
        before = errors(made, real)
        match_frequencies(made, real, 0)
        after = errors(made, real)
        assert before.max() > 0.1
        assert after.max() < 0.02


def test_the_same_seed_gives_the_same_biases() -> None:
    first, second = generator(1), generator(1)
    for made in (first, second):
        match_frequencies(made, skewed_records(500), 7)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_state_without_records_is_not_made() -> None:
    real = skewed_records(2_000)
    real[:, 1] = real[:, 1].clamp(max=1)
    made = generator(1)
    match_frequencies(made, real, 0)
    latents = torch.randn(5_000, 16, generator=torch.Generator().manual_seed(4))
    assert (LAYOUT.compact(made(latents))[:, 1] == 2).float().mean() < 0.001

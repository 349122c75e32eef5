"""Gaps are filled with what goes with the cells that are there, as often as it does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.tabular.completion import (
    MAX_TURNS,
    MOST_TIMES,
    OF_STATES,
    Completion,
    _digits,
    _states,
    _turns,
    fit_completion,
    times_as_often,
)
from gansmith.tabular.layout import Layout, hold_fixed

LAYOUT = Layout((2, 3, 3, 6), (0, 0, 0, 4))


def records(n: int, seed: int = 0) -> torch.Tensor:
    """The second column is twice the first in four of five; the third is the second; the last is anything."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 2, n)
    second = np.where(rng.random(n) < 0.8, 2 * first, 1)
    last, level = rng.integers(0, 6, n), 2 * rng.random(n) - 1
    return torch.from_numpy(np.stack([first, second, second, last, level * (last >= 2)], 1)).float()


@pytest.fixture(scope="module")
def completion() -> Completion:
    torch.manual_seed(0)
    made = Completion(LAYOUT, 32)
    fit_completion(made, records(4_000), None, 10**6, 0)
    return made


def completed(
    completion: Completion, compact: torch.Tensor, known: list[float], seed: int = 0
) -> torch.Tensor:
    samples = LAYOUT.expand(compact)
    conditions = hold_fixed(LAYOUT, samples, torch.tensor(known).expand(len(compact), 4))
    latents = torch.randn(len(compact), 16, generator=torch.Generator().manual_seed(seed))
    made = completion.completed(conditions, latents)
    assert torch.equal(LAYOUT.expand(LAYOUT.compact(made)), made)  # whole records
    return LAYOUT.compact(made)


def test_what_is_there_stays(completion):
    real = records(500, 1)
    made = completed(completion, real, [1.0, 0.0, 1.0, 1.0])
    assert torch.equal(made[:, [0, 2, 3, 4]], real[:, [0, 2, 3, 4]])


def test_a_gap_is_filled_as_often_as_it_occurs(completion):
    real = records(8_000, 1)
    made = completed(completion, real, [1.0, 0.0, 0.0, 1.0])
    assert (made[:, 1] == 2 * made[:, 0]).float().mean() == pytest.approx(0.8, abs=0.03)


def test_gaps_of_one_record_go_together(completion):
    made = completed(completion, records(4_000, 1), [1.0, 0.0, 0.0, 0.0])
    assert (made[:, 1] == made[:, 2]).float().mean() > 0.97
    made = completed(completion, records(4_000, 1), [0.0, 0.0, 0.0, 1.0])
    assert (made[:, 1] == made[:, 2]).float().mean() > 0.97
    assert made[:, 0].mean() == pytest.approx(0.5, abs=0.1)


def test_levels_lie_in_bins_and_all_over_them(completion):
    made = completed(completion, records(4_000, 1), [1.0, 1.0, 1.0, 0.0])
    is_open = made[:, 3] >= 2
    assert not made[~is_open, 4].any()
    assert made[is_open, 4].std() == pytest.approx(1 / 3**0.5, abs=0.03)


def test_the_latents_decide(completion):
    real = records(500, 1)
    first, again, other = (completed(completion, real, [1.0, 0.0, 0.0, 0.0], seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.slow
def test_the_same_records_and_seed_are_the_same_completion(completion):
    torch.manual_seed(0)
    again = Completion(LAYOUT, 32)
    fit_completion(again, records(4_000), None, 10**6, 0)
    assert all(map(torch.equal, again.state_dict().values(), completion.state_dict().values()))


@pytest.mark.slow
def test_records_of_more_weight_are_learnt_from_oftener():
    real = records(4_000)
    weights = torch.where(real[:, 1] == 1, 3, 1)
    torch.manual_seed(0)
    made = Completion(LAYOUT, 32)
    fit_completion(made, real, weights, 10**6, 0)
    found = completed(made, records(8_000, 1), [1.0, 0.0, 0.0, 1.0])
    assert (found[:, 1] == 1).float().mean() == pytest.approx(0.6 / (0.6 + 0.8), abs=0.05)


@pytest.mark.parametrize("n", [2, 15, 40])
def test_few_records_are_enough(n):
    made = Completion(LAYOUT, 8)
    fit_completion(made, records(n), None, 10**6, 0)
    assert all(weights.isfinite().all() for weights in made.parameters())


def test_trailing_digits_are_uniform_and_independent():
    latents = torch.randn(50_000, 8, generator=torch.Generator().manual_seed(0))
    shares = torch.cat([_digits(latents, 20, OF_STATES), latents], 1)
    assert shares[:, :20].min() >= 0
    assert shares[:, :20].max() < 1
    assert shares[:, :20].quantile(torch.tensor([0.1, 0.5, 0.9]), 0) == pytest.approx(
        np.tile([[0.1], [0.5], [0.9]], 20), abs=0.01
    )
    assert (torch.corrcoef(shares.T) - torch.eye(28)).abs().max() < 0.02


def test_many_gaps_are_filled_in_few_turns():
    is_known = torch.zeros(3, 50)
    is_known[1, 7:] = 1
    is_known[2] = 1
    turns, n_turns = _turns(is_known)
    assert n_turns == MAX_TURNS
    assert turns[0].bincount().tolist() == pytest.approx([50 / MAX_TURNS] * MAX_TURNS, abs=1)
    assert turns[1].tolist() == [*range(7), *[-1] * 43]
    assert set(turns[2].tolist()) == {-1}


def test_states_are_drawn_by_their_chances():
    logits = torch.log(torch.tensor([0.25, 0.75, 0.5, 0.0, 0.5, 1.0, 0.0, 0.0, *[1 / 6] * 6]))
    shares = torch.tensor([[0.2, 0.49, 0.999, 0.0], [0.26, 0.51, 0.0, 0.999]])
    assert _states(LAYOUT, logits.expand(2, -1), shares).tolist() == [[0, 0, 0, 0], [1, 2, 0, 5]]


def test_rare_categories_come_oftener_and_are_found_no_likelier():
    rng = np.random.default_rng(0)
    rare = (rng.random(3_000) < 0.01).astype(np.float32)
    compact = torch.from_numpy(np.stack([rare, np.where(rng.random(3_000) < 0.9, rare, 1 - rare)], 1))
    layout = Layout((2, 2), (0, 0))
    times = times_as_often(layout, compact, 0.05)
    assert times[:, 0].tolist() == np.where(rare, MOST_TIMES, 1).tolist()
    assert (times[:, 1] == 1).all()
    torch.manual_seed(0)
    made = Completion(layout, 16)
    fit_completion(made, compact, None, 60_000, 0, 0.7, rare_share=0.05)
    said = made(torch.zeros(1, 6))[0].softmax(0)  # nothing is known
    known = made(torch.tensor([[1.0, 0, 0, 1, 0, 0]]))[0, 2:].softmax(0)  # the first one is the rare one
    assert float(said[1] / said[:2].sum()) == pytest.approx(float(rare.mean()), abs=0.01)
    assert float(known[1]) > 0.6

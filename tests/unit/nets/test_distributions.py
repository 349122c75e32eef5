"""Generators that take turns."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gansmith.nets.distributions import Ensemble


class Marking(nn.Module):
    """Adds its own number to latents and conditions."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.tensor(number), requires_grad=False)

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        return latents + self.number + (0 if conditions is None else conditions)


def test_members_take_turns() -> None:
    ensemble = Ensemble([Marking(100.0), Marking(200.0), Marking(300.0)])
    made = ensemble(torch.arange(7.0)[:, None])
    assert made[:, 0].tolist() == [100, 201, 302, 103, 204, 305, 106]


def test_conditions_go_to_the_member_that_makes_the_record() -> None:
    ensemble = Ensemble([Marking(0.0), Marking(0.5)])
    made = ensemble(torch.zeros(4, 1), torch.arange(4.0)[:, None])
    assert made[:, 0].tolist() == [0, 1.5, 2, 3.5]


def test_fewer_records_than_members_and_none_at_all() -> None:
    ensemble = Ensemble([Marking(1.0), Marking(2.0), Marking(3.0)])
    assert ensemble(torch.zeros(1, 2)).tolist() == [[1, 1]]
    assert ensemble(torch.zeros(0, 2)).shape == (0, 2)


def test_the_newest_is_the_last() -> None:
    last = Marking(2.0)
    assert Ensemble([Marking(1.0), last]).newest is last

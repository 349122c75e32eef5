"""From normal scores to numbers as they occur, and back.

A table is the quantiles of numbers at evenly spaced ranks. A score, standard normal, has a rank; the rank has
a number. Numbers that occur often (a change of exactly nothing, a reading of a coarse sensor) cover several
ranks: whatever falls there becomes that very number. So made numbers have the margins of the real ones,
atoms included, and only what goes together with what is left to a game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

N_KNOTS: Final = 1_024
"""Ranks of a table."""
TIED: Final = 0.2
"""Share of equal neighbours in order from which numbers lie on a grid: none are made but such as occur."""
ROUNDING: Final = 3e-7
"""Numbers that are nearer to each other than this share of the largest are the same but for rounding."""

MOST: Final = 3.5
"""No score lies further out."""

Scores = Float[Tensor, "batch n_columns"]


@final
@dataclass(frozen=True, eq=False)
class Tables:
    """Quantiles of several kinds of numbers, a row each."""

    values: Float[Tensor, "n_rows n_knots"]
    """In ascending order; equal numbers are equal to the last bit."""
    is_grid: Bool[Tensor, " n_rows"]
    """Whether only numbers that occur are made; else what lies between two neighbours too."""
    tolerance: Float[Tensor, " n_rows"]
    """Numbers nearer than this are the same."""

    @staticmethod
    def fit(samples: Sequence[np.ndarray], tolerances: Sequence[float]) -> Tables:
        """Of numbers, one array for each row.

        Args:
            samples: Each of shape `(n,)`, finite.
            tolerances: Numbers nearer to each other than this are the same.
        """
        rows, is_grid = [], []
        for numbers, tolerance in zip(samples, tolerances, strict=True):
            merged = _merged(np.sort(numbers.astype(np.float64)), tolerance)
            is_grid.append(float((np.diff(merged) == 0).mean()) > TIED)
            ranks = (np.arange(N_KNOTS) + 0.5) / N_KNOTS * len(merged) - 0.5
            rows.append(
                merged[np.clip(np.rint(ranks).astype(int), 0, len(merged) - 1)]
                if is_grid[-1]
                else np.interp(ranks, np.arange(len(merged)), merged)
            )
        if not rows:
            return Tables(torch.zeros(0, N_KNOTS), torch.zeros(0, dtype=torch.bool), torch.zeros(0))
        values = torch.from_numpy(np.stack(rows).astype(np.float32))
        return Tables(values, torch.tensor(is_grid), torch.tensor([*tolerances], dtype=torch.float32))

    def state(self) -> dict[str, Tensor]:
        """Everything needed to make them again."""
        return {"values": self.values, "is_grid": self.is_grid, "tolerance": self.tolerance}

    @staticmethod
    def from_state(tensors: Mapping[str, Tensor]) -> Tables:
        """Those that `tensors` came from."""
        return Tables(tensors["values"], tensors["is_grid"], tensors["tolerance"])

    def numbers(
        self, scores: Scores, rows: Int[Tensor, " n_columns"]
    ) -> tuple[Float[Tensor, "batch n_columns"], Scores]:
        """What scores, standard normal where real, stand for, and the scores of these very numbers.

        Where the nearest of two neighbours is taken the gradient goes along the line between them.

        Args:
            scores: Any numbers.
            rows: The table of each column.
        """
        last, is_grid = self.values.shape[1] - 1, self.is_grid[rows]
        places = (torch.special.ndtr(scores) * (last + 1) - 0.5).clamp(0, last)  # (batch, n_columns)
        starts, flat = rows * (last + 1), self.values.flatten()
        left = places.detach().long().clamp(max=last - 1) + starts
        between = torch.lerp(flat[left], flat[left + 1], places + starts - left)
        nearest = places.detach().round().long() + starts
        made = torch.where(is_grid, flat[nearest] + (between - between.detach()), between)
        seen = scores + (self.middles.flatten()[nearest] - scores).detach()
        return made, torch.where(is_grid, seen, scores.clamp(-MOST, MOST))

    def scores(
        self,
        numbers: Float[Tensor, "batch n_columns"],
        rows: Int[Tensor, " n_columns"],
        shares: Float[Tensor, "batch n_columns"] | float = 0.5,
    ) -> Scores:
        """The scores of numbers: of what covers several ranks the middle, or at `shares` of their way."""
        table, tolerance = self.values[rows], self.tolerance[rows, None]  # (n_columns, n_knots)
        wanted = numbers.T.contiguous()  # (n_columns, batch)
        last = table.shape[1] - 1
        right = torch.searchsorted(table, wanted - tolerance).clamp(max=last)
        left = (right - 1).clamp(min=0)
        low, high = table.gather(1, left), table.gather(1, right)
        is_there = (high - wanted).abs() <= tolerance
        between = left + ((wanted - low) / (high - low).clamp(min=1e-30)).clamp(0, 1) * (right - left)
        n_equal = self.n_equal[rows].gather(1, right)
        way = shares.T if isinstance(shares, Tensor) else shares
        places = torch.where(is_there, right + n_equal * way - 0.5, between)
        return self._normal(places).T

    def _normal(self, places: Tensor) -> Tensor:
        return torch.special.ndtri((places + 0.5) / self.values.shape[1]).clamp(-MOST, MOST)

    @cached_property
    def n_equal(self) -> Float[Tensor, "n_rows n_knots"]:
        """Of the first of equal knots: how many there are."""
        first = torch.searchsorted(self.values, self.values)
        return (torch.searchsorted(self.values, self.values, right=True) - first).float()

    @cached_property
    def middles(self) -> Scores:
        """The score of each knot: the middle of all that are equal to it."""
        first = torch.searchsorted(self.values, self.values)
        return self._normal(first + (self.n_equal - 1) / 2)


def _merged(ordered: np.ndarray, tolerance: float) -> np.ndarray:
    """Numbers in order, those that differ by rounding alone made equal; what is nearly zero is zero."""
    groups = np.concatenate([[0], np.cumsum(np.diff(ordered) > tolerance)])
    means = np.bincount(groups, ordered) / np.bincount(groups)
    means[np.abs(means) <= tolerance] = 0.0
    return means[groups]

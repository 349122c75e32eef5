"""What a learnt column can be under a condition: its states, levels and cells, by how often they occur."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.errors import UsageError
from gansmith.tabular.conditions import Condition

Codes = Int[np.ndarray, " n"]
Levels = Float[np.ndarray, " n"]
Weights = Float[np.ndarray, " n"]

ANY_STATE: Final = -1
_MIN_WEIGHT: Final = 1e-6


@final
@dataclass(frozen=True)
class Drawn:
    """Some cells of a column, as the networks see them and as they are written."""

    codes: Codes
    levels: Levels
    cells: pa.Array | None
    """None where the column is made anew and only which cells are missing is asked."""


@final
class Entries(NamedTuple):
    """Some of what a column can be, whether it fulfils a condition or not."""

    codes: Codes
    levels: Levels
    widths: Levels
    """How much of the levels of its bin an entry stands for; 0 where it is a single value."""
    weights: Weights
    """Records that are like each entry."""
    cells: pa.Array

    @staticmethod
    def singles(codes: Codes, weights: Weights, cells: pa.Array, levels: Levels | None = None) -> Entries:
        """Entries that are single values."""
        none = np.zeros(len(codes), np.float32)
        return Entries(codes, none if levels is None else levels.astype(np.float32), none, weights, cells)


@final
@dataclass(frozen=True)
class Choices:
    """What a column can be under a condition, one entry for each value or small part of a bin."""

    condition: Condition
    codes: Codes
    """Ascending."""
    levels: Levels
    widths: Levels
    """How much of the levels of its bin an entry stands for; 0 where it is a single value."""
    cells: pa.Array | None
    weights: Weights
    """Records that are like each entry, above zero."""
    decode: Callable[[Codes, Levels], pa.Array] | None = None
    """Cells of states and levels, where an entry stands for several of these."""

    @staticmethod
    def among(
        parts: Sequence[Entries],
        condition: Condition,
        what_is_known: str,
        decode: Callable[[Codes, Levels], pa.Array] | None = None,
    ) -> Choices:
        """Those entries that fulfil a condition.

        Raises:
            UsageError: None does; the message ends with what is known.
        """
        codes, levels, widths, weights = (
            np.concatenate([part[place] for part in parts]) for place in range(4)
        )
        cells = pa.concat_arrays([part.cells for part in parts])
        keep = np.flatnonzero(condition.holds(cells))
        if not len(keep):
            raise UsageError(f"column {condition.column.name!r}: nothing is {condition}: {what_is_known}")
        keep = keep[np.argsort(codes[keep], kind="stable")]
        weights = np.maximum(weights[keep], _MIN_WEIGHT)
        return Choices(
            condition, codes[keep], levels[keep], widths[keep], cells.take(pa.array(keep)), weights, decode
        )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def is_finite(self) -> bool:
        """Whether the entries are all the values that there can be."""
        return self.cells is not None and not self.widths.any()

    def draw(self, states: Codes, rng: np.random.Generator) -> Drawn:
        """One cell for each state, as often as it occurs; any for `ANY_STATE` and for impossible ones."""
        upto = np.concatenate([[0.0], np.cumsum(self.weights)])
        first, last = (np.searchsorted(self.codes, states, side) for side in ("left", "right"))
        first, last = np.where(first == last, 0, first), np.where(first == last, len(self), last)
        shares, shifts = rng.random((len(states), 2)).T  # record by record
        aims = upto[first] + shares * (upto[last] - upto[first])
        return self.at(np.clip(np.searchsorted(upto, aims, "right") - 1, first, last - 1), shifts - 0.5)

    def at(self, places: Codes, shifts: Float[np.ndarray, " n"] | None = None) -> Drawn:
        """The entries at these places, moved within their part of the bin by shares of it, -1/2 to 1/2."""
        codes, levels = self.codes[places], self.levels[places]
        if self.cells is None:
            return Drawn(codes, levels, None)
        cells = self.cells.take(pa.array(places))
        if shifts is None or self.decode is None or not self.widths.any():
            return Drawn(codes, levels, cells)
        moved = np.clip(levels + shifts * self.widths[places], -1, 1).astype(np.float32)
        other = self.decode(codes, moved)
        is_better = self.condition.holds(other) & (self.widths[places] > 0)
        return Drawn(codes, np.where(is_better, moved, levels), pc.if_else(pa.array(is_better), other, cells))


def check_missing(condition: Condition, has_missing: bool) -> None:
    """Raise UsageError when a missing cell is asked for where none was learnt."""
    if not has_missing and condition.values is not None and condition.values.null_count:
        raise UsageError(f"column {condition.column.name!r} has no missing cells, so none can be asked for.")


def missing_cell(condition: Condition, n_present: float) -> Entries:
    """The missing cell, as frequent as in the data.

    Args:
        condition: On the column.
        n_present: Records that have a value.
    """
    rate = min(condition.column.missing_rate, 0.999)
    weight = np.full(1, max(1.0, n_present * rate / (1 - rate)))
    return Entries.singles(np.zeros(1, np.int64), weight, pa.nulls(1, condition.column.arrow_type))

"""What a learnt column can be under a condition: its states, levels and cells, by how often they occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import UsageError, did_you_mean
from gansmith.tabular.columns.base import AbstractColumnCodec, Codes, Levels
from gansmith.tabular.columns.categories import CategoryCodec
from gansmith.tabular.columns.numbers import NumberCodec, to_numbers
from gansmith.tabular.conditions import Condition

ANY_STATE: Final = -1
N_LEVELS: Final = 64
"""Levels of a bin that are tried, and then moved a little, where a range is asked for."""
_MIN_WEIGHT: Final = 1e-6

Weights = Float[np.ndarray, " n"]


@final
@dataclass(frozen=True)
class Drawn:
    """Some cells of a column, as the networks see them and as they are written."""

    codes: Codes
    levels: Levels
    cells: pa.Array | None
    """None where the column is made anew and only which cells are missing is asked."""


@final
@dataclass(frozen=True)
class Choices:
    """What a column can be under a condition, one entry for each value or small part of a bin."""

    condition: Condition
    codec: AbstractColumnCodec
    codes: Codes
    """Ascending."""
    levels: Levels
    widths: Levels
    """How much of the levels of its bin an entry stands for; 0 where it is a single value."""
    cells: pa.Array | None
    weights: Weights
    """Records that are like each entry, above zero."""

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
        if shifts is None or not self.widths.any():
            return Drawn(codes, levels, cells)
        moved = np.clip(levels + shifts * self.widths[places], -1, 1).astype(np.float32)
        other = self.codec.decode(codes, moved, np.random.default_rng(0), 0)
        is_better = self.condition.holds(other) & (self.widths[places] > 0)
        return Drawn(codes, np.where(is_better, moved, levels), pc.if_else(pa.array(is_better), other, cells))


def choices_for(codec: AbstractColumnCodec, condition: Condition) -> Choices:
    """What the column can be.

    Raises:
        UsageError: When nothing that was learnt fulfils the condition, with the nearest that is known.
    """
    if not isinstance(codec, (NumberCodec, CategoryCodec)):
        return _presence(codec, condition)
    _check_missing(condition, codec.has_missing)
    parts = [_missing(codec, condition)] if codec.has_missing else []
    if isinstance(codec, CategoryCodec):
        parts.append(_categories(codec, condition))
    else:
        parts += _ranged(codec, condition) if condition.values is None else [_listed(codec, condition)]
    codes, levels, widths, weights = (np.concatenate([part[place] for part in parts]) for place in range(4))
    cells = pa.concat_arrays([part[4] for part in parts])
    keep = np.flatnonzero(condition.holds(cells))
    if not len(keep):
        name = condition.column.name
        raise UsageError(f"column {name!r}: nothing is {condition}: {_what_is_known(codec)}")
    keep = keep[np.argsort(codes[keep], kind="stable")]
    weights = np.maximum(weights[keep], _MIN_WEIGHT)
    return Choices(
        condition, codec, codes[keep], levels[keep], widths[keep], cells.take(pa.array(keep)), weights
    )


_Part = tuple[Codes, Levels, Levels, Weights, pa.Array]
"""Codes, levels, widths, weights and cells of some entries."""


def _singles(codes: Codes, levels: Levels, weights: Weights, cells: pa.Array) -> _Part:
    """Entries that are single values."""
    return codes, levels.astype(np.float32), np.zeros(len(codes), np.float32), weights, cells


def _missing(codec: NumberCodec | CategoryCodec, condition: Condition) -> _Part:
    """The missing cell."""
    column = condition.column
    rate = min(column.missing_rate, 0.999)
    weight = np.full(1, max(1.0, float(codec.counts.sum()) * rate / (1 - rate)))
    return _singles(np.zeros(1, np.int64), np.zeros(1), weight, pa.nulls(1, column.arrow_type))


def _categories(codec: CategoryCodec, condition: Condition) -> _Part:
    """Every category, those of a group too.

    Raises:
        UsageError: When the condition names one that is not there.
    """
    cells = codec.values.cast(condition.column.arrow_type)
    named = condition.named.drop_null()
    unknown = named.filter(pc.is_null(pc.index_in(named, value_set=cells)))
    if len(unknown):
        text, known = str(unknown[0].as_py()), [str(value) for value in codec.values.to_pylist()]
        raise UsageError(
            f"column {condition.column.name!r} has no value {text!r}. {did_you_mean(text, known)}"
        )
    states = codec.has_missing + codec.states
    return _singles(states, np.zeros(len(cells)), codec.counts.astype(float), cells)


def _listed(codec: NumberCodec, condition: Condition) -> _Part:
    """The numbers that the condition lists.

    Raises:
        UsageError: When one of them is beyond what was learnt.
    """
    cells = condition.named.drop_null()
    numbers, _ = to_numbers(cells, condition.column)
    for number, cell in zip(numbers, cells, strict=True):
        _check_number(codec, float(number), cell)
    codes, levels = codec.encode(cells, np.random.default_rng(0))
    steps = [_share(codec, number, "right") - _share(codec, number, "left") for number in numbers]
    weights = 0.5 + np.array(steps) * codec.counts[-1]
    is_spike = np.isin(numbers, codec.spikes)
    weights[is_spike] = codec.counts[np.searchsorted(codec.spikes, numbers[is_spike])]
    return _singles(codes, levels, weights, cells)


def _ranged(codec: NumberCodec, condition: Condition) -> list[_Part]:
    """All single values, and the bins as far as the range reaches into them."""
    n_spikes = len(codec.spikes)
    states, weights = codec.has_missing + np.arange(n_spikes), codec.counts[:-1].astype(float)
    parts = [_singles(states, np.zeros(n_spikes), weights, codec.numbers_as_cells(codec.spikes))]
    if not codec.n_bins:
        return parts
    low, high = _shares_between(codec, condition)
    first = min(int(low * codec.n_bins), codec.n_bins - 1)
    last = min(max(int(np.ceil(high * codec.n_bins)), first + 1), codec.n_bins)
    for place in range(first, last):
        begin, end = max(low * codec.n_bins, place), min(high * codec.n_bins, place + 1)
        width = max(end - begin, 1e-9)
        levels = 2 * (begin - place + width * (np.arange(N_LEVELS) + 0.5) / N_LEVELS) - 1
        levels = np.clip(levels, -1, 1).astype(np.float32)
        codes = np.full(N_LEVELS, codec.has_missing + n_spikes + place)
        weights = np.full(N_LEVELS, codec.counts[-1] / codec.n_bins * width / N_LEVELS)
        cells = codec.decode(codes, levels, np.random.default_rng(0), 0)
        parts.append((codes, levels, np.full(N_LEVELS, 2 * width / N_LEVELS, np.float32), weights, cells))
    if not any(condition.holds(part[4]).any() for part in parts):  # narrower than any step of the levels
        parts.append(_ends(codec, condition))
    return parts


def _shares_between(codec: NumberCodec, condition: Condition) -> tuple[float, float]:
    """The part of the distribution function between the ends of the range."""
    low, high = 0.0, 1.0
    for operator, end in condition.bounds:
        number = to_numbers(pa.array([end.as_py()], end.type), condition.column)[0][0]
        if operator.startswith(">"):
            low = max(low, _share(codec, number, "left"))
        else:
            high = min(high, _share(codec, number, "right"))
    return low, max(low, high)


def _share(codec: NumberCodec, number: float, side: Literal["left", "right"]) -> float:
    """The distribution function at a number, on one side of its step if there is one."""
    if not codec.n_bins:
        return 0.0
    left, right = (int(np.searchsorted(codec.knots, number, end)) for end in ("left", "right"))
    if left == right:
        return float(np.interp(number, codec.knots, codec.shares))
    return float(codec.shares[left if side == "left" else right - 1])


def _ends(codec: NumberCodec, condition: Condition) -> _Part:
    """The ends of a range, those that lie within what was learnt."""
    cells = pa.array([end.as_py() for _, end in condition.bounds], condition.column.arrow_type)
    numbers, _ = to_numbers(cells, condition.column)
    cells = cells.filter(pa.array((numbers >= codec.knots[0]) & (numbers <= codec.knots[-1])))
    codes, levels = codec.encode(cells, np.random.default_rng(0))
    return _singles(codes, levels, np.ones(len(cells)), cells)


def _presence(codec: AbstractColumnCodec, condition: Condition) -> Choices:
    """Missing or not, for a column whose values are made anew or put together when it is decoded.

    Raises:
        UsageError: When anything else is asked.
    """
    column = condition.column
    if len(condition.named.drop_null()) or condition.bounds:
        raise UsageError(
            f"column {column.name!r} is {column.kind}: its values cannot be asked for, "
            "only whether it has one."
        )
    _check_missing(condition, codec.has_missing)
    is_missing = condition.values is not None
    codes = np.zeros(1, np.int64) if is_missing else np.arange(int(codec.has_missing), max(codec.n_states, 1))
    zeros = np.zeros(len(codes), np.float32)
    return Choices(condition, codec, codes, zeros, zeros, None, np.ones(len(codes)))


def _check_missing(condition: Condition, has_missing: bool) -> None:
    if not has_missing and condition.values is not None and condition.values.null_count:
        raise UsageError(f"column {condition.column.name!r} has no missing cells, so none can be asked for.")


def _check_number(codec: NumberCodec, number: float, cell: pa.Scalar) -> None:
    known = np.concatenate([codec.spikes, codec.knots])
    if not len(known):
        raise UsageError(f"column {codec.column.name!r} has no values, only missing cells.")
    if not known.min() <= number <= known.max() or (not codec.n_bins and number not in codec.spikes):
        nearest = codec.numbers_as_cells(known[[np.abs(known - number).argmin()]])[0]
        raise UsageError(
            f"column {codec.column.name!r} has no value {cell.as_py()}: {_what_is_known(codec)} "
            f"The nearest is {nearest.as_py()}."
        )


def _what_is_known(codec: AbstractColumnCodec) -> str:
    if not isinstance(codec, NumberCodec):
        return "no value is left. Ask for less."
    known = np.concatenate([codec.spikes, codec.knots])
    if not len(known):
        return "it has no values, only missing cells."
    low, high = (str(end) for end in codec.numbers_as_cells(np.array([known.min(), known.max()])).to_pylist())
    return f"it was learnt from {low} to {high}."

"""Groups of records: those that share a category, or a band of a number, of one column or of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Int

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.naming import Naming

MAX_GROUPS: Final = 400
SMALLEST: Final = 30
"""Real records, and synthetic ones, of a group that is looked at."""
MAX_VALUES: Final = 20
"""Categories of a column that make cells; all others are one, which makes no group."""
MAX_COLUMNS: Final = 24
"""Columns that make groups; of more, so many are drawn."""
FEW_NUMBERS: Final = 6
"""A number with no more different values than this is cut into them."""
_N_BANDS, _N_TAILS = 5, 10
_SAME: Final = 0.9
"""A group with a larger share of all records, or of those of a group by one column, is no other one."""


@final
@dataclass(frozen=True)
class Cell:
    """Records with a value, within a band of numbers, or without a value, of one column."""

    column: str
    label: str
    """In words: "sex = female", "age 60 and more"."""
    low: float
    """NaN: the value is missing."""
    high: float
    """Not in the cell itself."""
    is_part: bool = True
    """Whether the column was cut into it, so that it meets no other one."""

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values of the column lie in it: bool, of the same shape."""
        return np.isnan(values) if np.isnan(self.low) else (values >= self.low) & (values < self.high)


def cells_of(naming: Naming, name: str) -> list[Cell]:
    """A column cut into cells that do not meet, and that may all be named; what is in none is rare.

    Categories and numbers of few values are cut into these, numbers into fifths at rounded quantiles; missing
    values are the last cell.
    """
    values = naming.values(name)
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    is_category = bool(naming.real.is_category[naming.real.position(name)])
    if is_category or len(distinct) <= FEW_NUMBERS:
        frequent = distinct[np.argsort(-counts, kind="stable")].tolist()
        kept = [value for value in frequent if naming.may_name(name, value)][:MAX_VALUES]
        found = [
            Cell(name, f"{name} = {naming.cell(name, value)}", value, _after(value))
            for value in (kept if is_category else sorted(kept))
        ]
    else:
        usual = float(distinct[counts.argmax()])
        is_cell = counts.max() * _N_BANDS >= counts.sum() and naming.may_name(name, usual)
        edges = {-np.inf, *naming.cuts(name, _N_BANDS).tolist(), np.inf}
        edges |= {usual, _after(usual)} if is_cell else set[float]()
        found = [_band(naming, name, *ends, usual) for ends in pairwise(sorted(edges))]
    return [*found, Cell(name, f"{name} missing", np.nan, np.nan)]


def tails_of(naming: Naming, name: str) -> list[Cell]:
    """The lower and the upper part of a number, cut at each rounded tenth."""
    values = naming.values(name)
    is_category = bool(naming.real.is_category[naming.real.position(name)])
    if is_category or len(np.unique(values[~np.isnan(values)])) <= FEW_NUMBERS:
        return []
    cuts = naming.cuts(name, _N_TAILS).tolist()
    half = len(cuts) // 2
    ends = [*((-np.inf, cut) for cut in cuts[1:half]), *((cut, np.inf) for cut in cuts[half:])]
    return [replace(_band(naming, name, *two), is_part=False) for two in ends]


def places_in(cells: Sequence[Cell], values: np.ndarray) -> Int[np.ndarray, " n_records"]:
    """In which of some cells of one column each value lies; their number where it is in none."""
    places = np.full(len(values), len(cells))
    for place, cell in enumerate(cells):
        places[cell.holds(values)] = place
    return places


@final
@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of records by one column or by two."""

    singles: tuple[Cell, ...]
    """Cells of all columns."""
    members: tuple[tuple[int, ...], ...]
    """Of each group the cells, one or two, that its records lie in."""

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What the groups are called: "sex = female, age 60 and more"."""
        return tuple(", ".join(self.singles[cell].label for cell in one) for one in self.members)

    @cached_property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The columns that make each group."""
        return tuple(tuple(self.singles[cell].column for cell in one) for one in self.members)

    def of(self, part: Features) -> Bool[np.ndarray, "n_groups n_records"]:
        """Which records belong to which group."""
        held = _held(self.singles, part)
        found = np.empty((len(self), len(part)), dtype=bool)
        for place, cells in enumerate(self.members):
            np.logical_and(held[cells[0]], held[cells[-1]], out=found[place])
        return found


def groups_of(fake: Features, real: Features, naming: Naming, names: Sequence[str], *, seed: int) -> Groups:
    """Groups by one column, and of those by two the largest, 400 in all at most.

    Which these are depends on how many records they have, not on what is in them.

    Args:
        fake: Synthetic records; a group has 30 of them or more.
        real: Real records; likewise.
        naming: Of all real records; what it does not name makes no group.
        names: Columns that may make groups.
        seed: Draws columns, where there are more than 24.
    """
    if len(names) > MAX_COLUMNS:
        chosen: list[int] = np.sort(draws(seed).permutation(len(names))[:MAX_COLUMNS]).tolist()
        names = [names[place] for place in chosen]
    parts, tails = (
        _large([cell for name in names for cell in cut(naming, name)], fake, real)
        for cut in (cells_of, tails_of)
    )
    bands = {replace(cell, is_part=False) for cell in parts}
    tails = [cell for cell in tails if cell not in bands]
    singles = [(place,) for place in range(len(parts) + len(tails))][:MAX_GROUPS]
    pairs = _pairs(parts, fake, real)[: MAX_GROUPS - len(singles)]
    return Groups((*parts, *tails), (*singles, *pairs))


def _pairs(cells: Sequence[Cell], fake: Features, real: Features) -> list[tuple[int, int]]:
    """Pairs of cells of different columns with enough records, the largest first."""
    sizes: list[np.ndarray] = []
    for part in (fake, real):
        held = _held(cells, part).astype(np.float32)
        sizes.append(held @ held.T)  # (n_cells, n_cells), records in both
    columns = np.array([cell.column for cell in cells])
    alone = np.diag(sizes[1]) if len(cells) else np.zeros(0)
    is_new = sizes[1] < _SAME * np.minimum(alone[:, None], alone)
    is_group = (np.minimum(*sizes) >= SMALLEST) & (columns[:, None] != columns) & is_new
    first, second = np.nonzero(np.triu(is_group))
    order = np.argsort(-sizes[1][first, second], kind="stable")
    return [(int(first[place]), int(second[place])) for place in order]


def _after(value: float) -> float:
    return float(np.nextafter(value, np.inf))


def _band(naming: Naming, name: str, low: float, high: float, usual: float = np.nan) -> Cell:
    """Numbers from `low` to below `high`; the most usual one may be a cell, after which the next begins."""
    start, end = (naming.real.cell(name, one) if np.isfinite(one) else "" for one in (low, high))
    if low == usual and high == _after(usual):
        return Cell(name, f"{name} = {start}", low, high)
    if low == _after(usual):
        words = f"above {naming.real.cell(name, usual)}" + (f" and below {end}" if end else "")
    else:
        words = (
            f"{start} to below {end}" if start and end else f"{start} and more" if start else f"below {end}"
        )
    return Cell(name, f"{name} {words}", low, high)


def _large(cells: list[Cell], fake: Features, real: Features) -> list[Cell]:
    """Those with enough records on both sides, and not nearly all."""
    ours, theirs = (_held(cells, part).sum(axis=1) for part in (fake, real))
    is_group = (np.minimum(ours, theirs) >= SMALLEST) & (theirs < _SAME * len(real))
    return [cell for cell, is_one in zip(cells, is_group.tolist(), strict=True) if is_one]


def _held(cells: Sequence[Cell], part: Features) -> Bool[np.ndarray, "n_cells n_records"]:
    held = [cell.holds(part.values[:, part.position(cell.column)]) for cell in cells]
    return np.stack(held) if held else np.zeros((0, len(part)), dtype=bool)

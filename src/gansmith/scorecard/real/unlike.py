"""What is not as in real data: columns, and what pairs and triples of columns have in common beyond that.

Every column is cut into a few cells, missing being one of them, and each joint table of one, two or three
columns is compared *given* all smaller ones: a column that is off does not make its pairs off, nor a pair its
triples. Cells are cut by both samples together, which are alike to each test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.scorecard.chance import adjusted, chance_unlike
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.real.joint import draw_subsets

MAX_RECORDS: Final = 20_000
"""Records on each side that are counted; of more, so many are drawn."""
MAX_SUBSETS: Final = {2: 3_000, 3: 3_000}
"""Pairs, and triples; of more, so many are drawn."""
_MOST_BINS: Final = {1: 16, 2: 5, 3: 3}
"""Cells that numbers are cut into, in tables of one, two and three columns, ..."""
_MOST_CODES: Final = {1: 256, 2: 8, 3: 5}
"""... and cells of categories, the rarest of which share one; missing is one of them."""
_PER_CELL: Final = 30
"""Records of both samples for each cell of a joint table, on average, ..."""
_FEWEST: Final = 5
"""... and in each the fewest of the smaller sample that are to be expected; cells with fewer are left out."""
_N_STEPS: Final = 100
"""Steps of the fit, at most."""
_CLOSE: Final = 0.01
"""Records by which sums of a fit may be off."""
_LIKELY: Final = 0.05
"""A chance from which on it need not be known any better."""


@final
@dataclass(frozen=True)
class Unlike:
    """How far a column, or what several have in common, is from that of real records."""

    columns: tuple[str, ...]
    """One, two or three, in the order of the table."""
    chance: float
    """Of one as far off as this among as many of its kind, were both samples drawn alike (Holm)."""
    effect: float
    """Share of the records that are where they should not be, less what chance gives, 0 to 1."""
    part: str = ""
    """What of a date is compared: "weekday"."""
    is_of_gaps: bool = False
    """Whether it is about which cells are missing."""

    @property
    def words(self) -> str:
        """What a person would call it."""
        said = " and ".join(
            (", ".join(self.columns[:-1]), self.columns[-1]) if self.columns[1:] else self.columns
        )
        return f"gaps of {said}" if self.is_of_gaps else f"{said}: {self.part}" if self.part else said


def unlike(fake: Features, real: Features, *, seed: int = 0) -> list[Unlike]:
    """All columns, pairs and triples (of very many, some of them), the furthest off first.

    Args:
        fake: Synthetic records.
        real: Held-out ones.
        seed: Of what is drawn.
    """
    rng = draws(seed)
    fake, real = (side.sample(min(len(side), MAX_RECORDS), rng) for side in (fake, real))
    both, n_fake = fake.above(real), len(fake)
    if not min(n_fake, len(real)):
        return []
    found = _columns_alone(both, n_fake)
    for size in MAX_SUBSETS:
        subsets = np.sort(draw_subsets(fake.n_columns, size, MAX_SUBSETS[size], rng), axis=1)
        found += _together(both, n_fake, subsets) if len(subsets) else []
    return sorted(found, key=lambda one: -one.effect)


def _columns_alone(both: Features, n_fake: int) -> list[Unlike]:
    """Each column, and the parts of each date that are further off than itself."""
    fewest = _fewest(n_fake, len(both))
    n_bins = int(np.clip(len(both) / (4 * fewest), 2, _MOST_BINS[1]))
    chances, found = dict[tuple[str, str], float](), list[Unlike]()
    for name, values, is_category in zip(both.names, both.values.T, both.is_category.tolist(), strict=True):
        parts = {"": values, **parts_of_dates(values, both.scales.get(name))}
        for part, one in parts.items():
            is_code = is_category or bool(part)
            n_cells = _MOST_CODES[1] if is_code else n_bins
            cells = cells_of(one, is_category=is_code, n_cells=n_cells, fewest=fewest)
            counts, ours = (np.bincount(side, minlength=cells.max() + 1) for side in (cells, cells[:n_fake]))
            chances[name, part] = chance_unlike(ours, counts - ours)
            table = Tables(
                counts[:, None], ours[:, None], np.array([[n_fake / len(both)]]), n_fake, len(both)
            )
            effect = float(table.effects(np.array([len(counts) - 1.0]))[0])
            is_of_gaps = bool(_are_of_gaps(table.off, _gap_cells(one[None], cells[None])[None])[0])
            found.append(Unlike((name,), 1.0, effect, part, is_of_gaps and not part))
    likely = adjusted(chances)
    whole = {one.columns[0]: one.effect for one in found if not one.part}
    return [
        replace(one, chance=likely[one.columns[0], one.part])
        for one in found
        if not one.part or one.effect > whole[one.columns[0]]
    ]


def cells_of(
    values: Float[np.ndarray, " n_records"], *, is_category: bool, n_cells: int, fewest: int
) -> Int[np.ndarray, " n_records"]:
    """The cell of each value, from 0: numbers by their rank, categories by frequency, the rarest together.

    Missing values are the last cell, where there are enough of them; equal numbers share a cell.

    Args:
        values: Of one column, NaN where missing.
        is_category: Whether they are codes.
        n_cells: Cells, at most, 2 or more.
        fewest: Records that a cell has to hold to be one of a category or of gaps.

    Example:
        >>> cells_of(np.array([0.0, 0.0, 0.0, 7.0, 8.0, 9.0]), is_category=False, n_cells=2, fewest=1)
        array([0, 0, 0, 1, 1, 1])
    """
    is_missing = np.isnan(values)
    n_kept = n_cells - (is_missing.sum() >= fewest)
    found = np.zeros(len(values), dtype=np.int64)
    _, inverse, counts = np.unique(values[~is_missing], return_inverse=True, return_counts=True)
    if is_category:
        rank = np.empty(len(counts), dtype=np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        of_value = np.minimum(rank, min(n_kept - 1, np.count_nonzero(counts >= fewest)))
    else:
        middle = (np.cumsum(counts) - counts / 2) / max(1, counts.sum())
        of_value = np.unique(np.floor(middle * n_kept), return_inverse=True)[1]
    found[~is_missing] = of_value[inverse]
    if n_kept < n_cells:
        found[is_missing] = found.max() + 1 if len(counts) else 0
    return found


def parts_of_dates(values: Float[np.ndarray, " n_records"], scale: str | None) -> dict[str, np.ndarray]:
    """Weekday, month, day of the month and hour of dates, as codes, as far as they vary; NaN where missing.

    Args:
        values: Days or seconds since 1970.
        scale: Which of the two; any other has no parts.
    """
    if scale not in ("days", "seconds"):
        return {}
    is_there = ~np.isnan(values)
    whole = np.floor(values[is_there])
    seconds = whole.astype("datetime64[s]") if scale == "seconds" else whole.astype("datetime64[D]")
    days = seconds.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    parts = {
        "weekday": (days.astype(np.int64) + 3) % 7,
        "month": months.astype(np.int64) % 12,
        "day of the month": (days - months.astype("datetime64[D]")).astype(np.int64),
        "hour": (seconds.astype("datetime64[h]") - days.astype("datetime64[h]")).astype(np.int64),
    }
    found: dict[str, np.ndarray] = {}
    for name, codes in parts.items():
        if len(codes) and codes.min() < codes.max():
            found[name] = np.full(len(values), np.nan)
            found[name][is_there] = codes
    return found


def _together(both: Features, n_fake: int, subsets: Int[np.ndarray, "n_subsets size"]) -> list[Unlike]:
    """Of each subset, what its columns have in common beyond what fewer of them have."""
    tables, n_free, is_of_gaps = interactions(both, n_fake, subsets)
    likely = adjusted(dict(enumerate(tables.chances(n_free).tolist())))
    effects = tables.effects(n_free).tolist()
    return [
        Unlike(
            tuple(both.names[column] for column in subset), likely[place], effects[place], is_of_gaps=is_gap
        )
        for place, (subset, is_gap) in enumerate(zip(subsets.tolist(), is_of_gaps.tolist(), strict=True))
    ]


def interactions(
    both: Features, n_fake: int, subsets: Int[np.ndarray, "n_subsets size"]
) -> tuple[Tables, Float[np.ndarray, " n_subsets"], Bool[np.ndarray, " n_subsets"]]:
    """Joint tables of columns beside the model that fits all smaller tables, for each sample.

    Args:
        both: Records, the synthetic ones first.
        n_fake: How many of them are synthetic.
        subsets: Places of two or three columns.

    Returns:
        The tables, their degrees of freedom, and whether what they are off is about gaps.
    """
    size, fewest = subsets.shape[1], _fewest(n_fake, len(both))
    n_codes = int(np.clip((len(both) / _PER_CELL) ** (1 / size), 2, _MOST_CODES[size]))
    n_bins = min(n_codes, _MOST_BINS[size])
    cells = np.stack(
        [
            cells_of(values, is_category=is_code, n_cells=n_codes if is_code else n_bins, fewest=fewest)
            for values, is_code in zip(both.values.T, both.is_category.tolist(), strict=True)
        ]
    )
    n_cells = int(cells.max()) + 1
    counts, ours = (_counted(part, subsets, n_cells) for part in (cells, cells[:, :n_fake]))
    is_kept = _kept(counts, ours, fewest)
    counts, ours = counts * is_kept, ours * is_kept
    tables = Tables(counts, ours, fitted(counts, ours), n_fake, len(both))
    n_free = _least_free(is_kept)
    is_open = tables.chances(np.maximum(n_free, 1.0)) < _LIKELY
    if is_open.any():
        n_free[is_open] = degrees_of_freedom(is_kept[..., is_open])
    return tables, n_free, _are_of_gaps(tables.off, _gap_cells(both.values.T, cells)[subsets])


def _fewest(n_fake: int, n: int) -> int:
    """Records of both samples of which enough are to be expected of the smaller one."""
    return int(np.ceil(_FEWEST * n / min(n_fake, n - n_fake)))


def _counted(cells: np.ndarray, subsets: np.ndarray, n_cells: int) -> np.ndarray:
    """Joint tables: shape `(n_cells, n_cells[, n_cells], n_subsets)`."""
    size = subsets.shape[1]
    counts = np.empty((len(subsets), n_cells**size))
    for place, subset in enumerate(subsets):
        joint = cells[subset[0]]
        for column in subset[1:]:
            joint = joint * n_cells + cells[column]
        counts[place] = np.bincount(joint, minlength=n_cells**size)
    return np.ascontiguousarray(counts.T).reshape(*[n_cells] * size, len(subsets))


def _kept(counts: np.ndarray, ours: np.ndarray, fewest: int) -> np.ndarray:
    """Cells with records enough, whose sums hold records of both samples."""
    is_kept = counts >= fewest
    for axis in 2 * tuple(range(counts.ndim - 1)):
        both, own = ((part * is_kept).sum(axis, keepdims=True) for part in (counts, ours))
        is_kept = is_kept & (own > 0) & (own < both)
    return is_kept


def fitted(
    counts: Float[np.ndarray, "*cells n_tables"], ours: Float[np.ndarray, "*cells n_tables"]
) -> np.ndarray:
    """The share of synthetic records in each cell, were there no interaction of the highest order.

    The log-linear model of sample and columns with all interactions but that of all of them together, fitted
    by iterative proportional fitting.

    Args:
        counts: Records of both samples in each cell of each table.
        ours: Synthetic ones.

    Returns:
        Shares 0 to 1 in the shape of `counts`, 0 where there is no record.

    Source:
        Deming & Stephan 1940, "On a least squares adjustment of a sampled frequency table", Annals of
        Mathematical Statistics 11; Bishop, Fienberg & Holland 1975, "Discrete multivariate analysis",
        chapter 3; tables with cells left out: chapter 5.
    """
    fake, shares, left = counts * 0.5, counts * 0.0, np.arange(counts.shape[-1])
    for _ in range(_N_STEPS):
        real, distance = counts - fake, np.zeros(len(left))
        for axis in range(counts.ndim - 1):
            own, all_ = (part.sum(axis, keepdims=True) for part in (ours, counts))
            now = fake.sum(axis, keepdims=True)
            distance = np.maximum(distance, np.abs(now - own).max(axis=tuple(range(counts.ndim - 1))))
            fake, real = fake * _ratio(own, now), real * _ratio(all_ - own, real.sum(axis, keepdims=True))
        fake = counts * _ratio(fake, fake + real)
        shares[..., left] = _ratio(fake, counts)
        is_open = distance > _CLOSE
        if not is_open.any():
            break
        fake, counts, ours, left = fake[..., is_open], counts[..., is_open], ours[..., is_open], left[is_open]
    return shares


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Zero where nothing is divided by nothing."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)


def _least_free(is_kept: np.ndarray) -> np.ndarray:
    """Degrees of freedom of tables, or a few less where cells left out take them apart."""
    axes = range(is_kept.ndim - 1)
    sums = [is_kept.any(axis).reshape(-1, is_kept.shape[-1]).sum(axis=0) for axis in axes]
    n_free = is_kept.reshape(-1, is_kept.shape[-1]).sum(axis=0) - np.sum(sums, axis=0) - 1.0
    ends = [is_kept.any(tuple(other for other in axes if other != axis)).sum(axis=0) for axis in axes]
    return np.maximum(n_free + (np.sum(ends, axis=0) if len(axes) > 2 else 2.0), 0.0)


def degrees_of_freedom(is_kept: Bool[np.ndarray, "*cells n_tables"]) -> Float[np.ndarray, " n_tables"]:
    """Of tables of which some cells are kept, given all sums along one axis: cells less the design's rank."""
    *sides, n_tables = is_kept.shape
    places = np.indices(sides).reshape(len(sides), -1)  # (n_columns, n_cells)
    sums = [
        np.unique(np.delete(places, axis, 0), axis=1, return_inverse=True)[1] for axis in range(len(sides))
    ]
    design = np.concatenate([np.eye(one.max() + 1)[one.ravel()] for one in sums], axis=1)
    patterns, which = np.unique(is_kept.reshape(-1, n_tables).T, axis=0, return_inverse=True)
    ranks = np.array([np.linalg.matrix_rank(design[pattern]) for pattern in patterns])
    return (patterns.sum(axis=1) - ranks)[which.ravel()].astype(np.float64)


@final
@dataclass(frozen=True, eq=False)
class Tables:
    """Joint tables beside what they would be without an interaction; all of shape `(*cells, n_tables)`."""

    counts: np.ndarray
    """Records of both samples in each cell."""
    ours: np.ndarray
    """Synthetic ones."""
    shares: np.ndarray
    """The share of synthetic records that is to be expected in each."""
    n_fake: int
    """Synthetic records, also those in cells that are left out."""
    n: int
    """Records of both samples."""

    @property
    def off(self) -> np.ndarray:
        """Synthetic records more than expected."""
        return self.ours - self.counts * self.shares

    @property
    def _variances(self) -> np.ndarray:
        return self.counts * self.shares * (1 - self.shares)

    def chances(self, n_free: np.ndarray) -> np.ndarray:
        """Of Pearson's chi squared: a gamma tail, wider where few records are to be expected."""
        from scipy.stats import gamma  # takes a moment: only where something is judged

        squared = _whole(_ratio(np.square(self.off), self._variances))
        excess = _whole(_ratio(1 - 6 * self.shares * (1 - self.shares), self._variances).clip(0.0))
        mean = np.maximum(n_free, 1.0)
        variance = 2 * mean + excess
        return np.where(n_free > 0, gamma.sf(squared, mean**2 / variance, scale=variance / mean), 1.0)

    def effects(self, n_free: np.ndarray) -> np.ndarray:
        """Share of the synthetic records that is where it would not be, less what chance gives.

        Total variation between the synthetic table and what it would be if its columns were related as those
        of real records; see `off`, of which real records have the opposite.
        """
        n_cells = np.maximum(_whole(self.counts > 0), 1)
        between = 0.5 * self.n / (self.n_fake * (self.n - self.n_fake))
        found = _whole(np.abs(self.off)) * between
        chance = _whole(np.sqrt(2 / np.pi * self._variances)) * np.sqrt(n_free / n_cells) * between
        return np.sqrt(np.maximum(np.square(found) - np.square(chance), 0.0)).clip(0.0, 1.0)


def _whole(tables: np.ndarray) -> np.ndarray:
    """The sum of each table."""
    return tables.reshape(-1, tables.shape[-1]).sum(axis=0)


def _gap_cells(columns: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Of each column the cell that holds missing values and nothing else; -1: there is none."""
    found = [
        own[is_gap].max(initial=-1) if own[is_gap].max(initial=-1) > own[~is_gap].max(initial=-1) else -1
        for own, is_gap in zip(cells, np.isnan(columns), strict=True)
    ]
    return np.array(found)


def _are_of_gaps(off: np.ndarray, gap_cells: np.ndarray) -> np.ndarray:
    """Whether half of what tables are off is still there when cells say only what is missing."""
    left = off
    for axis, own in enumerate(gap_cells.T):
        place = np.arange(off.shape[axis]).reshape(-1, *[1] * (off.ndim - 1))
        is_gap = np.moveaxis(place == own, 0, axis)
        parts = [np.where(is_it, left, 0.0).sum(axis, keepdims=True) for is_it in (is_gap, ~is_gap)]
        left = np.concatenate(parts, axis=axis)
    return 2 * _whole(np.abs(left)) > _whole(np.abs(off))

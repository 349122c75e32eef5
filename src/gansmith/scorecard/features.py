"""Records as the scorecard sees them: a matrix of numbers and category codes, drawn by any whole seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, final

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean

MAX_CODES: Final = 255
"""Categories that a score tells apart in a column, the rarer ones counting as one. The trees' limit, too."""

N_SEEDS: Final = 2**32
"""NumPy and scikit-learn take whole numbers of 0 to 2^32 - 1 alone."""

Scale = Literal["days", "seconds", "gaps"]
"""What the numbers of a column count: of a date days since 1970, of a time seconds since 1970; "gaps": the
column says only whether another one, which is not compared, has a cell."""


@final
@dataclass(frozen=True, eq=False)
class Features:
    """Records as rows of numbers and category codes.

    Raises:
        DataError: From the constructor, when the three fields do not fit together, a value is infinite, or a
            category is no whole number from 0.
    """

    names: tuple[str, ...]
    """Of the columns, in order."""
    values: np.ndarray
    """Shape `(n_records, n_columns)`, float64; NaN is missing; categories are whole codes 0, 1, ..."""
    is_category: np.ndarray
    """Shape `(n_columns,)`, bool: whether the column holds codes, whose order means nothing."""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """For people: what the codes of a column mean, in the order of the codes; a column may be left out."""
    scales: Mapping[str, Scale] = field(default_factory=dict[str, Scale])
    """Columns whose numbers are dates or times, or say where gaps are."""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.float64:
            raise DataError(
                f"Features of shape {self.values.shape} and type {self.values.dtype}. "
                "Wanted: a float64 matrix (n_records, n_columns)."
            )
        n_columns = self.values.shape[1]
        if len(self.names) != n_columns or self.is_category.shape != (n_columns,):
            raise DataError(
                f"Features of {n_columns} columns with {len(self.names)} names and is_category of shape "
                f"{self.is_category.shape}. Wanted: one name and one truth value for each column."
            )
        if np.isinf(self.values).any():
            raise DataError("Features hold an infinite value. Make it NaN, which counts as missing.")
        codes = self.values[:, self.is_category.astype(bool)]
        codes = codes[~np.isnan(codes)]
        if (codes < 0).any() or (codes != np.floor(codes)).any():
            raise DataError("A category column holds something else than codes. Wanted: 0, 1, 2, ... or NaN.")

    def __len__(self) -> int:
        return self.values.shape[0]

    @property
    def n_columns(self) -> int:
        """How many columns there are."""
        return self.values.shape[1]

    def take(self, indices: np.ndarray) -> Features:
        """The records at `indices`, in that order."""
        return replace(self, values=self.values[indices])

    def sample(self, n_records: int, rng: np.random.Generator) -> Features:
        """`n_records` of the records drawn without replacement; all, shuffled, when there are fewer."""
        return self.take(rng.permutation(len(self))[:n_records])

    def above(self, other: Features) -> Features:
        """These records and then those of `other`, which has the same columns."""
        return replace(self, values=np.concatenate([self.values, other.values]))

    def keep(self, names: Sequence[str]) -> Features:
        """These columns alone, in this order."""
        places = [self.position(name) for name in names]
        return replace(
            self, names=tuple(names), values=self.values[:, places], is_category=self.is_category[places]
        )

    def keys(self) -> list[bytes]:
        """One key for each record, equal for records whose cells are all equal."""
        plain = np.ascontiguousarray(np.where(np.isnan(self.values), np.nan, self.values + 0.0))
        return [record.tobytes() for record in plain]

    def cell(self, name: str, value: float) -> str:
        """A cell as a person would write it."""
        if np.isnan(value):
            return ""
        if self.is_category[self.position(name)]:
            labels = self.labels.get(name, ())
            return labels[int(value)] if int(value) < len(labels) else f"value {int(value) + 1}"
        if self.scales.get(name) in ("days", "seconds"):
            unit = "D" if self.scales[name] == "days" else "s"
            return str(np.datetime64(int(value), unit)).replace("T", " ")
        return f"{value:.6g}"

    def position(self, name: str) -> int:
        """Where the column `name` stands.

        Raises:
            UsageError: There is no such column; the nearest name is given.
        """
        if name not in self.names:
            raise UsageError(f"There is no column {name!r} to score. {did_you_mean(name, self.names)}")
        return self.names.index(name)


def check_comparable(*parts: Features, n_records: int = 2) -> None:
    """Refuse features that cannot be compared with each other.

    Args:
        parts: Must all have the same columns, one at least.
        n_records: The fewest records that each must hold.

    Raises:
        DataError: Different columns, none at all, or too few records.
    """
    first = parts[0]
    if not first.n_columns:
        raise DataError("There is no column to compare. Give a table with numbers, dates or categories.")
    for part in parts:
        if part.names != first.names or not np.array_equal(part.is_category, first.is_category):
            raise DataError(
                f"Features with different columns: {part.names[:5]}... and {first.names[:5]}... "
                "Make both with one call, so that they share a code book."
            )
        if len(part) < n_records:
            raise DataError(f"Only {len(part)} records to score. Wanted: {n_records} or more.")


def fold_rare_codes(codes: np.ndarray, *, n_codes: int = MAX_CODES) -> np.ndarray:
    """Codes of one column, renumbered by frequency, with all but the most frequent made one.

    Args:
        codes: Shape `(n_records,)`, codes 0, 1, ... or NaN, of everything that will be compared.
        n_codes: How many codes may remain, 2 or more.

    Returns:
        Shape `(n_records,)`: 0 the most frequent, `n_codes - 1` all the rare ones together, NaN kept.

    Example:
        >>> fold_rare_codes(np.array([7.0, 7.0, 3.0, 3.0, 3.0, 9.0, np.nan, 1.0]), n_codes=3)
        array([ 1.,  1.,  0.,  0.,  0.,  2., nan,  2.])
    """
    present = ~np.isnan(codes)
    _, inverse, counts = np.unique(codes[present], return_inverse=True, return_counts=True)
    rank = np.empty(len(counts))
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    folded = np.full(len(codes), np.nan)
    folded[present] = np.minimum(rank[inverse], n_codes - 1)
    return folded


def places_among(values: np.ndarray, kept: np.ndarray, *, otherwise: int) -> np.ndarray:
    """Where each value stands among the kept ones, which are all different; `otherwise` where it does not.

    Example:
        >>> places_among(np.array([7.0, 2.0, np.nan]), np.array([5.0, 7.0]), otherwise=-1)
        array([ 1, -1, -1])
    """
    if not len(kept):
        return np.full(len(values), otherwise)
    order = np.argsort(kept)
    found = order[np.minimum(np.searchsorted(kept, values, sorter=order), len(kept) - 1)]
    return np.where(kept[found] == values, found, otherwise)


def small_seed(seed: int) -> int:
    """Any whole number as a seed that every library takes; those that it takes already stay as they are.

    Example:
        >>> small_seed(7), small_seed(-1)
        (7, 4294967295)
    """
    return seed % N_SEEDS


def draws(seed: int) -> np.random.Generator:
    """The random numbers of a seed, which may be any whole number."""
    return np.random.default_rng(small_seed(seed))

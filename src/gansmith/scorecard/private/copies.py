"""Which synthetic records stand in the training data, letter for letter or all but one column?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.private.risk import Tally, wilson_rate
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws
from gansmith.scorecard.shares import error_of_share

Keys = Sequence[Hashable] | np.ndarray

N_BINS: Final = 100
"""Quantile bins of a number's known values: numbers in one bin count as equal."""
_FEW_COLUMNS: Final = "cannot be trusted: with fewer than three columns, records agree by chance"


def exact_copies(fake_keys: Keys, train_keys: Keys) -> Score:
    """Share of synthetic records that stand letter for letter among the training records.

    Not 0 by itself: records of few short columns meet by chance, real ones too, so the anchor is the share of
    hold-out records that stand in training. Clearly more than that is copying; no more than that is no proof
    of privacy.

    Args:
        fake_keys: One hashable key per synthetic record, or an array whose first axis is the records (bytes
            are compared, so pictures as they are).
        train_keys: The same of the training records, made in the same way.

    Returns:
        The share, 0 to 1.

    Raises:
        DataError: No synthetic record, or arrays of different types or record shapes, which are never equal.
    """
    if not len(fake_keys):
        raise DataError("No synthetic record to look for in training. Draw one at least.")
    if isinstance(fake_keys, np.ndarray) and isinstance(train_keys, np.ndarray):
        _check_same_layout(fake_keys, train_keys)
    known = set(_hashable(train_keys))
    n = len(fake_keys)
    n_copies = sum(key in known for key in _hashable(fake_keys))
    return Score(
        value=n_copies / n,
        error=error_of_share(n_copies, n),
        bounds=_wilson(n_copies, n),
        n=n,
        direction="lower",
        label="exact copies",
        meaning="Share of the records that stand letter for letter in the training data.",
    )


def near_copies(fake: Features, known: Features, *, seed: int = 0) -> Score:
    """Share of synthetic records that agree with a known record in all columns but one at the most.

    Categories agree when they are equal, numbers when they lie in the same of 100 quantile bins of the known
    records (a value that is itself the edge of a bin has a cell of its own), and missing agrees with missing.
    As with exact copies, real records of few columns meet by chance: the anchor is the share of hold-out
    records, as many of them known.

    Args:
        fake: Synthetic records.
        known: Training records.
        seed: Of the random numbers that stand for the cells. Two records that differ are taken for alike with
            a probability of about 2^-64 for each pair of them.

    Returns:
        The share, 0 to 1, with a caveat where there are fewer than three columns.

    Raises:
        DataError: Different columns, none at all, or an empty set.

    Source:
        Sums of random numbers as the keys of cells: Zobrist 1970, "A new hashing method with application for
        game playing", University of Wisconsin, technical report 88.
    """
    check_comparable(fake, known, n_records=1)
    rng = draws(seed)
    fake_keys, known_keys = (np.empty(part.values.shape, dtype=np.uint64) for part in (fake, known))
    for column, is_category in enumerate(fake.is_category):
        cells = _cells(fake.values[:, column], known.values[:, column], is_category=bool(is_category))
        keys = rng.integers(0, 2**64, size=int(cells.max()) + 1, dtype=np.uint64)[cells]
        fake_keys[:, column], known_keys[:, column] = keys[: len(fake)], keys[len(fake) :]
    fake_sums, known_sums = fake_keys.sum(axis=1), known_keys.sum(axis=1)  # modulo 2^64
    is_near = np.zeros(len(fake), dtype=bool)
    for column in range(fake.n_columns):
        # A column's own key subtracted leaves the sum of all others.
        is_near |= np.isin(fake_sums - fake_keys[:, column], known_sums - known_keys[:, column])
    n, n_near = len(fake), int(is_near.sum())
    return Score(
        value=n_near / n,
        error=error_of_share(n_near, n),
        bounds=_wilson(n_near, n),
        n=n,
        direction="lower",
        label="near copies",
        meaning="Share of the records that agree with a training record in all columns but one at the most.",
        source="Agreement of cells; Zobrist 1970 for the search.",
        caveat="" if fake.n_columns > 2 else _FEW_COLUMNS,
    )


def _wilson(n_hits: int, n: int) -> tuple[float, float]:
    rate = wilson_rate(Tally(n_hits, n))
    return rate.low, rate.high


def _cells(fake: np.ndarray, known: np.ndarray, *, is_category: bool) -> np.ndarray:
    """Which cell each value lies in: shape (n_fake + n_known,), whole numbers from 0."""
    values = np.concatenate([fake, known])
    present = known[~np.isnan(known)]
    if is_category or not len(present):
        return np.unique(values, return_inverse=True)[1]
    edges = np.unique(np.quantile(present, np.arange(1, N_BINS) / N_BINS))
    # The sum of both sides tells a value on an edge from its neighbours: a number that many records share
    # (no capital gain) is no neighbour of others.
    cells = np.searchsorted(edges, values, side="left") + np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), 2 * len(edges) + 1, cells)


def _hashable(keys: Keys) -> list[Hashable]:
    if isinstance(keys, np.ndarray):
        if keys.ndim == 1:
            return cast("list[Hashable]", keys.tolist())
        return [record.tobytes() for record in keys]
    return list(keys)


def _check_same_layout(fake: np.ndarray, train: np.ndarray) -> None:
    both: tuple[tuple[str, Any, Any], ...] = (
        ("records of shape", fake.shape[1:], train.shape[1:]),
        ("type", fake.dtype.kind, train.dtype.kind),
    )
    if fake.ndim > 1:
        both = (both[0], ("type", fake.dtype, train.dtype))
    for what, ours, theirs in both:
        if ours != theirs:
            raise DataError(
                f"Synthetic records have {what} {ours}, training records {theirs}: they cannot be equal. "
                "Make both keys in the same way."
            )

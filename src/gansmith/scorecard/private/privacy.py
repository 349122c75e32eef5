"""Does it give anybody away? First alarms only: the attacks that measure it are a later part of the card."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws

Keys = Sequence[Hashable] | np.ndarray


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
        error=_error_of_share(n_copies, n),
        n=n,
        direction="lower",
        label="exact copies",
        meaning="Share of the records that stand letter for letter in the training data.",
    )


def nearest_neighbour_share(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 5_000
) -> Score:
    """Share of synthetic records nearer to a training than to a hold-out record: a smoke test.

    This is no evidence of privacy. Well above one half, records are copied with small changes. At one half
    nothing is shown: data that passes has been attacked with success record by record. Ties count one half,
    so that tables of few categories are not flattered. Where training is far larger than hold-out, most
    originals are left out by the equal sizes, and even a full copy stays near one half.

    Args:
        fake: Synthetic records.
        train: What the generator learnt from.
        holdout: Real records from the same source that it never saw, none of which is among `fake`.
        seed: Of the draws.
        n_max: Records used of each set, at most; training and hold-out give equally many.

    Returns:
        The share. The error is that of a coin tossed for each real record (did it fall into training or
        hold-out?) and counted as often as synthetic records have it for their nearest: up to twice too large
        where these are many more than the real ones.

    Raises:
        DataError: Different columns, none at all, or an empty set.

    Source:
        What it cannot show: Yao et al. 2025, "The DCR Delusion" (arXiv:2505.01524).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    n_references = min(len(train), len(holdout), n_max)
    fake = fake.sample(n_max, rng)
    train, holdout = train.sample(n_references, rng), holdout.sample(n_references, rng)
    points, train_points, holdout_points = as_points(fake, train, holdout)
    to_train, which_train = nearest(points, train_points)
    to_holdout, which_holdout = nearest(points, holdout_points)
    n = len(points)
    is_tie = np.abs(to_train - to_holdout) <= 1e-9 * (1.0 + np.square(points).sum(axis=1))
    is_train = ~is_tie & (to_train < to_holdout)
    share = float((is_train + 0.5 * is_tie).mean())
    winner = np.where(is_train, which_train, n_references + which_holdout)[~is_tie]
    n_won = np.bincount(winner, minlength=1)  # synthetic records that a real one is nearest to
    coins = 0.25 * float(np.square(n_won).sum()) / n**2
    return Score(
        value=share,
        error=max(float(np.sqrt(coins)), 0.5 / n),
        n=n,
        direction="lower",
        label="nearer to training than to hold-out (smoke test)",
        meaning="Share of records nearer to training than to hold-out; "
        "above 0.5 they are too near, at 0.5 nothing is shown.",
    )


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


def _error_of_share(n_hits: int, n: int) -> float:
    """Standard error of a share, not 0 at 0 hits.

    Source:
        Agresti & Coull 1998, "Approximate is better than 'exact'", The American Statistician 52: two hits
        and two misses are added.
    """
    share = (n_hits + 2) / (n + 4)
    return float(np.sqrt(share * (1 - share) / (n + 4)))

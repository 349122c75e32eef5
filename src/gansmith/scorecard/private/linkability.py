"""Linkability: do synthetic records tell that two halves of a training record belong together?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.chance import Tally
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.points import affordable, as_blocks, nearest_few
from gansmith.scorecard.private.risk import Attack, Risk, attack_of, measured_risk

N_SPLITS: Final = 4
"""Random halves of the columns that are tried."""
Halves = tuple[Sequence[str], Sequence[str]]


def linkability(
    fake: Features,
    train: Features,
    holdout: Features,
    *,
    seed: int,
    columns: Halves | None = None,
    k: int = 5,
    n_max: int = 2_000,
) -> Attack:
    """Can the two halves of a record be put together again through the synthetic records?

    Somebody knows some columns of a person from one source and other columns from another source. A link is
    found when one of the k synthetic records nearest by the ones is also among the k nearest by the others.
    Equally near records are taken in an order drawn for each half by itself, so that ties link nothing. The
    two sources have the given `columns`, or, four times, random halves of all; `k` is one in twenty of the
    synthetic records at most.

    Returns:
        The risk of the worst split, called by its columns; the intervals of all hold together.

    Raises:
        DataError: There is one column alone.
        UsageError: An unknown column, one in both halves, or a half without columns.

    Source:
        Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    if fake.n_columns < 2:
        raise DataError(
            f"One column alone, {fake.names[0]!r}, cannot be split. Wanted: two columns or more. "
            "Leave linkability out."
        )
    rng = draws(seed)
    splits = [_given(fake, columns)] if columns else _random_splits(fake.n_columns, rng)
    n = min(len(train), len(holdout), n_max)
    fake = fake.sample(affordable(fake), rng)
    (fake_points, *target_points), blocks = as_blocks(fake, train.sample(n, rng), holdout.sample(n, rng))
    targets = np.concatenate(target_points)  # (2 n, n_dimensions)
    k = max(1, min(k, len(fake) // 20))
    baseline = Tally(n * _chance(len(fake), k), n)
    parts: dict[str, Risk] = {}
    for split in splits:
        near = [_near(targets, fake_points, [blocks[column] for column in half], k, rng) for half in split]
        is_linked = (near[0][:, :, None] == near[1][:, None, :]).any(axis=(1, 2))  # (2 n,)
        main, control = (Tally(int(part.sum()), n) for part in (is_linked[:n], is_linked[n:]))
        name = " | ".join(", ".join(fake.names[column] for column in half) for half in split)
        parts[name] = measured_risk(main, control, baseline, n_parts=len(splits))
    return attack_of(
        parts,
        label="linkability (risk)",
        meaning="Risk that two halves of a training record are linked by means of the synthetic records.",
    )


def _near(
    targets: np.ndarray, fake: np.ndarray, blocks: list[slice], k: int, rng: np.random.Generator
) -> np.ndarray:
    """Which k synthetic records are nearest by some columns: shape (n_targets, k)."""
    dimensions = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    order = rng.permutation(len(fake))
    return order[nearest_few(targets[:, dimensions], fake[np.ix_(order, dimensions)], k)[1]]


def _chance(n_fake: int, k: int) -> float:
    """Probability that two random sets of k of the synthetic records share one."""
    if 2 * k > n_fake:
        return 1.0
    return 1.0 - math.prod((n_fake - k - i) / (n_fake - i) for i in range(k))


def _random_splits(n_columns: int, rng: np.random.Generator) -> list[list[list[int]]]:
    """Different random halves of the columns; the one with the first column comes first."""
    found: list[list[list[int]]] = []
    for _ in range(4 * N_SPLITS):
        in_half = np.isin(np.arange(n_columns), rng.permutation(n_columns)[: n_columns // 2])
        halves = [np.flatnonzero(in_half == side).tolist() for side in (in_half[0], ~in_half[0])]
        if halves not in found:
            found.append(halves)
    return found[:N_SPLITS]


def _given(features: Features, columns: Halves) -> list[list[int]]:
    halves = [[features.position(name) for name in half] for half in columns]
    both = [features.names[column] for column in halves[0] if column in halves[1]]
    if both or not all(halves):
        raise UsageError(
            f"Two sources with the columns {list(columns[0])} and {list(columns[1])}. "
            "Wanted: one column or more in each, and none in both."
        )
    return halves

"""Folds of real records: as many rare ones in each, and records that are alike in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def folds_of(inputs: np.ndarray, classes: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Which fold tests each record, shape `(n,)`.

    Records that are equal are in one fold, or a classifier would be tested on what it has learnt. Each class
    is dealt out evenly.

    Args:
        inputs: Shape `(n, *record)`.
        classes: Shape `(n,)`, numbers from 0.
        n_folds: Two or more.
        rng: Deals.
    """
    groups = groups_of(inputs)
    sizes = np.bincount(groups)
    firsts = np.unique(groups, return_index=True)[1]
    shuffled = rng.permutation(len(sizes))
    largest_first = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    loads = np.zeros((int(classes.max()) + 1, n_folds))
    fold_of_group = np.empty(len(sizes), np.int64)
    for group in largest_first:
        load = loads[classes[firsts[group]]]
        least = np.flatnonzero(load == load.min())
        fold_of_group[group] = least[np.argmin(loads[:, least].sum(axis=0))]
        load[fold_of_group[group]] += sizes[group]
    return fold_of_group[groups]


def groups_of(inputs: np.ndarray) -> np.ndarray:
    """A number for each record, the same for equal ones, shape `(n,)`."""
    rows = np.ascontiguousarray(inputs.reshape(len(inputs), -1))
    keys = [row.tobytes() for row in rows]
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def stratified(is_rare: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Places of a share of the rare and of the other records, two of each at least, ascending."""
    parts: Sequence[np.ndarray] = [np.flatnonzero(is_rare), np.flatnonzero(~is_rare)]
    kept = [rng.permutation(part)[: max(2, round(share * len(part)))] for part in parts]
    return np.sort(np.concatenate(kept))

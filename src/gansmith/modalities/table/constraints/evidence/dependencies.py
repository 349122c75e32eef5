"""Columns that another column decides."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Int

from gansmith.modalities.table.constraints.dependency import Dependency
from gansmith.modalities.table.constraints.view import View
from gansmith.modalities.table.schema import Column

MAX_VALUES: Final = 1_000
MIN_RECORDS_PER_VALUE: Final = 10
"""Records that each value of the deciding column has, on the average."""
MAX_LOG_CHANCE: Final = -14.0
"""Logarithm of the chance that one pair of independent columns may have, about one in a million."""
MAX_PAIRS: Final = 20_000
_DECIDING: Final = ("category", "boolean", "integer", "date")


def find_dependencies(view: View, taken: frozenset[str]) -> list[Dependency]:
    """For each column the one, of fewest values, that decides it in every record, if there is any.

    Of columns that decide each other the first category decides, or else the first.
    """
    codes = view.codes(MAX_VALUES)
    columns = {column.name: column for column in view.schema.columns if column.name in codes}
    n_values = {name: int(found.max()) + 1 for name, found in codes.items()}
    ranks = {
        name: (n_values[name], column.kind != "category", place)
        for place, (name, column) in enumerate(columns.items())
    }
    pairs = [
        (by, name)
        for by, name in _pairs(codes, columns, n_values)
        if name not in taken and (n_values[by] > n_values[name] or ranks[by] < ranks[name])
    ]
    found: list[Dependency] = []
    decided: set[str] = set()
    limit = MAX_LOG_CHANCE - float(np.log(max(len(pairs), 1)))
    for by, name in sorted(pairs, key=lambda pair: (ranks[pair[1]][2], ranks[pair[0]]))[:MAX_PAIRS]:
        if name in decided or not _decides(codes[by], codes[name]):
            continue
        if _log_chance(codes[by], codes[name]) > limit:
            continue
        candidate = Dependency(columns[by], columns[name]).learnt(view.records)
        is_few = len(candidate.keys) <= MAX_VALUES
        if is_few and not candidate.violating(view.records).any():
            found.append(candidate)
            decided.add(name)
    return found


def _pairs(
    codes: dict[str, Int[np.ndarray, " n"]], columns: dict[str, Column], n_values: dict[str, int]
) -> list[tuple[str, str]]:
    """Pairs that a first look at few records does not rule out."""
    names = list(codes)
    if len(names) < 2:
        return []
    n = len(codes[names[0]])
    some = np.random.default_rng(0).choice(n, min(n, max(200, 400_000 // len(names)), 1_000), replace=False)
    quick = np.stack([codes[name][some] for name in names], 1)  # (few, n_columns)
    varies = (quick != quick[:1]).any(0)
    found: list[tuple[str, str]] = []
    for place, by in enumerate(names):
        if columns[by].kind not in _DECIDING or n < MIN_RECORDS_PER_VALUE * n_values[by]:
            continue
        order = np.argsort(quick[:, place], kind="stable")
        is_same = np.flatnonzero(quick[order[1:], place] == quick[order[:-1], place])
        broken = (quick[order[1:][is_same]] != quick[order[:-1][is_same]]).any(0)
        found += [(by, names[other]) for other in np.flatnonzero(~broken & varies).tolist() if other != place]
    return found


def _decides(by: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"]) -> bool:
    """Whether equal values of `by` always go with equal values of the other."""
    first = np.unique(by, return_index=True)[1]
    return bool((codes[first][by] == codes).all())


def _log_chance(by: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"]) -> float:
    """Logarithm of the probability that independent columns would look like this."""
    shares = np.bincount(codes) / len(codes)
    counts = np.bincount(by)
    logs = np.log(shares)[None, :] * counts[:, None]  # (n_by, n_values)
    most = logs.max(1)
    return float((most + np.log(np.exp(logs - most[:, None]).sum(1))).sum())

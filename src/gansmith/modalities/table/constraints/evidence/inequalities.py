"""Columns that never lie above another, though their values overlap."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.table.constraints.inequality import Inequality
from gansmith.modalities.table.constraints.view import MIN_RECORDS, View
from gansmith.modalities.table.schema import Column

MIN_BROKEN: Final = 0.05
"""Share of records put together at random that must break a rule: else it says nothing."""
MAX_TRIED: Final = 3
"""Lower columns that are tried for one higher column."""
MAX_SPIKE: Final = 0.05
"""Share of records that one value of the higher column may have, unless one distance has as many: a
distance cannot hold such values."""


def find_inequalities(view: View, taken: frozenset[str]) -> list[Inequality]:
    """For each column the nearest one below it, if it is below it in every record."""
    found: list[Inequality] = []
    for columns in (view.measures, view.times):
        if len(columns) < 2:
            continue
        quick, sample = view.numbers(columns, view.quick), None
        for high, lows in _candidates(quick).items():
            if columns[high].name in taken:
                continue
            for low in lows[:MAX_TRIED]:
                sample = view.numbers(columns, view.sample) if sample is None else sample
                rule = _rule(view, columns[low], columns[high], sample[:, low], sample[:, high])
                if rule is not None:
                    found.append(rule)
                    break
    return found


def _candidates(values: Float[np.ndarray, "n k"]) -> dict[int, list[int]]:
    """Lower columns for each higher one, the nearest first, as far as few records show."""
    lows: dict[int, list[tuple[float, int]]] = {}
    shuffled = values[np.random.default_rng(0).permutation(len(values))]
    present = ~np.isnan(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for low in range(values.shape[1]):
            column = values[:, low : low + 1]
            is_below = ~(column > values).any(0)  # a comparison with NaN is false
            is_equal = ~((column != values) & present[:, low : low + 1] & present).any(0)
            is_enough = (present[:, low : low + 1] & present).sum(0) >= min(MIN_RECORDS, len(values)) / 2
            for high in np.flatnonzero(is_below & is_enough & ~is_equal).tolist():
                broken = float((column[:, 0] > shuffled[:, high]).mean())
                if broken >= MIN_BROKEN:
                    lows.setdefault(high, []).append((-broken, low))
    return {high: [low for _, low in sorted(found)] for high, found in lows.items()}


def _rule(
    view: View, low: Column, high: Column, lower: Float[np.ndarray, " n"], higher: Float[np.ndarray, " n"]
) -> Inequality | None:
    """The inequality, if it holds in all records and a distance can stand for the higher column."""
    both = ~np.isnan(lower) & ~np.isnan(higher)
    if both.sum() < MIN_RECORDS or (lower[both] > higher[both]).any():
        return None
    distance = np.round(higher[both] - lower[both], 9)
    if _largest_share(higher[both]) > max(MAX_SPIKE, _largest_share(distance)):
        return None
    rule = Inequality(low, high)
    return None if rule.violating(view.records).any() else rule


def _largest_share(values: Float[np.ndarray, " n"]) -> float:
    """The share of the most frequent value."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))

"""Numbers that are another column in other units, rounded: fahrenheit = 1.8 * celsius + 32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from gansmith.tabular.cells import Numbers
from gansmith.tabular.columns.measures import step_of
from gansmith.tabular.constraints.derived import RELATIVE, held
from gansmith.tabular.constraints.total import Total
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.schema import Column

MAX_TOGETHER: Final = 400
"""Columns that are compared with each other."""
MAX_DIGITS: Final = 10
MAX_TRIED: Final = 6
"""Weights that are tried on all records."""
_SLACK: Final = 3
"""How much farther than rounding takes it a number may lie from the line of least squares."""


def find_maps(view: View, taken: frozenset[str]) -> list[Total]:
    """For each column the first one that it is a multiple of, plus a number; of two the later is computed."""
    columns = view.measures[:MAX_TOGETHER]
    quick = view.numbers(columns, view.quick)
    found: list[Total] = []
    decided = set(taken)
    for place in reversed(range(len(columns))):
        target = columns[place]
        for source in _sources(quick, place, step_of(target)) if target.name not in taken else ():
            if columns[source].name in decided:
                continue
            rule = _rule(view, columns[source], target, quick[:, source], quick[:, place])
            if rule is not None:
                found.append(rule)
                decided.add(target.name)
                break
    return found[::-1]


def _sources(quick: np.ndarray, place: int, step: float) -> list[int]:
    """Columns that lie on a line with this one, as far as few records show, the first one first."""
    target = quick[:, place]
    with np.errstate(all="ignore"):
        both = ~np.isnan(quick) & ~np.isnan(target)[:, None]
        n = both.sum(0)
        x, y = np.where(both, quick, 0.0), np.where(both, target[:, None], 0.0)
        x, y = (np.where(both, one - one.sum(0) / n, 0.0) for one in (x, y))
        slopes = (x * y).sum(0) / (x * x).sum(0)
        apart = np.abs(y - slopes * x).max(0)
        near = _SLACK * 0.5 * step + 1e-6 * np.abs(y).max(0)
        is_line = (apart <= near) & (slopes != 0) & (n >= min(MIN_RECORDS, len(quick)) / 2)
        is_line &= apart < 0.2 * np.abs(y).max(0)  # rounded so coarsely that anything would do
    is_line[place] = False
    return np.flatnonzero(is_line).tolist()


def _rule(view: View, source: Column, target: Column, x: Numbers, y: Numbers) -> Total | None:
    """The shortest weight and number with which the map holds in all records."""
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    half = 0.5 * step_of(target) + RELATIVE * float(np.abs(y).max(initial=0.0))
    slope = float(np.polyfit(x, y, 1)[0])
    found = [(weight, *_ends(y - weight * x, half)) for weight in _short(slope)]
    fitting = [(weight, low, high) for weight, low, high in found if low <= high]
    shortest = sorted(fitting, key=lambda one: not one[1] <= 0 <= one[2])[:MAX_TRIED]
    rules = (
        Total(target, (source,), () if weight == 1 else (weight,), _shortest(low, high))
        for weight, low, high in shortest
    )
    return held(view.records, rules, len(view.schema) ** 2)


def _ends(rest: Numbers, half: float) -> tuple[float, float]:
    """Between which numbers the one lies that is half a digit from all of these at most."""
    return float(rest.max()) - half, float(rest.min()) + half


def _short(number: float) -> Iterator[float]:
    """A number in ever more digits, each time after the one whose reciprocal has so many."""
    seen: set[float] = set()
    for digits in range(1, MAX_DIGITS + 1):
        for found in (float(f"{number:.{digits}g}"), 1 / float(f"{1 / number:.{digits}g}")):
            if found not in seen:
                seen.add(found)
                yield found


def _shortest(low: float, high: float) -> float:
    """The number of fewest decimals in between."""
    if low <= 0 <= high:
        return 0.0
    for digits in range(-6, MAX_DIGITS):
        found = float(np.ceil(low * 10.0**digits) / 10.0**digits)
        if found <= high:
            return found
    return (low + high) / 2

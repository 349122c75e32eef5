"""What a validator asks of records: a named check of one of five sorts, each with a pass rate.

format
    Of each cell that is there: its form, check digits, known values, range.
relation
    Of each record: what holds between columns.
repeat
    How often a value comes again, and that neighbours have nothing to do with each other.
share
    How frequent the parts of cells are, each within four standard errors of two samples.
private
    What must not come out of synthetic data: values that fewer than `MIN_COUNT` real records share, and
    copies of what names one of them. Real data fails these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

Row = dict[str, str]
Judge = Callable[..., object]
"""Of the cells of some columns; false or an error means that they fail."""

MISSING: Final = frozenset(("", "NA", "n/a", "NULL", "-"))
"""Spellings of a missing cell, each that of some columns alone."""
MIN_COUNT: Final = 5
ERRORS: Final = 4.0
"""Standard errors that two shares may lie apart."""
N_TAIL: Final = 3
"""Digits at the end of a cell that may count on by themselves."""
GOALS: Final = {"format": 0.99, "relation": 0.95, "repeat": 1.0, "share": 0.95, "private": 1.0}
"""The pass rate that synthetic data must reach, by sort."""

FAILURES: Final = (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration)
"""What a judge raises over a cell that is not of the form it reads."""


@final
@dataclass(frozen=True)
class Check:
    """One question of the validator."""

    name: str
    """Such as `email: belongs to the name`."""
    sort: str
    columns: tuple[str, ...]
    """That are looked at."""
    rate: Callable[[list[Row], list[Row]], float]
    """Of made records, beside real ones: the share that passes, from 0 to 1."""


def form(column: str, pattern: str, missing: str | None = None, also: Judge | None = None) -> Check:
    """Each cell is of the pattern, in full, and `also` holds of it.

    Args:
        column: Its name.
        pattern: A regular expression.
        missing: How a missing cell is spelt; None: none is missing.
        also: Further judge of a cell that is of the pattern.
    """
    compiled = re.compile(pattern)

    def holds(cell: str) -> bool:
        if cell == missing:
            return True
        return compiled.fullmatch(cell) is not None and (also is None or _is_passed(also, (cell,)))

    return Check(
        f"{column}: form", "format", (column,), lambda made, _: mean(holds(row[column]) for row in made)
    )


def known(column: str, values: Iterable[str], missing: str | None = None) -> Check:
    """Each cell is one of the known values."""
    return form(column, "|".join(re.escape(value) for value in values), missing)


def rule(name: str, columns: str, judge: Judge) -> Check:
    """The judge is given the cells of the columns, and holds in each record where all are there."""
    named = columns.split()

    def rate(made: list[Row], _: list[Row]) -> float:
        cells = ([row[column] for column in named] for row in made)
        return mean(_is_passed(judge, one) for one in cells if not MISSING.intersection(one))

    return Check(name, "relation", tuple(named), rate)


def unique(column: str) -> Check:
    """No two records have the same value."""

    def rate(made: list[Row], _: list[Row]) -> float:
        return len({row[column] for row in made}) / max(len(made), 1)

    return Check(f"{column}: no two alike", "repeat", (column,), rate)


def repeats(column: str) -> Check:
    """As many values come once, twice, ... as among real ones."""

    def rate(made: list[Row], real: list[Row]) -> float:
        ours, theirs = (Counter(row[column] for row in rows).values() for rows in (made, real))
        if abs(len(ours) - len(theirs)) > ERRORS * len(theirs) ** 0.5:
            return 0.0
        return _within_error(list(map(_how_often, ours)), list(map(_how_often, theirs)))

    return Check(f"{column}: repeats", "repeat", (column,), rate)


def unordered(column: str, digits: str = "[0-9a-z]") -> Check:
    """Neighbours rise as often as real ones, and no step of theirs, or of their ends, comes again and again.

    Args:
        column: Its name.
        digits: What of a cell, in small letters, is read as a number to the base 36.
    """

    def steps(rows: list[Row], n_last: int) -> list[int]:
        found = (re.findall(digits, row[column].lower()) for row in rows if row[column] not in MISSING)
        numbers = [int("".join(one[-n_last:]), 36) for one in found if one]
        return [second - first for first, second in pairwise(numbers)]

    def counts(rows: list[Row]) -> tuple[int, list[int]]:
        whole, tails = steps(rows, 0), steps(rows, N_TAIL)
        most_frequent = (max(Counter(one).values(), default=0) for one in (whole, tails))
        return len(whole), [sum(step > 0 for step in whole), *most_frequent]

    def rate(made: list[Row], real: list[Row]) -> float:
        (n, ours), (n_others, theirs) = counts(made), counts(real)
        if not n:
            return 0.0
        return mean(_are_near(one, n, other, n_others) for one, other in zip(ours, theirs, strict=True))

    return Check(f"{column}: in no order", "repeat", (column,), rate)


def decides(name: str, key: str, value: str) -> Check:
    """Records of the same key have the same value; the share that has the usual one of its key counts."""

    def rate(made: list[Row], _: list[Row]) -> float:
        pairs = Counter((row[key], row[value]) for row in made)
        usual = Counter[str]()
        for (one, _value), count in pairs.items():
            usual[one] = max(usual[one], count)
        again = {one for one, count in Counter(row[key] for row in made).items() if count > 1}
        n_again = sum(row[key] in again for row in made)
        return sum(usual[one] for one in again) / n_again if n_again else 0.0

    return Check(name, "relation", (key, value), rate)


def shares(name: str, columns: str, label: Callable[..., object]) -> Check:
    """Cells are labelled; the share of labels whose frequency lies within the error of sampling.

    Args:
        name: Of the check.
        columns: Whose cells the label is made of.
        label: What they are; None, or an error: nothing that counts.
    """
    named = columns.split()

    def labels(rows: list[Row]) -> list[str]:
        return [found for row in rows if (found := _labelled(label, [row[one] for one in named])) is not None]

    return Check(name, "share", tuple(named), lambda made, real: _within_error(labels(made), labels(real)))


def gaps(column: str) -> Check:
    """As many cells are missing as among real ones."""
    return shares(f"{column}: share of missing cells", column, lambda cell: cell in MISSING)


def never(name: str, column: str, pattern: str) -> Check:
    """No cell holds the pattern, which too few real records share."""
    return Check(
        name, "private", (column,), lambda made, _: mean(not re.search(pattern, row[column]) for row in made)
    )


def no_rare(column: str) -> Check:
    """No value comes out that fewer than `MIN_COUNT` real records share."""

    def rate(made: list[Row], real: list[Row]) -> float:
        counts = Counter(row[column] for row in real)
        return mean(not 0 < counts[row[column]] < MIN_COUNT for row in made)

    return Check(f"{column}: no rare value", "private", (column,), rate)


def no_copy(column: str) -> Check:
    """No cell that is there is that of a real record: for what names one of them, with room for millions."""

    def rate(made: list[Row], real: list[Row]) -> float:
        seen = {row[column] for row in real}
        return mean(row[column] not in seen for row in made if row[column] not in MISSING)

    return Check(f"{column}: no copy", "private", (column,), rate)


def mean(passed: Iterable[bool]) -> float:
    """The share that passes; none at all is 0."""
    found = list(passed)
    return sum(found) / len(found) if found else 0.0


def _is_passed(judge: Judge, cells: Iterable[str]) -> bool:
    try:
        return bool(judge(*cells))
    except FAILURES:
        return False


def _labelled(label: Callable[..., object], cells: Iterable[str]) -> str | None:
    try:
        found = label(*cells)
    except FAILURES:
        return "not of the form"
    return None if found is None else str(found)


def _how_often(count: int) -> str:
    return str(count) if count < 4 else "4 to 7" if count < 8 else "8 or more"


def _within_error(made: list[str], real: list[str]) -> float:
    """The share of labels, frequent in either, that are as frequent in both."""
    if not made or not real:
        return 0.0
    ours, theirs = Counter(made), Counter(real)
    frequent = [one for one in {*ours, *theirs} if max(ours[one], theirs[one]) >= MIN_COUNT]
    return mean(_are_near(ours[one], len(made), theirs[one], len(real)) for one in frequent)


def _are_near(count: int, n: int, other: int, n_others: int) -> bool:
    pooled = (count + other) / (n + n_others)
    error = (pooled * (1 - pooled) * (1 / n + 1 / n_others)) ** 0.5
    return abs(count / n - other / n_others) <= ERRORS * error + 1e-12

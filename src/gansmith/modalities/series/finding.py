"""Which column says whose step it is and which says when, where nobody told; and what is known of a series.

Times are looked for first: dates and moments, then columns that tell one together (year, month, day, hour),
then whole numbers that count steps. A column that is named so says who; where none is, one by which times
repeat no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from gansmith.errors import DataError, UsageError
from gansmith.modalities.series.ticks import REGULAR
from gansmith.modalities.series.when import Numbers, When, composed, told, with_clock
from gansmith.tabular.cells import cells_of, codes_of
from gansmith.tabular.schema import Column, Table
from gansmith.tabular.timelines import repeats, says_what, says_who, ticks_of

MOSTLY: Final = 0.5
"""Share of the rows whose time another row has, from which on some column has to say whose they are."""
MAX_MISSING: Final = 0.1
"""Share of the rows that may have no time for it to be found."""
COVERED: Final = 0.3
"""Share of all times that an entity has, on average, for a column without a telling name to be it."""
ON_GRID: Final = 0.8
"""Share of the times that come equally often, where several series stand in one."""
BY_CHANCE: Final = 1e-6
"""Chance of a column to be constant within all series by itself, above which it is no attribute."""
LIKELY_SERIES: Final = 20
LIKELY_STEPS: Final = 5
"""Series, and steps of each, from which on a column is named as one that may say whose steps they are."""
GOES_ON: Final = 0.2
"""Correlation with the step before, or share of steps that hold the same, of what is measured."""
MAX_TRIED: Final = 12
"""Columns that are tried in pairs as entities."""
_COUNTER: Final = re.compile(
    r"(^|.*[ _.-])(t|time|timestamp|ts|step|timestep|tick|index|idx|period|cycle|cycles|epoch|seq|sequence"
    r"|order|round|visit|year|month|week|day|hour|minute|second|date)"
    r"([ _-]?(no|nr|num|number|index|id|idx))?$",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(r"date|time|when|stamp|^ts$|start|begin|month|day", re.IGNORECASE)


@final
class Gaps(NamedTuple):
    """From each row to the next, once they stand together by series and in the order of time."""

    times: Numbers
    """How much later the next one is."""
    is_same: Bool[np.ndarray, " m"]
    """Whether the next one is of the same series."""

    @classmethod
    def of(cls, times: Numbers, codes: Numbers) -> Gaps:
        """Those of times, and the numbers of the series that they are of."""
        order = np.lexsort((times, codes))
        return cls(np.diff(times[order]), np.diff(codes[order]) == 0)

    @property
    def within(self) -> Numbers:
        """Those between two steps of a series."""
        return self.times[self.is_same]

    @property
    def are_apart(self) -> bool:
        """Whether no two rows of one series have the same time."""
        return not (self.is_same & (self.times == 0)).any()


def find_series(table: Table, entity: str, time: str) -> tuple[str, When | None]:
    """The column that says whose step it is, "" where there is one series alone, and when.

    Args:
        table: As it was read.
        entity: The one that the user named, or "".
        time: The same.

    Raises:
        UsageError: There is no such column.
        DataError: Several columns together say whose steps they are, or none does.
    """
    _check_named(table, entity, time)
    found = [told(table, time)] if time else list(_times(table, entity))
    first = found[0] if found else None
    entity = entity or _entity(table, first)
    codes = _codes(table, entity)
    for when in found:
        gaps = Gaps.of(when.times, codes)
        if time or _goes_on(when, gaps):
            _refuse_interleaved(table, entity, when, gaps)
            return entity, when
    return entity, _counting(table, entity, codes)


def _check_named(table: Table, entity: str, time: str) -> None:
    """Raise UsageError unless these columns can say whose steps are, and when."""
    names = [one.strip() for one in entity.split(",")]
    if entity and entity == time:
        raise UsageError(f"entity and time are both {entity!r}. One says whose a step is, the other when.")
    if len(names) > 1 and entity not in table.schema.names and set(names) <= set(table.schema.names):
        raise UsageError(f"--entity {entity}: {_join_them(names)}")
    if not entity:
        return
    column = table.schema.column(entity)
    if column.type in ("float", "double", "timestamp[us]", "duration[us]"):
        raise UsageError(
            f"entity {entity!r} is {column.kind}: wanted names or whole numbers that say whose step it is. "
            "Choose another column."
        )


def _join_them(names: Sequence[str]) -> str:
    joined = "-".join(names)
    return (
        f"series are of one column, not of {' and '.join(map(repr, names))} together. Join them into one "
        f"column, such as {joined!r}, and give that with --entity."
    )


def _times(table: Table, entity: str) -> Iterator[When]:
    """What may say when, the likeliest first."""
    moments = [one for one in table.schema.columns if one.traits.is_time and one.name != entity]
    whens = [told(table, one.name) for one in moments]
    ranked = sorted(
        (one for one in whens if one.missing.mean() <= MAX_MISSING),
        key=lambda one: (bool(one.missing.any()), not _goes_up(one.times), not _WHEN.search(one.column.name)),
    )
    if ranked and (finer := with_clock(table, ranked[0])):
        yield finer
    yield from ranked
    if not ranked and (together := composed(table)):
        yield together
    for column in table.schema.columns:
        if column.name != entity and _COUNTER.search(column.name) and _is_steady(column):
            yield told(table, column.name)


def _is_whole(column: Column) -> bool:
    return pa.types.is_integer(column.arrow_type) and not column.missing_rate


def _is_steady(column: Column) -> bool:
    """Whether it holds numbers of so many decimals, none of them missing."""
    return _is_whole(column) or (column.has_decimals and not column.missing_rate)


def _goes_up(times: Numbers) -> bool:
    """Whether times go up, or down, from the first row to the last."""
    steps = np.diff(times)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _goes_on(when: When, gaps: Gaps) -> bool:
    """Whether times differ within series; whole numbers so that each is the place of a step."""
    within = gaps.within
    if when.column.traits.is_time:
        return not len(within) or bool((within > 0).any())
    return bool(len(within)) and gaps.are_apart


def _codes(table: Table, entity: str) -> Numbers:
    """A number for the series of each row, in the order in which they first occur."""
    if not entity:
        return np.zeros(len(table), np.int64)
    return codes_of(cells_of(table.records, entity)).astype(np.int64)


def likely_entity(steps: pa.Table, names: Sequence[str]) -> str:
    """The first column that may say whose step each is, where one series was found; "" where there is none.

    Its texts or whole numbers come several times each, and hardly go on from one step to the next, as what is
    measured does.
    """
    for name in names:
        cells = cells_of(steps, name)
        if cells.null_count or not repeats(cells):
            continue
        codes = codes_of(cells).astype(np.float64)
        ranks = cells.to_numpy() if pa.types.is_integer(cells.type) else codes
        n_distinct = int(codes.max()) + 1
        if LIKELY_SERIES <= n_distinct <= len(codes) / LIKELY_STEPS:
            goes_on = float(np.corrcoef(ranks[1:], ranks[:-1])[0, 1])
            if abs(goes_on) < GOES_ON and np.mean(codes[1:] == codes[:-1]) < GOES_ON:
                return name
    return ""


def _counting(table: Table, entity: str, codes: Numbers) -> When | None:
    """A column of whole numbers that counts the rows of each series, whatever it is called."""
    order = np.argsort(codes, kind="stable")
    is_same = np.diff(codes[order]) == 0
    if not is_same.any():
        return None
    for column in table.schema.columns:
        if column.name == entity or not _is_whole(column):
            continue
        if (np.diff(ticks_of(cells_of(table.records, column.name), column)[order])[is_same] == 1).all():
            return told(table, column.name)
    return None


def _entity(table: Table, when: When | None) -> str:
    """The column that says whose step it is: named so, or the one by which times repeat no more."""
    taken = {when.column.name, *when.parts.values()} if when else set[str]()
    able = [
        one.name
        for one in table.schema.columns
        if one.name not in taken and repeats(cells_of(table.records, one.name))
    ]
    if who := next(filter(says_who, able), ""):
        return who
    if when is None:
        return next(filter(says_what, able), "")
    is_again = _share_again(when) >= MOSTLY
    for name in sorted(able, key=lambda one: not says_what(one)):
        codes = _codes(table, name)
        is_likely = says_what(name) or (is_again and _share_covered(when, codes) >= COVERED)
        if is_likely and Gaps.of(when.times, codes).are_apart:
            return name
    return ""


def _share_covered(when: When, codes: Numbers) -> float:
    """Share of all times that a series has, on the average."""
    return len(codes) / (int(codes.max()) + 1) / len(np.unique(when.times))


def _share_again(when: When) -> float:
    """Share of the rows whose time another row has as well."""
    _, places, counts = np.unique(when.times, return_inverse=True, return_counts=True)
    return float((counts[places] > 1).mean())


def _refuse_interleaved(table: Table, entity: str, when: When, gaps: Gaps) -> None:
    """Raise DataError where times repeat within series that lie on a grid, as of several series at once."""
    if gaps.are_apart or not _is_like_a_grid(gaps):
        return
    taken = {entity, when.column.name, *when.parts.values()}
    able = [
        one.name
        for one in table.schema.columns
        if one.name not in taken and repeats(cells_of(table.records, one.name))
    ]
    times = f"times of {when.said} repeat within {f'a series of {entity!r}' if entity else 'the data'}"
    what = f"{table.name}: {times}, as where several series stand in one"

    def tell_apart(*names: str) -> bool:
        return Gaps.of(when.times, _joined(table, (entity, *names))).are_apart

    apart = [name for name in able if tell_apart(name)]
    if apart and entity:
        raise DataError(f"{what}. {apart[0]!r} tells them apart: {_join_them((entity, apart[0]))}")
    if apart:
        raise DataError(f"{what}. {apart[0]!r} tells them apart: give it with --entity {apart[0]}.")
    for pair in combinations(able[:MAX_TRIED], 2):
        if tell_apart(*pair):
            raise DataError(
                f"{what}. Several columns tell them apart: {_join_them([*filter(None, (entity,)), *pair])}"
            )
    raise DataError(
        f"{what}, and no column tells them apart. Add one that says whose each row is and give it with "
        "--entity, or leave the time out with another --time."
    )


def _joined(table: Table, names: Sequence[str]) -> Numbers:
    """A number for each combination of cells."""
    found = np.zeros(len(table), np.int64)
    for name in filter(None, names):
        codes = _codes(table, name)
        found = np.unique(found * (int(codes.max()) + 1) + codes, return_inverse=True)[1]
    return found


def _is_like_a_grid(gaps: Gaps) -> bool:
    """Whether each time comes equally often, and one gap between them is the usual one.

    Events may fall on one day; readings of one meter have each a time of their own.
    """
    is_first = np.concatenate([[True], ~(gaps.is_same & (gaps.times == 0))])
    together = np.diff(np.append(np.flatnonzero(is_first), len(is_first)))  # rows of each time
    usual = int(np.bincount(together).argmax())
    if usual < 2 or (together == usual).mean() < ON_GRID:
        return False
    _, counts = np.unique(gaps.within[gaps.within > 0], return_counts=True)
    return bool(len(counts)) and bool(counts.max() >= REGULAR * counts.sum())


def find_attributes(records: pa.Table, names: Sequence[str], owners: Numbers) -> tuple[str, ...]:
    """Columns that are constant within every series, more than chance would have it.

    Args:
        records: The steps of all series, one series after the other.
        names: Of the columns that may be.
        owners: The number of the series of each step.
    """
    is_same = np.diff(owners) == 0
    found = (name for name in names if _is_constant_within(cells_of(records, name), is_same))
    return tuple(found) if len(owners) and owners[-1] > 0 and is_same.any() else ()


def _is_constant_within(cells: pa.Array, is_same: Bool[np.ndarray, " m"]) -> bool:
    n_first = 10_000
    if (np.diff(codes_of(cells.slice(0, n_first)))[is_same[: n_first - 1]] != 0).any():
        return False
    codes = codes_of(cells)
    counts = np.bincount(codes)
    if len(counts) < 2 or (np.diff(codes)[is_same] != 0).any():
        return False
    alike = float(((counts / len(codes)) ** 2).sum())
    return bool(is_same.sum() * np.log(alike) < np.log(BY_CHANCE))

"""Series as records: steps in time, whose they are, and how the user's data holds them.

Whatever the data looks like, it has become one long table when anything above sees it: the steps of a series
stand together, in the order of time, and so do the series. What is constant within every series is an
attribute of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Final, Literal, final

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.settings import Field, NonNegativeInt, field, settings
from gansmith.tabular.cells import cells_of
from gansmith.tabular.schema import Column, Schema

Starts = Int[np.ndarray, " n_series_and_one"]
"""Where each series begins among all steps, and last where the last one ends."""
Shape = Literal["long", "single", "wide", "folder", "array"]
"""A table of the steps of many series; of one; a row for each series; a file for each; an array `(n_series,
n_steps, n_measures)`."""

ENTITY: Final = "series"
"""What the column that says whose step it is is called where the data has none."""
TIME: Final = "time"
"""What the column that says when is called where several columns of the data do together."""
FEWEST_WINDOWS: Final = 200
"""Of fewer nothing is learnt by a game on whole windows."""
Names = Annotated[tuple[str, ...], Field(strict=False)]


@final
@settings(kw_only=True, error=DataError)
class Form:
    """How the user's data holds series.

    Raises:
        DataError: From the constructor, when it names columns that are not there.
    """

    schema: Schema
    """All columns of the long table, in the user's order as far as that has them."""
    entity: str = ""
    """The one that says whose step it is; empty: there is one series alone."""
    time: str = ""
    """The one that says when; empty: steps follow each other."""
    attributes: Names = ()
    """Those that are constant within each series, but the entity."""
    shape: Shape = "long"
    """What the data looks like, and what is written looks like."""
    window: NonNegativeInt = 0
    """Steps of the separate windows that are learnt; 0: whole series are."""
    n_whole: NonNegativeInt = 0
    """Steps of the one series that there is, where it lies here in stretches."""
    table: Schema | None = None
    """The columns of the user's own table, where they are not those of the long one."""
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns of that table that tell the time together, by what each tells: "date", "year", "month",
    "day", "time", "hour", "minute", "second"."""
    sides: Annotated[tuple[Names, ...], Field(strict=False)] = ()
    """Wide tables: of each measure the columns of that table that hold its steps, in their order."""

    def __post_init__(self) -> None:
        for name in (*filter(None, (self.entity, self.time)), *self.attributes):
            self.schema.column(name)

    @property
    def measures(self) -> tuple[Column, ...]:
        """The columns that say something of each step: neither entity nor time nor attributes."""
        known = {self.entity, self.time, *self.attributes}
        return tuple(column for column in self.schema.columns if column.name not in known)

    @property
    def of_series(self) -> Schema:
        """The columns that say something of a whole series."""
        return replace(self.schema, columns=tuple(self.schema.column(name) for name in self.attributes))

    @property
    def told_by(self) -> str:
        """The column or columns that say when, in words."""
        return listed([*self.parts.values()] or [self.time])

    @property
    def written(self) -> Schema:
        """The columns of the user's own table, which is read and written."""
        return self.schema if self.table is None else self.table

    @property
    def separated(self) -> Form:
        """The form of several series such as the one that the data is: a column more says whose steps."""
        if self.entity or ENTITY in (*self.schema.names, *self.written.names):
            return self
        own = Column(ENTITY, "integer")
        table = None if self.table is None else with_first(self.table, own)
        return replace(self, schema=with_first(self.schema, own), table=table, entity=ENTITY, shape="long")


def listed(names: Sequence[str]) -> str:
    """Names in words.

    Example:
        >>> listed(["year", "month", "day"])
        "'year', 'month' and 'day'"
    """
    *before, last = map(repr, names)
    return f"{', '.join(before)} and {last}" if before else last


def with_first(schema: Schema, column: Column) -> Schema:
    """The schema with one more column before its others."""
    return replace(schema, columns=(column, *schema.columns))


@final
@dataclass(frozen=True, eq=False)
class SeriesSet:
    """Some series, as one long table."""

    steps: pa.Table
    """Of all series, one after the other, each in the order of time; typed as the schema says, nulls where
    missing, one chunk per column."""
    starts: Starts
    form: Form
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> Int[np.ndarray, " n_series"]:
        """Steps of each series."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Int[np.ndarray, " n_steps"]:
        """The number of the series that each step belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def attributes(self) -> pa.Table:
        """What says something of a whole series, one row each; as many rows where there are no columns."""
        if not self.form.attributes:  # `take` forgets how many rows there are of no columns
            return self.steps.select([]).slice(0, len(self))
        return self.first_steps.select(list(self.form.attributes))

    @property
    def first_steps(self) -> pa.Table:
        """The first step of each series, shape `(n_series, n_columns)`."""
        return self.steps.take(pa.array(self.starts[:-1])).combine_chunks()

    @property
    def entities(self) -> pa.Array:
        """Whose each series is, shape `(n_series,)`; where nobody says, numbers from 1."""
        if not self.form.entity:
            return pa.array(np.arange(1, len(self) + 1))
        return cells_of(self.first_steps, self.form.entity)

    def is_in_step(self, n_steps: int) -> bool:
        """Whether each series has so many steps, and all have them at the same times."""
        if not len(self) or (self.lengths != n_steps).any():
            return False
        times = cells_of(self.steps, self.form.time)
        return times.equals(times.take(pa.array(np.tile(np.arange(n_steps), len(self)))))

    def are_numbers_alone(self, window: int) -> bool:
        """Whether windows of so many steps are numbers and nothing else, and enough for a game on them.

        Times may be there if they are those of every window.
        """
        form, measures = self.form, self.form.measures
        has_more = form.attributes or (form.time and not self.is_in_step(window))
        if not window or has_more or not measures or not all(one.traits.is_number for one in measures):
            return False
        n_windows = int(np.maximum(self.lengths - window + 1, 0).sum())
        is_whole = not any(self.steps.column(one.name).null_count for one in measures)
        return n_windows >= FEWEST_WINDOWS and is_whole

    def take(self, indices: np.ndarray) -> SeriesSet:
        """The series with these numbers, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        return self.cut(chosen, np.zeros(len(chosen), np.int64), self.lengths[chosen])

    def cut(self, indices: np.ndarray, first: np.ndarray, last: np.ndarray) -> SeriesSet:
        """Stretches of series: of `indices[i]` the steps `first[i]` to `last[i]`, the latter not among them.

        Args:
            indices: Numbers of series, shape `(n,)`; one may come several times.
            first: 0 for the first step of the series.
            last: Above `first`; at most the length of the series.
        """
        lengths = np.asarray(last, np.int64) - np.asarray(first, np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        begin = self.starts[:-1][np.asarray(indices, np.int64)] + first
        places = np.arange(starts[-1]) + np.repeat(begin - starts[:-1], lengths)
        return replace(self, steps=self.steps.take(pa.array(places)).combine_chunks(), starts=starts)

    def in_stretches(self, n_steps: int) -> SeriesSet:
        """Each series as stretches of about so many steps, one after the other."""
        n_parts = np.maximum(self.lengths // max(n_steps, 1), 1)
        whose = np.repeat(np.arange(len(self)), n_parts)
        place = np.arange(len(whose)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
        first, last = (self.lengths[whose] * (place + k) // n_parts[whose] for k in (0, 1))
        return self.cut(whose, first, last)

    def in_windows(self, n_steps: int) -> SeriesSet:
        """All windows of so many steps, one from every step on that has as many after it."""
        n_parts = np.maximum(self.lengths - n_steps + 1, 0)
        whose = np.repeat(np.arange(len(self)), n_parts)
        first = np.arange(len(whose)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
        return self.cut(whose, first, first + n_steps)

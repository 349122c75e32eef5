"""Series as records: steps in time, whose they are, and how the user's data holds them.

Whatever the data looks like, it has become one long table when anything above sees it: the steps of a series
stand together, in the order of time, and so do the series. What is constant within every series is an
attribute of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Final, Literal, final

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.settings import Field, NonNegativeInt, settings
from gansmith.tabular.schema import Column, Schema

Starts = Int[np.ndarray, " n_series_and_one"]
"""Where each series begins among all steps, and last where the last one ends."""
Shape = Literal["long", "single", "wide", "folder"]
"""A table of the steps of many series; of one; a row for each series; a file for each."""

ENTITY: Final = "series"
"""What the column that says whose step it is is called where the data has none."""
Names = Annotated[tuple[str, ...], Field(strict=False)]


@final
@settings(kw_only=True, error=DataError)
class Form:
    """How the user's data holds series.

    Raises:
        DataError: From the constructor, when it names columns that are not there.
    """

    schema: Schema
    """All columns of the long table, in the user's order."""
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
        """What says something of a whole series, one row each."""
        return self.steps.select(list(self.form.attributes)).take(pa.array(self.starts[:-1]))

    def take(self, indices: np.ndarray) -> SeriesSet:
        """The series with these numbers, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        lengths = self.lengths[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[:-1][chosen], lengths)
        steps = self.steps.take(pa.array(places)).combine_chunks()
        return replace(self, steps=steps, starts=starts)

"""Series as numbers: all their steps, one series after the other, and what is known of each as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features

OfSteps = Float[np.ndarray, " _"]
"""A number for each step, ..."""
OfSeries = Float[np.ndarray, " _"]
"""... and for each series."""
Starts = Int[np.ndarray, " n_series_and_one"]
Clock = Literal["", "ticks", "days", "seconds"]
"""What times count: nothing, for there are none; plain numbers; days or seconds since 1970."""

DAY_SECONDS: Final = 86_400.0


@final
@dataclass(frozen=True, eq=False)
class Sequences:
    """Some series, or pieces of a few long ones."""

    steps: Features
    """Of all series, each in the order of time: measures, and categories as codes."""
    starts: Starts
    """Where each series begins among the steps, and where the last one ends."""
    attributes: Features
    """What is known of a whole series, a row each; perhaps without any column."""
    times: OfSteps
    """When each step was, as `clock` says; NaN where that is missing."""
    clock: Clock
    origins: Int[np.ndarray, " n_series"]
    """The number of the user's own series that each is, or is a piece of; pieces are in the order of time."""
    time: str = "time"
    """What the user calls the time."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def n_steps(self) -> int:
        """Of all series together."""
        return int(self.starts[-1])

    @cached_property
    def lengths(self) -> Int[np.ndarray, " n_series"]:
        """Steps of each series."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Int[np.ndarray, " n_steps"]:
        """The number of the series that each step belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def places(self) -> Int[np.ndarray, " n_steps"]:
        """Which step of its series each is, from 0."""
        return np.arange(self.n_steps) - self.starts[:-1][self.owners]

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns of steps that are numbers."""
        return self._named(is_category=False)

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns of steps that are codes."""
        return self._named(is_category=True)

    def column(self, name: str) -> OfSteps:
        """The values of all steps."""
        return self.steps.values[:, self.steps.position(name)]

    def before(self, lag: int) -> Int[np.ndarray, " n_pairs"]:
        """The steps that have one so many steps before them; `before(k) - k` are these."""
        return np.flatnonzero(self.places >= lag)

    @cached_property
    def gaps(self) -> OfSteps:
        """Time since the step before, in what times count; NaN for the first step of a series."""
        found = np.full(self.n_steps, np.nan)
        later = self.before(1)
        found[later] = self.times[later] - self.times[later - 1]
        return found

    @property
    def seconds(self) -> OfSteps:
        """Times in seconds since 1970, where they are points in time."""
        return self.times * (DAY_SECONDS if self.clock == "days" else 1.0)

    @property
    def has_calendar(self) -> bool:
        """Whether times are points in time."""
        return self.clock in ("days", "seconds")

    def take(self, indices: Int[np.ndarray, " n"]) -> Sequences:
        """The series with these numbers, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        lengths = self.lengths[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[:-1][chosen], lengths)
        return self._of(rows, starts, chosen)

    def pieces(self, length: int) -> Sequences:
        """Each series cut into pieces of so many steps; what is left at its end is left out."""
        counts = self.lengths // length
        owners = np.repeat(np.arange(len(self)), counts)
        numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = (self.starts[:-1][owners] + numbers * length)[:, None] + np.arange(length)
        return self._of(rows.ravel(), np.arange(len(owners) + 1) * length, owners)

    def above(self, other: Sequences) -> Sequences:
        """These series and then those of `other`, which has the same columns."""
        n_origins = int(self.origins.max(initial=-1)) + 1
        return replace(
            self,
            steps=self.steps.above(other.steps),
            starts=np.concatenate([self.starts, self.n_steps + other.starts[1:]]),
            attributes=self.attributes.above(other.attributes),
            times=np.concatenate([self.times, other.times]),
            origins=np.concatenate([self.origins, n_origins + other.origins]),
        )

    @property
    def n_together(self) -> int:
        """Steps that hang together: the cube root of the usual length, as Künsch 1989 has it for blocks."""
        return max(1, round(float(np.median(self.lengths)) ** (1 / 3)))

    def dealt(self, n_together: int, rng: np.random.Generator) -> Sequences:
        """Blocks of so many steps dealt anew among all series, and attributes, too: lengths and times stay.

        What is left at the end of a series is dealt step by step.

        Source:
            Künsch 1989, "The jackknife and the bootstrap for general stationary observations".
        """
        is_rest = self.places >= (self.lengths // n_together * n_together)[self.owners]
        rest, firsts = np.flatnonzero(is_rest), np.flatnonzero(~is_rest & (self.places % n_together == 0))
        order = np.empty(self.n_steps, np.int64)
        order[rest] = rng.permutation(rest)
        together = np.arange(n_together)
        order[(firsts[:, None] + together)] = rng.permutation(firsts)[:, None] + together
        owners = rng.permutation(len(self))
        return replace(self, steps=self.steps.take(order), attributes=self.attributes.take(owners))

    def keys(self) -> list[bytes]:
        """One key for each series, equal where all steps but their times are equal."""
        plain = np.ascontiguousarray(np.where(np.isnan(self.steps.values), np.nan, self.steps.values + 0.0))
        ends = zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        return [plain[start:end].tobytes() for start, end in ends]

    def _of(self, rows: np.ndarray, starts: np.ndarray, owners: np.ndarray) -> Sequences:
        """Some steps, as series of these owners."""
        return replace(
            self,
            steps=self.steps.take(rows),
            starts=starts,
            attributes=self.attributes.take(owners),
            times=self.times[rows],
            origins=self.origins[owners],
        )

    def _named(self, *, is_category: bool) -> tuple[str, ...]:
        pairs = zip(self.steps.names, self.steps.is_category.tolist(), strict=True)
        return tuple(name for name, is_code in pairs if is_code == is_category)

"""Steps as states and levels, and back: their time, their categories, their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.staying import Staying
from gansmith.modalities.series.ticks import Times, times_of
from gansmith.modalities.series.timing import DAYS, GAP, Timing
from gansmith.modalities.series.walk import Draft, Measure, Numbers, Route, States
from gansmith.settings import changed, from_plain, to_plain
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.columns.measures import NumberCodec, from_numbers, to_numbers
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.rows import RowCodec

FEWEST_STATES: Final = 8
"""Of a number without bins; one of fewer values is as good as a category."""
Levels = Float[np.ndarray, "n n_columns"]


@final
class Steps(NamedTuple):
    """Steps of some series, one after the other."""

    times: Times
    """When each was; without times, its number."""
    states: States
    """Of each column of time and then of each other one, as their codecs have it."""
    levels: Levels
    """Within bins, -1 to 1."""
    numbers: Numbers
    """Of the measures, as they are; NaN where missing."""


@final
@dataclass(frozen=True, eq=False)
class StepCodec:
    """What was learnt of single steps."""

    timing: Timing
    clock: RowCodec | None
    """Columns of time; None: there are none to be learnt."""
    rows: RowCodec | None
    """What each step says; None: nothing but when it was."""
    route: Route
    ranks: Float[np.ndarray, "n_drafted n_knots"]
    """Distances from the draft, in its spread: quantiles."""
    is_held: tuple[bool, ...]
    """Which drafted numbers may be the very one of the step before."""

    # --- Columns ---

    @cached_property
    def columns(self) -> tuple[AbstractColumnCodec, ...]:
        """Those of a step that are learnt: of time, of categories, of numbers."""
        clock = [] if self.clock is None else [self.clock.columns[i] for i in self.clock_order]
        rows = [] if self.rows is None else [self.rows.columns[i] for i in self._own]
        return (*clock, *rows)

    @property
    def clock_order(self) -> list[int]:
        """Numbers of the columns of time that are learnt, in the order in which they are drawn."""
        return [] if self.clock is None else sorted(self.clock.playing)

    @cached_property
    def n_clock(self) -> int:
        """How many of them are of time."""
        return 0 if self.clock is None else len(self.clock.playing)

    @cached_property
    def n_plain(self) -> int:
        """How many columns are ahead of the first one that has bins, besides those of time."""
        return self.n_clock + sum(not codec.n_bins for codec in self.columns[self.n_clock :])

    @cached_property
    def _own(self) -> list[int]:
        """Numbers of the columns of `rows`, those without bins first."""
        assert self.rows is not None
        return sorted(self.rows.playing, key=lambda i: (self.rows.columns[i].n_bins > 0, i))  # type: ignore[union-attr]

    @cached_property
    def measured(self) -> list[int]:
        """The places of the columns that are numbers."""
        return [
            place
            for place, codec in enumerate(self.columns)
            if place >= self.n_clock
            and isinstance(codec, NumberCodec)
            and (codec.n_bins or codec.n_states >= FEWEST_STATES)
        ]

    @cached_property
    def drafted(self) -> dict[int, int]:
        """By place of a column the place of its draft."""
        return {self.route.measures[p].column: k for k, p in enumerate(self.route.drafted)}

    @property
    def is_pointing(self) -> bool:
        """Whether gaps are judged by the days they lead to."""
        return bool(self.timing.in_days and self.n_clock and self.columns[0].column.name in (DAYS, GAP))

    @property
    def n_ranks(self) -> int:
        """States for the distance from a draft."""
        return (self.ranks.shape[1] - 1) // 8

    @cached_property
    def n_states(self) -> tuple[int, ...]:
        """Of each column, as a network sees it."""
        return tuple(
            self.n_singles(place) + 1 + self.n_ranks if place in self.drafted else codec.n_states
            for place, codec in enumerate(self.columns)
        )

    def empty(self, n_series: int, n_steps: int) -> Steps:
        """Room for so many steps of so many series."""
        shape = n_series, n_steps
        return Steps(
            np.zeros(shape, np.int64),
            np.zeros((*shape, len(self.columns)), np.int64),
            np.zeros((*shape, len(self.columns)), np.float32),
            np.full((*shape, len(self.measured)), np.nan),
        )

    def n_singles(self, place: int) -> int:
        """States of a column that stand for single values, ahead of its bins."""
        codec = self.columns[place]
        if (j := self.drafted.get(place)) is None:
            return codec.n_states - codec.n_bins
        return codec.has_missing + len(self.route.measures[self.route.drafted[j]].singles)

    def single_numbers(self, place: int) -> Float[np.ndarray, " n_singles"]:
        """What the single states of a drafted column stand for; NaN: missing."""
        measure = self.route.measures[self.route.drafted[self.drafted[place]]]
        return np.array([*([np.nan] if self.columns[place].has_missing else []), *measure.singles])

    # --- Series to steps, and back ---

    def encode(self, series: SeriesSet, seed: int | np.random.Generator) -> Steps:
        """The steps of series; `seed` settles what codecs leave open."""
        rng, times = np.random.default_rng(seed), when(series)
        n = len(times)
        states, levels = (
            np.zeros((n, len(self.columns)), np.int64),
            np.zeros((n, len(self.columns)), np.float32),
        )
        numbers = np.full((n, len(self.measured)), np.nan)
        if self.clock is not None:
            found = self.timing.columns(times, series.starts)
            self._put(self.clock, self.clock_order, found, 0, rng, states, levels)
            first = series.starts[:-1]  # before the first step nothing was
            states[first, : self.n_clock], levels[first, : self.n_clock] = 0, 0
        if self.rows is not None:
            flat = self.rows.chain.reduce(self.rows.split(series.steps.select(list(self.rows.schema.names))))
            self._put(self.rows, self._own, flat, self.n_clock, rng, states, levels)
            for k, place in enumerate(self.measured):
                codec = self.columns[place]
                found_numbers, is_missing = to_numbers(cells_of(flat, codec.column.name), codec.column)
                numbers[:, k] = np.where(is_missing, np.nan, found_numbers)
                if place in self.drafted:
                    measure, first = self.route.measures[k], int(codec.has_missing)
                    states[:, place] = np.where(is_missing, 0, first + measure.place_of(found_numbers))
                    levels[:, place] = 0
        return Steps(times, states, levels, numbers)

    @staticmethod
    def _put(
        rows: RowCodec,
        playing: Sequence[int],
        flat: pa.Table,
        first: int,
        rng: np.random.Generator,
        states: States,
        levels: Levels,
    ) -> None:
        for k, index in enumerate(playing):
            cells = cells_of(flat, rows.flat.names[index])
            states[:, first + k], levels[:, first + k] = rows.columns[index].encode(cells, rng)

    def decode(self, steps: Steps, rng: np.random.Generator, made: Keyed) -> dict[str, pa.Array]:
        """Cells of steps by column, but those of their times.

        Args:
            steps: As they were made.
            rng: For what is left open.
            made: Which steps are made, of which sample.
        """
        if self.rows is None:
            return {}
        places = {index: self.n_clock + k for k, index in enumerate(self._own)}
        order = [places[index] for index in self.rows.playing]
        codes = np.where(np.isin(order, list(self.drafted)), 0, steps.states[:, order])
        binned = [place for place in order if self.columns[place].n_bins]
        fixed: dict[str, pa.Array] = {}
        for place in self.drafted:
            k = self.measured.index(place)
            is_missing = np.isnan(steps.numbers[:, k])
            column = self.columns[place].column
            fixed[column.name] = from_numbers(np.nan_to_num(steps.numbers[:, k]), is_missing, column)
        table = self.rows.decode(codes, steps.levels[:, binned].astype(np.float32), rng, made, fixed)
        return {name: cells_of(table, name) for name in table.column_names}

    # --- As a network sees them ---

    def spread_out(self, off: Float[np.ndarray, "n n_drafted"]) -> Numbers:
        """Distances of drafted numbers from their drafts as those of all measures, others zero."""
        found = np.zeros((len(off), len(self.route.measures)))
        found[:, self.route.drafted] = np.nan_to_num(off)
        return found

    def seen(
        self,
        place: int,
        states: Int[np.ndarray, " n"],
        levels: Float[np.ndarray, " n"],
        off: Float[np.ndarray, " n"] | None = None,
        is_same: Bool[np.ndarray, " n"] | None = None,
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """States and hints of a column as a network sees them.

        Args:
            place: Of the column.
            states: As its codec has them.
            levels: Likewise.
            off: Of a drafted number how far it is from its draft.
            is_same: Whether it is the very one of the step before.
        """
        codec, n_singles = self.columns[place], self.n_singles(place)
        in_bin = states >= n_singles
        if off is None or is_same is None:
            share = (states - n_singles + (levels + 1) / 2) / max(codec.n_bins, 1)
            return states, np.where(in_bin, 2 * share - 1, 0.0)
        k, n = self.drafted[place], self.n_ranks
        share = np.interp(np.nan_to_num(off), self.ranks[k], np.linspace(0, 1, 8 * n + 1))
        rank = np.clip((share * n).astype(np.int64), 0, n - 1)
        is_held = is_same & self.is_held[k]
        found = np.where(in_bin, np.where(is_held, n_singles, n_singles + 1 + rank), states)
        return found, np.where(in_bin & ~is_held, 2 * share - 1, 0.0)

    # --- Stored ---

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Everything needed to make this codec again: plain JSON, and arrays."""
        plain: dict[str, Any] = {
            "timing": to_plain(self.timing),
            "season": self.route.season,
            "measures": [changed(one) for one in self.route.measures],
            "recalled": [list(one) for one in self.route.recalled],
            "counted": [list(one) for one in self.route.counted],
            "is_held": list(self.is_held),
            "is_endless": self.route.is_endless,
            "staying": [to_plain(one) for one in self.route.staying],
        }
        arrays: dict[str, np.ndarray] = {"ranks": self.ranks}
        for name, rows in (("clock", self.clock), ("rows", self.rows)):
            if rows is not None:
                plain[name], found = rows.state()
                arrays |= {f"{name}/{key}": value for key, value in found.items()}
        if (draft := self.route.draft) is not None:
            arrays |= {f"draft/{name}": value for name, value in vars(draft).items()}
        return plain, arrays

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> StepCodec:
        """The inverse of `state`.

        Raises:
            DataError: It could not have come from one.
        """
        timing = from_plain(Timing, plain["timing"])
        found: dict[str, RowCodec | None] = {}
        for name in ("clock", "rows"):
            own = {
                key.partition("/")[2]: value for key, value in arrays.items() if key.startswith(f"{name}/")
            }
            found[name] = RowCodec.from_state(plain[name], own) if name in plain else None
        measures = tuple(from_plain(Measure, one) for one in plain["measures"])
        recalled, counted = (
            tuple((int(place), int(n)) for place, n in plain[name]) for name in ("recalled", "counted")
        )
        draft = None
        if "draft/past" in arrays:
            draft = Draft(*(arrays[f"draft/{name}"] for name in ("past", "beside", "spread", "doubt")))
        staying = tuple(from_plain(Staying, one) for one in plain.get("staying", ()))
        season, is_endless = int(plain["season"]), bool(plain["is_endless"])
        route = Route(timing, season, measures, recalled, counted, draft, is_endless, staying)
        ranks = arrays["ranks"]
        is_held = tuple(map(bool, plain["is_held"]))
        made = cls(timing, found["clock"], found["rows"], route, ranks, is_held)
        made._check()
        return made

    def _check(self) -> None:
        """Raise DataError unless all parts fit together."""
        d, draft = len(self.route.drafted), self.route.draft
        k = self.route.n_pasts
        is_sound = len(self.ranks) == len(self.is_held) == d and (draft is None) == (d == 0)
        is_sound &= len(self.route.measures) == len(self.measured)
        if draft is not None and is_sound:
            is_sound = draft.beside.shape == (k, d, d) and draft.spread.shape == (k, d)
            n = self.route.n_regressors
            is_sound &= draft.past.shape == (k, n, d) and draft.doubt.shape in ((0, d, n, n), (k, d, n, n))
        if not is_sound:
            raise DataError(
                "the parts of what was learnt of steps do not fit together. Learn the series again."
            )


def when(series: SeriesSet) -> Times:
    """When each step was; without times its number within its series."""
    form = series.form
    if not form.time:
        return np.arange(len(series.owners)) - series.starts[:-1][series.owners]
    return times_of(cells_of(series.steps, form.time), form.schema.column(form.time))

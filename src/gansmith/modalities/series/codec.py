"""Series as samples and back: a row of attributes for each, and rows of steps.

A compact record is one row of numbers: how many steps there are, the states and levels of the attributes, and
then step after step its time, the states of its columns and their levels, or of drafted ones the numbers
themselves. Shorter series are followed by zeros.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.of_series import SPAN, START, STEPS, learnt_attributes, of_series
from gansmith.modalities.series.records import Form, SeriesSet
from gansmith.modalities.series.step_fitting import learnt_steps
from gansmith.modalities.series.steps import StepCodec, Steps
from gansmith.modalities.series.ticks import Times, cells_at, times_of
from gansmith.modalities.series.window_codec import WindowCodec
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.completion import times_as_often
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.layout import Layout
from gansmith.tabular.rows import RowCodec

BLOCK_NUMBERS: Final = 2_000_000
"""Of a block that is made at a time."""
MAX_BLOCK: Final = 1024


@final
@dataclass(frozen=True, eq=False)
class SeriesCodec(AbstractCodec[SeriesSet, SeriesOptions]):
    """What was learnt of series and their steps."""

    form: Form
    steps: StepCodec
    attributes: RowCodec | None
    """None: nothing tells one series from another."""
    longest: int
    """Steps of the longest series."""
    sample: int = 0
    """Seed of the sample that is made; see `Inventing`. Not stored."""

    @classmethod
    def fit(
        cls, records: SeriesSet, options: SeriesOptions, seed: int
    ) -> AbstractCodec[SeriesSet, SeriesOptions]:
        """See the base class; windows of numbers alone have a codec of their own."""
        if records.are_numbers_alone(records.form.window):
            return WindowCodec.fit(records, options, seed)
        form = records.form
        if form.window:
            records = records.in_windows(form.window)
        n_steps = len(records.owners)
        n_sharing = n_steps if form.shape == "single" else len(records)
        steps = learnt_steps(records, options.min_count or usual_min_count(n_sharing), seed)
        attributes = None
        longest = int(records.lengths.max())
        if form.shape != "single" or form.window:
            attributes = learnt_attributes(records, steps, options.min_count, seed)
        elif not form.window:
            longest = form.n_whole or longest
        return cls(form, steps, attributes, longest)

    # --- Attributes ---

    @cached_property
    def layout(self) -> Layout | None:
        """Where attributes stand; None: none of them is learnt."""
        return Layout.of(self.attributes) if self.attributes and self.attributes.playing else None

    @cached_property
    def _values(self) -> tuple[Int[np.ndarray, " n_told"], Bool[np.ndarray, " n_told"]]:
        """Which values of attributes are told at each step, and which of them are states of categories.

        Not when a series begins, how many steps it has and how long it lasts: the walk along it tells that,
        and together they name a single series, which could be memorised.
        """
        if self.layout is None or self.attributes is None:
            return np.zeros(0, np.int64), np.zeros(0, bool)
        names = np.array([self.attributes.flat.names[index] for index in self.attributes.playing])
        is_told = ~np.isin(names, [START, STEPS, SPAN])
        levels, is_plain = [*self.layout.level_columns], np.array(self.layout.n_bins) == 0
        of_values = np.concatenate([np.repeat(is_told, self.layout.n_states), is_told[levels]])
        plain = np.concatenate([np.repeat(is_plain, self.layout.n_states), np.zeros(len(levels), bool)])
        places = np.flatnonzero(of_values)
        return places, plain[places]

    @property
    def n_told(self) -> int:
        """Numbers by which `told` tells attributes."""
        return len(self._values[0])

    @property
    def plain(self) -> tuple[int, ...]:
        """Which of these are states of categories."""
        return tuple(np.flatnonzero(self._values[1]).tolist())

    def told(self, compact: Float[Tensor, "n n_compact"]) -> Float[Tensor, "n n_told"]:
        """Attributes as a network is told of them at each step."""
        if self.layout is None:
            return compact.new_zeros(len(compact), 0)
        return self.layout.expand(compact)[:, torch.from_numpy(self._values[0])]

    def times_as_often(
        self, compact: Float[Tensor, "n n_compact"], rare_share: float
    ) -> Int[np.ndarray, " n"]:
        """How many times as often each series is learnt from for the sake of what is told of it."""
        if self.layout is None or self.attributes is None:
            return np.ones(len(compact), np.int64)
        times = times_as_often(self.layout, compact, rare_share).numpy()
        names = [self.attributes.flat.names[index] for index in self.attributes.playing]
        return np.where(np.isin(names, [START, STEPS, SPAN]), 1, times).max(1)

    @property
    def n_asked(self) -> int:
        """Numbers that say what series shall be: how many steps, 0 as it comes, and their attributes."""
        return 1 + (self.layout.n_columns + self.layout.n_values if self.layout else 0)

    @property
    def n_of_series(self) -> int:
        """Numbers of a compact record that say something of the whole series."""
        return 1 + (self.layout.n_compact if self.layout else 0)

    @cached_property
    def n_per_step(self) -> int:
        """Numbers of a compact record for each step: time, states, levels."""
        return 1 + 2 * self.n_own

    @property
    def n_own(self) -> int:
        """Columns of a step but those of time."""
        return len(self.steps.columns) - self.steps.n_clock

    def planned(self, compact: np.ndarray) -> tuple[Times, np.ndarray, Times]:
        """When series begin, how many steps they have, when they end, by their attributes.

        Args:
            compact: Of the attributes, shape `(n, n_compact)`.
        """
        n, timing = len(compact), self.steps.timing
        first = np.full(n, timing.first if timing.kind != "none" else 0)
        n_steps, span = np.full(n, self.longest), np.zeros(n)
        for name, codec, states, levels in self._attribute_cells(compact):
            numbers, _ = (
                codec.numbers(states, levels) if isinstance(codec, NumberCodec) else (np.zeros(n), None)
            )
            if name == START:
                cells = codec.decode(states, levels, np.random.default_rng(0), Keyed())
                first = times_of(cells, codec.column)
            elif name == STEPS:
                n_steps = np.maximum(np.round(numbers), 1).astype(np.int64)
            elif name == SPAN:
                span = numbers
        if timing.grid is not None:
            first = timing.grid.times(timing.grid.ticks(first))
        return first, n_steps, first + (span * 86_400_000_000).astype(np.int64)

    def _attribute_cells(self, compact: np.ndarray) -> list[tuple[str, Any, np.ndarray, np.ndarray]]:
        """Name, codec, states and levels of each attribute that is learnt, and of constant ones."""
        if self.attributes is None:
            return []
        found: list[tuple[str, Any, np.ndarray, np.ndarray]] = []
        n, playing = len(compact), self.attributes.playing
        nothing = np.zeros(n, np.int64), np.zeros(n, np.float32)
        for index, codec in enumerate(self.attributes.columns):
            name = self.attributes.flat.names[index]
            if index not in playing:
                found.append((name, codec, *nothing))
                continue
            states = compact[:, playing.index(index)].astype(np.int64)
            levels = nothing[1]
            if codec.n_bins:
                before = sum(
                    1 for other in playing[: playing.index(index)] if self.attributes.columns[other].n_bins
                )
                levels = compact[:, len(playing) + before].astype(np.float32)
            found.append((name, codec, states, levels))
        return found

    # --- Records ---

    @property
    def n_values(self) -> int:
        return self.n_of_series + self.longest * self.n_per_step

    @property
    def block_size(self) -> int:
        return int(np.clip(BLOCK_NUMBERS // self.n_values, 1, MAX_BLOCK))

    @property
    def empty(self) -> SeriesSet:
        steps = self.form.schema.arrow_schema.empty_table()
        return SeriesSet(steps, np.zeros(1, np.int64), self.form, "synthetic")

    def encode(self, records: SeriesSet, seed: int) -> Compact:
        return torch.from_numpy(
            self.packed(
                self.encode_attributes(records, seed), self.steps.encode(records, seed), records.lengths
            )
        )

    def encode_attributes(self, records: SeriesSet, seed: int | np.random.Generator) -> np.ndarray:
        """Compact attributes of series, shape `(n, n_compact)`."""
        if self.layout is None or self.attributes is None:
            return np.zeros((len(records), 0))
        table = of_series(records, self.steps, self.attributes.schema)
        codes, levels = self.attributes.encode(table.records, np.random.default_rng(seed))
        return np.concatenate([codes, levels], 1, dtype=np.float64)

    def packed(self, attributes: np.ndarray, steps: Steps, lengths: np.ndarray) -> np.ndarray:
        """Compact records of attributes and of steps, one series after the other."""
        n, longest = len(lengths), int(lengths.max(initial=self.longest))
        n_clock, k = self.steps.n_clock, self.n_own
        rows = np.zeros((n, longest, self.n_per_step))
        owners = np.repeat(np.arange(n), lengths)
        places = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        values = steps.levels[:, n_clock:].astype(np.float64)
        for place in self.steps.drafted:
            own = np.nan_to_num(steps.numbers[:, self.steps.measured.index(place)])
            values[:, place - n_clock] = own
        rows[owners, places, 0] = steps.times
        rows[owners, places, 1 : 1 + k] = steps.states[:, n_clock:]
        rows[owners, places, 1 + k :] = values
        return np.concatenate([lengths[:, None], attributes, rows.reshape(n, -1)], 1)

    def unpacked(self, compact: np.ndarray) -> tuple[np.ndarray, Steps, np.ndarray]:
        """The inverse of `packed`: attributes, steps and lengths."""
        n, n_clock, k = len(compact), self.steps.n_clock, self.n_own
        lengths = compact[:, 0].astype(np.int64)
        attributes = compact[:, 1 : self.n_of_series]
        longest = (compact.shape[1] - self.n_of_series) // self.n_per_step
        rows = compact[:, self.n_of_series :].reshape(n, longest, self.n_per_step)
        rows = rows[np.arange(rows.shape[1]) < lengths[:, None]]
        states = np.zeros((len(rows), len(self.steps.columns)), np.int64)
        levels = np.zeros(states.shape, np.float32)
        states[:, n_clock:], levels[:, n_clock:] = rows[:, 1 : 1 + k], rows[:, 1 + k :]
        numbers = np.full((len(rows), len(self.steps.measured)), np.nan)
        for place in self.steps.drafted:
            codec = self.steps.columns[place]
            own = rows[:, 1 + k + place - n_clock]
            is_missing = (states[:, place] == 0) if codec.has_missing else np.zeros(len(rows), bool)
            numbers[:, self.steps.measured.index(place)] = np.where(is_missing, np.nan, own)
            levels[:, place] = 0
        return attributes, Steps(rows[:, 0].astype(np.int64), states, levels, numbers), lengths

    def wide(self, steps: Steps, lengths: np.ndarray) -> Steps:
        """Steps one series after the other as one row for each series, filled up."""
        n, longest = len(lengths), int(lengths.max(initial=1))
        is_there = np.arange(longest) < lengths[:, None]
        found: list[np.ndarray] = []
        for part in steps:
            rows = np.zeros((n, longest, *part.shape[1:]), part.dtype)
            rows[is_there] = part
            found.append(rows)
        return Steps(*found)

    def decode(self, compact: Compact, seed: int, first_index: int) -> SeriesSet:
        attributes, steps, lengths = self.unpacked(compact.numpy())
        rng = np.random.default_rng(seed)
        of_series = self._decoded_attributes(attributes, rng, first_index)
        owners = np.repeat(np.arange(len(lengths)), lengths)
        made = Keyed(first_index=first_index * self.longest).part(f"sample {self.sample}")
        cells = self.steps.decode(steps, rng, made)
        if self.form.time:
            cells[self.form.time] = cells_at(steps.times, self.form.schema.column(self.form.time))
        chosen = pa.array(owners)
        for name in (*self.form.attributes, *filter(None, (self.form.entity,))):
            cells[name] = (
                cells_of(of_series, name).take(chosen).cast(self.form.schema.column(name).arrow_type)
            )
        table = pa.table(
            {name: cells[name] for name in self.form.schema.names}, schema=self.form.schema.arrow_schema
        )
        return SeriesSet(table, np.concatenate([[0], np.cumsum(lengths)]), self.form, "synthetic")

    def _decoded_attributes(
        self, attributes: np.ndarray, rng: np.random.Generator, first_index: int
    ) -> pa.Table:
        if self.attributes is None:
            return pa.table({})
        made = Keyed(first_index=first_index).part(f"sample {self.sample}")
        if self.layout is None:
            codes, levels = (
                np.zeros((len(attributes), 0), np.int64),
                np.zeros((len(attributes), 0), np.float32),
            )
        else:
            codes, levels = self.layout.parts(torch.from_numpy(attributes.astype(np.float32)))
        return self.attributes.decode(codes, levels, rng, made)

    # --- Stored ---

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        plain, arrays = self.steps.state()
        found: dict[str, Any] = {
            "form": json.loads(json.dumps(to_plain(self.form))),
            "steps": plain,
            "longest": self.longest,
        }
        named = {f"steps/{name}": array for name, array in arrays.items()}
        if self.attributes is not None:
            found["attributes"], arrays = self.attributes.state()
            named |= {f"attributes/{name}": array for name, array in arrays.items()}
        return found, {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in named.items()}

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> AbstractCodec[SeriesSet, SeriesOptions]:
        if "windows" in state:
            return WindowCodec.from_state(state, tensors)
        parts: dict[str, dict[str, np.ndarray]] = {"steps": {}, "attributes": {}}
        for name, tensor in tensors.items():
            part, _, key = name.partition("/")
            if part not in parts:
                raise DataError(
                    f"the model holds {name!r}, which belongs to nothing. Learn the series again."
                )
            parts[part][key] = tensor.numpy()
        form = from_plain(Form, state["form"])
        steps = StepCodec.from_state(state["steps"], parts["steps"])
        attributes = None
        if "attributes" in state:
            attributes = RowCodec.from_state(state["attributes"], parts["attributes"])
        longest = state["longest"]
        if type(longest) is not int or longest < 1:
            raise DataError(
                f"the model's 'longest' is {longest!r}, no number of steps. Learn the series again."
            )
        return cls(form, steps, attributes, longest)

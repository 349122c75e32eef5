"""Separate windows of numbers as samples and back: what the game on whole windows needs of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.records import Form, SeriesSet
from gansmith.modalities.series.ticks import cells_at, times_of
from gansmith.modalities.series.windows import WindowView
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.measures import from_numbers, to_numbers
from gansmith.tabular.schema import Column

MAX_BLOCK: Final = 4096
_VIEW: Final = "view/"


@final
@dataclass(frozen=True, eq=False)
class WindowCodec(AbstractCodec[SeriesSet, SeriesOptions]):
    """A compact record is the numbers of a window, step after step, shape `(n_steps * n_measures,)`."""

    form: Form
    view: WindowView
    times: tuple[int, ...] = ()
    """Of the steps, where every window has the same."""
    n_windows: int = 0
    """That it was fitted to. Not stored."""
    layout: ClassVar[None] = None
    attributes: ClassVar[None] = None
    """Nothing tells one window from another."""

    @classmethod
    def fit(cls, records: SeriesSet, options: SeriesOptions, seed: int) -> WindowCodec:
        windows, form, times = _numbers(records.in_windows(records.form.window)), records.form, ()
        if form.time:
            cells = cells_of(records.steps, form.time)[: form.window]
            times = tuple(times_of(cells, form.schema.column(form.time)).tolist())
        return cls(form, WindowView.fit(windows, seed), times, len(windows))

    @property
    def measures(self) -> tuple[Column, ...]:
        """The columns of a step."""
        return self.form.measures

    @property
    def n_values(self) -> int:
        return self.view.n_values

    @property
    def block_size(self) -> int:
        return MAX_BLOCK

    @property
    def empty(self) -> SeriesSet:
        steps = self.form.schema.arrow_schema.empty_table()
        return SeriesSet(steps, np.zeros(1, np.int64), self.form, "synthetic")

    def windows(self, records: SeriesSet) -> np.ndarray:
        """All windows of series, shape `(n, n_steps, n_measures)`."""
        return _numbers(records.in_windows(self.form.window))

    def encode(self, records: SeriesSet, seed: int) -> Compact:
        return torch.from_numpy(_numbers(records).reshape(len(records), -1))

    def expand(self, compact: Compact) -> Tensor:
        return self.view.expand(compact.unflatten(1, (self.form.window, len(self.measures))))

    def compact(self, samples: Tensor) -> Compact:
        return self.view.compact(samples).flatten(1)

    def decode(self, compact: Compact, seed: int, first_index: int) -> SeriesSet:
        n, window = len(compact), self.form.window
        numbers = compact.double().numpy().reshape(n * window, len(self.measures))
        nothing = np.zeros(n * window, bool)
        cells = {
            column.name: from_numbers(numbers[:, place], nothing, column)
            for place, column in enumerate(self.measures)
        }
        if self.form.entity:
            column = self.form.schema.column(self.form.entity)
            whose = pa.array(np.repeat(first_index + np.arange(n) + 1, window))
            cells[column.name] = whose.cast(column.arrow_type)
        if self.form.time:
            column = self.form.schema.column(self.form.time)
            cells[column.name] = cells_at(np.tile(np.array(self.times, np.int64), n), column)
        schema = self.form.schema
        table = pa.table({name: cells[name] for name in schema.names}, schema=schema.arrow_schema)
        return SeriesSet(table, window * np.arange(n + 1), self.form, "synthetic")

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        plain, tensors = self.view.state()
        form = json.loads(json.dumps(to_plain(self.form)))
        own = {f"{_VIEW}{name}": one.contiguous() for name, one in tensors.items()}
        return {"form": form, "windows": plain, "times": list(self.times)}, own

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> WindowCodec:
        own = {name.removeprefix(_VIEW): one for name, one in tensors.items()}
        view = WindowView.from_state(state["windows"], own)
        codec = cls(from_plain(Form, state["form"]), view, tuple(map(int, state.get("times", ()))))
        if codec.form.time and len(codec.times) != codec.form.window:
            raise DataError("what was learnt of windows does not fit their times. Learn them again.")
        if codec.view.n_steps != codec.form.window or len(codec.view.sources) != len(codec.measures):
            raise DataError("what was learnt of windows does not fit their columns. Learn them again.")
        return codec


def _numbers(windows: SeriesSet) -> np.ndarray:
    """Of windows of one length, shape `(n_windows, n_steps, n_measures)`."""
    found = [to_numbers(cells_of(windows.steps, one.name), one)[0] for one in windows.form.measures]
    return np.stack(found, 1).reshape(len(windows), -1, len(found))

"""Stretches of series that are unlikely after what came before: how unlikely, where, and what they hold.

Looked at are all windows of some widths. Normal scores of their cells (see `surprise`) lie to one side, or
far out, with chances that are known; the least of all chances says how odd a series is.

Source:
    Glaz et al. 2001, "Scan statistics": the largest sum over a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from scipy.special import chdtrc, log_ndtr

from gansmith.modalities.capabilities import Stretch
from gansmith.modalities.rows.oddities import SURPRISING, shortened, spelt_cells
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.steps import StepCodec
from gansmith.modalities.series.surprise import OfCells
from gansmith.modalities.series.ticks import times_of
from gansmith.tabular.cells import cells_of, floats_of
from gansmith.tabular.schema import Column

WIDTHS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Steps of the windows that are looked at, as far as they are at most half as long as the series."""
NEARLY: Final = 0.7
"""Of the nats of the least likely window, from which on an earlier one is marked in its place: what breaks
comes back as an echo, when it is a season ago."""
MAX_NAMED: Final = 2
"""Columns that are named."""
MAX_VALUES: Final = 3
MAX_CURVES: Final = 3
"""Of a series, that can be drawn."""
LEAST: Final = 1e-300
_UNITS: Final = ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


@final
class Window(NamedTuple):
    """Some steps of a series."""

    last: int
    """The last of them, from 0."""
    first: int
    nats: float
    """Minus the logarithm of the chance of such, where all is usual."""


def strongest(scores: OfCells, starts: np.ndarray) -> Float[np.ndarray, " n"]:
    """Of each series the nats of its least likely window.

    Args:
        scores: Of the cells of all steps, one series after the other.
        starts: Where each series begins, and last where the last one ends.
    """
    lengths = np.diff(starts)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    found = np.zeros(len(lengths))
    for width in WIDTHS:
        begin = np.arange(len(owners) - width + 1)
        whose = owners[begin]
        is_within = (begin + width <= starts[1:][whose]) & ((width == 1) | (2 * width <= lengths[whose]))
        if is_within.any():
            nats = _nats(scores, width)[is_within].max(1)
            np.maximum.at(found, whose[is_within], nats)
    return found


def _nats(scores: OfCells, width: int) -> Float[np.ndarray, "n_windows n_columns_and_one"]:
    """Of each window how unlikely the cells of each column are, and last all of them together."""
    sums, squares = _sums(scores, width), _sums(scores**2, width)
    lies = -np.log(2) - log_ndtr(-np.abs(sums) / np.sqrt(width))
    varies = -np.log(np.maximum(chdtrc(width, squares), LEAST))
    every = -np.log(np.maximum(chdtrc(width * scores.shape[1], squares.sum(1)), LEAST))
    return np.concatenate([np.maximum(lies, varies), every[:, None]], 1)


def _sums(values: OfCells, width: int) -> Float[np.ndarray, "n_windows n_columns"]:
    upto = np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(0)])
    return upto[width:] - upto[:-width]


def marked_window(scores: OfCells) -> Window:
    """The steps of one series that are marked: its least likely window, or an earlier one nearly so."""
    found = list(_windows(scores))
    enough = NEARLY * max(window.nats for window in found)
    likely = [window for window in found if window.nats >= enough]
    earliest = min(likely)
    return max((one for one in likely if one.first <= earliest.last), key=lambda one: one.nats)


def _windows(scores: OfCells) -> Iterator[Window]:
    for width in WIDTHS:
        if width == 1 or 2 * width <= len(scores):
            for first, nats in enumerate(_nats(scores, width).max(1).tolist()):
                yield Window(first + width - 1, first, nats)


def curves_of(steps: StepCodec, series: SeriesSet) -> list[dict[str, list[float | None]]]:
    """The gaps of each series, where they differ, and its first measures, by name."""
    form, found = series.form, dict[str, np.ndarray]()
    if not steps.timing.is_fixed:
        column = form.schema.column(form.time)
        times = times_of(cells_of(series.steps, form.time), column).astype(float)
        is_clock = pa.types.is_temporal(column.arrow_type)
        gaps = np.diff(times, prepend=np.nan) / (3_600_000_000 if is_clock else 1)
        gaps[series.starts[:-1]] = np.nan
        found[f"gap before{', hours' if is_clock else ''}"] = gaps
    for one in form.measures:
        cells = cells_of(series.steps, one.name)
        if one.traits.is_measure and not pa.types.is_null(cells.type) and len(found) < MAX_CURVES:
            found[one.name] = floats_of(cells)
    known = {
        name: [None if np.isnan(value) else value for value in part.tolist()] for name, part in found.items()
    }
    return [
        {name: part[start:end] for name, part in known.items()}
        for start, end in zip(series.starts[:-1].tolist(), series.starts[1:].tolist(), strict=True)
    ]


# --- In words -----------------------------------------------------------------------------------------------


def stretches_of(steps: StepCodec, series: SeriesSet, scores: OfCells) -> list[Stretch]:
    """Of each series the stretch that is marked, and what is unlikely in it.

    Args:
        steps: What was learnt of steps.
        series: One after the other.
        scores: Of all their cells.
    """
    found: list[Stretch] = []
    for start, end in zip(series.starts[:-1].tolist(), series.starts[1:].tolist(), strict=True):
        window = marked_window(scores[start:end])
        rows = slice(start + window.first, start + window.last + 1)
        begins, ends = _times(series, rows)
        one = window.first == window.last
        which = f"step {window.last + 1:,}" if one else f"steps {window.first + 1:,} to {window.last + 1:,}"
        when = f", {begins if begins == ends else f'{begins} to {ends}'}," if begins else ""
        holds = "; ".join(_held(steps, series, scores, rows))
        words = f"{which}{when} {'is' if one else 'are'} unlikely after what came before: {holds}"
        found.append(Stretch(window.first, window.last, begins, ends, words))
    return found


def _times(series: SeriesSet, rows: slice) -> tuple[str, str]:
    """When the first and the last of these steps were, as they are spelt."""
    form = series.form
    if not form.time:
        return "", ""
    cells = cells_of(series.steps, form.time)
    ends = cells.take(pa.array([rows.start, rows.stop - 1]))
    first, last = spelt_cells(ends, form.schema.column(form.time))
    return first, last


def _held(steps: StepCodec, series: SeriesSet, scores: OfCells, rows: slice) -> Iterator[str]:
    """What is unlikely in a stretch, by column, the least likely first."""
    own = scores[rows]
    nats = _nats(own, len(own))[0, :-1]
    said: set[str] = set()
    for rank, place in enumerate(np.argsort(-nats, kind="stable")[:MAX_NAMED].tolist()):
        if rank and nats[place] < SURPRISING:
            return
        if place < steps.n_clock:
            words = f"gaps of {_gaps(series, rows)}"
        else:
            column = steps.columns[place].column
            side = _side(own[:, place]) if steps.columns[place].n_bins and not steps.n_singles(place) else ""
            words = f"{column.name}{_values(series, column, rows)}{side}"
        if words not in said:
            said.add(words)
            yield words


def _side(scores: Float[np.ndarray, " n"]) -> str:
    """Whether numbers lie to one side of what is likely, or far out on both."""
    lies, varies = abs(scores.sum()) / np.sqrt(len(scores)), np.sqrt((scores**2).sum())
    if lies < varies / 2:
        return ", farther out than likely"
    return ", higher than likely" if scores.sum() > 0 else ", lower than likely"


def _values(series: SeriesSet, column: Column, rows: slice) -> str:
    """What a column holds in some steps: the ends of numbers, the most frequent categories."""
    if column.name not in series.form.schema.names:
        return ""
    cells = cells_of(series.steps, column.name).slice(rows.start, rows.stop - rows.start)
    present = cells.drop_null()
    if not len(present):
        return " missing"
    if column.traits.is_measure:
        ordered = present.take(pc.sort_indices(present))
        ends = [shortened(spelt_cells(ordered.slice(place, 1), column)[0]) for place in (0, len(ordered) - 1)]
        return f" {ends[0]}" if ends[0] == ends[1] else f" {ends[0]} to {ends[1]}"
    texts, counts = np.unique(spelt_cells(cells, column), return_counts=True)
    return f" {', '.join(texts[np.argsort(-counts, kind='stable')[:MAX_VALUES]].tolist())}"


def _gaps(series: SeriesSet, rows: slice) -> str:
    """The least and the longest time from the step before to each of these, in words."""
    column = series.form.schema.column(series.form.time)
    begin = int(series.starts[np.searchsorted(series.starts, rows.start, "right") - 1])
    first = max(rows.start - 1, begin)
    gaps = np.diff(times_of(cells_of(series.steps, column.name).slice(first, rows.stop - first), column))
    low, high = (_duration(int(gap), column) for gap in (gaps.min(), gaps.max()))
    return low if low == high else f"{low} to {high}"


def _duration(gap: int, column: Column) -> str:
    """A distance of times, as `times_of` has them, in words."""
    if not pa.types.is_temporal(column.arrow_type):
        return f"{gap / 10.0 ** max(column.decimals, 0):.6g}"
    seconds = gap / 1_000_000
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"

"""What is asked of series that are to be made: their attributes, how they begin and end, their statistics.

Attributes are held fixed while the others are made to go with them. What is asked of a statistic, such as
`max(load)>400`, or of any step, such as `type=refund`, is looked at when a series is whole; those that fulfil
it are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.recipe import Compact
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.of_series import SPAN, START, STEPS
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.window_codec import WindowCodec
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.choices import ANY_STATE, Choices
from gansmith.tabular.conditions import Condition, conditions_of
from gansmith.tabular.layout import hold_fixed
from gansmith.tabular.schema import Column, Schema
from gansmith.tabular.where import Where

STATISTICS: Final[Mapping[str, Callable[[np.ndarray], float]]] = {
    "min": np.min, "max": np.max, "mean": np.mean, "sum": np.sum, "std": np.std,
    "first": lambda values: values[0], "last": lambda values: values[-1],
}  # fmt: skip
"""What can be asked of the numbers of a series."""
MAX_ROUNDS: Final = 64
"""How often a block is made until enough of its series are what is asked for."""
MIN_KNOWN: Final = 10


@final
@dataclass(frozen=True, eq=False)
class SeriesRequest:
    """See `Request` of the base."""

    codec: SeriesCodec | WindowCodec
    held: Mapping[int, Choices]
    """By place among the attributes that are learnt, what each can be."""
    watched: Mapping[str, Condition]
    """By name, what is asked of statistics and of attributes, looked at in whole series."""
    texts: tuple[str, ...]
    balanced: int | None = None
    """The attribute whose values take turns."""
    n_steps: int = 0
    """Steps of each series; 0: as it comes."""

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> SeriesBlock:
        return SeriesBlock(self, size, first_index, n_wanted, seed)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`."""
        found: list[str] = []
        for choices in self.held.values():
            n_had = round(float(choices.weights.sum()))
            if n_had < MIN_KNOWN:
                found.append(
                    f"{n_had:,} of the {n_learnt:,} series that were learnt from had {choices.condition}: "
                    "too few to know what else such series have."
                )
        return tuple(found)

    def conditions(self, first_index: int, size: int, rng: np.random.Generator) -> Tensor:
        """What the attributes of series shall be, each value as often as it occurs, or in turn."""
        told, layout = torch.zeros(size, 1), self.codec.layout
        told[:] = self.n_steps
        if layout is None:
            return told
        compact, is_held = torch.zeros(size, layout.n_compact), torch.zeros(size, layout.n_columns)
        for place, choices in self.held.items():
            if place == self.balanced:
                drawn = choices.at((first_index + np.arange(size)) % len(choices))
            else:
                drawn = choices.draw(np.full(size, ANY_STATE), rng)
            compact[:, place] = torch.from_numpy(drawn.codes).float()
            is_held[:, place] = 1
            if place in layout.level_columns:
                level = layout.n_columns + layout.level_columns.index(place)
                compact[:, level] = torch.from_numpy(np.asarray(drawn.levels, np.float32))
        return torch.cat([told, hold_fixed(layout, layout.expand(compact), is_held)], 1)

    def fulfilled(self, compact: Compact) -> Bool[np.ndarray, " n"]:
        """Which series are what is watched for."""
        will_do = np.ones(len(compact), bool)
        if not self.watched:
            return will_do
        series = self.codec.decode(compact, 0, 0)
        of_steps = {column.name for column in self.codec.form.measures}
        for name, condition in self.watched.items():
            if name in of_steps:
                found = condition.holds(cells_of(series.steps, name).cast(condition.column.arrow_type))
                will_do &= np.logical_or.reduceat(found, series.starts[:-1])
            else:
                will_do &= condition.holds(_told(series, name).cast(condition.column.arrow_type))
        return will_do


@final
class SeriesBlock:
    """See `ConditionalBlock`: series are made until as many as are wanted are what is asked for."""

    def __init__(self, request: SeriesRequest, size: int, first_index: int, n_wanted: int, seed: int) -> None:
        self._request, self._size, self._first, self._n_wanted, self._seed = (
            request,
            size,
            first_index,
            n_wanted,
            seed,
        )
        self._kept: list[Tensor] = []
        self._n_kept = self._n_rounds = 0

    @property
    def is_done(self) -> bool:
        return self._n_kept >= self._n_wanted

    def ask(self, fresh: Origins) -> Question:
        if self._n_rounds >= MAX_ROUNDS:
            asked = " and ".join(self._request.texts)
            raise UsageError(
                f"of {self._n_rounds * self._size:,} series that were made {self._n_kept:,} had {asked}. Ask "
                "for less, or for fewer series."
            )
        rng = np.random.default_rng([self._seed, self._n_rounds])
        return Question(fresh, self._request.conditions(self._first + self._n_kept, self._size, rng))

    def take(self, compact: Compact) -> None:
        self._n_rounds += 1
        found = compact[torch.from_numpy(self._request.fulfilled(compact))]
        self._kept.append(found)
        self._n_kept += len(found)

    @property
    def compact(self) -> Compact:
        widest = max(part.shape[1] for part in self._kept)
        wide = [torch.nn.functional.pad(part, (0, widest - part.shape[1])) for part in self._kept]
        found = torch.cat(wide)[: self._size]
        return torch.cat([found, found[:1].expand(self._size - len(found), -1)])  # nobody asks for these

    def settled(self, records: SeriesSet) -> SeriesSet:
        return records


def request_for(codec: SeriesCodec | WindowCodec, where: Where, balance: str) -> SeriesRequest:
    """The request for series with these attributes and statistics, and with steps that are such.

    Raises:
        UsageError: When a name or a value is unknown, with the nearest known one.
    """
    rows = codec.attributes
    of_series = () if rows is None else rows.schema.columns
    schema = Schema((*of_series, *codec.form.measures, *_statistics(codec)))
    found = conditions_of(schema, where)
    texts = tuple(text for condition in found.values() for text in condition.texts)
    names = [] if rows is None else list(rows.flat.names)
    if balance and balance not in found:
        found[balance] = Condition.anything(schema.column(balance))
    is_free = isinstance(codec, SeriesCodec) and _is_one(found.get(STEPS))
    n_steps = _only_number(found.pop(STEPS, None)) if is_free else 0
    held: dict[int, Choices] = {}
    watched: dict[str, Condition] = {}
    balanced = None
    for name, condition in found.items():
        _check(codec, condition)
        index = names.index(name) if name in names else -1
        if rows is None or index < 0 or index not in rows.playing:
            watched[name] = condition
            continue
        choices, place = rows.columns[index].choices(condition), rows.playing.index(index)
        held[place] = choices
        if name == balance:
            if not choices.is_finite:
                raise UsageError(
                    f"attribute {balance!r} has too many values to take turns. Name some of them."
                )
            balanced = place
    if balance and balanced is None:
        raise UsageError(f"{balance!r} is no attribute with several values, so it cannot be balanced.")
    return SeriesRequest(codec, held, watched, texts, balanced, n_steps)


def _check(codec: SeriesCodec | WindowCodec, condition: Condition) -> None:
    """Raise UsageError when a column of steps cannot be what is asked for."""
    rows, name = (codec.steps.rows if isinstance(codec, SeriesCodec) else None), condition.column.name
    if rows is not None and name in rows.flat.names:
        index = rows.flat.names.index(name)
        if index in rows.playing:
            rows.columns[index].choices(condition)


def _is_one(condition: Condition | None) -> bool:
    """Whether one number is asked for."""
    return condition is not None and condition.values is not None and len(condition.values) == 1


def _only_number(condition: Condition | None) -> int:
    assert condition is not None
    assert condition.values is not None
    number = condition.values[0].as_py()
    if not number or number < 1:
        raise UsageError(f"series cannot have {number} steps. Ask for 1 or more.")
    return int(number)


def _statistics(codec: SeriesCodec | WindowCodec) -> list[Column]:
    """What can be asked of whole series beside their attributes, as columns."""
    known = {STEPS, START, SPAN} if codec.attributes is None else set(codec.attributes.schema.names)
    found = [] if STEPS in known and codec.attributes is not None else [Column(STEPS, "integer")]
    for column in codec.form.measures:
        if column.traits.is_number:
            found += [Column(f"{name}({column.name})", "decimal", decimals=-1) for name in STATISTICS]
    return found


def _told(series: SeriesSet, name: str) -> pa.Array:
    """A statistic or an attribute of each series."""
    if name == STEPS:
        return pa.array(series.lengths)
    statistic, _, rest = name.partition("(")
    if rest.endswith(")") and statistic in STATISTICS:
        return pa.array(_statistic(series, statistic, rest[:-1]))
    return series.steps.column(name).combine_chunks().take(pa.array(series.starts[:-1]))


def _statistic(series: SeriesSet, statistic: str, column: str) -> Float[np.ndarray, " n"]:
    values = series.steps.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False)
    found = np.full(len(series), np.nan)
    for number, (first, end) in enumerate(zip(series.starts[:-1], series.starts[1:], strict=True)):
        there = values[first:end]
        there = there[~np.isnan(there)]
        if len(there):
            found[number] = STATISTICS[statistic](there)
    return found

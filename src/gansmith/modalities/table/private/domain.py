"""The cells that a column has: public, or found at a price; and values of them again.

A column is a list of cells: categories, or bins of numbers; where more may occur one for all other values,
and always one for missing values. Between the two edges of a bin a value is drawn anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.conditions import Condition
from gansmith.tabular.schema import NOT_ROUNDED, Column

Lots = Float[np.ndarray, " n"]
"""Uniform numbers in [0, 1), one for each record."""
MAX_CATEGORIES: Final = 2_000
MICROSECONDS: Final = {"date32[day]": 86_400_000_000, "timestamp[us]": 1_000_000}
"""What the grain of times is worth in the unit of a bin's edges."""


@final
@settings(error=DataError)
class Cells:
    """A column and its cells."""

    column: Column
    """What its values are, and how they are spelt."""
    values: Annotated[tuple[str, ...], Field(max_length=MAX_CATEGORIES)] = ()
    """Categories, as texts."""
    edges: tuple[float, ...] = ()
    """Of bins, ascending, one more than bins; times in seconds or days since 1970."""
    grain: Annotated[float, Field(ge=0)] = 0.0
    """What numbers are multiples of; 0: of nothing."""
    has_others: bool = False
    """Whether more categories may occur: they share a cell, and are never made."""
    has_missing: bool = True
    """Whether missing cells are made."""

    def __post_init__(self) -> None:
        if (self.values and self.edges) or len(self.edges) == 1 or np.any(np.diff(self.edges) <= 0):
            raise DataError(f"column {self.column.name!r}: its cells are no categories and no bins.")

    @property
    def is_made_anew(self) -> bool:
        """Whether nothing of it is learnt."""
        return not self.values and not self.edges

    @property
    def n_known(self) -> int:
        """Cells that stand for known values."""
        return len(self.values) or max(len(self.edges) - 1, 0)

    @property
    def n_cells(self) -> int:
        """All cells; the last is that of missing values, before it perhaps that of all others."""
        return self.n_known + self.has_others + 1

    @property
    def makes(self) -> Bool[np.ndarray, " n_cells"]:
        """Which cells records may be made with."""
        made = np.ones(self.n_cells, bool)
        made[self.n_known :] = False
        made[-1] = self.has_missing or not self.n_known
        return made

    def codes(self, values: np.ndarray) -> Int[np.ndarray, " n"]:
        """In which cell each value lies.

        Args:
            values: Numbers, NaN for a missing one; or texts, None for a missing one.
        """
        if self.edges:
            found = np.searchsorted(self._edges, values.astype(float), "right") - 1
            return np.where(np.isnan(values.astype(float)), self.n_cells - 1, found.clip(0, self.n_known - 1))
        places = {value: place for place, value in enumerate(self.values)}
        others = self.n_known if self.has_others else self.n_cells - 1
        known = [self.n_cells - 1 if value is None else places.get(value, others) for value in values]
        return np.array(known, np.int64)

    def decoded(self, codes: Int[np.ndarray, " n"], lots: Lots, first: int = 0) -> pa.Array:
        """Values of cells; of a column that is made anew, names with a number, counted from `first`."""
        if self.is_made_anew:
            return self._invented(len(codes), first)
        is_missing = codes >= self.n_known
        if self.values:
            known = pa.array(self.values, pa.string())
            texts = known.take(pa.array(np.where(is_missing, 0, codes)))
            if self.column.type == "bool":
                texts = pa.array(np.array(texts) == "true")
            return pa.array(texts.to_pylist(), self.column.arrow_type, mask=is_missing)
        return self._typed(self._drawn(np.where(is_missing, 0, codes), lots), is_missing)

    def allowed(self, condition: Condition) -> Float[np.ndarray, " n_cells"]:
        """1 for the cells that can fulfil a condition, else 0."""
        missing = condition.holds(pa.nulls(1, self.column.arrow_type))
        found = np.zeros(self.n_cells)
        found[-1] = missing[0]
        if self.values:
            codes = np.arange(self.n_known)
            found[codes] = condition.holds(self.decoded(codes, np.zeros(self.n_known)))
        elif self.edges:
            found[: self.n_known] = [self._can(condition, place) for place in range(self.n_known)]
        return found * self.makes

    def met(
        self,
        cells: pa.Array,
        codes: Int[np.ndarray, " n"],
        condition: Condition,
        lots: Float[np.ndarray, "n n_tries"],
    ) -> pa.Array:
        """Values as they are where they fulfil a condition; else others of the same bins that do."""
        if not self.edges:
            return cells
        for tried in lots.T:
            wrong = np.flatnonzero(~condition.holds(cells) & (codes < self.n_known))
            if not len(wrong):
                return cells
            cells = _replaced(cells, wrong, self.decoded(codes[wrong], tried[wrong]))
        for place in np.flatnonzero(~condition.holds(cells) & (codes < self.n_known)):
            nearest = self._near(condition, int(codes[place]))
            cells = _replaced(cells, np.array([place]), nearest)
        return cells

    def _can(self, condition: Condition, place: int) -> bool:
        """Whether some value of a bin can fulfil a condition."""
        return bool(condition.holds(self._candidates(condition, place)).any())

    def _near(self, condition: Condition, place: int) -> pa.Array:
        """A value of a bin that fulfils a condition."""
        found = self._candidates(condition, place)
        return found.filter(pa.array(condition.holds(found)))[:1].cast(found.type)

    def _candidates(self, condition: Condition, place: int) -> pa.Array:
        """Values of a bin among which one fulfils a condition, if any does."""
        low, high = self.edges[place], self.edges[place + 1]
        step = self.grain or (high - low) * 1e-6
        ends = [self._number(end) for _, end in condition.bounds if end.is_valid]
        asked = (
            []
            if condition.values is None
            else [self._number(one) for one in condition.values if one.is_valid]
        )
        tried = [low, high - step, (low + high) / 2, *asked]
        tried += [end + shift for end in ends for shift in (-step, 0.0, step)]
        inside = np.array(sorted({one for one in tried if low <= one < high} or {low}))
        return self._typed(inside, np.zeros(len(inside), bool))

    def _number(self, value: pa.Scalar) -> float:
        if self.column.traits.is_number:
            return float(value.as_py())
        return float(value.cast(pa.timestamp("us")).value) / MICROSECONDS[self.column.type]

    def _drawn(self, bins: Int[np.ndarray, " n"], lots: Lots) -> Float[np.ndarray, " n"]:
        """Numbers of bins, each as likely as any other of its bin."""
        low, high = self._edges[bins], self._edges[bins + 1]
        if not self.grain:
            return low + lots * (high - low)
        first, last = np.ceil(low / self.grain - 1e-9), np.ceil(high / self.grain - 1e-9)
        steps = np.floor(lots * np.maximum(last - first, 1))
        return (first + steps) * self.grain

    def _typed(self, numbers: Float[np.ndarray, " n"], is_missing: Bool[np.ndarray, " n"]) -> pa.Array:
        """Numbers in the column's type."""
        kind = self.column.arrow_type
        if pa.types.is_floating(kind):
            digits = self.column.decimals
            shown = numbers if digits == NOT_ROUNDED else np.round(numbers, digits)
            return pa.array(shown, pa.float64(), mask=is_missing).cast(kind)
        if pa.types.is_timestamp(kind):
            return pa.array((numbers * 1e6).astype(np.int64), pa.int64(), mask=is_missing).cast(kind)
        if pa.types.is_date(kind):
            return pa.array(np.floor(numbers).astype(np.int32), pa.int32(), mask=is_missing).cast(kind)
        ends = np.iinfo(kind.to_pandas_dtype())
        whole = np.floor(numbers + 1e-9).clip(max(ends.min, -(2**62)), min(ends.max, 2**62))
        return pa.array(whole.astype(np.int64), pa.int64(), mask=is_missing).cast(kind)

    def _invented(self, n_records: int, first: int) -> pa.Array:
        numbers = np.arange(first + 1, first + 1 + n_records)
        if pa.types.is_integer(self.column.arrow_type):
            return pa.array(numbers).cast(self.column.arrow_type)
        return pa.array([f"{self.column.name} {number}" for number in numbers], pa.string())

    @cached_property
    def _edges(self) -> Float[np.ndarray, " n_edges"]:
        return np.array(self.edges)


def _replaced(cells: pa.Array, places: np.ndarray, others: pa.Array) -> pa.Array:
    order = np.arange(len(cells))
    order[places] = len(cells) + np.arange(len(places))
    return pa.concat_arrays([cells, others]).take(pa.array(order))


@final
@dataclass(frozen=True)
class Public:
    """What a person says of a column."""

    stated: str = ""
    """Its kind, one of `reading.KINDS`; empty: not said."""
    values: tuple[str, ...] = ()
    ends: tuple[float, float] | None = None
    """The lower and the upper end of a range, both of which may occur; times in the unit of the edges."""
    decimals: int | None = None
    form: str = ""
    """How times are spelt, as in `strftime`."""

    @property
    def in_words(self) -> str:
        """For the ledger."""
        said = [self.stated] if self.stated else []
        said += [f"{len(self.values)} categories"] if self.values else []
        said += [f"{self.ends[0]:g} to {self.ends[1]:g}"] if self.ends else []
        return ", ".join(said)


def public_of(source: str | Mapping[str, Any]) -> dict[str, Public]:
    """What is public, by column, from a JSON file or what stands in one.

    Raises:
        UsageError: It says something else than `--domain` takes; the column is named.
    """
    found: Any = source
    if isinstance(source, str):
        try:
            found = json.loads(Path(source).read_text(encoding="utf-8")) if source else {}
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"--domain {source}: {error}. Give a JSON file.") from error
    if not isinstance(found, Mapping):
        raise UsageError('a domain is a JSON object such as {"age": {"low": 17, "high": 90}}.')
    return {str(name): _public(str(name), said) for name, said in found.items()}


def _public(name: str, said: Any) -> Public:
    match said:
        case str():
            return Public(said)
        case [*values] if values and all(isinstance(one, (str, int, bool)) for one in values):
            texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
            if len(set(texts)) == len(texts) <= MAX_CATEGORIES:
                return Public("category", texts)
        case {"low": low, "high": high, **more} if not more.keys() - {"kind", "decimals", "format"}:
            kind, form = str(more.get("kind", "")), str(more.get("format", ""))
            try:
                ends = tuple(_end(one, kind) for one in (low, high))
            except (ValueError, TypeError):
                ends = (1.0, 0.0)
            decimals = more.get("decimals")
            whole = isinstance(low, int) and isinstance(high, int) and not decimals
            kind = kind or ("integer" if whole else "decimal")
            if ends[0] < ends[1] and (decimals is None or isinstance(decimals, int)):
                return Public(kind, (), (ends[0], ends[1]), decimals, form)
        case {"kind": str(kind), **more} if not more.keys() - {"format", "decimals"}:
            return Public(kind, (), None, more.get("decimals"), str(more.get("format", "")))
        case _:
            pass
    raise UsageError(
        f"domain of column {name!r}: wanted a list of different categories, "
        '{"low": 17, "high": 90}, {"kind": "date", "low": "2020-01-01", "high": "2024-12-31"}, '
        f'or a kind such as "key", not {json.dumps(said):.80}.'
    )


def _end(value: Any, kind: str) -> float:
    """An end of a range in the unit of the edges."""
    if kind in ("date", "datetime"):
        stamp = np.datetime64(value, "us").astype(np.int64)
        return float(stamp) / MICROSECONDS["date32[day]" if kind == "date" else "timestamp[us]"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise TypeError(value)
    return float(value)

"""Cells of a table as numbers, times or texts, one record at a time; what a column holds is asked at a price.

What a cell reads as depends on that cell alone. Which kind a column is of is not public unless somebody says
so, or its type does (as in Parquet or a data frame): one odd cell could change it. So kinds are voted for by
the records, each with one vote, and the vote is a mechanism of the ledger: cells that are not of the kind
that came out are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.table.private.domain import MICROSECONDS, Public
from gansmith.privacy import mechanisms as private
from gansmith.privacy.ledger import Ledger
from gansmith.tabular.columns.base import MISSING_MARKS
from gansmith.tabular.columns.date_codes import has_clock, read_times
from gansmith.tabular.files.raw import RawTable
from gansmith.tabular.schema import NOT_ROUNDED, Column

KINDS: Final = ("integer", "decimal", "category", "boolean", "date", "datetime", "key", "text")
"""Kinds that a person may name."""
FORMATS: Final = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M",
)  # fmt: skip
"""Spellings of times that are voted for; others are public or nothing."""
DECIMALS: Final = (0, 1, 2, 4, NOT_ROUNDED)
"""Digits after the point that are voted for."""
_WEIGHTS: Final = {"%Y%m%d": 1.0, "date": 1.0, 0: 0.95, 1: 0.87, 2: 0.79, 4: 0.71, NOT_ROUNDED: 0.63}
"""What a vote counts for: less where a kind takes all that another takes, and more."""
TRUTH: Final = ("false", "true")
_CATEGORY_WEIGHT: Final = 0.5

Values = np.ndarray
"""Numbers, NaN for a missing one; or texts, None for a missing one."""


@final
@dataclass(frozen=True)
class Read:
    """A column whose kind is settled: nothing but its values is private."""

    column: Column
    values: Values
    grain: float = 0.0
    """What numbers are multiples of."""
    is_made_anew: bool = False
    known: tuple[str, ...] = ()
    """Categories that its type says."""


@final
@dataclass(frozen=True)
class RawColumn:
    """A column as a file has it."""

    name: str
    cells: pa.ChunkedArray
    marks: tuple[str, ...]
    """Further spellings of a missing cell."""

    @property
    def is_text(self) -> bool:
        """Whether its type says nothing."""
        return pa.types.is_string(self.cells.type)

    def read(self, public: Public, vote: Callable[[Float[np.ndarray, " n"]], int]) -> Read:
        """The column's values, by the kind that is public or else voted for.

        Args:
            public: What a person says of it.
            vote: Chooses one of some scores.
        """
        if public.stated in ("key", "text"):
            return _anew(self.name, public.stated)
        if not self.is_text:
            return self._typed(public, vote)
        if public.stated in ("category", "boolean"):
            return self._texts()
        texts = self._trimmed()
        if public.stated in ("date", "datetime") and public.form:
            return _times(self.name, texts.as_times(public.form), public.form)
        if public.stated in ("integer", "decimal"):
            kinds = (
                [_digits_of(public)] if public.decimals is not None or public.stated == "integer" else None
            )
            return self._numbers(texts, kinds or DECIMALS[1:], vote)
        ballots: list[str | int] = [*FORMATS] if not public.stated or "date" in public.stated else []
        ballots += [] if public.stated else DECIMALS
        scores = [_WEIGHTS.get(one, 1.0) * texts.n_read(one) for one in ballots]
        scores += [] if public.stated else [_CATEGORY_WEIGHT * texts.n_present]
        chosen = vote(np.array(scores, float))
        if chosen == len(ballots):
            return self._texts()
        ballot = ballots[chosen]
        if isinstance(ballot, str):
            return _times(self.name, texts.as_times(ballot), ballot)
        return _numbers(self.name, texts.as_numbers(), ballot)

    def _numbers(
        self, texts: _Texts, digits: Sequence[int], vote: Callable[[Float[np.ndarray, " n"]], int]
    ) -> Read:
        """Numbers of so many digits as are voted for, where that is not settled."""
        if len(digits) == 1:
            return _numbers(self.name, texts.as_numbers(), digits[0])
        scores = [_WEIGHTS[one] * texts.n_read(one) for one in digits]
        return _numbers(self.name, texts.as_numbers(), digits[vote(np.array(scores))])

    def _typed(self, public: Public, vote: Callable[[Float[np.ndarray, " n"]], int]) -> Read:
        """A column whose type is public."""
        kind = self.cells.type
        if pa.types.is_boolean(kind) or public.stated in ("category", "boolean"):
            return self._texts()
        if pa.types.is_temporal(kind) and not pa.types.is_time(kind) and not pa.types.is_duration(kind):
            stamps = pc.cast(self.cells, pa.timestamp("us"), safe=False).combine_chunks()
            return _times(self.name, stamps, "", is_day=pa.types.is_date(kind))
        if pa.types.is_decimal(kind):
            return _numbers(self.name, _doubles(self.cells), min(kind.scale, 15))
        if pa.types.is_integer(kind):
            return _numbers(self.name, _doubles(self.cells), 0, str(kind))
        if pa.types.is_floating(kind):
            numbers = _doubles(self.cells)
            if public.stated == "integer" or public.decimals is not None:
                return _numbers(self.name, numbers, _digits_of(public))
            scores = [_WEIGHTS[one] * _n_rounded(numbers, one) for one in DECIMALS]
            return _numbers(self.name, numbers, DECIMALS[vote(np.array(scores))], "double")
        raise UsageError(
            f"column {self.name!r} holds values of type {kind}, which cannot be learnt under a "
            "guarantee. Leave it "
            "out, or cast it to numbers, times or texts."
        )

    def _texts(self) -> Read:
        is_truth = pa.types.is_boolean(self.cells.type)
        column = Column(self.name, "boolean", "bool") if is_truth else Column(self.name, "category")
        cells = self.cells.cast(pa.string())
        missing = pc.is_in(cells, value_set=pa.array(["", *self.marks])).combine_chunks()
        texts = pc.if_else(missing, pa.scalar(None, pa.string()), cells.combine_chunks())
        known = TRUTH if is_truth else ()
        return Read(column, np.array(texts.to_pylist(), object), known=known)

    def _trimmed(self) -> _Texts:
        encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(self.cells)).combine_chunks()
        return _Texts(encoded.dictionary, np.array(encoded.indices.fill_null(-1)), self.marks)


@final
class _Texts:
    """The distinct cells of a column, and where each stands; -1 where there is none."""

    def __init__(self, cells: pa.Array, codes: np.ndarray, marks: tuple[str, ...]) -> None:
        self.codes = codes
        is_mark = pc.is_in(cells, value_set=pa.array([*MISSING_MARKS, *marks]))
        self.cells = pc.if_else(is_mark, pa.scalar(None, pa.string()), cells)
        self.counts = np.bincount(codes[codes >= 0], minlength=len(cells))
        is_number = pc.match_substring_regex(self.cells, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$")
        is_number = pc.fill_null(is_number, False)
        numbers = pc.cast(pc.if_else(is_number, self.cells, pa.scalar(None, pa.string())), pa.float64())
        self.numbers = np.array(pc.fill_null(numbers, np.nan))
        self.numbers[np.isinf(self.numbers)] = np.nan

    @property
    def n_present(self) -> int:
        return int(self.counts[np.array(self.cells.is_valid())].sum())

    def n_read(self, ballot: str | int) -> int:
        """How many records have a cell of a kind: spelt as a time, or a number of so many decimals."""
        if isinstance(ballot, str):
            return int(self.counts[np.array(read_times(self.cells, ballot).is_valid())].sum())
        fits = ~np.isnan(self.numbers)
        if ballot != NOT_ROUNDED:
            fits &= _is_rounded(self.numbers, ballot)
        return int(self.counts[fits].sum())

    def as_numbers(self) -> Float[np.ndarray, " n"]:
        return np.append(self.numbers, np.nan)[self.codes]

    def as_times(self, form: str) -> pa.Array:
        times = pa.concat_arrays([read_times(self.cells, form), pa.nulls(1, pa.timestamp("us"))])
        return times.take(pa.array(np.where(self.codes < 0, len(self.cells), self.codes)))


def columns_of(raw: RawTable, marks: tuple[str, ...]) -> list[RawColumn]:
    """The columns of a table that nobody has looked into."""
    found = (
        pc.dictionary_decode(one) if pa.types.is_dictionary(one.type) else one for one in raw.columns.columns
    )
    as_text = (one.cast(pa.string()) if pa.types.is_large_string(one.type) else one for one in found)
    names = raw.columns.column_names
    return [RawColumn(name, cells, marks) for name, cells in zip(names, as_text, strict=True)]


def check_kinds(names: Sequence[str], public: dict[str, Public]) -> None:
    """Raise UsageError where something is said of a column that is not there, or of a kind that none is."""
    for name, said in public.items():
        if name not in names:
            raise UsageError(f"there is no column {name!r} to say something of. {did_you_mean(name, names)}")
        if said.stated and said.stated not in KINDS:
            raise UsageError(
                f"column {name!r}: kind {said.stated!r} is not learnt under a guarantee. "
                f"{did_you_mean(said.stated, KINDS)}"
            )


def voting(ledger: Ledger, rho: float, name: str) -> Callable[[Float[np.ndarray, " n"]], int]:
    """Chooses a kind by the votes of records, each of which counts once."""
    return lambda scores: private.select(ledger, scores, rho, f"{name}: kind")


def _anew(name: str, kind: str) -> Read:
    is_key = kind == "key"
    column = Column(name, "key" if is_key else "text", "int64" if is_key else "string", is_unique=is_key)
    return Read(column, np.empty(0), is_made_anew=True)


def _numbers(name: str, numbers: Float[np.ndarray, " n"], digits: int, kind: str = "") -> Read:
    numbers = np.where(np.isinf(numbers), np.nan, numbers)
    if digits == 0 and kind != "double":
        return Read(Column(name, "integer", kind or "int64"), np.round(numbers), 1.0)
    grain = 0.0 if digits == NOT_ROUNDED else 10.0**-digits
    return Read(Column(name, "decimal", "double", decimals=digits), numbers, grain)


def _times(name: str, stamps: pa.Array, form: str, *, is_day: bool = False) -> Read:
    is_day = is_day or (bool(form) and not has_clock(form))
    kind, type = ("date", "date32[day]") if is_day else ("datetime", "timestamp[us]")
    moments = np.array(pc.cast(stamps, pa.int64()).fill_null(0), float)
    moments[np.array(stamps.is_null())] = np.nan
    return Read(Column(name, kind, type, format=form), moments / MICROSECONDS[type], 1.0)


def _doubles(cells: pa.ChunkedArray) -> Float[np.ndarray, " n"]:
    return np.array(pc.fill_null(pc.cast(cells, pa.float64(), safe=False), np.nan).combine_chunks())


def _is_rounded(numbers: Float[np.ndarray, " n"], digits: int) -> np.ndarray:
    scaled = numbers * 10.0**digits
    return np.abs(scaled - np.round(scaled)) < 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-6)


def _n_rounded(numbers: Float[np.ndarray, " n"], digits: int) -> int:
    if digits == NOT_ROUNDED:
        return int((~np.isnan(numbers)).sum())
    return int(_is_rounded(numbers, digits).sum())


def _digits_of(public: Public) -> int:
    return 0 if public.stated == "integer" else NOT_ROUNDED if public.decimals is None else public.decimals

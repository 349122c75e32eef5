"""A column of text as its distinct cells, and what is known, wanted and found of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.files.spelling import Mask, mask_of
from gansmith.modalities.table.schema import Column, Kind, Look

Indices = np.ndarray[Any, np.dtype[np.int64]]


@final
@dataclass(frozen=True)
class Cells:
    """A column of strings, as its distinct cells and where each stands."""

    name: str
    raw: pa.Array
    """Distinct cells as they are, shape (n_distinct,)."""
    trimmed: pa.Array
    """The same without blanks around them."""
    counts: Indices
    """How often each occurs, shape (n_distinct,)."""
    codes: pa.Array
    """Which distinct cell stands in each record, shape (n,)."""

    @staticmethod
    def of(name: str, column: pa.ChunkedArray) -> Cells:
        """The cells of a column of strings; a null is an empty cell."""
        encoded = pc.dictionary_encode(pc.fill_null(column, "")).combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.unify_dictionaries().chunk(0)
        raw = encoded.dictionary
        codes = encoded.indices
        counts = np.bincount(np.asarray(codes), minlength=len(raw)).astype(np.int64)
        return Cells(name, raw, pc.utf8_trim_whitespace(raw), counts, codes)

    @property
    def n(self) -> int:
        """How many records there are."""
        return len(self.codes)

    def record(self, index: int) -> int:
        """The first record, counted from 1, that holds distinct cell `index`."""
        return int(np.argmax(np.asarray(self.codes) == index)) + 1

    def spread(self, values: pa.Array) -> pa.Array:
        """Values of the distinct cells as values of the records."""
        return values.take(self.codes)


@final
@dataclass(frozen=True)
class Wish:
    """What is known of a column before its cells are looked at."""

    kind: Kind | None = None
    """The kind that the user wants; None: to be found."""
    column: Column | None = None
    """The column of the schema that the user gave; its fields go before what is found."""
    is_comma_decimal: bool = False
    """Whether the file separates cells by something other than a comma, so that 3,14 may be a number."""
    look: Literal[Look, ""] = ""
    """Invented kind: what the user wants to be invented; empty: to be found."""
    marks: tuple[str, ...] = ()
    """The user's own spellings of a missing cell, beside the usual ones."""


@final
@dataclass(frozen=True)
class Learnt:
    """What was found in a column."""

    column: Column
    values: pa.Array
    """Typed as `column.type` says, null where missing, shape (n,)."""
    remark: str = ""
    """Something that the user should know, mostly empty."""


@final
@dataclass(frozen=True)
class Attempt:
    """Distinct cells read as one kind."""

    column: Column
    values: pa.Array
    """Null where missing or not of that kind, shape (n_distinct,)."""
    is_missing: Mask
    remark: str = ""

    @property
    def is_bad(self) -> Mask:
        """Cells that are neither missing nor of that kind."""
        return mask_of(pc.is_null(self.values)) & ~self.is_missing


def without(array: pa.Array, missing: Mask) -> pa.Array:
    """`array` with nulls where `missing`."""
    return pc.if_else(pa.array(missing), None, array)

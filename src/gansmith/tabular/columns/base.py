"""What every column codec does, and what it may hold: a model file made by hand gets no further."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Float64, Int, Int64

from gansmith.errors import DataError
from gansmith.tabular.schema import Column, must_be
from gansmith.settings import Annotated, BeforeValidator, Field, PlainSerializer, changed, settings

Codes = Int[np.ndarray, " n"]
Levels = Float[np.ndarray, " n"]
Codec = TypeVar("Codec", bound="AbstractColumnCodec")

MAX_COUNT: Final = 2**40
"""Records that can have a value."""
MAX_ALPHABET: Final = 200


def _strings(listed: Any) -> pa.Array:
    if isinstance(listed, pa.Array):
        return listed
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise ValueError("a list of texts")
    return pa.array(listed, pa.string())


def _whole(digits: Any) -> Any:
    return int(digits) if isinstance(digits, str) and re.fullmatch("-?[0-9]{1,20}", digits) else digits


Strings: TypeAlias = Annotated[pa.Array, BeforeValidator(_strings), PlainSerializer(pa.Array.to_pylist)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Letters = Annotated[str, Field(min_length=1, max_length=MAX_ALPHABET)]
Whole = Annotated[int, BeforeValidator(_whole), PlainSerializer(str), Field(gt=-(10**20), lt=10**20)]
"""Stored as text: a JSON number of many digits may lose some."""
Ascending = Annotated[
    Float64[np.ndarray, " _"],
    must_be("finite and ascending", lambda row: np.isfinite(row).all() and (np.diff(row) >= 0).all()),
]
Counts = Annotated[
    Int64[np.ndarray, " _"],
    must_be(f"from 0 to {MAX_COUNT}", lambda row: row.min() >= 0 and row.max() <= MAX_COUNT),
]


@settings(error=DataError)
class AbstractColumnCodec(ABC):
    """One column as states and levels.

    Fitted codecs are immutable settings, each field with what it may hold: `state` gives plain values and
    arrays, `from_state` takes them back.
    Bins are the last `n_bins` of `n_states`. A codec with no states takes no part in the game: its column
    is made anew when a table is decoded.
    """

    name: ClassVar[str]
    """What the codec is called in a model file."""

    column: Column
    has_missing: bool
    """Whether cells are missing; if so the first state stands for them."""

    @property
    @abstractmethod
    def n_states(self) -> int:
        """States of the column; 0 or at least 2."""

    @property
    def n_bins(self) -> int:
        """How many of them, the last ones, carry a level."""
        return 0

    @abstractmethod
    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """The state, 0..n_states - 1, and the level, -1..1, of each cell.

        Args:
            column: Of the type that the schema names, nulls for missing cells.
            rng: Spreads equal numbers over their share of a bin.
        """

    @abstractmethod
    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """Cells of the column's own type.

        Args:
            codes: States, 0..n_states - 1; ignored by codecs without states, which read only its length.
            levels: -1..1; ignored outside bins.
            rng: For what the states leave open.
            first_index: Number of the first record among all that are made, for values that must be unique.
        """

    @final
    def state(self) -> dict[str, Any]:
        """Everything needed to make this codec again: plain JSON values and numpy arrays."""
        return changed(self, "column")

    @final
    @classmethod
    def from_state(cls: type[Codec], state: Mapping[str, Any], column: Column) -> Codec:
        """The codec that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """
        made: Any = cls
        try:
            return made(**{**state, "column": column})
        except DataError as error:
            raise DataError(f"column {column.name!r} of the model: {error} Learn the table again.") from None


class AbstractPresenceCodec(AbstractColumnCodec):
    """States: missing and present, where cells are missing, else none; what stands there is not kept."""

    @final
    @property
    def n_states(self) -> int:
        """Two or none."""
        return 2 if self.has_missing else 0

    @final
    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """Whether each cell is there; levels are zero."""
        is_present = pc.is_valid(column).to_numpy(zero_copy_only=False)
        codes = is_present.astype(np.int64) if self.has_missing else np.zeros(len(column), np.int64)
        return codes, np.zeros(len(column), np.float32)

    @final
    def is_missing(self, codes: Codes) -> Bool[np.ndarray, " n"]:
        """Which cells are to be missing."""
        return (codes == 0) if self.has_missing else np.zeros(len(codes), bool)

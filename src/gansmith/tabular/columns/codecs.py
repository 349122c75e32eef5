"""What every codec of a column offers, and what it may hold: a model file made by hand gets no further."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias, TypeVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Float64, Int, Int64

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, BeforeValidator, Field, PlainSerializer, changed, settings
from gansmith.tabular.cells import Mask, are_missing
from gansmith.tabular.columns.choices import Choices, Codes, Levels, check_missing
from gansmith.tabular.conditions import Condition
from gansmith.tabular.fields import must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

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


@final
class Suppressed(NamedTuple):
    """How much of a column is too rare to come out."""

    n_values: Annotated[int, Field(ge=0, lt=2**53)]
    """Distinct values."""
    n_records: Annotated[int, Field(ge=0, lt=2**53)]
    """Records that have them; they are learnt from as if they had a more frequent value."""

    @classmethod
    def of(cls, is_suppressed: Bool[np.ndarray, " n"], counts: Int[np.ndarray, " n"]) -> Suppressed:
        """Those of the distinct values that are marked."""
        return cls(int(is_suppressed.sum()), int(counts[is_suppressed].sum()))

    def __bool__(self) -> bool:
        return self.n_values > 0


NOTHING: Final = Suppressed(0, 0)
"""All of the column may come out."""


@final
@dataclass(frozen=True)
class Fitting:
    """What a column is fitted with beside its own cells."""

    min_count: int = 1
    """Records that must share a value before it may come out."""
    profile: Float[np.ndarray, "n d"] | None = None
    """The other columns of the same records as numbers of similar scale, to compare rare values by."""
    seed: int = 0
    """Of the grouping of rare values."""
    growth: float = 1.0
    """All records, as a multiple of those that it is fitted to; the others are held out."""


UNLIMITED: Final = Fitting()
"""Everything may come out."""


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
    values_called: ClassVar[tuple[str, str] | None] = None
    """What one of its values is called, and several; None: no single value of the data comes out."""

    column: Column
    has_missing: bool
    """Whether cells are missing; if so the first state stands for them."""

    @classmethod
    @abstractmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> AbstractColumnCodec:
        """Learn a column.

        Args:
            cells: Typed as the column says, nulls for missing ones.
            column: What it is.
            fitting: What else there is to know.
        """

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
    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        """Cells of the column's own type.

        Args:
            codes: States, 0..n_states - 1; ignored by codecs without states, which read only its length.
            levels: -1..1; ignored outside bins.
            rng: For what the states leave open.
            made: Which records are made, with a key of the column: for values that are made anew.
        """

    @property
    def identity(self) -> str:
        """Of whom or what its values are: columns of the same one are made with the same key."""
        return self.column.name

    @property
    def follows(self) -> tuple[str, ...]:
        """Columns whose values decide its own, though the networks know nothing of that; mostly none."""
        return ()

    def following(self, cells: pa.Array, others: Sequence[pa.Array], made: Keyed) -> pa.Array:
        """Cells that are decided by those of the columns that it follows; missing ones stay so.

        Args:
            cells: As they were made.
            others: Of each column that it follows.
            made: As for `decode`.
        """
        del others, made
        return cells

    def describe(self) -> str:
        """How it was learnt, in a few words."""
        return "made anew"

    def rare(self) -> Suppressed:
        """What of it never comes out."""
        return NOTHING

    def listed(self) -> pa.Array | None:
        """All values that can come out, as texts; None where they are not listed."""
        return None

    def knows(self, cells: pa.Array) -> Mask:
        """Which cells hold what was learnt; of values that are made anew all do."""
        return np.ones(len(cells), bool)

    def can_be_told(self, cells: pa.Array) -> Mask:
        """Which cells the networks can be told of, if only by what is nearest to them."""
        return ~are_missing(cells)

    def features(self, codes: Codes, levels: Levels) -> tuple[Float[np.ndarray, " n"], bool]:
        """What a judge outside the game sees, NaN where missing; and whether it is codes."""
        del levels
        return codes.astype(float), True

    def choices(self, condition: Condition) -> Choices:
        """What the column can be under a condition: here missing or not, as its values are not listed.

        Raises:
            UsageError: When nothing that was learnt fulfils the condition, with the nearest that is known.
        """
        column = condition.column
        if len(condition.named.drop_null()) or condition.bounds:
            raise UsageError(
                f"column {column.name!r} is {column.kind}: its values cannot be asked for, "
                "only whether it has one."
            )
        check_missing(condition, self.has_missing)
        is_missing = condition.values is not None
        codes = (
            np.zeros(1, np.int64) if is_missing else np.arange(int(self.has_missing), max(self.n_states, 1))
        )
        zeros = np.zeros(len(codes), np.float32)
        return Choices(condition, codes, zeros, zeros, None, np.ones(len(codes)))

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


def counted(n: int, one: str, many: str) -> str:
    """A number and the word for what is counted.

    Example:
        >>> counted(1, "category", "categories")
        '1 category'
    """
    return f"{n:,} {one if n == 1 else many}"

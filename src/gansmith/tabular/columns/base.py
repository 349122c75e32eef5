"""What a kind of column offers: how it is found in cells, read, spelt, asked for and described."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.cells import Counts, Mask, are_in, are_missing, without
from gansmith.tabular.columns import kinds
from gansmith.tabular.schema import Column

if TYPE_CHECKING:
    from gansmith.tabular.columns.codecs import AbstractColumnCodec

MISSING_MARKS: Final = (
    "", "NA", "N/A", "n/a", "N.A.", "n.a.", "NaN", "nan", "NAN", "NULL", "null", "Null", "(null)", "\\N",
    "None", "?", "#N/A", "#NA", "<NA>", "-", "--", "---", "–", "—", ".", "NaT",
)  # fmt: skip
"""Spellings of a missing cell; what else a column holds decides which of them count."""
MANY_DISTINCT: Final = 50
"""Distinct texts above which a column of them is more than a choice of a few words."""
WEAK_MARKS: Final = (
    "na", "none", "NONE", "nil", "Nil", "NIL", "missing", "Missing", "MISSING", "not available",
    "Not available", "Not Available", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?",
)  # fmt: skip
"""Words that may be answers: missing cells only where all others are numbers, times or truth values."""


@final
@dataclass(frozen=True)
class Wish:
    """What is known of a column before its cells are looked at."""

    kind: AbstractKind | None = None
    """The kind that the user wants; None: to be found."""
    variant: str = ""
    """Which of the kind's variants; empty: to be found."""
    column: Column | None = None
    """The column of the schema that the user gave; its fields go before what is found."""
    is_comma_decimal: bool = False
    """Whether the file separates cells by something other than a comma, so that 3,14 may be a number."""
    marks: tuple[str, ...] = ()
    """The user's own spellings of a missing cell, beside the usual ones."""
    keeps_digits: bool = False
    """Whether strings of digits are codes, as other columns of the table have numbers."""

    @property
    def given(self) -> Column:
        """The column of the schema, or one of which nothing is said."""
        return self.column or Column("any", "text")


@final
@dataclass(frozen=True)
class Cells:
    """A column of strings, as its distinct cells and where each stands."""

    name: str
    raw: pa.Array
    """Distinct cells as they are, shape (n_distinct,)."""
    trimmed: pa.Array
    """The same without blanks around them."""
    counts: Counts
    """How often each occurs, shape (n_distinct,)."""
    codes: pa.Array
    """Which distinct cell stands in each record, shape (n,)."""
    wish: Wish

    @staticmethod
    def of(name: str, column: pa.ChunkedArray, wish: Wish) -> Cells:
        """The cells of a column of strings; a null is an empty cell."""
        encoded = pc.dictionary_encode(pc.fill_null(column, "")).combine_chunks()
        raw, codes = encoded.dictionary, encoded.indices
        counts = np.bincount(np.asarray(codes), minlength=len(raw)).astype(np.int64)
        return Cells(name, raw, pc.utf8_trim_whitespace(raw), counts, codes, wish)

    def record(self, index: int) -> int:
        """The first record, counted from 1, that holds distinct cell `index`."""
        return int(np.argmax(np.asarray(self.codes) == index)) + 1

    def present(self, missing: Mask) -> pa.Array:
        """The distinct trimmed cells that are not missing."""
        return self.trimmed.filter(pa.array(~missing))

    @cached_property
    def marked(self) -> Mask:
        """Which distinct cells spell a missing one."""
        given = self.wish.given
        own = (*self.wish.marks, given.missing_mark, *given.missing_marks)
        return are_in(self.trimmed, (*MISSING_MARKS, *own))

    @cached_property
    def missing_values(self) -> Mask:
        """Which are missing among numbers, times and truth values: there "missing" can mean nothing else."""
        return self.marked | are_in(self.trimmed, WEAK_MARKS)

    @cached_property
    def missing_texts(self) -> Mask:
        """Which are missing among texts: the empty one, else the most frequent mark alone.

        "None" may be an answer. What the user called missing is so in any case.
        """
        empty = are_in(self.trimmed, ["", *self.wish.marks])
        if (given := self.wish.column) is not None:
            return empty | are_in(self.trimmed, [given.missing_mark, *given.missing_marks])
        if empty.any() or not self.marked.any():
            return empty
        most = int(np.argmax(np.where(self.marked, self.counts, 0)))
        return are_in(self.trimmed, self.trimmed.slice(most, 1))


@final
@dataclass(frozen=True)
class Attempt:
    """Distinct cells read as one kind."""

    column: Column
    values: pa.Array
    """Null where missing or not of that kind, shape (n_distinct,)."""
    is_missing: Mask
    remark: str = ""
    """Something that the user should know, mostly empty."""

    @property
    def is_bad(self) -> Mask:
        """Cells that are neither missing nor of that kind."""
        return are_missing(self.values) & ~self.is_missing

    @property
    def fitting(self) -> Attempt | None:
        """This attempt, where every cell that is not missing is of that kind."""
        return None if self.is_bad.any() else self


@final
@dataclass(frozen=True)
class Reading:
    """A column that has been read, for kinds that may be another kind's special case."""

    column: Column
    values: pa.Array
    """Of each record, or of each distinct cell of text; missing ones are nulls, or left out."""
    n_present: int
    """Records that have one."""
    n_records: int
    texts: pa.Array | None = None
    """How the values are spelt, where they were read from text: distinct cells."""

    @cached_property
    def n_distinct(self) -> int:
        """How many different values there are."""
        return len(pc.unique(self.values.drop_null()))

    @property
    def is_single(self) -> bool:
        """Whether there is one value at most; the first few tell, mostly."""
        return len(pc.unique(self.values[:100].drop_null())) <= 1 and self.n_distinct <= 1

    @property
    def is_key(self) -> bool:
        """Whether every record has a value, and each its own."""
        n_different = self.n_distinct if self.texts is None else len(self.texts)
        return n_different == self.n_present == self.n_records


class AbstractKind(ABC):
    """What the cells of a column can be.

    Stateless: what is known of one column stands in its `Column`, what was learnt of it in its codec.
    """

    name: ClassVar[str]
    """As in `KINDS`."""
    types: ClassVar[tuple[str, ...]] = ("string",)
    """Arrow types that its values may have, as a schema calls them, the usual one first."""
    codec: ClassVar[type[AbstractColumnCodec]]
    """How it is learnt."""
    variants: ClassVar[tuple[str, ...]] = ()
    """What a person may name in its place to say more: `email`."""
    wider: ClassVar[tuple[str, ...]] = ()
    """Kinds that a column may have that is not as a schema says, the narrowest first; "": any."""
    sdtypes: ClassVar[tuple[str, ...]] = ()
    """What the metadata of SDV may call it, how it is written first."""
    rare_as: ClassVar[str] = ""
    """The kind that it becomes where most of its values are too rare to come out; empty: it stays."""
    is_natural: ClassVar[bool] = False
    """Whether values of its types are of this kind by themselves; it spells and reads them for all kinds."""
    is_late: ClassVar[bool] = False
    """Whether it is learnt after the others, by which its rare values are compared."""

    is_varied: ClassVar[bool] = True
    """Whether its values differ."""
    is_made_anew: ClassVar[bool] = False
    """Whether nothing of its values is learnt, only which are missing."""
    has_items: ClassVar[bool] = False
    """Whether a value is several, with the column's delimiter between them."""
    is_free_text: ClassVar[bool] = False
    """Whether its values are any texts, so that they may be made to match a pattern."""
    is_unique: ClassVar[bool] = False
    """Whether its values are made so that no two are alike."""
    is_exact: ClassVar[bool] = False
    """Whether its values are learnt as they are, and can be looked up, spelt and read again."""
    is_deciding: ClassVar[bool] = False
    """Whether its values may decide those of other columns."""
    is_measure: ClassVar[bool] = False
    """Whether its values lie on a line, so that one can ask for a range."""
    is_number: ClassVar[bool] = False
    is_time: ClassVar[bool] = False
    """Whether its values are points in time."""
    is_whole: ClassVar[bool] = False
    """Whether its values are whole multiples of its unit."""

    def find(self, cells: Cells) -> Attempt | None:
        """The cells as this kind, or as a near relative; None: they are nothing such."""
        return None

    def read(self, cells: Cells) -> Attempt:
        """The cells as this kind because somebody says so."""
        missing = cells.missing_texts
        return Attempt(Column(cells.name, self.name), without(cells.raw, missing), missing)

    def takes_over(self, reading: Reading) -> bool:
        """Whether a column that was read as another kind is a special case of it, and this one."""
        return False

    def of_type(self, name: str, values: pa.Array) -> tuple[Column, pa.Array]:
        """The column of typed values that are of this kind by themselves, and they in its type."""
        column = Column(name, self.name)
        return column, values.cast(column.arrow_type)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        """Values of the column's type; null where a cell is not spelt as the column's are.

        Args:
            cells: Trimmed, missing cells as nulls; texts are kept as they are.
            column: What they are and how they are spelt.

        Raises:
            pa.ArrowInvalid: A number does not fit the column's type, such as 300 an int8.
        """
        kind = natural_kind(column.arrow_type)
        return cells if kind is None else kind.parse(cells, column)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        """Values as a text file spells them; null stays null.

        Args:
            values: Typed as `column.type` says, shape (n,).
            column: How to spell them.
        """
        kind = natural_kind(values.type)
        return values if kind is None else kind.spell(values, column)

    def check_parts(self, column: Column) -> None:
        """Raise DataError where what a column says of patterns, parts or checks does not fit its kind."""
        said = next(key for key in ("pattern", "parts", "check") if getattr(column, key))
        raise DataError(
            f"column {column.name!r} is {self.name}, and {said!r} is given. Give it the kind 'pattern'."
        )

    def makes_texts(self, column: Column) -> bool:
        """Whether what is made of a column is text, whatever type the real values have.

        Phone numbers and the like are digits where the real ones are.
        """
        return self.is_made_anew and column.semantic_type not in ("", "phone", "card")

    def holds(self, cells: pa.ChunkedArray, column: Column) -> str:
        """What a column of this kind holds, for a first look at data."""
        if self.is_made_anew:
            return "not learnt: made anew"
        n_values = len(pc.unique(cells.drop_null()))
        return f"{n_values:,} value{'' if n_values == 1 else 's'}"


class AbstractPartedKind(AbstractKind):
    """A kind whose cells are put together from parts, which are columns of their own."""

    has_free_parts: ClassVar[bool] = False
    """Whether the parts of its cells may be any texts."""

    @abstractmethod
    def split(self, cells: pa.Array, column: Column) -> dict[str, pa.Array]:
        """The parts of cells, by the names of the column's own parts; the inverse of `join`.

        Args:
            cells: Texts, shape (n,). Of a missing one all parts are missing; of one that is not as the column
                says all but the first, which is no known value.
            column: One with parts.
        """

    @abstractmethod
    def join(self, parts: Mapping[str, pa.Array], column: Column) -> pa.Array:
        """Cells put together from their parts, missing where the first of them is."""

    @abstractmethod
    def needed(self, first: pa.Array, column: Column) -> dict[str, Mask]:
        """Which cells have which parts, by the names of the others, as the first part says."""

    @abstractmethod
    def in_words(self, column: Column) -> str:
        """How cells of a column with parts are put together, in words."""


def parted(column: Column) -> AbstractPartedKind:
    """What a column with parts can do."""
    traits = column.traits
    assert isinstance(traits, AbstractPartedKind)
    return traits


def natural_kind(type: pa.DataType) -> AbstractKind | None:
    """The kind that typed values are of by themselves; None: texts, or what no column can hold."""
    if pa.types.is_string(type):
        return None
    return next((kind for kind in kinds() if kind.is_natural and str(type) in kind.types), None)

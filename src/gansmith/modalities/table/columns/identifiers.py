"""Identifiers: made anew, unique, in the pattern of the real ones."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError
from gansmith.modalities.table.columns.base import AbstractColumnCodec, Codes, Levels
from gansmith.modalities.table.schema import Column

_ALPHABETS: Final = ("0123456789", "0123456789abcdef", "0123456789ABCDEF", "abcdefghijklmnopqrstuvwxyz")
_GOLDEN: Final = 0x9E3779B97F4A7C15F39CC0605CEDC834
"""The golden section in units of 2^-128: all digits count, where patterns have more members than a float."""
_EULER: Final = 0xB7E151628AED2A6ABF7158809CF4F3C7
"""e - 2, likewise: where the shuffle starts."""
_SERIAL: Final = re.compile(r"(.*?)(\d{1,15})(\D*)", re.DOTALL)


@final
@dataclass(frozen=True)
class IdentifierCodec(AbstractColumnCodec):
    """A numbering: record k gets the k-th member of a pattern, so that no two are alike.

    A serial pattern is a prefix, a whole number and a suffix; record k gets the number `first + k` when
    the real numbers left no gaps, else the k-th of a shuffled range. Any other pattern is a set of
    characters for each position.
    """

    name: ClassVar[str] = "identifier"

    column: Column
    prefix: str
    suffix: str
    width: int
    """Digits of a serial number, padded with zeros; 0 does not pad."""
    first: int
    last: int
    """Range of the serial numbers seen."""
    has_gaps: bool
    alphabets: tuple[str, ...]
    """Characters of each position; empty for a serial pattern."""

    @classmethod
    def fit(cls, column: pa.Array, schema: Column) -> IdentifierCodec:
        """Find the pattern."""
        if pa.types.is_integer(column.type):
            numbers = [int(value) for value in column.drop_null().to_pylist()] or [0]
            first, last = min(numbers), max(numbers)
            return cls(schema, "", "", 0, first, last, last - first + 1 != len(numbers), ())
        texts = [str(value) for value in column.drop_null().to_pylist()]
        matches = [_SERIAL.fullmatch(text) for text in texts]
        found = [match.groups() for match in matches if match]
        frames = {(prefix, suffix) for prefix, _, suffix in found}
        if len(found) == len(texts) and len(frames) == 1 and not _is_loose(frames):
            prefix, suffix = frames.pop()
            digits = [number for _, number, _ in found]
            numbers = [int(number) for number in digits]
            first, last = min(numbers), max(numbers)
            is_padded = len({len(number) for number in digits}) == 1 and len(digits[0]) > 1
            has_gaps = last - first + 1 != len(numbers)
            return cls(schema, prefix, suffix, len(digits[0]) if is_padded else 0, first, last, has_gaps, ())
        length = max((len(text) for text in texts), default=0)
        columns = [{text[position] for text in texts if len(text) > position} for position in range(length)]
        return cls(schema, "", "", 0, 0, 0, True, tuple(_alphabet(seen) for seen in columns))

    @property
    def n_bins(self) -> int:
        """Identifiers have no levels."""
        return 0

    @property
    def n_states(self) -> int:
        """Identifiers take no part in the game."""
        return 0

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; nothing is kept of real identifiers."""
        return np.zeros(len(column), np.int64), np.zeros(len(column), np.float32)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        numbers = range(first_index, first_index + len(codes))
        texts = [self._spell(number) for number in numbers]
        try:
            return pa.array(texts, pa.string()).cast(self.column.arrow_type)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"column {self.column.name!r} of type {self.column.type} has no room for more identifiers. "
                "Make fewer records, or learn it with a wider type in the schema."
            ) from error

    def state(self) -> dict[str, Any]:
        """See the base class."""
        return {
            "prefix": self.prefix,
            "suffix": self.suffix,
            "width": self.width,
            "first": self.first,
            "last": self.last,
            "has_gaps": self.has_gaps,
            "alphabets": list(self.alphabets),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], column: Column) -> IdentifierCodec:
        """The codec that `state` came from."""
        texts = (str(state["prefix"]), str(state["suffix"]))
        numbers = (int(state["width"]), int(state["first"]), int(state["last"]))
        return cls(column, *texts, *numbers, bool(state["has_gaps"]), tuple(state["alphabets"]))

    def _spell(self, index: int) -> str:
        if not self.alphabets:
            number = self.first + (
                self._shuffled(index, self.last - self.first + 1) if self.has_gaps else index
            )
            return f"{self.prefix}{number:0{self.width}d}{self.suffix}"
        sizes = [len(alphabet) for alphabet in self.alphabets]
        number = self._shuffled(index, math.prod(sizes))
        letters: list[str] = []
        for alphabet in reversed(self.alphabets):
            number, position = divmod(number, len(alphabet))
            letters.append(alphabet[position])
        overflow = str(number) if number else ""  # more records than the pattern has members
        return "".join(reversed(letters)) + overflow

    @staticmethod
    def _shuffled(index: int, capacity: int) -> int:
        """The index-th number of a fixed shuffle of 0..capacity - 1; beyond it the numbers go on."""
        lap, place = divmod(index, capacity)
        stride = (capacity * _GOLDEN >> 128) | 1  # golden section: neighbours end up far apart
        while math.gcd(stride, capacity) != 1:
            stride += 2
        return lap * capacity + (place * stride + (capacity * _EULER >> 128)) % capacity


def _is_loose(frames: set[tuple[str, str]]) -> bool:
    """Whether the part before the number holds digits itself: then the number is not a serial one."""
    return any(any(letter.isdigit() for letter in prefix) for prefix, _ in frames)


def _alphabet(seen: set[str]) -> str:
    """The smallest usual alphabet that holds all characters seen at a position, else just these."""
    if len(seen) == 1:
        return seen.pop()
    for alphabet in (*_ALPHABETS, _ALPHABETS[3].upper()):
        if seen <= set(alphabet):
            return alphabet
    return "".join(sorted(seen))

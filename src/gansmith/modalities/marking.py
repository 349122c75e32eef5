"""Marks in records that were made, which nobody notices and a program finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import Any, Protocol, final, runtime_checkable

NONE = "none"
"""Begins what is said of records without a mark; the reason follows."""


def chance_of(n_right: int, n_bits: int) -> float:
    """That so many of these bits, or more, agree with a mark that is not there: each is a coin.

    Example:
        >>> chance_of(2, 2), chance_of(0, 2)
        (0.25, 1.0)
    """
    return sum(comb(n_bits, n) for n in range(n_right, n_bits + 1)) / 2**n_bits


@final
@dataclass(frozen=True)
class Found:
    """What was found in one record."""

    name: str
    """Of its file."""
    is_marked: bool
    n_right: int
    """Bits that are those of the mark."""
    n_bits: int
    """All of them."""
    chance: float
    """That a record without a mark agrees as well."""
    says_so: bool
    """Whether the file says in words that it was made."""
    note: str = ""
    """Why it could not be looked at."""


@runtime_checkable
class Marking(Protocol):
    """Records that are written carry a mark, unless nobody wants it or they cannot hold it."""

    def mark_of(self, like: Any, options: Any) -> str:
        """The name of the mark that records like these get in files; or `NONE` and why they get none."""
        ...

    def unmarked(self, options: Any) -> Any:
        """Options by which no record gets a mark."""
        ...

    def marks_in(self, source: str) -> Iterator[Found]:
        """What records of a file, a folder or an archive say, one after the other.

        Raises:
            DataError: Nothing is there, or nothing that can be read.
        """
        ...

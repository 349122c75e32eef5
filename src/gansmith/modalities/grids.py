"""Records on grids as they come, each of its own size, and how they are turned into others of their kind.

Pictures are values on a grid of two dimensions, spectrograms of sounds as well, volumes of three. A kind of
data whose records are that is `Translatable`; whoever turns records into others needs no more of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, "n_channels *grid"]
"""Of one record, from 0 to 1."""
Made = Float[np.ndarray, "n_made *made"]
"""Of what becomes of it."""
Turn = Callable[[Values], Made]
"""Makes another record of one; the grid may be another, its sides multiplied by a whole number."""


@runtime_checkable
class Grids(Protocol):
    """Records as they come, by number, each on a grid of its own size."""

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """Of each record; two of two sets that belong together have the same."""
        ...

    @property
    def sizes(self) -> Sequence[tuple[int, ...]]:
        """Sides of each grid, without reading it where headers say so."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        ...

    @property
    def n_channels(self) -> int:
        """Numbers at each point, the same for all records."""
        ...

    @property
    def highest(self) -> float:
        """What stands for 1; 0 stands for 0."""
        ...

    @property
    def holds(self) -> str:
        """How large they are, and what of, for people."""
        ...

    def __len__(self) -> int: ...

    def grid(self, number: int) -> np.ndarray:
        """A record, shape `(n_channels, *grid)`, whole numbers of 8 or 16 bits or float32, 0 to `highest`.

        Raises:
            DataError: It cannot be read.
        """
        ...


def spelt(sides: Sequence[int]) -> str:
    """Sides as people say them, the width of a picture first."""
    return " x ".join(map(str, reversed(sides)))


@final
@dataclass(frozen=True)
class Turning:
    """What is done to each record."""

    turn: Turn
    """Of values of `n_channels`."""
    n_channels: int
    """That `turn` takes."""
    factor: int = 1
    """By which it multiplies the sides of a grid."""
    masks: Path | None = None
    """A file, or a folder of files of the same names: what of each record counts as missing, 0 or 1, comes to
    `turn` as one channel more."""
    metadata: Mapping[str, str] | None = None
    """Where the result comes from; stands inside a file that has a place for it."""
    is_marked: bool = False
    """Whether files of results carry a mark that says so, where the kind of data has one."""
    is_always_marked: bool = False
    """Whether results in memory do so, too."""
    is_visibly_marked: bool = False
    """Whether they carry one that everybody sees."""
    size: int = 0
    """Longest side that whole records are brought to; 0: none is."""


@final
@dataclass(frozen=True)
class Turned:
    """One record that has been turned."""

    name: str
    """Of its file."""
    n_points: int
    """Of the grid that was read."""
    seconds: float
    """That `turn` took."""
    note: str = ""
    """What a person should know about it."""


@runtime_checkable
class Translatable(Protocol):
    """Records are values on a grid, and others can be made of them."""

    n_dims: ClassVar[int]
    """Of the grid."""
    is_mirrorable: ClassVar[bool]
    """Whether a record mirrored along its last axis could be one as well."""

    def read_grids(self, source: object, options: Any, n_channels: int = 0) -> Grids:
        """Records as they come.

        Args:
            source: Files, or what is in memory.
            options: The kind's own.
            n_channels: What they are brought to; 0: what most of them have.

        Raises:
            DataError: They are missing or malformed.
        """
        ...

    def turned(self, source: str | Path, output: Path, turning: Turning) -> Iterator[Turned]:
        """Turn a file, all files of a folder or an archive, or frame by frame those of a film, into `output`.

        Names are kept, and whatever of a record is no value: transparency, depth, durations. Each file is
        written whole or not at all, and none in the place of what it was made of.

        Raises:
            DataError: Nothing is there, or it cannot be read or written.
            UsageError: The output is no format for it, or is the input.
        """
        ...

    def turned_values(self, records: Any, turning: Turning) -> Any:
        """Records in memory turned; they come back in the caller's own type."""
        ...

    def address(self, values: Values) -> str:
        """A record as a `data:` address, to be seen or heard on a page."""
        ...


@runtime_checkable
class Aligning(Protocol):
    """The last axis of the grid is time, and of two records that say the same one may be slower."""

    def aligned(self, source: Any, target: Any, pairs: Sequence[tuple[int, int]]) -> tuple[Grids, Grids]:
        """The records of each pair on grids of one size, what belongs together at the same place.

        Args:
            source: As `read_grids` gave it.
            target: Likewise.
            pairs: Numbers of two records that belong together, one of each.
        """
        ...

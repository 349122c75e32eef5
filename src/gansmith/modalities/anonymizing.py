"""Models that replace what gives people away by what does not exist; what is asked of them, what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

from gansmith.engine.games import AbstractRules, Networks


@final
@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    boxes: Path | None = None
    """A table of boxes around faces; None: they are looked for."""
    weights: Path | None = None
    """Of the detector that looks for them; None: the usual one."""
    labels: Path | None = None
    """A table of what is to be kept of each, such as glasses; None: nothing is."""
    is_whole_head: bool = False
    """Whether all around the face is replaced as well: ears, neck, collar."""
    seed: int = 0
    """Another seed, other people."""
    is_marked: bool = True
    """Whether results carry the mark that says so."""
    people: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the name of a file who is seen in it: files of one person get the same new face."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Which files of a folder are meant, and under which names results are written; empty: all of them."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where results come from; stands in files that have a place for it."""


@final
@dataclass(frozen=True)
class Replaced:
    """One picture that is done."""

    name: str
    """Of its file."""
    n_people: int
    """That were replaced; 0: it was left as it is."""
    is_left: bool = False
    """Whether nobody was found in it."""
    note: str = ""
    """What a person should know about it."""


@final
@dataclass(frozen=True)
class Renamed:
    """A table of people that is done."""

    files: Mapping[str, str]
    """Names of its pictures, and their new names."""
    people: Mapping[str, str]
    """Who is seen in each picture."""
    replaced: tuple[str, ...]
    """Columns that were made anew."""
    kept: tuple[str, ...]
    """Columns that stay as they are."""


@runtime_checkable
class Renaming(Protocol):
    """Records of this kind may be people, and can be written under new identities."""

    def renamed(self, source: str, output: Path, person: str, seed: int) -> Renamed:
        """Write them so; `person` is the column that says whose record it is.

        Raises:
            DataError: They cannot be read or written, or name no pictures.
            UsageError: There is no such column.
        """
        ...


@runtime_checkable
class Anonymizing(Protocol):
    """Models of this kind replace people."""

    def anonymized(
        self, codec: Any, rules: AbstractRules, networks: Networks, source: str, output: Path, asked: Asked
    ) -> Iterator[Replaced]:
        """Replace the people in a file, a folder or an archive; results have the same names.

        Raises:
            DataError: Something cannot be read or written, or a box lies outside of its picture.
            UsageError: Nothing finds people, or the output is in use.
        """
        ...

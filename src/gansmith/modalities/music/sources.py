"""Music as it lies in a file: parts of notes in quarter notes, before anything is put on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gansmith.modalities.music.theory import Notes


@final
@dataclass(frozen=True, eq=False)
class Part:
    """What one player plays."""

    notes: Notes
    name: str = ""
    """As the file calls it; perhaps nothing."""
    program: int = 0
    """General MIDI's number of the instrument, from 0."""
    is_drums: bool = False


@final
@dataclass(frozen=True, eq=False)
class Source:
    """A piece as it was given."""

    name: str
    parts: tuple[Part, ...]
    metre: str = ""
    """Empty: it was not said."""
    key: str = ""
    tempo: float = 0.0
    """Quarter notes a minute; 0: it was not said."""
    upbeat: float = 0.0
    """Quarter notes before the first bar line; less than a bar."""
    grid: int = 0
    """Steps of a quarter note, where the source is a grid itself; else 0."""
    is_voices: bool = False
    """Whether parts are voices from high to low, whatever they are called."""
    notes: tuple[str, ...] = ()
    """What a person should know about it."""

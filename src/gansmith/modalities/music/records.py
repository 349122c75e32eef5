"""Pieces of music: what every voice does at every step of a grid, and what is known of each piece.

A voice is silent, holds its note or begins one: so a repeated note stays repeated, and a long one long.
Tracks with chords, and drums, are several voices. All pieces of a set have the same tracks and the same grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Final, final

import numpy as np
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes, joined_attributes

REST: Final = 0
HOLD: Final = 1
FIRST: Final = 2
"""A voice that begins a note of MIDI pitch p does `FIRST + p`."""
N_PITCHES: Final = 128
END: Final = -1
"""Behind the end of a piece."""
KEY, METRE, TEMPO, LOUDNESS, BARS = "key", "metre", "tempo", "loudness", "bars"
"""What may be known of pieces: "D" or "Dm"; "6/8"; quarter notes a minute; mean velocity; how many bars."""
USUAL_METRE: Final = "4/4"
USUAL_TEMPO: Final = 100.0
USUAL_LOUDNESS: Final = 80.0
MAX_STEPS: Final = 2048
"""Of a piece; longer ones are cut at bar lines."""

Tokens = Int[np.ndarray, "n_steps n_voices"]
"""What voices do, int16: `REST`, `HOLD`, or the beginning of a note."""
Sounding = Int[np.ndarray, "n_steps n_voices"]
"""MIDI pitches, -1 for silence."""


@final
@dataclass(frozen=True)
class Track:
    """An instrument, or a singer."""

    name: str
    """Its role: melody, bass, chords, strings, drums, soprano, ..."""
    program: int
    """General MIDI's number of the instrument, from 0."""
    n_voices: int = 1
    """Notes at once."""
    is_drums: bool = False


@final
@dataclass(frozen=True)
class Form:
    """What all pieces of a set share."""

    tracks: tuple[Track, ...]
    grid: int
    """Steps of a quarter note."""

    @property
    def n_voices(self) -> int:
        """Of all tracks."""
        return sum(track.n_voices for track in self.tracks)

    @property
    def owners(self) -> list[int]:
        """The number of the track that each voice belongs to."""
        return [place for place, track in enumerate(self.tracks) for _ in range(track.n_voices)]

    def voices(self, place: int) -> slice:
        """The voices of a track."""
        first = sum(track.n_voices for track in self.tracks[:place])
        return slice(first, first + self.tracks[place].n_voices)

    @property
    def pitched(self) -> np.ndarray:
        """Which voices are no drums, shape `(n_voices,)`."""
        return np.array([not self.tracks[owner].is_drums for owner in self.owners], bool)

    def bar_steps(self, metre: str) -> int:
        """Steps of a bar.

        Example:
            >>> Form((), 4).bar_steps("6/8"), Form((), 4).bar_steps("4/4")
            (12, 16)
        """
        top, _, bottom = metre.partition("/")
        return max(1, round(4 * self.grid * int(top) / int(bottom)))

    def __str__(self) -> str:
        said = [f"{one.name} ({one.n_voices})" if one.n_voices > 1 else one.name for one in self.tracks]
        return f"{', '.join(said)}; {self.grid} steps a quarter note"


@final
@dataclass(frozen=True, eq=False)
class Pieces:
    """Some pieces of one form."""

    tokens: tuple[Tokens, ...]
    form: Form
    attributes: Attributes = field(default_factory=Attributes)
    name: str = "music"
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    names: tuple[str, ...] = ()
    """Of the pieces, such as their files; empty: none are known."""

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, indices: np.ndarray) -> Pieces:
        """The pieces with these numbers, in this order."""
        chosen = np.asarray(indices, np.int64)
        return replace(
            self,
            tokens=tuple(self.tokens[index] for index in chosen.tolist()),
            attributes=self.attributes.take(chosen),
            names=tuple(self.names[index] for index in chosen.tolist()) if self.names else (),
        )

    def with_attributes(self, attributes: Attributes) -> Pieces:
        """The same pieces, and of each this is known instead; how many bars it has it says itself."""
        for column in attributes.columns.values():
            if len(column) != len(self):
                raise DataError(f"{len(column)} attributes for {len(self)} pieces. Give one for each.")
        return replace(self, attributes=attributes)

    @property
    def fingerprint(self) -> str:
        """The same text for the same pieces, another for others."""
        digest = blake2b(repr((self.form, self.attributes.fingerprint)).encode(), digest_size=16)
        for key in self.keys():
            digest.update(key)
        return digest.hexdigest()

    def keys(self) -> list[bytes]:
        """One key for each piece, equal where all notes are."""
        return [repr(one.shape).encode() + np.ascontiguousarray(one).tobytes() for one in self.tokens]

    @cached_property
    def metres(self) -> list[str]:
        """Of each piece; the usual one where it is not known."""
        return self._texts(METRE, USUAL_METRE)

    @cached_property
    def key_names(self) -> list[str]:
        """Of each piece; "" where it is not known."""
        return self._texts(KEY, "")

    @property
    def bar_steps(self) -> list[int]:
        """Steps of a bar of each piece."""
        return [self.form.bar_steps(metre) for metre in self.metres]

    def numbers(self, name: str, usual: float) -> list[float]:
        """An attribute of each piece, or what is usual."""
        column = self.attributes.columns.get(name)
        if column is None:
            return [usual] * len(self)
        found = column.astype(np.float64)
        return np.where(np.isnan(found), usual, found).tolist()

    def in_bars(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each piece as whole bars: its number, and tokens of shape `(n_bars, bar_steps, n_voices)`."""
        for place, (tokens, steps) in enumerate(zip(self.tokens, self.bar_steps, strict=True)):
            whole = len(tokens) // steps
            if whole:
                yield place, tokens[: whole * steps].reshape(whole, steps, -1)

    def _texts(self, name: str, usual: str) -> list[str]:
        column = self.attributes.columns.get(name)
        return [usual] * len(self) if column is None else [str(one or usual) for one in column.tolist()]


def joined(blocks: Sequence[Pieces]) -> Pieces:
    """Several sets as one."""
    return replace(
        blocks[0],
        tokens=tuple(one for block in blocks for one in block.tokens),
        attributes=joined_attributes([block.attributes for block in blocks]),
        names=tuple(one for block in blocks for one in block.names),
    )


def sounding(tokens: Tokens) -> Sounding:
    """The pitch of each voice at each step; -1 for silence.

    Example:
        >>> sounding(np.array([[62], [1], [0], [1]])).ravel().tolist()
        [60, 60, -1, -1]
    """
    steps = np.arange(len(tokens))[:, None]
    last = np.maximum.accumulate(np.where(tokens != HOLD, steps, 0), axis=0)
    begun = np.take_along_axis(tokens, last, 0)
    return np.where(begun >= FIRST, begun - FIRST, -1)


def notes_of(tokens: Tokens) -> Int[np.ndarray, "n_notes 4"]:
    """The notes of a piece in the order of time: first step, steps, pitch, voice.

    Example:
        >>> notes_of(np.array([[62], [1], [62], [0]])).tolist()
        [[0, 2, 60, 0], [2, 1, 60, 0]]
    """
    found: list[np.ndarray] = []
    for voice in range(tokens.shape[1]):
        column = tokens[:, voice]
        changes = np.append(np.flatnonzero(column != HOLD), len(column))
        begin = changes[:-1][column[changes[:-1]] >= FIRST] if len(changes) > 1 else changes[:0]
        ends = changes[np.searchsorted(changes, begin, side="right")] if len(begin) else begin
        pitches = column[begin] - FIRST
        found.append(np.stack([begin, ends - begin, pitches, np.full(len(begin), voice)], 1))
    whole = np.concatenate([np.zeros((0, 4), np.int64), *found])
    return whole[np.lexsort((whole[:, 3], whole[:, 0]))].astype(np.int64)


def moved(tokens: Tokens, semitones: int, is_pitched: np.ndarray) -> Tokens:
    """All notes so much higher, but those of drums; those that leave the range of MIDI by an octave less."""
    pitches = tokens - FIRST + semitones
    pitches = np.where(pitches < 0, pitches % 12, np.where(pitches >= N_PITCHES, 108 + pitches % 12, pitches))
    return np.where((tokens >= FIRST) & is_pitched, pitches + FIRST, tokens).astype(np.int16)

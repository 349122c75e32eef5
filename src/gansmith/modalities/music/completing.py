"""Music given in part: tracks that are kept while the others are made, and pieces that go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.format import Writer
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.dataset import conditions_of
from gansmith.modalities.music.making import FREE
from gansmith.modalities.music.reading import read_pieces
from gansmith.modalities.music.records import BARS, FIRST, METRE, USUAL_METRE, Pieces
from gansmith.modalities.music.writing import PieceWriter
from gansmith.modalities.recipe import Compact


@final
@dataclass(frozen=True, eq=False)
class PiecePartial:
    """See `Partial` of the base."""

    codec: PieceCodec
    given: Pieces
    kept: tuple[bool, ...]
    """Which voices are kept."""
    n_bars: int
    """By which pieces go on; 0: they are completed."""
    sound: str = ""
    voice: str = ""

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self.given.notes

    @property
    def texts(self) -> tuple[str, ...]:
        """Nothing is asked beside what is there."""
        return ()

    @property
    def n_gaps(self) -> int:
        """Steps of voices that are made."""
        if self.n_bars:
            steps = sum(self.n_bars * bar for bar in self.given.bar_steps)
            return steps * self.codec.form.n_voices
        return sum(len(one) for one in self.given.tokens) * sum(not kept for kept in self.kept)

    def __len__(self) -> int:
        return len(self.given)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        return ()

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> PartialBlock:
        """See `Request`."""
        chosen = np.minimum(first_index + np.arange(size), len(self.given) - 1)
        return PartialBlock(self, self.given.take(chosen))

    def returned(self, blocks: Sequence[Pieces]) -> Any:
        from gansmith.modalities.music.records import joined

        return joined(blocks)

    def writer(self, path: Path, metadata: Mapping[str, str]) -> Writer:
        return PieceWriter(path, metadata, self.sound, self.voice)


@final
class PartialBlock:
    """See `ConditionalBlock`: asked once."""

    def __init__(self, partial: PiecePartial, given: Pieces) -> None:
        self._partial, self._given = partial, given
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        """See `ConditionalBlock`."""
        partial, given = self._partial, self._given
        more = [partial.n_bars * bar for bar in given.bar_steps]
        steps = np.array([len(one) + n for one, n in zip(given.tokens, more, strict=True)])
        kept = np.array(partial.kept)
        table = np.full((len(given), int(steps.max(initial=1)), partial.codec.form.n_voices), FREE, np.int64)
        for row, tokens in zip(table, given.tokens, strict=True):
            row[: len(tokens)] = np.where(kept, tokens, FREE)
        told = conditions_of(partial.codec, self._attributes(), steps)
        return Question(fresh, torch.cat([told, torch.from_numpy(table).flatten(1).float()], 1))

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._compact = compact

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`."""
        assert self._compact is not None
        return self._compact

    def settled(self, records: Pieces) -> Pieces:
        """See `ConditionalBlock`."""
        given = self._given.take(np.arange(len(records)))
        columns = dict(given.attributes.columns)
        metres = [str(one or USUAL_METRE) for one in given.metres]
        lengths = [
            len(one) // given.form.bar_steps(metre) for one, metre in zip(records.tokens, metres, strict=True)
        ]
        columns[BARS] = np.array(lengths, np.float64)
        columns.setdefault(METRE, np.array(metres, object))
        return replace(records, attributes=Attributes(columns), names=given.names)

    def _attributes(self) -> Attributes:
        """What is known of what was given; a piece that goes on is as long as it will be."""
        partial, columns = self._partial, dict(self._given.attributes.columns)
        if BARS in columns and partial.n_bars:
            columns[BARS] = columns[BARS] + partial.n_bars
        return Attributes(columns)


def partial_of(codec: PieceCodec, source: object, options: MusicOptions) -> PiecePartial:
    """The user's music as far as it is given.

    Raises:
        UsageError: The model makes phrases; there is no such track; or nothing is left to be made.
        DataError: It cannot be read.
    """
    if codec.phrase_bars:
        raise UsageError(
            "this model makes phrases of its own, to which nothing can be given. Learn without --phrases."
        )
    given = read_pieces(source, MusicOptions(grid=codec.form.grid), codec.empty)
    names = [track.name for track in codec.form.tracks]
    for name in options.keep:
        if name not in names:
            raise UsageError(f"--keep {name}: there is no such track. {did_you_mean(name, names)}")
    there = np.zeros(codec.form.n_voices, bool)
    for tokens in given.tokens:
        there |= (tokens >= FIRST).any(0)
    kept = list[bool]()
    for place, track in enumerate(codec.form.tracks):
        has_notes = bool(there[codec.form.voices(place)].any())
        is_kept = track.name in options.keep if options.keep else has_notes
        kept += [is_kept] * track.n_voices
    if options.bars and not options.keep:
        kept = [True] * codec.form.n_voices
    elif all(kept):
        raise UsageError(
            f"{given.name}: all of the tracks {', '.join(names)} are there, so nothing is left to be made. "
            "Say which are kept with --keep, or by how many bars it goes on with --bars."
        )
    if options.bars and not all(kept):
        raise UsageError(
            "--bars makes pieces go on, --keep makes tracks anew. Use one of them, then the other."
        )
    return PiecePartial(codec, given, tuple(kept), options.bars, options.sound, options.voice)

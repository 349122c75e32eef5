"""Music as files and in memory: how it is read, compared, shown and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.format import AbstractFormat, Description
from gansmith.modalities.movie import animated, check_movie, frames_of
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.drawing import gallery, of_one_size, rolls, side_by_side
from gansmith.modalities.music.preview import PiecePreview
from gansmith.modalities.music.reading import looks_like_music, read_pieces
from gansmith.modalities.music.records import FIRST, Pieces, joined, sounding
from gansmith.modalities.music.writing import MANY, PieceWriter, content_of, in_a_row
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort

N_LISTED: Final = 8
SECONDS_PER_ROLL: Final = 0.4
"""Of a film: there is much to be seen in a piano roll."""


@final
class MusicFormat(AbstractFormat[Pieces, MusicOptions]):
    """Tunes, chorales and bands. See `HasScores`, `Describing`, `Filming`, `Pictured`."""

    kind: ClassVar[str] = "music"

    def recognises(self, source: object) -> bool:
        return looks_like_music(source)

    def read(self, source: object, options: MusicOptions) -> Pieces:
        return read_pieces(source, options)

    def read_like(self, source: object, like: Pieces) -> Pieces:
        return read_pieces(source, MusicOptions(grid=like.form.grid), like)

    def read_to_judge(self, source: object, like: Pieces) -> Pieces:
        """See `HasScores`."""
        return self.read_like(source, like)

    def score(
        self,
        fakes: Sequence[Pieces],
        train: Pieces,
        holdout: Pieces,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`."""
        from gansmith.modalities.music.scoring import score_pieces  # heavy: only for those who score

        return score_pieces(fakes, train, holdout, target, seed, effort, progress)

    def fingerprint(self, records: Pieces) -> str:
        return records.fingerprint

    def join(self, blocks: Sequence[Pieces]) -> Pieces:
        return joined(blocks)

    def returned(self, records: Pieces, source: object) -> Any:
        """Where an array was given, one of pitches: `(pieces, steps, voices)`, -1 for silence."""
        if not isinstance(source, np.ndarray):
            return records
        longest = max(map(len, records.tokens), default=0)
        found = np.full((len(records), longest, records.form.n_voices), -1, source.dtype)
        for row, tokens in zip(found, records.tokens, strict=True):
            row[: len(tokens)] = sounding(tokens)
        return found

    def writer(
        self, path: Path, like: Pieces, metadata: Mapping[str, str], options: MusicOptions
    ) -> PieceWriter:
        return PieceWriter(path, metadata, options.sound, options.voice)

    def film(
        self, frames: Sequence[Pieces], path: Path, seconds_per_frame: float, metadata: Mapping[str, str]
    ) -> bytes:
        """See `Filming`: piano rolls below each other; as MIDI or WAV all frames in a row, of one walk."""
        self.check_film(path)
        if path.suffix.lower() in MANY:
            if any(len(frame) != 1 for frame in frames):
                raise UsageError(f"{path}: {path.suffix} is heard, so it holds one walk. Ask for one: -n 1.")
            return content_of(in_a_row(frames), path.suffix.lower(), metadata)
        seconds = max(seconds_per_frame, SECONDS_PER_ROLL)
        return animated(side_by_side(frames), path.suffix, seconds, metadata=metadata)

    def check_film(self, path: Path) -> None:
        """See `Filming`."""
        if path.suffix.lower() not in MANY:
            check_movie(path)

    def film_of_files(
        self, paths: Sequence[Path], path: Path, seconds_per_frame: float, last_seconds: float
    ) -> bytes:
        """See `Filming`."""
        check_movie(path)
        frames = of_one_size(frames_of(paths))
        return animated(frames, path.suffix, max(seconds_per_frame, SECONDS_PER_ROLL), last_seconds)

    def gallery(
        self, name: str, title: str, caption: str, records: Pieces, n_columns: int
    ) -> Mapping[str, Any]:
        """See `Pictured`."""
        return gallery(name, title, caption, records)

    def overview(self, records: Pieces) -> list[dict[str, str]]:
        """One row for each track, and for what is known of pieces."""
        rows = list[dict[str, str]]()
        for place, track in enumerate(records.form.tracks):
            own = [tokens[:, records.form.voices(place)] for tokens in records.tokens]
            pitches = np.concatenate([one[one >= FIRST] for one in own]) - FIRST
            n_with = sum(bool((one >= FIRST).any()) for one in own)
            instrument = "drums" if track.is_drums else f"instrument {track.program + 1}"
            held = (
                f"{len(pitches):,} notes in {n_with:,} pieces, pitches {pitches.min()} to {pitches.max()}"
                if len(pitches)
                else "nothing"
            )
            kind = f"{instrument}, {track.n_voices} voices" if track.n_voices > 1 else instrument
            rows.append({"part": track.name, "kind": kind, "holds": held})
        for name, column in records.attributes.columns.items():
            rows.append({"part": name, "kind": "attribute", "holds": _held(column)})
        rows.append({"part": "grid", "kind": "steps of a quarter note", "holds": str(records.form.grid)})
        return rows

    def describe(self, records: Pieces, options: MusicOptions) -> Description:
        """See `Describing`."""
        return Description(self.overview(records), (), None)

    def preview(self, records: Pieces) -> PiecePreview:
        few = records.take(np.arange(min(self.n_previewed, len(records))))
        return PiecePreview(few, rolls(few) if len(few) else None)


def _held(column: np.ndarray) -> str:
    if column.dtype == object:
        counts = Counter(str(one) for one in column.tolist() if one is not None).most_common()
        shown = ", ".join(f"{value} ({n:,})" for value, n in counts[:N_LISTED])
        return f"{shown}, ..." if len(counts) > N_LISTED else shown or "nothing"
    if not len(column):
        return "nothing"
    low, middle, high = np.quantile(column, [0, 0.5, 1]).tolist()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}, mostly about {middle:g}"

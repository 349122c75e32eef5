"""Sounds as files and in memory: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from gansmith.disclosure import usual_min_count
from gansmith.errors import UsageError
from gansmith.findings import Finding, copies, few_records, rare_classes, worst_first
from gansmith.modalities.attribute_labels import summary
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.drawing import preview_of
from gansmith.modalities.audio.galleries import rows_gallery
from gansmith.modalities.audio.marking import KEY, marks_in, said_of_form
from gansmith.modalities.audio.reading import SOUND, looks_like_sounds, read_like, read_sounds, read_to_judge
from gansmith.modalities.audio.sounds import Sounds, joined
from gansmith.modalities.audio.writing import SoundWriter, in_one_file
from gansmith.modalities.format import AbstractFormat
from gansmith.modalities.grids import Grids, Turned, Turning, Values
from gansmith.modalities.marking import Found
from gansmith.modalities.previews import SoundPreview
from gansmith.modalities.waves import FULL_SCALE
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.tabular.where import plain_where


@final
class AudioFormat(AbstractFormat[Sounds, AudioOptions]):
    """See `HasScores`, `Aligning`, `Filming`, `Marking`, `Pictured`, `Translatable`."""

    kind: ClassVar[str] = "audio"
    noun: ClassVar[str] = "sound"
    million_points: ClassVar[str] = "million samples"
    n_previewed: ClassVar[int] = 16
    n_dims: ClassVar[int] = 2
    is_mirrorable: ClassVar[bool] = False

    def recognises(self, source: object) -> bool:
        return looks_like_sounds(source)

    def read(self, source: object, options: AudioOptions) -> Sounds:
        return read_sounds(source, options)

    def read_like(self, source: object, like: Sounds) -> Sounds:
        return read_like(source, like)

    def settled(self, options: AudioOptions, command: str) -> AudioOptions:
        return replace(options, where=plain_where(options.where))

    def fingerprint(self, records: Sounds) -> str:
        return records.fingerprint

    def join(self, blocks: Sequence[Sounds]) -> Sounds:
        return joined(blocks)

    def returned(self, records: Sounds, source: object) -> Any:
        """As the caller gave them: (array, rate), perhaps with labels; else `Sounds`."""
        if not isinstance(source, tuple):
            return records
        given = cast("tuple[Any, ...]", source)
        waves = records.waves if np.asarray(given[0]).ndim == 3 else records.waves[..., 0]
        if np.asarray(given[0]).dtype.kind == "f":
            waves = (waves / FULL_SCALE).astype(np.asarray(given[0]).dtype)
        labels = records.attributes.columns.get("label")
        more = (labels,) if len(given) == 3 and labels is not None else ()
        return (waves, records.form.rate_hz, *more)

    def writer(
        self, path: Path, like: Sounds, metadata: Mapping[str, str], options: AudioOptions
    ) -> SoundWriter:
        return SoundWriter(path, like, {**metadata, KEY: self.mark_of(like, options)})

    def mark_of(self, like: Sounds, options: AudioOptions) -> str:
        """See `Marking`."""
        return said_of_form(like.form, is_wanted=not options.no_mark)

    def unmarked(self, options: AudioOptions) -> AudioOptions:
        """See `Marking`."""
        return replace(options, no_mark=True)

    def marks_in(self, source: str) -> Iterator[Found]:
        """See `Marking`."""
        return marks_in(source)

    def film(
        self, frames: Sequence[Sounds], path: Path, seconds_per_frame: float, metadata: Mapping[str, str]
    ) -> bytes:
        """See `Filming`: one walk after the other, each sound as long as it is."""
        self.check_film(path)
        walks = [[frame.take(np.array([number])) for frame in frames] for number in range(len(frames[0]))]
        ours = said_of_form(frames[0].form, is_wanted=True)
        return in_one_file([one for walk in walks for one in walk], {**metadata, KEY: ours})

    def check_film(self, path: Path) -> None:
        """See `Filming`."""
        if path.suffix.lower() != ".wav":
            raise UsageError(f"{path}: a walk through sounds is a sound. Give -o a name that ends in .wav.")

    def gallery(
        self, name: str, title: str, caption: str, records: Sounds, n_columns: int
    ) -> Mapping[str, Any]:
        """See `Pictured`."""
        return rows_gallery(name, title, caption, records, n_columns)

    def preview(self, records: Sounds) -> SoundPreview:
        return preview_of(records, self.n_previewed)

    def read_to_judge(self, source: object, like: Sounds) -> Sounds:
        return read_to_judge(source, like)

    def score(
        self,
        fakes: Sequence[Sounds],
        train: Sounds,
        holdout: Sounds,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        from gansmith.modalities.audio.scoring import SoundScoring  # heavy: only for those who score

        return SoundScoring().cards(fakes, train, holdout, target, seed, effort, progress)

    def audit(self, records: Sounds, target: str, options: AudioOptions) -> tuple[Finding, ...]:
        """See `Auditing`."""
        cure = "More sounds help most; until then a short run with --budget shows what is possible."
        again = "Drop the copies: those of held-out sounds make every score look too good."
        n_again = len(records) - len({wave.tobytes() for wave in records.waves})
        counts = dict[str, int]()
        for value in records.attributes.columns.get("label", np.zeros(0, object)).tolist():
            if isinstance(value, str):
                counts[value] = counts.get(value, 0) + 1
        found = [
            *copies(n_again, len(records), "sounds", again),
            *rare_classes(counts, "label", usual_min_count(len(records)), "sounds"),
            *few_records(len(records), "sounds", cure),
        ]
        return worst_first(found)

    def overview(self, records: Sounds) -> list[dict[str, str]]:
        rows = [{"column": SOUND, "kind": SOUND, "holds": str(records.form)}]
        for name, column in records.attributes.columns.items():
            kind, holds = summary(column, SOUND)
            rows.append({"column": name, "kind": kind, "holds": holds})
        return rows

    def read_grids(self, source: object, options: AudioOptions, n_channels: int = 0) -> Grids:
        """See `Translatable`."""
        from gansmith.modalities.audio.grids import read_grids  # only for those who translate

        return read_grids(source, options, n_channels)

    def aligned(self, source: Any, target: Any, pairs: Sequence[tuple[int, int]]) -> tuple[Grids, Grids]:
        """See `Aligning`."""
        from gansmith.modalities.audio.grids import aligned  # only for those who translate

        return aligned(source, target, pairs)

    def turned(self, source: str | Path, output: Path, turning: Turning) -> Iterator[Turned]:
        """See `Translatable`."""
        from gansmith.modalities.audio.turning import turned  # only for those who translate

        return turned(source, output, turning)

    def turned_values(self, records: Any, turning: Turning) -> Any:
        """See `Translatable`."""
        from gansmith.modalities.audio.turning import turned_values  # only for those who translate

        return turned_values(records, turning)

    def address(self, values: Values) -> str:
        """See `Translatable`."""
        from gansmith.modalities.audio.turning import address_of  # only for those who translate

        return address_of(values)

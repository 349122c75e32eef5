"""Pictures as files and in memory: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from gansmith.findings import Finding
from gansmith.modalities.attribute_labels import LABEL, counted, shortened, summary
from gansmith.modalities.canvas import as_address
from gansmith.modalities.format import AbstractFormat
from gansmith.modalities.grids import Grids, Turned, Turning, Values
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.arrays import is_channels_first
from gansmith.modalities.image.auditing import audit
from gansmith.modalities.image.drawing import grid_of, masks_summary, preview_of
from gansmith.modalities.image.forming import BROUGHT
from gansmith.modalities.image.galleries import rows_gallery
from gansmith.modalities.image.marking import KEY, marked_canvas, marks_in, said_of_form
from gansmith.modalities.image.pictures import Pictures, joined
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures, read_to_judge
from gansmith.modalities.image.recognising import is_frame
from gansmith.modalities.image.watermark import NAME
from gansmith.modalities.image.writing import PictureWriter
from gansmith.modalities.marking import Found
from gansmith.modalities.movie import animated, check_movie, frames_of
from gansmith.modalities.previews import PicturePreview
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.tabular.where import plain_where


@final
class ImageFormat(AbstractFormat[Pictures, ImageOptions]):
    """See `HasScores`, `FilmingRuns`, `Marking`, `Pictured`, `ShowsOddities`, `Translatable`."""

    kind: ClassVar[str] = "image"
    noun: ClassVar[str] = "picture"
    million_points: ClassVar[str] = "megapixel"
    n_previewed: ClassVar[int] = 36
    n_frames: ClassVar[int] = 30
    n_dims: ClassVar[int] = 2
    is_mirrorable: ClassVar[bool] = True

    def recognises(self, source: object) -> bool:
        return looks_like_pictures(source)

    def read(self, source: object, options: ImageOptions) -> Pictures:
        return read_pictures(source, options)

    def read_like(self, source: object, like: Pictures) -> Pictures:
        return read_like(source, like)

    def settled(self, options: ImageOptions, command: str) -> ImageOptions:
        return replace(options, where=plain_where(options.where))

    def fingerprint(self, records: Pictures) -> str:
        return records.fingerprint

    def join(self, blocks: Sequence[Pictures]) -> Pictures:
        return joined(blocks)

    def returned(self, records: Pictures, source: object) -> Any:
        """An array in the caller's type, and what is known of its pictures where a pair was given.

        Grey pictures are `(n, height, width)`, or `(n, n_values)` where rows were given; others
        `(n, height, width, n_channels)`, or `(n, n_channels, height, width)` where that was given.
        """
        given: Any = source
        if isinstance(source, tuple) and len(cast("tuple[Any, ...]", source)) == 2:
            given, known = cast("tuple[Any, Any]", source)
            if not isinstance(given, (str, Path)):  # those are a list of paths
                return self._array(records, np.asarray(given)), _known_like(records, known)
        return self._array(records, given)

    def _array(self, records: Pictures, given: Any) -> np.ndarray:
        """Pixels in the type of those that were given."""
        if isinstance(given, Mapping):
            given = cast("Mapping[str, Any]", given)["images"]
        if not isinstance(given, np.ndarray):
            return records.pixels
        if is_channels_first(given.shape):
            return records.source.block(records.numbers).transpose(0, 3, 1, 2).astype(given.dtype)
        if given.ndim == 4:
            return records.source.block(records.numbers).astype(given.dtype)
        pixels = records.pixels.reshape(len(records), -1) if given.ndim == 2 else records.pixels
        return pixels.astype(given.dtype)

    def writer(
        self, path: Path, like: Pictures, metadata: Mapping[str, str], options: ImageOptions
    ) -> PictureWriter:
        said = {**metadata, KEY: self.mark_of(like, options)}
        return PictureWriter(path, like, said, is_safe=options.safe_csv)

    def mark_of(self, like: Pictures, options: ImageOptions) -> str:
        """See `Marking`."""
        return said_of_form(like.form, is_wanted=not options.no_mark)

    def unmarked(self, options: ImageOptions) -> ImageOptions:
        """See `Marking`."""
        return replace(options, no_mark=True)

    def marks_in(self, source: str) -> Iterator[Found]:
        """See `Marking`."""
        return marks_in(source)

    def film(
        self, frames: Sequence[Pictures], path: Path, seconds_per_frame: float, metadata: Mapping[str, str]
    ) -> bytes:
        """See `Filming`: GIF, WebP or animated PNG."""
        check_movie(path)
        drawn = [grid_of(frame, n_columns=len(frame)) for frame in frames]
        if any(said_of_form(frame.form, is_wanted=True) == NAME for frame in frames[:1]):
            drawn = [marked_canvas(one) for one in drawn]
        return animated(drawn, path.suffix, seconds_per_frame, metadata=metadata)

    def check_film(self, path: Path) -> None:
        """See `Filming`."""
        check_movie(path)

    def film_of_files(
        self, paths: Sequence[Path], path: Path, seconds_per_frame: float, last_seconds: float
    ) -> bytes:
        """See `FilmingRuns`."""
        check_movie(path)
        return animated(frames_of(paths), path.suffix, seconds_per_frame, last_seconds)

    def gallery(
        self, name: str, title: str, caption: str, records: Pictures, n_columns: int
    ) -> Mapping[str, Any]:
        """See `Pictured`."""
        return rows_gallery(name, title, caption, records, n_columns)

    def oddities(self, records: Pictures, again: Pictures | None, usual: Pictures) -> Mapping[str, Any]:
        """See `ShowsOddities`."""
        from gansmith.modalities.image.oddities import oddity_gallery  # only for those who search

        return oddity_gallery(records, again, usual)

    def read_grids(self, source: object, options: ImageOptions, n_channels: int = 0) -> Grids:
        """See `Translatable`."""
        # This and the next: only for those who translate.
        from gansmith.modalities.image.grids import read_grids

        return read_grids(source, options, n_channels)

    def turned(self, source: str | Path, output: Path, turning: Turning) -> Iterator[Turned]:
        """See `Translatable`."""
        from gansmith.modalities.image.turning import turned

        return turned(source, output, turning)

    def turned_values(self, records: Any, turning: Turning) -> Any:
        """See `Translatable`."""
        from gansmith.modalities.image.turning_values import turned_values

        return turned_values(records, turning)

    def address(self, values: Values) -> str:
        """See `Translatable`."""
        whole = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
        return as_address(whole[0] if len(whole) == 1 else np.ascontiguousarray(whole.transpose(1, 2, 0)))

    def preview(self, records: Pictures) -> PicturePreview:
        return preview_of(records, self.n_previewed)

    def read_to_judge(self, source: object, like: Pictures) -> Pictures:
        return read_to_judge(source, like)

    def score(
        self,
        fakes: Sequence[Pictures],
        train: Pictures,
        holdout: Pictures,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        from gansmith.modalities.image.scoring import score_pictures  # heavy: only for those who score

        cards = score_pictures(fakes, train, holdout, target, seed, effort, progress)
        for fake, card in zip(fakes, cards, strict=True):
            yield replace(card, notes=(*card.notes, *_broken_ones(fake, train, holdout)))

    def audit(self, records: Pictures, target: str, options: ImageOptions) -> tuple[Finding, ...]:
        """See `Auditing`."""
        return audit(records)

    def overview(self, records: Pictures) -> list[dict[str, str]]:
        brought = next((f" ({note})" for note in records.notes if BROUGHT in note), "")
        rows = [{"column": "picture", "kind": "picture", "holds": f"{records.form}{brought}"}]
        if records.form.masks:
            rows.append({"column": "masks", "kind": "mask", "holds": masks_summary(records)})
        for name, column in records.attributes.columns.items():
            kind, holds = summary(column)
            rows.append({"column": name, "kind": kind, "holds": holds})
        return rows


def _known_like(pictures: Pictures, given: object) -> Any:
    """What is known of pictures, as the caller gave it beside an array.

    Returns:
        A data frame of pandas or polars, as it was; or the labels, shape `(n,)`: in the caller's type where
        that is one of numbers, as texts where not.
    """
    columns = pictures.attributes.columns
    if is_frame(given):
        kind: Any = type(given)
        return kind({name: column.tolist() for name, column in columns.items()})
    labels = columns.get(LABEL, np.full(len(pictures), None, object))
    wanted = np.asarray(given).dtype
    is_number = wanted.kind in "iuf" and None not in labels.tolist()
    return labels.astype(str).astype(wanted) if is_number else labels


def _broken_ones(*sets: Pictures) -> tuple[str, ...]:
    """A note on pictures that could not be read when they were asked for."""
    said = [f"{name} ({why})" for one in sets for name, why in sorted(one.source.broken.items())]
    said = list(dict.fromkeys(said))
    what = f"{counted(len(said), 'picture')} could not be read and were replaced by others: {shortened(said)}"
    return (what,) if said else ()

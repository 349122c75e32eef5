"""Pictures as files and in memory: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast, final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.format import AbstractFormat
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.drawing import preview_of
from gansmith.modalities.image.pictures import Pictures, joined
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures
from gansmith.modalities.image.writing import PictureWriter
from gansmith.modalities.previews import PicturePreview
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import Effort
from gansmith.tabular.where import plain_where


@final
class ImageFormat(AbstractFormat[Pictures, ImageOptions]):
    """See `HasScores`: small grey pictures from a table of pixels."""

    kind: ClassVar[str] = "image"
    n_previewed: ClassVar[int] = 36
    n_frames: ClassVar[int] = 30

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

    def returned(self, records: Pictures, source: object) -> np.ndarray:
        """An array in the caller's type: `(n, n_values)` where rows were given, else `(n, height, width)`."""
        given: Any = cast("Any", source)[0] if isinstance(source, tuple) else source
        if isinstance(given, Mapping):
            given = cast("Mapping[str, Any]", given)["images"]
        if not isinstance(given, np.ndarray):
            return records.pixels
        pixels = records.pixels.reshape(len(records), -1) if given.ndim == 2 else records.pixels
        return pixels.astype(given.dtype)

    def writer(
        self, path: Path, like: Pictures, metadata: Mapping[str, str], options: ImageOptions
    ) -> PictureWriter:
        """See `PictureWriter`; pixels are no formulas, so every CSV of them is safe."""
        return PictureWriter(path, like, metadata)

    def preview(self, records: Pictures) -> PicturePreview:
        return preview_of(records, self.n_previewed)

    def read_to_judge(self, source: object, like: Pictures) -> Pictures:
        return read_like(source, like)

    def score(
        self,
        fakes: Sequence[Pictures],
        train: Pictures,
        holdout: Pictures,
        target: str | None,
        seed: int,
        effort: Effort,
    ) -> Iterator[Scorecard]:
        from gansmith.modalities.image.scoring import score_pictures  # heavy: only for those who score

        del effort  # there is one only
        if target is not None:
            raise UsageError(f"pictures have no column {target!r} to predict. Leave --target out.")
        for fake in fakes:
            card = score_pictures(fake, train, holdout, seed)
            yield replace(card, name=fake.name, n_records=len(fake), notes=fake.notes)

    def overview(self, records: Pictures) -> list[dict[str, str]]:
        _, height, width = records.pixels.shape
        holds = f"{height} x {width} pixels from 0 to {records.highest}"
        return [{"column": "picture", "kind": "grey picture", "holds": holds}]

"""A first look at pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, final

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.reading import looks_like_pictures, read_alike, read_pictures
from gansmith.modalities.readers import AbstractReader, Reading
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.effort import Effort


@final
class ImageReader(AbstractReader):
    """Small grey pictures from a table of pixels."""

    kind: ClassVar[str] = "image"

    def recognises(self, source: object) -> bool:
        """Arrays of three dimensions, `.tra` and `.tes` files, CSV files of pixels and a label alone."""
        return looks_like_pictures(source)

    def read(self, source: object, reading: Reading) -> Pictures:
        """Pictures from a file or from memory; see `read_pictures`."""
        return read_pictures(source, reading)

    def read_alike(self, source: object, like: Pictures) -> Pictures:
        """Pictures of the same size and white; see `read_alike` in `reading.py`."""
        return read_alike(source, like)

    def score(
        self,
        fakes: Sequence[Pictures],
        train: Pictures,
        holdout: Pictures,
        target: str | None,
        seed: int,
        effort: Effort,
    ) -> Iterator[Scorecard]:
        """See the base class.

        Raises:
            UsageError: When there is a target.
        """
        from gansmith.modalities.image.scoring import score_pictures  # heavy: only for those who score

        del effort  # there is one only
        if target is not None:
            self.check_target(train, target)
        for fake in fakes:
            card = score_pictures(fake, train, holdout, seed)
            yield replace(card, name=fake.name, n_records=len(fake), notes=fake.notes)

    def check_target(self, records: Pictures, target: str) -> None:
        """Refuse every target: generated pictures have no column to learn from.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"pictures have no column {target!r} to predict. Leave --target out.")

    def overview(self, records: Pictures) -> list[dict[str, str]]:
        """One row: the size of the pictures and their tones."""
        _, height, width = records.pixels.shape
        holds = f"{height} x {width} pixels from 0 to {records.highest}"
        return [{"column": "picture", "kind": "grey picture", "holds": holds}]

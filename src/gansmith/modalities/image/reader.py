"""A first look at pictures."""

from __future__ import annotations

from typing import ClassVar, final

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.reading import looks_like_pictures, read_pictures
from gansmith.modalities.readers import AbstractReader, Reading


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

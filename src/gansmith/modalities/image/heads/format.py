"""Heads from pictures of people: how they are read, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

from gansmith.errors import UsageError
from gansmith.modalities.attribute_labels import summary
from gansmith.modalities.format import AbstractFormat, Writer
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.heads import HeadOptions
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.marking import Found
from gansmith.modalities.previews import PicturePreview

if TYPE_CHECKING:
    from gansmith.modalities.image.heads.records import Heads

_PICTURES = ImageFormat()


@final
class HeadFormat(AbstractFormat[Any, HeadOptions]):
    """See `Marking`."""

    kind: ClassVar[str] = "heads"
    n_previewed: ClassVar[int] = ImageFormat.n_previewed
    n_frames: ClassVar[int] = ImageFormat.n_frames

    def recognises(self, source: object) -> bool:
        """Nothing is a head unless an option says so; see `Modality.asked_by`."""
        return False

    def read(self, source: object, options: HeadOptions) -> Heads:
        from gansmith.modalities.image.heads.records import read_heads  # heavy: only for those who learn them

        return read_heads(source, options)

    def read_like(self, source: object, like: Any) -> Heads:
        raise UsageError(
            "a model of heads replaces people by others. Use gansmith anonymize PHOTOS/ -m MODEL -o OUT."
        )

    def fingerprint(self, records: Any) -> str:
        if isinstance(records, Pictures):
            return records.fingerprint
        return f"{records.pictures.fingerprint} {records.face}"

    def join(self, blocks: Sequence[Pictures]) -> Pictures:
        return _PICTURES.join(blocks)

    def writer(self, path: Path, like: Pictures, metadata: Mapping[str, str], options: HeadOptions) -> Writer:
        return _PICTURES.writer(path, like, metadata, ImageOptions())

    def mark_of(self, like: Pictures, options: HeadOptions) -> str:
        """See `Marking`."""
        return _PICTURES.mark_of(like, ImageOptions())

    def unmarked(self, options: HeadOptions) -> HeadOptions:
        """See `Marking`: what is made of nothing is always marked."""
        return options

    def marks_in(self, source: str) -> Iterator[Found]:
        """See `Marking`."""
        return _PICTURES.marks_in(source)

    def overview(self, records: Heads) -> list[dict[str, str]]:
        left, top, right, bottom = (round(100 * one) for one in records.face)
        where = f"face from {left} % to {right} % across, {top} % to {bottom} % down"
        rows = [
            {"column": "head", "kind": "picture", "holds": str(records.pictures.form)},
            {"column": "face", "kind": "box", "holds": where},
        ]
        for name, column in records.pictures.attributes.columns.items():
            kind, holds = summary(column)
            rows.append({"column": name, "kind": kind, "holds": holds})
        return rows

    def preview(self, records: Any) -> PicturePreview:
        return _PICTURES.preview(records if isinstance(records, Pictures) else records.pictures)

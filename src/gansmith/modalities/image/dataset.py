"""Pictures from which batches are drawn: whole numbers in memory, or files, read when they are due."""

from __future__ import annotations

from typing import Final, final

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.attribute_labels import like
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import Pictures

MOST_HELD: Final = 1 << 24
"""Numbers of conditions that are worked out once; of more, those of each batch."""


@final
class PictureDataset:
    """Pictures as the parts `real`, compact, and `condition`, where something is known of them.

    Nothing is copied: a batch takes its pictures from where they are, in memory or on disk.
    """

    def __init__(self, codec: ImageCodec, pictures: Pictures) -> None:
        codec.check(pictures)
        self._codec, self._pictures = codec, pictures
        self._attributes = like(pictures.attributes, codec.empty.attributes)
        self._is_known = bool(codec.attributes.n_conditions and pictures.attributes.columns)
        is_small = len(pictures) * codec.attributes.n_conditions <= MOST_HELD
        self._conditions = codec.attributes.encode(self._attributes) if self._is_known and is_small else None

    def __len__(self) -> int:
        return len(self._pictures)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        pictures, rows = self._pictures, indices.numpy()
        pixels = pictures.source.block(pictures.numbers[rows])
        condition = self._conditions[indices] if self._conditions is not None else None
        if self._is_known and condition is None:
            condition = self._codec.attributes.encode(self._attributes.take(rows))
        return Batch({"real": self._codec.compacted(pixels, pictures.name), "condition": condition})

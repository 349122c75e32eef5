"""Pictures from which batches are drawn: whole numbers in memory, or files, read when they are due."""

from __future__ import annotations

from typing import final

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import Pictures


@final
class PictureDataset:
    """Pictures as the parts `real`, compact, and `condition`, where something is known of them.

    Nothing is copied: a batch takes its pictures from where they are, in memory or on disk.
    """

    def __init__(self, codec: ImageCodec, pictures: Pictures) -> None:
        codec.check(pictures)
        self._codec, self._pictures = codec, pictures
        attributes, known = pictures.attributes, codec.attributes
        is_known = known.n_conditions and attributes.columns
        self._conditions = known.encode(attributes) if is_known else None

    def __len__(self) -> int:
        return len(self._pictures)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        pictures, rows = self._pictures, indices.numpy()
        pixels = pictures.source.block(pictures.numbers[rows])
        condition = None if self._conditions is None else self._conditions[indices]
        return Batch({"real": self._codec.compacted(pixels, pictures.name), "condition": condition})

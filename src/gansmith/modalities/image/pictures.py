"""Grey pictures as the user has them: whole numbers from black to white, and perhaps a label each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, final

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean

HIGHEST_VALUES: Final = (1, 15, 16, 255)
"""What the brightest pixel can be: two tones, 4 bits, counts of 4 x 4 dots (optdigits), 8 bits."""
BUNDLED_DIGITS: Final = "bundled:digits"
"""The name by which the digits that ship with scikit-learn are read."""

Pixels = np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]


@final
@dataclass(frozen=True, eq=False)
class Pictures:
    """Grey pictures of one size.

    Raises:
        DataError: From the constructor, when labels are not one for each picture.
    """

    pixels: Pixels
    """Shape `(n, height, width)`, whole numbers from 0 to `highest`."""
    labels: np.ndarray | None
    """Shape `(n,)`, text; None where nothing is known about the pictures."""
    highest: int
    """The brightest possible value, one of `HIGHEST_VALUES`."""
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""

    def __post_init__(self) -> None:
        if self.labels is not None and len(self.labels) != len(self.pixels):
            raise DataError(
                f"{self.name}: {len(self.labels)} labels for {len(self.pixels)} pictures. Give one for each."
            )

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, indices: np.ndarray) -> Pictures:
        """The pictures with these numbers, in this order."""
        labels = None if self.labels is None else self.labels[indices]
        return Pictures(self.pixels[indices], labels, self.highest, self.name, self.notes)

    def of_label(self, *labels: str) -> Pictures:
        """The pictures with this label, or with one of these.

        Raises:
            UsageError: There are no labels, or one of these is none of them; the nearest is named.
        """
        if self.labels is None:
            raise UsageError(
                f"{self.name} has no labels to choose {labels[0]!r} by. "
                "Add a label as the last column, or leave --where out."
            )
        known = sorted(set(self.labels.tolist()))
        for label in labels:
            if label not in known:
                near = did_you_mean(label, known)
                raise UsageError(f"{self.name}: no picture has the label {label!r}. {near}")
        return self.take(np.flatnonzero(np.isin(self.labels.astype(str), labels)))

    @property
    def fingerprint(self) -> str:
        """The same text for the same pictures and labels, another for others."""
        digest = blake2b(repr((self.pixels.shape, self.highest)).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.pixels).tobytes())
        digest.update(repr(None if self.labels is None else self.labels.tolist()).encode())
        return digest.hexdigest()


def highest_value(largest: int) -> int:
    """The smallest usual brightest value that covers the data.

    Example:
        >>> [highest_value(largest) for largest in (1, 7, 16, 200)]
        [1, 15, 16, 255]
    """
    return next(highest for highest in HIGHEST_VALUES if largest <= highest)


def joined(parts: Sequence[Pictures]) -> Pictures:
    """Several sets of pictures of one size as one; labels stay when all parts have them."""
    first = parts[0]
    labels = [part.labels for part in parts if part.labels is not None]
    return Pictures(
        np.concatenate([part.pixels for part in parts]),
        np.concatenate(labels) if len(labels) == len(parts) else None,
        max(part.highest for part in parts),
        first.name,
        first.notes,
    )


def bundled_digits() -> Pictures:
    """The 1,797 handwritten digits that ship with scikit-learn: 8 x 8 pixels of 0 to 16, labels "0" to "9".

    Source:
        Alpaydin and Kaynak 1998, "Optical recognition of handwritten digits", UCI (the part called "tes").
    """
    from sklearn.datasets import load_digits  # takes a second: only for those who ask for the digits

    bunch: Any = load_digits()
    labels = bunch.target.astype(str).astype(object)
    return Pictures(bunch.images.astype(np.uint8), labels, 16, "scikit-learn's digits")

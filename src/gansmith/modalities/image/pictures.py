"""Pictures as they are learnt from: of one form, in memory or read from disk as they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final, Literal, Protocol, cast, final, get_args, runtime_checkable

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_labels import LABEL
from gansmith.modalities.attributes import Attributes, joined_attributes
from gansmith.settings import Annotated, Field, PositiveInt, settings

HIGHEST_VALUES: Final = (1, 15, 16, 255)
"""What the brightest pixel of 8 bits can be: two tones, 4 bits, counts of 4 x 4 dots (optdigits), 8 bits."""
BUNDLED_DIGITS: Final = "bundled:digits"
"""The name by which the digits that ship with scikit-learn are read."""
PixelType = Literal["uint8", "uint16", "int16", "int32", "float32"]
PIXEL_TYPES: Final[tuple[PixelType, ...]] = get_args(PixelType)

MAX_SIDE_PX: Final = 1024
"""Of a picture that is learnt."""
SMALLEST_ALONE_PX: Final = 64
"""Each side of a single picture that there is something to learn of, by pieces."""
MAX_CHANNELS: Final = 64
"""Of a picture with its masks; a longer last axis of an array is one of pixels."""

Pixels = np.ndarray[tuple[Any, ...], np.dtype[Any]]


@final
@settings(error=DataError)
class Form:
    """What all pictures of a set have in common."""

    height: PositiveInt
    """Pixels."""
    width: PositiveInt
    """Pixels."""
    n_channels: PositiveInt = 1
    """1 grey, 3 colour (RGB), one more with transparency (LA, RGBA), or others; masks beside."""
    pixel_type: PixelType = "uint8"
    """What a pixel is stored as."""
    lowest: float = 0.0
    """The value of black."""
    highest: float = 255.0
    """The value of white."""
    masks: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Names of the last channels where these are masks, of 0 and `highest`, and no part of the picture."""
    has_alpha: bool = False
    """Whether the last channel of the picture, of 2 or 4, is transparency."""

    @property
    def n_seen(self) -> int:
        """Channels of the picture itself."""
        return self.n_channels - len(self.masks)

    @property
    def n_values(self) -> int:
        """Numbers of a picture."""
        return self.height * self.width * self.n_channels

    def __str__(self) -> str:
        what = {1: "grey", 3: "colour"}
        with_alpha = {2: "grey with transparency", 4: "colour with transparency"}
        channels = (with_alpha if self.has_alpha else what).get(self.n_seen, f"{self.n_seen} channels")
        depth = {"uint8": f"0 to {self.highest:g}"}.get(
            self.pixel_type, f"{self.pixel_type}, {self.lowest:g} to {self.highest:g}"
        )
        masks = f", masks {', '.join(self.masks)}" if self.masks else ""
        return f"{self.width} x {self.height} pixels, {channels}, {depth}{masks}"


@runtime_checkable
class PixelSource(Protocol):
    """Pictures of one form by number."""

    @property
    def broken(self) -> Mapping[str, str]:
        """Names of pictures in whose place others stood so far, and why they cannot be read."""
        ...

    def __len__(self) -> int: ...

    def block(self, numbers: np.ndarray) -> Pixels:
        """The pictures with these numbers, shape `(n, height, width, n_channels)`.

        Raises:
            DataError: One of them cannot be read.
        """
        ...

    def digest(self, numbers: np.ndarray) -> bytes:
        """The same bytes for the same pictures, others for others."""
        ...


@final
class InMemory:
    """All pictures in one array, shape `(n, height, width, n_channels)`."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.broken: Mapping[str, str] = {}

    def __len__(self) -> int:
        return len(self.pixels)

    def block(self, numbers: np.ndarray) -> Pixels:
        """See `PixelSource`."""
        return self.pixels[numbers]

    def digest(self, numbers: np.ndarray) -> bytes:
        """See `PixelSource`."""
        digest = blake2b(digest_size=16)
        for part in np.array_split(numbers, -(-len(numbers) // 4096) or 1):
            digest.update(np.ascontiguousarray(self.pixels[part]).tobytes())
        return digest.digest()


@final
class Seen:
    """The first channels of the pictures of another source: they themselves, without their masks."""

    def __init__(self, source: PixelSource, n_seen: int) -> None:
        self._source, self._n_seen = source, n_seen

    @property
    def broken(self) -> Mapping[str, str]:
        """See `PixelSource`."""
        return self._source.broken

    def __len__(self) -> int:
        return len(self._source)

    def block(self, numbers: np.ndarray) -> Pixels:
        """See `PixelSource`."""
        return self._source.block(numbers)[..., : self._n_seen]

    def digest(self, numbers: np.ndarray) -> bytes:
        """See `PixelSource`."""
        return self._source.digest(numbers)


@final
@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one form, and what is known of each.

    Raises:
        DataError: From the constructor, when attributes are not of as many pictures.
    """

    source: PixelSource
    numbers: np.ndarray
    """Shape `(n,)`: which of its pictures these are, in this order."""
    form: Form
    attributes: Attributes
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    files: tuple[str, ...] = field(default=())
    """Names of all pictures of the source, for messages; empty where they have none."""
    sizes: Mapping[int, tuple[int, int, int]] = field(default_factory=dict[int, tuple[int, int, int]])
    """By number in the source, height, width and channels that a picture came with, where somebody looked."""

    def __post_init__(self) -> None:
        for name, column in self.attributes.columns.items():
            if len(column) != len(self.numbers):
                raise DataError(
                    f"{self.name}: {len(column)} values of {name!r} for {len(self.numbers)} pictures. "
                    "Give one for each."
                )

    @classmethod
    def of(
        cls,
        pixels: Pixels,
        labels: np.ndarray | None = None,
        highest: float = 255,
        name: str = "array",
        notes: tuple[str, ...] = (),
        attributes: Attributes | None = None,
    ) -> Pictures:
        """Pictures in memory.

        Args:
            pixels: Shape `(n, height, width)`, or `(n, height, width, n_channels)`.
            labels: Shape `(n,)`, text: the attribute "label".
            highest: The value of white.
            name: Where they came from, for messages.
            notes: What a person should know about how they were read.
            attributes: What else is known of them.

        Raises:
            DataError: There are not as many labels as pictures.
        """
        pixels = pixels[..., None] if pixels.ndim == 3 else pixels
        _, height, width, n_channels = pixels.shape
        kind = cast("PixelType", pixels.dtype.name)
        has_alpha = is_alpha_likely(n_channels, kind)
        form = Form(height, width, n_channels, kind, 0.0, float(highest), has_alpha=has_alpha)
        columns = {} if attributes is None else dict(attributes.columns)
        if labels is not None:
            if len(labels) != len(pixels):
                raise DataError(
                    f"{name}: {len(labels)} labels for {len(pixels)} pictures. Give one for each."
                )
            columns[LABEL] = labels
        known = Attributes(columns)
        return cls(InMemory(pixels), np.arange(len(pixels)), form, known, name, notes)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def pixels(self) -> Pixels:
        """All of them, shape `(n, height, width, n_channels)`; `(n, height, width)` where they are grey."""
        pixels = self.source.block(self.numbers)
        return pixels[..., 0] if self.form.n_channels == 1 else pixels

    @property
    def labels(self) -> np.ndarray | None:
        """The attribute "label", shape `(n,)`, text; None where there is none."""
        return self.attributes.columns.get(LABEL)

    @property
    def highest(self) -> int | float:
        """The value of white."""
        return int(self.form.highest) if self.form.highest == int(self.form.highest) else self.form.highest

    def take(self, indices: np.ndarray) -> Pictures:
        """The pictures with these numbers, in this order."""
        return replace(self, numbers=self.numbers[indices], attributes=self.attributes.take(indices))

    @property
    def without_masks(self) -> Pictures:
        """The same pictures without the channels that are masks."""
        form = self.form
        if not form.masks:
            return self
        plain = replace(form, n_channels=form.n_seen, masks=())
        return replace(self, source=Seen(self.source, form.n_seen), form=plain)

    def with_attributes(self, attributes: Attributes) -> Pictures:
        """The same pictures, and of each this is known instead; see `HasAttributes`."""
        return replace(self, attributes=attributes)

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
        known = sorted({label for label in self.labels.tolist() if label is not None})
        for label in labels:
            if label not in known:
                near = did_you_mean(label, known)
                raise UsageError(f"{self.name}: no picture has the label {label!r}. {near}")
        return self.take(np.flatnonzero(np.isin(self.labels.astype(str), labels)))

    @property
    def fingerprint(self) -> str:
        """The same text for the same pictures and attributes, another for others."""
        digest = blake2b(repr(self.form).encode(), digest_size=16)
        digest.update(self.source.digest(self.numbers))
        digest.update(self.attributes.fingerprint.encode())
        return digest.hexdigest()


def is_alpha_likely(n_channels: int, pixel_type: str) -> bool:
    """Whether the last channel of an array is taken for transparency: four of 8 bits are RGBA.

    Example:
        >>> is_alpha_likely(4, "uint8"), is_alpha_likely(2, "uint8"), is_alpha_likely(4, "uint16")
        (True, False, False)
    """
    return n_channels == 4 and pixel_type == "uint8"


def highest_value(largest: int) -> int:
    """The smallest usual brightest value that covers the data.

    Example:
        >>> [highest_value(largest) for largest in (1, 7, 16, 200)]
        [1, 15, 16, 255]
    """
    return next(highest for highest in HIGHEST_VALUES if largest <= highest)


def joined(parts: Sequence[Pictures]) -> Pictures:
    """Several sets of pictures of one form as one, in memory; attributes stay that all parts have."""
    first = parts[0]
    pixels = np.concatenate([part.source.block(part.numbers) for part in parts])
    form = replace(first.form, highest=max(part.form.highest for part in parts))
    attributes = joined_attributes([part.attributes for part in parts])
    return Pictures(InMemory(pixels), np.arange(len(pixels)), form, attributes, first.name, first.notes)


def bundled_digits() -> Pictures:
    """The 1,797 handwritten digits that ship with scikit-learn: 8 x 8 pixels of 0 to 16, labels "0" to "9".

    Source:
        Alpaydin and Kaynak 1998, "Optical recognition of handwritten digits", UCI (the part called "tes").
    """
    from sklearn.datasets import load_digits  # takes a second: only for those who ask for the digits

    bunch: Any = load_digits()
    labels = bunch.target.astype(str).astype(object)
    return Pictures.of(bunch.images.astype(np.uint8), labels, 16, "scikit-learn's digits")

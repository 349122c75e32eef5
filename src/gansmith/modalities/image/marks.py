"""Masks and boxes of pictures as channels of these: brought to the same form, by the same crop and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image.boxes import Boxes
from gansmith.modalities.image.decoding import Header, Unreadable
from gansmith.modalities.image.forming import SAME_ASPECT, Former, placement, resized_planes
from gansmith.modalities.image.mask_files import MaskFiles, decoded
from gansmith.modalities.image.mask_values import LOSSY, MaskValues, mask_values
from gansmith.modalities.image.medical import is_scan
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.record_files import RecordFiles, evenly

_N_SAMPLED: Final = 40
"""Masks of a name that are looked at for their values."""
_ALL_LOOKED_AT: Final = 20_000
"""So many are all looked at, ..."""
_ALL_PIXELS: Final = 2_000_000_000
"""... where they have no more pixels."""


@final
@dataclass(frozen=True, eq=False)
class Marks:
    """What is marked in the pictures of some files."""

    masks: MaskFiles | None
    values: Mapping[str, MaskValues]
    """Of the masks of each name."""
    boxes: Boxes | None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the channels."""
        of_masks = tuple(name for values in self.values.values() for name in values.names)
        return of_masks + (self.boxes.names if self.boxes else ())

    def former(self, former: Former) -> Former:
        """The same with a form that has these channels."""
        form = former.form
        n_channels = form.n_channels + len(self.names)
        return replace(former, form=replace(form, n_channels=n_channels, masks=self.names))

    def needs_size(self, picture: int) -> bool:
        """Whether `channels` needs to know the size that a picture has in its file."""
        return self.boxes is not None and picture in self.boxes.by_picture

    def channels(self, picture: int, frame: int, size: tuple[int, int], former: Former) -> Pixels:
        """The channels of a picture, shape `(height, width, n_masks)`: black, or white where it is marked.

        Args:
            picture: The number of its file.
            frame: Which of the pictures of its file.
            size: Its width and height, in pixels; its own where it has boxes.
            former: Brings it to a form that has these channels.

        Raises:
            Unreadable: One of its masks is broken, or has another shape.
            DataError: One of them has a value that none of those has that were looked at.
        """
        form = former.form
        numbers = self.masks.numbers_of(picture) if self.masks else {}
        planes = list[np.ndarray]()
        for name, values in self.values.items():
            if name in numbers and self.masks:
                mask = _mask(self.masks.files, numbers[name], frame, size)
                _check_known(values, mask, self.masks.files.names[numbers[name]])
                found = values.planes(mask)
                planes.append(resized_planes(found, form.width, form.height, former.fit))
            else:
                planes.append(np.zeros((form.height, form.width, len(values.names)), dtype=bool))
        if self.boxes:
            placed = placement(*size, form.width, form.height, former.fit)
            planes.append(self.boxes.planes(picture, placed, form.width, form.height))
        black, white = np.array([form.lowest, form.highest], form.pixel_type)
        return np.where(np.concatenate(planes, axis=2), white, black)

    def said_of(self, picture: int) -> str:
        """What is marked in a picture, as text: other text for other masks, as far as their sizes tell."""
        numbers = self.masks.numbers_of(picture) if self.masks else {}
        files = self.masks.files if self.masks else None
        said = [
            (name, files.names[number], files.n_bytes(number)) for name, number in numbers.items() if files
        ]
        boxes = self.boxes.by_picture.get(picture) if self.boxes else None
        return f"{said} {[] if boxes is None else boxes[:, :5].tolist()}"


def marks_of(
    masks: MaskFiles | None, boxes: Boxes | None, sizes: Mapping[int, Header]
) -> tuple[Marks | None, tuple[str, ...]]:
    """What is marked in pictures, and notes on it; None where nothing is.

    Args:
        masks: Their files.
        boxes: Of the same pictures.
        sizes: What files of pictures say of them, by number: boxes are compared with these.

    Raises:
        DataError: Masks have too many values or cannot be read, or a box lies outside of its picture.
    """
    if masks is None and boxes is None:
        return None, ()
    values = {name: _values(masks, name) for name in masks.by_name} if masks else {}
    notes = (
        boxes.check({one: (header.width, header.height) for one, header in sizes.items()}) if boxes else ()
    )
    marks = Marks(masks, values, boxes)
    if len(set(marks.names)) < len(marks.names):
        raise DataError(f"two masks are of one name: {', '.join(marks.names)}. Rename a folder of them.")
    return marks, notes


def _values(masks: MaskFiles, name: str) -> MaskValues:
    files = masks.files
    numbers = list(masks.by_name[name].values())
    sample = list[Pixels]()
    broken = ""
    for place in evenly(len(numbers), _N_SAMPLED).tolist():
        try:
            sample.append(decoded(files, numbers[place], 0))
        except Unreadable as error:
            broken = f"{files.names[numbers[place]]}: {error}"
    if not sample:
        raise DataError(f"{files.name}: no mask can be read ({broken}). Repair them.")
    is_lossy = any(files.names[number].lower().endswith(LOSSY) for number in numbers)
    said = f"{files.name}, such as {files.names[numbers[0]]}"
    found = mask_values(sample, name, said, is_lossy=is_lossy)
    n_pixels = len(numbers) * float(np.mean([pixels.shape[0] * pixels.shape[1] for pixels in sample]))
    if len(numbers) <= _ALL_LOOKED_AT and n_pixels <= _ALL_PIXELS:
        for number in numbers:
            with suppress(Unreadable):  # it is named when its picture is read
                pixels = decoded(files, number, 0)
                if found.unknown(pixels) is not None:
                    sample.append(pixels)
                    found = mask_values(sample, name, said, is_lossy=is_lossy)
    return found


def _check_known(values: MaskValues, mask: Pixels, name: str) -> None:
    """Raise DataError at a value that no mask had; where all had one value, any other is marked."""
    odd = values.unknown(mask) if len(values.tones) > 1 else None
    if odd is not None:
        known = ", ".join(f"{tone:g}" for tone in sorted(values.tones))
        raise DataError(
            f"{name}: a value of {odd:g}, where the masks that were looked at have {known}. "
            "Repair it, or leave its picture out."
        )


def _mask(files: RecordFiles, number: int, frame: int, size: Sequence[int]) -> Pixels:
    """The pixels of a picture's mask."""
    name = files.names[number]
    try:
        pixels = decoded(files, number, frame if is_scan(name) else 0)
    except Unreadable as error:
        raise Unreadable(f"its mask {name}: {error}") from error
    height, width = pixels.shape[:2]
    apart = width / height * size[1] / size[0]
    if max(apart, 1 / apart) > SAME_ASPECT:
        raise Unreadable(
            f"its mask {name} has {width} x {height} pixels, another shape than {size[0]} x {size[1]}"
        )
    return pixels

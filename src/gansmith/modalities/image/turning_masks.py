"""Masks of pictures that are to be turned: what is missing in each, found by the names of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attribute_labels import counted, printable, shortened
from gansmith.modalities.image.decoding import Unreadable
from gansmith.modalities.image.mask_files import without_suffix
from gansmith.modalities.image.ondisk import Frames
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.image.tones import range_of, tones_of
from gansmith.modalities.record_files import Listed, RecordFiles, files_in, is_archive_name


@final
class Masks:
    """The mask of each picture; one that is given as a file is that of all."""

    def __init__(self, frames: Frames, numbers: Sequence[int], names: Sequence[str]) -> None:
        """Masks.

        Args:
            frames: Their files.
            numbers: Of the mask of each picture.
            names: Of the pictures, for messages.
        """
        self._frames, self._numbers, self._names = frames, numbers, names

    def of(self, picture: int, height: int, width: int) -> np.ndarray:
        """The mask of a picture of this size, shape `(height, width)`, 1 where it is white, else 0.

        Raises:
            DataError: It is of another size, or cannot be read.
        """
        number = self._numbers[picture]
        name = f"{self._frames.files.name}: {self._frames.name(number)}"
        try:
            is_white = _is_white(self._frames.decode(number))
        except (Unreadable, ValueError) as error:
            raise DataError(f"{name} cannot be read ({error}). Repair it.") from error
        if is_white.shape != (height, width):
            had, called = f"{is_white.shape[1]} x {is_white.shape[0]}", printable(self._names[picture])
            raise DataError(
                f"{name} has {had} pixels, and {called or 'the picture'} {width} x {height}. "
                "Give a mask of its size."
            )
        return is_white.astype(np.float32)


def _is_white(pixels: Pixels) -> np.ndarray:
    """Where a mask is white, `(height, width)`: above half of its range, which is 1 where none is more."""
    had = range_of(pixels)
    had = (0.0, 1.0) if pixels.max() <= 1 else had
    tones = tones_of(pixels, had)
    seen = tones.colours if tones.alpha is None else tones.colours * tones.alpha
    return seen.mean(axis=0) > 0.5


def masks_for(files: RecordFiles, path: Path | None) -> Masks | None:
    """The masks of some pictures.

    Args:
        files: The pictures.
        path: A file, which is the mask of each of them, or a folder or an archive with one of the same name
            for each, whatever its ending; None: there are none.

    Raises:
        DataError: Masks are not there, or some pictures have none.
    """
    if path is None:
        return None
    if not path.exists():
        raise DataError(f"{path}: is not there, and masks were to be read from it. Check the name.")
    if not path.is_dir() and not is_archive_name(path.name):
        return Masks(Frames(Listed([path.name], str(path), path.parent)), [0] * len(files.names), files.names)
    masks = files_in(path)
    numbers = {without_suffix(name): number for number, name in reversed(list(enumerate(masks.names)))}
    found = [numbers.get(without_suffix(name)) for name in files.names]
    missing = [name for name, number in zip(files.names, found, strict=True) if number is None]
    if missing:
        raise DataError(
            f"{path}: no mask of {counted(len(missing), 'picture')}: {shortened(missing)}. "
            f"Give each one of its name, such as {printable(without_suffix(missing[0]))}.png."
        )
    return Masks(Frames(masks), [number for number in found if number is not None], files.names)


def the_mask(path: Path | None) -> Masks | None:
    """A file as the mask of whatever is turned.

    Raises:
        UsageError: It is a folder.
    """
    if path is not None and (path.is_dir() or is_archive_name(path.name)):
        raise UsageError(
            f"{path}: masks of a folder are found by the names of files, and records in memory have none. "
            "Give one file."
        )
    return masks_for(Listed([""], "records", Path()), path)

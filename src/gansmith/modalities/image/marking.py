"""The mark in pictures that are written: which of them get it, and what files say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import printable
from gansmith.modalities.canvas import PROVENANCE, Canvas
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Unreadable
from gansmith.modalities.image.originals import original
from gansmith.modalities.image.picture_files import check_others
from gansmith.modalities.image.pictures import Form, InMemory, Pictures, Pixels
from gansmith.modalities.image.watermark import N_BITS, NAME, marked, read_mark, why_not
from gansmith.modalities.marking import NONE, Found
from gansmith.modalities.record_files import Listed, RecordFiles, files_in, is_archive_name, is_picture_name

KEY: Final = "watermark"
"""Under which metadata say which mark a picture carries."""
UNWANTED: Final = f"{NONE}: not wanted"
LABEL: Final = "synthetic"
"""What everybody sees, where that is wished."""
_WORD_PX: Final = (60, 12)
"""Width and height of the word."""


def said_of(pixels: Pixels, *, is_wanted: bool = True) -> str:
    """What metadata say of a picture, shape `(height, width, n_channels)`: its mark, or why it has none."""
    if not is_wanted:
        return UNWANTED
    reason = why_not(pixels)
    return f"{NONE}: {reason}" if reason else NAME


def said_of_form(form: Form, *, is_wanted: bool) -> str:
    """The same of all pictures of a form, without their masks."""
    if is_wanted and form.pixel_type == "uint8" and (form.lowest, form.highest) != (0, 255):
        return f"{NONE}: values of {form.lowest:g} to {form.highest:g}, not 0 to 255"
    like = np.broadcast_to(np.zeros((), form.pixel_type), (form.height, form.width, form.n_seen))
    return said_of(like, is_wanted=is_wanted)


def marked_pictures(pictures: Pictures) -> Pictures:
    """The same with the mark in each of them; their masks stay."""
    block, n_seen = pictures.source.block(pictures.numbers), pictures.form.n_seen
    made = [np.concatenate([marked(one[..., :n_seen]), one[..., n_seen:]], axis=2) for one in block]
    return replace(
        pictures,
        source=InMemory(np.stack(made) if made else block),
        numbers=np.arange(len(block)),
        files=(),
        sizes={},
    )


def marked_canvas(canvas: Canvas) -> Canvas:
    """A drawing, shape `(height, width)` or `(height, width, 3)`, with the mark where it holds it."""
    return marked(canvas[..., None])[..., 0] if canvas.ndim == 2 else marked(canvas)


def labelled(pixels: Pixels) -> Pixels:
    """A picture, shape `(height, width, n_channels)`, with a word in its corner that everybody can read."""
    height, width, n_channels = pixels.shape
    word = Image.new("L", _WORD_PX, 0)
    ImageDraw.Draw(word).text((2, 0), LABEL, fill=255)
    across = min(width, max(width // 4, _WORD_PX[0]))
    down = min(height, max(1, round(across * _WORD_PX[1] / _WORD_PX[0])))
    mask = np.asarray(word.resize((across, down), Image.Resampling.BILINEAR)) > 96
    found, white = pixels.copy(), np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.max()
    corner = found[height - down :, width - across :]
    corner[..., : n_channels - (n_channels in (2, 4))] = np.where(mask, white, 0)[..., None]
    if n_channels in (2, 4):
        corner[..., -1] = white
    return found


def marks_in(source: str) -> Iterator[Found]:
    """See `Marking`: of pictures, and of each frame of a film."""
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: is not there. Check the name.")
    if path.is_dir() or is_archive_name(path.name):
        files: RecordFiles = files_in(path)
        check_others(files, ImageOptions())
    elif is_picture_name(path.name):
        files = Listed([path.name], str(path), path.parent)
    else:
        raise DataError(f"{path}: is no picture by its name. Give pictures, folders or archives of them.")
    for number, name in enumerate(files.names):
        try:
            yield from _of_file(files, number)
        except Unreadable as error:
            yield Found(printable(name), False, 0, N_BITS, 1.0, False, f"cannot be read: {error}")


def _of_file(files: RecordFiles, number: int) -> Iterator[Found]:
    says_so = _says_so(files, number)
    with original(files, number) as found:
        for index, frame in enumerate(found.frames()):
            name = printable(files.names[number]) + (f"#{index + 1}" if found.n_frames > 1 else "")
            read = read_mark(frame.pixels)
            yield Found(name, read.is_marked, read.n_right, N_BITS, read.chance, says_so)


def _says_so(files: RecordFiles, number: int) -> bool:
    """Whether a file holds the words by which ours say that they were made."""
    software = PROVENANCE["software"].encode()
    with suppress(OSError), files.open(number) as file:
        content = file.read()
        return b"synthetic" in content and software in content
    return False

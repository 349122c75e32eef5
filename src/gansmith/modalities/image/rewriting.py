"""Pictures that were turned as the content of a file of the kind they came from, or of another.

JPEG is written at quality 95 without thinning out colours, all else loses nothing, but for GIF's 256 colours
a frame.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Any, Final, final

import numpy as np
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.canvas import PROVENANCE
from gansmith.modalities.image.originals import PARTS, Kept
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.image.tones import Range, Tones, over_white, pixels_of
from gansmith.modalities.movie import saving_options

ARRAY: Final = "NPY"
KINDS: Final = {
    ".png": "PNG", ".apng": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG",
    ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".gif": "GIF", ".bmp": "BMP", ".pgm": "PPM",
    ".ppm": "PPM", ".pnm": "PPM", ".pbm": "PPM", ".npy": ARRAY,
}  # fmt: skip
"""What is written, by the ending of a file's name."""
QUALITY: Final = 95
"""Of a JPEG, of 100."""
_EFFORT: Final = 50
"""Of a WebP, of 100, which loses nothing with any: a fifth of the time of 80, as small."""
USUAL_MILLISECONDS: Final = 100
"""That a picture of a film is seen where nothing says how long."""
_GREY_DEPTHS: Final = {"PNG": ("uint16",), "PPM": ("uint16",), "TIFF": ("uint16", "int32", "float32")}
"""Other than 8 bits that are written, of grey pictures without transparency."""
_OPAQUE: Final = ("JPEG", "BMP", "PPM")
_WITH_EXIF: Final = ("JPEG", "PNG", "WEBP", "TIFF")
_DESCRIPTION: Final = 270
_MAX_JPEG_TEXT: Final = 65_000
"""Bytes that one part of a JPEG file may have, and a little less."""
_UNWRITABLE: Final = (OSError, ValueError, struct.error, OverflowError, KeyError, TypeError)


def kind_of(name: str) -> str:
    """What a file is written as, by its name; empty where it cannot be written."""
    return KINDS.get(PurePath(name).suffix.lower(), "")


def held(tones: Tones, dtype: np.dtype[Any], had: Range, kind: str) -> tuple[Pixels, list[str]]:
    """Values as pixels that a kind of file holds.

    Args:
        tones: The picture.
        dtype: Of its pixels before it was turned.
        had: Their values of black and white.
        kind: One of `KINDS`.

    Returns:
        Shape `(height, width, n_channels)`, of that type where it is written; and what a person should know.
    """
    notes = list[str]()
    if tones.alpha is not None and kind in _OPAQUE:
        tones = over_white(tones)
        notes.append(f"{kind} knows no transparency: it lies on white")
    if dtype == np.uint8 or kind == ARRAY:
        return pixels_of(tones, dtype, had), notes
    is_grey = len(tones.colours) == 1 and tones.alpha is None
    deep = _GREY_DEPTHS.get(kind, ()) if is_grey else ()
    if dtype.name in deep:
        return pixels_of(tones, dtype, had), notes
    stands = np.dtype("uint16" if "uint16" in deep else "uint8")
    what = "grey" if is_grey else "colour"
    notes.append(f"{what} of {dtype.name} cannot be written as {kind}: {stands.name} stands for it")
    return pixels_of(tones, stands, (0, np.iinfo(stands).max)), notes


@final
@dataclass(frozen=True, eq=False)
class Film:
    """The pictures of a file, one or more."""

    pictures: Sequence[Pixels]
    milliseconds: Sequence[float | None]
    """That each is seen."""


def encoded(film: Film, kind: str, kept: Kept, metadata: Mapping[str, str], name: str) -> bytes:
    """Pictures as the content of a file.

    Args:
        film: Pictures that `held` made for this kind, of one size unless they are pages of a TIFF.
        kind: One of `KINDS`; of a film one that may hold several.
        kept: What goes along.
        metadata: Text that says where they come from, kept where the format has a place for it.
        name: For messages.

    Raises:
        DataError: They cannot be written so, as when they are too large for it.
    """
    stream = BytesIO()
    if kind == ARRAY:
        (picture,) = film.pictures
        np.save(stream, picture[..., 0] if picture.shape[2] == 1 else picture, allow_pickle=False)
        return stream.getvalue()
    pictures = film.pictures if kind == "TIFF" else alike(film.pictures)
    first, *others = (_for(kind, picture) for picture in pictures)
    options = _options(kind, kept, {**PROVENANCE, **metadata}, pictures[0].shape[2])
    if others:
        options |= {"save_all": True, "append_images": others, **_times(kind, kept, film.milliseconds)}
    try:
        first.save(stream, **options)
    except _UNWRITABLE as error:
        raise DataError(
            f"{name}: cannot be written as {kind} ({error}). Give -o a name of another ending, such as .png."
        ) from error
    return stream.getvalue()


def alike(pictures: Sequence[Pixels]) -> Sequence[Pixels]:
    """Pictures of one number of channels: colour where one has it, transparent where one is."""
    counts = {picture.shape[2] for picture in pictures}
    if len(counts) == 1:
        return pictures
    n_channels = (3 if counts & {3, 4} else 1) + bool(counts & {2, 4})
    return [with_as_many(picture, n_channels) for picture in pictures]


def with_as_many(pixels: Pixels, n_channels: int) -> Pixels:
    """A picture with at least its channels: grey repeated, opaque where it was."""
    had = pixels.shape[2]
    colours = pixels[..., : had - (had in (2, 4))]
    if n_channels >= 3 and colours.shape[2] == 1:
        colours = colours.repeat(3, axis=2)
    if n_channels in (1, 3):
        return colours
    alpha = pixels[..., -1:] if had in (2, 4) else np.full_like(pixels[..., :1], np.iinfo(pixels.dtype).max)
    return np.concatenate([colours, alpha], axis=2)


def _for(kind: str, pixels: Pixels) -> Image.Image:
    """A picture of Pillow's that this kind of file can hold."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if kind == "WEBP":
        return image.convert("RGBA" if pixels.shape[2] in (2, 4) else "RGB")
    return _with_palette(pixels) if kind == "GIF" and pixels.shape[2] > 1 else image


def _with_palette(pixels: Pixels) -> Image.Image:
    """A picture of few colours; what is transparent by half or more is one of them."""
    has_alpha = pixels.shape[2] in (2, 4)
    colours = with_as_many(pixels, 4)[..., :3]
    few = Image.fromarray(np.ascontiguousarray(colours)).quantize(255 if has_alpha else 256)
    if not has_alpha:
        return few
    numbers = np.array(few)
    numbers[pixels[..., -1] < 128] = 255
    image = Image.fromarray(numbers)
    image.putpalette((few.getpalette() or []) + [0] * (768 - len(few.getpalette() or [])))
    image.info["transparency"] = 255
    return image


def _options(kind: str, kept: Kept, said: Mapping[str, str], n_channels: int) -> dict[str, Any]:
    """How Pillow writes a kind of file, with what goes along."""
    options: dict[str, Any] = {"format": kind}
    if kind == "PNG":
        options = saving_options(".png", {**kept.texts, **said})
    elif kind in ("GIF", "WEBP"):
        options = saving_options(f".{kind.lower()}", said)
    text = "; ".join(f"{key}: {value}" for key, value in said.items())
    if kind == "WEBP":
        options |= {"exact": True, "quality": _EFFORT}
    if kind == "JPEG":
        options |= {"quality": QUALITY, "subsampling": 0, "comment": text.encode()[:_MAX_JPEG_TEXT]}
    if kind == "TIFF":
        exif = _described(kept.exif, text)
        options |= {"exif": exif, "compression": "raw" if set(exif) & set(PARTS) else "tiff_deflate"}
    elif kept.exif and kind in _WITH_EXIF and not (kind == "JPEG" and len(kept.exif) > _MAX_JPEG_TEXT):
        options["exif"] = kept.exif
    is_of_these = kept.profile[16:20] == (b"GRAY" if n_channels < 3 else b"RGB ")
    if is_of_these and kind in _WITH_EXIF:
        options["icc_profile"] = kept.profile
    if kept.dpi is not None and kind in ("JPEG", "PNG", "TIFF", "BMP"):
        options["dpi"] = kept.dpi
    return options


def _described(exif: bytes, text: str) -> Image.Exif:
    """EXIF whose description of the picture says where it comes from."""
    found = Image.Exif()
    if exif:
        found.load(exif)
    found[_DESCRIPTION] = "; ".join(filter(None, (str(found.get(_DESCRIPTION, "")), text)))
    return found


def _times(kind: str, kept: Kept, milliseconds: Sequence[float | None]) -> dict[str, Any]:
    """How long the pictures of a film are seen, and how often."""
    if kind == "TIFF":
        return {}
    known = [USUAL_MILLISECONDS if one is None else one for one in milliseconds]
    if kind == "PNG":
        shown = known[1:] if kept.has_cover else known
        return {"duration": shown, "loop": kept.loop or 0, "default_image": kept.has_cover}
    loop = {} if kind == "GIF" and kept.loop is None else {"loop": kept.loop or 0}
    clear = {"disposal": 2} if kind == "GIF" else {}
    return {"duration": [round(one) for one in known], **loop, **clear}

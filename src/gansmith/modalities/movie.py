"""Frames as one animation: GIF, WebP or animated PNG, which says of itself that it is synthetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.canvas import PROVENANCE, Canvas

MOVIE_FORMATS: Final = (".gif", ".webp", ".png", ".apng")
_XMP: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description="{}"/></rdf:RDF></x:xmpmeta>'
)


def check_movie(path: Path) -> None:
    """Raise UsageError unless the name ends as an animation's does."""
    if path.suffix.lower() not in MOVIE_FORMATS:
        near = did_you_mean(path.suffix, MOVIE_FORMATS)
        raise UsageError(f"{path}: a film cannot be written in this format. {near}")


def animated(
    frames: Sequence[Canvas],
    suffix: str,
    seconds_per_frame: float = 0.1,
    last_seconds: float | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Frames, one after the other and again from the start, as the content of a file.

    Args:
        frames: One or more of one shape, `(height, width)` or `(height, width, 3)`.
        suffix: One of `MOVIE_FORMATS`; GIF has 256 colours a frame, the others lose nothing.
        seconds_per_frame: How long each is seen; of GIF in steps of 0.01.
        last_seconds: How long the last is seen; None: as long as the others.
        metadata: Text to keep in the file.

    Raises:
        UsageError: There is no frame.
        DataError: Frames are of several shapes.
    """
    if not frames:
        raise UsageError("a film needs one frame at least.")
    if different := {frame.shape for frame in frames} - {frames[0].shape}:
        raise DataError(
            f"frames of shapes {frames[0].shape} and {min(different)} make no film. Give all of one size."
        )
    images = [Image.fromarray(frame) for frame in frames]
    times = [1000 * seconds_per_frame] * len(frames)
    times[-1] = times[-1] if last_seconds is None else 1000 * last_seconds
    said = {**PROVENANCE, **(metadata or {})}
    options = saving_options(suffix.lower(), said)
    if suffix.lower() == ".gif":
        images = [image if image.mode == "L" else image.quantize(256) for image in images]
    stream = BytesIO()
    durations = [max(1, round(time)) for time in times]
    images[0].save(stream, save_all=True, append_images=images[1:], duration=durations, loop=0, **options)
    return stream.getvalue()


def saving_options(suffix: str, said: Mapping[str, str]) -> dict[str, Any]:
    """How Pillow writes one of `MOVIE_FORMATS`, with what is said in it; but for GIF nothing is lost."""
    if suffix in (".png", ".apng"):
        info = PngInfo()
        for key, value in said.items():
            info.add_itxt(key, value)
        return {"format": "PNG", "pnginfo": info}
    text = "; ".join(f"{key}: {value}" for key, value in said.items())
    if suffix == ".gif":
        return {"format": "GIF", "comment": text.encode()[:255], "optimize": False}
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return {"format": "WEBP", "lossless": True, "xmp": _XMP.format(escaped).encode()}


def frames_of(paths: Sequence[Path]) -> list[Canvas]:
    """Picture files as frames of one size, in this order, in colour if one of them is.

    Raises:
        DataError: A file is no picture.
    """
    images: list[Image.Image] = []
    for path in paths:
        try:
            with Image.open(path) as image:
                images.append(image.convert("L" if image.mode in ("1", "L") else "RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"{path}: no picture ({error}). Remove the file.") from error
    mode = "RGB" if any(image.mode == "RGB" for image in images) else "L"
    return [np.asarray(image.convert(mode)) for image in images]

"""Sections of pictures: real and generated ones side by side, each in whole screen pixels.

A picture comes as a `data:` address, and so do sounds to listen to below it. They are somebody's values like
any other: what is no picture or sound of a known kind, by its address and by its first bytes, does not get
into the page.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, final

from gansmith.report.wording import shortened

WIDE_PX: Final = 820
"""Of a picture that stands alone, at most; see `.picture` in the style sheet."""
HALF_PX: Final = 440
"""Of one of two, side by side."""
THIRD_PX: Final = 280
_MOST_SCALE: Final = 12
_MOST_ROW_LETTERS: Final = 16
_ADDRESS: Final = re.compile(r"data:image/(png|webp|jpeg|gif);base64,([A-Za-z0-9+/]+={0,2})")
_HEARD: Final = re.compile(r"data:audio/wav;base64,UklGR[A-Za-z0-9+/]+={0,2}")
"""A WAV file: it begins with RIFF."""
_FRAME_OF_JPEG: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers before the size of a JPEG."""


@final
@dataclass(frozen=True)
class Sound:
    """Something that is heard."""

    title: str
    address: str
    """`data:` and all that is needed to hear it."""


@final
@dataclass(frozen=True)
class Picture:
    """One picture of a page, and what it shows in words."""

    address: str
    """`data:` and all that is needed to see it."""
    label: str
    """What is to be seen; read aloud in its place."""
    width_px: int
    """As wide as it is shown where there is room: a whole number of screen pixels for each of its own."""
    height_px: int
    is_enlarged: bool
    title: str = ""
    subtitle: str = ""
    tone: Literal["", "real", "synthetic"] = ""
    """Of whom it speaks, when of one side alone."""
    rows: tuple[str, ...] = ()
    """What its rows show, where they are equally high and stand for something."""
    sounds: tuple[Sound, ...] = ()
    """What can be heard of what is seen."""


def picture(found: Mapping[str, Any], largest_px: int) -> Picture | None:
    """A gallery as a picture, or None where its address is none of a picture.

    Args:
        found: `image`, and in words `title`, `caption`, `label`; a list `rows` where rows have names, a list
            `sounds` of `title` and `address` where there is something to be heard.
        largest_px: Small pictures are enlarged by the largest whole number that keeps them within this width.

    Example:
        >>> picture({"image": "https://example.org/a.png", "label": "a"}, 400) is None
        True
    """
    address = str(found.get("image") or "")
    size = size_of(address)
    if size is None:
        return None
    scale = max(1, min(_MOST_SCALE, largest_px // size[0]))
    title, name = str(found.get("title") or ""), str(found.get("name") or "")
    side = name.partition("-")[0]
    return Picture(
        address=address,
        label=str(found.get("label") or title or "Pictures"),
        width_px=size[0] * scale,
        height_px=size[1] * scale,
        is_enlarged=scale > 1,
        title=title,
        subtitle=str(found.get("caption") or ""),
        tone="real" if side == "real" else "synthetic" if side == "synthetic" else "",
        rows=tuple(shortened(str(row), _MOST_ROW_LETTERS) for row in found.get("rows") or ()),
        sounds=tuple(
            Sound(shortened(str(one.get("title") or ""), _MOST_ROW_LETTERS), str(one["address"]))
            for one in found.get("sounds") or ()
            if _HEARD.fullmatch(str(one.get("address") or ""))
        ),
    )


def size_of(address: str) -> tuple[int, int] | None:
    """Width and height in pixels of the picture that an address holds; None where it holds none.

    Source:
        The headers of PNG (ISO 15948, 11.2.2), GIF (89a, 18), WebP (RFC 9649, 2.4 to 2.7) and JPEG (ITU T.81,
        B.2.2).
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    try:
        data = base64.b64decode(match[2], validate=True)
    except binascii.Error:
        return None
    width, height = _SIZES[match[1]](data)
    return (width, height) if width and height else None


def _of_png(data: bytes) -> tuple[int, int]:
    is_one = data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
    return (_big(data[16:20]), _big(data[20:24])) if is_one else (0, 0)


def _of_gif(data: bytes) -> tuple[int, int]:
    return (_little(data[6:8]), _little(data[8:10])) if data[:6] in (b"GIF87a", b"GIF89a") else (0, 0)


def _of_webp(data: bytes) -> tuple[int, int]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return 0, 0
    if data[12:16] == b"VP8X":  # with parts: 24 bits each, less one
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if data[12:16] == b"VP8L":  # lossless: 14 bits each, less one
        both = _little(data[21:25])
        return (both & 0x3FFF) + 1, (both >> 14 & 0x3FFF) + 1
    return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF


def _of_jpeg(data: bytes) -> tuple[int, int]:
    place = 2 if data[:2] == b"\xff\xd8" else len(data)
    while place + 9 <= len(data) and data[place] == 0xFF:
        if data[place + 1] in _FRAME_OF_JPEG:
            return _big(data[place + 7 : place + 9]), _big(data[place + 5 : place + 7])
        place += 2 + _big(data[place + 2 : place + 4])
    return 0, 0


_SIZES: Final = {"png": _of_png, "gif": _of_gif, "webp": _of_webp, "jpeg": _of_jpeg}


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")

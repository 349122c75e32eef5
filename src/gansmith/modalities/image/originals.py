"""A picture file that is about to be turned: its frames one after the other, and what goes along."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any, Final, final

from PIL import Image

from gansmith.modalities.image.decoding import (
    NPY,
    Header,
    Unreadable,
    check_size,
    decode,
    opened,
    read_header,
    readable,
    upright,
)
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.record_files import RecordFiles

SCAN: Final = "scan"
FILMS: Final = ("GIF", "PNG", "WEBP", "TIFF", SCAN)
"""Files whose pictures, where they hold several, are one after the other what a person looks at."""
_OF_OTHER_COLOURS: Final = ("CMYK", "LAB", "YCbCr", "HSV")
_OF_PIXELS: Final = frozenset((
    254, 255, 256, 257, 258, 259, 262, 263, 266, 269, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290,
    291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 322, 323, 324, 325, 330, 332, 338, 339, 340, 341, 347,
    512, 513, 514, 529, 530, 531, 532, 700, 34377, 34675, 40961, 40962, 40963,
))  # fmt: skip
"""Tags of EXIF and TIFF that say how or how many pixels are stored, which is not so any more, orientation
among them; and the profile and resolution, which are kept beside."""
PARTS: Final = (0x8769, 0x8825)
"""Of EXIF: how the photograph was taken, and where; Pillow does not write them into a compressed TIFF."""
_BITS: Final = 258


@final
@dataclass(frozen=True)
class Kept:
    """What is not in the pixels of a file, and kept."""

    exif: bytes = b""
    """Without orientation, sizes and previews."""
    profile: bytes = b""
    """Of its colours (ICC)."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch, across and down."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of a PNG."""
    loop: int | None = None
    """How often a film is shown; 0: without an end, None: once, as far as the format knows."""
    has_cover: bool = False
    """Whether the first picture is no part of the film, as in some animated PNGs."""


@final
@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a file."""

    pixels: Pixels
    """Shape `(height, width, n_channels)`."""
    milliseconds: float | None = None
    """That it is seen."""


@final
class Original:
    """A picture file that is open."""

    def __init__(self, file: BufferedIOBase, name: str, header: Header, image: Image.Image | None) -> None:
        """A picture file.

        Args:
            file: Its bytes.
            name: Of the file.
            header: What it says of its pictures.
            image: As Pillow has it; None where others read it.

        Raises:
            Unreadable: What it says of itself is broken.
        """
        self._file, self._name, self._header, self._image = file, name, header, image
        self.n_frames = header.n_frames if header.kind in FILMS else 1
        self.is_scan = header.kind == SCAN
        self.notes = list[str]()
        self.kept = Kept() if image is None else self._kept(image)
        if image is not None and (header.is_reduced or _is_reduced_tiff(image)):
            self.notes.append("16 bits a colour, of which 8 are read")
        if image is not None and image.mode in _OF_OTHER_COLOURS:
            self.notes.append(f"{image.mode} becomes RGB")

    def frames(self) -> Iterator[Frame]:
        """Its pictures, one after the other.

        Raises:
            Unreadable: One of them is broken.
        """
        for number in range(self.n_frames):
            yield self._frame(number)

    def _frame(self, number: int) -> Frame:
        image = self._image
        if image is None:
            self._file.seek(0)
            return Frame(decode(self._file, self._name, number))
        with readable():
            if self.n_frames > 1:
                image.seek(number)
                check_size(*image.size)
            pixels = upright(image)
            return Frame(pixels, image.info.get("duration"))  # which some know when it is decoded

    def _kept(self, image: Image.Image) -> Kept:
        info: Mapping[Any, Any] = image.info
        texts = {
            key: value
            for key, value in info.items()
            if self._header.kind == "PNG"
            and isinstance(key, str)
            and isinstance(value, str)
            and "xmp" not in key.lower()
        }
        return Kept(
            self._exif(image),
            info.get("icc_profile") or b"",
            _dpi(info.get("dpi")),
            texts,
            info.get("loop"),
            bool(getattr(image, "default_image", False)),
        )

    def _exif(self, image: Image.Image) -> bytes:
        """What EXIF says that is still so."""
        try:
            with readable():
                found = image.getexif()
                kept = Image.Exif()
                for tag, value in found.items():
                    if tag not in _OF_PIXELS and tag not in PARTS:
                        kept[tag] = value
                for part in PARTS:
                    if values := found.get_ifd(part):
                        kept[part] = {tag: one for tag, one in values.items() if tag not in _OF_PIXELS}
                return kept.tobytes() if len(kept) else b""
        except Unreadable:
            self.notes.append("its EXIF data are damaged and left out")
            return b""


@contextmanager
def original(files: RecordFiles, number: int) -> Generator[Original]:
    """A picture file, open.

    Raises:
        Unreadable: It is broken, no picture, too large, or not there any more.
        UsageError: It is a medical scan, and what reads these is not installed.
    """
    name = files.names[number]
    with ExitStack() as stack:
        with readable():
            file = stack.enter_context(files.open(number))
            header = read_header(file, name)
            file.seek(0)
            by_pillow = header.kind not in (NPY, SCAN)
            image = stack.enter_context(opened(file)) if by_pillow else None
            found = Original(file, name, header, image)
        yield found


def _is_reduced_tiff(image: Image.Image) -> bool:
    if image.format != "TIFF" or image.mode[:1] in ("I", "F"):
        return False
    bits: Any = image.getexif().get(_BITS, 8)
    return max(bits) > 8 if isinstance(bits, tuple) else int(bits) > 8


def _dpi(found: Any) -> tuple[float, float] | None:
    """Pixels per inch where they make sense."""
    try:
        across, down = (float(one) for one in found)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if min(across, down) >= 1 and max(across, down) < 65535 else None

"""Pictures: photographs, drawings, scans, handwritten digits; grey or in colour, of any size.

Their options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import Any, Final, Literal, final

from gansmith.settings import Annotated, Offered, settings

Fit = Literal["auto", "crop", "pad", "stretch"]
"""How a picture of another shape is brought to a size: its middle is cut out, its edges are extended, or its
sides are scaled apart; "auto" leaves it to the pictures."""
DAMAGES: Final = ("old", "camera")
"""How good pictures are damaged to learn restoring: as old prints are, faded, stained, scratched; or as bad
cameras and files do, by blur, noise, compression and too few pixels."""
READING: Final = ("fit", "score", "show", "rebalance")


@final
@settings(kw_only=True)
class ImageOptions:
    """How pictures are read, learnt and written."""

    has_header: Annotated[bool | None, Offered(READING, "--header/--no-header")] = None
    """Whether the first line of a text file holds the column names; if not given, found from the data."""
    encoding: Annotated[str, Offered(READING)] = ""
    """Encoding of a text file, such as latin-1; if not given, found from the data."""
    where: Annotated[Any, Offered(("fit",), form="label=VALUE")] = ()
    """Learn only from pictures with this label; several values of one label are alternatives."""
    size: Annotated[str, Offered(("fit", "show"), form="WIDTHxHEIGHT")] = ""
    """Size in pixels that pictures are resized to, such as 46x56, or 64 for 64x64; empty: chosen from the
    data."""
    fit: Annotated[Fit, Offered(("fit", "show"))] = "auto"
    """How to bring pictures of another shape to that size: crop, pad, stretch, or auto."""
    channels: Annotated[str, Offered(("fit", "show"), form="L|RGB|RGBA")] = ""
    """Colour mode: L (grey), RGB or RGBA; empty: that of most pictures."""
    labels: Annotated[str, Offered(("fit", "score", "show"), form="FILE")] = ""
    """A CSV file with a column of file names and columns of labels; if not given, looked for beside the
    pictures."""
    masks: Annotated[str, Offered(("fit", "show"), form="FOLDER")] = ""
    """A folder with a mask for each picture, under the same name; learnt and made with it as one more
    channel."""
    boxes: Annotated[str, Offered(("fit", "show"), form="FILE")] = ""
    """A CSV file of bounding boxes (file name, x, y, width, height, optionally a class), learnt and made with
    the pictures."""
    no_mark: Annotated[bool, Offered(("sample",))] = False
    """Leave out the invisible watermark that says that pictures are synthetic; see detect-mark."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet program would run as a formula."""
    strict: Annotated[bool, Offered(READING)] = False
    """Fail if a file in the folder is broken or not a picture, instead of skipping it."""

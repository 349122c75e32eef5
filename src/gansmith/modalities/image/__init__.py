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
    """Whether a text file's first line names its columns, or is data; found when not given."""
    encoding: Annotated[str, Offered(READING)] = ""
    """Of a text file; found when not given."""
    where: Annotated[Any, Offered(("fit",), form="label=VALUE")] = ()
    """What must hold of the pictures that are learnt from; several values of a label are alternatives."""
    size: Annotated[str, Offered(("fit", "show"), form="WIDTHxHEIGHT")] = ""
    """Pixels that pictures are brought to, such as 46x56, or 64 for 64x64; empty chooses."""
    fit: Annotated[Fit, Offered(("fit", "show"))] = "auto"
    """How pictures of another shape are brought to that size: crop, pad, stretch, or auto."""
    channels: Annotated[str, Offered(("fit", "show"), form="L|RGB|RGBA")] = ""
    """What pictures are read as: L (grey), RGB, RGBA; empty: what most of them are."""
    labels: Annotated[str, Offered(("fit", "score", "show"), form="FILE")] = ""
    """A CSV file with a column of picture names and columns of what is known of each; found beside them."""
    masks: Annotated[str, Offered(("fit", "show"), form="FOLDER")] = ""
    """A folder with a mask for each picture, of the same name: made together with it, as one more channel."""
    boxes: Annotated[str, Offered(("fit", "show"), form="FILE")] = ""
    """A CSV file of boxes: picture name, x, y, width, height and perhaps a class; made together with them."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet would run as a formula."""
    strict: Annotated[bool, Offered(READING)] = False
    """Refuse a folder in which some file is no picture or is broken, instead of leaving it out."""

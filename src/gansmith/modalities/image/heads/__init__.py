"""Heads of people, with hair and outline: what is learnt of portraits to fill in people who do not exist.

Options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import final

from gansmith.settings import Annotated, Offered, settings


@final
@settings(kw_only=True)
class HeadOptions:
    """What is learnt of pictures of people, and how they are read."""

    heads: Annotated[bool, Offered(("fit",))] = False
    """Learn the heads of the people in pictures, to replace others by people who do not exist: see
    anonymize."""
    boxes: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """A CSV file of bounding boxes (file name, x, y, width, height, optionally a class), learnt and made with
    the pictures."""
    detector: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """Weights of a face detector (YuNet, .onnx); if not given, that of OpenCV is used where it is
    installed."""
    labels: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """A CSV file with a column of file names and columns of labels; if not given, looked for beside the
    pictures."""
    size: Annotated[str, Offered(("fit",), form="WIDTHxHEIGHT")] = ""
    """Size in pixels that pictures are resized to, such as 46x56, or 64 for 64x64; empty: chosen from the
    data."""
    channels: Annotated[str, Offered(("fit",), form="L|RGB|RGBA")] = ""
    """Colour mode: L (grey), RGB or RGBA; empty: that of most pictures."""
    strict: Annotated[bool, Offered(("fit",))] = False
    """Fail if a file in the folder is broken or not a picture, instead of skipping it."""

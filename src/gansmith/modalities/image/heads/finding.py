"""Boxes around faces: from a table, or found by a detector.

The detector is OpenCV's cascade of simple features, which lies beside the library (Apache License 2.0), or
YuNet with weights from a file of the user's. Nothing is fetched.

Source:
    Viola and Jones 2001, "Rapid object detection using a boosted cascade of simple features"
    (doi:10.1109/CVPR.2001.990517); Wu et al. 2023, "YuNet: a tiny millisecond-level face detector"
    (doi:10.1007/s11633-023-1423-y).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image.boxes import Boxes, read_boxes
from gansmith.modalities.image.heads.windows import Box
from gansmith.tabular.files.texts import texts_of_file

Finder = Callable[[np.ndarray], list[Box]]
"""Boxes of the faces in a picture, shape `(height, width, 1 or 3)` of 8 bits, the largest first."""
CASCADE: Final = "haarcascade_frontalface_alt2.xml"
MARGIN: Final = 6
"""A picture is continued by its longer side divided by this: faces that touch its edge are found, too."""
LONGEST_PX: Final = 1_024
"""Longer pictures are looked at smaller."""
SMALLEST_PX: Final = 24
"""Sides of the smallest face that is looked for."""
N_AGREEING: Final = 4
SURE: Final = 0.7
"""Score of YuNet from which on something is a face."""


def is_installed() -> bool:
    """Whether OpenCV is there."""
    return find_spec("cv2") is not None


def boxes_of(path: str | Path, names: Sequence[str]) -> tuple[Boxes, tuple[str, ...]]:
    """Boxes of a table, and notes; see `read_boxes`."""
    return read_boxes(texts_of_file(content_of(path), str(path)), names, str(path), is_strict=False)


def finder(weights: str | Path = "") -> Finder:
    """What finds faces: YuNet where there are weights, else the cascade.

    Raises:
        UsageError: OpenCV is not installed, or has no such detector.
        DataError: The weights cannot be read.
    """
    if not is_installed():
        raise UsageError(
            "nothing says where faces are, and nothing is installed that finds them. Give --boxes, a table "
            'with file names, x, y, width and height; or: pip install "gansmith[faces]".'
        )
    opencv: Any = import_module("cv2")
    if weights:
        content_of(weights)
        return _by_yunet(opencv, Path(weights))
    cascade = _cascade(opencv)

    def found(pixels: np.ndarray) -> list[Box]:
        grey = pixels[..., 0] if pixels.shape[2] == 1 else opencv.cvtColor(pixels, opencv.COLOR_RGB2GRAY)
        scale = min(1.0, LONGEST_PX / max(grey.shape))
        grey = grey if scale == 1 else opencv.resize(grey, None, fx=scale, fy=scale)
        margin = max(grey.shape) // MARGIN
        grey = np.pad(grey, margin, mode="edge")
        seen = cascade.detectMultiScale(grey, 1.1, N_AGREEING, minSize=(SMALLEST_PX, SMALLEST_PX))
        boxes = [tuple(float(one) for one in box) for box in seen]
        edges = [(x - margin, y - margin, x - margin + w, y - margin + h) for x, y, w, h in boxes]
        return _largest_first([(a / scale, b / scale, c / scale, d / scale) for a, b, c, d in edges])

    return found


@cache
def _cascade(opencv: Any) -> Any:
    path = Path(getattr(getattr(opencv, "data", None), "haarcascades", "")) / CASCADE
    if not path.is_file() or getattr(opencv, "CascadeClassifier", None) is None:
        raise UsageError(
            f"OpenCV {opencv.__version__} has no {CASCADE} any more. Install the version that is pinned: "
            'pip install "gansmith[faces]"; or give --weights of YuNet, or --boxes.'
        )
    return opencv.CascadeClassifier(str(path))


def _by_yunet(opencv: Any, weights: Path) -> Finder:
    try:
        detector = opencv.FaceDetectorYN.create(str(weights), "", (320, 320), SURE)
    except opencv.error as error:
        raise DataError(f"{weights}: no weights of YuNet ({error.err}). Give its .onnx file.") from error

    def found(pixels: np.ndarray) -> list[Box]:
        colours = pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels[..., ::-1]
        height, width = colours.shape[:2]
        detector.setInputSize((width, height))
        _, rows = detector.detect(np.ascontiguousarray(colours))
        seen = [] if rows is None else rows[:, :4].tolist()
        return _largest_first([(x, y, x + w, y + h) for x, y, w, h in seen])

    return found


def _largest_first(boxes: list[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1]))


def content_of(path: str | Path) -> bytes:
    """What is in a file.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}). Check the name.") from error

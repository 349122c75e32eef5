"""Where a head lies in a picture: the window that is learnt from, what of it is cut out, how it comes back.

A record shows a head whose face lies at one place of it, the same for all records. So a box around a face, in
any picture, says where the record would lie in it: its window. What is cut out is an ellipse around the face,
hair and outline within; nothing of it is left when the generator sees the window, and nothing of it shines
through when the result is blended in, for the soft edge lies outside of the cut.
"""

from __future__ import annotations

from typing import Final, NamedTuple, final

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Values = np.ndarray
"""Of a picture, from 0 to 1, shape `(n_channels, height, width)`, float32."""

USUAL_FACE: Final[Box] = (0.25, 0.3, 0.75, 0.8)
"""Where the box of a face lies in a record, in shares of its sides, of heads cut out of photographs."""
HEAD: Final = (0.72, 0.92)
"""Half axes of what is cut out, in widths and heights of the box of a face: ears, hair and chin are in."""
HEAD_ABOVE: Final = 0.12
"""How far its middle lies above that of the box, in heights: there is more hair than neck."""
MOST_OF_PICTURE: Final = 0.5
"""Share of a picture from which on a head that is cut out is all that it shows: a portrait."""
FEATHER: Final = 0.03
"""Standard deviation of the soft edge, in sides of the window."""
GROWTH: Final = 0.2
"""Share of its sides by which the window of a portrait in a photograph is larger at each of them."""
CUT: Final = 0.5
"""What stands where something was cut out."""


@final
class Window(NamedTuple):
    """Where a record lies in a picture, in whole pixels; it may reach beyond."""

    left: int
    top: int
    width: int
    height: int


def window_of(box: Box, face: Box, sides: tuple[int, int]) -> Window:
    """The window whose face has this box.

    Args:
        box: In pixels of the picture.
        face: In shares of a record's sides.
        sides: Height and width of a record, for its proportions.

    Example:
        >>> window_of((50, 60, 150, 160), USUAL_FACE, (64, 64))
        Window(left=0, top=0, width=200, height=200)
    """
    height, width = sides
    left, top, right, bottom = box
    own = (face[2] - face[0]) * width, (face[3] - face[1]) * height
    scale = (((right - left) * (bottom - top)) / (own[0] * own[1])) ** 0.5
    across, down = scale * width, scale * height
    return Window(
        round((left + right) / 2 - across * (face[0] + face[2]) / 2),
        round((top + bottom) / 2 - down * (face[1] + face[3]) / 2),
        max(1, round(across)),
        max(1, round(down)),
    )


def grown(window: Window) -> Window:
    """The window of a portrait made so much larger that hair, ears and chin lie within."""
    more = round(GROWTH * window.width), round(GROWTH * window.height)
    return Window(
        window.left - more[0], window.top - more[1], window.width + 2 * more[0], window.height + 2 * more[1]
    )


def hole_of(face: Box, sides: tuple[int, int], *, is_whole_head: bool = False) -> np.ndarray:
    """What of a record is cut out, shape `(height, width)`, truths; with `is_whole_head` all but its rim."""
    height, width = sides
    rows = (np.arange(height)[:, None] + 0.5) / height
    columns = (np.arange(width)[None] + 0.5) / width
    if is_whole_head:
        rim = 0.5 - 1 / 16
        return (abs(rows - 0.5) < rim) & (abs(columns - 0.5) < rim)
    face_width, face_height = face[2] - face[0], face[3] - face[1]
    across = (columns - (face[0] + face[2]) / 2) / (HEAD[0] * face_width)
    down = (rows - (face[1] + face[3]) / 2 + HEAD_ABOVE * face_height) / (HEAD[1] * face_height)
    return across**2 + down**2 < 1


def seen_in(picture: Values, window: Window, sides: tuple[int, int]) -> Values:
    """What a picture shows in a window, on the grid of a record; beyond its edges it goes on as it ends."""
    rows = np.arange(window.top, window.top + window.height).clip(0, picture.shape[1] - 1)
    columns = np.arange(window.left, window.left + window.width).clip(0, picture.shape[2] - 1)
    return scaled(picture[:, rows][:, :, columns], sides)


def scaled(values: Values, sides: tuple[int, int]) -> Values:
    """Values on another grid, antialiased."""
    if values.shape[1:] == tuple(sides):
        return values.astype(np.float32)
    height, width = sides
    how = Image.Resampling.BICUBIC
    planes = [
        Image.fromarray(np.ascontiguousarray(one, np.float32)).resize((width, height), how) for one in values
    ]
    return np.stack([np.asarray(one) for one in planes]).clip(0, 1)


def in_picture(hole: np.ndarray, window: Window, grid: tuple[int, int]) -> np.ndarray:
    """What of a picture of that height and width is cut out, truths: no less than of the record."""
    plane = np.asarray(
        Image.fromarray(hole.astype(np.float32)).resize(
            (window.width, window.height), Image.Resampling.BILINEAR
        )
    )
    return placed(plane[None], window, grid)[0] > 0


def placed(values: Values, window: Window, grid: tuple[int, int]) -> Values:
    """What lies in a window as a picture of that height and width, 0 elsewhere."""
    found = np.zeros((len(values), *grid), np.float32)
    spans = [
        (max(0, first), min(end, first + side))
        for first, side, end in ((window.top, window.height, grid[0]), (window.left, window.width, grid[1]))
    ]
    (top, bottom), (left, right) = spans
    if top < bottom and left < right:
        rows, columns = (
            slice(top - window.top, bottom - window.top),
            slice(left - window.left, right - window.left),
        )
        found[:, top:bottom, left:right] = values[:, rows, columns]
    return found


def blended(picture: Values, made: Values, window: Window, cut: np.ndarray) -> Values:
    """A picture with what was made in a window.

    Args:
        picture: Anything may stand where it is cut out.
        made: On the grid of a record.
        window: Where it lies.
        cut: What of the picture is cut out, truths: there nothing of `picture` is left.
    """
    grid = (picture.shape[1], picture.shape[2])
    large = placed(scaled(made, (window.height, window.width)), window, grid)
    inside = placed(np.ones((1, window.height, window.width), np.float32), window, grid)[0]
    sigma = FEATHER * max(window.width, window.height)
    soft = gaussian_filter(cut.astype(np.float32), sigma, truncate=2.0)
    share = np.where(cut, 1.0, (2 * soft).clip(0, 1) * inside).astype(np.float32)
    return (1 - share) * picture + share * large


def is_portrait(cut: np.ndarray) -> bool:
    """Whether what is cut out is nearly all that a picture shows."""
    return float(cut.mean()) >= MOST_OF_PICTURE

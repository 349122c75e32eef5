"""Boxes around what is in pictures: read from a table, marked in the pixels, found in marked pixels again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import Texts, counted, picture_of_rows, shortened
from gansmith.modalities.image.forming import Placement
from gansmith.modalities.image.mask_values import BOX
from gansmith.modalities.record_files import natural

MAX_BOX_CLASSES: Final = 32
MIN_AREA: Final = 0.001
"""Of a picture: smaller marks are no boxes."""
_COLUMNS: Final = {
    "left": ("xmin", "left", "x", "x1", "x0", "bboxx"),
    "top": ("ymin", "top", "y", "y1", "y0", "bboxy"),
    "right": ("xmax", "right", "x2"),
    "bottom": ("ymax", "bottom", "y2"),
    "width": ("width", "w", "bboxwidth", "bboxw"),
    "height": ("height", "h", "bboxheight", "bboxh"),
}
_CLASSES: Final = ("class", "label", "category", "name", "classname")


@final
@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of pictures, in pixels of their files."""

    names: tuple[str, ...]
    """Of the channels: "box", or "box CLASS" for each class."""
    said: str
    """Where they came from, for messages."""
    by_picture: Mapping[int, np.ndarray]
    """Shape `(n, 6)`: left, top, right, bottom, number of the name, row of the table."""

    def check(self, sizes: Mapping[int, tuple[int, int]]) -> tuple[str, ...]:
        """A note on boxes that reach beyond their pictures.

        Args:
            sizes: Width and height of pictures by number, in pixels.

        Raises:
            DataError: One lies outside of its picture.
        """
        n_beyond = 0
        for picture, (width, height) in sizes.items():
            for left, top, right, bottom, _, row in self.by_picture.get(picture, np.empty((0, 6))).tolist():
                if left >= width or top >= height or right <= 0 or bottom <= 0:
                    raise DataError(
                        f"{self.said}, row {row:.0f}: a box from ({left:g}, {top:g}) to ({right:g}, "
                        f"{bottom:g}) lies outside of its picture of {width} x {height} pixels. "
                        "Correct it, in pixels from the upper left corner of the original."
                    )
                n_beyond += left < 0 or top < 0 or right > width or bottom > height
        if not n_beyond:
            return ()
        verb = "reaches" if n_beyond == 1 else "reach"
        return (
            f"{n_beyond} {'box' if n_beyond == 1 else 'boxes'} {verb} beyond the picture: cut at its edge",
        )

    def planes(self, picture: int, placed: Placement, width: int, height: int) -> np.ndarray:
        """Whether each pixel is in a box, shape `(height, width, n_names)`.

        Args:
            picture: Its number.
            placed: How it is brought to its form.
            width: Of the form, in pixels.
            height: The same.
        """
        planes = np.zeros((height, width, len(self.names)), dtype=bool)
        left, top, right, bottom = placed.box
        scale_x, scale_y = placed.width / (right - left), placed.height / (bottom - top)
        for box in self.by_picture.get(picture, np.empty((0, 6))):
            columns = _span((box[[0, 2]] - left) * scale_x, placed.left, placed.width)
            rows = _span((box[[1, 3]] - top) * scale_y, placed.top, placed.height)
            planes[rows, columns, int(box[4])] = True
        return planes


def _span(edges: np.ndarray, start: int, size: int) -> slice:
    """Whole pixels between two edges, at least one unless all of it is cut off."""
    if edges[1] <= 0 or edges[0] >= size:
        return slice(0, 0)
    first = min(int(np.rint(max(edges[0], 0.0))), size - 1)
    last = max(first + 1, int(np.rint(min(edges[1], float(size)))))
    return slice(start + first, start + last)


# --- Reading ------------------------------------------------------------------------------------------------


def read_boxes(
    table: Texts, names: Sequence[str], said: str, *, is_strict: bool
) -> tuple[Boxes, tuple[str, ...]]:
    """Boxes from a table with a row for each, and notes on what was left out.

    Args:
        table: One of its columns names pictures; others are x, y, width and height, or xmax and ymax in the
            place of the latter, in pixels; perhaps one is a class. A row of a name alone says that there is
            no box.
        names: Of the picture files.
        said: Where the table is, for messages.
        is_strict: Refuse rows that name no picture.

    Raises:
        DataError: A column is missing, a value is no number, a box is empty, or there are too many classes.
    """
    found = picture_of_rows(table, names)
    if found is None:
        raise DataError(
            f"{said}: none of its columns ({', '.join(table)}) names a picture, such as {names[0]!r}. "
            "Give it a column of file names."
        )
    column, pictures = found
    lost = [table[column][row] or "" for row, picture in enumerate(pictures) if picture < 0]
    if lost and is_strict:
        raise DataError(
            f"{said}: {counted(len(lost), 'row')} without a picture: {shortened(lost)}. "
            "Add the files, drop the rows, or leave --strict out."
        )
    others = {name: cells for name, cells in table.items() if name != column}
    edges = _edges(others, said)
    classes = next((cells for name, cells in others.items() if _bare(name) in _CLASSES), None)
    channels = [BOX if cell is None else f"{BOX} {cell}" for cell in classes or [None] * len(pictures)]
    used = [row for row, picture in enumerate(pictures) if picture >= 0 and not np.isnan(edges[row, 0])]
    known = natural({channels[row] for row in used})
    if not 0 < len(known) <= MAX_BOX_CLASSES:
        what = f"{len(known)} classes of boxes" if known else "no box in it"
        raise DataError(f"{said}: {what}. Wanted: 1 to {MAX_BOX_CLASSES} classes.")
    by_picture = dict[int, list[list[float]]]()
    for row in used:
        box: list[float] = [*edges[row].tolist(), known.index(channels[row]), row + 1]
        by_picture.setdefault(pictures[row], []).append(box)
    boxes = Boxes(tuple(known), said, {picture: np.array(rows) for picture, rows in by_picture.items()})
    notes = [f"{said}: {counted(len(lost), 'row')} without a picture: {shortened(lost)}"] if lost else []
    return boxes, tuple(notes)


def _edges(table: Texts, said: str) -> np.ndarray:
    """Left, top, right and bottom of each row, shape `(n_rows, 4)`; not a number where there is no box."""
    by_bare = {_bare(name): name for name in table}
    named = {
        what: next((by_bare[one] for one in ways if one in by_bare), None) for what, ways in _COLUMNS.items()
    }
    is_ended = named["right"] is not None and named["bottom"] is not None
    wanted = ("left", "top", "right", "bottom") if is_ended else ("left", "top", "width", "height")
    columns = [name for what in wanted if (name := named[what]) is not None]
    if len(columns) < len(wanted):
        raise DataError(
            f"{said}: columns {', '.join(table)}. Wanted: x, y, width and height, or xmin, ymin, xmax and "
            "ymax, in pixels."
        )
    cells = zip(*(table[name] for name in columns), strict=True)
    values = np.array([_numbers(row, columns, texts, said) for row, texts in enumerate(cells, start=1)])
    values = values.reshape(-1, 4)
    if not is_ended:
        values[:, 2:] += values[:, :2]
    for row, (left, top, right, bottom) in enumerate(values.tolist(), start=1):
        if left >= right or top >= bottom:
            raise DataError(
                f"{said}, row {row}: a box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) is empty. "
                f"Wanted: {columns[2]} and {columns[3]} "
                f"{'beyond ' + columns[0] + ' and ' + columns[1] if is_ended else 'above 0'}."
            )
    if (is_box := ~np.isnan(values[:, 0])).any() and values[is_box].max() <= 1:
        raise DataError(f"{said}: all boxes are within 1 pixel. Wanted: pixels, not shares of the picture.")
    return values


def _numbers(row: int, columns: Sequence[str], texts: Sequence[str | None], said: str) -> list[float]:
    if not any(texts):
        return [np.nan] * len(texts)
    found = list[float]()
    for column, text in zip(columns, texts, strict=True):
        try:
            found.append(float(text or ""))
        except ValueError:
            found.append(np.nan)
        if not np.isfinite(found[-1]):
            raise DataError(
                f"{said}, column {column!r}, row {row}: {text or ''!r} is no number. Wanted: pixels."
            )
    return found


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# --- Finding ------------------------------------------------------------------------------------------------


def boxes_in(is_marked: np.ndarray) -> list[tuple[int, int, int, int]]:
    """The boxes around what is connected in a mask, by rows and columns, from the top.

    What touches is one; of fewer than `MIN_AREA` of the pixels is none.

    Args:
        is_marked: Shape `(height, width)`.

    Returns:
        Of each: x, y, width and height, in pixels.

    Example:
        >>> boxes_in(np.array([[1, 1, 0, 0], [1, 1, 0, 1]], dtype=bool))
        [(0, 0, 2, 2), (3, 1, 1, 1)]
    """
    from scipy import ndimage  # takes a moment: only where boxes are written

    module: Any = ndimage
    labels, n = module.label(is_marked)
    sizes = np.bincount(labels.ravel(), minlength=n + 1)[1:]
    return [
        (across.start, down.start, across.stop - across.start, down.stop - down.start)
        for (down, across), size in zip(module.find_objects(labels), sizes, strict=True)
        if size >= MIN_AREA * is_marked.size
    ]

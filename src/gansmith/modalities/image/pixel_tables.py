"""Pictures from comma-separated text: one square picture per line."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.pictures import HIGHEST_VALUES, Pictures, highest_value

PIXEL_FILES: Final = (".tra", ".tes")
_LABEL_NAMES: Final = ("label", "class", "target", "digit", "y")


def check_pixels(values: np.ndarray, place: Callable[[int, int], str]) -> None:
    """Refuse values, shape `(n, n_values)`, that are no pixels; `place` puts row and column into words."""
    with np.errstate(invalid="ignore"):
        is_pixel = (values >= 0) & (values <= HIGHEST_VALUES[-1]) & (values == np.floor(values))
    if is_pixel.all():
        return
    row, column = (int(index) for index in np.argwhere(~is_pixel)[0])
    value = values[row, column]
    scale, drop = "Scale them, for example by 255 / the brightest.", "Clean or drop the picture."
    raise DataError(
        f"{place(row, column)}: {value:g} is no pixel. "
        f"Wanted: whole numbers from 0 to {HIGHEST_VALUES[-1]}. {scale if np.isfinite(value) else drop}"
    )


def looks_like_pixels(path: Path) -> bool:
    """Whether a file begins with lines of whole numbers up to 255: a square and a label on each."""
    with path.open("rb") as file:
        lines = [file.readline(1 << 20).strip() for _ in range(20)]
    rows = [line.split(b",") for line in lines if line]
    if not rows or not is_square(len(rows[0]) - 1) or len(rows[0]) < 17:
        return False
    is_regular = all(len(row) == len(rows[0]) for row in rows)
    return is_regular and all(cell.strip().isdigit() and int(cell) <= 255 for row in rows for cell in row)


def read_pixel_table(path: Path, options: ImageOptions) -> Pictures:
    """Pictures from text with one square picture per line, pixels row by row and perhaps a label behind them.

    Raises:
        DataError: They are missing or malformed; the message names line, column and value.
    """
    lines = _lines(path, options.encoding)
    notes: tuple[str, ...] = ()
    if options.has_header is not False and lines and _is_header(lines[0][1]):
        if lines[0][1].split(",")[0].strip().strip('"').lower() in _LABEL_NAMES:
            raise DataError(
                f"{path}: the label stands in the first column. Move it to the last, behind the pixels."
            )
        lines, notes = lines[1:], ("the first line was read as a header",)
    if not lines:
        raise DataError(
            f"{path}: no pictures in it. Wanted: one picture per line, its pixels and perhaps a label."
        )
    side, has_label = _side(path, lines[0][1].count(",") + 1)
    values, labels = _cells(path, lines, side**2, has_label=has_label)
    check_pixels(values, lambda row, column: f"{path}: line {lines[row][0]}, column {column + 1}")
    pixels = values.astype(np.uint8).reshape(-1, side, side)  # (n, side, side)
    return Pictures.of(pixels, labels, highest_value(int(pixels.max())), path.name, notes)


def _lines(path: Path, encoding: str) -> list[tuple[int, str]]:
    """Lines that hold something, with their numbers from 1."""
    try:
        text = path.read_bytes().decode(encoding or "utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}). Check the name.") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(f"{path}: is no {encoding or 'utf-8'} text ({error}). Name its encoding.") from error
    return [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _is_header(line: str) -> bool:
    """Whether a line names columns: mostly words, or the numbers 0, 1, 2, ... as pandas writes them."""
    cells = [cell.strip() for cell in line.split(",")]
    n_words = sum(not _is_number(cell) for cell in cells)
    is_counted = cells[:-1] == [str(index) for index in range(len(cells) - 1)]
    return 2 * n_words > len(cells) or (len(cells) > 9 and is_counted)


def _side(path: Path, n_columns: int) -> tuple[int, bool]:
    """Pixels along each side, and whether a label stands behind the pixels."""
    for has_label in (True, False):
        if is_square(n_columns - has_label):
            return math.isqrt(n_columns - has_label), has_label
    below = math.isqrt(max(n_columns - 1, 4))
    raise DataError(
        f"{path}: {n_columns} columns are no square picture, with or without a label. "
        f"Wanted: {below**2} or {(below + 1) ** 2} pixels, and perhaps a label as the last column."
    )


def _cells(
    path: Path, lines: list[tuple[int, str]], n_values: int, *, has_label: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels as numbers, shape `(n, n_values)`, and labels as text."""
    n_columns = n_values + has_label
    for number, line in lines:
        if (found := line.count(",") + 1) != n_columns:
            raise DataError(
                f"{path}: line {number} has {found} columns, the first picture {n_columns}. Repair the line."
            )
    texts, labels = [line for _, line in lines], None
    if has_label:
        parts = [line.rpartition(",") for line in texts]
        texts = [part[0] for part in parts]
        labels = np.array([part[2].strip().strip('"') for part in parts], dtype=object)
    try:
        return np.loadtxt(texts, delimiter=",", ndmin=2, comments=None), labels
    except ValueError as error:
        for (number, _), text in zip(lines, texts, strict=True):
            for column, cell in enumerate(text.split(","), start=1):
                if not _is_number(cell):
                    raise DataError(
                        f"{path}: line {number}, column {column}: {cell.strip()!r} is not a number. "
                        "Wanted: whole numbers from 0 to 255. Correct the cell or drop the line."
                    ) from error
        raise DataError(f"{path}: {error}.") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_square(n_values: int) -> bool:
    """Whether that many pixels are a square picture of 2 x 2 or more."""
    return n_values >= 4 and math.isqrt(n_values) ** 2 == n_values

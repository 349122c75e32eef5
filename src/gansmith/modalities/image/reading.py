"""Pictures from comma-separated text, and from arrays in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.pictures import (
    BUNDLED_DIGITS,
    HIGHEST_VALUES,
    Pictures,
    bundled_digits,
    highest_value,
)
from gansmith.tabular.where import terms_of

_PIXEL_FILES: Final = (".tra", ".tes")
_LABEL_NAMES: Final = ("label", "class", "target", "digit", "y")


def read_pictures(source: object, options: ImageOptions) -> Pictures:
    """Pictures from wherever the user has them.

    Args:
        source: A path of comma-separated text with one square picture per line, pixels row by row and
            perhaps a label behind them; an array `(n, height, width)` or `(n, side * side)`; a pair (array,
            labels); what scikit-learn's `load_digits` returns; `Pictures`; or "bundled:digits".
        options: `has_header=False` takes the first line for a picture, whatever it looks like; `encoding`
            is used; `where={"label": "2"}` keeps the pictures with that label, a list
            of labels those with any of these.

    Raises:
        DataError: The pictures are missing or malformed; the message names line, column and value.
        UsageError: `where` names something else than a label that is there.
    """
    pictures, labels = _all_pictures(source, options), list[str]()
    for term in terms_of(options.where, ["label"]):
        if term.operator != "=":
            raise UsageError(f"a label can be asked for with = alone, not with {term.operator!r}.")
        labels += [str(value) for value in term.values]
    if labels:
        pictures = pictures.of_label(*labels)
    if len(pictures) < 2:
        said = f"{len(pictures)} picture{'' if len(pictures) == 1 else 's'}"
        raise DataError(f"{pictures.name}: {said}. Give at least 2; hundreds are better.")
    return pictures


def read_like(source: object, like: Pictures) -> Pictures:
    """Pictures that are to be compared with others: of their size, with their value of white.

    Raises:
        DataError: As `read_pictures`, and when the size is another or a pixel is brighter than their white.
    """
    pictures = read_pictures(source, ImageOptions())
    if pictures.pixels.shape[1:] != like.pixels.shape[1:]:
        sizes = [" x ".join(map(str, these.pixels.shape[1:])) for these in (pictures, like)]
        raise DataError(
            f"{pictures.name}: pictures of {sizes[0]} pixels, those of {like.name} have {sizes[1]}. "
            "Scale them to one size."
        )
    brightest = int(pictures.pixels.max())
    if brightest > like.highest:
        raise DataError(
            f"{pictures.name}: a pixel of {brightest}, but those of {like.name} go from 0 to {like.highest}. "
            "Rescale the pixels."
        )
    return replace(pictures, form=like.form)


def looks_like_pictures(source: object) -> bool:
    """Whether this is an array of pictures, or a file of whole numbers, a square and one per line."""
    if isinstance(source, (np.ndarray, Pictures)):
        return isinstance(source, Pictures) or source.ndim == 3
    if not isinstance(source, (str, Path)):
        return False
    path = Path(source)
    if str(source) == BUNDLED_DIGITS or path.suffix in _PIXEL_FILES:
        return True
    if path.suffix != ".csv" or not path.is_file():
        return False
    with path.open("rb") as file:
        lines = [file.readline(1 << 20).strip() for _ in range(20)]
    rows = [line.split(b",") for line in lines if line]
    if not rows or not _is_square(len(rows[0]) - 1) or len(rows[0]) < 17:
        return False
    is_regular = all(len(row) == len(rows[0]) for row in rows)
    return is_regular and all(cell.strip().isdigit() and int(cell) <= 255 for row in rows for cell in row)


def _all_pictures(source: object, options: ImageOptions) -> Pictures:
    if isinstance(source, str) and source == BUNDLED_DIGITS:
        return bundled_digits()
    if isinstance(source, (str, Path)):
        return _read_text(Path(source), options)
    if isinstance(source, Pictures):
        return source
    if isinstance(source, np.ndarray):
        return pictures_of(source, None)
    if isinstance(source, Mapping) and {"images", "target"} <= set(source):  # as scikit-learn hands them out
        bunch = cast("Mapping[str, Any]", source)
        return pictures_of(np.asarray(bunch["images"]), np.asarray(bunch["target"]))
    if isinstance(source, tuple) and len(cast("tuple[Any, ...]", source)) == 2:
        pixels, labels = cast("tuple[Any, Any]", source)
        return pictures_of(np.asarray(pixels), np.asarray(labels))
    raise UsageError(
        f"a {type(source).__name__} holds no pictures. Give a path, an array (n, height, width), or a pair "
        "of an array and its labels."
    )


# --- Arrays -------------------------------------------------------------------------------------------------


def pictures_of(values: np.ndarray, labels: np.ndarray | None, name: str = "array") -> Pictures:
    """An array of pixels as pictures.

    Args:
        values: Shape `(n, height, width)` or `(n, side * side)`; whole numbers from 0 to 255, of any type.
        labels: Shape `(n,)`, or None.
        name: For messages.

    Raises:
        DataError: Another shape, not square, or a value that is no pixel; the picture is named.
    """
    if values.ndim == 2 and _is_square(values.shape[1]):
        side = math.isqrt(values.shape[1])
        values = values.reshape(-1, side, side)
    if values.ndim != 3 or 0 in values.shape[1:]:
        raise DataError(
            f"{name}: an array of shape {values.shape} holds no pictures. Wanted: (n, height, width), or "
            "(n, side * side) of square pictures."
        )
    if values.dtype.kind not in "buif":
        raise DataError(f"{name}: values of type {values.dtype}. Wanted: whole numbers from 0 to 255.")
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    _check_pixels(flat, lambda row, column: f"{name}: picture {row}, pixel {column}")
    texts = None
    if labels is not None:
        names = [f"{label:g}" if isinstance(label, float) else str(label) for label in labels.tolist()]
        texts = np.array(names, dtype=object)
    return Pictures.of(values.astype(np.uint8), texts, highest_value(int(values.max(initial=0))), name)


def _check_pixels(values: np.ndarray, place: Callable[[int, int], str]) -> None:
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


# --- Text ---------------------------------------------------------------------------------------------------


def _read_text(path: Path, options: ImageOptions) -> Pictures:
    lines = _lines(path, options.encoding)
    notes: tuple[str, ...] = ()
    if options.has_header and lines and _is_header(lines[0][1]):
        if lines[0][1].split(",")[0].strip().strip('"').lower() in _LABEL_NAMES:
            raise DataError(
                f"{path}: the label stands in the first column. Move it to the last, behind the pixels."
            )
        lines, notes = lines[1:], ("the first line was taken for a header",)
    if not lines:
        raise DataError(
            f"{path}: no pictures in it. Wanted: one picture per line, its pixels and perhaps a label."
        )
    side, has_label = _side(path, lines[0][1].count(",") + 1)
    values, labels = _cells(path, lines, side**2, has_label=has_label)
    _check_pixels(values, lambda row, column: f"{path}: line {lines[row][0]}, column {column + 1}")
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
        if _is_square(n_columns - has_label):
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
                f"{path}: line {number} has {found} columns, the first picture {n_columns}. Mend the line."
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


def _is_square(n_values: int) -> bool:
    """Whether that many pixels are a square picture of 2 x 2 or more."""
    return n_values >= 4 and math.isqrt(n_values) ** 2 == n_values

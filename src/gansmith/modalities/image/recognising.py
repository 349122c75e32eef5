"""Whether something looks like pictures: told from names and first bytes, nothing is decoded."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import Texts, path_column
from gansmith.modalities.image import npy
from gansmith.modalities.image.arrays import SHORTEST_SIDE, is_channels_first
from gansmith.modalities.image.containers import container_among, is_container_name, shape_in
from gansmith.modalities.image.decoding import NPY, Unreadable, read_header, readable
from gansmith.modalities.image.pictures import BUNDLED_DIGITS, SMALLEST_ALONE_PX, Pictures
from gansmith.modalities.image.pixel_tables import PIXEL_FILES, looks_like_pixels
from gansmith.modalities.record_files import files_in, is_archive_name, is_hidden, is_picture_name

TABLE_FILES: Final = (".csv", ".tsv")
"""Text files that may be tables of paths."""
_N_ENTRIES: Final = 600
"""Of a folder or an archive that are looked at."""
_N_LEVELS: Final = 3
_FRAMES: Final = ("pandas", "polars")


def looks_like_pictures(source: object) -> bool:
    """Whether this is a folder or an archive of pictures, a file of several, or arrays or tables of them.

    A single picture will do if it is large enough to learn from pieces of it. A table of pixels has whole
    numbers, a square and one per line; one of paths has names of picture files of which the first are there.
    """
    if isinstance(source, Pictures):
        return True
    if isinstance(source, np.ndarray):
        return _is_of_pictures(source.shape) and (source.ndim == 3 or _has_channels(source.shape))
    if isinstance(source, (str, Path)):
        return str(source) == BUNDLED_DIGITS or _is_path_of_pictures(Path(source))
    if isinstance(source, (list, tuple)):
        items = cast("list[Any] | tuple[Any, ...]", source)
        if len(items) == 2 and isinstance(items[0], np.ndarray):
            return looks_like_pictures(items[0])
        return bool(items) and all(
            isinstance(one, (str, Path)) and is_picture_name(str(one)) for one in items
        )
    return is_frame(source) and _is_table_of_paths(frame_texts(cast("Any", source)[:20]), Path())


def _is_of_pictures(shape: tuple[int, ...]) -> bool:
    """Whether an array can be one of pictures; `(n, 24, 2)` are two measures of 24 steps."""
    return len(shape) == 4 or (len(shape) == 3 and min(shape[1:]) >= SHORTEST_SIDE)


def is_frame(source: object) -> bool:
    """Whether this is a data frame of pandas or polars, neither of which is imported for it."""
    kind = type(source)
    return kind.__module__.split(".")[0] in _FRAMES and kind.__name__ == "DataFrame"


def frame_texts(source: object) -> Texts:
    """The columns of a data frame as texts."""
    from gansmith.tabular.files.texts import texts_of_frame  # takes a moment: only where there is a frame

    return texts_of_frame(source) or {}


def first_texts(path: Path) -> Texts:
    """The first lines of a delimited text as columns; nothing where it is none."""
    from gansmith.tabular.files.texts import texts_of_file

    with path.open("rb") as file:
        start = b"".join(file.readline(1 << 16) for _ in range(21))
    if not any(
        suffix in start.lower() for suffix in (b".png", b".jp", b".tif", b".bmp", b".webp", b".p", b".d")
    ):
        return {}
    try:
        return texts_of_file(start, str(path))
    except DataError:
        return {}


def folder_of(names: list[str], beside: Path) -> Path:
    """What relative paths in a table are relative to: the folder of its file, or the current one."""
    shown = names[:50]
    n_beside, n_here = (sum((folder / name).is_file() for name in shown) for folder in (beside, Path()))
    return beside if n_beside >= n_here else Path()


def _has_channels(shape: tuple[int, ...]) -> bool:
    return shape[3] <= 4 or is_channels_first(shape)


def _is_path_of_pictures(path: Path) -> bool:
    name = path.name.lower()
    if path.suffix in PIXEL_FILES:
        return True
    try:
        if path.is_dir():
            if (path / "config.json").exists():  # a run
                return False
            names = list(_first_names(path))
            only = container_among(names)
            if any(map(is_picture_name, names)) or (
                only is not None and _is_of_pictures(shape_in(path / only))
            ):
                return True
            return only is None and any(map(_is_npy, names)) and _is_of_arrays(path)
        if not path.is_file():
            return False
        if is_archive_name(name):
            if any(is_picture_name(member) and not is_hidden(member) for member in _first_members(path)):
                return True
            return name.endswith(".zip") and any(map(_is_npy, _first_members(path))) and _is_of_arrays(path)
        if is_container_name(name):
            return _is_of_pictures(shape_in(path))
        if is_picture_name(name):
            with path.open("rb") as file:
                header = read_header(file, name)
            return header.n_frames > 1 or min(header.height, header.width) >= SMALLEST_ALONE_PX
        if name.endswith(TABLE_FILES):
            return looks_like_pixels(path) or _is_table_of_paths(first_texts(path), path.parent)
    except (OSError, Unreadable):
        pass
    return False


def _is_npy(name: str) -> bool:
    return name.lower().endswith(npy.SUFFIX)


def _is_of_arrays(path: Path) -> bool:
    """Whether the files of a folder or a zip are arrays, each of one picture."""
    files = files_in(path)
    if not files.names:
        return False
    with readable(), files.open(0) as file:
        return read_header(file, files.names[0]).kind == NPY


def _is_table_of_paths(table: Texts, beside: Path) -> bool:
    column = path_column(table)
    if column is None:
        return False
    names = [name for name in table[column] if name is not None]
    return any((folder / name).is_file() for folder in (beside, Path()) for name in names)


def _first_names(root: Path) -> Iterator[str]:
    """Names of some files of a folder and those in it."""
    n, todo = 0, [(root, 1)]
    while todo and n < _N_ENTRIES:
        folder, level = todo.pop(0)
        with os.scandir(folder) as entries:
            for entry in entries:
                n += 1
                if n > _N_ENTRIES:
                    return
                if not entry.is_dir():
                    yield entry.name if not entry.name.startswith(".") else ""
                elif level < _N_LEVELS and not entry.name.startswith("."):
                    todo.append((Path(entry.path), level + 1))


def _first_members(path: Path) -> Iterator[str]:
    """Names of some members of an archive."""
    try:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                yield from archive.namelist()[:_N_ENTRIES]
        else:
            with tarfile.open(path) as archive:
                for member, _ in zip(archive, range(_N_ENTRIES), strict=False):
                    yield member.name.removeprefix("./")
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError):
        return

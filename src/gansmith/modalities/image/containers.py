"""Files that hold an array of pictures: idx as MNIST has it, npy, npz."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image import npy

MAX_BYTES: Final = 8 * 1024**3
"""Of an array, unpacked."""
_IDX_NAME: Final = re.compile(r"[.-]idx[134](-ubyte)?(\.gz)?$|\.idx(\.gz)?$")
_IDX_TYPES: Final = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_PIXEL_NAMES: Final = ("images", "x", "X", "x_train", "X_train", "train_images", "pixels", "data", "arr_0")
_LABEL_NAMES: Final = ("labels", "label", "y", "Y", "y_train", "Y_train", "train_labels", "target", "arr_1")
_BROKEN: Final = (
    OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, KeyError, AttributeError, TypeError,
)  # fmt: skip


def is_idx_name(name: str) -> bool:
    """Whether a file is an idx file by its name."""
    return bool(_IDX_NAME.search(name.lower()))


def is_container_name(name: str) -> bool:
    """Whether a file holds arrays by its name."""
    return is_idx_name(name) or name.lower().endswith((".npy", ".npz"))


def container_among(names: Sequence[str]) -> str | None:
    """Of the files of a folder the one that holds the pictures to learn from; None when that is not clear.

    Example:
        >>> container_among(["t10k-images-idx3-ubyte", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
        'train-images-idx3-ubyte'
    """
    found = [name for name in names if is_container_name(name) and "label" not in name.lower()]
    if len(found) > 1:
        found = [name for name in found if "train" in name.lower()]
    return found[0] if len(found) == 1 else None


def read_container(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The pictures of a file, and their labels where they are in it or, for an idx file, beside it.

    Raises:
        DataError: It cannot be read, or holds no pictures.
    """
    if is_idx_name(path.name):
        beside = _labels_beside(path)
        return read_idx(path), None if beside is None else read_idx(beside)
    if path.name.lower().endswith(".npy"):
        return _read_npy(path), None
    return _read_npz(path)


def read_array(path: Path) -> np.ndarray:
    """The array of an idx or npy file.

    Raises:
        DataError: It cannot be read.
    """
    return read_idx(path) if is_idx_name(path.name) else _read_npy(path)


def shape_in(path: Path) -> tuple[int, ...]:
    """Of the array of pictures in a file, from its header; empty where there is none."""
    try:
        if is_idx_name(path.name):
            with _opened(path) as file:
                n_dims = file.read(4)[3]
                return tuple(np.frombuffer(file.read(4 * n_dims), ">u4", n_dims).tolist())
        if path.name.lower().endswith(".npy"):
            with path.open("rb") as file:
                return npy.header(file)[0]
        with zipfile.ZipFile(path) as archive:
            name = _pixel_name([member.removesuffix(".npy") for member in archive.namelist()])
            with archive.open(f"{name}.npy") as file:
                return npy.header(cast("Any", file))[0]
    except (*_BROKEN, IndexError):
        return ()


def read_idx(path: Path) -> np.ndarray:
    """The array of an idx file, packed with gzip or not.

    Raises:
        DataError: It is no idx file, or shorter than it says.

    Source:
        LeCun, Cortes and Burges 1998, "The MNIST database of handwritten digits": the format's description.
    """
    try:
        with _opened(path) as file:
            start = file.read(4)
            if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _IDX_TYPES:
                raise DataError(f"{path}: is no idx file, as its first bytes say. Give one such as MNIST's.")
            shape = tuple(int.from_bytes(file.read(4), "big") for _ in range(start[3]))
            kind = np.dtype(_IDX_TYPES[start[2]])
            n_bytes = int(np.prod([float(side) for side in shape]) * kind.itemsize)
            if n_bytes > MAX_BYTES:
                raise DataError(f"{path}: says it holds {n_bytes} bytes, at most {MAX_BYTES} are read.")
            content = file.read(n_bytes)
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    if len(content) < n_bytes:
        raise DataError(
            f"{path}: truncated: {len(content)} bytes of {n_bytes}, for an array of shape {shape}. "
            "Fetch it again."
        )
    return np.frombuffer(content, kind).reshape(shape).astype(kind.newbyteorder("="))


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    return cast("BufferedIOBase", gzip.open(path)) if is_packed else path.open("rb")


def _labels_beside(path: Path) -> Path | None:
    """The file of labels that goes with one of pictures."""
    name = path.name.removesuffix(".gz")
    if "images" not in name:
        return None
    label = name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    return next((found for end in ("", ".gz") if (found := path.with_name(label + end)).is_file()), None)


def _read_npy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            npy.check_size(file, path.stat().st_size)
        return np.load(path, allow_pickle=False)
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            sizes = arrays.zip.infolist()
            if sum(member.file_size for member in sizes) > MAX_BYTES:
                raise DataError(f"{path}: more than {MAX_BYTES // 1024**3} GiB when unpacked. Split it.")
            names = list(arrays.files)
            wanted = _pixel_name(names)
            label = next((name for name in _LABEL_NAMES if name in names), None)
            for name in (wanted,) if label is None else (wanted, label):
                member = f"{name}.npy"
                with arrays.zip.open(member) as file:
                    npy.check_size(file, arrays.zip.getinfo(member).file_size)
            pixels = arrays[wanted]
            labels = None if label is None else np.asarray(arrays[label])
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    if labels is not None and (labels.ndim == 2 and labels.shape[1] == 1):
        labels = labels[:, 0]
    return pixels, labels if labels is not None and labels.ndim == 1 else None


def _pixel_name(names: list[str]) -> str:
    found = next((name for name in _PIXEL_NAMES if name in names), None)
    if found is None and len(names) != 1:
        raise ValueError(
            f"none of its arrays ({', '.join(names)}) is called one of {', '.join(_PIXEL_NAMES)}"
        )
    return found or names[0]


def _unreadable(path: Path, error: Exception) -> DataError:
    said = str(error) or type(error).__name__
    if "allow_pickle" in said:
        said = "it holds Python objects, which run code when they are read: save numbers alone"
    return DataError(f"{path}: cannot be read ({said}).")

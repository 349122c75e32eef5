"""Medical scans: DICOM files, and the slices of NIfTI volumes along their last axis.

Read by pydicom and nibabel, which are imported when a scan is met.
"""

from __future__ import annotations

import gzip
import io
from importlib import import_module
from io import BufferedIOBase
from typing import Any, Final, final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.image.pictures import Pixels

_DICOM: Final = (".dcm", ".dicom")
_NIFTI: Final = (".nii", ".nii.gz")
MAX_FRAMES: Final = 10_000
"""Of a DICOM file, ..."""
MAX_FRAME_PIXELS: Final = 2 * 1024**3
"""... and pixels in all of them."""
MAX_VOLUME_BYTES: Final = 2 * 1024**3
"""Of an unpacked NIfTI file."""


def is_scan(name: str) -> bool:
    """Whether a file is a medical scan by its name."""
    return name.lower().endswith((*_DICOM, *_NIFTI))


def scan_header(file: BufferedIOBase, name: str) -> tuple[int, int, int, str, int]:
    """Height, width, channels, type of a pixel, and number of slices.

    Raises:
        UsageError: What reads these files is not installed.
        ValueError: It holds no pictures; other errors are those of its reader.
    """
    if name.lower().endswith(_NIFTI):
        (n_slices, height, width), pixel_type = _LAST.volume_shape(file, name)
        return height, width, 1, pixel_type, n_slices
    dicom = _dicom(file, is_whole=False)
    n_channels, n_frames = int(dicom.get("SamplesPerPixel", 1)), int(dicom.get("NumberOfFrames", 1) or 1)
    height, width = int(dicom.Rows), int(dicom.Columns)
    if n_frames > MAX_FRAMES or n_frames * height * width > MAX_FRAME_PIXELS:
        raise ValueError(f"{n_frames} frames of {width} x {height} pixels")
    return height, width, n_channels, _dicom_type(dicom), n_frames


def read_scan(file: BufferedIOBase, name: str, frame: int, max_pixels: int) -> Pixels:
    """One slice, shape `(height, width, n_channels)`; values are those of the scale that the file states.

    Raises:
        UsageError: What reads these files is not installed.
        ValueError: It holds no such slice or too large ones; other errors are those of its reader.
    """
    if name.lower().endswith(_NIFTI):
        return _LAST.slice(file, name, frame)[..., None]
    dicom = _dicom(file, is_whole=True)
    if int(dicom.Rows) * int(dicom.Columns) > max_pixels:
        raise ValueError(f"more than {max_pixels // 10**6} megapixels")
    values = np.asarray(_reader("pydicom.pixels").pixel_array(dicom, index=frame))
    if values.ndim == 3:  # (height, width, colours)
        return values.astype(np.uint8)
    if str(dicom.get("PhotometricInterpretation", "")) == "MONOCHROME1":  # white is the lowest value
        values = 2 ** int(dicom.BitsStored) - 1 - values.astype(np.int64)
    values = values * float(dicom.get("RescaleSlope", 1)) + float(dicom.get("RescaleIntercept", 0))
    pixel_type = np.dtype(_dicom_type(dicom))
    if pixel_type.kind != "f":
        limits = np.iinfo(pixel_type)
        values = values.clip(limits.min, limits.max)
    return values.astype(pixel_type)[..., None]


def _dicom_type(dicom: Any) -> str:
    """What holds its values, told by the header alone: the slices of a series are of one type."""
    slope, intercept = float(dicom.get("RescaleSlope", 1)), float(dicom.get("RescaleIntercept", 0))
    if not (slope.is_integer() and intercept.is_integer()):
        return "float32"
    if intercept < 0 or int(dicom.get("PixelRepresentation", 0)):
        return "int16"
    return "uint8" if int(dicom.BitsAllocated) == 8 and (slope, intercept) == (1, 0) else "uint16"


def _reader(module: str) -> Any:
    """A module of pydicom or nibabel, which not everybody has installed."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UsageError(f"medical scans are read by {package}: pip install gansmith[medical].") from error


def _dicom(file: BufferedIOBase, *, is_whole: bool) -> Any:
    pydicom = _reader("pydicom")
    try:
        return pydicom.dcmread(file, stop_before_pixels=not is_whole)
    except _reader("pydicom.errors").InvalidDicomError as error:
        raise ValueError("no DICOM file") from error


@final
class _Volume:
    """The NIfTI volume that was read last: its slices are asked for one after the other."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._values: Any = None

    def _load(self, file: BufferedIOBase, name: str) -> Any:
        nibabel = _reader("nibabel")
        packed = file.read()
        key = (name, hash(packed))
        if self._key != key:
            errors = (
                nibabel.spatialimages.HeaderDataError,
                nibabel.filebasedimages.ImageFileError,
                nibabel.wrapstruct.WrapStructError,
            )
            try:
                values = np.asarray(_nifti(nibabel, _unpacked(packed)).dataobj)
            except errors as error:
                raise ValueError(f"no NIfTI file: {error}") from error
            values = values.reshape(
                *values.shape[:2], -1, order="F"
            )  # (x, y, n_slices), x to the right, y up
            self._values, self._key = _narrow(values.transpose(2, 1, 0)[:, ::-1]), key
        return self._values

    def volume_shape(self, file: BufferedIOBase, name: str) -> tuple[tuple[int, int, int], str]:
        """Number of slices, height and width, and the type of their pixels."""
        values = self._load(file, name)
        return values.shape, values.dtype.name

    def slice(self, file: BufferedIOBase, name: str, frame: int) -> Pixels:
        """A slice along the last axis, shape `(height, width)`."""
        return self._load(file, name)[frame]


def _nifti(nibabel: Any, content: bytes) -> Any:
    """A volume of version 1 or 2 of the format, told by the size of its header."""
    is_second = int.from_bytes(content[:4], "little") == 540 or int.from_bytes(content[:4], "big") == 540
    return (nibabel.Nifti2Image if is_second else nibabel.Nifti1Image).from_bytes(content)


def _unpacked(content: bytes) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    with gzip.open(io.BytesIO(content)) as packed:
        found = packed.read(MAX_VOLUME_BYTES + 1)
    if len(found) > MAX_VOLUME_BYTES:
        raise ValueError(f"more than {MAX_VOLUME_BYTES // 1024**2} MiB when unpacked")
    return found


def _narrow(values: np.ndarray) -> Pixels:
    """Values as uint8 where they are so stored, else as int16 where it holds them, else as float32."""
    if values.dtype.name == "uint8":
        return values
    if values.dtype.kind not in "biuf" or not values.size:
        raise ValueError(f"values of type {values.dtype}")
    values = np.nan_to_num(values, posinf=0, neginf=0)
    limits = np.iinfo(np.int16)
    is_short = bool(values.min() >= limits.min and values.max() <= limits.max)
    is_whole = is_short and bool(np.all(values == np.rint(values)))
    return values.astype(np.int16 if is_whole else np.float32)


_LAST: Final = _Volume()

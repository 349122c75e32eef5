"""The `.gan` archive: one zip of a few known members, stored as they are; nothing in it can run code.

The reader trusts nothing: members by allow-list, sizes capped and checked against the file, no
compression (so no bombs), no second copies, links or odd names, every local header compared with the
directory, every member with its sha256. Tensors are checked against the shapes that the configuration
implies before a byte of them is taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast, final

import safetensors
import safetensors.torch
from torch import Tensor

from gansmith.errors import ModelFileError
from gansmith.store.atomic import whole_file
from gansmith.store.plain import as_json

FORMAT: Final = 2
"""Number of the file format; raised when an older reader could not understand a newer file."""
MANIFEST: Final = "manifest.json"
_MAX_BYTES: Final = {
    MANIFEST: 1 << 20,
    "codec.json": 1 << 28,
    "codec.safetensors": 1 << 30,
    "generator.safetensors": 1 << 32,
    "discriminator.safetensors": 1 << 32,
}
_OPTIONAL: Final = frozenset({"discriminator.safetensors"})
_MAX_HEADER_BYTES: Final = 1 << 24
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_DIRECTORY_ENTRY_BYTES: Final = 46
_DIRECTORY_END_BYTES: Final = 22

Shapes = Mapping[str, tuple[int, ...]]


def write_archive(path: Path, manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> str:
    """Write a model file, whole or not at all; the same content gives the same bytes.

    Args:
        path: Where to.
        manifest: Plain JSON; the format number and the sha256 of every member are added.
        members: Content by name, of the names that the format knows.

    Returns:
        The sha256 of the manifest, which stands for the whole model.

    Raises:
        DataError: When the file cannot be written.
    """
    text = _manifest_text(manifest, members)
    with whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {MANIFEST: text, **members}.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
    return hashlib.sha256(text).hexdigest()


def digest_of(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> str:
    """What `write_archive` would return, without writing."""
    return hashlib.sha256(_manifest_text(manifest, members)).hexdigest()


def _manifest_text(manifest: Mapping[str, Any], members: Mapping[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    return as_json({"format": FORMAT, **manifest, "sha256": digests})


@final
@dataclass(frozen=True)
class Archive:
    """A model file whose frame has been checked; its members are checked when they are asked for."""

    path: Path
    manifest: Mapping[str, Any]
    digest: str
    """sha256 of the manifest, which stands for the whole model."""
    members: Mapping[str, bytes]

    def json(self, name: str) -> Any:
        """The plain values of a member."""
        return _parse(self.path, name, self.members[name])

    def tensors(self, name: str, shapes: Shapes | None = None) -> dict[str, Tensor]:
        """The tensors of a member.

        Args:
            name: Of the member.
            shapes: The names and shapes they must have; None takes any.

        Raises:
            ModelFileError: When the member is no safetensors file or names and shapes differ.
        """
        content = self.members[name]
        found = _declared_shapes(self.path, name, content)
        if shapes is not None and found != dict(shapes):
            differing = sorted(set(found.items()) ^ set(shapes.items()))
            raise ModelFileError(
                f"{self.path}: {name} does not hold the weights that the manifest promises "
                f"(first difference: {differing[0][0]}). The file is damaged or was made by hand."
            )
        try:
            return safetensors.torch.load(content)
        except (safetensors.SafetensorError, ValueError, KeyError) as error:
            raise ModelFileError(f"{self.path}: {name} is damaged ({error}).") from error


def read_archive(path: Path) -> Archive:
    """Open a model file and check its frame.

    Raises:
        ModelFileError: When it is missing, truncated, damaged, hostile or of a newer format.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            _check_frame(path, archive, file)
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror or error}. Give the path of a .gan file.") from error
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        struct.error,
    ) as error:
        raise ModelFileError(
            f"{path}: no whole .gan file ({error}). It is truncated or damaged, or something else."
        ) from error
    text = members.pop(MANIFEST)
    manifest = _parse(path, MANIFEST, text)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelFileError(
            f"{path}: this version reads model files of format {FORMAT}. "
            "Install the one that wrote the file, or learn the model again."
        )
    manifest = cast("dict[str, Any]", manifest)
    digests = {name: hashlib.sha256(member).hexdigest() for name, member in members.items()}
    if manifest.get("sha256") != digests:
        raise ModelFileError(f"{path}: its members are not those it was written with. The file is damaged.")
    return Archive(path, manifest, hashlib.sha256(text).hexdigest(), members)


def _check_frame(path: Path, archive: zipfile.ZipFile, file: BinaryIO) -> None:
    """Raise ModelFileError unless the zip is one that `write_archive` could have written."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    needed = set(_MAX_BYTES) - _OPTIONAL
    if len(set(names)) != len(names) or not needed <= set(names) <= set(_MAX_BYTES):
        odd = sorted(set(names) - set(_MAX_BYTES)) or sorted(needed - set(names)) or names
        raise ModelFileError(
            f"{path}: its members are not those of a model (see {odd[0]!r}). It was not opened."
        )
    offset = 0
    for info in infos:
        is_plain = (
            info.compress_type == zipfile.ZIP_STORED
            and info.file_size == info.compress_size <= _MAX_BYTES[info.filename]
            and (info.flag_bits, info.internal_attr, info.volume, info.date_time) == (0, 0, 0, _DATE)
            and (info.extra, info.comment, info.header_offset) == (b"", b"", offset)
            and info.external_attr >> 16 in (0, 0o600)  # no link, no folder
        )
        if not is_plain or not _agrees(file, info):
            raise ModelFileError(
                f"{path}: member {info.filename!r} is not stored plainly. The file was not opened."
            )
        offset += _LOCAL_HEADER.size + len(info.filename) + info.file_size
    n_bytes = offset + sum(_DIRECTORY_ENTRY_BYTES + len(name) for name in names) + _DIRECTORY_END_BYTES
    if offset != archive.start_dir or n_bytes != file.seek(0, os.SEEK_END):
        raise ModelFileError(f"{path}: it holds more than its members. The file was not opened.")


def _agrees(file: BinaryIO, info: zipfile.ZipInfo) -> bool:
    """Whether a member's own header says what the directory says of it."""
    file.seek(info.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    date = 1 << 5 | 1  # the first of January 1980
    said = (b"PK\3\4", info.extract_version, 0, 0, 0, date, info.CRC)
    return header == (*said, info.compress_size, info.file_size, len(info.filename), 0)


def _parse(path: Path, name: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: {name} is no JSON ({error}). The file is damaged.") from error


def _declared_shapes(path: Path, name: str, content: bytes) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the header of a safetensors file states them, without touching the data."""
    try:
        (n_bytes,) = struct.unpack_from("<Q", content)
        if n_bytes > min(_MAX_HEADER_BYTES, len(content) - 8):
            raise ValueError("its header is longer than the member")
        header = json.loads(content[8 : 8 + n_bytes])
        entries = {key: value for key, value in header.items() if key != "__metadata__"}
        return {key: tuple(map(int, value["shape"])) for key, value in entries.items()}
    except (
        struct.error,
        ValueError,
        ArithmeticError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ModelFileError(f"{path}: {name} holds no tensors ({error}). The file is damaged.") from error

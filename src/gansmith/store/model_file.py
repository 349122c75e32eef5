"""The `.gan` file: one safetensors file, whose metadata holds a manifest; nothing in it can run code.

Tensors are named `networks/NAME/...`, `codec/...` and `codec`, which holds the codec's plain values as JSON;
where the model has learnt to tell odd records, `detector/...` and `detector` likewise.
The reader trusts nothing: names by allow-list, sizes capped and checked against the file, no gaps, no
overlaps, a sha256 over all of it. Networks are checked against the shapes that the manifest implies before a
byte of their weights is taken.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from gansmith.errors import ModelFileError
from gansmith.store import as_json, write_whole
from gansmith.store.older_formats import ZIP_MARK, from_format_2, manifest_of_4, state_of_4, state_of_5

FORMAT: Final = 6
"""Number of the file format; raised when an older reader could not understand a newer file."""
KEY: Final = "gansmith"
"""Of the manifest in the metadata."""
CODEC: Final = "codec"
"""Name of the tensor that holds the codec's plain values."""
DETECTOR: Final = "detector"
"""Name of the tensor that holds a detector's plain values, where there is one."""
_MAX_HEADER_BYTES: Final = 1 << 24
_MAX_MANIFEST_CHARACTERS: Final = 1 << 20
_MAX_FILE_BYTES: Final = 1 << 34
_NAME: Final = re.compile(r"codec|detector|(codec|detector|networks/[a-z_]+)/[^\0]+")
_DTYPES: Final[dict[str, torch.dtype]] = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8,
    "BOOL": torch.bool,
}  # fmt: skip


def write_model_file(
    path: Path,
    manifest: Mapping[str, Any],
    state: Any,
    tensors: Mapping[str, Tensor],
    *,
    is_private: bool = False,
) -> str:
    """Write a model file, whole or not at all; the same content gives the same bytes.

    To the manifest the format number and the sha256 are added; the state is the codec's plain values.

    Returns:
        The sha256, which stands for the whole model.

    Raises:
        DataError: When the file cannot be written.
    """
    content, digest = packed(manifest, state, tensors)
    write_whole(path, content, is_private=is_private)
    return digest


def packed(manifest: Mapping[str, Any], state: Any, tensors: Mapping[str, Tensor]) -> tuple[bytes, str]:
    """What `write_model_file` writes, and its sha256."""
    content = safetensors.torch.save({CODEC: as_tensor(state), **tensors})
    (n_bytes,) = struct.unpack_from("<Q", content)
    entries, data = json.loads(content[8 : 8 + n_bytes]), memoryview(content)[8 + n_bytes :]
    values = {**manifest, "format": FORMAT}
    digest = _digest(values, entries, data)
    metadata = {KEY: as_json({**values, "sha256": digest}).decode()}
    header = as_json({"__metadata__": metadata, **entries})
    header += b" " * (-len(header) % 8)
    return b"".join((struct.pack("<Q", len(header)), header, data)), digest


def as_tensor(plain: Any) -> Tensor:
    """Plain values as the bytes of their JSON."""
    return torch.from_numpy(np.frombuffer(as_json(plain), np.uint8).copy())


def _digest(manifest: Mapping[str, Any], entries: Mapping[str, Any], data: memoryview) -> str:
    digest = hashlib.sha256(as_json([manifest, entries]))
    digest.update(data)
    return digest.hexdigest()


@final
@dataclass(frozen=True)
class ModelFile:
    """A model file whose frame has been checked; its tensors are made when they are asked for."""

    path: Path
    manifest: Mapping[str, Any]
    """Without the format number and the sha256."""
    digest: str
    """Stands for the whole model."""
    _entries: Mapping[str, Mapping[str, Any]]
    _data: memoryview
    _format: int = FORMAT

    def state(self) -> Any:
        """The codec's plain values."""
        found = self._plain(CODEC)
        found = state_of_4(found) if self._format == 3 else found
        return state_of_5(found) if self._format < 5 else found

    def detector(self) -> Any:
        """The plain values of a detector; None where there is none."""
        return self._plain(DETECTOR) if DETECTOR in self._entries else None

    def _plain(self, name: str) -> Any:
        try:
            return json.loads(self._tensor(name).numpy().tobytes())
        except (KeyError, ValueError, RecursionError) as error:
            raise ModelFileError(
                f"{self.path}: its {name} is no JSON ({error}). The file is damaged."
            ) from error

    def names(self, prefix: str) -> set[str]:
        """The first parts of what is named below a prefix: the networks that are there."""
        below = (name.removeprefix(prefix) for name in self._entries if name.startswith(prefix))
        return {name.partition("/")[0] for name in below}

    def tensors(self, prefix: str, wanted: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """The tensors below a prefix.

        Args:
            prefix: With its slash.
            wanted: Tensors of the names, shapes and types that they must have; None takes any.

        Raises:
            ModelFileError: When names, shapes or types differ, before anything is made; or when a number is
                not finite.
        """
        names = [name for name in self._entries if name.startswith(prefix)]
        if wanted is not None:
            found = {name.removeprefix(prefix): self._promised(name) for name in names}
            needed = {name: (tuple(value.shape), value.dtype) for name, value in wanted.items()}
            if found != needed:
                differing = sorted(name for name in {*found, *needed} if found.get(name) != needed.get(name))
                raise ModelFileError(
                    f"{self.path}: {prefix} does not hold the weights that the manifest promises "
                    f"(first difference: {differing[0]}). The file is damaged or was made by hand."
                )
        made = {name.removeprefix(prefix): self._tensor(name) for name in names}
        if wanted is not None and not all(bool(value.isfinite().all()) for value in made.values()):
            raise ModelFileError(f"{self.path}: some weights of {prefix} are no finite numbers.")
        return made

    def _promised(self, name: str) -> tuple[tuple[int, ...], torch.dtype]:
        entry = self._entries[name]
        return tuple(entry["shape"]), _DTYPES[entry["dtype"]]

    def _tensor(self, name: str) -> Tensor:
        shape, dtype = self._promised(name)
        first, end = self._entries[name]["data_offsets"]
        if first == end:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(bytearray(self._data[first:end]), dtype=dtype).reshape(shape)


def read_model_file(path: Path) -> ModelFile:
    """Open a model file and check its frame; files of formats 2 to 4 are upgraded.

    Raises:
        ModelFileError: When it is missing, truncated, damaged, hostile or of a newer format.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(ZIP_MARK))
            if start == ZIP_MARK:
                manifest, state, tensors, digest = from_format_2(path)
                return _checked(path, packed(manifest, state, tensors)[0], digest)
            if not start:
                raise ModelFileError(f"{path}: this is no .gan file, it is empty.")
            content = mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror or error}. Give the path of a .gan file.") from error
    except (ValueError, RecursionError) as error:  # nothing to be mapped; plain values nested too deep
        raise ModelFileError(f"{path}: no whole .gan file ({error}). It is something else.") from error
    return _checked(path, content)


def _checked(path: Path, content: bytes | mmap, digest: str = "") -> ModelFile:
    """A model file from its bytes; `digest` stands for it where it is another than its sha256."""
    try:
        (n_bytes,) = struct.unpack_from("<Q", content)
        if n_bytes > min(_MAX_HEADER_BYTES, len(content) - 8):
            raise ValueError("its beginning is not that of one")
        data = memoryview(content)[8 + n_bytes :]
        entries = _object(json.loads(content[8 : 8 + n_bytes], object_pairs_hook=_without_doubles))
        metadata = _object(entries.pop("__metadata__", None))
        _check_entries(entries, len(data))
        if set(metadata) != {KEY} or len(metadata[KEY]) > _MAX_MANIFEST_CHARACTERS:
            raise ValueError("it has no manifest")
        manifest = _object(json.loads(metadata[KEY]))
        said = manifest.pop("sha256", None)
        found = _digest(manifest, entries, data)
    except (struct.error, ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: this is no .gan file, or not a whole one ({str(error)[:200]}). "
            "It is truncated, damaged or something else."
        ) from error
    number = manifest.get("format")
    if type(number) is not int or number not in (3, 4, 5, FORMAT):
        raise ModelFileError(
            f"{path}: this version reads model files of formats 2 to {FORMAT}. "
            "Install the one that wrote the file, or learn the model again."
        )
    if said != found:
        raise ModelFileError(f"{path}: its content is not what it was written with. The file is damaged.")
    manifest.pop("format")
    manifest = manifest_of_4(manifest) if number == 3 else manifest
    return ModelFile(path, manifest, digest or said, entries, data, number)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("where an object should be there is none")
    return cast("dict[str, Any]", value)


def _without_doubles(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        found[name] = value
    return found


def _check_entries(entries: Mapping[str, Any], n_bytes: int) -> None:
    """Raise unless the tensors have known names and types, and fill the data without gaps or overlaps."""
    places: list[tuple[int, int]] = []
    for name, entry in entries.items():
        dtype, shape, (first, end) = (entry[key] for key in ("dtype", "shape", "data_offsets"))
        numbers = [*shape, first, end]
        if not _NAME.fullmatch(name) or dtype not in _DTYPES or len(entry) != 3 or len(shape) > 16:
            raise ValueError(f"a tensor {name!r:.60} of type {dtype!r:.20} is not part of a model")
        if not all(type(number) is int and 0 <= number <= _MAX_FILE_BYTES for number in numbers):
            raise ValueError(f"the tensor {name!r:.60} has no sensible size")
        if math.prod(shape) * _DTYPES[dtype].itemsize != end - first:
            raise ValueError(f"the tensor {name!r:.60} is not of the size of its place")
        places.append((first, end))
    ends = 0
    for first, end in sorted(places):
        if first != ends:
            raise ValueError("there are gaps or overlaps between its tensors")
        ends = end
    if ends != n_bytes:
        raise ValueError("it holds more or less than its tensors")

"""Model files of older formats as content of the present one, 5.

Of format 3 plain values are renamed and regrouped; the tensors are the same. Format 2 was a zip of a few
known members. What the present reader guards against holds for the upgraded content as well; here only the
zip is checked: members by allow-list, none twice, nothing compressed, sizes capped and within the file, each
with the sha256 that the manifest names.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import safetensors
import safetensors.torch
from torch import Tensor

from gansmith.errors import ModelFileError

ZIP_MARK: Final = b"PK\3\4"
"""How a file of format 2 begins."""
_MANIFEST: Final = "manifest.json"
_NETWORKS: Final = ("generator", "discriminator")
_MAX_BYTES: Final = {
    _MANIFEST: 1 << 20,
    "codec.json": 1 << 28,
    "codec.safetensors": 1 << 30,
    **{f"{name}.safetensors": 1 << 32 for name in _NETWORKS},
}
_OPTIONAL: Final = frozenset({"discriminator.safetensors"})


def from_format_2(path: Path) -> tuple[dict[str, Any], Any, dict[str, Tensor], str]:
    """Manifest, codec state and tensors as a file of the present format holds them, and the model's digest.

    Raises:
        ModelFileError: When it is truncated, damaged or hostile, or of another format.
    """
    try:
        members = _members(path)
        manifest = json.loads(members[_MANIFEST])
        if manifest["format"] != 2:
            raise ValueError(f"it is of format {manifest['format']!r:.20}")
        digests = {name: hashlib.sha256(member).hexdigest() for name, member in members.items()}
        if manifest["sha256"] != {name: value for name, value in digests.items() if name != _MANIFEST}:
            raise ValueError("its members are not those it was written with")
        tensors = {
            f"codec/{name}": value
            for name, value in safetensors.torch.load(members["codec.safetensors"]).items()
        }
        nothing = safetensors.torch.save({})
        for network in _NETWORKS:
            weights = safetensors.torch.load(members.get(f"{network}.safetensors", nothing))
            tensors |= {f"networks/{network}/{name}": value for name, value in weights.items()}
        state = state_of_5(state_of_4(json.loads(members["codec.json"])))
        return manifest_of_4(manifest_of_3(manifest)), state, tensors, digests[_MANIFEST]
    except (
        zipfile.BadZipFile,
        safetensors.SafetensorError,
        struct.error,
        RuntimeError,
        AttributeError,
        OSError,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelFileError(
            f"{path}: no whole .gan file ({str(error)[:200]}). It is truncated or damaged, or something else."
        ) from error


def manifest_of_3(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of format 2 as one of format 3.

    Games have names, the number of latents stands with the rules alone, readings of the kept networks have
    taken the place of one number, and no fingerprint of the training records is kept.
    """
    new = {key: value for key, value in manifest.items() if key not in ("format", "sha256")}
    if new["networks"].get("n_latents") != new["game"]["n_latents"]:
        raise ValueError("game and networks differ in their number of latents")
    training = dict(new["training"])
    readings = {"decision_threshold": training.pop("border")}
    return {
        **new,
        "game": {"name": "adversarial", **new["game"]},
        "networks": {key: value for key, value in new["networks"].items() if key != "n_latents"},
        "training": {**training, "readings": readings},
        "data": {key: value for key, value in new["data"].items() if key != "fingerprint"},
    }


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        needed = set(_MAX_BYTES) - _OPTIONAL
        if len(set(names)) != len(names) or not needed <= set(names) <= set(_MAX_BYTES):
            raise ValueError("its members are not those of a model")
        for info in infos:
            is_plain = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits
            if not is_plain or not info.file_size == info.compress_size <= _MAX_BYTES[info.filename]:
                raise ValueError(f"member {info.filename!r} is not stored plainly")
        if sum(info.file_size for info in infos) > path.stat().st_size:
            raise ValueError("its members are larger than the file")
        return {info.filename: archive.read(info) for info in infos}


def manifest_of_4(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of format 3 as one of format 4.

    The generator of a table has one width for each block; how data is read, and the minimum count of its
    values, are options of its kind. What is no manifest of format 3 stays as it is, and is refused as a
    damaged one of format 4 would be.

    Example:
        >>> manifest_of_4({"networks": {"generator_width": 8, "n_blocks": 2, "n_revisions": 1}})
        {'networks': {'n_revisions': 1, 'generator_widths': [8, 8]}}
    """
    found = dict(manifest)
    match found:
        case {"networks": {"generator_width": width, "n_blocks": int(n_blocks), **others}} if (
            1 <= n_blocks <= 16
        ):
            found["networks"] = {**others, "generator_widths": [width] * n_blocks}
        case _:
            pass
    match found:
        case {"reading": {**reading}, "fit": {**fit}, "kind": kind}:
            min_count = fit.pop("min_count", 0)
            options = {**reading, "encoding": reading.get("encoding") or "", "min_count": min_count}
            known = ("has_header", "encoding", "where") if kind == "image" else options
            found["options"] = {name: options[name] for name in known if name in options}
            if isinstance(reading.get("schema"), dict):
                found["options"]["schema"] = state_of_4({"schema": reading["schema"]})["schema"]
            found["fit"] = {**fit, "objective": fit.get("objective") or None}
            del found["reading"]
        case _:
            pass
    match found:
        case {"training": {"n_members": size, **others}}:
            found["training"] = {**others, "ensemble_size": size}
        case _:
            pass
    return found


def state_of_4(state: Any) -> Any:
    """What a codec of format 3 keeps, in the words of format 4; anything else stays as it is.

    Example:
        >>> state_of_4({"schema": {"columns": [{"look": "email"}]}, "columns": [{"held_back": [2, 3]}]})
        {'schema': {'columns': [{'semantic_type': 'email'}]}, 'columns': [{'suppressed': [2, 3]}]}
    """
    match state:
        case {"schema": {"columns": [*columns], **others}, **rest}:
            schema = {**others, "columns": [_renamed(column, "look", "semantic_type") for column in columns]}
            found = {**state, "schema": schema}
            if isinstance(rest.get("columns"), list):
                found["columns"] = [_renamed(column, "held_back", "suppressed") for column in rest["columns"]]
            return found
        case _:
            return state


def state_of_5(state: Any) -> Any:
    """What a codec of format 4 keeps, as one of format 5 does: pictures have a form and attributes.

    Example:
        >>> state_of_5({"height": 2, "width": 3, "highest": 16})["form"]["width"]
        3
    """
    match state:
        case {"height": int(height), "width": int(width), "highest": int(highest), **rest} if not rest:
            form = {"height": height, "width": width, "highest": float(highest)}
            attributes = {"columns": [], "edges": []}
            return {"form": form, "attributes": attributes, "can_be_mirrored": False}
        case _:
            return state


def _renamed(values: Any, old: str, new: str) -> Any:
    if not isinstance(values, dict):
        return values
    return {new if key == old else key: value for key, value in cast("dict[Any, Any]", values).items()}

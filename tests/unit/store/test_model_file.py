from __future__ import annotations

import json
import random
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch

from gansmith.errors import DataError, ModelFileError
from gansmith.store import as_json
from gansmith.store.model_file import FORMAT, KEY, packed, read_model_file, write_model_file

STATE = {"columns": ["größe"]}
WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}
TENSORS = {
    "codec/knots": torch.ones(3, dtype=torch.float64),
    "networks/generator/a": WEIGHTS["a"],
    "networks/generator/b": WEIGHTS["b"],
    "networks/critic_of_all/w": torch.zeros(2, dtype=torch.bfloat16),
    "networks/critic_of_all/empty": torch.zeros(0, 4),
}
MANIFEST = {"kind": "table", "training": {"held_out_score": 0.1 + 0.2}}
PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "model.gan"
    write_model_file(path, MANIFEST, STATE, TENSORS)
    return path


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the data of a file."""
    content = path.read_bytes()
    (n_bytes,) = struct.unpack_from("<Q", content)
    return json.loads(content[8 : 8 + n_bytes]), content[8 + n_bytes :]


def write_by_hand(path: Path, header: object, data: bytes) -> None:
    """A file as somebody else might write it."""
    text = header if isinstance(header, bytes) else as_json(header)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_all(path: Path) -> None:
    file = read_model_file(path)
    file.state()
    file.tensors("networks/generator/", WEIGHTS)
    file.tensors("codec/")


def assert_refused(path: Path, match: str = ".") -> None:
    """As a ModelFileError that names the file, and without memory for what the file promises."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=match) as caught:
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 3


def test_goes_round(path):
    file = read_model_file(path)
    assert file.manifest == MANIFEST
    assert file.state() == STATE
    assert file.names("networks/") == {"generator", "critic_of_all"}
    for prefix in ("codec/", "networks/generator/", "networks/critic_of_all/"):
        found = file.tensors(prefix)
        wanted = {
            name.removeprefix(prefix): value for name, value in TENSORS.items() if name.startswith(prefix)
        }
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], value) for name, value in wanted.items())
        assert all(found[name].dtype == value.dtype for name, value in wanted.items())


def test_it_is_a_safetensors_file_that_anybody_can_read(path):
    import safetensors

    with safetensors.safe_open(path, framework="pt") as file:
        assert set(file.metadata()) == {KEY}
        assert json.loads(file.metadata()[KEY])["kind"] == "table"
        assert torch.equal(file.get_tensor("networks/generator/a"), WEIGHTS["a"])


def test_same_content_same_bytes_and_digest(path, tmp_path):
    again = tmp_path / "again.gan"
    digest = write_model_file(again, dict(reversed(MANIFEST.items())), STATE, dict(reversed(TENSORS.items())))
    assert again.read_bytes() == path.read_bytes()
    assert digest == read_model_file(path).digest == packed(MANIFEST, STATE, TENSORS)[1]
    others = (
        ({**MANIFEST, "kind": "image"}, STATE, TENSORS),
        (MANIFEST, {}, TENSORS),
        (MANIFEST, STATE, {**TENSORS, "networks/generator/b": torch.zeros(1)}),
    )
    assert len({digest, *(write_model_file(again, *other) for other in others)}) == 4


def test_what_is_written_by_hand_alike_is_read(path, tmp_path):
    # So that the hostile files below are refused for their one difference.
    write_by_hand(tmp_path / "hand.gan", *parts(path))
    read_all(tmp_path / "hand.gan")


# --- Damage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("twentieth", range(20))
def test_truncated(path, twentieth):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * twentieth // 20])
    assert_refused(path)


def test_one_byte_short(path):
    path.write_bytes(path.read_bytes()[:-1])
    assert_refused(path)


def test_any_flipped_bit_is_refused_or_changes_nothing(path):
    content = path.read_bytes()
    n_refused = 0
    for bit in random.Random(0).sample(range(8 * len(content)), 400):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            file = read_model_file(path)
        except ModelFileError:
            n_refused += 1
            continue
        assert (file.manifest, file.state()) == (MANIFEST, STATE), f"bit {bit}"
    assert n_refused > 380


def test_random_bytes(path):
    chance = random.Random(0)
    content = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(content)
        first = chance.randrange(len(content))
        damaged[first : first + chance.randrange(1, 60)] = chance.randbytes(chance.randrange(1, 60))
        path.write_bytes(damaged)
        if damaged != content:
            assert_refused(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"a,b\n1,2\n", PICKLE, bytes(5000), b"\xff" * 5000])
def test_something_else(path, content):
    path.write_bytes(content)
    assert_refused(path)


def test_missing_file_and_folder(tmp_path):
    assert_refused(tmp_path / "none.gan", "No such file")
    assert_refused(tmp_path, "s a directory")


@pytest.mark.parametrize("start", [b"PK\3\4", b"\x10\0\0\0\0\0\0\0{}"])
def test_a_huge_file_is_not_read(tmp_path, start):
    path = tmp_path / "huge.gan"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(1 << 40)  # sparse: takes no room on the disk
    assert_refused(path)


@pytest.mark.parametrize("garbage", [b"\0", b"#!/bin/sh\n", b"PK\5\6" + bytes(18)])
def test_garbage_around(path, garbage):
    content = path.read_bytes()
    for dirty in (content + garbage, garbage + content):
        path.write_bytes(dirty)
        assert_refused(path)


# --- Hostile headers -----------------------------------------------------------------------------------


def entry(shape: object, first: object, end: object, dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, end]}


@pytest.mark.parametrize(
    "name",
    [
        "data.pkl",
        "../codec",
        "/etc/passwd",
        "networks",
        "networks/",
        "networks/../x",
        "codec/",
        "codec/\0",
        "",
    ],
)
def test_another_name(path, name):
    header, data = parts(path)
    write_by_hand(path, {**header, name: entry([1], len(data), len(data) + 4)}, data + bytes(4))
    assert_refused(path, "not part of a model")


@pytest.mark.parametrize(
    "odd",
    [
        entry([1 << 40, 1 << 20], 0, 1 << 62),
        entry([2, 3], 0, 24),  # overlaps another
        entry([0, 1 << 62], 0, 0),
        entry([1 << 62, 4], 0, 0),
        entry([-2, -3], 0, 24),
        entry([6], 0, 23),
        entry(["x"], 0, 4),
        entry(4, 0, 4),
        entry([1.0], 0, 4),
        entry([True], 0, 4),
        entry([1], "0", 4),
        entry([1], 4, 0),
        entry([1] * 17, 0, 4),
        entry([1], 0, 4, "PICKLE"),
        entry([1], 0, 4, ["F32"]),
        {**entry([1], 0, 4), "code": "print()"},
        {"dtype": "F32"},
        [1],
        None,
    ],
)
@pytest.mark.parametrize("name", ["networks/generator/c", "codec"])
def test_absurd_tensors(path, name, odd):
    header, data = parts(path)
    write_by_hand(path, {**header, name: odd}, data)
    assert_refused(path)


def test_a_gap_between_tensors(path):
    header, data = parts(path)
    for value in header.values():
        if "data_offsets" in value and value["data_offsets"][0]:
            value["data_offsets"] = [place + 8 for place in value["data_offsets"]]
    write_by_hand(path, header, data[:4] + bytes(8) + data[4:])
    assert_refused(path, "gaps or overlaps|not what it was written with")


def test_a_name_twice(path):
    header, data = parts(path)
    first = next(name for name in header if name != "__metadata__")
    text = as_json(header).rstrip(b"}") + f', "{first}": {json.dumps(header[first])}}}'.encode()
    write_by_hand(path, text, data)
    assert_refused(path, "is there twice")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 200_000,
        b'{"a": ' * 50_000,
        b'{"codec":{"dtype":"U8","shape":[Infinity],"data_offsets":[0,4]}}',
        b'{"codec":{"dtype":"U8","shape":[1e999],"data_offsets":[0,4]}}',
        b'{"codec":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}',
    ],
)
def test_a_header_that_is_none(path, text):
    write_by_hand(path, text, parts(path)[1])
    assert_refused(path)


@pytest.mark.parametrize("n_bytes", [1 << 30, (1 << 64) - 1, (1 << 24) + 1])
def test_a_header_without_end(path, n_bytes):
    path.write_bytes(struct.pack("<Q", n_bytes) + path.read_bytes()[8:])
    assert_refused(path, "beginning is not that of one")


# --- Hostile manifests ---------------------------------------------------------------------------------


def with_metadata(path: Path, metadata: object) -> None:
    header, data = parts(path)
    write_by_hand(path, {**header, "__metadata__": metadata}, data)


@pytest.mark.parametrize("number", [FORMAT + 1, 0, 2, "4", None, True, 4.0, [1]])
def test_another_format(path, number):
    with_metadata(path, {KEY: json.dumps({**MANIFEST, "format": number, "sha256": "0"})})
    assert_refused(path, f"of formats 2 to {FORMAT}")


@pytest.mark.parametrize(
    "metadata",
    [None, [], {}, {"other": "{}"}, {KEY: 3}, {KEY: "[]"}, {KEY: "null"}, {KEY: "{"}, {KEY: "[" * 200_000}],
)
def test_a_manifest_that_is_none(path, metadata):
    with_metadata(path, metadata)
    assert_refused(path)


def test_a_manifest_without_end(path):
    header, _ = parts(path)
    with_metadata(path, {KEY: header["__metadata__"][KEY] + " " * (1 << 20)})
    assert_refused(path, "no manifest")


@pytest.mark.parametrize("depth", range(960, 1000, 5))
def test_a_manifest_that_is_nested_as_deep_as_can_be(path, depth):
    header, _ = parts(path)
    manifest = json.loads(header["__metadata__"][KEY])
    nested = json.dumps({**manifest, "more": 0}).replace('"more": 0', f'"more": {"[" * depth}{"]" * depth}')
    with_metadata(path, {KEY: nested})
    assert_refused(path)


def test_a_file_that_cannot_be_mapped(path, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("cannot mmap an empty file")

    monkeypatch.setattr("gansmith.store.model_file.mmap", refuse)
    assert_refused(path, "cannot mmap")


def test_more_metadata_than_the_manifest(path):
    header, _ = parts(path)
    with_metadata(path, {**header["__metadata__"], "more": "x"})
    assert_refused(path, "no manifest")


def test_a_manifest_that_was_exchanged(path):
    header, _ = parts(path)
    manifest = json.loads(header["__metadata__"][KEY])
    with_metadata(path, {KEY: json.dumps({**manifest, "kind": "image"})})
    assert_refused(path, "not what it was written with")


@pytest.mark.parametrize(
    "wanted",
    [
        {"a": WEIGHTS["a"]},
        {"a": torch.ones(3, 2), "b": WEIGHTS["b"]},
        {**WEIGHTS, "c": torch.ones(1)},
        {"a": WEIGHTS["a"].double(), "b": WEIGHTS["b"]},
        {},
    ],
)
def test_tensors_of_other_shapes_than_promised(path, wanted):
    with pytest.raises(ModelFileError, match="does not hold the weights that the manifest promises"):
        read_model_file(path).tensors("networks/generator/", wanted)


def test_a_codec_that_is_no_json(path, tmp_path):
    header, data = parts(path)
    first, end = header["codec"]["data_offsets"]
    broken = data[:first] + b"\xff" * (end - first) + data[end:]
    write_by_hand(path, header, broken)
    assert_refused(path)


def test_writing_where_one_cannot(tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        write_model_file(tmp_path / "none" / "model.gan", MANIFEST, STATE, TENSORS)

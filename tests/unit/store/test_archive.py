from __future__ import annotations

import hashlib
import json
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from gansmith.errors import DataError, ModelFileError
from gansmith.store.archive import FORMAT, as_json, read_archive, write_archive

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}
SHAPES = {"a": (2, 3), "b": (1,)}
MEMBERS = {
    "codec.json": as_json({"columns": ["größe"]}),
    "codec.safetensors": safetensors.torch.save({"knots": torch.ones(3, dtype=torch.float64)}),
    "generator.safetensors": safetensors.torch.save(TENSORS),
    "discriminator.safetensors": safetensors.torch.save({"w": torch.zeros(2)}),
}
MANIFEST = {"kind": "table", "training": {"held_out_score": 0.1 + 0.2}}
DATE = (1980, 1, 1, 0, 0, 0)
PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "model.gan"
    write_archive(path, MANIFEST, MEMBERS)
    return path


def manifest_of(members: dict[str, bytes], **changes) -> bytes:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    return as_json({"format": FORMAT, **MANIFEST, "sha256": digests, **changes})


def write_by_hand(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> None:
    """A zip as somebody else might write it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name, DATE) if isinstance(name, str) else name
            archive.writestr(info, content)


def listed(members: dict[str, bytes], **changes) -> list[tuple[zipfile.ZipInfo | str, bytes]]:
    return [("manifest.json", manifest_of(members, **changes)), *members.items()]


def read_all(path: Path) -> None:
    archive = read_archive(path)
    archive.json("codec.json")
    archive.tensors("generator.safetensors", SHAPES)
    archive.tensors("codec.safetensors")


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
    archive = read_archive(path)
    assert {name: archive.manifest[name] for name in MANIFEST} == MANIFEST
    assert archive.members == MEMBERS
    assert archive.json("codec.json") == {"columns": ["größe"]}
    found = archive.tensors("generator.safetensors", SHAPES)
    assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)
    assert found.keys() == TENSORS.keys()


def test_same_content_same_bytes_and_digest(path, tmp_path):
    again = tmp_path / "again.gan"
    digest = write_archive(again, dict(reversed(MANIFEST.items())), MEMBERS)
    assert again.read_bytes() == path.read_bytes()
    assert digest == read_archive(path).digest == read_archive(again).digest
    other = write_archive(again, MANIFEST, {**MEMBERS, "codec.json": b"{}"})
    assert other != digest


def test_without_a_discriminator(tmp_path):
    members = {name: content for name, content in MEMBERS.items() if name != "discriminator.safetensors"}
    write_archive(tmp_path / "small.gan", MANIFEST, members)
    assert read_archive(tmp_path / "small.gan").members == members


def test_what_is_written_by_hand_alike_is_read(tmp_path, path):
    # So that the hostile files below are refused for their one difference.
    write_by_hand(tmp_path / "hand.gan", listed(MEMBERS))
    assert (tmp_path / "hand.gan").read_bytes() == path.read_bytes()


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
    bits = random.Random(0).sample(range(8 * len(content)), 400)
    n_refused = 0
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            archive = read_archive(path)
        except ModelFileError:
            n_refused += 1
            continue
        assert archive.members == MEMBERS, f"bit {bit}"
        assert {name: archive.manifest[name] for name in MANIFEST} == MANIFEST, f"bit {bit}"
    assert n_refused > 380


def test_random_bytes(path):
    chance = random.Random(0)
    content = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(content)
        first = chance.randrange(len(content))
        damaged[first : first + chance.randrange(1, 60)] = chance.randbytes(chance.randrange(60))
        path.write_bytes(damaged)
        if damaged != content:
            assert_refused(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\5\6" + bytes(18), b"a,b\n1,2\n", PICKLE, bytes(5000), b"PK\3\4" + bytes(5000)],
)
def test_something_else(path, content):
    path.write_bytes(content)
    assert_refused(path)


def test_missing_file_and_folder(tmp_path):
    assert_refused(tmp_path / "none.gan", "No such file")
    assert_refused(tmp_path, "s a directory")


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.gan"
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(1 << 40)  # sparse: takes no room on the disk
    assert_refused(path)


@pytest.mark.parametrize("garbage", [b"\0", b"#!/bin/sh\n", b"PK\5\6" + bytes(18)])
def test_garbage_around(path, garbage):
    content = path.read_bytes()
    path.write_bytes(content + garbage)
    assert_refused(path)
    path.write_bytes(garbage + content)
    assert_refused(path)


def test_garbage_between_members(path):
    content = path.read_bytes()
    for mark in (b"PK\3\4", b"PK\1\2", b"PK\5\6"):
        place = content.rindex(mark)
        path.write_bytes(content[:place] + b"hidden" + content[place:])
        assert_refused(path)


def test_an_archive_comment(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"
    assert_refused(path)


# --- Hostile members -----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Duplicate name")  # the zero byte cuts a name short
@pytest.mark.parametrize(
    "name",
    [
        "extra.txt",
        "data.pkl",
        "../codec.json",
        "/etc/passwd",
        "..\\codec.json",
        "codec.json/",
        "C:\\codec.json",
        "Codec.json",
        "codec.json\0.pkl",
        "codec.jsön",
        "",
    ],
)
def test_another_name(tmp_path, name):
    members = {**MEMBERS, name: PICKLE}
    write_by_hand(tmp_path / "bad.gan", listed(members))
    assert_refused(tmp_path / "bad.gan")
    swapped = {(name if key == "codec.json" else key): value for key, value in MEMBERS.items()}
    write_by_hand(tmp_path / "bad.gan", listed(swapped))
    assert_refused(tmp_path / "bad.gan")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [*MEMBERS, "manifest.json"])
def test_a_second_copy(tmp_path, name):
    entries = listed(MEMBERS)
    write_by_hand(tmp_path / "bad.gan", [*entries, (name, dict(entries)[name])])
    assert_refused(tmp_path / "bad.gan", "not those of a model")


@pytest.mark.parametrize("name", [*MEMBERS, "manifest.json"])
def test_a_missing_member(tmp_path, name):
    left = [entry for entry in listed(MEMBERS) if entry[0] != name]
    write_by_hand(tmp_path / "bad.gan", left)
    assert_refused(tmp_path / "bad.gan")


def test_a_member_that_the_manifest_does_not_know(tmp_path):
    members = dict(MEMBERS)
    manifest = manifest_of({name: members[name] for name in list(members)[:3]})
    write_by_hand(tmp_path / "bad.gan", [("manifest.json", manifest), *members.items()])
    assert_refused(tmp_path / "bad.gan", "not those it was written with")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_was_exchanged(tmp_path, name):
    write_by_hand(
        tmp_path / "bad.gan",
        [("manifest.json", manifest_of(MEMBERS)), *{**MEMBERS, name: MEMBERS[name] + b" "}.items()],
    )
    assert_refused(tmp_path / "bad.gan", "not those it was written with")


@pytest.mark.parametrize("name", ["generator.safetensors", "codec.safetensors", "codec.json"])
@pytest.mark.parametrize("content", [PICKLE, b"", b"PK\3\4", struct.pack("<Q", 1 << 60), b"\0" * 8, b"null"])
def test_a_member_that_is_something_else(tmp_path, name, content):
    if (name, content) == ("codec.json", b"null"):
        pytest.skip("null is JSON; whoever reads it says that it is no codec")
    write_by_hand(tmp_path / "bad.gan", listed({**MEMBERS, name: content}))
    assert_refused(tmp_path / "bad.gan")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_member_is_not_unpacked(tmp_path, method):
    bomb = zipfile.ZipInfo("codec.json", DATE)
    bomb.compress_type = method
    entries = [(bomb if name == "codec.json" else name, content) for name, content in listed(MEMBERS)]
    write_by_hand(tmp_path / "bad.gan", [(n, bytes(25_000_000) if n is bomb else c) for n, c in entries])
    assert (tmp_path / "bad.gan").stat().st_size < 500_000
    assert_refused(tmp_path / "bad.gan", "not stored plainly")


@pytest.mark.parametrize("mode", [0o120777, 0o040755, 0o010644, 0o060644, 0o104755])
def test_a_member_that_is_no_plain_file(tmp_path, mode):
    odd = zipfile.ZipInfo("codec.json", DATE)
    odd.external_attr = mode << 16
    write_by_hand(
        tmp_path / "bad.gan",
        [(odd if name == "codec.json" else name, content) for name, content in listed(MEMBERS)],
    )
    assert_refused(tmp_path / "bad.gan", "not stored plainly")


def test_members_that_share_their_bytes(path):
    """A directory whose entries overlap: the other kind of zip bomb."""
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\1\2")
    second = content.index(b"PK\1\2", directory + 4)
    content[second + 42 : second + 46] = content[directory + 42 : directory + 46]
    path.write_bytes(content)
    assert_refused(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFE, 1 << 31])
def test_absurd_sizes_in_the_directory(path, size):
    content = bytearray(path.read_bytes())
    for mark, places in ((b"PK\1\2", (20, 24)), (b"PK\3\4", (18, 22))):
        first = content.index(mark)
        for place in places:
            content[first + place : first + place + 4] = struct.pack("<I", size)
    path.write_bytes(content)
    assert_refused(path)


# --- Hostile content -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [FORMAT + 1, 0, "1", None, True, 1.5, [1]])
def test_another_format(tmp_path, number):
    write_by_hand(tmp_path / "bad.gan", listed(MEMBERS, format=number))
    assert_refused(tmp_path / "bad.gan", f"of format {FORMAT}")


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 200_000, b'{"format": 2, "sha256": []}']
)
def test_a_manifest_that_is_none(tmp_path, manifest):
    write_by_hand(tmp_path / "bad.gan", [("manifest.json", manifest), *MEMBERS.items()])
    assert_refused(tmp_path / "bad.gan")


def test_a_manifest_without_end(tmp_path):
    manifest = manifest_of(MEMBERS) + b" " * (1 << 20)
    write_by_hand(tmp_path / "bad.gan", [("manifest.json", manifest), *MEMBERS.items()])
    assert_refused(tmp_path / "bad.gan", "not stored plainly")


def header(value: object, data: bytes = b"") -> bytes:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: object, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}


@pytest.mark.parametrize(
    "content",
    [
        header({"a": entry([1 << 40, 1 << 20], 1 << 62)}),
        header({"a": entry([2, 3], 24), "b": entry([1], 4)}, bytes(24)),
        header({"a": entry([0, 1 << 62], 0)}),
        header({"a": entry([1 << 62, 4], 0)}),
        header({"a": entry([-2, -3], 24)}, bytes(24)),
        header({"a": entry([6], 24)}, bytes(23)),
        header({"a": entry(["x"], 4)}, bytes(4)),
        header({"a": entry(4, 4)}, bytes(4)),
        header({"a": entry([1], 4, "PICKLE")}, bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[Infinity],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}', bytes(4)),
        header({"a": [1]}),
        header([1, 2]),
        header(b"[" * 100_000),
        struct.pack("<Q", 1 << 30) + b"{}",
        struct.pack("<Q", (1 << 64) - 1),
    ],
)
@pytest.mark.parametrize("name", ["generator.safetensors", "codec.safetensors"])
def test_absurd_tensors(tmp_path, name, content):
    write_by_hand(tmp_path / "bad.gan", listed({**MEMBERS, name: content}))
    if name == "codec.safetensors" and b'shape": [0, ' in content:
        pytest.skip("an empty tensor is small, whatever it says of itself")
    assert_refused(tmp_path / "bad.gan")


@pytest.mark.parametrize("shapes", [{"a": (2, 3)}, {"a": (3, 2), "b": (1,)}, {**SHAPES, "c": (1,)}, {}])
def test_tensors_of_other_shapes_than_promised(path, shapes):
    with pytest.raises(ModelFileError, match="does not hold the weights that the manifest promises"):
        read_archive(path).tensors("generator.safetensors", shapes)


def test_writing_where_one_cannot(tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        write_archive(tmp_path / "none" / "model.gan", MANIFEST, MEMBERS)

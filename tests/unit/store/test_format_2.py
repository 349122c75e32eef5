"""Files of an older format: read through an upgrade, and refused where they are not what was written then."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from gansmith.errors import ModelFileError
from gansmith.store.model_file import read_model_file
from gansmith.store.older_formats import manifest_of_3

STORED = Path(__file__).parents[2] / "stored" / "table-format-2.gan"


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "old.gan"
    path.write_bytes(STORED.read_bytes())
    return path


def members() -> dict[str, bytes]:
    with zipfile.ZipFile(STORED) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_by_hand(
    path: Path, entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED
) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)


def assert_refused(path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"\.gan file") as caught:
        read_model_file(path)
    assert str(path) in str(caught.value)


def test_is_upgraded(path):
    file = read_model_file(path)
    assert file.names("networks/") == {"generator", "discriminator"}
    assert file.manifest["game"]["name"] == "adversarial"
    assert "n_latents" not in file.manifest["networks"]
    assert "decision_threshold" in file.manifest["training"]["readings"]
    assert "fingerprint" not in file.manifest["data"]
    assert len(file.digest) == 64


def test_latents_that_differ_are_no_model():
    with pytest.raises(ValueError, match="number of latents"):
        manifest_of_3({"networks": {"n_latents": 3}, "game": {"n_latents": 4}, "training": {}, "data": {}})


def test_what_is_written_by_hand_alike_is_read(path):
    write_by_hand(path, [*members().items()])
    assert read_model_file(path).digest == read_model_file(STORED).digest


@pytest.mark.parametrize("twentieth", range(1, 20))
def test_truncated(path, twentieth):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * twentieth // 20])
    assert_refused(path)


def test_any_flipped_bit_in_the_members_is_refused(path):
    content = path.read_bytes()
    n_refused = 0
    for bit in random.Random(0).sample(range(32, 8 * len(content)), 200):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            found = read_model_file(path)
        except ModelFileError:
            n_refused += 1
        else:  # a date, or another part of the frame that says nothing
            assert found.digest == read_model_file(STORED).digest
    assert n_refused > 180


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "change",
    [
        lambda found: [*found.items(), ("extra.txt", b"x")],
        lambda found: [*found.items(), ("../codec.json", b"x")],
        lambda found: [*found.items(), ("codec.json", found["codec.json"])],
        lambda found: [(name, content) for name, content in found.items() if name != "codec.json"],
        lambda found: [*{**found, "codec.json": found["codec.json"] + b" "}.items()],
        lambda found: [*{**found, "manifest.json": b"[]"}.items()],
        lambda found: [*{**found, "manifest.json": b"[" * 200_000}.items()],
        lambda found: [*{**found, "manifest.json": b'{"format": 1}'}.items()],
        lambda found: [*{**found, "generator.safetensors": b"\x80\x04."}.items()],
    ],
)
def test_other_members(path, change):
    write_by_hand(path, change(members()))
    assert_refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_not_unpacked(path, method):
    write_by_hand(path, [*{**members(), "codec.json": bytes(25_000_000)}.items()], method)
    assert path.stat().st_size < 500_000
    assert_refused(path)

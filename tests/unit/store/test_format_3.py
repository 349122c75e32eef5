"""Files of format 3: read with another manifest, and refused where they are not what was written then."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest

from gansmith.errors import ModelFileError
from gansmith.store.model_file import KEY, read_model_file
from gansmith.store.older_formats import manifest_of_4

STORED = Path(__file__).parents[2] / "stored"


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "old.gan"
    path.write_bytes((STORED / "table-format-3.gan").read_bytes())
    return path


def manifest_of(path: Path) -> dict:
    content = path.read_bytes()
    (n_bytes,) = struct.unpack_from("<Q", content)
    return json.loads(json.loads(content[8 : 8 + n_bytes])["__metadata__"][KEY])


def test_a_table_is_upgraded(path):
    was, file = manifest_of(path), read_model_file(path)
    assert was["format"] == 3
    assert file.digest == was["sha256"]
    assert was["networks"].pop("generator_width") == 8
    assert was["networks"].pop("n_blocks") == 2
    assert file.manifest["networks"] == {**was["networks"], "generator_widths": [8, 8]}
    min_count = was["fit"].pop("min_count")
    assert file.manifest["fit"] == {**was["fit"], "objective": None}
    assert file.manifest["options"] == {**was["reading"], "encoding": "", "min_count": min_count}
    assert file.manifest["training"]["ensemble_size"] == was["training"]["n_members"]
    changed = ("format", "sha256", "networks", "fit", "reading", "options", "training")
    ours, theirs = ({key: one[key] for key in one if key not in changed} for one in (file.manifest, was))
    assert ours == theirs


def test_pictures_keep_the_options_of_pictures():
    path = STORED / "image-format-3.gan"
    was, now = manifest_of(path), read_model_file(path).manifest
    assert now["options"] == {"has_header": True, "encoding": "", "where": []}
    assert now["networks"] == was["networks"]


@pytest.mark.parametrize(
    "networks",
    [
        None,
        [],
        {},
        {"generator_width": 8},
        {"generator_width": 8, "n_blocks": 10**12},
        {"generator_width": 8, "n_blocks": 0},
        {"generator_width": 8, "n_blocks": "2"},
    ],
)
def test_what_is_none_stays_as_it_is(networks):
    assert manifest_of_4({"networks": networks}) == {"networks": networks}


@pytest.mark.parametrize("twentieth", range(1, 20))
def test_truncated(path, twentieth):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * twentieth // 20])
    with pytest.raises(ModelFileError, match=str(path)):
        read_model_file(path)


def test_any_flipped_bit_is_refused(path):
    content = path.read_bytes()
    for bit in random.Random(0).sample(range(8 * len(content)), 200):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError, match=str(path)):
            read_model_file(path)

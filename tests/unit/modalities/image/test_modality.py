"""The modality: what it promises to the tasks, on pictures of 4 x 4 pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.errors import UsageError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.capabilities import Imputing
from gansmith.modalities.format import HasColumns
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.modalities.image.pictures import InMemory, Pictures
from gansmith.modalities.image.recipe import ImageRecipe
from gansmith.modalities.previews import as_numbers, as_shades
from gansmith.modalities.registry import needed, offered
from gansmith.settings import from_plain, to_plain

FORMAT, RECIPE = ImageFormat(), ImageRecipe()


def _pictures(n, seed=0, labels=None):
    pixels = np.random.default_rng(seed).integers(0, 17, (n, 4, 4)).astype(np.uint8)
    pixels[0, 0, 0] = 16
    return Pictures.of(pixels, labels, 16, "noise")


def test_there_and_back():
    records = FORMAT.read(_pictures(6), ImageOptions())
    codec = ImageCodec.fit(records, ImageOptions(), 0)
    compact = codec.encode(records, 0)
    assert torch.equal(codec.compact(codec.expand(compact)).round(), compact.float())
    assert np.array_equal(codec.decode(compact, 0, 0).pixels, records.pixels)
    assert ImageCodec.from_state(*codec.state()).form == codec.form


def test_network_sizes_survive_json():
    for preset in RECIPE.presets:
        networks = RECIPE.plan(ImageCodec.fit(_pictures(3), ImageOptions(), 0), 50, preset).networks
        assert from_plain(ImageNetworks, to_plain(networks)) == networks
    with pytest.raises(UsageError, match="Did you mean 'generator_widths'"):
        from_plain(ImageNetworks, {"generator_width": [3]})


def test_nothing_can_be_asked_for():
    for by, capability, said in (
        (RECIPE, Imputing, "no gaps that could be filled. Kinds that can: music, series, text, table"),
        (FORMAT, HasColumns, "no target can be predicted"),
    ):
        with pytest.raises(UsageError, match=said):
            needed(by, capability, "image")
        assert offered(by, capability) is None


def test_the_callers_own_type_comes_back():
    records = _pictures(3)
    for like in (np.zeros((2, 4, 4), np.float32), np.zeros((2, 16), np.int64)):
        back = FORMAT.returned(records, like)
        assert back.dtype == like.dtype
        assert back.shape == (3, *like.shape[1:])
    assert FORMAT.returned(records, None).dtype == np.uint8
    assert FORMAT.returned(records, (np.zeros((2, 16)), np.zeros(2)))[0].shape == (3, 16)
    assert FORMAT.returned(records, ("a.png", "b.png")).shape == (3, 4, 4)
    assert FORMAT.returned(records, "file.csv").shape == (3, 4, 4)


def test_what_is_known_comes_back_as_it_was_given():
    given = np.zeros((2, 4, 4, 1), np.int64)
    records = _pictures(3, labels=np.array(["1", "7", "1"], object))
    for labels, wanted in (
        (np.array([7, 1]), [1, 7, 1]),
        (np.array([7.0, 1.0]), [1.0, 7.0, 1.0]),
        (["7", "1"], ["1", "7", "1"]),
    ):
        pixels, back = FORMAT.returned(records, (given, labels))
        assert pixels.shape == (3, 4, 4, 1)
        assert pixels.dtype == np.int64
        assert back.tolist() == wanted
    known = Attributes({"hat": np.array(["yes", None, "no"], object), "age": np.array([1.0, 2.0, np.nan])})
    records = records.with_attributes(known)
    frame = FORMAT.returned(records, (given, pd.DataFrame({"hat": ["no"], "age": [3]})))[1]
    assert list(frame) == ["hat", "age"]
    assert frame["hat"].isna().tolist() == [False, True, False]
    assert frame["hat"][[0, 2]].tolist() == ["yes", "no"]
    assert frame["age"][:2].tolist() == [1.0, 2.0]
    assert FORMAT.returned(records, (given, [3, 4]))[1].tolist() == [None] * 3


def test_no_picture_at_all_is_no_error(tmp_path):
    codec, none = ImageCodec.fit(_pictures(3), ImageOptions(), 0), _pictures(3).take(np.arange(0))
    assert codec.decode(codec.encode(none, 0), 0, 0).pixels.shape == (0, 4, 4)
    assert FORMAT.preview(none).as_text() == "no pictures"
    for name in ("none.csv", "none.npy"):
        with FORMAT.writer(tmp_path / name, codec.empty, {}, ImageOptions()) as writer:
            writer.write(none)
        assert (tmp_path / name).exists()


def test_joining_keeps_order_and_labels():
    a, b = _pictures(2, 0, np.array(["x", "y"], object)), _pictures(2, 1, np.array(["z", "x"], object))
    both = FORMAT.join([a, b])
    assert np.array_equal(both.pixels, np.concatenate([a.pixels, b.pixels]))
    assert both.labels is not None
    assert both.labels.tolist() == ["x", "y", "z", "x"]
    assert FORMAT.join([a, _pictures(2)]).labels is None


def test_the_fingerprint_knows_pixels_and_labels():
    plain = _pictures(3)
    changed = Pictures.of(plain.pixels.copy(), None, 16, "noise")
    assert FORMAT.fingerprint(changed) == FORMAT.fingerprint(plain)
    assert isinstance(changed.source, InMemory)
    changed.source.pixels[2, 3, 3] ^= 1
    assert FORMAT.fingerprint(changed) != FORMAT.fingerprint(plain)
    assert FORMAT.fingerprint(_pictures(3, labels=np.array(["a"] * 3, object))) != FORMAT.fingerprint(plain)


def test_a_picture_as_text():
    picture = np.array([[0, 4, 8], [12, 16, 1]], np.uint8)
    assert as_numbers(picture) == " 0  4  8\n12 16  1"
    assert as_shades(picture[None], 16) == "  ░░▒▒\n▓▓██"
    assert as_shades(np.stack([picture, picture]), 16).splitlines()[0] == "  ░░▒▒     ░░▒▒"
    records = _pictures(2)
    codec = ImageCodec.fit(records, ImageOptions(), 0)
    assert as_numbers(records.pixels[0]) in FORMAT.preview(records).as_text()
    assert "4 x 4 pixels" in RECIPE.describe(codec)[0]["learnt"]

"""Pictures as samples and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gansmith.errors import DataError, ModelFileError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import HIGHEST_VALUES, Form, InMemory, Pictures

SHAPES = st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))


def codec_of(*form):
    return ImageCodec(Form(*form), AttributeCodec.fit(Attributes()))


def _block(pictures):
    return pictures.source.block(pictures.numbers)


@st.composite
def pixels_and_highest(draw):
    highest = draw(st.sampled_from(HIGHEST_VALUES))
    return draw(arrays(np.uint8, draw(SHAPES), elements=st.integers(0, highest))), highest


@given(pixels_and_highest())
def test_decoding_undoes_encoding_exactly(both):
    drawn = Pictures.of(both[0], None, both[1], "drawn")
    codec = ImageCodec.fit(drawn, ImageOptions(), 0)
    compact = codec.encode(drawn, 0)
    samples = codec.expand(compact)
    assert samples.shape == (len(drawn), *codec.shape)
    assert ((samples >= 0) & (samples <= 1)).all()
    decoded = codec.decode(codec.compact(samples), 0, 0)
    seen = np.ones_like(both[0])
    if codec.form.has_alpha:  # what nobody sees is not kept
        seen[..., :-1] = both[0][..., -1:] > 0.2 * both[1]
    assert np.array_equal(np.where(seen, _block(decoded), 0), np.where(seen, both[0], 0))
    assert decoded.pixels.dtype == np.uint8
    assert decoded.highest == drawn.highest


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
def test_deep_pictures_come_back_as_they_went_in(kind):
    pixels = np.array([[[0 if kind == "uint16" else -3, 0, 7, 4095]]]).astype(kind)[..., None]
    form = Form(1, 4, 1, kind, float(pixels.min()), 4095.0)
    deep = Pictures(InMemory(pixels), np.arange(1), form, Attributes(), "deep")
    codec = ImageCodec.fit(deep, ImageOptions(), 0)
    decoded = codec.decode(codec.compact(codec.expand(codec.encode(deep, 0))), 0, 0)
    assert decoded.pixels.dtype == np.dtype(kind)
    assert np.allclose(decoded.pixels, deep.pixels, atol=1e-3)


def test_masks_are_all_or_nothing():
    form = Form(1, 2, 2, "uint8", 0.0, 255.0, ("tumour",))
    codec = ImageCodec(form, AttributeCodec.fit(Attributes()))
    made = codec.decode(torch.tensor([[[[100.2, 100.0], [30.0, 200.0]]]]), 0, 0)
    assert _block(made).tolist() == [[[[100, 0], [30, 255]]]]


@given(pixels_and_highest())
def test_a_stored_codec_is_the_same(both):
    drawn = Pictures.of(both[0], None, both[1], "drawn")
    codec = ImageCodec.fit(drawn, ImageOptions(), 0)
    state, tensors = codec.state()
    again = ImageCodec.from_state(json.loads(json.dumps(state)), tensors)
    assert (again.form, again.can_be_mirrored) == (codec.form, codec.can_be_mirrored)


def test_what_is_known_of_pictures_is_stored():
    labels = np.array(["a", "b", "a", None], object)
    drawn = Pictures.of(np.zeros((4, 2, 2), np.uint8), labels, 255, "drawn")
    codec = ImageCodec.fit(drawn, ImageOptions(), 0)
    again = ImageCodec.from_state(*codec.state())
    assert again.attributes.names == ("label",)
    assert torch.equal(again.attributes.encode(drawn.attributes), codec.attributes.encode(drawn.attributes))


def test_white_is_one_and_values_are_rounded():
    codec = codec_of(1, 4, 1, "uint8", 0.0, 16.0)
    white = Pictures.of(np.full((1, 1, 4), 16, np.uint8), None, 16, "white")
    assert codec.expand(codec.encode(white, 0)).tolist() == [[[[1.0] * 4]]]
    samples = torch.tensor([[[[-0.2, 0.04, 7.4 / 16, 1.7]]]])
    assert codec.decode(codec.compact(samples), 0, 0).pixels.tolist() == [[[0, 1, 7, 16]]]


def test_other_pictures_are_refused():
    codec = codec_of(2, 2, 1, "uint8", 0.0, 16.0)
    with pytest.raises(DataError, match=r"2 x 3 pixels, .* but the model's have 2 x 2"):
        codec.encode(Pictures.of(np.zeros((1, 3, 2), np.uint8), None, 16, "p"), 0)
    with pytest.raises(DataError, match="a pixel of 17"):
        codec.encode(Pictures.of(np.full((1, 2, 2), 17, np.uint8), None, 16, "p"), 0)
    with pytest.raises(DataError, match="too large"):
        ImageCodec.fit(Pictures.of(np.zeros((1, 2, 1025), np.uint8), None, 16, "p"), ImageOptions(), 0)


GOOD = {
    "form": {"height": 8, "width": 8},
    "attributes": {"columns": [], "edges": []},
    "can_be_mirrored": False,
}


@pytest.mark.parametrize(
    "change",
    [
        {"form": {"height": 8}},
        {"form": {"height": 0, "width": 8}},
        {"form": {"height": 10**9, "width": 8}},
        {"form": {"height": "8", "width": 8}},
        {"form": {"height": 8, "width": 8, "depth": 1}},
        {"form": {"height": 8, "width": 8, "highest": 0.0}},
        {"form": {"height": 8, "width": 8, "masks": ["a"]}},
        {"form": {"height": 8, "width": 8, "pixel_type": "object"}},
        {"can_be_mirrored": 1},
        {"attributes": {"columns": []}},
        {"more": 1},
    ],
)
def test_a_damaged_state_is_refused(change):
    assert ImageCodec.from_state(GOOD, {}).form.width == 8
    with pytest.raises(ModelFileError, match=r"codec says|attributes"):
        ImageCodec.from_state({**GOOD, **change}, {})


def test_pixels_of_another_scale_are_refused():
    codec = codec_of(2, 2, 1, "uint8", 0.0, 255.0)
    few = np.full((1, 2, 2), 16, np.uint8)
    with pytest.raises(DataError, match="0 to 16, but the model's have 2 x 2 pixels, grey, 0 to 255"):
        codec.check(Pictures.of(few, None, 16, "p"))
    with pytest.raises(DataError, match=r"float32, 0 to 1, but"):
        codec.check(Pictures.of(few.astype(np.float32), None, 1, "p"))
    codec_of(2, 2, 1, "uint8", 0.0, 16.0).check(Pictures.of(few, None, 15, "p"))  # no pixel is white
    with pytest.raises(DataError, match="a pixel of -3"):
        codec_of(2, 2, 1, "int16", -2.0, 900.0).compacted(np.full((1, 2, 2, 1), -3, np.int16), "p")


def test_what_is_no_transparency_is_not_multiplied():
    for has_alpha, wanted in ((False, 1.0), (True, 0.0)):
        form = Form(1, 1, 2, "uint8", has_alpha=has_alpha)
        codec = ImageCodec(form, AttributeCodec.fit(Attributes()))
        pixels = np.array([[[[255, 0]]]], np.uint8)
        assert codec.expand(codec.compacted(pixels, "p"))[0, 0].item() == wanted
        back = ImageCodec.from_state(*codec.state())
        assert back.form.has_alpha == has_alpha

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
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import HIGHEST_VALUES, Pictures

SHAPES = st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(1, 9))


@st.composite
def pixels_and_highest(draw):
    highest = draw(st.sampled_from(HIGHEST_VALUES))
    return draw(arrays(np.uint8, draw(SHAPES), elements=st.integers(0, highest))), highest


@given(pixels_and_highest())
def test_decoding_undoes_encoding_exactly(both):
    drawn = Pictures.of(both[0], None, both[1], "drawn")
    codec = ImageCodec.fit(drawn, ImageOptions(), 0)
    samples = codec.encode(drawn, 0)
    assert samples.shape == (len(drawn), codec.n_values)
    assert ((samples >= 0) & (samples <= 1)).all()
    decoded = codec.decode(samples, 0, 0)
    assert np.array_equal(decoded.pixels, drawn.pixels)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.highest == drawn.highest


@given(pixels_and_highest())
def test_a_stored_codec_is_the_same(both):
    drawn = Pictures.of(both[0], None, both[1], "drawn")
    codec = ImageCodec.fit(drawn, ImageOptions(), 0)
    state, tensors = codec.state()
    assert not tensors
    assert ImageCodec.from_state(json.loads(json.dumps(state)), {}) == codec


def test_white_is_one_and_values_are_rounded():
    codec = ImageCodec(1, 4, 16)
    white = Pictures.of(np.full((1, 1, 4), 16, np.uint8), None, 16, "white")
    assert codec.encode(white, 0).tolist() == [[1.0] * 4]
    decoded = codec.decode(torch.tensor([[-0.2, 0.04, 7.4 / 16, 1.7]]), 0, 0)
    assert decoded.pixels.tolist() == [[[0, 1, 7, 16]]]


def test_other_pictures_are_refused():
    codec = ImageCodec(2, 2, 16)
    with pytest.raises(DataError, match="3 x 2 pixels, but the model's have 2 x 2"):
        codec.encode(Pictures.of(np.zeros((1, 3, 2), np.uint8), None, 16, "p"), 0)
    with pytest.raises(DataError, match="a pixel of 17"):
        codec.encode(Pictures.of(np.full((1, 2, 2), 17, np.uint8), None, 255, "p"), 0)
    with pytest.raises(DataError, match="too large"):
        ImageCodec.fit(Pictures.of(np.zeros((1, 2, 257), np.uint8), None, 16, "p"), ImageOptions(), 0)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"height": 8, "width": 8},
        {"height": 8, "width": 8, "highest": 17},
        {"height": 0, "width": 8, "highest": 16},
        {"height": 10**9, "width": 8, "highest": 16},
        {"height": "8", "width": 8, "highest": 16},
        {"height": 8, "width": 8, "highest": 16, "depth": 1},
    ],
)
def test_a_damaged_state_is_refused(state):
    with pytest.raises(ModelFileError, match="codec says"):
        ImageCodec.from_state(state, {})

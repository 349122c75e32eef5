"""Windows and what is found in pairs: everything is seen, and both sides lie together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.engine.batches import Batch
from gansmith.engine.randomness import Randomness
from gansmith.errors import DataError
from gansmith.modalities.pairs import PairOptions
from gansmith.modalities.pairs.codec import PairCodec
from gansmith.modalities.pairs.format import PairFormat
from gansmith.modalities.pairs.networks import PairNetworks
from gansmith.modalities.pairs.recipe import PairRecipe, smaller
from gansmith.modalities.pairs.windows import Windows, brought_to, cut, fitting
from gansmith.settings import from_plain

SIZES = PairNetworks((4,), (4,))


def shades(n: int, height: int, width: int, dtype: str = "uint8") -> np.ndarray:
    """Pictures of which no two pixels of one are alike."""
    one = np.arange(height * width).reshape(height, width) * (1 if dtype != "uint8" else 255 / height / width)
    return np.stack([np.roll(one, k, 1) for k in range(n)]).astype(dtype)


def pairs_of(source: object, **options: object):
    options_ = from_plain(PairOptions, options)
    pairs = PairFormat().read(source, options_)
    return pairs, PairCodec.fit(pairs, options_, 0)


def test_windows_of_both_sides_lie_together():
    given = shades(3, 60, 70)
    pairs, codec = pairs_of((given, 255 - given))
    batch = Windows(codec, pairs).batch(torch.arange(50))
    assert tuple(batch["real"].shape[2:]) == codec.state_.window
    assert torch.equal(batch["real"], 255 - batch["source"])


def test_every_part_of_a_record_is_seen():
    counted = shades(1, 300, 200, "uint16")
    pairs, codec = pairs_of([*counted], upscale=2)
    windows = Windows(codec, pairs)
    seen = windows.batch(torch.arange(200))["real"]
    assert seen.dtype == torch.int32
    assert len(windows) >= 1_024
    assert len(seen.unique()) == counted.size  # corners too


def test_the_first_windows_are_of_one_record_each():
    pictures = np.stack([np.full((20, 20), 10 * k, np.uint8) for k in range(7)])
    pairs, codec = pairs_of((pictures, pictures))
    assert Windows(codec, pairs).batch(torch.arange(7))["real"].amax((1, 2, 3)).tolist() == [
        10 * k for k in range(7)
    ]


def test_a_small_record_is_continued():
    found = cut(np.arange(6.0, dtype=np.float32).reshape(1, 2, 3), (4, 3), np.array([0.5, 0.5]))
    assert found[0].tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5], [3, 4, 5]]


def test_whole_records_are_brought_to_one_size():
    given = shades(2, 48, 96)
    pairs, codec = pairs_of((given, given), size="32")
    batch = Windows(codec, pairs).batch(torch.arange(2))
    assert tuple(batch["real"].shape) == (2, 1, 32, 32)
    assert np.array_equal(
        batch["real"][0, :, 8:24].numpy(), brought_to(given[0][None], fitting((48, 96), 32))
    )


@pytest.mark.parametrize(
    ("given", "wanted", "found"),
    [
        (shades(4, 32, 32), shades(4, 32, 32) // 2 + 30, {"is_alike": True, "is_mask": False}),
        (shades(4, 32, 32), 255 * (shades(4, 32, 32) > 128).astype(np.uint8), {"is_mask": True}),
        (255 * (shades(4, 32, 32) > 200).astype(np.uint8), shades(4, 32, 32), {"is_various": True}),
        (shades(4, 32, 32), 255 - shades(4, 32, 32), {"is_alike": False, "is_various": False}),
    ],
)
def test_what_both_sides_have_in_common_is_found(given, wanted, found):
    state = pairs_of((given, wanted))[1].state_
    assert {name: getattr(state, name) for name in found} == found


@pytest.mark.parametrize(
    "mask",
    [
        np.eye(32, dtype=bool),
        np.eye(32, dtype=np.uint8),
        255 * np.eye(32, dtype=np.uint8),
        65535 * np.eye(32, dtype=np.uint16),
        np.eye(32, dtype=np.float32),
        255.0 * np.eye(32, dtype=np.float64),
    ],
    ids=["bool", "0 and 1", "8 bits", "16 bits", "shares", "floats to 255"],
)
def test_white_is_1_however_it_is_kept(mask):
    pairs, codec = pairs_of((shades(4, 32, 32), np.stack([mask] * 4)))
    seen = PairRecipe().samples(codec, SIZES, Windows(codec, pairs).batch(torch.arange(4)), None)
    assert codec.state_.is_mask
    assert torch.equal(seen["real"][0, 0], torch.eye(32))


def test_what_is_given_as_0_and_1_is_refused():
    with pytest.raises(DataError, match="nothing but 0 and 1 of 255"):
        pairs_of((np.stack([np.eye(32, dtype=np.uint8)] * 4), shades(4, 32, 32)))


@pytest.mark.parametrize("factor", range(2, 9))
def test_windows_fit_every_factor(factor):
    _, codec = pairs_of(shades(2, 200, 300), upscale=factor)
    assert all(side % factor == 0 for side in codec.state_.window)


def test_a_codec_comes_back_from_its_state():
    _, codec = pairs_of((shades(2, 32, 32), shades(2, 32, 32)))
    state, tensors = codec.state()
    assert PairCodec.from_state(state, tensors).state_ == codec.state_


def test_what_is_to_be_made_larger_is_made_smaller():
    pairs, codec = pairs_of(shades(2, 64, 64), upscale=4)
    recipe, windows = PairRecipe(), Windows(codec, pairs)
    batch = windows.batch(torch.arange(2))
    seen = recipe.samples(codec, SIZES, batch, None)
    assert torch.equal(seen["real"], batch["real"].float() / 255)
    assert torch.equal(seen["source"], smaller(seen["real"], 4))
    assert tuple(seen["source"].shape[2:]) == codec.source_window
    assert torch.equal((255 * seen["source"]).round(), 255 * seen["source"])


def test_what_is_to_be_mended_is_damaged_and_half_the_time_it_is_told_where():
    pictures = np.repeat(shades(8, 64, 64)[..., None], 3, 3)
    pairs, codec = pairs_of(pictures, restore=True)
    batch = Windows(codec, pairs).batch(torch.arange(64))
    seen = PairRecipe().samples(codec, SIZES, batch, Randomness(0).generator("conditions", 0))
    again = PairRecipe().samples(codec, SIZES, batch, Randomness(0).generator("conditions", 0))
    assert torch.equal(seen["source"], again["source"])
    assert seen["source"].shape[1] == 4
    is_told = (seen["source"][:, 3].amax((1, 2)) > 0).float().mean().item()
    assert 0.1 < is_told < 0.7
    assert not torch.equal(seen["source"][:, :3], seen["real"])


def test_both_sides_are_turned_alike():
    given = shades(8, 32, 32)
    pairs, codec = pairs_of((given, 255 - given))
    batch, turned = Windows(codec, pairs).batch(torch.arange(8)), 0
    for k in range(6):
        seen = PairRecipe().samples(codec, SIZES, batch, Randomness(k).generator("conditions", 0))
        assert torch.allclose(seen["real"], 1 - seen["source"])
        was = batch["real"].float() / 255
        turned += sum(not torch.equal(one, other) for one, other in zip(seen["real"], was, strict=True))
    assert 12 < turned < 36  # of 48, each by itself


def test_a_batch_has_no_other_parts():
    pairs, codec = pairs_of(shades(2, 64, 64), upscale=2)
    seen = PairRecipe().samples(codec, SIZES, Windows(codec, pairs).batch(torch.arange(2)), None)
    assert isinstance(seen, Batch)
    assert set(seen.parts) == {"real", "source"}

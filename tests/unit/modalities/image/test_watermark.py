"""The invisible mark: found after JPEG and at half the size, nowhere else, and not to be seen."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.marking import UNWANTED
from gansmith.modalities.image.pictures import Form, InMemory, Pictures
from gansmith.modalities.image.watermark import FEWEST_BITS, N_BITS, NAME, Reading, marked, read_mark, why_not

FORMAT = ImageFormat()


def _photograph(height, width, n_channels=3, seed=0):
    """Blurred noise of several scales, as photographs are."""
    rng, total = np.random.default_rng(seed), np.zeros((height, width, n_channels))
    for scale in (0.7, 2, 6, 20):
        noise = gaussian_filter(rng.standard_normal((height, width, n_channels)), (scale, scale, 0))
        total += noise / noise.std() * scale**0.5
    return (128 + 14 * total).clip(0, 255).astype(np.uint8)


def _jpeg(pixels, quality=70):
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def _half(pixels):
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def pair():
    picture = _photograph(280, 320)
    return picture, marked(picture)


@pytest.mark.parametrize(
    "attack", [np.array, _jpeg, _half, lambda one: _jpeg(_half(one))], ids=["none", "jpeg", "half", "both"]
)
def test_the_mark_is_read_after_each_attack(pair, attack):
    assert read_mark(attack(pair[1])).n_right == N_BITS


def test_nobody_sees_it(pair):
    apart = pair[0].astype(float) - pair[1]
    assert 10 * np.log10(255**2 / (apart**2).mean()) >= 40


def test_pictures_without_it_are_coins():
    said = [read_mark(_photograph(96, 96, 1, seed)).n_right for seed in range(40)]
    assert abs(np.mean(said) - 18) < 2  # the better of two layouts
    assert max(said) < FEWEST_BITS


def test_the_same_picture_gets_the_same_mark(pair):
    assert np.array_equal(marked(pair[0]), pair[1])


@pytest.mark.parametrize(
    ("sides", "n_channels"), [((64, 80), 1), ((200, 90), 3), ((70, 70), 4), ((70, 70), 2)]
)
def test_any_kind_of_channels_holds_it(sides, n_channels):
    picture = _photograph(sides[0], sides[1], n_channels)
    made = marked(picture)
    assert made.shape == picture.shape
    assert read_mark(made).is_marked
    if n_channels in (2, 4):
        assert np.array_equal(made[..., -1], picture[..., -1])  # transparency


def _sky():
    return np.rint(np.linspace(120, 140, 256 * 256 * 3)).reshape(256, 256, 3).astype(np.uint8)


def _drawing():
    """White paper with dark lines: the mark finds little to hide in, and half of a change is clipped."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    rows, columns = np.indices((256, 256))
    for number in range(6):
        picture[abs(np.hypot(rows - 40 * number, columns - 128) - 60) < 3] = 30
    return picture


@pytest.mark.parametrize("picture", [np.full((256, 256, 3), 128, np.uint8), _sky(), _drawing()])
def test_flat_pictures_hold_it_after_both_attacks(picture):
    made = marked(picture)
    assert 10 * np.log10(255**2 / ((picture.astype(float) - made) ** 2).mean()) >= 40
    assert read_mark(made).n_right == N_BITS
    assert read_mark(_jpeg(_half(made))).is_marked


def test_a_flat_picture_changes_by_small_steps():
    made = marked(np.full((256, 256, 3), 128, np.uint8))
    assert abs(made.astype(int) - 128).max() <= 4


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((63, 200, 1), np.uint8), "smaller than 64 px"),
        (np.zeros((80, 80, 1), np.uint16), "uint16, not 8 bits"),
        (np.zeros((80, 80, 5), np.uint8), "5 channels"),
    ],
)
def test_what_cannot_hold_it_stays(pixels, reason):
    assert why_not(pixels) == reason
    assert marked(pixels) is pixels


def test_chances_are_those_of_coins():
    assert Reading(32).chance == pytest.approx(2 / 2**32, rel=1e-6)
    assert Reading(16).chance > 0.5
    assert Reading(FEWEST_BITS).is_marked
    assert not Reading(FEWEST_BITS - 1).is_marked


def _written(path, form, options):
    block = np.stack([_photograph(form.height, form.width, form.n_channels, seed) for seed in range(2)])
    records = Pictures(InMemory(block), np.arange(2), form, Attributes(), "generated")
    with FORMAT.writer(path, records, {}, options) as writer:
        writer.write(records)
    return block


def test_pictures_that_are_written_carry_it_but_not_their_masks(tmp_path):
    block = _written(tmp_path / "out", Form(70, 66, 2, masks=("m",)), ImageOptions())
    found = list(FORMAT.marks_in(str(tmp_path / "out")))
    of_pictures = [one for one in found if "masks" not in one.name]
    assert [one.is_marked for one in of_pictures] == [True, True]
    assert all(one.says_so for one in found)
    with Image.open(tmp_path / "out" / "masks" / "m" / "00000.png") as mask:
        assert np.array_equal(np.asarray(mask), block[0, ..., 1])
    with Image.open(tmp_path / "out" / "00000.png") as picture:
        assert picture.info["watermark"] == NAME


def test_nobody_has_to_take_it(tmp_path):
    block = _written(tmp_path / "out.npy", Form(70, 66, 1), ImageOptions(no_mark=True))
    assert np.array_equal(np.load(tmp_path / "out.npy"), block[..., 0])
    assert FORMAT.mark_of(Pictures.of(block, None, 255, "x"), ImageOptions(no_mark=True)) == UNWANTED


def test_a_grid_carries_it_as_a_whole(tmp_path):
    _written(tmp_path / "out.png", Form(70, 66, 1), ImageOptions())
    (found,) = FORMAT.marks_in(str(tmp_path / "out.png"))
    assert found.is_marked

"""Values of masks: two tones are one mask, a few are classes, a JPEG's are two again."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.image.mask_values import is_box, is_like_a_mask, mask_values


def _of(*samples, name="", is_lossy=False):
    return mask_values([np.asarray(one) for one in samples], name, "masks", is_lossy=is_lossy)


def _grey(*values, dtype=np.uint8):
    return np.array(values, dtype).reshape(1, -1, 1)


@pytest.mark.parametrize(("low", "high"), [(0, 255), (0, 1), (1, 2), (10, 200)])
def test_two_values_are_one_mask(low, high):
    found = _of(_grey(low, high, low))
    assert found.names == ("mask",)
    assert found.planes(_grey(low, high, low))[..., 0].tolist() == [[False, True, False]]


def test_one_value_in_all_that_were_looked_at():
    assert _of(_grey(0, 0)).planes(_grey(0, 1)).ravel().tolist() == [False, True]
    assert _of(_grey(255, 255)).planes(_grey(0, 255)).ravel().tolist() == [False, True]
    assert _of(_grey(0, 3), is_lossy=True).planes(_grey(7, 250)).ravel().tolist() == [False, True]


def test_a_jpeg_is_cut_at_half():
    values = np.zeros((40, 40), np.uint8)
    values[7:25, 9:30] = 255
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG", quality=60)
    blurred = np.asarray(Image.open(file))[..., None]
    assert len(np.unique(blurred)) > 8
    found = _of(blurred, is_lossy=True)
    assert found.names == ("mask",)
    assert np.array_equal(found.planes(blurred)[..., 0], values > 0)
    assert is_like_a_mask(blurred)


def test_classes_are_masks_of_their_own():
    tones = _grey(0, 2, 1, 2, 0)
    found = _of(tones[:, :2], tones[:, 2:])
    assert found.names == ("mask 1", "mask 2")
    assert found.planes(tones)[0].T.tolist() == [[0, 0, 1, 0, 0], [0, 1, 0, 1, 0]]
    assert _of(tones, name="cell").names == ("cell 1", "cell 2")


def test_colours_are_classes():
    tones = np.zeros((2, 2, 3), np.uint8)
    tones[0, 1], tones[1, 0] = (255, 0, 0), (0, 128, 255)
    found = _of(tones)
    assert found.names == ("mask #0080ff", "mask #ff0000")
    assert found.planes(tones)[..., 1].tolist() == [[False, True], [False, False]]


def test_what_is_transparent_is_not_marked():
    tones = np.full((1, 3, 4), 255, np.uint8)
    tones[0, 1, 3] = 0
    assert _of(tones).planes(tones).ravel().tolist() == [True, False, True]


def test_grey_in_three_channels_is_grey():
    tones = np.repeat(_grey(0, 255, 0), 3, axis=2)
    found = _of(tones)
    assert found.names == ("mask",)
    assert found.planes(_grey(0, 255)).ravel().tolist() == [False, True]


def test_too_many_values_are_refused():
    with pytest.raises(DataError, match=r"masks: masks of 16 values\. Wanted: black and white, or PNG"):
        _of(_grey(*range(0, 256, 16)))
    with pytest.raises(DataError, match="masks of 3 values"):
        _of(_grey(0, 128, 255), is_lossy=True)
    assert not is_like_a_mask(_grey(*range(0, 256, 16)))


def test_no_mask_is_called_as_boxes_are():
    assert _of(_grey(0, 1), name="box cat").names == ("mask box cat",)
    assert [is_box(name) for name in ("box", "box cat", "boxer", "mask")] == [True, True, False, False]

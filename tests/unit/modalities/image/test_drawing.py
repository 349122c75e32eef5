"""Pictures of a form, drawn for people."""

from __future__ import annotations

import numpy as np

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.drawing import grid_of, preview_of, seen
from gansmith.modalities.image.pictures import Form, InMemory, Pictures


def _deep(n=3):
    """Grey pictures of 12 bits with one mask, which is set in the right half."""
    pixels = np.full((n, 4, 6, 2), 4095, np.uint16)
    pixels[:, :, :3, 1] = 0
    form = Form(4, 6, 2, "uint16", 0.0, 4095.0, ("cell",))
    return Pictures(InMemory(pixels), np.arange(n), form, Attributes({}), "deep")


def test_the_form_says_what_is_white_and_what_is_a_mask():
    shown = seen(_deep())
    assert shown.shape == (3, 4, 6, 3)
    assert (shown[:, :, :3] == 255).all()
    assert (shown[:, :, 3:] == (255, 159, 159)).all()


def test_labels_stand_to_the_left_of_their_rows():
    plain, labelled = grid_of(_deep(), 1), grid_of(_deep(), 1, ["one", "", "three"])
    room = labelled.shape[1] - plain.shape[1]
    assert np.array_equal(labelled[:, room:], plain)
    rows = np.array_split((labelled[:, :room] > 150).any((1, 2)), 3)
    assert [bool(row.any()) for row in rows] == [True, False, True]


def test_a_preview_keeps_the_values_of_small_grey_pictures():
    digits = Pictures.of(np.full((5, 2, 2), 9, np.uint8), None, 16)
    preview = preview_of(digits, 3)
    assert (preview.pixels.shape, preview.highest) == ((3, 2, 2), 16)
    assert preview.as_text().endswith("9 9\n9 9")
    deep = preview_of(_deep(), 2)
    assert (deep.pixels.shape, deep.highest) == ((2, 4, 6, 3), 255)

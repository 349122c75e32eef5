"""Made pictures: deterministic, of the values they promise, with as many cells as they say."""

from __future__ import annotations

import numpy as np

from bench.phantoms import CT_HIGHEST, CT_OFFSET, MOST_CELLS, cells, counted_cells, ct_slices


def test_slices_hold_air_lung_and_tissue_in_16_bits():
    slices = ct_slices(12, seed=0, side=32)
    assert slices.dtype == np.uint16
    assert slices.shape == (12, 32, 32)
    assert slices.max() <= CT_HIGHEST
    values = slices.astype(int) - CT_OFFSET
    for low, high in ((-1024, -950), (-900, -700), (-20, 100)):
        assert ((values > low) & (values < high)).mean() > 0.05


def test_a_picture_depends_on_its_seed_and_number_alone():
    assert np.array_equal(ct_slices(3, seed=5, side=16), ct_slices(6, seed=5, side=16)[:3])
    assert not np.array_equal(ct_slices(3, seed=5, side=16), ct_slices(3, seed=6, side=16))
    few, more = cells(3, seed=5), cells(6, seed=5)
    assert np.array_equal(few[0], more[0][:3])
    assert np.array_equal(few[1], more[1][:3])


def test_cells_are_counted():
    pixels, counts = cells(150, seed=1)
    assert pixels.dtype == np.uint8
    assert set(counts.tolist()) == set(range(1, MOST_CELLS + 1))
    counted = counted_cells(pixels)
    assert np.corrcoef(counted, counts)[0, 1] > 0.98
    assert np.mean(counted == counts) > 0.9
    assert counted_cells(np.zeros((1, 32, 32), np.uint8)).tolist() == [0]

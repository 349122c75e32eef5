"""One picture alone is learnt from by its pieces."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.reading import looks_like_pictures, read_pictures


def test_of_a_large_picture_pieces_areread_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr("gansmith.modalities.image.pieces.N_PIECES", 40)
    across = np.linspace(0, 255, 192).astype(np.uint8)
    Image.fromarray(np.tile(across, (96, 1))).save(tmp_path / "wide.png")
    for source in (tmp_path / "wide.png", tmp_path):
        assert looks_like_pictures(source)
        pieces = read_pictures(source, ImageOptions())
        assert pieces.pixels.shape == (40, 32, 64)
        assert any(note.startswith("one picture: 40 pieces of it are learnt from") for note in pieces.notes)
    spread = np.ptp(pieces.pixels[:, 16].astype(int), axis=1) / 255
    assert spread.min() > 0.48
    assert 0.6 < spread.mean() < 0.9
    assert np.array_equal(read_pictures(tmp_path, ImageOptions()).pixels, pieces.pixels)

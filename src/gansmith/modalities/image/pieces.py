"""One picture alone: it is learnt from by many pieces of it, at several scales.

Each piece has the proportions of the picture and shows at least half of each side, brought to one size: so
most of what goes together in the picture goes together in a piece, and no two show it at the same place.

Source:
    Shaham et al. 2019, "SinGAN: learning a generative model from a single natural image" (arXiv:1905.01164):
    a game on the patches of one picture, at several scales; here one game on pieces of all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.forming import resized
from gansmith.modalities.image.grids import files_of, read_grids
from gansmith.modalities.image.pictures import SMALLEST_ALONE_PX, Pictures
from gansmith.scorecard.features import draws

N_PIECES: Final = 2_000
SMALLEST_SHARE: Final = 0.5
"""Of each side of the picture that a piece shows."""


def pieces_of(picture: Pictures, source: object, options: ImageOptions) -> Pictures:
    """Pieces of one picture; it as it is where it is too small, or text, or has masks or transparency.

    Args:
        picture: Of the form that pieces are brought to.
        source: Where it came from: it is read once more, as large as it is.
        options: By which it was read.
    """
    form = picture.form
    if form.masks or form.has_alpha or form.n_channels not in (1, 3):
        return picture
    if files_of(source) is None and not isinstance(source, np.ndarray):
        return picture
    grids = read_grids(source, replace(options, size="", where=()), form.n_channels)
    if len(grids) != 1 or min(grids.sizes[0]) < SMALLEST_ALONE_PX:
        return picture
    whole = np.ascontiguousarray(grids.grid(0).transpose(1, 2, 0))  # (height, width, n_channels)
    rng = draws(0)
    shares = SMALLEST_SHARE + (1 - SMALLEST_SHARE) * rng.random(N_PIECES)
    places = rng.random((N_PIECES, 2))
    found = np.stack(
        [
            resized(_cut(whole, share, place), form.width, form.height, "stretch")
            for share, place in zip(shares.tolist(), places, strict=True)
        ]
    )
    note = (
        f"one picture: {N_PIECES:,} pieces of it are learnt from, of half of its sides to all of them; what "
        "is made is like these, and held-out scores are of pieces of the same picture"
    )
    pieces = Pictures.of(found, None, grids.highest, picture.name, (*picture.notes, note))
    return replace(pieces, form=replace(pieces.form, has_alpha=False))


def _cut(whole: np.ndarray, share: float, place: np.ndarray) -> np.ndarray:
    """A piece that shows such a share of each side."""
    sides = [max(1, round(share * side)) for side in whole.shape[:2]]
    firsts = [int(at * (own - side + 1)) for at, own, side in zip(place, whole.shape, sides, strict=False)]
    return whole[tuple(slice(first, first + side) for first, side in zip(firsts, sides, strict=True))]

"""Pictures for a report: grids, rows of a class, generated pictures above what they are most like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from gansmith.modalities.canvas import Canvas, as_address, reduced, tiled
from gansmith.modalities.image.drawing import seen
from gansmith.modalities.image.pictures import Pictures
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.records import Target

Gallery = dict[str, Any]
"""name, title, caption, label (what is to be seen, in words) and image, a data address; perhaps rows, the
names of equally high rows."""

LARGEST_PX: Final = 72
"""Of the longer side of a picture on a page."""
LEGIBLE_PX: Final = 40
"""Smaller pictures are shown enlarged by a whole number, until they have that."""
_HALF_PAGE_PX: Final = 440
BACKGROUND: Final = 128
_MAX_CLASSES: Final = 12
_N_PAIRS: Final = 12
_N_BLOCKS: Final = 2


def plain_gallery(name: str, title: str, pictures: Pictures) -> Gallery:
    """Some pictures in rows, about as many as fill a square."""
    tiles = _tiles(pictures, np.arange(1))
    n_columns, n_rows = (_n_that_fit(side, tiles, _HALF_PAGE_PX) for side in tiles.shape[2:0:-1])
    n = min(len(pictures), n_columns * n_rows)
    tiles = _tiles(pictures, np.arange(n))
    label = f"{title}: {len(tiles)} of {len(pictures):,}, in a grid."
    return _gallery(name, title, f"{n:,} of {len(pictures):,}", label, [tiles], n_columns)


def rows_gallery(name: str, title: str, caption: str, pictures: Pictures, n_columns: int) -> Gallery:
    """Pictures in rows of so many."""
    label = f"{title}: rows of {n_columns} pictures."
    return _gallery(name, title, caption, label, [_tiles(pictures, np.arange(len(pictures)))], n_columns)


def class_rows(fake: Pictures, real: Pictures, targets: Sequence[Target]) -> list[Gallery]:
    """Of the first target, real and generated pictures of each class in rows of their own: two galleries.

    Classes that may not be named are left out.
    """
    if not targets or targets[0].name not in fake.attributes.columns:
        return []
    target, found = targets[0], list[Gallery]()
    classes = [one for one in target.classes if one not in target.rare]
    if not classes:
        return []
    for name, title, pictures in (
        ("real-classes", "Real pictures by", real),
        ("synthetic-classes", "Generated pictures by", fake),
    ):
        one_tile = _tiles(pictures, np.arange(1))
        n_columns = _n_that_fit(one_tile.shape[2], one_tile, _HALF_PAGE_PX)
        column = pictures.attributes.columns[target.name].tolist()
        rows: list[np.ndarray] = []
        for one in classes[:_MAX_CLASSES]:
            places = np.flatnonzero([value == one for value in column])[:n_columns]
            tiles = _tiles(pictures, places)
            lacking = np.full((n_columns - len(tiles), *one_tile.shape[1:]), BACKGROUND, np.uint8)
            rows.append(np.concatenate([tiles, lacking]) if len(tiles) else lacking)
        shown = classes[:_MAX_CLASSES]
        title = f"{title} {target.name}"
        n_left = len(target.classes) - len(shown)
        caption = f"{len(shown)} of {len(target.classes)}" if n_left else ""
        label = f"{title}, one row for each of {', '.join(shown)}."
        found.append(_gallery(name, title, caption, label, [np.concatenate(rows)], n_columns, shown))
    return found


def pairs_gallery(fake: Pictures, train: Pictures, likeness: Likeness, border: float) -> Gallery:
    """The generated pictures that are most like one training picture, above these, in two blocks."""
    order = np.argsort(likeness.ratio, kind="stable")[:_N_PAIRS]
    n_columns = -(-len(order) // _N_BLOCKS)
    blocks = [
        np.concatenate([_tiles(fake, some), _blank_up_to(n_columns, fake, some), _tiles(train, near)])
        for some in np.split(order, range(n_columns, len(order), n_columns))
        for near in [likeness.which[some]]
    ]
    n_near = int(likeness.is_near(border).sum())
    caption = (
        "Above generated pictures, below the training picture that each is most like, the most suspicious "
        f"first. {n_near:,} of {len(likeness.ratio):,} are near copies."
    )
    rows = ["generated", "training"] * len(blocks)
    return _gallery("suspicious", "The most suspicious pictures", caption, caption, blocks, n_columns, rows)


def _blank_up_to(n_columns: int, pictures: Pictures, some: np.ndarray) -> Canvas:
    shape = _tiles(pictures, np.arange(1)).shape[1:]
    return np.full((n_columns - len(some), *shape), BACKGROUND, np.uint8)


def _n_that_fit(side: int, tiles: Canvas, room_px: int) -> int:
    """How many tiles lie side by side, enlarged until they are legible."""
    scale = max(1, -(-LEGIBLE_PX // max(tiles.shape[1:3])))
    return int(np.clip(room_px // (scale * (side + 1)), 3, 12))


def _tiles(pictures: Pictures, rows: np.ndarray) -> Canvas:
    """Pictures as a person sees them, none larger than `LARGEST_PX`: `(n, height, width[, 3])`."""
    return reduced(seen(pictures.take(rows)), LARGEST_PX)


def _gallery(
    name: str,
    title: str,
    caption: str,
    label: str,
    blocks: Sequence[Canvas],
    n_columns: int,
    rows: Sequence[str] = (),
) -> Gallery:
    """Blocks of tiles below each other, each pixel once: a page enlarges them."""
    canvases = [tiled(tiles, 255, n_columns, 1, 1, BACKGROUND) for tiles in blocks]
    thickness = max(1, blocks[0].shape[1] // 10)  # between blocks, as seen beside a picture
    band = np.full((thickness, *canvases[0].shape[1:]), BACKGROUND, np.uint8)
    parts = [part for canvas in canvases for part in (band, canvas)][1:]
    named = {"rows": list(rows)} if rows else {}
    image = as_address(np.concatenate(parts))
    return {"name": name, "title": title, "caption": caption, "label": label, "image": image, **named}

"""Pictures for a report: grids, rows of a class, generated pictures above what they are most like."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from gansmith.modalities.canvas import Canvas, reduced, tiled
from gansmith.modalities.image.drawing import seen
from gansmith.modalities.image.pictures import Pictures
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.records import Target

Gallery = dict[str, str]
"""name, title, caption, label (what is to be seen, in words) and image, a data address."""

LARGEST_PX: Final = 72
"""Of the longer side of a picture on a page."""
MAX_LOSSLESS: Final = 300_000
"""Numbers of a grid that is kept as it is; of a larger one `QUALITY` is kept."""
QUALITY: Final = 90
"""Of 100."""
_N_ROWS: Final = 5
_MAX_CLASSES: Final = 12
_N_PAIRS: Final = 12


def plain_gallery(name: str, title: str, pictures: Pictures) -> Gallery:
    """Some pictures in rows."""
    tiles = _tiles(pictures, np.arange(min(len(pictures), _n_columns(pictures) * _N_ROWS)))
    return _gallery(
        name, title, "", f"{title}: {len(tiles)} of {len(pictures):,}.", tiles, _n_columns(pictures)
    )


def class_rows(fake: Pictures, real: Pictures, targets: Sequence[Target]) -> list[Gallery]:
    """Of the first target, real and generated pictures of each class in rows of their own."""
    if not targets or targets[0].name not in fake.attributes.columns:
        return []
    target, found = targets[0], list[Gallery]()
    for name, title, pictures in (
        ("real-classes", "Real pictures by", real),
        ("synthetic-classes", "Generated pictures by", fake),
    ):
        n_columns = max(2, _n_columns(pictures) // 2)
        column = pictures.attributes.columns[target.name].tolist()
        rows: list[np.ndarray] = []
        for one in target.classes[:_MAX_CLASSES]:
            places = np.flatnonzero([value == one for value in column])[:n_columns]
            tiles = _tiles(pictures, places)
            lacking = np.full(
                (n_columns - len(tiles), *_tiles(pictures, np.arange(1)).shape[1:]), 255, np.uint8
            )
            rows.append(np.concatenate([tiles, lacking]) if len(tiles) else lacking)
        shown = ", ".join(target.classes[:_MAX_CLASSES])
        title = f"{title} {target.name}"
        label = f"{title}, one row for each of {shown}."
        found.append(
            _gallery(name, title, f"From top to bottom: {shown}", label, np.concatenate(rows), n_columns)
        )
    return found


def pairs_gallery(fake: Pictures, train: Pictures, likeness: Likeness) -> Gallery:
    """The generated pictures that are most like one training picture, above these."""
    order = np.argsort(likeness.ratio, kind="stable")[: min(_N_PAIRS, _n_columns(fake))]
    pairs = [_tiles(fake, order), _tiles(train, likeness.which[order])]
    n_near = int(likeness.is_near.sum())
    caption = (
        "Above generated pictures, below the training picture that each is most like, the most suspicious "
        f"first. {n_near:,} of {len(likeness.ratio):,} are near copies."
    )
    return _gallery(
        "suspicious", "The most suspicious pictures", caption, caption, np.concatenate(pairs), len(order)
    )


def _n_columns(pictures: Pictures) -> int:
    """More of narrow ones."""
    height, width = pictures.form.height, pictures.form.width
    shown = width * min(1.0, LARGEST_PX / max(height, width))
    return int(np.clip(LARGEST_PX * 14 // max(shown, LARGEST_PX / 2), 4, 24))


def _tiles(pictures: Pictures, rows: np.ndarray) -> Canvas:
    """Pictures as a person sees them, none larger than `LARGEST_PX`: `(n, height, width[, 3])`."""
    return reduced(seen(pictures.take(rows)), LARGEST_PX)


def _gallery(name: str, title: str, caption: str, label: str, tiles: Canvas, n_columns: int) -> Gallery:
    """Each pixel once: a page enlarges them."""
    canvas, stream = tiled(tiles, 255, n_columns, 1, 1, 128), BytesIO()
    how = {"lossless": True} if canvas.size <= MAX_LOSSLESS else {"quality": QUALITY}
    Image.fromarray(canvas).save(stream, "WEBP", method=4, **how)
    address = "data:image/webp;base64," + b64encode(stream.getvalue()).decode("ascii")
    return {"name": name, "title": title, "caption": caption, "label": label, "image": address}

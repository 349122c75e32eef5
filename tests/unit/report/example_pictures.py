"""A report of pictures: made-up discs, rings and bars as galleries, a spectrum, a film of the training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gansmith.modalities.canvas import as_address, tiled

SIDE_PX = 28
SHAPES = ("disc", "ring", "bar")


def _shape(name: str, rng: np.random.Generator, noise: float) -> np.ndarray:
    """One grey picture, `(SIDE_PX, SIDE_PX)`."""
    down, across = np.mgrid[:SIDE_PX, :SIDE_PX] - SIDE_PX / 2 + rng.uniform(-4, 4, (2, 1, 1))
    far, size = np.hypot(down, across), rng.uniform(5, 9)
    inside = {
        "disc": size - far,
        "ring": 2 - np.abs(far - size),
        "bar": 3 - np.abs(down * math.cos(size) + across * math.sin(size)),
    }[name]
    grey = 255 / (1 + np.exp(-2 * inside)) + rng.normal(0, noise, far.shape)
    return grey.clip(0, 255).astype(np.uint8)


def grid(rng: np.random.Generator, n_columns: int, n_rows: int, noise: float, *, by_class: bool) -> str:
    """The address of a grid of pictures."""
    names = [SHAPES[row % 3] for row in range(n_rows) for _ in range(n_columns)]
    names = names if by_class else rng.choice(SHAPES, len(names)).tolist()
    pictures = np.stack([_shape(name, rng, noise) for name in names])
    return as_address(tiled(pictures, 255, n_columns, 1, 1, 128))


def gallery(name: str, title: str, caption: str, image: str, rows: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "label": f"{title}. {caption}",
        "image": image,
        "rows": list(rows),
    }


def plots(seed: int = 0) -> dict[str, Any]:
    """What a card of pictures has to draw."""
    rng = np.random.default_rng(seed)
    falling = [30.0 - 12 * math.log1p(band) for band in range(31)]
    return {
        "galleries": [
            gallery(
                "real", "Real pictures, held out", "49 of 2,000", grid(rng, 7, 7, 4, by_class=False)
            ),
            gallery(
                "synthetic", "Generated pictures", "49 of 2,000", grid(rng, 7, 7, 40, by_class=False)
            ),
            gallery("real-classes", "Real pictures by shape", "", grid(rng, 7, 3, 4, by_class=True), SHAPES),
            gallery(
                "synthetic-classes", "Generated pictures by shape", "",
                grid(rng, 7, 3, 40, by_class=True), SHAPES,
            ),
            gallery(
                "suspicious",
                "The most suspicious pictures",
                "Above generated pictures, below the training picture that each is most like, the most "
                "suspicious first. 3 of 2,000 are near copies.",
                grid(rng, 6, 4, 4, by_class=True),
                ("generated", "training") * 2,
            ),
            gallery(
                "between",
                "What lies between",
                "Each row is a walk from one generated picture, at the left, to another.",
                grid(rng, 9, 4, 20, by_class=True),
            ),
        ],
        "spectrum": {
            "real": falling,
            "synthetic": [level - 2 + 0.006 * band**2 for band, level in enumerate(falling)],
        },
    }  # fmt: skip


def film(seed: int = 0) -> list[dict[str, Any]]:
    """Six moments of a training, from noise to pictures."""
    rng = np.random.default_rng(seed)
    return [
        gallery(
            f"step-{step}", f"{20_000 * step:,} samples", "",
            grid(rng, 6, 6, 200 / (1 + step), by_class=False),
        )
        for step in range(6)
    ]  # fmt: skip

"""Small drawn photographs, and a training that is over at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

QUICK = [
    "--samples-seen",
    "16",
    "--batch-size",
    "4",
    "--generator-widths",
    "8",
    "--discriminator-widths",
    "8,8",
]


def drawn(seed: int, height: int = 40, width: int = 48) -> np.ndarray:
    """Soft blobs of colour."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / chance.uniform(2, 9)) * np.cos(columns / chance.uniform(2, 9)) for _ in range(3)]
    return (127 + 120 * np.stack(waves, 2)).astype(np.uint8)


def write(folder: Path, n: int = 4, first: int = 0, suffix: str = ".png") -> Path:
    """A new folder of drawn photographs."""
    folder.mkdir(parents=True)
    for number in range(n):
        Image.fromarray(drawn(first + number)).save(folder / f"{number}{suffix}")
    return folder

"""What measurements of translation share: pictures, a translator with a budget, a card as a line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from PIL import Image

from bench.peers.datasets import data_folder
from gansmith import Translator
from gansmith.modalities.grids import Translatable
from gansmith.modalities.registry import find_modality
from gansmith.nets.resizing import resized
from gansmith.scorecard.translation.measuring import Method, Trial, translation_card

RELIGHT: Final = "light/relight.py"
"""An independent way to make photographs old, or to take them at night or in winter."""

Pixels = np.ndarray
"""A picture, shape `(height, width)` or `(height, width, 3)`, 8 bits."""


@dataclass(frozen=True)
class Asked:
    """What a user wants measured, and how."""

    seconds: float
    seed: int
    threads: int
    pages: Path | None
    n_samples: int = 0
    """Windows to learn from in the place of a time, of all training of a name together."""

    def translator(self, share: float = 1.0, **settings: Any) -> Translator:
        """One that may learn for that share of the time."""
        length: dict[str, Any] = {"budget": f"{self.seconds * share:.0f}s"}
        if self.n_samples:
            length = {"samples_seen": int(self.n_samples * share)}
        return Translator(**length, seed=self.seed, threads=self.threads, **settings)


def pictures_of(archive: str, part: str = "") -> dict[str, Pixels]:
    """Pictures of an archive of the data folder, by name, in colour."""
    found: dict[str, Pixels] = {}
    with zipfile.ZipFile(data_folder() / archive) as opened:
        for name in sorted(opened.namelist()):
            if name.startswith(part) and name.lower().endswith((".png", ".jpg")):
                with opened.open(name) as file:
                    found[Path(name).stem] = np.asarray(Image.open(file).convert("RGB"))
    return found


def values(picture: Pixels) -> np.ndarray:
    """A picture as values of 0 to 1, channels first."""
    planes = picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(planes, dtype=np.float32) / 255


def pixels(planes: np.ndarray) -> Pixels:
    """The inverse of `values`."""
    whole = np.rint(255 * planes.clip(0, 1)).astype(np.uint8)
    return whole[0] if len(whole) == 1 else np.ascontiguousarray(whole.transpose(1, 2, 0))


def scaled(picture: Pixels, height: int, width: int) -> Pixels:
    """Bicubic, as papers have it."""
    return pixels(resized(torch.from_numpy(values(picture))[None], (height, width))[0].numpy())


def said(card: Any, methods: Sequence[str]) -> dict[str, Any]:
    """The scores of a card, as one line."""
    return {
        f"{method} {name}": [round(score.value, 4), None if score.error is None else round(score.error, 4)]
        for method in methods
        for name, score in card[method].scores.items()
    }


def judged(
    name: str, methods: Mapping[str, Method], trial: Trial, asked: Asked, **more: Any
) -> dict[str, Any]:
    """One line of figures, and a page where one is wanted."""
    card = translation_card(
        methods, trial, title=name, address=cast("Translatable", find_modality("image").format).address
    )
    print(card.as_text(), flush=True)
    if asked.pages:
        asked.pages.mkdir(parents=True, exist_ok=True)
        card.to_html(asked.pages / f"{name}.html", with_real_records=True)
    return {"name": name, **more, **said(card, [*methods])}


def relit(kind: str, picture: Pixels, seed: int) -> Pixels:
    """A photograph as it would be "old", at "night" or in "winter"."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.png", Path(folder) / "out.png"
        Image.fromarray(picture).save(given)
        script = data_folder() / RELIGHT
        command = [sys.executable, str(script), kind, str(given), str(made), "--seed", str(seed)]
        subprocess.run(command, check=True, capture_output=True)
        return np.asarray(Image.open(made).convert("RGB"))


def histogram_matched(picture: Pixels, photographs: Sequence[Pixels]) -> Pixels:
    """Each channel with the values that photographs have."""
    pooled = np.concatenate([one.reshape(-1, 3)[::37] for one in photographs])
    found = np.empty_like(picture)
    for channel in range(3):
        own = picture[..., channel]
        ranks = np.searchsorted(np.sort(own.ravel()), own, side="right") / own.size
        found[..., channel] = np.quantile(pooled[:, channel], ranks)
    return found


def mean(found: np.ndarray) -> list[float]:
    """A mean and its standard error."""
    return [round(float(found.mean()), 4), round(float(found.std(ddof=1) / len(found) ** 0.5), 4)]

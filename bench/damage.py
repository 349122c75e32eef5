"""How far damage takes pictures from what they were, and what it costs."""

from __future__ import annotations

import time
import zipfile
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from bench.machine import machine, one_thread
from bench.picture_sets import data_folder, pixels_of
from gansmith.engine.randomness import Randomness
from gansmith.modalities.image import DAMAGES
from gansmith.modalities.image.damage import damaged

SIDE_PX: Final = 96
BATCH_SIZE: Final = 8
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@one_thread()
def run(n_batches: int = 60) -> dict[str, Any]:
    """PSNR of damaged against clean pictures, in dB, and processor time of a batch, on one core."""
    path = data_folder() / "bsds500" / "bsds500_train40.zip"
    if not path.exists():
        print(f"{path} is not there")
        return {}
    print(f"{BATCH_SIZE} windows of {SIDE_PX} x {SIDE_PX} x 3; {machine()}")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        photographs = [pixels_of(archive.read(name), "RGB") for name in names]
    found: dict[str, Any] = {}
    for damage in DAMAGES:
        psnrs, seconds = zip(*(_measured(photographs, damage, k) for k in range(n_batches)), strict=True)
        quantiles = np.quantile(np.concatenate(psnrs), QUANTILES).tolist()
        found[damage] = {"psnr": quantiles, "milliseconds": 1e3 * float(np.median(seconds))}
        spelt = ", ".join(f"{share:.0%} {psnr:.1f}" for share, psnr in zip(QUANTILES, quantiles, strict=True))
        print(f"  {damage:8} {found[damage]['milliseconds']:.0f} ms a batch; PSNR in dB: {spelt}", flush=True)
    return found


def _measured(photographs: list[np.ndarray], damage: str, index: int) -> tuple[np.ndarray, float]:
    randomness = Randomness(0)
    pictures = torch.stack(
        [_window(photographs, randomness, BATCH_SIZE * index + k) for k in range(BATCH_SIZE)]
    )
    started = time.thread_time()
    left = damaged(pictures, damage, randomness.generator("damage", index)).pictures
    seconds = time.thread_time() - started
    errors = (left - pictures).square().mean((1, 2, 3)).clamp_min(1e-6)
    return -10 * np.log10(errors.numpy()), seconds


def _window(photographs: list[np.ndarray], randomness: Randomness, index: int) -> Tensor:
    which, down, across = randomness.uniform((3,), "windows", index).tolist()
    pixels = photographs[int(which * len(photographs))]
    top, left = (int(at * (n - SIDE_PX + 1)) for at, n in zip((down, across), pixels.shape[:2], strict=True))
    window = pixels[top : top + SIDE_PX, left : left + SIDE_PX]
    return torch.from_numpy(window.copy()).permute(2, 0, 1) / 255

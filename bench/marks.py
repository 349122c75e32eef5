"""The invisible mark: what it survives, how often it is seen where it is not, and how much it changes.

Its settings were chosen on the first twenty photographs; all figures are of others.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image

from bench.machine import machine, one_thread
from bench.peers.datasets import data_folder
from gansmith.modalities.image.watermark import FEWEST_BITS, N_BITS, marked, read_mark
from gansmith.scorecard.features import draws

N_TUNED: Final = 20
"""Photographs by which settings were chosen."""
SIZES: Final = (256, 192, 128, 96, 64)
N_UNMARKED: Final = 10_000
N_FLAT: Final = 20
Pixels = np.ndarray


def jpeg(pixels: Pixels, quality: int = 70) -> Pixels:
    stream = BytesIO()
    _image(pixels).save(stream, "JPEG", quality=quality)
    return _pixels(Image.open(stream))


def half(pixels: Pixels) -> Pixels:
    image = _image(pixels)
    return _pixels(image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC))


ATTACKS: Final[dict[str, Callable[[Pixels], Pixels]]] = {
    "none": np.array,
    "JPEG 70": jpeg,
    "half": half,
    "half, JPEG 70": lambda pixels: jpeg(half(pixels)),
}


@one_thread()
def run() -> dict[str, Any]:
    """Pictures with all bits right, and those called marked, after each attack; PSNR; false alarms."""
    print(machine())
    found: dict[str, Any] = {}
    for name, pictures in sets():
        found[name] = _measured(pictures)
        print(f"  {name}: {len(pictures)} pictures, {found[name]['said']}", flush=True)
    found["false alarms"] = false_alarms()
    print(f"  false alarms: {found['false alarms']}", flush=True)
    return found


def sets() -> Iterator[tuple[str, list[Pixels]]]:
    """Pictures by what they are and how large."""
    photographs = pictures_of("bsds500/bsds500_train40.zip")[N_TUNED:]
    yield "photographs of 481 x 321", photographs
    yield "Set5, 228 to 512 px", [one for one in pictures_of("set5/set5.zip") if min(one.shape[:2]) >= 256]
    scans = [one for one in pictures_of("brain_mri/brain_mri.zip", "yes/") if min(one.shape[:2]) >= 256]
    yield "brain MRI of 256 px and more, 8 bits", scans[:40]
    drawn = pictures_of("characters/characters64.zip", n=40)
    yield "drawn heads, enlarged to 256 px", [scaled(one, 256) for one in drawn]
    for side in SIZES:
        yield f"photographs of {side} px", [window(one, side) for one in photographs]
    yield "drawn heads of 64 px", drawn
    yield "faces of 92 x 112", pictures_of("orl_faces/orl_faces.zip", n=40)
    yield "nearly flat, 256 px", [_flat(seed) for seed in range(N_FLAT)]


def false_alarms() -> dict[str, Any]:
    """Pictures without the mark: windows of photographs, some halved or after JPEG, drawn heads, faces."""
    photographs, chance = pictures_of("bsds500/bsds500_train40.zip"), draws(0)
    said: list[int] = []
    for number in range(N_UNMARKED // 2):
        pixels, side = photographs[number % len(photographs)], int(chance.integers(64, 300))
        top, left = (int(chance.integers(0, length - side + 1)) for length in pixels.shape[:2])
        seen = pixels[top : top + side, left : left + side]
        said.append(read_mark(jpeg(seen) if number % 3 == 0 else seen).n_right)
    for archive in ("orl_faces/orl_faces.zip", "characters/characters64.zip"):
        said += [read_mark(one).n_right for one in pictures_of(archive, n=N_UNMARKED - len(said))]
    counts = np.array(said)
    alarms = int((counts >= FEWEST_BITS).sum())
    return {"pictures": len(said), "alarms": alarms, "most bits": int(counts.max()), "of": N_BITS}


def _measured(pictures: Sequence[Pixels]) -> dict[str, Any]:
    started = time.thread_time()
    made = [marked(one) for one in pictures]
    milliseconds = 1e3 * (time.thread_time() - started) / len(pictures)
    psnrs = [_psnr(one, other) for one, other in zip(pictures, made, strict=True)]
    said = [f"PSNR {np.mean(psnrs):.1f} dB, lowest {min(psnrs):.1f}; {milliseconds:.0f} ms each"]
    found: dict[str, Any] = {"psnr": psnrs, "milliseconds": milliseconds}
    for name, attack in ATTACKS.items():
        counts = np.array([read_mark(attack(one)).n_right for one in made])
        found[name] = counts.tolist()
        said.append(
            f"{name}: whole {(counts == N_BITS).mean():.0%}, found {(counts >= FEWEST_BITS).mean():.0%}"
        )
    found["said"] = "; ".join(said)
    return found


def _psnr(one: Pixels, other: Pixels) -> float:
    error = float(((one.astype(float) - other) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


def _flat(seed: int) -> Pixels:
    """One colour with a soft slope, as skies and studio walls are."""
    chance = draws(seed)
    rows, columns = np.mgrid[:256, :256] / 255 - 0.5
    colour, slopes = chance.uniform(40, 215, 3), chance.uniform(-15, 15, (2, 3))
    return np.rint(colour + rows[..., None] * slopes[0] + columns[..., None] * slopes[1]).astype(np.uint8)


# --- Pictures -----------------------------------------------------------------------------------------------


def pictures_of(archive: str, prefix: str = "", n: int | None = None) -> list[Pixels]:
    """Pictures of a zip, shape `(height, width, 1 or 3)`, those of a folder of it."""
    with zipfile.ZipFile(data_folder() / archive) as file:
        endings = (".png", ".jpg", ".jpeg", ".pgm")
        names = sorted(one for one in file.namelist() if one.lower().endswith(endings))
        names = [one for one in names if one.startswith(prefix)][:n]
        return [_pixels(Image.open(BytesIO(file.read(one)))) for one in names]


def window(pixels: Pixels, side: int) -> Pixels:
    """The square in the middle, brought to a size."""
    shorter = min(pixels.shape[:2])
    top, left = ((length - shorter) // 2 for length in pixels.shape[:2])
    return scaled(pixels[top : top + shorter, left : left + shorter], side)


def scaled(pixels: Pixels, side: int) -> Pixels:
    return _pixels(_image(pixels).resize((side, side), Image.Resampling.BICUBIC))


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _pixels(image: Image.Image) -> Pixels:
    found = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    return found[..., None] if found.ndim == 2 else found

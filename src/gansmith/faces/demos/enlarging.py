"""Pictures made four times larger: what was lost when they were reduced is learnt from others of their kind.

They are drawn here, so the large ones are known, and each can be looked at beside what was made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from gansmith.engine.train import StepRecord
from gansmith.faces.demos.pictures import make_folder
from gansmith.faces.demos.shapes import drawn_shapes
from gansmith.modalities.canvas import png_bytes
from gansmith.modalities.image.drawing import grid_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.store import write_whole
from gansmith.tasks.translate.translator import Translator

Show = Callable[[str], object]

FACTOR: Final = 4
SIDE_PX: Final = 64
N_PICTURES: Final = 400
N_SHOWN: Final = 8
ROWS: Final = ("given", "bicubic", "faithful", "made", "truth")


def run_enlarging(
    folder: Path,
    seed: int = 0,
    show: Show = print,
    *,
    n_pictures: int = N_PICTURES,
    samples_seen: int = 4_000,
) -> dict[str, Any]:
    """Draw pictures, learn to make them larger from some, and do so with others.

    Args:
        folder: Where the pictures, the page and the model go.
        seed: Of drawing and learning.
        show: Called with each line of text.
        n_pictures: That are learnt from.
        samples_seen: Length of the run.

    Returns:
        The files.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder)
    drawn = drawn_shapes(n_pictures + N_SHOWN, seed, SIDE_PX).pixels
    show(f"{n_pictures} pictures of {SIDE_PX} x {SIDE_PX} were drawn; {N_SHOWN} more are made small.")
    translator = Translator(upscale=FACTOR, samples_seen=samples_seen, seed=seed, verbose=False)
    translator.fit([*drawn[:n_pictures]], show=lambda record: _report(record, show))
    truths = [*drawn[n_pictures:]]
    given = [_scaled(truth, SIDE_PX // FACTOR, Image.Resampling.BICUBIC) for truth in truths]
    card = translator.score(given, truths)
    for one in card.methods:
        show(f"  {one.name:9} PSNR {one.scores['psnr'].value:5.1f} dB  {one.meaning}")
    rows = {
        "given": [_scaled(one, SIDE_PX, Image.Resampling.NEAREST) for one in given],
        "bicubic": [_scaled(one, SIDE_PX, Image.Resampling.BICUBIC) for one in given],
        "faithful": translator.transform(given, strength=0.0),
        "made": translator.transform(given),
        "truth": truths,
    }
    canvas = grid_of(Pictures.of(np.stack([one for name in ROWS for one in rows[name]])), N_SHOWN, ROWS)
    write_whole(folder / "larger.png", png_bytes(canvas, {"seed": str(seed)}))
    card.to_html(folder / "larger.html", with_real_records=True)
    translator.save(folder / "larger.gan")
    show(f"What was given, and what was made of it: {folder / 'larger.png'}, {folder / 'larger.html'}")
    return {"files": ["larger.png", "larger.html", "larger.json", "larger.gan"]}


def _report(record: StepRecord, show: Show) -> None:
    if record.score is not None:
        show(f"  {record.step / record.n_steps:4.0%}  nearness to held-out pictures {record.score:.3f}")


def _scaled(picture: np.ndarray, side: int, way: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((side, side), way))

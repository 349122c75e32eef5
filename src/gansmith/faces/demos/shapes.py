"""Pictures learnt by convolutional players, with what is asked for: coloured discs, squares and triangles.

They are drawn here, so nothing has to be there, and the truth is known: what a made picture was asked to be
can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from gansmith.faces.demos.pictures import make_folder
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.canvas import png_bytes
from gansmith.modalities.image.drawing import grid_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.store import write_whole
from gansmith.tasks.latents import film_of_walks
from gansmith.tasks.runs.fit import FitConfig, start

Show = Callable[[str], object]

SHAPES: Final = ("disc", "square", "triangle")
COLOURS: Final = {"red": (205, 60, 50), "green": (70, 150, 70), "blue": (60, 100, 190)}
SIDE_PX: Final = 24
N_PICTURES: Final = 3_000
N_SHOWN: Final = 12
"""Pictures of each shape in a grid."""


def drawn_shapes(n: int, seed: int, side_px: int = SIDE_PX) -> Pictures:
    """Discs, squares and triangles of three colours on white, of any size and place, slightly turned."""
    rng = np.random.default_rng(seed)
    shapes, colours = rng.choice(SHAPES, n), rng.choice(list(COLOURS), n)
    pixels = np.empty((n, side_px, side_px, 3), np.uint8)
    for number, (shape, colour) in enumerate(zip(shapes, colours, strict=True)):
        picture = Image.new("RGB", (4 * side_px, 4 * side_px), "white")
        radius = rng.uniform(0.2, 0.38) * picture.width
        middle = tuple(rng.uniform(radius, picture.width - radius, 2).tolist())
        shade = tuple(int(value) for value in np.clip(COLOURS[colour] + rng.normal(0, 12, 3), 0, 255))
        draw = ImageDraw.Draw(picture)
        if shape == "disc":
            draw.ellipse([*(m - 0.9 * radius for m in middle), *(m + 0.9 * radius for m in middle)], shade)
        else:
            n_sides = 4 if shape == "square" else 3
            draw.regular_polygon((*middle, radius), n_sides, rng.uniform(-15, 15), shade)
        pixels[number] = np.asarray(picture.resize((side_px, side_px), Image.Resampling.BOX))
    known = {"shape": shapes.astype(object), "colour": colours.astype(object)}
    return Pictures.of(pixels, name="drawn shapes", attributes=Attributes(known))


def run_shapes(
    folder: Path,
    seed: int = 0,
    show: Show = print,
    *,
    n_pictures: int = N_PICTURES,
    samples_seen: int = 60_000,
) -> dict[str, Any]:
    """Draw shapes, learn them, make new ones of each shape, and a film of what lies between.

    Args:
        folder: Where pictures, film and model go.
        seed: Of drawing, learning and sampling.
        show: Called with each line of text.
        n_pictures: That are drawn and learnt from.
        samples_seen: Length of the run.

    Returns:
        The held-out score, the files, how the run went.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder)
    real = drawn_shapes(n_pictures, seed)
    show(f"{len(real):,} pictures were drawn: {real.form}; {', '.join(SHAPES)} in {', '.join(COLOURS)}.")
    run = start(real, FitConfig(samples_seen=samples_seen, seed=seed))
    for record in run:
        if record.score is not None:
            show(f"  {record.step / record.n_steps:4.0%}  coverage of held-out pictures {record.score:.2f}")
    model = run.model()
    made = [model.sample(N_SHOWN, seed, {"shape": shape}) for shape in SHAPES]
    shown = {
        "shapes-real.png": [_of_shape(real, shape) for shape in SHAPES],
        "shapes-made.png": made,
    }
    for name, rows in shown.items():
        all_rows = model.modality.format.join(rows)
        canvas = grid_of(all_rows, N_SHOWN, SHAPES)
        write_whole(folder / name, png_bytes(canvas, {"seed": str(seed)}))
    film_of_walks(model, folder / "shapes-walk.gif", 4, 3, 12, seed, balance="shape")
    model.save(folder / "shapes.gan")
    files = [*shown, "shapes-walk.gif", "shapes-walk.gif.meta.json", "shapes.gan"]
    show(f"New ones of each shape: {folder / 'shapes-made.png'}")
    show(f"A film of what lies between: {folder / 'shapes-walk.gif'}")
    return {**run.summary(), "files": files}


def _of_shape(pictures: Pictures, shape: str) -> Pictures:
    """Some of one shape."""
    return pictures.take(np.flatnonzero(pictures.attributes.columns["shape"] == shape)[:N_SHOWN])

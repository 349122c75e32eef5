"""Pictures from a folder: one sub-folder for each class, new pictures of the class that is asked for."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import gansmith

with tempfile.TemporaryDirectory() as made:
    folder, rng = Path(made), np.random.default_rng(0)
    for number in range(300):
        shape = ("disc", "square")[number % 2]
        left, top, size = rng.integers(2, 7), rng.integers(2, 7), rng.integers(7, 10)
        picture = Image.new("RGB", (16, 16), "white")
        draw = ImageDraw.Draw(picture)
        box = (int(left), int(top), int(left + size), int(top + size))
        colour = tuple(rng.integers(40, 200, 3).tolist())
        draw.ellipse(box, fill=colour) if shape == "disc" else draw.rectangle(box, fill=colour)
        (folder / shape).mkdir(exist_ok=True)
        picture.save(folder / shape / f"{number}.png")

    # Longer is better: half an hour for photographs of 64 x 64, not half a minute for 16 x 16.
    model = gansmith.Synthesizer(samples_seen=2_560, seed=0, threads=1).fit(folder)
    discs = model.sample(8, where={"label": "disc"})
    print(f"{len(discs)} discs, {discs.shape[1]} x {discs.shape[2]} pixels, {discs.shape[3]} channels")

    model.write(folder / "new.zip", 20)  # PNGs and labels.csv; "new/" writes a folder, "new.png" one grid
    print(sorted(path.name for path in folder.glob("new.zip*")))

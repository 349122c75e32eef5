"""Pictures made of others: learn how edges become shapes, then fill in edges that were never seen."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import gansmith


def drawn(number: int) -> Image.Image:
    """A disc or a square somewhere, in a colour that its size decides."""
    chance = np.random.default_rng(number)
    left, top, size = (int(one) for one in chance.integers((4, 4, 10), (14, 14, 18)))
    picture = Image.new("RGB", (32, 32), "white")
    pen = ImageDraw.Draw(picture)
    box = (left, top, left + size, top + size)
    colour = (40 * (size - 10) % 256, 90, 200)
    pen.ellipse(box, fill=colour) if chance.random() < 0.5 else pen.rectangle(box, fill=colour)
    return picture


shapes = [drawn(number) for number in range(64)]
edges = [shape.convert("L").filter(ImageFilter.FIND_EDGES) for shape in shapes]

# Longer is better: minutes for drawings, half an hour for photographs.
translator = gansmith.Translator(samples_seen=320, seed=0, threads=1)
translator.fit([np.asarray(one) for one in edges[:48]], [np.asarray(one) for one in shapes[:48]])
filled = translator.transform(edges[60])  # a picture of Pillow's comes back
print(f"{filled.mode} picture of {filled.width} x {filled.height} pixels")

card = translator.score([np.asarray(one) for one in edges[48:]], [np.asarray(one) for one in shapes[48:]])
print(f"PSNR {card['made'].scores['psnr'].value:.1f} dB of pictures that were not learnt from")

"""Pictures made of others without pairs: bright ones become dark, and a colour becomes another."""

import numpy as np
from PIL import Image, ImageDraw

import gansmith

COLOURS = {"red": (200, 60, 60), "green": (60, 160, 60)}


def drawn(number: int, colour: str) -> np.ndarray:
    """A disc somewhere before a sky that is light above."""
    chance = np.random.default_rng(number)
    left, top, size = (int(one) for one in chance.integers((2, 8, 8), (12, 14, 14)))
    rows = np.linspace(240, 140, 32).astype(np.uint8)
    picture = Image.fromarray(np.repeat(np.repeat(rows[:, None, None], 32, 1), 3, 2))
    ImageDraw.Draw(picture).ellipse((left, top, left + size, top + size), fill=COLOURS[colour])
    return np.asarray(picture)


red = np.stack([drawn(number, "red") for number in range(30)])
green = np.stack([drawn(100 + number, "green") for number in range(30)])
night = green // 4  # of other pictures: nobody knows the counterpart of any

# Longer is better: some minutes for drawings, half an hour for photographs.
darker = gansmith.Translator(unpaired=True, samples_seen=160, seed=0, threads=1).fit(red, night)
dark = darker.transform(red[0])
print(f"mean {red[0].mean():.0f} became {dark.mean():.0f}; dark ones have {night.mean():.0f}")

known = (np.concatenate([red, green]), np.repeat(["red", "green"], 30))
painter = gansmith.Translator(to_attribute="label", samples_seen=160, seed=0, threads=1).fit(known)
changed = painter.transform(red[0], where="label=green")
print(f"asked for green: on average {abs(changed - 0.0 - red[0]).mean():.0f} of 255 changed")

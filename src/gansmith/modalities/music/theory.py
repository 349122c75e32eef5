"""Keys and metres: their names, and how they are found where a file does not say them."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

TONICS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_ENHARMONIC: Final = {"C#": 1, "D#": 3, "Gb": 6, "G#": 8, "A#": 10, "Cb": 11, "B#": 0, "E#": 5, "Fb": 4}
PITCH_CLASSES: Final = {**{name: place for place, name in enumerate(TONICS)}, **_ENHARMONIC}
MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10, 11)
"""Natural and raised seventh."""
_MODES: Final = ("m", "min", "aeo", "dor", "phr", "lyd", "mix", "loc")
_OF_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_OF_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a key, as listeners rated it."""
_TRIPLE_MARGIN: Final = 1.1
"""How much stronger a bar of three quarters must be than one of four."""

Notes = Float[np.ndarray, "n_notes 4"]
"""Where notes begin and how long they are, in quarter notes; MIDI pitch; velocity, 1 to 127."""


def key_name(tonic: int, *, is_minor: bool) -> str:
    """How a key is called.

    Example:
        >>> key_name(2, is_minor=True)
        'Dm'
    """
    return TONICS[tonic % 12] + ("m" if is_minor else "")


def spelt_key(text: str) -> str:
    """A key as we spell it; church modes as the major or minor key that is nearest; "" where it is none.

    Example:
        >>> spelt_key("A#m"), spelt_key("Ddor"), spelt_key("G mixolydian"), spelt_key("HP")
        ('Bbm', 'Dm', 'G', '')
    """
    text = text.strip()
    name = text[:2] if text[1:2] in ("#", "b") else text[:1]
    if name.capitalize() not in PITCH_CLASSES:
        return ""
    tonic = PITCH_CLASSES[name.capitalize()]
    mode = text[len(name) :].strip().lower()
    if mode and not mode.startswith(("maj", "ion", *_MODES)):
        return ""
    is_minor = mode == "m" or mode.startswith(("min", "aeo", "dor", "phr", "loc"))
    return key_name(tonic, is_minor=is_minor)


def signature(text: str) -> int:
    """The tonic of the major key with the same signature, as a pitch class.

    Example:
        >>> TONICS[signature("Am")], TONICS[signature("Ddor")], TONICS[signature("Amix")]
        ('C', 'C', 'D')
    """
    text = text.strip()
    name = text[:2] if text[1:2] in ("#", "b") else text[:1]
    tonic, mode = PITCH_CLASSES[name.capitalize()], text[len(name) :].strip().lower()
    steps = {"dor": -2, "phr": -4, "lyd": -5, "mix": -7, "aeo": 3, "min": 3, "loc": 1}
    if mode == "m":
        return (tonic + 3) % 12
    return (tonic + next((step for start, step in steps.items() if mode.startswith(start)), 0)) % 12


def parts_of(key: str) -> tuple[int, bool]:
    """The tonic of a key as a pitch class, and whether it is minor."""
    is_minor = key.endswith("m")
    return PITCH_CLASSES[key.removesuffix("m")], is_minor


def shift_to(key: str) -> int:
    """By how many semitones C major, or A minor, lies below or above a key: from -5 to 6.

    Example:
        >>> shift_to("D"), shift_to("Bm"), shift_to("G"), shift_to("")
        (2, 2, -5, 0)
    """
    if not key:
        return 0
    tonic, is_minor = parts_of(key)
    return (tonic - (9 if is_minor else 0) + 5) % 12 - 5


def scale_of(key: str) -> Int[np.ndarray, " n"]:
    """Its pitch classes, those of minor with both sevenths."""
    tonic, is_minor = parts_of(key)
    return (np.array(MINOR if is_minor else MAJOR) + tonic) % 12


def found_key(weights: Float[np.ndarray, " 12"]) -> str:
    """The key whose profile fits pitch classes best; "" of none.

    Args:
        weights: How long each pitch class sounds.

    Source:
        Krumhansl & Kessler 1982, "Tracing the dynamic changes in perceived tonal organization".
    """
    if np.count_nonzero(weights) < 2:
        return ""
    best, name = -np.inf, ""
    for is_minor, profile in ((False, _OF_MAJOR), (True, _OF_MINOR)):
        for tonic in range(12):
            fit = np.corrcoef(np.roll(profile, tonic), weights)[0, 1]
            if fit > best:
                best, name = fit, key_name(tonic, is_minor=is_minor)
    return name


def pitch_class_weights(notes: Notes) -> Float[np.ndarray, " 12"]:
    """How long each pitch class sounds."""
    return np.bincount(notes[:, 2].astype(np.int64) % 12, notes[:, 1], 12)


def found_metre(notes: Notes) -> str:
    """4/4 or 3/4, by the bar after which strong notes come again.

    A note is the stronger the longer it is, and several that begin together are stronger than one.

    Source:
        Brown 1993, "Determination of the meter of musical scores by autocorrelation".
    """
    if not len(notes):
        return "4/4"
    beats = np.round(2 * notes[:, 0]).astype(np.int64)
    strength = np.bincount(beats, np.sqrt(np.minimum(notes[:, 1], 4.0)))
    strength = strength - strength.mean()

    def again(lag: int) -> float:
        return float((strength[lag:] * strength[:-lag]).sum()) if lag < len(strength) else 0.0

    triple, quadruple = again(6) + again(12) + again(18), again(8) + again(16) + again(24)
    return "3/4" if triple > _TRIPLE_MARGIN * max(quadruple, 0.0) and triple > 0 else "4/4"

"""Sounds as pictures, and as something that is heard on a page."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.modalities.audio.levels import levels_of
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.canvas import Canvas
from gansmith.modalities.previews import SoundPreview

CONTRAST: Final = 0.35
"""Levels below, of 0 to 1, are white."""


def spectrograms(sounds: Sounds) -> Canvas:
    """Low bands below, time from left to right, dark is loud; shape `(n, height, width)`.

    Of stereo the mean is drawn.
    """
    loud = levels_of(sounds.waves, sounds.form).mean(1)
    shown = ((loud - CONTRAST) / (1 - CONTRAST)).clip(0, 1)
    return np.rint(255 * (1 - shown[:, ::-1])).astype(np.uint8)


def preview_of(sounds: Sounds, n: int) -> SoundPreview:
    """Some of them."""
    some = sounds.take(np.arange(min(n, len(sounds))))
    return SoundPreview(some.mono, some.form.rate_hz, spectrograms(some))

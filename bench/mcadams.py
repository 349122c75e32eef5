"""McAdams' coefficient: the voice changer without learning that others are compared with.

Source:
    Patino et al. 2021, "Speaker anonymisation using the McAdams coefficient" (arXiv:2011.01130): the poles of
    linear prediction, of order 20 in frames of 20 ms, get other angles, each raised to a power.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

ORDER = 20
FRAME_SECONDS = 0.02


def mcadams(wave: Float[np.ndarray, " n"], rate_hz: int, coefficient: float) -> Float[np.ndarray, " n"]:
    """A voice whose formants lie elsewhere.

    Args:
        wave: From -1 to 1.
        rate_hz: Samples a second.
        coefficient: The power; 1 leaves the voice as it was.
    """
    size = round(FRAME_SECONDS * rate_hz)
    hop, made = size // 2, np.zeros(len(wave) + size)
    window = np.sqrt(np.hanning(size + 1)[:-1])
    padded = np.concatenate([wave, np.zeros(size)])
    for first in range(0, len(wave), hop):
        frame = padded[first : first + size] * window
        found = np.correlate(frame, frame, "full")[size - 1 : size + ORDER]
        if found[0] < 1e-8:
            made[first : first + size] += frame * window
            continue
        found[0] *= 1 + 1e-6
        filtered = np.concatenate([[1.0], -solve_toeplitz(found[:-1], found[1:])])
        poles = np.roots(filtered)
        angles = np.angle(poles)
        moved = np.where(
            np.abs(poles.imag) > 1e-9,
            np.abs(poles) * np.exp(1j * np.sign(angles) * np.abs(angles) ** coefficient),
            poles,
        )
        rest = lfilter(filtered, [1.0], frame)
        made[first : first + size] += lfilter([1.0], np.real(np.poly(moved)), rest) * window
    made = made[: len(wave)]
    return made * min(1.0, 0.99 / max(1e-9, np.abs(made).max()))

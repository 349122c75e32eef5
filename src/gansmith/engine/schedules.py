"""One schedule for everything that changes during a run: half a cosine, counted in samples seen."""

from __future__ import annotations

import math


def cosine(start: float, end: float, progress: float) -> float:
    """From `start` to `end` along half a cosine wave, then constant.

    Args:
        start: Value at progress 0.
        end: Value at progress 1 and beyond.
        progress: Share of the run that is done: samples seen / samples in all.

    Example:
        >>> cosine(1.0, 0.0, 0.5)
        0.5
        >>> cosine(1.0, 0.25, 2.0)
        0.25
    """
    if start == end:
        return start
    share = min(max(progress, 0.0), 1.0)
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


def average_weight(batch_size: int, half_life_samples: float, samples_seen: int) -> float:
    """How far a moving average moves towards the newest weights in one step.

    The half-life ramps up with the run (never more than a twentieth of the samples seen), so that the
    average forgets the random start early.

    Returns:
        1 - beta in (0, 1], with beta = 0.5 ^ (batch / half-life).

    Source:
        Karras et al. 2020, "Training generative adversarial networks with limited data" (arXiv:2006.06676).
    """
    half_life = min(half_life_samples, 0.05 * samples_seen)
    return 1.0 if half_life <= 0 else 1.0 - 0.5 ** (batch_size / half_life)

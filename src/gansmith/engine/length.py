"""How long a run is, and how far it is on: a function of the step and of where the run was shortened.

A run that must end earlier than planned is shortened at a step: from there its schedules go on from where
they are, only faster, and still come to their ends. With the same cuts the same run comes out bit for bit.

Everything that changes during a run follows one schedule: half a cosine, counted in samples seen.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import final

from gansmith.errors import UsageError

Cuts = tuple[tuple[int, int], ...]
"""Pairs of the step after which a run was shortened and of its steps in all from then on."""


@final
@dataclass(frozen=True)
class Length:
    """Steps of a run.

    Raises:
        UsageError: From the constructor, when a cut does not shorten what is left after the one before.
    """

    n_planned: int
    """Steps that the run was started with."""
    cuts: Cuts = ()
    """Where it was shortened, in order."""

    def __post_init__(self) -> None:
        before, n_steps = -1, self.n_planned
        for step, n_left in self.cuts:
            if not before < step < n_left < n_steps:
                raise UsageError(
                    f"a run of {n_steps} steps, shortened last at step {before}, cannot be shortened to "
                    f"{n_left} at step {step}. Give the cuts as they were printed."
                )
            before, n_steps = step, n_left

    @property
    def n_steps(self) -> int:
        """Steps in all, as far as is known."""
        return self.cuts[-1][1] if self.cuts else self.n_planned

    def progress(self, step: int) -> Fraction:
        """Share of the run that is done after `step` steps, from 0 to 1.

        Example:
            >>> [str(Length(8, ((2, 4),)).progress(step)) for step in range(5)]
            ['0', '1/8', '1/4', '5/8', '1']
        """
        done, since, n_steps = Fraction(0), 0, self.n_planned
        for at, n_left in self.cuts:
            if step <= at:
                break
            done += (1 - done) * Fraction(at - since, n_steps - since)
            since, n_steps = at, n_left
        return done + (1 - done) * Fraction(step - since, n_steps - since)

    def share(self, step: int) -> float:
        """`progress` as the nearest decimal, found faster."""
        return float(self.progress(step)) if self.cuts else step / self.n_planned

    def is_due(self, step: int, n_times: int) -> bool:
        """Whether `step` brought one of `n_times` evenly spaced moments of the run."""
        if not self.cuts:
            return step * n_times // self.n_planned > (step - 1) * n_times // self.n_planned
        return self.progress(step) * n_times // 1 > self.progress(step - 1) * n_times // 1

    def shortened(self, step: int, n_steps: int) -> Length:
        """The same up to `step`, and `n_steps` in all; unchanged where that would not shorten it."""
        last = self.cuts[-1][0] if self.cuts else -1
        n_steps = max(n_steps, step + 1)
        if step <= last or n_steps >= self.n_steps:
            return self
        return Length(self.n_planned, (*self.cuts, (step, n_steps)))


def cuts_of(text: str) -> Cuts:
    """Cuts from how they are spelt: STEP:STEPS, with commas between.

    Raises:
        UsageError: When it is spelt otherwise.

    Example:
        >>> cuts_of("1200:2400,2000:2300")
        ((1200, 2400), (2000, 2300))
    """
    if not re.fullmatch(r"(\d+:\d+(,\d+:\d+)*)?", text):
        raise UsageError(
            f"cuts {text!r}: write STEP:STEPS, several with commas between, as they were printed."
        )
    pairs = (cut.split(":") for cut in text.split(",") if cut)
    return tuple((int(step), int(n_steps)) for step, n_steps in pairs)


def spelt_cuts(cuts: Cuts) -> str:
    """The inverse of `cuts_of`."""
    return ",".join(f"{step}:{n_steps}" for step, n_steps in cuts)


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

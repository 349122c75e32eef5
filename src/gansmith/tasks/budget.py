"""Time to learn: how it is written, and keeping a run within it when the machine becomes slower."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from typing import Final, final

from gansmith.errors import UsageError

MIN_STEPS: Final = 20
"""A budget buys at least so many steps."""
N_LOOKS: Final = 40
"""How often in a run its pace is looked at."""
_N_REMEMBERED: Final = 5
"""Looks that the pace is measured over: a tenth of the run, so that one evaluation in ten is among it."""
TOLERANCE: Final = 0.03
"""Share of the budget by which a run may be expected to be late before it is shortened."""


def parse_duration(budget: str) -> float:
    """A time such as "90s", "5m", "1h30m" or "300" in seconds.

    Raises:
        UsageError: When it is no such time, or none at all.

    Example:
        >>> parse_duration("1h30m")
        5400.0
    """
    match = re.fullmatch(r"(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s?)?", budget.strip().lower())
    try:
        hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0, 0, 0)
    except ValueError:
        hours, minutes, seconds = 0, 0, 0
    total = 3600 * hours + 60 * minutes + seconds
    if total <= 0:
        raise UsageError(f"budget {budget!r} is no time. Write for example 90s, 5m or 1h30m.")
    return total


@final
class Pace:
    """Looks at the clock now and then and says how long the run can be.

    Args:
        budget_seconds: All the time there is.
        deadline: When it is over, on the clock.
        step: Steps taken before the first look.
        clock: Seconds, never going back.
    """

    def __init__(
        self, budget_seconds: float, deadline: float, step: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._late_seconds, self._deadline = TOLERANCE * budget_seconds, deadline
        self._clock = clock
        self._looks = deque([(step, clock())], maxlen=_N_REMEMBERED)

    def look(self, step: int, n_steps: int) -> int:
        """Steps in all that end in time: `n_steps`, or fewer when that many would be too late."""
        now = self._clock()
        first_step, since = self._looks[0]
        self._looks.append((step, now))
        per_step = (now - since) / max(step - first_step, 1)
        if now + (n_steps - step) * per_step <= self._deadline + self._late_seconds:
            return n_steps
        n_in_time = step + max(1, int((self._deadline - now) / per_step))
        return min(n_steps, max(n_in_time, MIN_STEPS))

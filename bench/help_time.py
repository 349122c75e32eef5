"""How long `gansmith --help` takes, from the shell's point of view."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any, Final

from bench.machine import machine

TARGET_SECONDS: Final = 0.5


def run(n_rounds: int = 9) -> dict[str, Any]:
    """The median of several starts, the first of which does not count."""
    seconds: list[float] = []
    for _ in range(n_rounds + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "gansmith", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    median = statistics.median(seconds[1:])
    print(f"gansmith --help; {machine()}")
    print(f"first {seconds[0]:.3f} s, then from {min(seconds[1:]):.3f} to {max(seconds[1:]):.3f} s")
    print(f"median of {n_rounds}: {median:.3f} s (target: under {TARGET_SECONDS} s)")
    return {"seconds": seconds[1:], "median": median}

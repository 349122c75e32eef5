"""What a run says while it learns, on whatever screen, and how Ctrl-C ends it without losing anything.

The command line has a bar for it, Python the plain line of a `Teller`. Imports nothing that learns.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from gansmith.engine.games import Readings
    from gansmith.engine.train import StepRecord
    from gansmith.tasks.runs.fit import FitRun

SEEN_THROUGH: Final = 0.9
"""Shares of real and of fake records judged rightly above which the discriminator is far ahead."""
NEAR_A_HALF: Final = 0.1
"""How far from a half, a coin's share, both shares may be to be called guessing."""
SECONDS_BETWEEN: Final = 0.2
"""Between two texts of a line that is written over, at least."""


@final
class Teller:
    """Says on standard error what is going on.

    On a terminal and in a notebook the last line is written over; elsewhere only what stays is written.

    Args:
        is_on: Whether it says anything at all.
    """

    def __init__(self, is_on: bool) -> None:
        self._is_on = is_on
        self._is_live = is_on and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self._n_written, self._written_at = 0, 0.0

    def stays(self, text: str) -> None:
        """A line that stays."""
        if self._is_on:
            self._over(text)
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._n_written = 0

    def passes(self, text: str, share: float | None = None) -> None:
        """A line until the next one; `share` of the whole is done."""
        if not self._is_live or time.monotonic() < self._written_at + SECONDS_BETWEEN:
            return
        text = text if share is None else f"{share:4.0%}  {text}"
        self._over(text[: shutil.get_terminal_size().columns - 1])  # a line that breaks is not written over
        sys.stderr.flush()
        self._written_at = time.monotonic()

    def about(self, doing: str) -> Callable[[str, float], None]:
        """What those call that say what they are doing, and which share of it is done."""
        return lambda what, share: self.passes(f"{doing} {what}", share)

    def clear(self) -> None:
        """Take away the line that was not to stay."""
        if self._n_written:
            self._over("")
            sys.stderr.write("\r")
            sys.stderr.flush()
        self._written_at = 0.0

    def _over(self, text: str) -> None:
        """Write over what the line held before."""
        if self._n_written:
            sys.stderr.write(f"\r{'':{self._n_written}}\r")
        sys.stderr.write(text)
        self._n_written = len(text)


def played(run: FitRun, teller: Teller, show: Callable[[StepRecord], None] | None = None) -> bool:
    """Train to the end, or until Ctrl-C.

    Args:
        run: What is learnt.
        teller: Told how it goes.
        show: Called with each step record.

    Returns:
        Whether the end was reached.
    """
    readings: Readings | None = None
    with stopping() as is_wanted, closing(iter(run)) as records:
        for record in records:
            readings = record.readings or readings
            teller.passes(in_words(record, readings), record.step / record.n_steps)
            for line in lines_of(record, run):
                teller.stays(line)
            if show is not None:
                show(record)
            if is_wanted.is_set():
                return run.training.is_over
    return True


@contextmanager
def stopping() -> Generator[Event]:
    """Turn Ctrl-C into a wish that the loop grants between two steps; the second time stops at once.

    Outside of the main thread, where Python lets nobody ask for it, Ctrl-C stays what it is.
    """
    is_wanted = Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if is_wanted.is_set():
            raise KeyboardInterrupt
        is_wanted.set()

    if current_thread() is not main_thread():
        yield is_wanted
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield is_wanted
    finally:
        signal.signal(signal.SIGINT, before)


def in_words(record: StepRecord, readings: Readings | None) -> str:
    """Who is ahead, by how many records the discriminator judged rightly when it was last asked.

    The losses stand beside it as numbers alone: penalties are among them, so they say little by themselves.

    Example:
        >>> from gansmith.engine.train import StepRecord
        >>> in_words(StepRecord(1, 2, 500, {"discriminator": 0.2, "generator": 2.1}), None)
        'warming up (losses 0.20, 2.10)'
    """
    losses = f"(losses {', '.join(f'{loss:.2f}' for loss in record.losses.values())})"
    if readings is None:
        return f"warming up {losses}"
    if "real_accuracy" not in readings:  # a game without a discriminator
        return f"learning {losses}"
    accuracies = readings["real_accuracy"], readings["fake_accuracy"]
    if min(accuracies) > SEEN_THROUGH:
        return f"the discriminator sees through the fakes {losses}"
    if all(abs(accuracy - 0.5) <= NEAR_A_HALF for accuracy in accuracies):
        return f"the discriminator can only guess {losses}"
    return f"an even game {losses}"


def lines_of(record: StepRecord, run: FitRun) -> Iterator[str]:
    """A line for an evaluation and for each finding."""
    if record.score is not None:
        best = run.training.best_score
        kept = "model kept" if record.is_best or best is None else f"best so far {best:.3f}"
        done = record.step / record.n_steps
        yield f"{done:4.0%}  held-out score {record.score:.3f} (1 is perfect), {kept}"
    for finding in record.findings:
        yield f"      {finding}"

"""How a training is shown: time left, losses in words, the held-out score; on standard error."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import closing, contextmanager
from types import FrameType
from typing import final

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from gansmith.engine.objectives import find_objective
from gansmith.engine.train import StepRecord
from gansmith.tasks.fit import FitRun

console = Console(stderr=True, soft_wrap=True, highlight=False)


@final
class Stopped:
    """Whether somebody has asked to stop; the second time stops at once."""

    is_asked = False


@contextmanager
def stopping() -> Generator[Stopped]:
    """Turn Ctrl-C into a wish that the loop grants between two steps."""
    stopped = Stopped()

    def ask(number: int, frame: FrameType | None) -> None:
        if stopped.is_asked:
            raise KeyboardInterrupt
        stopped.is_asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def show_schema(run: FitRun) -> None:
    """What will be learnt, and what was noticed while reading."""
    data = run.prepared.manifest["data"]
    rows = run.modality.describe(run.codec)
    console.print(f"{data['name']}: {data['n_records']:,} records, {data['n_heldout']:,} of them held out.")
    print_rows(console, rows[:40])
    if len(rows) > 40:
        console.print(f"... and {len(rows) - 40:,} more.")
    for note in run.notes:
        console.print(f"Note: {note}", markup=False)


def print_rows(where: Console, rows: list[dict[str, str]]) -> None:
    """Rows of equal keys as a table."""
    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    where.print(table)


def play(run: FitRun) -> bool:
    """Train to the end, or until Ctrl-C.

    Returns:
        Whether the end was reached.
    """
    undecided = undecided_loss(run)
    columns = (
        BarColumn(24),
        TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    progress = Progress(*columns, console=console, disable=not console.is_terminal)
    with stopping() as stopped, progress as bar, closing(iter(run)) as records:
        task = bar.add_task("", total=run.training.n_steps, completed=run.training.step)
        for record in records:
            if record.step % 10 == 0 or record.health:
                bar.update(task, completed=record.step, description=in_words(record, undecided))
            _tell(record, run)
            if stopped.is_asked:
                return False
    return True


def undecided_loss(run: FitRun) -> float:
    """The discriminator's loss when it cannot tell real from fake at all."""
    objective = find_objective(run.prepared.game.config.objective)
    return objective.discriminator(torch.zeros(1), torch.zeros(1)).item()


def in_words(record: StepRecord, undecided: float) -> str:
    """Who is ahead, by the discriminator's loss.

    Example:
        >>> in_words(StepRecord(1, 2, 500, 0.2, 2.1), 0.69)
        'the discriminator sees through the fakes (losses 0.20, 2.10)'
    """
    losses = f"losses {record.discriminator_loss:.2f}, {record.generator_loss:.2f}"
    if undecided <= 0:
        return losses
    share = record.discriminator_loss / undecided
    words = (
        "the discriminator cannot tell"
        if share > 0.97
        else "an even game"
        if share > 0.6
        else "the discriminator sees through the fakes"
    )
    return f"{words} ({losses})"


def _tell(record: StepRecord, run: FitRun) -> None:
    """A line for each evaluation and each finding; above the bar, or on its own without a terminal."""
    if record.score is not None:
        kept = "kept" if record.is_best else f"best so far {run.training.best_score:.3f}"
        done = record.step / record.n_steps
        console.print(
            f"{done:4.0%}  held-out score {record.score:.3f} (1 is perfect), {kept}", highlight=False
        )
    for finding in record.findings:
        console.print(f"      {finding}")

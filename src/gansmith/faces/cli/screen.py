"""What people see on their screen: tables, the data as it was read, and how a training is going.

Text from the user's data is shown letter for letter, brackets and colons included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from gansmith.faces.cli.graphics import graphics_of, print_pictures
from gansmith.findings import Finding
from gansmith.tasks.opening import Opened
from gansmith.tasks.runs.telling import in_words, lines_of, stopping

if TYPE_CHECKING:  # what learns is imported when the data has been shown
    from gansmith.engine.games import Readings
    from gansmith.engine.train import StepRecord
    from gansmith.tasks.runs.fit import FitRun

_LetterForLetter: Final = partial(Console, markup=False, emoji=False, highlight=False)
output: Final = _LetterForLetter()
"""Standard output."""
console: Final = _LetterForLetter(stderr=True, soft_wrap=True)
"""Standard error, where no line is broken."""
MAX_ROWS: Final = 40
N_STRIPS: Final = 10
"""How often in a run pictures of what is made are shown."""


def print_table(
    names: Iterable[str], rows: Iterable[Sequence[str]], title: str = "", where: Console = output
) -> None:
    """Rows of cells under the names of their columns."""
    heading = Text(title) if title else None
    table = Table(title=heading, box=None, pad_edge=False, title_justify="left")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    where.print(table)


def print_rows(rows: Sequence[dict[str, str]], where: Console = output) -> None:
    """Rows of equal keys."""
    print_table(rows[0] if rows else (), (list(row.values()) for row in rows), where=where)


def show_schema(opened: Opened) -> None:
    """What is wrong with the data, what will be learnt, and what was noticed while reading."""
    rows, records = opened.modality.format.overview(opened.records), opened.records
    console.print(f"{records.name}: {len(records):,} records.")
    for note in opened.doubts:
        console.print(f"Note: {note}")
    print_rows(rows[:MAX_ROWS], console)
    if len(rows) > MAX_ROWS:
        console.print(f"... and {len(rows) - MAX_ROWS:,} more.")
    for note in records.notes:
        console.print(f"Note: {note}")


def print_findings(findings: Sequence[Finding], where: Console = output) -> None:
    """What is wrong with data, one line each, with what to do."""
    if findings:
        where.print("Before learning:")
    for finding in findings:
        where.print(f"- {finding}", soft_wrap=True)


@contextmanager
def learning() -> Generator[Callable[[str, float], None]]:
    """A bar for what is learnt beside a model: told what it is, and which share of it is done."""
    columns = (
        BarColumn(24),
        TextColumn("{task.percentage:3.0f}%"),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, completed=share, description=f"learning what is usual: {what}")

        yield tell


def play(run: FitRun) -> bool:
    """Train to the end, or until Ctrl-C.

    Returns:
        Whether the end was reached.
    """
    readings: Readings | None = None
    columns = (
        BarColumn(24),
        TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    graphics_of(os.environ, is_terminal=console.is_terminal)  # refuses now what it would refuse later
    progress = Progress(*columns, console=console, disable=not console.is_terminal)
    with stopping() as is_wanted, progress as bar, closing(iter(run)) as records:
        task = bar.add_task("", total=run.training.n_steps, completed=run.training.step)
        for record in records:
            readings = record.readings or readings
            if record.step % 10 == 0 or record.readings:
                bar.update(task, completed=record.step, description=in_words(record, readings))
            _tell(record, run)
            if is_wanted.is_set():
                return False
    return True


def _tell(record: StepRecord, run: FitRun) -> None:
    """A line for each evaluation and each finding; above the bar, or on its own without a terminal.

    Some pictures of what is made stand between them, where the terminal can show them.
    """
    if run.previewed and run.training.length.is_due(record.step, N_STRIPS):
        print_pictures(run.previewed, console)
    for line in lines_of(record, run):
        console.print(line)

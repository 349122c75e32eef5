"""What people see on their screen: tables, and the data as it was read, before learning begins.

Text from the user's data is shown letter for letter, brackets and colons included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gansmith.tasks.opening import Opened


def plain_console(*, is_error: bool = False, is_wrapping: bool = True) -> Console:
    """A console that reads nothing into the text it prints.

    Args:
        is_error: Print on standard error.
        is_wrapping: Break lines that are longer than the screen is wide.
    """
    return Console(stderr=is_error, soft_wrap=not is_wrapping, markup=False, emoji=False, highlight=False)


def print_table(where: Console, names: Iterable[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Rows of cells under the names of their columns."""
    heading = Text(title) if title else None
    table = Table(title=heading, box=None, pad_edge=False, title_justify="left")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    where.print(table)


def print_rows(where: Console, rows: Sequence[dict[str, str]]) -> None:
    """Rows of equal keys."""
    print_table(where, rows[0] if rows else (), (list(row.values()) for row in rows))


console = plain_console(is_error=True, is_wrapping=False)

MAX_ROWS: Final = 40


def show_schema(opened: Opened) -> None:
    """What will be learnt, and what was noticed while reading."""
    rows = opened.overview()
    console.print(f"{opened.name}: {len(opened):,} records.")
    print_rows(console, rows[:MAX_ROWS])
    if len(rows) > MAX_ROWS:
        console.print(f"... and {len(rows) - MAX_ROWS:,} more.")
    for note in opened.notes:
        console.print(f"Note: {note}")

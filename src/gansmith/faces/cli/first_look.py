"""What is shown before learning begins: the data as it was read, as soon as it is known."""

from __future__ import annotations

from typing import Final

from gansmith.faces.cli.tables import plain_console, print_rows
from gansmith.tasks.opening import Opened

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


def show_beginning() -> None:
    """The first line of progress."""
    console.print("  0%  preparing: fitting columns, networks and length to the data")

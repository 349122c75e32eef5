"""What people see on their screen: tables, and the data as it was read, before learning begins.

Text from the user's data is shown letter for letter, brackets and colons included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gansmith.tasks.opening import Opened

_LetterForLetter: Final = partial(Console, markup=False, emoji=False, highlight=False)
output: Final = _LetterForLetter()
"""Standard output."""
console: Final = _LetterForLetter(stderr=True, soft_wrap=True)
"""Standard error, where no line is broken."""
MAX_ROWS: Final = 40


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
    """What will be learnt, and what was noticed while reading."""
    rows = opened.overview()
    console.print(f"{opened.name}: {len(opened):,} records.")
    print_rows(rows[:MAX_ROWS], console)
    if len(rows) > MAX_ROWS:
        console.print(f"... and {len(rows) - MAX_ROWS:,} more.")
    for note in opened.notes:
        console.print(f"Note: {note}")

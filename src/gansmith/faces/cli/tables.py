"""Tables for people: text from the user's data is shown letter for letter, brackets and colons included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


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

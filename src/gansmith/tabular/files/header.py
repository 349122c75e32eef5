"""Whether the first line of a delimited text names its columns, or is a record like those below it.

A cell of a record looks like those below it: a number among numbers, a date among dates, a word that comes
again. The name of a column does not, unless columns are named by numbers, and such names count: 0, 1, 2 as
pandas writes them, or the years of a table. Where nothing can be told, the first line is taken for names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from gansmith.tabular.columns.base import MISSING_MARKS

N_LOOKED_AT: Final = 200
"""Records below the first line that it is compared with."""
MIN_COUNTED: Final = 3
"""Numbers that must lie equally far apart to be names; two always do."""
MIN_RISING: Final = 5
"""Numbers that must rise, or fall, from first to last to be names: of five one in sixty does so by chance."""
_NUMBER: Final = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?%?")
_DIGITS: Final = re.compile(r"\d+")


def numbered_names(n_columns: int) -> list[str]:
    """What columns are called that have no names."""
    return [f"column_{number + 1}" for number in range(n_columns)]


def names_columns(first: Sequence[str], below: Sequence[Sequence[str]], known: Sequence[str] = ()) -> bool:
    """Whether the cells of the first line are names of columns.

    Args:
        first: The cells of the first line.
        below: Those of some records below it.
        known: Names that the columns are known to have, in any order; empty: nobody knows.

    Example:
        >>> names_columns(["age", "city"], [["39", "Rome"], ["50", "Oslo"]])
        True
        >>> names_columns(["16", "0", "0"], [["39", "5", "0"], ["50", "0", "0"]])
        False
    """
    cells = [cell.strip() for cell in first]
    if known and set(known) <= set(cells):
        return True
    if known and list(known) == numbered_names(len(cells)):
        return False
    rows = [[cell.strip() for cell in row] for row in below if len(row) == len(cells)][:N_LOOKED_AT]
    if not rows or not cells[0]:  # pandas leaves the name of its index empty
        return True
    said = [_is_like(cell, column) for cell, column in zip(cells, zip(*rows, strict=True), strict=True)]
    measured = [is_like for is_like, is_measured in said if is_measured]
    words = [is_like for is_like, is_measured in said if not is_measured]
    if not all(measured) or _are_counted(cells, rows):
        return True
    if len(set(cells)) < len(cells) and (measured or any(words)):  # no two columns have one name
        return False
    n_again, n_new = words.count(True), words.count(False)
    if measured:
        return n_again <= n_new if words else False
    return n_new > 0 or n_again < 2


def _is_like(cell: str, below: Sequence[str]) -> tuple[bool | None, bool]:
    """Whether a cell is like those below it, None where nothing tells, and whether these have one form."""
    filled = [other for other in below if other not in MISSING_MARKS]
    if not filled:
        return None, False
    if all(map(_NUMBER.fullmatch, filled)):
        return cell in MISSING_MARKS or _NUMBER.fullmatch(cell) is not None, True
    forms = {_DIGITS.sub("0", other) for other in filled}
    if len(forms) == 1 and "0" in next(iter(forms)):  # dates, times, codes
        return cell in MISSING_MARKS or _DIGITS.sub("0", cell) in forms, True
    if cell in below:
        return True, False
    return (None if 2 * len(set(filled)) > len(filled) else False), False


def _are_counted(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether numbers go up from cell to cell as names do, and not in most records as well."""
    return _goes_up(cells) and 2 * sum(map(_goes_up, rows)) <= len(rows)


def _goes_up(cells: Sequence[str]) -> bool:
    try:
        numbers = [float(cell.replace(",", ".")) for cell in cells if _NUMBER.fullmatch(cell)]
    except ValueError:  # 1.234,5
        return False
    if numbers in ([float(k + start) for k in range(len(numbers))] for start in (0, 1)):
        return True
    steps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) >= MIN_COUNTED and len(steps) == 1 and steps != {0}:
        return True
    return len(numbers) >= MIN_RISING and (min(steps) > 0 or max(steps) < 0)

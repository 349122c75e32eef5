"""What a spreadsheet would run when it opens a file of delimited text."""

from __future__ import annotations

import re
from typing import Final

FORMULA: Final = r"^[=+\-@\t\r]"
"""What a spreadsheet runs as a formula when a cell begins with it."""


def escaped(cell: str) -> str:
    """The cell, with a single quote before it if a spreadsheet would run it.

    Example:
        >>> escaped("=1+1"), escaped("a=1")
        ("'=1+1", 'a=1')
    """
    return f"'{cell}" if re.match(FORMULA, cell) else cell

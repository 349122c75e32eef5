"""Whether a delimited text was cut off: its last line has no end, and its last cell is unlike the others.

A last line without an end alone says nothing: many programs leave it out.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

MIN_OTHERS: Final = 50
"""Cells of the last column, at least, that the last one is compared with: of so many numbers that are written
without needless zeros hardly ever all have as many decimals as the longest."""
MAX_WORDS: Final = 50
"""Different cells at most for a column to be one of a few words."""
MAX_FORMS: Final = 2_000
"""Different cells at most whose form is looked at."""
_HEAD: Final = re.compile(r"\d+(?=.*\D)")
_DIGIT: Final = re.compile(r"\d")


def is_cut(last: str, cells: pa.ChunkedArray) -> bool:
    """Whether the last cell is the beginning of one.

    It is empty where no other is, lacks digits that all others have at their end (2014-03-0, 12.5), or is
    the beginning of one of a few words, and no word itself.

    Args:
        last: The last cell of the file, without blanks around it.
        cells: Of its column, it among them.

    Example:
        >>> is_cut("Ro", pa.chunked_array([["Rome", "Oslo"] * 30 + ["Ro"]]))
        True
    """
    trimmed = pc.utf8_trim_whitespace(cells)
    if len(cells) <= MIN_OTHERS or pc.sum(pc.equal(trimmed, last)).as_py() > 1:
        return False
    others = [text for text in pc.unique(trimmed).to_pylist() if text != last]
    if not last:
        return "" not in others
    forms = set(map(_form, others[:MAX_FORMS]))
    if len(forms) == 1 and _form(last) not in forms:
        form = forms.pop()
        return "0" in form and form.strip("0") != "" and len(_form(last)) < len(form)
    is_of_words = len(others) <= MAX_WORDS and 2 * len(others) <= len(cells)
    return is_of_words and any(other.startswith(last) for other in others)


def _form(cell: str) -> str:
    """What a cell looks like: each digit at its end, and one for each number before."""
    return _DIGIT.sub("0", _HEAD.sub("0", cell))

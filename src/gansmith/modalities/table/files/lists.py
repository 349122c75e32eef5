"""Lists in a cell: Drama, Comedy, Action.

A column is one of lists where its cells are put together from items that come again in others, where lists
are of several lengths (a city and its state are no list), and where whole cells hardly ever come again: if
they do, they are categories.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.files.cells import Indices
from gansmith.modalities.table.files.spelling import strings

_DELIMITERS: Final = (", ", "; ", " | ", "|", ";", ",")
_SAMPLE: Final = 2_000
_MIN_CELLS: Final = 50
_MIN_REPEATS: Final = 5
"""Cells that share an item, on the average."""
_MAX_ITEM_CHARACTERS: Final = 40
_MAX_SAME_LENGTH: Final = 0.9
_RARE: Final = 5
_MIN_RARE_SHARE: Final = 0.3
"""Share of the records whose whole list is rare; with less, lists are learnt better as categories."""


def find_delimiter(cells: pa.Array, counts: Indices) -> str:
    """What stands between the items of the lists; empty where these are no lists.

    Args:
        cells: Distinct trimmed cells that are not missing.
        counts: How often each occurs.
    """
    if len(cells) < _MIN_CELLS or counts[counts < _RARE].sum() < _MIN_RARE_SHARE * counts.sum():
        return ""
    sample = strings(cells.slice(0, _SAMPLE))
    return next((delimiter for delimiter in _DELIMITERS if _are_lists(sample, delimiter)), "")


def likely_delimiter(cells: pa.Array) -> str:
    """What most of the cells are likely to be split at, where a person says that they are lists."""
    sample = strings(cells.slice(0, _SAMPLE))
    return max(_DELIMITERS, key=lambda delimiter: sum(delimiter in cell for cell in sample))


def _are_lists(sample: list[str], delimiter: str) -> bool:
    lists = [cell.split(delimiter) for cell in sample]
    lengths = np.array([len(items) for items in lists])
    if 3 * int((lengths > 1).sum()) < len(lists):
        return False
    if int(np.bincount(lengths).max()) > _MAX_SAME_LENGTH * len(lists):
        return False
    seen = Counter(item for items in lists for item in items)
    is_item = all(0 < len(item) <= _MAX_ITEM_CHARACTERS and item == item.strip() for item in seen)
    is_set = all(len(set(items)) == len(items) for items in lists)
    return is_item and is_set and seen.total() >= _MIN_REPEATS * len(seen)


def items_of(cells: pa.Array, delimiter: str) -> list[list[str]]:
    """The items of each cell, none of a missing one."""
    split = pc.split_pattern(pc.fill_null(cells, ""), pattern=delimiter)
    return [[item.strip() for item in items if item.strip()] for items in split.to_pylist()]

"""Columns whose cells are missing in the same records."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np

from gansmith.modalities.table.constraints.cells import PLAIN, is_missing
from gansmith.modalities.table.constraints.missing import MissingTogether
from gansmith.modalities.table.constraints.view import View
from gansmith.modalities.table.schema import Column

MIN_OF_EACH: Final = 20
"""Records that lack the cells, and records that have them."""


def find_missing_together(view: View, taken: frozenset[str]) -> list[MissingTogether]:
    """Groups of columns that lack their cells in exactly the same records, of which there are enough."""
    groups: defaultdict[bytes, list[Column]] = defaultdict(list)
    for column in view.schema.columns:
        if column.name in taken or column.kind == "constant" or column.kind not in PLAIN:
            continue
        missing = is_missing(view.records, column.name)
        if MIN_OF_EACH <= missing.sum() <= len(missing) - MIN_OF_EACH:
            groups[np.packbits(missing).tobytes()].append(column)
    return [MissingTogether(tuple(group)) for group in groups.values() if len(group) > 1]

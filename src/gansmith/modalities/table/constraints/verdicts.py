"""Records that were made, looked at once more: does all hold, and what are their keys?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.base import Verdict
from gansmith.modalities.table.constraints.cells import cells_of, mask_of
from gansmith.modalities.table.constraints.chain import Chain


def verdict(chain: Chain, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> Verdict | None:
    """Which records keep all constraints and have the cells that are sought, and their unique keys.

    Returns:
        None where nothing can go wrong: there are no constraints.
    """
    if not chain.constraints:
        return None
    is_valid = ~chain.violating(records)
    for name, wanted in sought.items():
        cells = cells_of(records, name)
        same = pc.equal(cells, wanted) if wanted.is_valid else pc.is_null(cells)
        is_valid &= mask_of(pc.fill_null(same, False))
    keys = tuple(tuple(unique.numbers(records).tolist()) for unique in chain.uniques)
    has_key = [~unique.lacking(records) for unique in chain.uniques]
    rules = [constraint.in_words() for constraint in chain.constraints]
    rules += [f"{name}={wanted.as_py()}" for name, wanted in sought.items()]
    found = np.stack(has_key) if has_key else np.zeros((0, records.num_rows), bool)
    return Verdict(is_valid, keys, found, tuple(rules))

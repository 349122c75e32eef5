"""Records that were made, looked at once more: does all hold, and what are their keys?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gansmith.modalities.recipe import Verdict
from gansmith.modalities.table.constraints.chain import Chain


def verdict(chain: Chain, records: pa.Table) -> Verdict | None:
    """Which records keep all constraints, and their unique keys.

    Returns:
        None where nothing can go wrong: there are no constraints.
    """
    if not chain.constraints:
        return None
    is_valid = ~chain.violating(records)
    keys = tuple(tuple(unique.numbers(records).tolist()) for unique in chain.uniques)
    has_key = [~unique.lacking(records) for unique in chain.uniques]
    rules = tuple(constraint.in_words() for constraint in chain.constraints)
    found = np.stack(has_key) if has_key else np.zeros((0, records.num_rows), bool)
    return Verdict(is_valid, keys, found, rules)

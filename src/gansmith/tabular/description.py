"""What was learnt of the columns of a table, in words."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.tabular.cells import are_missing
from gansmith.tabular.columns.base import parted
from gansmith.tabular.columns.codecs import AbstractColumnCodec, counted
from gansmith.tabular.conditions import Condition
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column

N_LISTED: Final = 3
"""Values that are listed from either end, of those that a column can have."""


def described(rows: RowCodec) -> list[dict[str, str]]:
    """What was learnt of each column, one row each."""
    found: list[dict[str, str]] = []
    outer = {part.flat[0].name: column for column in rows.schema.columns for part in column.parts[:1]}
    for column, codec in zip(rows.flat.columns, rows.columns, strict=True):
        if (owner := outer.get(column.name)) is not None:
            found.append(_of_parts(owner))
            if len(codec.listed() or ()) <= 1 and not codec.n_states:
                continue  # there is one pattern
        learnt_as, rule, held = codec.describe(), rows.chain.taking(column.name), codec.rare()
        known = "" if rule else _known_values(column, codec)
        if rule is not None:
            learnt_as = f"{learnt_as}, by the rule:" if codec.n_states else "follows from the rule:"
            learnt_as = f"{learnt_as} {rule.in_words()}"
        n_rare = counted(held.n_values, "value", "values"), counted(held.n_records, "record", "records")
        found.append(
            {
                "column": column.name,
                "kind": column.kind,
                "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
                "learnt as": learnt_as,
                "records per value": known,
                "suppressed": " of ".join(n_rare) if held else "",
            }
        )
    return found


def _of_parts(column: Column) -> dict[str, str]:
    """What is known of a column that is put together."""
    return {
        "column": column.name,
        "kind": column.kind,
        "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
        "learnt as": f"in parts: {parted(column).in_words(column)}",
        "records per value": "",
        "suppressed": "",
    }


def _known_values(column: Column, codec: AbstractColumnCodec) -> str:
    """How many learnt records had each value, in words: the most frequent ones and the rarest."""
    if not codec.n_states:
        return ""
    choices = codec.choices(Condition.anything(column))
    if choices.cells is None:
        return ""
    is_value = (choices.widths == 0) & ~are_missing(choices.cells)
    places = np.flatnonzero(is_value)[np.argsort(-choices.weights[is_value], kind="stable")]
    listed = [f"{choices.cells[int(place)].as_py()}: {choices.weights[place]:,.0f}" for place in places]
    if len(listed) > 2 * N_LISTED + 2:
        listed[N_LISTED:-N_LISTED] = [f"... {len(listed) - 2 * N_LISTED:,} more ..."]
    if (in_bins := choices.widths > 0).any():
        n_bins, n_records = len(np.unique(choices.codes[in_bins])), choices.weights[in_bins].sum()
        listed.append(f"{n_records / n_bins:,.0f} in each bin")
    return ", ".join(listed)

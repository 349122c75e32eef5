"""Whether texts and identifiers of training come back: cells of which nothing should be learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.rules import as_kind
from gansmith.scorecard.private.copies import copied_texts
from gansmith.scorecard.private.risk import Attack, Tally
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Entry
from gansmith.tabular.cells import are_in, cells_of
from gansmith.tabular.schema import Column, Schema

NEARLY_DISTINCT: Final = 0.95
"""Share of different ones among whole numbers that may say whose record it is."""
FEWEST: Final = 20
"""Fewer numbers differ by chance."""
N_SHIFTS: Final = 10
"""Numbers are shifted by up to so many usual gaps, to see how many are met by chance."""
CROWDED: Final = 0.5
"""Share of shifted numbers that are met from which on numbers only count records, and tell nobody."""


def copied_cells(fake: pa.Table, train: pa.Table, holdout: pa.Table, schema: Schema) -> list[Entry]:
    """An entry where there are columns of texts or of identifiers.

    Args:
        fake: The synthetic table; a column may be of another type than the schema's, or lacking.
        train: What was learnt from.
        holdout: Real records that were not.
        schema: Of the real ones.
    """
    known, ours, held = dict[str, pa.Array](), dict[str, pa.Array](), dict[str, pa.Array]()
    by_chance: dict[str, float] = {}
    for name in (column.name for column in schema.columns if column.name in fake.column_names):
        cells = cells_of(train, name).drop_null()
        if not _is_telling(schema.column(name), cells):
            continue
        if pa.types.is_integer(cells.type):
            by_chance[name] = met_by_chance(cells)
            if by_chance[name] > CROWDED:
                continue
        others = [as_kind(cells_of(part, name), cells.type).drop_null() for part in (fake, holdout)]
        if min(len(others[0]), len(cells), len(others[1]) // 2):
            known[name], (ours[name], held[name]) = cells, others
    if not known:
        return []

    def attack(fakes: Mapping[str, pa.Array], control: Mapping[str, pa.Array]) -> Attack:
        return copied_texts(
            {
                name: (_met(fakes[name], cells), _larger(_met(control[name], cells), by_chance.get(name, 0)))
                for name, cells in known.items()
            }
        )

    halves = [{name: cells[place::2] for name, cells in held.items()} for place in range(2)]
    found, copy = attack(ours, held), attack(known, held).score
    anchors = {CEILING: attack(*halves).score, FLOOR: copy, COPY: copy}
    return [Entry("copied_texts", found.score, anchors, found.details, "private")]


def met_by_chance(numbers: pa.Array) -> float:
    """Share of whole numbers that are met by the same numbers moved a little: how densely they lie.

    Counters, years and multiples of a hundred meet each other nearly always, random numbers of nine digits
    never. They are moved by one to ten times the usual gap between them, up and down.

    Example:
        >>> round(met_by_chance(pa.array(range(100, 200))), 3)
        0.945
        >>> met_by_chance(pa.array([12, 90, 377, 5801, 9120]))
        0.0
    """
    known = np.unique(numbers.to_numpy(zero_copy_only=False).astype(np.int64))
    if len(known) < 2:
        return 1.0
    gap = max(1, int(np.median(np.diff(known))))
    steps = [sign * step * gap for step in range(1, N_SHIFTS + 1) for sign in (-1, 1)]
    return float(np.mean([np.isin(known + step, known).mean() for step in steps]))


def _is_telling(column: Column, cells: pa.Array) -> bool:
    """Whether a cell may say whose it is: what is made anew, and whole numbers that nearly all differ."""
    traits = column.traits
    if traits.is_made_anew:
        return pa.types.is_string(cells.type) or pa.types.is_integer(cells.type)
    is_whole = traits.is_number and pa.types.is_integer(cells.type) and len(cells) >= FEWEST
    return is_whole and len(pc.unique(cells)) >= NEARLY_DISTINCT * len(cells)


def _met(cells: pa.Array, known: pa.Array) -> Tally:
    return Tally(int(are_in(cells, known).sum()), len(cells))


def _larger(control: Tally, by_chance: float) -> Tally:
    """The control group, or what is met by chance where that is more."""
    return control if control.n_hits >= by_chance * control.n else Tally(by_chance * control.n, control.n)

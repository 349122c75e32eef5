"""Whose records they are, and when they were made: hold-outs by entity and by time.

Several records of one customer are no fresh records of each other: whoever learnt from some knows the others.
So a hold-out holds whole customers, or says how many of its own stand in training.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from gansmith.errors import UsageError
from gansmith.scorecard.features import draws
from gansmith.tabular.cells import Counts, Mask, are_in, cells_of, codes_of, floats_of
from gansmith.tabular.schema import Column, Table

MANY: Final = 0.1
"""Share of the hold-out's entities that stand in training, too, from which on the first answer says so."""
FEWEST: Final = 20
"""Different entities that a column must have to be taken for one of entities, ..."""
REPEATED: Final = 1.5
"""... records of each, on the average, at least ..."""
CROWD: Final = 50
"""... and at most: what more records share says where or what, rather than who."""
_WHO: Final = re.compile(
    r"(customer|client|patient|person|user|member|subject|student|employee|account|household|owner|driver)"
    r"[ _-]?(id|no|nr|number|key|code|hash)?$|^(id|uuid|guid)$",
    re.IGNORECASE,
)
"""Names of columns that say who; a store or a place has an id, too, and its records are fresh."""


@final
@dataclass(frozen=True)
class Known:
    """Which of a hold-out's entities stand in training."""

    column: str
    n_known: int
    n: int

    @property
    def said(self) -> str:
        """In words, for the notes."""
        return (
            f"{self.n_known:,} of the {self.n:,} different {self.column!r} of the hold-out are in the "
            f"training data, too ({self.n_known / self.n:.0%})."
        )

    @property
    def warning(self) -> str:
        """A sentence for the first answer, where there are many; else empty."""
        if self.n_known <= MANY * self.n:
            return ""
        return (
            f"{self.n_known / self.n:.0%} of the hold-out's {self.column!r} are also in training: their "
            f"records are not fresh."
        )


def entity_column(table: Table, asked: str) -> str:
    """The column that says whose records they are: the one asked for, or one that is named so and repeats.

    Raises:
        UsageError: There is no such column.
    """
    if asked:
        return table.schema.column(asked).name
    found = (column.name for column in table.schema.columns if _is_entity(column, table.records))
    return next(found, "")


def _is_entity(column: Column, records: pa.Table) -> bool:
    cells = cells_of(records, column.name)
    is_code = pa.types.is_integer(cells.type) or pa.types.is_string(cells.type)
    if not is_code or not _WHO.search(column.name):
        return False
    n_present, n_distinct = len(cells) - cells.null_count, len(pc.unique(cells.drop_null()))
    return n_distinct >= FEWEST and REPEATED * n_distinct <= n_present <= CROWD * n_distinct


def known_entities(train: Table, holdout: Table, column: str) -> Known | None:
    """How many of the hold-out's entities stand in training; None: nobody can say."""
    if any(column not in part.records.column_names for part in (train, holdout)):
        return None
    ours, theirs = (pc.unique(cells_of(part.records, column).drop_null()) for part in (train, holdout))
    if not len(ours) or not len(theirs):
        return None
    if ours.type != theirs.type:
        ours, theirs = ours.cast(pa.string()), theirs.cast(pa.string())
    return Known(column, int(are_in(theirs, ours).sum()), len(theirs))


def hold_out(
    table: Table, given: Table | None, time: str, share: float, seed: int
) -> tuple[Table, Table, tuple[str, ...]]:
    """What was learnt from, what is held out, and notes; see `HoldsOut`.

    Raises:
        UsageError: There is no such column, `time` holds no time, or a hold-out is given, too.
    """
    if given is not None and time:
        raise UsageError(
            f"time {time!r} says which records are held out, and a hold-out is given. Leave out one of them."
        )
    if given is not None:
        return table, given, ()
    # The customers that were seen last are the good ones: by time, whole ones only where somebody asks.
    entity = "" if time and not table.entity else entity_column(table, table.entity)
    whole = (
        f" It holds all records of each {entity!r} in it, so that nobody is on both sides." if entity else ""
    )
    if time:
        is_held = held_by_time(table, time, entity, share)
        table = replace(table, time=table.schema.column(time).name)
        notes = (f"The hold-out is the latest records by {time!r}, whose own cells are not compared.{whole}",)
    elif entity:
        is_held, notes = held_by_entity(table, entity, share, seed), (whole.strip(),)
    else:
        order, notes = draws(seed).permutation(len(table)), ()
        n_held = max(1, int(len(table) * share))
        return table.take(order[n_held:]), table.take(order[:n_held]), notes
    if is_held.all():
        raise UsageError(
            f"all records are of one {entity!r}: nothing can be held out. Choose another column."
        )
    return table.take(np.flatnonzero(~is_held)), table.take(np.flatnonzero(is_held)), notes


def held_by_entity(table: Table, column: str, share: float, seed: int) -> Mask:
    """Which records are held out: all those of entities drawn at random, until there are enough.

    A record without one is an entity of its own.

    Args:
        table: Real records.
        column: Says whose they are.
        share: Of the records that are wanted, 0 to 1.
        seed: Draws the entities.
    """
    codes = _entities(table, column)
    order = draws(seed).permutation(int(codes.max()) + 1)
    return _first(order, codes, share)


def held_by_time(table: Table, column: str, entity: str, share: float) -> Mask:
    """Which records are held out: the latest, or all those of the entities that were seen last.

    Args:
        table: Real records.
        column: Says when they were made; records without a time stay in training.
        entity: A column that says whose they are, "": every record is of its own.
        share: Of the records that are wanted, 0 to 1.

    Raises:
        UsageError: There is no such column, or it holds no dates, times or numbers.
    """
    found = table.schema.column(column)
    if not found.traits.is_measure:
        raise UsageError(
            f"time {column!r} is {found.kind}: no date, time or number, so nothing is the latest. "
            "Choose another column."
        )
    times = floats_of(cells_of(table.records, column))
    times = np.where(np.isnan(times), -np.inf, times)
    codes = _entities(table, entity) if entity else np.arange(len(table))
    last = np.full(int(codes.max()) + 1, -np.inf)
    np.maximum.at(last, codes, times)
    return _first(np.argsort(-last, kind="stable"), codes, share)


def _entities(table: Table, column: str) -> Counts:
    """A number for each entity; missing ones are one by one."""
    cells = cells_of(table.records, column)
    codes = codes_of(cells).astype(np.int64)
    is_nobody = np.asarray(pc.is_null(cells))
    codes[is_nobody] = int(codes.max()) + 1 + np.arange(int(is_nobody.sum()))
    return codes


def _first(
    order: Int[np.ndarray, " n_entities"], codes: Int[np.ndarray, " n"], share: float
) -> Bool[np.ndarray, " n"]:
    """The records of the first entities in that order, about as many as are wanted and one at least."""
    n_of = np.bincount(codes, minlength=len(order))[order]
    before = np.cumsum(n_of) - n_of
    is_held = np.zeros(len(order), dtype=bool)
    is_held[order[before < share * len(codes)]] = True
    return is_held[codes]

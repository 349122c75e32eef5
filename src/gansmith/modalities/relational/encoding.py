"""Databases as states, and what networks are shown of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch
from jaxtyping import Int

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.relational.fitting import Encoded, encoded_like, encoded_rows
from gansmith.modalities.relational.packing import Made, linked
from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import Database, Links, Rows, families_in_order
from gansmith.modalities.relational.views import MOST_PLACES, MOST_REMEMBERED, Levels, Place, States
from gansmith.tabular.cells import cells_of, floats_of

if TYPE_CHECKING:
    from gansmith.modalities.relational.codec import RelationalCodec

PREVIEWED_SHARE: Final = 0.02
"""Of the data that a preview is as large as."""
MOST_LEARNT: Final = 400_000
"""Rows that networks learn from; of larger databases some of each table are drawn."""
FEWEST_LEARNT: Final = 20_000
"""Of each table, where it has as many."""
NOT_THERE: Final = -1
"""The state of a column of a row that is not there."""


def made_of(codec: RelationalCodec, records: Database, seed: int) -> Made:
    """All rows of a database as states; kinds of rows, which nobody knows of new ones, are the first."""
    states: dict[str, States] = {}
    levels: dict[str, Levels] = {}
    for table in codec.plan.made:
        view = codec.views[table.name]
        own, of_own = encoded_rows(records, view, seed)
        whole = np.zeros((len(own), len(view.said)), np.int64)
        of_whole = np.zeros(whole.shape, np.float32)
        place = slice(view.n_before, view.n_before + len(view.own))
        whole[:, place], of_whole[:, place] = own, of_own
        states[table.name], levels[table.name] = whole, of_whole
    links = {name: records.links[name] for name in linked(codec.plan)}
    return Made(states, levels, links, 1.0)


def seen_by(
    places: tuple[Place, ...],
    table: str,
    states: Mapping[str, States],
    levels: Mapping[str, Levels],
    rows_by: Mapping[tuple[str, ...], Rows],
    in_family: Rows,
) -> tuple[Int[np.ndarray, "n n_places"], np.ndarray]:
    """The states and levels of a sequence for each row; `NOT_THERE` of rows that are not there."""
    n = len(in_family)
    found, of_bins = np.zeros((n, len(places)), np.int16), np.zeros((n, len(places)), np.float32)
    for column, place in enumerate(places):
        if place.said < 0:
            found[:, column] = np.minimum(in_family, MOST_PLACES - 1)
            continue
        if not place.path:
            found[:, column], of_bins[:, column] = (
                states[table][:, place.said],
                levels[table][:, place.said],
            )
            continue
        rows = rows_by[place.path]
        there = rows >= 0
        found[~there, column] = NOT_THERE
        found[there, column] = states[place.table][rows[there], place.said]
        of_bins[there, column] = levels[place.table][rows[there], place.said]
    return found, of_bins


def rows_by_path(
    places: tuple[Place, ...],
    table: str,
    links: Links,
    parents: Mapping[tuple[str, str], str],
    own: Links,
) -> dict[tuple[str, ...], Rows]:
    """The row that each path of a sequence leads to, for rows of a table that point as `own` says."""
    found: dict[tuple[str, ...], Rows] = {}
    for path in {place.path for place in places if place.path}:
        rows, where = own[table, path[0]], parents[table, path[0]]
        for name in path[1:]:
            onward = links[where, name]
            rows, where = np.where(rows >= 0, onward[rows], -1), parents[where, name]
        found[path] = rows
    return found


def remembered(states: States, rows: Rows, places: Rows | int, n_columns: int) -> np.ndarray:
    """What is said of the rows that stand two and more before these ones, the last ones first.

    Args:
        states: Of all rows, families side by side in their order.
        rows: Which ones.
        places: In their families.
        n_columns: How many states are remembered of each.
    """
    n_said = states.shape[1]
    found = np.full((len(rows), n_columns), NOT_THERE, np.int64)
    for number in range(n_columns // max(n_said, 1)):
        there = np.flatnonzero(np.broadcast_to(places, rows.shape) >= number + 2)
        if not len(there):
            break
        found[there, number * n_said : (number + 1) * n_said] = states[rows[there] - number - 2]
    return found


@final
class RowsToLearn:
    """See `Dataset`: rows of all tables, each with what is seen and what is said of it."""

    def __init__(self, codec: RelationalCodec, records: Database) -> None:
        encoded = encoded_like(codec.views, records, codec.seed)
        rng = np.random.default_rng(codec.seed)
        self._states: list[np.ndarray] = []
        self._levels: list[np.ndarray] = []
        self._before: list[np.ndarray] = []
        self._families: list[_InFamilies] = []
        numbers: list[np.ndarray] = []
        counted = [np.flatnonzero(records.counts(table.name)) for table in codec.plan.made]
        share = min(1.0, MOST_LEARNT / max(1, sum(map(len, counted))))
        for number, (table, own) in enumerate(zip(codec.plan.made, counted, strict=True)):
            n = max(min(len(own), FEWEST_LEARNT), round(share * len(own)))
            rows = own if n == len(own) else np.sort(rng.choice(own, n, replace=False))
            (seen, of_bins, earlier), family = _seen(codec, records, encoded, table, rows)
            self._families.append(family)
            self._states.append(seen)
            self._levels.append(of_bins)
            self._before.append(earlier)
            numbers.append(np.stack([np.full(n, number), np.arange(n)], 1))
        whole = np.concatenate(numbers)
        self._where = whole[np.random.default_rng(codec.seed).permutation(len(whole))]
        self._width = max(one.shape[1] for one in self._states)
        self._n_remembered = max(one.n_columns for one in self._families)

    def __len__(self) -> int:
        return len(self._where)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        where = self._where[indices.numpy()]
        shape = (len(where), self._width)
        states, before = np.full(shape, NOT_THERE, np.int64), np.full(shape, NOT_THERE, np.int64)
        levels = np.zeros(shape, np.float32)
        had = np.full((len(where), self._n_remembered), NOT_THERE, np.int64)
        for number in np.unique(where[:, 0]):
            chosen = np.flatnonzero(where[:, 0] == number)
            rows = where[chosen, 1]
            width = self._states[number].shape[1]
            states[chosen, :width] = self._states[number][rows]
            before[chosen, :width] = self._before[number][rows]
            levels[chosen, :width] = self._levels[number][rows]
            had[chosen, : self._families[number].n_columns] = self._families[number].remembered(rows)
        parts = {
            "real": levels,
            "states": states,
            "before": before,
            "had": had,
            "tables": where[:, 0],
            "condition": np.full((len(where), 1), PREVIEWED_SHARE, np.float32),
        }
        return Batch({name: torch.from_numpy(part) for name, part in parts.items()})


@final
@dataclass(frozen=True, eq=False)
class _InFamilies:
    """Where rows that are learnt from stand in their families."""

    states: States
    """Of all rows, families side by side in their order."""
    rows: Rows
    """Which of them are learnt from."""
    places: Rows
    """In their families."""
    n_columns: int

    def remembered(self, chosen: np.ndarray) -> np.ndarray:
        """See the function of that name."""
        return remembered(self.states, self.rows[chosen], self.places[chosen], self.n_columns)


def _seen(
    codec: RelationalCodec, records: Database, encoded: Encoded, table: TablePlan, rows: Rows
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], _InFamilies]:
    """States and levels of the sequences of rows, states of those before them, and their families."""
    places, _ = codec.sequences[table.name]
    n = len(encoded.states[table.name])
    in_family, before = np.zeros(n, np.int64), np.full(n, -1)
    by, n_columns = np.arange(n), 0
    if table.driving is not None:
        order, n_columns = None, MOST_REMEMBERED * len(codec.views[table.name].said)
        if table.order:
            order = floats_of(cells_of(records.tables[table.name].records, table.order))
        in_family, before, by = families_in_order(records.links[table.name, table.driving.name], order)
    parents = parents_of(codec)

    def sequences(chosen: Rows) -> tuple[np.ndarray, np.ndarray]:
        own = {name: one[chosen] for name, one in records.links.items() if name[0] == table.name}
        rows_by = rows_by_path(places, table.name, records.links, parents, own)
        here = {**encoded.states, table.name: encoded.states[table.name][chosen]}
        levels = {**encoded.levels, table.name: encoded.levels[table.name][chosen]}
        return seen_by(places, table.name, here, levels, rows_by, in_family[chosen])

    seen, of_bins = sequences(rows)
    earlier, _ = sequences(np.maximum(before[rows], 0))
    earlier[before[rows] < 0] = NOT_THERE
    ranks = np.empty(n, np.int64)
    ranks[by] = np.arange(n)
    families = _InFamilies(encoded.states[table.name][by], ranks[rows], in_family[rows], n_columns)
    return (seen, of_bins, earlier), families


def parents_of(codec: RelationalCodec) -> dict[tuple[str, str], str]:
    """The table that each key points at."""
    return {(table.name, link.name): link.parent for table in codec.plan.tables for link in table.links}

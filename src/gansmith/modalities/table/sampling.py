"""A block of records that fulfil a request, in a bounded number of answers of the generator.

First the generator is left free for a few blocks, and the records that happen to fulfil the request are kept
as they are: they are the model's own, exactly. When they are too few, a block is made with the rarest column
held fixed, and again those are kept that fulfil everything. What is still open is made with all asked columns
held fixed, in states of records that came near; the part of these that did not fit is drawn as often as it
occurs. Levels are drawn anew within what is allowed.

A column that the generator does not make itself, but that is computed from others, cannot be held fixed, only
looked at: then blocks are made until enough records fulfil the request, or until it is clear that they will
not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool, Int

from gansmith.engine.batches import Conditions
from gansmith.errors import UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.tabular.columns.choices import ANY_STATE, Choices, Codes, Drawn
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.conditions import Condition
from gansmith.tabular.layout import Compact, hold_fixed
from gansmith.tabular.schema import Table

FREE_ROUNDS: Final = 4
"""Blocks in which the generator is left free, at most."""
MIN_FREE_SHARE: Final = 0.5
"""Share of a block that these must promise to fill, or no more than one is made."""
WATCHED_ROUNDS: Final = 50
"""Blocks that are made at most; so many only where a column cannot be held fixed."""
MIN_NEAR: Final = 30
"""Records that came near, from which states to hold are taken."""


@final
@dataclass(frozen=True)
class ConditionedColumn:
    """A column that the generator makes, so that it can be held fixed."""

    codec: AbstractColumnCodec
    choices: Choices
    place: int
    """Among the columns of the layout."""
    level_place: int | None
    """Of its level in a compact record, if it has one."""

    @staticmethod
    def of(codec: TableCodec, index: int, choices: Choices) -> ConditionedColumn:
        """Column `index` of the schema, which the generator makes."""
        layout, place = codec.layout, codec.rows.playing.index(index)
        has_level = place in layout.level_columns
        level_place = layout.n_columns + layout.level_columns.index(place) if has_level else None
        return ConditionedColumn(codec.rows.columns[index], choices, place, level_place)

    @property
    def name(self) -> str:
        """Of the column."""
        return self.choices.condition.column.name

    def look(self, compact: Compact, rng: np.random.Generator) -> Drawn:
        """The column of these records; members of groups are drawn."""
        codes = compact[:, self.place].numpy().astype(np.int64)
        levels = np.zeros(len(codes), np.float32)
        if self.level_place is not None:
            levels = compact[:, self.level_place].numpy()
        is_listed = self.choices.cells is not None
        return Drawn(codes, levels, self.codec.decode(codes, levels, rng, 0) if is_listed else None)

    def holds(self, found: Drawn) -> Bool[np.ndarray, " n"]:
        """Which of these cells fulfil the condition."""
        if found.cells is None:
            return np.isin(found.codes, self.choices.codes)
        return self.choices.condition.holds(found.cells)

    def put(self, compact: Compact, drawn: Drawn) -> None:
        """Write these cells into compact records."""
        compact[:, self.place] = torch.from_numpy(drawn.codes).to(compact)
        if self.level_place is not None:
            compact[:, self.level_place] = torch.from_numpy(drawn.levels)


@final
@dataclass(frozen=True)
class Wanted:
    """A request, column by column."""

    codec: TableCodec
    columns: tuple[ConditionedColumn, ...]
    watched: tuple[Condition, ...]
    """What whole records must fulfil, where that does not follow from what is asked."""
    balanced: int | None
    """Which of the asked columns has all its values in turn."""
    sought: Mapping[str, pa.Scalar]
    """Cells that whole records are moved to where they are near."""

    def fulfilled(self, table: pa.Table) -> Bool[np.ndarray, " n"]:
        """Which whole records will do."""
        will_do = ~self.codec.rows.chain.violating(table)
        for condition in self.watched:
            will_do &= condition.holds(table.column(condition.column.name).combine_chunks())
        return will_do

    def __str__(self) -> str:
        conditions = [*(column.choices.condition for column in self.columns), *self.watched]
        return " and ".join(dict.fromkeys(text for text in map(str, conditions) if text))


@final
class _Seen(NamedTuple):
    """What is kept of an answer, to learn from it which states go together."""

    codes: Int[np.ndarray, "n columns"]
    holds: Bool[np.ndarray, "n columns"]
    variants: Codes
    """Which of the values that take turns each record has; -1: none of them."""


@final
class SampledBlock:
    """See `ConditionalBlock` of the base; made by `TableRequest`.

    Record k, counted through all blocks, has the k-th value of a balanced column, in turn.
    """

    def __init__(self, wanted: Wanted, size: int, first_index: int, n_wanted: int, seed: int) -> None:
        self._wanted, self._n_wanted, self._seed = wanted, n_wanted, seed
        n_variants = 1 if wanted.balanced is None else len(wanted.columns[wanted.balanced].choices)
        self._variants = (first_index + np.arange(size)) % n_variants
        self._is_open = np.ones(size, bool)
        self._compact = torch.zeros(size, wanted.codec.layout.n_compact)
        self._cells: dict[str, list[pa.Array]] = {}
        self._origins, self._n_kept = np.zeros(size, np.int64), 0
        self._seen: list[_Seen] = []
        self._held: dict[int, Drawn] = {}
        self._is_free, self._has_led = True, len(wanted.columns) < 2

    @property
    def is_done(self) -> bool:
        return not self._is_open[: self._n_wanted].any()

    @property
    def compact(self) -> Compact:
        return self._compact

    def condition(self) -> Conditions | None:
        if len(self._seen) >= WATCHED_ROUNDS:
            raise self._not_found()
        self._held = {}
        self._is_free &= self._leaves_free()
        if self._is_free:
            return None
        rng = np.random.default_rng([self._seed, len(self._seen), 0])
        slots = np.flatnonzero(self._is_open)
        targets = self._variants[slots[np.arange(len(self._is_open)) % len(slots)]]
        places = range(len(self._wanted.columns))
        states = np.full((len(targets), len(places)), ANY_STATE)
        if self._has_led:
            states = self._near_states(targets, rng)
        else:
            self._has_led, places = True, [self._rarest()]
        layout, compact = self._wanted.codec.layout, torch.zeros_like(self._compact)
        is_conditioned = torch.zeros(len(compact), layout.n_columns)
        for place in places:
            column, is_balanced = self._wanted.columns[place], place == self._wanted.balanced
            choices = column.choices
            drawn = choices.at(targets) if is_balanced else choices.draw(states[:, place], rng)
            self._held[place] = drawn
            column.put(compact, drawn)
            is_conditioned[:, column.place] = 1.0
        return hold_fixed(layout, layout.expand(compact), is_conditioned)

    def take(self, compact: Compact) -> None:
        wanted, rng = self._wanted, np.random.default_rng([self._seed, len(self._seen), 1])
        for place, drawn in self._held.items():
            wanted.columns[place].put(compact, drawn)
        found = [
            self._held.get(place) or column.look(compact, rng) for place, column in enumerate(wanted.columns)
        ]
        cells: dict[str, pa.Array] = {}
        holds, codes = (np.ones((len(compact), len(found)), kind) for kind in (bool, np.int64))
        for place, (column, drawn) in enumerate(zip(wanted.columns, found, strict=True)):
            holds[:, place], codes[:, place] = column.holds(drawn), drawn.codes
            if drawn.cells is not None:
                cells[column.name] = drawn.cells
        is_whole = holds.all(1)
        if wanted.watched or wanted.codec.rows.chain.constraints:  # known only of whole records
            table = wanted.codec.rows.chain.nudged(
                wanted.codec.decode_rows(compact, rng, 0, cells), wanted.sought
            )
            is_whole &= wanted.fulfilled(table)
            kept = [column.name for column in wanted.codec.schema.columns if not column.traits.is_made_anew]
            cells = {name: table.column(name).combine_chunks() for name in kept}
        variants = self._variants_of(found, len(compact))
        self._seen.append(_Seen(codes, holds, variants))
        self._keep(compact, np.flatnonzero(is_whole), variants, cells)

    def settled(self, records: Table) -> Table:
        found, origins = records.records, pa.array(self._origins[: len(records)])
        for name, parts in self._cells.items():
            place = found.column_names.index(name)
            found = found.set_column(place, found.field(place), pa.concat_arrays(parts).take(origins))
        return Table(found, records.schema, records.name, records.notes)

    def _leaves_free(self) -> bool:
        """Whether the generator makes enough by itself to be left free once more."""
        n_rounds = len(self._seen)
        if not self._wanted.columns or n_rounds == 0:
            return True
        n_filled = int((~self._is_open).sum())
        promised = n_filled / n_rounds * FREE_ROUNDS
        return n_rounds < FREE_ROUNDS and promised >= MIN_FREE_SHARE * len(self._is_open)

    def _rarest(self) -> int:
        """The asked column that is fulfilled least often; a balanced one goes first."""
        if self._wanted.balanced is not None:
            return self._wanted.balanced
        return int(np.concatenate([seen.holds for seen in self._seen]).mean(0).argmin())

    def _near_states(self, targets: Codes, rng: np.random.Generator) -> Int[np.ndarray, "n columns"]:
        """States of records that came near each target; `ANY_STATE` where they do not fit."""
        codes, holds, variants = (np.concatenate(parts) for parts in zip(*self._seen, strict=True))
        others = holds.copy()
        if self._wanted.balanced is not None:
            others[:, self._wanted.balanced] = True
        near = _nearest(others.sum(1))
        rows = near[rng.integers(len(near), size=len(targets))]
        if self._wanted.balanced is not None:  # better such as have the wanted value
            whole = np.flatnonzero(others.all(1))
            whole = whole[np.argsort(variants[whole], kind="stable")]
            first, last = (np.searchsorted(variants[whole], targets, side) for side in ("left", "right"))
            own = (first + rng.random(len(targets)) * (last - first)).astype(np.int64)
            is_enough = last - first >= MIN_NEAR
            rows[is_enough] = whole[own[is_enough]]
        return np.where(holds[rows], codes[rows], ANY_STATE)

    def _variants_of(self, found: list[Drawn], n: int) -> Codes:
        """Which of the values that take turns each record has."""
        balanced = self._wanted.balanced
        if balanced is None:
            return np.zeros(n, np.int64)
        places = pc.index_in(found[balanced].cells, value_set=self._wanted.columns[balanced].choices.cells)
        return places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def _keep(
        self, compact: Compact, rows: Int[np.ndarray, " n_rows"], variants: Codes, cells: dict[str, pa.Array]
    ) -> None:
        """Fill open places, the first ones first, with whole records of the value whose turn it is."""
        slots = np.flatnonzero(self._is_open)
        wanted, found = _numbered(self._variants[slots]), _numbered(variants[rows])
        _, of_row, of_slot = np.intersect1d(found, wanted, assume_unique=True, return_indices=True)
        rows, slots = rows[of_row], slots[of_slot]
        self._compact[torch.from_numpy(slots)] = compact[torch.from_numpy(rows)]
        self._origins[slots] = self._n_kept + np.arange(len(rows))
        self._n_kept += len(rows)
        self._is_open[slots] = False
        for name, column in cells.items():
            self._cells.setdefault(name, []).append(column.take(pa.array(rows)))

    def _not_found(self) -> UsageError:
        n_made = len(self._seen) * len(self._is_open)
        n_found = int((~self._is_open).sum())
        return UsageError(
            f"{n_made:,} records were made, and {n_found:,} of them fulfil {self._wanted}, of "
            f"{self._n_wanted:,} that are wanted in this block. Ask for less."
        )


def _nearest(n_fulfilled: Codes) -> Int[np.ndarray, " n_near"]:
    """Numbers of the records that fulfil the most, `MIN_NEAR` or more of them where there are so many."""
    enough = np.sort(n_fulfilled)[::-1][min(MIN_NEAR, len(n_fulfilled)) - 1]
    return np.flatnonzero(n_fulfilled >= enough)


def _numbered(groups: Codes) -> Codes:
    """A number for each entry that says which of its group it is, and of which group.

    Example:
        >>> _numbered(np.array([0, 1, 0])) - _numbered(np.array([0, 1, 1]))
        array([         0,          0, ...])
    """
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    return groups * 2**32 + ranks

"""Imputing the gaps of partial records: what is there is held fixed, and the generator makes the rest.

A gap is filled with a value, even where the generator would rather leave it: then it is asked again, with all
that it has made of the record held fixed too, and after a few times the value is drawn as often as it occurs.

Where constraints compute columns from others, what is there may say what a gap must be. A record that breaks
one is made again; after a few times it stays as it is: what is there goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool

from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.wanted import ConditionedColumn
from gansmith.tabular.cells import are_missing, cells_of, is_missing, replaced
from gansmith.tabular.columns.choices import ANY_STATE
from gansmith.tabular.conditions import Condition
from gansmith.tabular.files.gaps import Gaps
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.layout import Compact, hold_fixed
from gansmith.tabular.schema import Column, Table

ROUNDS: Final = 8
"""How often the generator is asked, where it leaves gaps or what it makes does not go with what is there."""


@final
@dataclass(frozen=True)
class TablePartial:
    """See `Partial` of the base."""

    codec: TableCodec
    gaps: Gaps
    keep_missing: bool

    @property
    def name(self) -> str:
        return self.gaps.table.name

    @property
    def texts(self) -> tuple[str, ...]:
        """Nothing is asked beside what is there."""
        return ()

    def __len__(self) -> int:
        return len(self.gaps.table)

    @property
    def n_gaps(self) -> int:
        return sum(column.null_count for column in self.gaps.table.records.columns)

    @property
    def notes(self) -> tuple[str, ...]:
        found = list(self.gaps.table.notes)
        rows = self.codec.rows
        records = rows.split(self.gaps.table.records)
        for column, codec in zip(rows.flat.columns, rows.columns, strict=True):
            cells = cells_of(records, column.name)
            if self.codec.rows.chain.taking(column.name) is not None:  # its codec knows something else
                continue
            is_unknown = ~codec.knows(cells) & ~are_missing(cells)
            if is_unknown.any():
                first = cells[int(np.argmax(is_unknown))].as_py()
                taken = "the rest of their records is made without them"
                if codec.can_be_told(cells)[is_unknown].any():
                    taken = "the model takes them for the nearest that it knows"
                found.append(
                    f"column {column.name!r}: {int(is_unknown.sum()):,} cells hold what the model has not "
                    f"learnt, such as {str(first)!r}. They are kept; {taken}."
                )
        return tuple(found)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """What is doubtful of what is there stands in the notes."""
        return ()

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> ImputedBlock:
        records = self.gaps.table.records.slice(first_index, size)
        return ImputedBlock(self.codec, records, size, n_wanted, seed, self.keep_missing)

    def returned(self, blocks: Sequence[Table]) -> object:
        return self.gaps.returned(pa.concat_tables([block.records for block in blocks]).combine_chunks())

    def writer(self, path: Path, metadata: Mapping[str, str]) -> TableWriter:
        return self.gaps.writer(path, metadata)


@final
class ImputedBlock:
    """See `ConditionalBlock` of the base; made by `TablePartial`."""

    def __init__(
        self, codec: TableCodec, records: pa.Table, size: int, n_wanted: int, seed: int, keep_missing: bool
    ) -> None:
        self._codec, self._rows, self._records = codec, codec.rows, records
        self._seed, self._n_wanted, self._keep_missing = seed, n_wanted, keep_missing
        self._compact = torch.zeros(size, codec.layout.n_compact)
        self._is_fixed = np.zeros((size, codec.layout.n_columns), bool)
        self._put_given()
        self._is_given = self._is_fixed.copy()
        self._n_rounds = 0
        self._tables: list[pa.Table] = []
        self._rounds = np.zeros(records.num_rows, np.int64)
        """In which round each record became whole, where there are constraints."""

    @property
    def is_done(self) -> bool:
        return bool(self._is_fixed[: self._n_wanted].all())

    @property
    def compact(self) -> Compact:
        return self._compact

    def ask(self, fresh: Origins) -> Question:
        layout = self._codec.layout
        is_conditioned = torch.from_numpy(self._is_fixed).to(self._compact)
        return Question(fresh, hold_fixed(layout, layout.expand(self._compact), is_conditioned))

    def take(self, compact: Compact) -> None:
        self._n_rounds += 1
        layout = self._codec.layout
        is_value = np.ones(self._is_fixed.shape, bool)
        if not self._keep_missing:
            can_be_missing = [self._rows.columns[index].has_missing for index in self._rows.playing]
            is_value = (compact[:, : layout.n_columns] > 0).numpy() | ~np.array(can_be_missing)
        before = self._are_whole()
        self._fill(compact, is_value & ~self._is_fixed & self._are_kept(compact)[:, None])
        if self._n_rounds >= ROUNDS:
            self._draw_the_rest()
        if self._rows.chain.constraints:
            self._look_at_whole_ones(before)

    def _are_kept(self, compact: Compact) -> Bool[np.ndarray, " n"]:
        """Which answers are taken: of those that are learnt from oftener than what is there, fewer."""
        lifts = self._codec.cell_lifts(compact).numpy()
        chances = np.where(self._is_fixed, lifts, 1).max(1) / lifts.max(1)
        rng = np.random.default_rng([self._seed, 3, self._n_rounds])
        return (rng.random(len(chances)) < chances) | (self._n_rounds >= ROUNDS)

    def settled(self, records: Table) -> Table:
        made = records.records
        if self._tables:
            rows = self._rounds * len(self._rounds) + np.arange(len(self._rounds))
            kept = pa.concat_tables(self._tables).take(pa.array(rows[: len(records)]))
            names = [column.name for column in self._rows.flat.columns if self._is_kept(column)]
            cells = {name: cells_of(kept, name) for name in names}
            made = self._rows.join(replaced(self._rows.split(made), cells))
        return Table(self._with_given(made), records.schema, records.name, records.notes)

    def _is_kept(self, column: Column) -> bool:
        """Whether a column is that of the record that kept the constraints, and not made anew after that."""
        rule = self._rows.chain.taking(column.name)
        return not column.traits.is_made_anew or (rule is not None and bool(rule.reads))

    def _with_given(self, made: pa.Table) -> pa.Table:
        """Records that were made, with the cells that were there."""
        given = self._records.slice(0, made.num_rows)
        arrays = [
            pc.if_else(pc.is_valid(cells), cells, made.column(name))
            for name, cells in zip(given.column_names, given.columns, strict=True)
        ]
        whole = self._rows.split(pa.table(arrays, schema=made.schema))
        return self._rows.join(self._rows.chain.computed_anew(whole, self._rows.split(given)))

    def _are_whole(self) -> Bool[np.ndarray, " n"]:
        return np.all(self._is_fixed, axis=1)

    def _look_at_whole_ones(self, before: Bool[np.ndarray, " n"]) -> None:
        """Open the gaps of records again that break a constraint; the last ones stay.

        Args:
            before: Which records were whole before this round.
        """
        n = self._records.num_rows
        rng = np.random.default_rng([self._seed, 2, self._n_rounds])
        made = self._codec.decode_flat(self._compact[:n], rng)
        self._tables.append(made)
        is_new = self._are_whole()[:n] & (~before[:n] | (self._n_rounds == 1))
        self._rounds[is_new] = len(self._tables) - 1
        if self._n_rounds < ROUNDS:
            whole = self._rows.split(self._with_given(self._rows.join(made)))
            broken = is_new & self._rows.chain.violating(whole)
            again = np.flatnonzero(broken & ~np.all(self._is_given[:n], axis=1))
            self._is_fixed[again] = self._is_given[again]

    def _put_given(self) -> None:
        """Hold fixed what is there and known."""
        n = self._records.num_rows
        told = self._rows.chain.told(self._rows.split(self._records))
        encoded = self._codec.encode_flat(told, np.random.default_rng([self._seed, 0]))
        reduced = self._rows.chain.reduce(told)
        is_there = np.zeros(self._is_fixed.shape, bool)
        for place, index in enumerate(self._rows.playing):
            name = self._rows.flat.names[index]
            is_there[:n, place] = self._rows.columns[index].can_be_told(cells_of(reduced, name))
            if (rule := self._rows.chain.taking(name)) is not None:
                for one in (*rule.reads, *rule.writes):  # what is computed is known if all of these are
                    is_there[:n, place] &= ~is_missing(told, one)
        whole = torch.zeros_like(self._compact)
        whole[:n] = encoded
        self._fill(whole, is_there)

    def _fill(self, compact: Compact, is_filled: Bool[np.ndarray, "n n_columns"]) -> None:
        """Take over these cells, and hold them fixed from now on."""
        has_level = is_filled[:, list(self._codec.layout.level_columns)]
        chosen = torch.from_numpy(np.concatenate([is_filled, has_level], 1))
        self._compact = torch.where(chosen, compact, self._compact)
        self._is_fixed |= is_filled

    def _draw_the_rest(self) -> None:
        """Fill what the generator left missing, however often it was asked."""
        drawn = torch.zeros_like(self._compact)
        left = ~self._is_fixed
        for place in np.flatnonzero(left.any(0)).tolist():
            index = self._rows.playing[place]
            column = self._rows.chain.reduced.columns[index]
            there = replace(Condition.anything(column), excluded=pa.nulls(1, column.arrow_type))
            rng = np.random.default_rng([self._seed, 1, place])
            asked = ConditionedColumn.of(self._codec, index, self._rows.columns[index].choices(there))
            asked.put(drawn, asked.choices.draw(np.full(len(left), ANY_STATE), rng))
        self._fill(drawn, left)

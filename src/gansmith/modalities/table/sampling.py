"""A block of records that fulfil a request, in a bounded number of answers of the generator.

First the generator is left free for some blocks, and the records that happen to fulfil the request are kept as
they are: they are the model's own, exactly. When these are too few, the others *walk* away from them: a
part of the noise that a record was made from is drawn anew, and where what comes of it fulfils the request too, the
record becomes that. Each step leaves the distribution of free records that fulfil the request as it is. So
whoever starts from one is one, wherever the walk leads; it has to be long enough to forget its start.

Where so few are found that nobody can start from them, a block is made with the rarest column held fixed, and again
those are kept that fulfil everything. What is still open is made with all asked columns
held fixed, in states of records that came near; the part of these that did not fit is drawn as often as it
occurs. Levels are drawn anew within what is allowed.

A column that the generator does not make itself, but that is computed from others, cannot be held fixed, only
looked at: then blocks are made until enough records fulfil the request, or until it is clear that they will
not.

Source:
    Au and Beck 2001, "Estimation of small failure probabilities in high dimensions by subset simulation",
    Probabilistic Engineering Mechanics 16: walks in the space of what rare events are made from.
"""

from __future__ import annotations

from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool, Int
from torch import nn

from gansmith.engine.batches import Conditions
from gansmith.errors import UsageError
from gansmith.modalities.recipe import Origins, Question
from gansmith.modalities.table.wanted import Wanted
from gansmith.tabular.columns.choices import ANY_STATE, Codes, Drawn
from gansmith.tabular.layout import Compact, hold_fixed
from gansmith.tabular.schema import Table

FREE_ROUNDS: Final = 32
"""Blocks in which the generator is left free, at most."""
ENOUGH_FOUND: Final = 64
ENOUGH_SHARE: Final = 0.25
"""So many records to find before others walk away from them, or such a share of those of a value."""
MIN_FOUND: Final = 8
"""Records to walk away from: with fewer, columns are held fixed."""
ANGLES = ((90, 0), (30, 30))
N_STEPS: Final = 16
"""Of a walk; as many free blocks are made where that is enough to find all records of a block."""
SHARE_REDRAWN: Final = 0.25
"""Of the noise, in every other step."""
MAX_ROUNDS: Final = 100
"""Blocks that are made at most; so many only where a column cannot be held fixed."""
MIN_NEAR: Final = 30
"""Records that came near, from which states to hold are taken."""


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
        self._is_open, self._is_walking = np.ones(size, bool), np.zeros(size, bool)
        self._compact = torch.zeros(size, wanted.codec.layout.n_compact)
        self._origins: Origins | None = None
        self._cells: dict[str, list[pa.Array]] = {}
        self._cells_of, self._n_cells = np.zeros(size, np.int64), 0
        self._seen: list[_Seen] = []
        self._asked = Question(Origins(torch.empty(0, 0), torch.empty(0, dtype=torch.long)))
        self._held: dict[int, Drawn] = {}
        self._n_rounds, self._n_free, self._n_steps = 0, 0, 0
        self._can_move, self._moves = any(column.moving.any() for column in wanted.columns), False
        self._is_free, self._has_led = True, len(wanted.columns) < 2

    @property
    def is_done(self) -> bool:
        return not (self._is_open | self._is_walking)[: self._n_wanted].any()

    @property
    def compact(self) -> Compact:
        return self._compact

    def ask(self, fresh: Origins) -> Question:
        self._held = {}
        if self._is_free and not self._leaves_free():
            self._is_free = False
            self._depart()
        if not (self._is_free or self._is_walking.any() or self._moves) and self._can_move:
            self._moves, self._is_free, self._n_free, self._n_steps = True, True, 0, 0
        if self._is_free:
            self._n_free += 1
            self._asked = Question(fresh)
        elif self._is_walking.any():
            self._asked = Question(self._near(fresh))
        elif self._n_rounds < MAX_ROUNDS:
            self._asked = Question(fresh, self._condition())
        else:
            raise self._not_found()
        return self._asked

    def take(self, compact: Compact) -> None:
        wanted, rng = self._wanted, np.random.default_rng([self._seed, self._n_rounds, 1])
        found = [
            self._held.get(place) or column.look(compact, rng, moves=self._moves)
            for place, column in enumerate(wanted.columns)
        ]
        for column, drawn in zip(wanted.columns, found, strict=True):
            column.put(compact, drawn)
        cells: dict[str, pa.Array] = {}
        holds, codes = (np.ones((len(compact), len(found)), kind) for kind in (bool, np.int64))
        for place, (column, drawn) in enumerate(zip(wanted.columns, found, strict=True)):
            holds[:, place], codes[:, place] = column.holds(drawn), drawn.codes
            if drawn.cells is not None:
                cells[column.name] = drawn.cells
        variants = self._variants_of(found, len(compact))
        rows = np.flatnonzero(holds.all(1))
        cells = {name: column.take(pa.array(rows)) for name, column in cells.items()}
        if len(rows) and (wanted.watched or wanted.codec.rows.chain.constraints):  # known of whole records
            table = wanted.codec.decode_rows(compact[torch.from_numpy(rows)], rng, 0, cells)
            table = wanted.codec.rows.chain.nudged(table, wanted.sought)
            will_do = wanted.fulfilled(table)
            rows, table = rows[will_do], table.filter(pa.array(will_do))
            kept = [column.name for column in wanted.codec.schema.columns if not column.traits.is_made_anew]
            cells = {name: table.column(name).combine_chunks() for name in kept}
        if self._is_walking.any():
            self._move(compact, rows, variants, cells)
        else:
            if not self._moves:
                self._seen.append(_Seen(codes, holds, variants))
            self._keep(compact, rows, variants, cells)
        self._n_rounds += 1

    def settled(self, records: Table) -> Table:
        found, cells_of = records.records, pa.array(self._cells_of[: len(records)])
        for name, parts in self._cells.items():
            place = found.column_names.index(name)
            found = found.set_column(place, found.field(place), pa.concat_arrays(parts).take(cells_of))
        return Table(found, records.schema, records.name, records.notes)

    # --- Free records ------------------------------------------------------------------------------------

    def _leaves_free(self) -> bool:
        """Whether the generator is left free once more.

        It is until, of each value that takes turns, a share of the block is there, or until it is clear that
        few will be found.
        """
        n_rounds, can_hold = self._n_free, bool(self._wanted.columns)
        if n_rounds == 0:
            return True
        if n_rounds >= FREE_ROUNDS:
            return not can_hold and self._n_rounds < MAX_ROUNDS and self._is_open.all()
        n_all = np.bincount(self._variants)
        n_found = np.bincount(self._variants[~self._is_open], minlength=len(n_all))
        is_lacking = n_found < n_all
        n_all, n_found = n_all[is_lacking], n_found[is_lacking]
        if np.all(n_rounds * n_all <= N_STEPS * n_found):
            return True
        is_enough = n_found >= np.minimum(ENOUGH_FOUND, np.maximum(ENOUGH_SHARE * n_all, MIN_FOUND))
        is_hopeless = (n_found + 2) * FREE_ROUNDS < MIN_FOUND * n_rounds
        return not np.all(is_enough | (is_hopeless & can_hold))

    def _keep(
        self, compact: Compact, rows: Int[np.ndarray, " n_rows"], variants: Codes, cells: dict[str, pa.Array]
    ) -> None:
        """Fill open places, the first ones first, with whole records of the value whose turn it is."""
        slots = np.flatnonzero(self._is_open)
        wanted, found = _numbered(self._variants[slots]), _numbered(variants[rows])
        _, of_row, of_slot = np.intersect1d(found, wanted, assume_unique=True, return_indices=True)
        self._put(slots[of_slot], compact, rows[of_row], of_row, cells)

    def _put(
        self,
        slots: Int[np.ndarray, " n_put"],
        compact: Compact,
        rows: Int[np.ndarray, " n_put"],
        cells_of: Int[np.ndarray, " n_put"],
        cells: dict[str, pa.Array],
    ) -> None:
        """Take over some of the records that were made, and where they come from."""
        to, of = torch.from_numpy(slots), torch.from_numpy(rows)
        self._compact[to] = compact[of]
        noise, turns = self._asked.origins
        if self._origins is None:
            n = len(self._is_open)
            self._origins = Origins(noise.new_zeros(n, noise.shape[1]), turns.new_zeros(n))
        self._origins.noise[to], self._origins.turns[to] = noise[of], turns[of]
        self._is_open[slots] = False
        self._cells_of[slots] = self._n_cells + np.arange(len(slots))
        self._n_cells += len(slots)
        for name, column in cells.items():
            self._cells.setdefault(name, []).append(column.take(pa.array(cells_of)))

    # --- Walks from them ---------------------------------------------------------------------------------

    def _depart(self) -> None:
        """Open places become copies of records that were found, and will walk away from them."""
        n_least = MIN_FOUND if self._wanted.columns else 1
        if self._origins is None:
            return
        for variant in np.unique(self._variants[self._is_open]):
            is_own = self._variants == variant
            found, slots = np.flatnonzero(is_own & ~self._is_open), np.flatnonzero(is_own & self._is_open)
            if len(found) < min(n_least, len(slots)):
                continue
            starts = found[np.arange(len(slots)) % len(found)]
            to, of = torch.from_numpy(slots), torch.from_numpy(starts)
            self._compact[to], self._cells_of[slots] = self._compact[of], self._cells_of[starts]
            for part in self._origins:
                part[to] = part[of]
            self._is_open[slots], self._is_walking[slots] = False, True

    def _near(self, fresh: Origins) -> Origins:
        """Origins near those of the records that walk.

        In every other step all of the noise is drawn anew, but for how far it goes in the direction in which
        the records were found. Where that says most of what is asked for, half of such steps succeed.
        """
        assert self._origins is not None
        slots = torch.from_numpy(np.flatnonzero(self._is_walking))
        noise, drawn = self._origins.noise[slots], fresh.noise[: len(slots)]
        groups = torch.from_numpy(self._variants)[slots]
        sums = torch.zeros(int(groups.max()) + 1, noise.shape[1]).index_add_(0, groups, noise)
        axes = nn.functional.normalize(sums, dim=1)[groups]
        across, along = (angle / 180 * torch.pi for angle in ANGLES[self._n_steps % len(ANGLES)])
        a, b = torch.tensor(across), torch.tensor(along)
        near = a.cos() * noise + a.sin() * drawn
        on = (noise * axes).sum(1, keepdim=True)
        fresh_on = (drawn * axes).sum(1, keepdim=True)
        near = near + ((b.cos() * on + b.sin() * fresh_on) - (near * axes).sum(1, keepdim=True)) * axes
        return Origins(near, self._origins.turns[slots])

    def _move(
        self, compact: Compact, rows: Int[np.ndarray, " n_rows"], variants: Codes, cells: dict[str, pa.Array]
    ) -> None:
        """Take the steps that lead to whole records; the others stay where they are."""
        slots = np.flatnonzero(self._is_walking)[rows]
        is_own = np.flatnonzero(variants[rows] == self._variants[slots])
        self._put(slots[is_own], compact, rows[is_own], is_own, cells)
        self._n_steps += 1
        if self._n_steps == N_STEPS:
            self._is_walking[:] = False

    # --- Columns held fixed ------------------------------------------------------------------------------

    def _condition(self) -> Conditions:
        """Holds the rarest column fixed, the first time, and then all of them."""
        rng = np.random.default_rng([self._seed, self._n_rounds, 0])
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

    def _not_found(self) -> UsageError:
        n_made = self._n_rounds * len(self._is_open)
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

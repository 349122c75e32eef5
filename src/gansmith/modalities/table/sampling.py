"""A block of records that fulfil a request, in a bounded number of answers of the generator.

First the generator is left free for some blocks, and the records that happen to fulfil the request are kept
as they are: they are the model's own, exactly. When these are too few, the others *walk* away from them. The
noise that a record was made from is turned a little, and where what comes of it fulfils the request too, the
record becomes that. Such a step leaves the distribution of free records that fulfil the request as it is: who
starts from one of them is one of them wherever the walk leads, and it leads on until its start is forgotten.

Where too few are found to start from, a block is made with the rarest column held fixed, and again those are
kept that fulfil everything. What is still open is made with all asked columns held fixed, in states of
records that came near; the part of these that did not fit is drawn as often as it occurs.

A column that the generator does not make itself, but that is computed from others, cannot be held fixed, only
looked at: then blocks are made until some fulfil the request, or until it is clear that they will not.

Source:
    Au and Beck 2001, "Estimation of small failure probabilities in high dimensions by subset simulation",
    Probabilistic Engineering Mechanics 16, walks in what rare events are made from. The turns: Neal 1999,
    "Regression and classification using Gaussian process priors", Bayesian Statistics 6, equation 26.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.table.wanted import Found, Places, Wanted
from gansmith.tabular.cells import replaced
from gansmith.tabular.columns.choices import ANY_STATE, Codes, Drawn
from gansmith.tabular.layout import Compact, hold_fixed
from gansmith.tabular.schema import Table

FREE_ROUNDS: Final = 32
"""Blocks in which the generator is left free, at most."""
ENOUGH_FOUND: Final = 64
ENOUGH_SHARE: Final = 0.25
"""So many records to find before others walk away from them, or such a share of those of a value."""
MIN_FOUND: Final = 8
"""Records to walk away from: with fewer, columns are held fixed, where that can be."""
MANY_ROUNDS: Final = 16
"""Free blocks that are made where they promise to be enough; a walk would hardly be shorter."""
ANGLES: Final = ((90, 0), (40, 40), (20, 20))
"""By how many degrees noise is turned in each step of a walk, in turn: across the direction in which records
were found, and along it. Large turns forget more and succeed less."""
N_MOVES: Final = 5
"""Steps that succeed, on average, before a walk ends."""
MAX_STEPS: Final = 48
"""Of a walk."""
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
        self._nudges, self._n_rounds, self._n_moves = False, 0, 0.0
        self._course = self._questions()
        self._next = next(self._course, None)

    @property
    def is_done(self) -> bool:
        return not (self._is_open | self._is_walking)[: self._n_wanted].any()

    @property
    def compact(self) -> Compact:
        return self._compact

    def ask(self, fresh: Origins) -> Question:
        if self._next is None:
            raise self._not_found()
        self._held = {}
        self._asked = self._next(fresh)
        return self._asked

    def _questions(self) -> Iterator[Callable[[Origins], Question]]:
        """What to ask, one after the other, until all places are filled or clearly never will be."""
        columns, can_nudge = range(len(self._wanted.columns)), bool(self._wanted.sought)
        for nudges in (False, True)[: 1 + can_nudge]:
            self._nudges = nudges
            n_least = MIN_FOUND if columns or nudges < can_nudge else 1
            n_free, n_steps, self._n_moves = 0, 0, 0.0
            while self._leaves_free(n_free, n_least):
                n_free += 1
                yield Question
            self._depart(n_least)
            while self._is_walking.any() and n_steps < MAX_STEPS and self._n_moves < N_MOVES:
                yield partial(self._near, n_steps)
                n_steps += 1
            self._is_walking[:] = False
        if len(columns) > 1:
            yield partial(self._holding, [self._rarest()])
        while columns and len(self._seen) < MAX_ROUNDS:
            yield partial(self._holding, columns)

    def take(self, compact: Compact) -> None:
        rng = np.random.default_rng([self._seed, self._n_rounds, 1])
        found = self._wanted.examine(compact, rng, self._held, nudges=self._nudges)
        found = found.only(rng.random(len(found.rows)) < self._chances(compact, found))
        variants = self._variants_of(found.columns, len(compact))
        if self._is_walking.any():
            self._move(compact, found, variants)
        else:
            self._seen.append(_Seen(found.codes, found.holds, variants))
            self._keep(compact, found, variants)
        self._n_rounds += 1
        self._next = next(self._course, None)

    def _chances(self, compact: Compact, found: Found) -> Float[np.ndarray, " places"]:
        """With what chance each of the records found stays, or the step to it is taken.

        What was learnt from oftener than others is made oftener, and some of it is left out; more than what
        all that is asked for has in common. A step to it is taken by Metropolis' rule.
        """
        codec, rows = self._wanted.codec, torch.from_numpy(found.rows)
        before: int | Tensor = self._wanted.lift
        if self._is_walking.any():
            walking = torch.from_numpy(np.flatnonzero(self._is_walking))
            before = codec.record_lifts(self._compact[walking[rows]])
        return (before / codec.record_lifts(compact[rows])).numpy()

    def settled(self, records: Table) -> Table:
        rows, places = self._wanted.codec.rows, pa.array(self._cells_of[: len(records)])
        cells = {name: pa.concat_arrays(parts).take(places) for name, parts in self._cells.items()}
        found = rows.join(replaced(rows.split(records.records), cells))
        return Table(found, records.schema, records.name, records.notes)

    # --- Free records ------------------------------------------------------------------------------------

    def _leaves_free(self, n_rounds: int, n_least: int) -> bool:
        """Whether the generator is left free once more, after so many blocks.

        It is until, of each value that takes turns, enough records are there for others to start from, or
        until it is clear that these will be less than `n_least`.
        """
        n_all = np.bincount(self._variants)
        n_found = np.bincount(self._variants[~self._is_open], minlength=len(n_all))
        n_all, n_found = n_all[n_found < n_all], n_found[n_found < n_all]
        if n_rounds == 0 or not len(n_all):
            return n_rounds == 0
        if np.all(n_rounds * n_all <= MANY_ROUNDS * n_found):
            return True
        is_enough = n_found >= np.minimum(ENOUGH_FOUND, np.maximum(ENOUGH_SHARE * n_all, n_least))
        is_hopeless = (n_found + 2) * FREE_ROUNDS < n_least * n_rounds
        if n_rounds < FREE_ROUNDS:
            return not np.all(is_enough | is_hopeless)
        return n_least == 1 and not n_found.any() and len(self._seen) < MAX_ROUNDS

    def _keep(self, compact: Compact, found: Found, variants: Codes) -> None:
        """Fill open places, the first ones first, with whole records of the value whose turn it is."""
        slots = np.flatnonzero(self._is_open)
        wanted, had = _numbered(self._variants[slots]), _numbered(variants[found.rows])
        _, picks, of_slot = np.intersect1d(had, wanted, assume_unique=True, return_indices=True)
        self._put(slots[of_slot], compact, found, picks)

    def _put(self, slots: Places, compact: Compact, found: Found, picks: Places) -> None:
        """Take over some of the records that fulfil everything, and where they come from."""
        to, of = torch.from_numpy(slots), torch.from_numpy(found.rows[picks])
        self._compact[to] = compact[of]
        noise, turns = self._asked.origins
        if self._origins is None:
            n = len(self._is_open)
            self._origins = Origins(noise.new_zeros(n, noise.shape[1]), turns.new_zeros(n))
        self._origins.noise[to], self._origins.turns[to] = noise[of], turns[of]
        self._is_open[slots] = False
        self._cells_of[slots] = self._n_cells + np.arange(len(slots))
        self._n_cells += len(slots)
        for name, column in found.cells.items():
            self._cells.setdefault(name, []).append(column.take(pa.array(picks)))

    # --- Walks from them ---------------------------------------------------------------------------------

    def _depart(self, n_least: int) -> None:
        """Open places become copies of records that were found, of `n_least` or more, and will walk away."""
        for variant in np.unique(self._variants[self._is_open]):
            is_own = self._variants == variant
            found, slots = np.flatnonzero(is_own & ~self._is_open), np.flatnonzero(is_own & self._is_open)
            if self._origins is None or len(found) < min(n_least, len(slots)):
                continue
            starts = found[np.arange(len(slots)) % len(found)]
            to, of = torch.from_numpy(slots), torch.from_numpy(starts)
            self._compact[to], self._cells_of[slots] = self._compact[of], self._cells_of[starts]
            for part in self._origins:
                part[to] = part[of]
            self._is_open[slots], self._is_walking[slots] = False, True

    def _near(self, step: int, fresh: Origins) -> Question:
        """Records of nearly the same origins as those that walk.

        All records of a value lie in one direction, more or less, and how far they go in it says most of
        whether they have it. So noise is turned less along this axis than across it.
        """
        assert self._origins is not None
        slots = torch.from_numpy(np.flatnonzero(self._is_walking))
        noise, drawn = self._origins.noise[slots], fresh.noise[: len(slots)]
        variants = torch.from_numpy(self._variants)[slots]
        sums = torch.zeros(int(variants.max()) + 1, noise.shape[1]).index_add_(0, variants, noise)
        axes = normalize(sums, dim=1)[variants]
        near = _turned(noise, drawn, axes, ANGLES[step % len(ANGLES)])
        return Question(Origins(near, self._origins.turns[slots]))

    def _move(self, compact: Compact, found: Found, variants: Codes) -> None:
        """Take the steps that lead to whole records; the others stay where they are."""
        walking = np.flatnonzero(self._is_walking)
        slots = walking[found.rows]
        picks = np.flatnonzero(variants[found.rows] == self._variants[slots])
        self._put(slots[picks], compact, found, picks)
        self._n_moves += len(picks) / len(walking)

    # --- Columns held fixed ------------------------------------------------------------------------------

    def _holding(self, places: Sequence[int], fresh: Origins) -> Question:
        """A block with these of the asked columns held fixed."""
        rng = np.random.default_rng([self._seed, self._n_rounds, 0])
        slots = np.flatnonzero(self._is_open)
        targets = self._variants[slots[np.arange(len(self._is_open)) % len(slots)]]
        states = np.full((len(targets), len(self._wanted.columns)), ANY_STATE)
        if len(places) == len(self._wanted.columns):
            states = self._near_states(targets, rng)
        layout, compact = self._wanted.codec.layout, torch.zeros_like(self._compact)
        is_conditioned = torch.zeros(len(compact), layout.n_columns)
        for place in places:
            column, is_balanced = self._wanted.columns[place], place == self._wanted.balanced
            choices = column.choices
            drawn = choices.at(targets) if is_balanced else choices.draw(states[:, place], rng)
            self._held[place] = drawn
            column.put(compact, drawn)
            is_conditioned[:, column.place] = 1.0
        return Question(fresh, hold_fixed(layout, layout.expand(compact), is_conditioned))

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

    def _variants_of(self, found: Sequence[Drawn], n: int) -> Codes:
        """Which of the values that take turns each record has."""
        balanced = self._wanted.balanced
        if balanced is None:
            return np.zeros(n, np.int64)
        places = pc.index_in(found[balanced].cells, value_set=self._wanted.columns[balanced].choices.cells)
        return places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

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


def _turned(
    noise: Float[Tensor, "n n_noise"],
    fresh: Float[Tensor, "n n_noise"],
    axes: Float[Tensor, "n n_noise"],
    angles: tuple[float, float],
) -> Float[Tensor, "n n_noise"]:
    """Standard normal noise that forgets as much of itself as angles say: by 90 degrees, everything.

    The first angle holds across the axes, which are of length 1, and the second along them.
    """
    across, along = (
        math.cos(math.radians(angle)) * noise + math.sin(math.radians(angle)) * fresh for angle in angles
    )
    return across + ((along - across) * axes).sum(1, keepdim=True) * axes

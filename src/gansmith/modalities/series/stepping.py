"""One step of some series: when it is, and what it holds, column after column, each given those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.modalities.draws import Draws
from gansmith.modalities.series.staying import Staying, coded, stayed
from gansmith.modalities.series.steps import StepCodec, Steps
from gansmith.modalities.series.timing import CLOCK, DAYS, MOMENT
from gansmith.modalities.series.walk import Walk
from gansmith.tabular.columns.measures import NumberCodec

if TYPE_CHECKING:
    from gansmith.modalities.series.networks import SeriesGenerator

LEAST: Final = 1e-12
"""Chance below which nothing counts as less likely."""
Cells = Float[np.ndarray, " n"]
Numbers = Int[np.ndarray, " n"]


@final
class Known(NamedTuple):
    """What is there of a step already."""

    steps: Steps
    """One for each series."""
    is_there: Bool[np.ndarray, "n n_columns"]
    """Which of its cells."""
    is_given: Bool[np.ndarray, " n"]
    """Of which series it is given at all; of the others it is still to come."""


@final
class Step:
    """One step of each series, in the making.

    Args:
        steps: What was learnt of steps.
        network: Says what is likely.
        walk: Where the series are.
        draws: Their chance.
        known: What is there already; None: nothing is.
        told: The attributes of the series, as samples.
    """

    def __init__(
        self,
        steps: StepCodec,
        network: SeriesGenerator,
        walk: Walk,
        draws: Draws,
        known: Known | None,
        told: Float[Tensor, "n n_attributes"],
    ) -> None:
        self._steps, self._network, self._walk, self._draws, self._known = steps, network, walk, draws, known
        self._told = told
        n, k = len(walk.times), len(steps.columns)
        self._n = n
        self._states, self._levels = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
        self._numbers = np.full((n, len(steps.measured)), np.nan)
        self._of_time: dict[str, Cells] = {}
        self.seen: Int[Tensor, "n n_columns"] = torch.zeros(n, k, dtype=torch.long)
        """Its states as a network sees them."""
        self.off = np.zeros((n, len(steps.drafted)))
        """How far drafted numbers are from their drafts, in its spread."""
        self.surprise = np.zeros(n)
        """How unlikely what is there already was found, in nats."""

    def made(self, context: Float[Tensor, "n width"]) -> Steps:
        """The step.

        Args:
            context: What is known before it.
        """
        self._cached = self._network.cached(context, self._told, torch.from_numpy(self._walk.shares()))
        context = self._timed(context)
        times = self._times()
        context = context + self._network.now(torch.from_numpy(self._walk.moment(times)))
        self._begin_drafts(times)
        for place in range(self._steps.n_clock, len(self._steps.columns)):
            if place == self._network.n_plain and self._network.again is not None:
                context = context + self._network.again(torch.from_numpy(self._walk.again(self._states)))
            chances = self._chances(context, place)
            if self._known is not None and self._steps.columns[place].has_missing:
                chances[self._known.is_given & ~self._known.is_there[:, place], 0] = 0  # gaps get a value
            is_drafted = place in self._steps.drafted
            hints = self._drafted(place, chances) if is_drafted else self._plain(place, chances)
            context = self._with(context, place, hints)
        return Steps(times, self._states, self._levels, self._numbers)

    # --- When it is ---

    def _timed(self, context: Tensor) -> Tensor:
        """What is known when the columns of time are drawn."""
        is_first, pointer, past = self._walk.step == 0, self._network.pointer, context
        for place in range(self._steps.n_clock):
            hints = np.zeros(self._n)
            if not is_first:
                hints = self._time(place, context)
            context = self._with(context, place, hints)
            if pointer is not None and not place:
                day = self._walk.days()
                if not is_first:
                    gap = self._of_time[self._steps.columns[place].column.name]
                    day = day + np.round(np.nan_to_num(gap)).astype(np.int64)
                seen = torch.from_numpy(self._walk.seen_days())
                known = torch.cat([past, self._told], 1)
                context = context + pointer.context(known, torch.from_numpy(day), seen)
        return context

    def _time(self, place: int, context: Tensor) -> Cells:
        """A column of time, and its hints."""
        codec, more = self._steps.columns[place], 0.0
        assert isinstance(codec, NumberCodec)
        if self._network.pointer is not None and not place:
            days, before = torch.from_numpy(self._walk.days()), torch.from_numpy(self._walk.seen_days())
            pace = torch.from_numpy(self._walk.pace()).float()
            more = self._network.pointer.logits(torch.cat([context, self._told], 1), days, before, pace)
        chances = self._chances(context, place, more)
        name = codec.column.name
        if name in (CLOCK, MOMENT) and DAYS in self._of_time and codec.has_missing:
            is_wanted = (self._of_time[DAYS] > 0) == (name == CLOCK)  # a time of day or a gap, never both
            chances[is_wanted, 0] = 0
            chances[~is_wanted, 1:] = 0
            if name == MOMENT:  # what comes on the same day comes before midnight
                ends, _ = codec.numbers(np.arange(codec.n_states), np.full(codec.n_states, -1, np.float32))
                is_over = ends > self._steps.timing.left_of_day(self._walk.times)[:, None]
                is_over[:, 0] = False
                chances = np.where(is_over & is_wanted[:, None], LEAST * chances, chances)
            chances[chances.sum(1) <= 0] = 1
        hints = self._plain(place, chances)
        found, is_missing = codec.numbers(self._states[:, place], self._levels[:, place])
        self._of_time[name] = np.where(is_missing, np.nan, found)
        return hints

    def _chances(
        self, context: Tensor, place: int, more: Tensor | float = 0.0
    ) -> Float[np.ndarray, "n states"]:
        """How likely each state of a column is."""
        more = more + self._cached[:, place, : self._steps.n_states[place]]
        return self._network.chances(context, place, more).numpy()

    def _times(self) -> Numbers:
        walk, times = self._walk, self._walk.times
        if walk.step:
            clock = self._steps.clock
            for codec in () if clock is None else clock.columns:
                if codec.column.name not in self._of_time and isinstance(codec, NumberCodec):  # never varies
                    known = np.concatenate([codec.spikes, codec.knots])
                    self._of_time[codec.column.name] = np.full(self._n, known[0] if len(known) else np.nan)
            times = self._steps.timing.following(walk.times, self._of_time)
        return (
            times if self._known is None else np.where(self._known.is_given, self._known.steps.times, times)
        )

    # --- What it holds ---

    def _begin_drafts(self, times: Numbers) -> None:
        """Drafts as far as they come from the past."""
        route, walk = self._steps.route, self._walk
        self._standard = walk.last[:, route.drafted].copy()
        past, draft = route.past_at(walk.step), route.draft
        if draft is not None:
            regressors = walk.regressors(times)
            self._base = regressors @ draft.past[past]
            if walk.doubts.size:
                is_given = np.zeros(self._n, bool) if self._known is None else self._known.is_given
                self._base += draft.doubted(past, regressors, walk.doubts) * ~is_given[:, None]
            self._beside, self._spread = draft.beside[past], draft.spread[past]

    def _with(self, context: Tensor, place: int, hints: Cells) -> Tensor:
        """What is known when a column has been drawn, too."""
        return self._network.with_column(context, place, self.seen[:, place], torch.from_numpy(hints).float())

    def _plain(self, place: int, chances: Float[np.ndarray, "n states"]) -> Cells:
        """A column that is not drafted, drawn or known; its hints."""
        steps, known = self._steps, self._known
        for one in self._staying(place):
            possible = one.possible(self._states[:, one.column], cast("NumberCodec", steps.columns[place]))
            if known is not None:
                possible |= known.is_there[:, place, None]
            chances = np.where(possible | ((chances * possible).sum(1, keepdims=True) <= LEAST), chances, 0.0)
        states, levels, hints = self._drawn(chances, place)
        if known is not None:
            there, given = known.is_there[:, place], known.steps
            seen, told = steps.seen(place, given.states[:, place], given.levels[:, place])
            states, hints = np.where(there, seen, states), np.where(there, told, hints)
            levels = np.where(there, given.levels[:, place], levels).astype(np.float32)
            self._count(chances, states, there)
        states, levels, hints = self._stayed(place, states, levels, hints)
        self._states[:, place], self._levels[:, place] = states, levels
        self.seen[:, place] = torch.from_numpy(states)
        if place in steps.measured:
            codec, i = steps.columns[place], steps.measured.index(place)
            assert isinstance(codec, NumberCodec)
            found, is_missing = codec.numbers(states, levels)
            found = np.where(is_missing, np.nan, found)
            if known is not None:
                found = np.where(known.is_there[:, place], known.steps.numbers[:, i], found)
            self._numbers[:, i] = found
        return hints

    def _staying(self, place: int) -> list[Staying]:
        """What is known of numbers of a column that stay."""
        return [one for one in self._steps.route.staying if self._steps.measured[one.measure] == place]

    def _stayed(
        self, place: int, states: Numbers, levels: Cells, hints: Cells
    ) -> tuple[Numbers, Cells, Cells]:
        """The same, with numbers that stay what they were when something of their kind was there before."""
        steps, codec, walk = self._steps, self._steps.columns[place], self._walk
        known, draw = self._known, 2 * (len(steps.columns) + place)
        for one in self._staying(place):
            assert isinstance(codec, NumberCodec)
            kinds = self._states[:, one.column]
            chance, where = (self._draws.at(self._n, walk.step, draw + k) for k in (0, 1))
            stays, at = stayed(walk.of_kind, steps.route.staying, one, kinds, chance)
            is_free = (states > 0) | (not codec.has_missing)
            if known is not None:
                is_free &= ~known.is_there[:, place]
            found = one.begun(kinds, codec, states, levels)
            found[stays] = one.made(kinds[stays], at[stays], where[stays])
            is_free &= stays | (found != codec.numbers(states, levels)[0])
            states[is_free], levels[is_free] = coded(codec, rounded(found[is_free], codec))
            seen, told = steps.seen(place, states, levels)
            states, hints = np.where(is_free, seen, states), np.where(is_free, told, hints)
        return states, levels, hints

    def _drafted(self, place: int, chances: Float[np.ndarray, "n states"]) -> Cells:
        """A number that is drafted, drawn or known; its hints."""
        steps, known, j = self._steps, self._known, self._steps.drafted[place]
        i = steps.route.drafted[j]
        centre = self._base[:, j] + self._standard @ self._beside[:, j]
        states, _, hints = self._drawn(chances, place)
        found = self._number(place, states, hints, centre)
        kept = np.minimum(states, steps.n_singles(place))
        if known is not None:
            there = known.is_there[:, place]
            found = np.where(there, known.steps.numbers[:, i], found)
            kept = np.where(there, known.steps.states[:, place], kept)
        filled = steps.route.measures[i].standard(np.nan_to_num(found, nan=1.0))
        is_missing = np.isnan(found)
        off = np.where(is_missing, 0.0, (filled - centre) / self._spread[j])
        if known is not None:
            there, is_same = known.is_there[:, place], found == self._walk.numbers[:, i]
            seen, told = steps.seen(place, kept, np.zeros(self._n, np.float32), off, is_same)
            states, hints = np.where(there, seen, states), np.where(there, told, hints)
            self._count(chances, states, there)
        self._states[:, place], self._numbers[:, i], self.off[:, j] = kept, found, off
        self.seen[:, place] = torch.from_numpy(states)
        self._standard[:, j] = np.where(is_missing, self._walk.last[:, i], filled)
        return hints

    def _number(self, place: int, states: Numbers, hints: Cells, centre: Cells) -> Cells:
        """What states of a drafted column stand for: single numbers, the last one, or one near its draft."""
        steps, codec, j = self._steps, self._steps.columns[place], self._steps.drafted[place]
        assert isinstance(codec, NumberCodec)
        n_singles, n, i = steps.n_singles(place), steps.n_ranks, steps.route.drafted[j]
        off = np.interp((hints + 1) / 2, np.linspace(0, 1, 8 * n + 1), steps.ranks[j])
        found = rounded(steps.route.measures[i].number(centre + self._spread[j] * off), codec)
        last = self._walk.numbers[:, i]
        found = np.where((states == n_singles) & ~np.isnan(last), last, found)
        if not n_singles:
            return found
        single = steps.single_numbers(place)[np.minimum(states, n_singles - 1)]
        return np.where(states < n_singles, single, found)

    def _drawn(self, chances: Float[np.ndarray, "n states"], place: int) -> tuple[Numbers, Cells, Cells]:
        """States by their chances, levels within bins, and hints."""
        n, step, steps = self._n, self._walk.step, self._steps
        upto = chances.astype(np.float64).cumsum(1)
        aims = self._draws.at(n, step, 2 * place) * upto[:, -1]
        states = (upto <= aims[:, None]).sum(1).clip(max=chances.shape[1] - 1)
        n_singles = steps.n_singles(place) + (place in steps.drafted)
        in_bin = states >= n_singles
        levels = np.where(in_bin, 2 * self._draws.at(n, step, 2 * place + 1) - 1, 0.0).astype(np.float32)
        share = (states - n_singles + (levels + 1.0) / 2) / max(steps.n_states[place] - n_singles, 1)
        return states, levels, np.where(in_bin, 2 * share - 1, 0.0)

    def _count(self, chances: Float[np.ndarray, "n states"], states: Numbers, there: np.ndarray) -> None:
        found = chances[np.arange(self._n), states] / np.maximum(chances.sum(1), LEAST)
        self.surprise += np.where(there, -np.log(np.maximum(found, LEAST)), 0.0)


def rounded(numbers: Cells, codec: NumberCodec) -> Cells:
    """Numbers in the precision of their column."""
    column = codec.column
    if column.traits.is_whole:
        return np.round(numbers)
    return np.round(numbers, column.decimals) if column.has_decimals else numbers

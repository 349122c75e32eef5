"""How a network makes series: it walks, and draws what comes next.

All chance of a series comes from its noise: draw k of step t is a hash of the noise, t and k. So the same noise
gives the same series, whatever others are made with it.

Series may be given in part: what is there is kept, and counts as seen; the rest is drawn. Where gaps lie before
cells that are there, several ways through them are tried side by side, and those go on that find likely what
comes after: a particle filter.

Source:
    Gordon et al. 1993, "Novel approach to nonlinear/non-Gaussian Bayesian state estimation".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.steps import Steps
from gansmith.modalities.series.timing import CLOCK, DAYS, MOMENT
from gansmith.modalities.series.walk import Walk, lengths_first
from gansmith.tabular.columns.measures import NumberCodec

if TYPE_CHECKING:
    from gansmith.modalities.series.networks import SeriesGenerator

_STEP, _DRAW = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_MIXERS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_OF_ATTRIBUTES: Final = 1_000_000
"""Where the draws of attributes begin."""
_LEAST: Final = 1e-12
N_WAYS: Final = 16
"""Ways that are tried through the gaps of a series."""


@final
class Draws:
    """Uniform numbers of some series.

    Source: Steele et al. 2014, "Fast splittable pseudorandom number generators", section 3: SplitMix.
    """

    def __init__(self, noise: Float[Tensor, "n n_noise"]) -> None:
        bits = noise.detach().cpu().numpy().astype(np.float32).view(np.uint32).astype(np.uint64)
        self.keys = np.zeros(len(bits), np.uint64)
        with np.errstate(over="ignore"):
            for column in bits.T:
                self.keys = _mixed(self.keys + column + _STEP)

    def at(self, n: int, step: int, draw: int) -> Float[np.ndarray, " n"]:
        """In [0, 1), one for each of the first n series."""
        with np.errstate(over="ignore"):
            mixed = _mixed(_mixed(self.keys[:n] + np.uint64(step) * _STEP) + np.uint64(draw) * _DRAW)
        return (mixed >> np.uint64(11)).astype(float) / 2**53

    def latents(self, n_numbers: int) -> Float[Tensor, "n n_numbers"]:
        """Standard normal numbers."""
        found = [self.at(len(self.keys), 0, _OF_ATTRIBUTES + place) for place in range(n_numbers)]
        return torch.special.ndtri(torch.from_numpy(np.stack(found, 1)).clamp(1e-9, 1 - 1e-9)).float()


def _mixed(words: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        words = (words ^ (words >> np.uint64(shift))) * factor
    return words ^ (words >> np.uint64(31))


@final
@dataclass(frozen=True, eq=False)
class Given:
    """The beginnings of series, perhaps with gaps; one step in each row of a column for each series."""

    steps: Steps
    """Times `(n, longest)`, the others `(n, longest, columns)`."""
    is_known: Bool[np.ndarray, "n longest n_columns"]
    """Which cells are there; those of time always are."""
    lengths: Int[np.ndarray, " n"]

    def at(self, step: int, n: int) -> tuple[Steps, Bool[np.ndarray, "n n_columns"], Bool[np.ndarray, " n"]]:
        """A step of the first n series, which of its cells are there, and of which series it is given."""
        place = min(step, self.is_known.shape[1] - 1)
        there = self.lengths[:n] > step
        return (
            Steps(*(part[:n, place] for part in self.steps)),
            self.is_known[:n, place] & there[:, None],
            there,
        )


@final
@dataclass(eq=False)
class Under:
    """One step that is being made."""

    states: Int[np.ndarray, "n n_columns"]
    levels: Float[np.ndarray, "n n_columns"]
    numbers: Float[np.ndarray, "n n_measures"]
    off: Float[np.ndarray, "n n_drafted"]
    seen: Int[Tensor, "n n_columns"]
    surprise: Float[np.ndarray, " n"]
    """How unlikely what is given was found, in nats."""
    of_time: dict[str, Float[np.ndarray, " n"]] = field(default_factory=dict[str, np.ndarray])


@final
class Making:
    """Makes series with a network; see the module."""

    def __init__(self, codec: SeriesCodec) -> None:
        self.codec, self.steps = codec, codec.steps

    def __deepcopy__(self, memo: dict[int, Any]) -> Making:
        return self  # nothing of it changes

    def series(self, network: SeriesGenerator, noise: Tensor, conditions: Tensor | None) -> Tensor:
        """Compact series, one for each row of noise."""
        codec, n, draws = self.codec, len(noise), Draws(noise)
        attributes, layout = torch.zeros(n, 0), codec.layout
        if conditions is not None and conditions.shape[1] != codec.n_asked:
            return self.continued(network, noise, conditions.numpy())
        if layout is not None and network.attributes is not None:
            asked = torch.zeros(n, codec.n_asked) if conditions is None else conditions
            latents = draws.latents(2 * layout.n_columns)
            attributes = layout.compact(network.attributes.completed(asked[:, 1:].float(), latents))
        first, n_steps, last = codec.planned(attributes.numpy())
        if conditions is not None:
            wanted = conditions[:, 0].numpy().astype(np.int64)
            n_steps = np.where(wanted > 0, wanted, n_steps)
        order = lengths_first(n_steps)
        rows = torch.from_numpy(order)
        walk = Walk(self.steps.route, first[order], n_steps[order], last[order])
        told = torch.zeros(n, 0) if layout is None else layout.expand(attributes)[rows]
        made = self.walked(network, walk, told, Draws(noise[rows]), n_steps[order])[0]
        packed = codec.packed(attributes.numpy()[order].astype(np.float64), made, n_steps[order])
        found = np.empty_like(packed)
        found[order] = packed
        return torch.from_numpy(found)

    def continued(self, network: SeriesGenerator, noise: Tensor, conditions: np.ndarray) -> Tensor:
        """Compact series that begin as they are given; see `futures.conditions_for`."""
        codec, n_more = self.codec, int(conditions[0, 1])
        n_rows = (conditions.shape[1] - 1 - codec.n_of_series) // codec.n_per_step
        end = 1 + codec.n_of_series + n_rows * codec.n_per_step
        packed = np.concatenate([conditions[:, :1], conditions[:, 2:end]], 1)
        attributes, steps, lengths = codec.unpacked(packed)
        is_known = codec.wide(steps, lengths).states >= 0
        steps = steps._replace(states=np.maximum(steps.states, 0))
        n_ways = 1 if is_known.all() else N_WAYS
        order = np.repeat(lengths_first(lengths), n_ways)
        wide = Given(codec.wide(steps, lengths), is_known, lengths)
        given = Given(Steps(*(part[order] for part in wide.steps)), is_known[order], lengths[order])
        lengths, attributes = lengths[order], attributes[order]
        first = given.steps.times[:, 0]
        last = given.steps.times[np.arange(len(order)), lengths - 1]
        last = last + (last - first) // np.maximum(lengths - 1, 1) * n_more
        compact = torch.from_numpy(attributes.astype(np.float32))
        told = torch.zeros(len(order), 0) if codec.layout is None else codec.layout.expand(compact)
        walk = Walk(self.steps.route, first, lengths + n_more, last)
        chosen = noise[torch.from_numpy(order)].clone()
        chosen[:, 0] += torch.arange(len(order)) % n_ways  # each way has its own chance
        made, surprise = self.walked(network, walk, told, Draws(chosen), lengths + n_more, given, n_ways)
        if n_ways > 1:
            made, kept = _likeliest(made, surprise, lengths + n_more, n_ways)
            order, lengths, attributes = order[kept], lengths[kept], attributes[kept]
        packed = codec.packed(attributes, made, lengths + n_more)
        found = np.empty_like(packed)
        found[order] = packed
        return torch.from_numpy(found)

    def walked(
        self,
        network: SeriesGenerator,
        walk: Walk,
        told: Tensor,
        draws: Draws,
        lengths: Int[np.ndarray, " n"],
        given: Given | None = None,
        n_ways: int = 1,
    ) -> tuple[Steps, Float[np.ndarray, " n"]]:
        """The steps of series, the longest first, one series after the other; and how unlikely what is given.

        Args:
            network: Says what comes next.
            walk: Where they begin.
            told: Their attributes, as samples.
            draws: Their chance.
            lengths: Steps of each, descending.
            given: What is there of them.
            n_ways: So many neighbouring rows are ways through one series, of which the likely ones go on.
        """
        n, k, longest = len(lengths), len(self.steps.columns), int(lengths.max(initial=0))
        kept = Steps(
            np.zeros((n, longest), np.int64),
            np.zeros((n, longest, k), np.int64),
            np.zeros((n, longest, k), np.float32),
            np.full((n, longest, len(self.steps.measured)), np.nan),
        )
        hidden, seen, surprise = None, None, np.zeros(n)
        for step in range(longest):
            n_left = int((lengths > step).sum())
            walk.keep(n_left)
            history = torch.cat([torch.from_numpy(walk.history()), told[:n_left]], 1)
            hidden = None if hidden is None else hidden[:, :n_left].contiguous()
            context, hidden = network.advance(history, None if seen is None else seen[:n_left], hidden)
            here = None if given is None else given.at(step, n_left)
            times, made = self.stepped(network, walk, context, draws, here)
            found = Steps(times, made.states, made.levels, made.numbers)
            for part, value in zip(kept, found, strict=True):
                part[:n_left, step] = value
            seen = made.seen
            walk.push(times, made.states, made.numbers, self.steps.spread_out(made.off))
            surprise[:n_left] += made.surprise
            if n_ways > 1 and given is not None and step < given.is_known.shape[1]:
                chosen = _resampled(surprise[:n_left], n_ways, draws, step)
                if chosen is not None:
                    walk.choose(chosen)
                    rows = torch.from_numpy(chosen)
                    hidden, seen = hidden[:, rows], seen[rows]
                    for part in kept:
                        part[:n_left, : step + 1] = part[chosen, : step + 1]
                    surprise[:n_left] = 0
        rows = np.arange(longest) < lengths[:, None]
        return Steps(*(part[rows] for part in kept)), surprise

    def stepped(
        self, network: SeriesGenerator, walk: Walk, context: Tensor, draws: Draws, given: Any
    ) -> tuple[Int[np.ndarray, " n"], Under]:
        """One step of each series: when it is, and what it holds."""
        steps, n, k = self.steps, len(walk.times), len(self.steps.columns)
        now = Under(
            np.zeros((n, k), np.int64),
            np.zeros((n, k), np.float32),
            np.full((n, len(steps.measured)), np.nan),
            np.zeros((n, len(steps.drafted))),
            torch.zeros(n, k, dtype=torch.long),
            np.zeros(n),
        )
        context, times = self._timed(network, walk, context, draws, given, now)
        context = context + network.now(torch.from_numpy(walk.moment(times)))
        standard = walk.last[:, steps.route.drafted].copy()
        draft = steps.route.draft
        past = steps.route.past_at(walk.step)
        base = None if draft is None else walk.regressors() @ draft.past[past]
        for place in range(steps.n_clock, k):
            chances = network.chances(context, place).numpy()
            if given is not None and steps.columns[place].has_missing:  # a gap is filled with a value
                chances[given[2] & ~given[1][:, place], 0] = 0
            states, levels, hints = self._drawn(chances, place, draws, walk.step)
            if (j := steps.drafted.get(place)) is None:
                hints = self._plain(place, states, levels, hints, given, chances, now)
            else:
                assert draft is not None and base is not None
                centre = base[:, j] + standard @ draft.beside[past][:, j]
                spread = float(draft.spread[past, j])
                hints, standard[:, j] = self._drafted(
                    walk, place, states, hints, (centre, spread), given, chances, now
                )
            context = network.with_column(context, place, now.seen[:, place], torch.from_numpy(hints).float())
        return times, now

    def _timed(
        self, network: SeriesGenerator, walk: Walk, context: Tensor, draws: Draws, given: Any, now: Under
    ) -> tuple[Tensor, Int[np.ndarray, " n"]]:
        """When a step is, and what is known then."""
        steps, n, is_first = self.steps, len(walk.times), walk.step == 0
        pointer = network.pointer
        there = np.zeros(n, bool) if given is None else given[2]
        for place in range(steps.n_clock):
            codec = steps.columns[place]
            assert isinstance(codec, NumberCodec)
            name, hints = codec.column.name, np.zeros(n)
            if not is_first:
                more = None
                if pointer is not None and not place:
                    days, before = torch.from_numpy(walk.days()), torch.from_numpy(walk.seen_days())
                    more = pointer.logits(context, days, before)
                chances = network.chances(context, place, more).numpy()
                _open_for(chances, name, now.of_time, codec)
                states, levels, hints = self._drawn(chances, place, draws, walk.step)
                hints = self._plain(place, states, levels, hints, given, chances, now)
                found, is_missing = codec.numbers(now.states[:, place], now.levels[:, place])
                now.of_time[name] = np.where(is_missing, np.nan, found)
            now.seen[:, place] = torch.from_numpy(now.states[:, place])
            context = network.with_column(context, place, now.seen[:, place], torch.from_numpy(hints).float())
            if pointer is not None and not place:
                day = walk.days()
                if not is_first:
                    day = day + np.round(np.nan_to_num(now.of_time[name])).astype(np.int64)
                context = context + pointer.context(torch.from_numpy(day))
        times = walk.times
        if not is_first:
            times = steps.timing.following(walk.times, self._with_constants(now.of_time, n))
        return context, times if given is None else np.where(there, given[0].times, times)

    def _plain(
        self, place: int, states: np.ndarray, levels: np.ndarray, hints: np.ndarray, given: Any,
        chances: np.ndarray, now: Under,
    ) -> np.ndarray:  # fmt: skip
        """A column that is not drafted, drawn or given; its hints."""
        steps = self.steps
        if given is not None:
            here, is_known = given[0], given[1][:, place]
            known, told = steps.seen(place, here.states[:, place], here.levels[:, place], None, None)
            states, levels = (
                np.where(is_known, known, states),
                np.where(is_known, here.levels[:, place], levels),
            )
            hints = np.where(is_known, told, hints)
            now.surprise += _surprise(chances, states, is_known)
        now.states[:, place], now.levels[:, place] = states, levels
        now.seen[:, place] = torch.from_numpy(states)
        if place in steps.measured:
            codec = steps.columns[place]
            assert isinstance(codec, NumberCodec)
            found, is_missing = codec.numbers(states, levels.astype(np.float32))
            found = np.where(is_missing, np.nan, found)
            i = steps.measured.index(place)
            if given is not None:
                found = np.where(given[1][:, place], given[0].numbers[:, i], found)
            now.numbers[:, i] = found
        return hints

    def _drafted(
        self, walk: Walk, place: int, states: np.ndarray, hints: np.ndarray, draft: tuple[np.ndarray, float],
        given: Any, chances: np.ndarray, now: Under,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """A number that is drafted, drawn or given; its hints, and its standard number."""
        steps, (centre, spread) = self.steps, draft
        codec, j = steps.columns[place], steps.drafted[place]
        assert isinstance(codec, NumberCodec)
        i, n_singles = steps.route.drafted[j], steps.n_singles(place)
        measure, n = steps.route.measures[i], steps.n_ranks
        far = np.interp((hints + 1) / 2, np.linspace(0, 1, 8 * n + 1), steps.ranks[j])
        found = _rounded(measure.number(centre + spread * far), codec)
        single, is_missing = codec.numbers(
            np.minimum(states, max(n_singles - 1, 0)), np.zeros(len(states), np.float32)
        )
        is_single = states < n_singles
        is_held = (states == n_singles) & ~np.isnan(walk.numbers[:, i])
        found = np.where(is_held, walk.numbers[:, i], np.where(is_single, single, found))
        found = np.where(is_single & is_missing, np.nan, found)
        kept = np.minimum(states, n_singles)
        if given is not None:
            here, is_known = given[0], given[1][:, place]
            found = np.where(is_known, here.numbers[:, i], found)
            kept = np.where(is_known, here.states[:, place], kept)
        filled = measure.standard(np.nan_to_num(found, nan=1.0))
        far = np.where(np.isnan(found), 0.0, (filled - centre) / spread)
        if given is not None:
            seen, told = steps.seen(place, kept, np.zeros(len(kept)), far, found == walk.numbers[:, i])
            states, hints = np.where(is_known, seen, states), np.where(is_known, told, hints)
            now.surprise += _surprise(chances, states, is_known)
        now.states[:, place], now.numbers[:, i], now.off[:, j] = kept, found, far
        now.seen[:, place] = torch.from_numpy(states)
        return hints, np.where(np.isnan(found), walk.last[:, i], filled)

    def _drawn(
        self, chances: np.ndarray, place: int, draws: Draws, step: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States by their chances, levels within bins, and hints."""
        n, steps = len(chances), self.steps
        upto = chances.astype(np.float64).cumsum(1)
        aims = draws.at(n, step, 2 * place) * upto[:, -1]
        states = (upto <= aims[:, None]).sum(1).clip(max=chances.shape[1] - 1)
        levels = 2 * draws.at(n, step, 2 * place + 1) - 1
        n_singles = steps.n_singles(place) + (place in steps.drafted)
        n_bins = steps.n_states[place] - n_singles
        in_bin = states >= n_singles
        levels = np.where(in_bin, levels, 0).astype(np.float32)
        share = (states - n_singles + (levels.astype(np.float64) + 1) / 2) / max(n_bins, 1)
        return states, levels, np.where(in_bin, 2 * share - 1, 0.0)

    def _with_constants(self, of_time: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
        """Columns of time, those that never vary among them."""
        clock = self.steps.clock
        if clock is None:
            return of_time
        for codec in clock.columns:
            if codec.column.name not in of_time and isinstance(codec, NumberCodec):
                known = np.concatenate([codec.spikes, codec.knots])
                of_time[codec.column.name] = np.full(n, known[0] if len(known) else np.nan)
        return of_time


def _likeliest(
    made: Steps, surprise: np.ndarray, lengths: np.ndarray, n_ways: int
) -> tuple[Steps, Int[np.ndarray, " m"]]:
    """The likeliest way through each series, and their places."""
    kept = surprise.reshape(-1, n_ways).argmin(1) + n_ways * np.arange(len(surprise) // n_ways)
    ends = np.cumsum(lengths)
    rows = np.concatenate([np.arange(ends[place] - lengths[place], ends[place]) for place in kept])
    return Steps(*(part[rows] for part in made)), kept


def _surprise(chances: np.ndarray, states: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    found = chances[np.arange(len(states)), states] / chances.sum(1)
    return np.where(is_known, -np.log(np.maximum(found, _LEAST)), 0.0)


def _resampled(surprise: np.ndarray, n_ways: int, draws: Draws, step: int) -> np.ndarray | None:
    """Which ways go on, as often as they are likely; None: all are nearly as likely as each other."""
    of_ways = surprise.reshape(-1, n_ways)
    weights = np.exp(of_ways.min(1, keepdims=True) - of_ways)
    weights /= weights.sum(1, keepdims=True)
    if (1 / np.square(weights).sum(1)).min() > n_ways / 2:
        return None
    shift = draws.at(len(surprise), step, 2 * _OF_ATTRIBUTES).reshape(-1, n_ways)[:, :1]
    aims = (shift + np.arange(n_ways)) / n_ways
    chosen = (weights.cumsum(1)[:, None, :] <= aims[:, :, None]).sum(2).clip(max=n_ways - 1)
    return (chosen + n_ways * np.arange(len(chosen))[:, None]).ravel()


def _open_for(chances: np.ndarray, name: str, of_time: dict[str, np.ndarray], codec: NumberCodec) -> None:
    """Close what does not go with the days that have been drawn: a time of day or a gap, never both."""
    if name not in (CLOCK, MOMENT) or DAYS not in of_time or not codec.has_missing:
        return
    is_wanted = (of_time[DAYS] > 0) == (name == CLOCK)
    chances[is_wanted, 0] = 0
    chances[~is_wanted, 1:] = 0
    chances[chances.sum(1) <= 0] = 1


def _rounded(numbers: np.ndarray, codec: NumberCodec) -> np.ndarray:
    column = codec.column
    if column.traits.is_whole:
        return np.round(numbers)
    return np.round(numbers, column.decimals) if column.has_decimals else numbers

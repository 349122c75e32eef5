"""How a network makes series: it walks, and draws what comes next.

All chance of a series comes from its noise: draw k of step t is a hash of the noise, t and k. So the same noise
gives the same series, whatever others are made with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
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


def _mixed(words: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        words = (words ^ (words >> np.uint64(shift))) * factor
    return words ^ (words >> np.uint64(31))


@final
class Making:
    """Makes series with a network; see the module."""

    def __init__(self, codec: SeriesCodec) -> None:
        self.codec, self.steps = codec, codec.steps

    def __deepcopy__(self, memo: dict[int, Any]) -> Making:
        return self  # nothing of it changes

    def series(self, network: SeriesGenerator, noise: Tensor, conditions: Tensor | None) -> Tensor:
        """Compact series, one for each row of noise."""
        codec, n = self.codec, len(noise)
        attributes = torch.zeros(n, 0)
        layout = codec.layout
        if layout is not None and network.attributes is not None:
            if conditions is None:
                conditions = torch.zeros(n, layout.n_columns + layout.n_values)
            attributes = layout.compact(network.attributes.completed(conditions, _spread(noise, layout.n_columns)))
        first, n_steps, last = codec.planned(attributes.numpy())
        order = lengths_first(n_steps)
        draws = Draws(noise[torch.from_numpy(order.copy())])
        walk = Walk(self.steps.route, first[order], n_steps[order], last[order])
        told = layout.expand(attributes)[order.copy()] if layout is not None else torch.zeros(n, 0)
        made = self.walked(network, walk, told, draws, n_steps[order])
        lengths = n_steps[order]
        rows = codec.packed(attributes.numpy()[order].astype(np.float64), made, lengths)
        found = np.empty_like(rows)
        found[order] = rows
        return torch.from_numpy(found)

    def walked(
        self, network: SeriesGenerator, walk: Walk, told: Tensor, draws: Draws, lengths: Int[np.ndarray, " n"]
    ) -> Steps:
        """The steps of series, the longest first, one series after the other.

        Args:
            network: Says what comes next.
            walk: Where they are; they go on from there.
            told: Their attributes, as samples.
            draws: Their chance.
            lengths: Steps to be made of each, descending.
        """
        n, k = len(lengths), len(self.steps.columns)
        longest = int(lengths.max(initial=0))
        times = np.zeros((n, longest), np.int64)
        states, levels = np.zeros((n, longest, k), np.int64), np.zeros((n, longest, k), np.float32)
        numbers = np.full((n, longest, len(self.steps.measured)), np.nan)
        hidden, seen = None, None
        for step in range(longest):
            n_left = int((lengths > step).sum())
            walk.keep(n_left)
            history = torch.cat([torch.from_numpy(walk.history()), told[:n_left]], 1)
            hidden = None if hidden is None else hidden[:, :n_left].contiguous()
            seen = None if seen is None else seen[:n_left]
            context, hidden = network.advance(history, seen, hidden)
            here, seen, off = self.stepped(network, walk, context, draws)
            times[:n_left, step], states[:n_left, step], levels[:n_left, step], numbers[:n_left, step] = here
            walk.push(here.times, here.states, here.numbers, self.steps.spread_out(off))
        rows = np.arange(longest) < lengths[:, None]
        return Steps(times[rows], states[rows], levels[rows], numbers[rows])

    def stepped(
        self, network: SeriesGenerator, walk: Walk, context: Tensor, draws: Draws
    ) -> tuple[Steps, Tensor, np.ndarray]:
        """One step of each series; its states as a network sees them, and distances from drafts."""
        steps, n, is_first = self.steps, len(walk.times), walk.step == 0
        k = len(steps.columns)
        states, levels = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
        seen = torch.zeros(n, k, dtype=torch.long)
        of_time: dict[str, np.ndarray] = {}
        for place in range(steps.n_clock):
            codec = steps.columns[place]
            name = codec.column.name
            if is_first:
                hints = np.zeros(n)
            else:
                more = None
                if network.pointer is not None and not place:
                    days, before = torch.from_numpy(walk.days()), torch.from_numpy(walk.seen_days())
                    more = network.pointer.logits(context, days, before)
                chances = network.chances(context, place, more).numpy()
                _open_for(chances, name, of_time, codec)
                states[:, place], levels[:, place], hints = self._drawn(chances, place, draws, walk.step)
                assert isinstance(codec, NumberCodec)
                found, is_missing = codec.numbers(states[:, place], levels[:, place])
                of_time[name] = np.where(is_missing, np.nan, found)
            seen[:, place] = torch.from_numpy(states[:, place])
            context = network.with_column(context, place, seen[:, place], torch.from_numpy(hints).float())
            if network.pointer is not None and not place and not is_first:
                day = walk.days() + np.round(np.nan_to_num(of_time[name])).astype(np.int64)
                context = context + network.pointer.context(torch.from_numpy(day))
        if network.pointer is not None and is_first:
            context = context + network.pointer.context(torch.from_numpy(walk.days()))
        times = walk.times if is_first else steps.timing.following(walk.times, self._with_constants(of_time, n))
        context = context + network.now(torch.from_numpy(walk.moment(times)))
        numbers = np.full((n, len(steps.measured)), np.nan)
        off = np.zeros((n, len(steps.drafted)))
        standard = walk.last[:, steps.route.drafted].copy()
        drafted = self._drafted(walk)
        for place in range(steps.n_clock, k):
            chances = network.chances(context, place).numpy()
            drawn, level, hints = self._drawn(chances, place, draws, walk.step)
            seen[:, place] = torch.from_numpy(drawn)
            if place in steps.drafted:
                j = steps.drafted[place]
                base = None if drafted is None else drafted[:, j] + standard @ steps.route.draft.beside[steps.route.past_at(walk.step)][:, j]  # type: ignore[union-attr]
                states[:, place], found, off[:, j] = self._undrafted(walk, place, j, drawn, hints, base)
                numbers[:, steps.measured.index(place)] = found
                measure = steps.route.measures[steps.route.drafted[j]]
                standard[:, j] = np.where(np.isnan(found), standard[:, j], measure.standard(np.nan_to_num(found, nan=1.0)))
            else:
                states[:, place], levels[:, place] = drawn, level
                codec = steps.columns[place]
                if place in steps.measured:
                    assert isinstance(codec, NumberCodec)
                    found, is_missing = codec.numbers(drawn, level)
                    numbers[:, steps.measured.index(place)] = np.where(is_missing, np.nan, found)
            context = network.with_column(context, place, seen[:, place], torch.from_numpy(hints).float())
        return Steps(times, states, levels, numbers), seen, off

    def _drafted(self, walk: Walk) -> np.ndarray | None:
        draft = self.steps.route.draft
        return None if draft is None else walk.regressors() @ draft.past[self.steps.route.past_at(walk.step)]

    def _drawn(
        self, chances: np.ndarray, place: int, draws: Draws, step: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States by their chances, levels within bins, and hints."""
        n, steps = len(chances), self.steps
        upto = chances.astype(np.float64).cumsum(1)
        aims = draws.at(n, step, 2 * place) * upto[:, -1]
        states = (upto <= aims[:, None]).sum(1).clip(max=chances.shape[1] - 1)
        levels = (2 * draws.at(n, step, 2 * place + 1) - 1).astype(np.float32)
        n_singles = steps.n_singles(place) + (place in steps.drafted)
        n_bins = steps.n_states[place] - n_singles
        in_bin = states >= n_singles
        levels = np.where(in_bin, levels, 0).astype(np.float32)
        share = (states - n_singles + (levels.astype(np.float64) + 1) / 2) / max(n_bins, 1)
        return states, levels, np.where(in_bin, 2 * share - 1, 0.0)

    def _undrafted(
        self, walk: Walk, place: int, j: int, drawn: np.ndarray, hints: np.ndarray, base: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """States as the codec has them, the numbers, and distances from drafts."""
        steps = self.steps
        codec, draft = steps.columns[place], steps.route.draft
        assert isinstance(codec, NumberCodec) and draft is not None and base is not None
        i = steps.route.drafted[j]
        measure, n_singles = steps.route.measures[i], steps.n_singles(place)
        spread = draft.spread[steps.route.past_at(walk.step), j]
        share, n = (hints + 1) / 2, steps.n_ranks
        off = np.interp(share, np.linspace(0, 1, 8 * n + 1), steps.ranks[j])
        found = _rounded(measure.number(base + spread * off), codec)
        single, is_missing = codec.numbers(np.minimum(drawn, max(n_singles - 1, 0)), np.zeros(len(drawn), np.float32))
        is_single, is_held = drawn < n_singles, (drawn == n_singles) & ~np.isnan(walk.numbers[:, i])
        found = np.where(is_held, walk.numbers[:, i], np.where(is_single, single, found))
        found = np.where(is_single & is_missing, np.nan, found)
        off = (measure.standard(np.nan_to_num(found, nan=1.0)) - base) / spread
        return np.minimum(drawn, n_singles), found, np.where(np.isnan(found), 0.0, off)

    def _with_constants(self, of_time: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
        """Columns of time, those that never vary among them."""
        clock = self.steps.clock
        if clock is None:
            return of_time
        for codec in clock.columns:
            if codec.column.name not in of_time and isinstance(codec, NumberCodec):
                found, is_missing = codec.numbers(np.zeros(n, np.int64), np.zeros(n, np.float32))
                known = np.concatenate([codec.spikes, codec.knots])
                value = np.full(n, known[0]) if len(known) else np.where(is_missing, np.nan, found)
                of_time[codec.column.name] = value
        return of_time


def _open_for(chances: np.ndarray, name: str, of_time: dict[str, np.ndarray], codec: Any) -> None:
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


def _spread(noise: Tensor, n: int) -> Tensor:
    """Latents for so many columns from few numbers of noise: independent, the same for the same noise."""
    draws = Draws(noise)
    values = np.stack([draws.at(len(noise), 0, 1_000_000 + place) for place in range(2 * n + 2)], 1)
    return torch.special.ndtri(torch.from_numpy(values).clamp(1e-9, 1 - 1e-9)).float()

"""Real series as a network is told of them: what a walk along them meets."""

from __future__ import annotations

from typing import Final, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.modalities.series.steps import Levels, StepCodec, Steps
from gansmith.modalities.series.walk import States, Walk, distances, lengths_first

PARTS: Final = ("history", "moment", "states", "hints", "days", "again", "shares", "pace")
"""What a network is told of each step."""


@final
class Told(NamedTuple):
    """Steps of some series, one after the other; see `Walk`."""

    history: Float[np.ndarray, "n n_history"]
    moment: Float[np.ndarray, "n n_moment"]
    states: States
    """Of drafted numbers how far they are from their draft."""
    hints: Levels
    """Where in its column each is, -1 to 1; 0 where it is in no bin."""
    days: Int[np.ndarray, "n two_and_recalled"]
    """The day of the step before, its own, and that on which each remembered state was last there."""
    again: Float[np.ndarray, "n n_again"]
    """See `Walk.again`."""
    shares: Float[np.ndarray, "n one_and_counted"]
    """See `Walk.shares`."""
    pace: Float[np.ndarray, " n"]
    """See `Walk.pace`."""
    off: Float[np.ndarray, "n n_drafted"]
    """How far drafted numbers are from their drafts, in its spread; NaN where missing."""


def told(codec: StepCodec, steps: Steps, starts: Int[np.ndarray, " s"]) -> Told:
    """Steps as a network is told of them.

    Args:
        codec: What was learnt of steps.
        steps: Of series one after the other.
        starts: Where each series begins, and last where the last one ends.
    """
    route, n, k = codec.route, len(steps.times), len(codec.columns)
    found = Told(
        np.zeros((n, route.n_history), np.float16),
        np.zeros((n, route.n_moment), np.float16),
        np.zeros((n, k), np.int16),
        np.zeros((n, k), np.float16),
        np.zeros((n, 2 + route.n_recalled), np.int32),
        np.zeros((n, route.n_again), np.float16),
        np.zeros((n, route.n_counted + 1), np.float16),
        np.zeros(n, np.float16),
        np.zeros((n, len(codec.drafted)), np.float32),
    )
    lengths = np.diff(starts)
    order = lengths_first(lengths)
    first, longest = starts[:-1][order], int(lengths.max(initial=0))
    walk = Walk(route, steps.times[first], lengths[order], steps.times[first + lengths[order] - 1])
    for step in range(longest):
        n_left = int((lengths[order] > step).sum())
        walk.keep(n_left)
        rows = first[:n_left] + step
        here = Steps(*(part[rows] for part in steps))
        off, is_same = distances(walk, here.times, here.numbers)
        found.history[rows], found.moment[rows] = walk.history(), walk.moment(here.times)
        found.states[rows], found.hints[rows] = _seen(codec, here, off, is_same)
        day = np.floor(route.timing.days_at(here.times)).astype(np.int64)
        found.again[rows], found.shares[rows] = walk.again(here.states), walk.shares()
        found.pace[rows], found.off[rows] = walk.pace(), off
        found.days[rows] = np.concatenate([walk.days()[:, None], day[:, None], walk.seen_days()], 1)
        walk.push(here.times, here.states, here.numbers, codec.spread_out(off))
    return found


def _seen(
    codec: StepCodec,
    here: Steps,
    off: Float[np.ndarray, "n n_drafted"],
    is_same: Bool[np.ndarray, "n n_drafted"],
) -> tuple[States, Levels]:
    """States and hints of a step as a network sees them."""
    states, hints = here.states.copy(), np.zeros(here.levels.shape)
    for place in range(len(codec.columns)):
        j = codec.drafted.get(place)
        of_draft = () if j is None else (off[:, j], is_same[:, j])
        states[:, place], hints[:, place] = codec.seen(
            place, here.states[:, place], here.levels[:, place], *of_draft
        )
    return states, hints

"""The last touch of a network that makes steps: each state as often as in the data, each weekday too.

Learning looks at one step after real ones. When series are made, each step follows others that were made, and
small faults add up: a place in 7 % of the steps that has 6 % of the real ones, Sundays a tenth too busy. So,
when the game is over, series are made freely, states and weekdays are counted, and what is added to every
logit or rate is moved by the logarithm of wanted to made. It is what a discriminator would ask for that sees
nothing but these counts.

Source:
    Deming and Stephan 1940, "On a least squares adjustment of a sampled frequency table": margins are fitted
    in turn by ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float

from gansmith.engine.games.likelihood import N_NOISE
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.pointing import GAIN, N_WEEKDAYS
from gansmith.modalities.series.records import Starts
from gansmith.modalities.series.steps import StepCodec, Steps
from gansmith.scorecard.features import draws

if TYPE_CHECKING:
    from gansmith.modalities.series.networks import SeriesGenerator

FEWEST_SERIES: Final = 50
"""Of fewer, margins are those of single series."""
N_STEPS: Final = 60_000
"""That are made in each round, about."""
MOST_MADE: Final = 4_000
"""Series of a round."""
N_ROUNDS: Final = 2
PRIOR: Final = 20.0
"""Steps added to each count: what is rare stays nearly as it was learnt."""
MOST_MOVED: Final = 0.5
"""Of a logit, in a round, at most."""


@final
class Margins(NamedTuple):
    """How often what was there."""

    states: Float[np.ndarray, "n_columns n_most"]
    weekdays: Float[np.ndarray, " n_weekdays"]
    n_steps: int
    n_series: int

    @classmethod
    def together(cls, parts: Sequence[Margins]) -> Margins:
        """Those of all parts."""
        return cls(*map(sum, zip(*parts, strict=True)))


def margins_of(steps: StepCodec, found: Steps, starts: Starts) -> Margins:
    """What is counted in series.

    Args:
        steps: What was learnt of steps.
        found: Steps of the series, one after the other.
        starts: Where each series begins; no time went before its first step.
    """
    n, n_most = len(found.times), max((codec.n_states for codec in steps.columns), default=1)
    later = np.setdiff1d(np.arange(n), starts[:-1])
    counts = np.zeros((len(steps.columns), n_most))
    for place in range(len(steps.columns)):
        own = found.states[later, place] if place < steps.n_clock else found.states[:, place]
        counts[place] = np.bincount(own, minlength=n_most)
    days = np.floor(steps.timing.days_at(found.times[later])).astype(np.int64)
    weekdays = np.bincount((days + 3) % N_WEEKDAYS, minlength=N_WEEKDAYS).astype(float)
    return Margins(counts, weekdays, n, len(starts) - 1)


@torch.no_grad()
def calibrate_steps(generator: SeriesGenerator, codec: SeriesCodec, wanted: Margins, seed: int) -> None:
    """Move what a network says until its free series have the margins of the real ones.

    Args:
        generator: On the CPU; what it adds to logits, and the rates of weekdays, change. Numbers that are
            drafted, and gaps that are judged by the day they lead to, keep their chances.
        codec: Of the series.
        wanted: Of the series that were learnt from.
        seed: Of the noise.
    """
    if wanted.n_series < FEWEST_SERIES:
        return
    steps, pointer = codec.steps, generator.pointer
    is_kept = [
        place in steps.drafted or (pointer is not None and not place) for place in range(len(steps.columns))
    ]
    n_series = int(min(wanted.n_steps, N_STEPS) / wanted.n_steps * wanted.n_series)
    n_series = int(np.clip(n_series, FEWEST_SERIES, MOST_MADE))
    for turn in range(N_ROUNDS):
        noise = draws(seed + turn).standard_normal((n_series, N_NOISE), dtype=np.float32)
        parts = torch.from_numpy(noise).split(codec.block_size)
        series = [codec.decode(generator(part, None), seed, 0) for part in parts]
        found = [margins_of(steps, steps.encode(one, seed), one.starts) for one in series]
        made = Margins.together(found)
        moved = np.where(np.array(is_kept)[:, None], 0.0, _ratios(wanted.states, made.states))
        generator.bias += torch.from_numpy(moved).to(generator.bias)
        if pointer is not None:
            rates = _ratios(wanted.weekdays, made.weekdays) / GAIN
            pointer.usual[0, :N_WEEKDAYS] += torch.from_numpy(rates).to(pointer.usual)


def _ratios(wanted: Float[np.ndarray, "*n"], made: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Logarithms of wanted to made shares, of counts."""
    n, m = (np.maximum(each.sum(-1, keepdims=True), 1) for each in (wanted, made))
    found = np.log((wanted * m / n + PRIOR) / (made + PRIOR))
    return np.clip(found, -MOST_MOVED, MOST_MOVED)

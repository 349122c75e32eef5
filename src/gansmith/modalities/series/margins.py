"""The last touch of a network that makes steps: each state as often as in the data, each weekday too.

Learning looks at one step after real ones. When series are made, each step follows others that were made, and
small faults add up: a place in 7 % of the steps that has 6 % of the real ones, Sundays a tenth too busy. So,
when the game is over, series are made freely, states and weekdays are counted, and what is added to every
logit or rate is moved by the logarithm of wanted to made. It is what a discriminator would ask for that sees
nothing but these counts.

Source:
    Deming and Stephan 1940, "On a least squares adjustment of a sampled frequency table": margins are fitted
    in turn by ratios. Cox 1972, "Regression models and life-tables": rates of gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, cast, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gansmith.engine.games.likelihood import N_NOISE
from gansmith.modalities.draws import Draws
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.pointing import GAIN, N_WEEKDAYS
from gansmith.modalities.series.records import Starts
from gansmith.modalities.series.steps import StepCodec, Steps
from gansmith.scorecard.features import draws
from gansmith.tabular.completion import Completion
from gansmith.tabular.layout import Compact

if TYPE_CHECKING:
    from gansmith.modalities.series.networks import SeriesGenerator

FEWEST_SERIES: Final = 50
"""Of fewer, margins are those of single series."""
N_STEPS: Final = 60_000
"""That are made in each round, about."""
MOST_MADE: Final = 4_000
"""Series of a round."""
N_ROUNDS: Final = 2
N_ROWS: Final = 4_000
"""Rows of attributes that are made in each round."""
PRIOR: Final = 20.0
"""Steps added to each count: what is rare stays nearly as it was learnt."""
MOST_MOVED: Final = 0.5
"""Of a logit, in a round, at most."""


Counts = Float[np.ndarray, "*n"]
Logits = Float[np.ndarray, "*n"]


@final
class Counted(NamedTuple):
    """How often what was there, and how sure that is: series are drawn, not steps."""

    counts: Counts
    variances: Counts
    """Of the counts, given their sum."""

    @classmethod
    def of(
        cls,
        codes: Int[np.ndarray, " n"],
        owners: Int[np.ndarray, " n"],
        n_most: int,
        *,
        is_even: bool = False,
    ) -> Counted:
        """Codes of steps, by series; `is_even` counts all series alike, however long they are."""
        n_series = int(owners.max(initial=-1)) + 1
        each = np.bincount(owners * n_most + codes, minlength=n_series * n_most).astype(float)
        each = each.reshape(n_series, n_most)
        if is_even:
            each *= len(codes) / max(n_series, 1) / each.sum(1, keepdims=True).clip(1)
        counts = each.sum(0)
        shares = counts / max(counts.sum(), 1)
        off = each - each.sum(1, keepdims=True) * shares
        return cls(counts, np.square(off).sum(0))

    @classmethod
    def together(cls, parts: Sequence[Counted]) -> Counted:
        """Those of all parts."""
        return cls(*(np.sum([part[place] for part in parts], 0) for place in (0, 1)))


@final
class Margins(NamedTuple):
    """What is counted in series."""

    states: tuple[Counted, ...]
    """Of each column."""
    weekdays: Counted
    n_steps: int
    n_series: int

    @classmethod
    def together(cls, parts: Sequence[Margins]) -> Margins:
        """Those of all parts."""
        states = tuple(map(Counted.together, zip(*(one.states for one in parts), strict=True)))
        weekdays = Counted.together([one.weekdays for one in parts])
        return cls(states, weekdays, sum(one.n_steps for one in parts), sum(one.n_series for one in parts))


def margins_of(steps: StepCodec, found: Steps, starts: Starts) -> Margins:
    """What is counted in series.

    Args:
        steps: What was learnt of steps.
        found: Steps of the series, one after the other.
        starts: Where each series begins; no time went before its first step.
    """
    n, n_most = len(found.times), max((codec.n_states for codec in steps.columns), default=1)
    owners, everywhere = np.repeat(np.arange(len(starts) - 1), np.diff(starts)), np.arange(n)
    later = np.setdiff1d(everywhere, starts[:-1])
    counted: list[Counted] = []
    for place in range(len(steps.columns)):
        rows = later if place < steps.n_clock else everywhere
        is_even = place >= steps.n_clock  # of few long series that are unlike others nobody else shall suffer
        counted.append(Counted.of(found.states[rows, place], owners[rows], n_most, is_even=is_even))
    days = np.floor(steps.timing.days_at(found.times[later])).astype(np.int64)
    weekdays = Counted.of((days + 3) % N_WEEKDAYS, owners[later], N_WEEKDAYS)
    return Margins(tuple(counted), weekdays, n, len(starts) - 1)


@torch.no_grad()
def calibrate_attributes(completion: Completion, compact: Compact, seed: int) -> None:
    """Move what is said of attributes until free series have each state as often as real ones.

    Args:
        completion: On the CPU; its last biases change.
        compact: Attributes of the series that were learnt from.
        seed: Of the chance.
    """
    layout = completion.layout
    if len(compact) < FEWEST_SERIES:
        return
    nothing = torch.zeros(N_ROWS, layout.n_columns + layout.n_values)
    last = cast("nn.Linear", list(completion.layers)[-1])
    for turn in range(N_ROUNDS):
        noise = draws(seed + turn).standard_normal((N_ROWS, N_NOISE), dtype=np.float32)
        latents = Draws(torch.from_numpy(noise)).latents(2 * layout.n_columns)
        made = layout.compact(completion.completed(nothing, latents))
        for column, n_states in enumerate(layout.n_states):
            both = [_one_each(each[:, column], n_states) for each in (compact, made)]
            first = int(layout.offsets[column])
            moved = torch.from_numpy(_shares(*both)).to(last.bias)
            last.bias[first : first + n_states].add_(moved)


def _one_each(codes: Tensor, n_states: int) -> Counted:
    """Codes of which every series has one."""
    counts = np.bincount(codes.long().numpy(), minlength=n_states).astype(float)
    return Counted(counts, counts * (1 - counts / max(len(codes), 1)))


@torch.no_grad()
def calibrate_steps(generator: SeriesGenerator, codec: SeriesCodec, wanted: Margins, seed: int) -> None:
    """Move what a network says until its free series have the margins of the real ones.

    Args:
        generator: On the CPU; what it adds to logits, and the rates of weekdays, change. Numbers that are
            drafted keep their chances.
        codec: Of the series.
        wanted: Of the series that were learnt from.
        seed: Of the noise.
    """
    if wanted.n_series < FEWEST_SERIES:
        return
    steps, pointer = codec.steps, generator.pointer
    is_moved = np.array([place not in steps.drafted for place in range(len(steps.columns))])
    n_series = int(min(wanted.n_steps, N_STEPS) / wanted.n_steps * wanted.n_series)
    n_series = int(np.clip(n_series, FEWEST_SERIES, MOST_MADE))
    for turn in range(N_ROUNDS):
        noise = draws(seed + turn).standard_normal((n_series, N_NOISE), dtype=np.float32)
        parts = torch.from_numpy(noise).split(codec.block_size)
        series = [codec.decode(generator(part, None), seed, 0) for part in parts]
        made = Margins.together([margins_of(steps, steps.encode(one, seed), one.starts) for one in series])
        both = zip(wanted.states, made.states, is_moved, strict=True)
        moved = np.stack([_shares(one, other) * is_free for one, other, is_free in both])
        if pointer is not None:
            order = pointer.order.numpy()
            moved[0] = 0
            moved[0, order] = _rates(wanted.states[0].counts[order], made.states[0].counts[order])
            rates = _shares(wanted.weekdays, made.weekdays) / GAIN
            pointer.usual[0, :N_WEEKDAYS] += torch.from_numpy(rates).to(pointer.usual)
        generator.bias.add_(torch.from_numpy(moved).to(generator.bias))


def _shares(wanted: Counted, made: Counted) -> Logits:
    """Logarithms of wanted to made shares, the smaller the less sure they are.

    Source:
        Efron and Morris 1973, "Stein's estimation rule and its competitors", the positive part.
    """
    n, m = (max(each.counts.sum(), 1.0) for each in (wanted, made))
    found = np.log((wanted.counts * m / n + PRIOR) / (made.counts + PRIOR))
    doubt = wanted.variances * (m / n) ** 2 / (wanted.counts * m / n + PRIOR) ** 2
    doubt += made.variances / (made.counts + PRIOR) ** 2
    return _within(found * np.maximum(0.0, 1 - doubt / np.maximum(np.square(found), 1e-12)))


def _rates(wanted: Counts, made: Counts) -> Logits:
    """Logarithms of wanted to made rates: of a gap among those that are not shorter, as in a life table."""
    found: list[Logits] = []
    for counts in (wanted, made):
        at_risk = counts[::-1].cumsum()[::-1]
        found.append(np.log(-np.log1p(-(counts + PRIOR / 2) / (at_risk + PRIOR))))
    return _within(found[0] - found[1])


def _within(moved: Logits) -> Logits:
    return np.clip(moved, -MOST_MOVED, MOST_MOVED)

"""How surprising each step of a series is to the generator that has learnt such, and where it surprises most.

Each cell gets a normal score: of a number how far out it lies where the generator says what is likely there,
of a category how unlikely it is. Where all is usual, scores are bells that know nothing of each other; so
chances of stretches follow: that numbers lie to one side as far, that they vary as much, or as little.

Sources:
    Diebold et al. 1998, "Evaluating density forecasts with applications to financial risk management",
    International Economic Review 39: the probability integral transform of forecasts. Glaz et al. 2001, "Scan
    statistics": the largest sum over a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import ndtri

from gansmith.modalities.rows.middle import middle
from gansmith.modalities.series.along import PARTS, Told, told
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.networks import SeriesGenerator
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.steps import StepCodec

MAX_AT_ONCE: Final = 8_192
"""Steps that a network is shown at a time, those that fill up short series among them."""
EDGE: Final = 1e-4
"""Chance beyond which how far out a number lies is told by its distance."""
OfCells = Float[np.ndarray, "n_steps n_columns"]


@torch.no_grad()
def normal_scores(codec: SeriesCodec, generator: SeriesGenerator, series: SeriesSet) -> OfCells:
    """Of each cell of all steps a normal score; 0 where nothing is said of it.

    Args:
        codec: Of such series.
        generator: That has learnt them.
        series: One after the other.
    """
    steps = codec.steps
    walked = told(steps, steps.encode(series, middle()), series.starts)
    attributes = torch.from_numpy(codec.encode_attributes(series, middle())).float()
    found = np.zeros((len(series.owners), len(steps.columns)))
    for chosen in _groups(series.lengths):
        lengths = series.lengths[chosen]
        within = np.arange(int(lengths.max())) < lengths[:, None]
        rows = series.starts[:-1][chosen][:, None] + np.where(within, np.arange(within.shape[1]), 0)
        parts = {name: torch.from_numpy(getattr(walked, name)[rows]) for name in PARTS}
        parts["attributes"] = attributes[torch.from_numpy(chosen)]
        parts["counts"] = torch.from_numpy(np.repeat(within[:, :, None], len(steps.columns), 2))
        _, said, here = generator.said_along(parts, None)
        found[rows[within]] = _scores(steps, said.double().exp().numpy(), here.numpy(), walked, rows[within])
    found[series.starts[:-1], : steps.n_clock] = 0  # before the first step nothing was
    return found


def _scores(
    steps: StepCodec, chances: np.ndarray, here: np.ndarray, walked: Told, rows: Int[np.ndarray, " n"]
) -> OfCells:
    """Normal scores of some steps.

    Args:
        steps: What was learnt of them.
        chances: Of each state of each column, shape `(n, n_columns, n_states)`.
        here: The states, shape `(n, n_columns)`.
        walked: All steps.
        rows: Which of these they are.
    """
    found = np.zeros(here.shape)
    every = np.arange(len(here))
    for place, n_states in enumerate(steps.n_states):
        n_singles = steps.n_singles(place) + (place in steps.drafted)
        said, states = chances[:, place, :n_states], here[:, place]
        in_bin = states >= n_singles
        grouped = np.concatenate([said[:, :n_singles], said[:, n_singles:].sum(1, keepdims=True)], 1)
        own = grouped[every, np.minimum(states, n_singles)][:, None]
        less = np.where(grouped < own, grouped, 0).sum(1) + own[:, 0] / 2
        scores = -ndtri(np.clip(less, EDGE**2, 1 - EDGE))
        bins = said[:, n_singles:]
        if bins.shape[1]:
            share = (walked.hints[rows, place].astype(float) + 1) / 2 * bins.shape[1]
            bin_ = np.clip(states - n_singles, 0, bins.shape[1] - 1)
            below = bins.cumsum(1)[every, bin_] - bins[every, bin_] * np.clip(bin_ + 1 - share, 0, 1)
            within = ndtri(np.clip(below / bins.sum(1).clip(1e-12), EDGE, 1 - EDGE))
            if place in steps.drafted:
                within = within + _beyond(steps, place, walked.off[rows, steps.drafted[place]])
            scores = np.where(in_bin, np.where(np.abs(scores) > np.abs(within), scores, within), scores)
        found[:, place] = scores
    return found


def _beyond(steps: StepCodec, place: int, off: np.ndarray) -> np.ndarray:
    """What is added to scores beyond all distances from a draft that were learnt."""
    ends = steps.ranks[steps.drafted[place]]
    off = np.nan_to_num(off)
    return np.log1p(2 * np.maximum(off - ends[-1], 0)) - np.log1p(2 * np.maximum(ends[0] - off, 0))


def _groups(lengths: Int[np.ndarray, " n"]) -> Iterator[Int[np.ndarray, " m"]]:
    """Numbers of series of about one length, so many that a network is shown them together."""
    order = np.argsort(lengths, kind="stable")
    first = 0
    while first < len(order):
        last = first + 1
        while last < len(order) and (last + 1 - first) * int(lengths[order[last]]) <= MAX_AT_ONCE:
            last += 1
        yield order[first:last]
        first = last

"""Series made by known laws, and the faults that are planted in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.sequences.records import Sequences

N, LONGEST = 150, 80
_CHANCES = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.3, 0.5]])


def panel(
    seed: int,
    n: int = N,
    *,
    memory: float = 0.8,
    size: float = 1.0,
    city: float = 2.0,
    shape: float = 1.0,
    shortest: int = 40,
    is_markov: bool = True,
    in_stretches: bool = True,
) -> Sequences:
    """Two measures, the first an AR(1) process whose level a city moves, and a category with a memory.

    Args:
        seed: Of all draws.
        n: Series.
        memory: Correlation with the step before.
        size: Of the process, a factor.
        city: By how much the level moves from city to city.
        shape: Sigma of the logarithm of gaps.
        shortest: Steps of the shortest series.
        is_markov: Whether a category depends on the one before.
        in_stretches: Whether cells lack in stretches, or here and there.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, LONGEST + 1, n)
    noise = size * rng.normal(size=(n, LONGEST))
    values = np.empty((n, LONGEST))
    kinds = np.zeros((n, LONGEST))
    values[:, 0] = noise[:, 0] / np.sqrt(1 - memory**2)
    chances = _CHANCES if is_markov else np.tile([0.44, 0.36, 0.2], (3, 1))
    draws = rng.random((n, LONGEST))
    for step in range(1, LONGEST):
        values[:, step] = memory * values[:, step - 1] + noise[:, step]
        before = kinds[:, step - 1].astype(int)
        kinds[:, step] = (draws[:, step, None] > chances[before].cumsum(1)[:, :2]).sum(1)
    cities = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    other = 0.5 * values + rng.normal(size=values.shape)
    lacks = rng.random(values.shape) < (0.01 if in_stretches else 0.06)
    for _ in range(5 if in_stretches else 0):
        lacks[:, 1:] |= lacks[:, :-1] & (rng.random((n, LONGEST - 1)) < 0.5)
    level = 10 + city * cities[:, None] + values
    times = rng.integers(0, 3_000_000, n)[:, None] + np.cumsum(
        np.ceil(rng.lognormal(6, shape, values.shape)), axis=1
    )
    is_there = np.arange(LONGEST) < lengths[:, None]
    steps = np.stack([np.where(lacks, np.nan, level), other, kinds], axis=2)[is_there]
    return Sequences(
        steps=Features(
            ("value", "other", "kind"), steps, np.array([False, False, True]), {"kind": ("a", "b", "c")}
        ),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        attributes=Features(("city",), cities[:, None] * 1.0, np.array([True]), {"city": ("x", "y", "z")}),
        times=times[is_there],
        clock="seconds",
        origins=np.arange(n),
        time="when",
    )


def with_steps_shuffled(of: Sequences) -> Sequences:
    """Steps of each series in another order."""
    order = np.lexsort((np.random.default_rng(0).random(of.n_steps), of.owners))
    return replace(of, steps=of.steps.take(order))


def with_column(of: Sequences, name: str, values: np.ndarray) -> Sequences:
    """Other values in a column of steps."""
    changed = of.steps.values.copy()
    changed[:, of.steps.position(name)] = values
    return replace(of, steps=replace(of.steps, values=changed))


def wave(n: int, n_steps: int, season: int, seed: int) -> Sequences:
    """Series that come again every so many steps, a step an hour; without a category or an attribute."""
    rng = np.random.default_rng(seed)
    steps = np.arange(n_steps) + rng.integers(0, season, n)[:, None]
    values = np.sin(2 * np.pi * steps / season) + 0.3 * rng.normal(size=steps.shape)
    return Sequences(
        steps=Features(("load",), values.reshape(-1, 1), np.zeros(1, bool)),
        starts=np.arange(n + 1) * n_steps,
        attributes=Features((), np.zeros((n, 0)), np.zeros(0, bool)),
        times=np.tile(3600.0 * np.arange(n_steps), n),
        clock="seconds",
        origins=np.arange(n),
    )

"""Colours of one set of records turned into those of another, though nobody knows which record is which.

A point is its colour and how high in the record it lies: skies are turned into skies. The points of one set
are moved until they are spread as those of the other, along random directions, one after the other, along
each of which it is known exactly how: the lowest to the lowest, the highest to the highest. That comes near
to the least movement that does it. What becomes of every colour at some heights is kept as a table.

Source:
    Pitie et al. 2007, "Automated colour grading using colour distribution transfer", section 3, Computer
    Vision and Image Understanding 107; Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of
    measures": why it is near to optimal transport.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

N_TURNS: Final = 20
"""Random bases that points are moved along."""
N_QUANTILES: Final = 33
"""Places along each direction between which points are moved linearly."""
N_COLOURS: Final = 17
"""Of each axis of a table: steps of 16 of 256."""
N_HEIGHTS: Final = 5
MOST_POINTS: Final = 12_000
"""Of a set, evenly from its records."""
COLOURED: Final = (1, 3)
"""Channels of records that have colours or greys."""

Points = Float[np.ndarray, "n_points n_axes"]
Wanted = Float[np.ndarray, "n_wanted n_axes"]
Grid = Float[np.ndarray, "n_channels *grid"]
Map = Callable[[Points], Points]


def points_of(records: Sequence[Grid], rng: np.random.Generator) -> Points:
    """Some points of records, of each as many: its values, from 0 to 1, and its height, 0 at the top."""
    n_each = max(1, MOST_POINTS // len(records))
    found = list[np.ndarray]()
    for values in records:
        whole = np.concatenate([values, heights(values.shape[1:])]).reshape(len(values) + 1, -1)
        found.append(whole[:, rng.integers(whole.shape[1], size=n_each)].T)
    return np.concatenate(found).astype(np.float64)


def heights(sides: Sequence[int]) -> Grid:
    """How high each point of a grid lies along its first axis, from 0 to 1, shape `(1, *grid)`."""
    along = (np.arange(sides[0], dtype=np.float32) + 0.5) / sides[0]
    return np.broadcast_to(along.reshape(1, -1, *[1] * (len(sides) - 1)), (1, *sides))


def transport(given: Points, wanted: Wanted, rng: np.random.Generator) -> Map:
    """The movement that spreads points of the first sort as those of the second."""
    n_axes, shares = given.shape[1], np.linspace(0, 1, N_QUANTILES)
    steps = list[tuple[np.ndarray, np.ndarray, np.ndarray]]()
    moved = given
    for turn in range(N_TURNS):
        basis = np.eye(n_axes) if not turn else np.linalg.qr(rng.normal(size=(n_axes, n_axes)))[0]
        before, after = (np.quantile(side @ basis, shares, axis=0) for side in (moved, wanted))
        steps.append((basis, before, after))
        moved = _moved(moved, *steps[-1])

    def move(points: Points) -> Points:
        for step in steps:
            points = _moved(points, *step)
        return points

    return move


def _moved(points: Points, basis: np.ndarray, before: np.ndarray, after: np.ndarray) -> Points:
    """Points moved along each direction of a basis, none beyond the outermost that are wanted."""
    along = points @ basis
    for axis in range(along.shape[1]):
        along[:, axis] = np.interp(along[:, axis], before[:, axis], after[:, axis])
    return along @ basis.T


def table(move: Map, n_channels: int) -> Float[np.ndarray, "n_heights n_channels n n n"]:
    """What becomes of colours at some heights; of greys only where all three axes are equal."""
    axis = np.linspace(0, 1, N_COLOURS)
    colours = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    values = colours if n_channels == 3 else colours.mean(1, keepdims=True)
    found = list[np.ndarray]()
    for height in np.linspace(0, 1, N_HEIGHTS):
        points = np.concatenate([values, np.full((len(values), 1), height)], 1)
        made = move(points)[:, :n_channels].clip(0, 1)
        found.append(made.T.reshape(n_channels, N_COLOURS, N_COLOURS, N_COLOURS))
    return np.ascontiguousarray(np.stack(found), np.float32)

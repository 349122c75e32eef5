"""Windows of pairs, from which batches are drawn: a record is thousands of them.

Window k is of pair k mod n, so the first n are one of each; where in a record it lies follows a sequence that
covers every part of it evenly.

Source:
    Roberts 2018, "The unreasonable effectiveness of quasirandom sequences": places of low discrepancy.
"""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
import torch

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.pairs.codec import PairCodec
from gansmith.modalities.pairs.records import Pairs
from gansmith.nets.resizing import resized

OVERLAP: Final = 4
"""How often an epoch sees each point of a large record, about."""
EDGES: Final = 0.1
"""Share of windows that lie at either end of a side: what is there would be seen too seldom."""
FEWEST_TURNS: Final = 1_024
"""Windows of each record before the first of them comes again, at least."""
OF_WHOLE: Final = 8
"""The same where a window is the whole record."""


@final
class Windows:
    """See `Dataset`: the parts `real` and, where it is not made of that, `source`, compact."""

    def __init__(self, codec: PairCodec, pairs: Pairs) -> None:
        self._pairs, self._state = pairs, codec.state_
        self._window = tuple(self._state.window)
        self._whole: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}
        n_points = sum(math.prod(pairs.sides(number)) for number in range(len(pairs)))
        per_window = len(pairs) * math.prod(self._window)
        is_whole = self._state.size > 0
        self._n_turns = OF_WHOLE if is_whole else max(FEWEST_TURNS, OVERLAP * n_points // per_window)
        self._steps = steps_of(len(self._window))

    def __len__(self) -> int:
        return len(self._pairs) * self._n_turns

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        wanted, given = list[np.ndarray](), list[np.ndarray]()
        for index in indices.tolist():
            turn, number = divmod(index, len(self._pairs))
            real, source = self._pair(number)
            place = place_of(turn, number, self._steps)
            wanted.append(cut(real, self._window, place))
            if source is not None:
                given.append(cut(source, self._window, place))
        parts = {"real": stacked(wanted), "source": stacked(given) if given else None}
        return Batch(parts)

    def _pair(self, number: int) -> tuple[np.ndarray, np.ndarray | None]:
        if not self._state.size:
            return self._pairs.wanted(number), self._pairs.given(number)
        if number not in self._whole:
            real, source = self._pairs.wanted(number), self._pairs.given(number)
            sides = fitting(real.shape[1:], self._state.size)
            given = None if source is None else brought_to(source, sides)
            self._whole[number] = brought_to(real, sides), given
        return self._whole[number]


def cut(values: np.ndarray, window: tuple[int, ...], place: np.ndarray) -> np.ndarray:
    """A window of a record, shape `(n_channels, *window)`; where it is smaller its last values go on.

    Args:
        values: Shape `(n_channels, *grid)`.
        window: Sides of the window.
        place: For each axis where it lies, from 0, at the beginning, to 1, at the end.
    """
    lacking = [max(0, side - found) for side, found in zip(window, values.shape[1:], strict=True)]
    if any(lacking):
        margins = [(0, 0), *((less // 2, less - less // 2) for less in lacking)]
        values = np.pad(values, margins, mode="edge")
    firsts = [
        min(int(share * (found - side + 1)), found - side)
        for share, found, side in zip(place.tolist(), values.shape[1:], window, strict=True)
    ]
    return values[(slice(None), *(slice(a, a + side) for a, side in zip(firsts, window, strict=True)))]


def fitting(grid: tuple[int, ...], longest: int) -> tuple[int, ...]:
    """Sides in the same proportions, of which the longest is that.

    Example:
        >>> fitting((321, 481), 128)
        (85, 128)
    """
    scale = longest / max(grid)
    return tuple(max(1, round(side * scale)) for side in grid)


def brought_to(values: np.ndarray, sides: tuple[int, ...]) -> np.ndarray:
    """A record on another grid, of the same type."""
    if values.shape[1:] == sides:
        return values
    found = resized(torch.from_numpy(values.astype(np.float32))[None], sides)[0].numpy()
    if values.dtype == np.float32:
        return found.clip(0, 1)
    highest = np.iinfo(values.dtype).max
    return np.rint(found.clip(0, highest)).astype(values.dtype)


def stacked(windows: list[np.ndarray]) -> torch.Tensor:
    """Windows as one tensor, which knows no whole numbers of 16 bits without a sign."""
    together = np.stack(windows)
    return torch.from_numpy(together.astype(np.int32) if together.dtype == np.uint16 else together)


def place_of(turn: int, number: int, steps: np.ndarray) -> np.ndarray:
    """Where window `turn` of a record lies, see `cut`: turns cover it evenly, each record in its own way."""
    place = (0.5 + (turn + 1) * steps + number * steps[::-1] / 2) % 1
    return (place * (1 + 2 * EDGES) - EDGES).clip(0, 1)


def steps_of(n_dims: int) -> np.ndarray:
    """How far along each axis one window lies from the next."""
    ratio = _ratio(n_dims)
    return np.array([ratio**-axis for axis in range(1, n_dims + 1)])


def _ratio(n_dims: int) -> float:
    """The root of x^(n+1) = x + 1 that is above 1: the golden ratio in one dimension."""
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (n_dims + 1))
    return ratio

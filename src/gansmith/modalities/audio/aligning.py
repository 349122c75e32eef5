"""Two sounds that say the same, in step: what is learnt from pairs are moments that belong together.

Source:
    Sakoe and Chiba 1978, "Dynamic programming algorithm optimization for spoken word recognition".
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

BOTH, OURS, OTHER = range(3)
Bands = Float[np.ndarray, "n_bands n_moments"]


def in_step(ours: Bands, theirs: Float[np.ndarray, "n_bands n_others"]) -> Int[np.ndarray, " n_others"]:
    """For each moment of another sound the moment of ours that says the same.

    Both are compared by how their bands differ from their own means, so that neither a voice nor a microphone
    counts.

    Example:
        >>> slow = np.array([[0, 0, 1, 1, 0, 0]], float)
        >>> in_step(np.array([[0.0, 1, 0]]), slow).tolist()
        [0, 0, 1, 1, 2, 2]
    """
    one, other = (bands - bands.mean(1, keepdims=True) for bands in (ours, theirs))
    squares = np.square(one).sum(0)[:, None] + np.square(other).sum(0)[None] - 2 * one.T @ other
    steps = _steps(np.sqrt(squares.clip(0)))
    moment, place = (side - 1 for side in steps.shape)
    found = [list[int]() for _ in range(place + 1)]
    while moment >= 0 and place >= 0:
        found[place].append(moment)
        step = steps[moment, place]
        moment, place = moment - (step != OTHER), place - (step != OURS)
    return np.array([(some[0] + some[-1]) // 2 for some in found])


def _steps(cost: Float[np.ndarray, "n m"]) -> Int[np.ndarray, "n m"]:
    """How the cheapest way comes to each place: a moment on in `BOTH`, in `OURS` or in the `OTHER`.

    All places of a diagonal are independent of each other: they are found at once.
    """
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0.0
    steps = np.zeros((n, m), np.int64)
    for diagonal in range(n + m - 1):
        rows = np.arange(max(0, diagonal - m + 1), min(n, diagonal + 1))
        columns = diagonal - rows
        before = np.stack([total[rows, columns], total[rows, columns + 1], total[rows + 1, columns]])
        steps[rows, columns] = before.argmin(0)
        total[rows + 1, columns + 1] = cost[rows, columns] + before.min(0)
    return steps

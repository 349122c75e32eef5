"""Seeds at the border of the scorecard: NumPy and scikit-learn take whole numbers of 0 to 2^32 - 1 alone."""

from __future__ import annotations

from typing import Final

import numpy as np

N_SEEDS: Final = 2**32


def small_seed(seed: int) -> int:
    """Any whole number as a seed that every library takes; those that it takes already stay as they are.

    Example:
        >>> small_seed(7), small_seed(-1)
        (7, 4294967295)
    """
    return seed % N_SEEDS


def draws(seed: int) -> np.random.Generator:
    """The random numbers of a seed, which may be any whole number."""
    return np.random.default_rng(small_seed(seed))

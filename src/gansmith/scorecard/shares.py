"""The standard error of a share of yes or no."""

from __future__ import annotations

import numpy as np


def error_of_share(n_hits: int, n: int) -> float:
    """Standard error of a share, not 0 at 0 hits.

    Example:
        >>> round(error_of_share(0, 100), 3)
        0.013

    Source:
        Agresti & Coull 1998, "Approximate is better than 'exact'", The American Statistician 52: two hits
        and two misses are added.
    """
    share = (n_hits + 2) / (n + 4)
    return float(np.sqrt(share * (1 - share) / (n + 4)))

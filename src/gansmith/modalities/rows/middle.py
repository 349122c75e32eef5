"""Chance that is none: whatever a codec leaves open is settled in the middle, so records are seen alike."""

from __future__ import annotations

from typing import Any, final

import numpy as np


@final
class Middle(np.random.Generator):
    """Draws the middle of whatever it is to draw from."""

    def random(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """One half."""
        return np.full(() if size is None else size, 0.5)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """The middle of a range."""
        return np.full(() if size is None else size, (low + high) / 2)


def middle() -> Middle:
    """One that needs no seed."""
    return Middle(np.random.PCG64())

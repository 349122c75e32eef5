"""Who looks at series with a network: it is given by the kind of data, for the scorecard knows none."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float

Padded = Float[np.ndarray, "_ n_steps n_channels"]
"""Series of one length, values about 0 to 1 and 0 behind the end; the last channel says which steps are."""


class AbstractRecurrentJudge(ABC):
    """A small recurrent network that learns to tell synthetic series from real ones."""

    @abstractmethod
    def chances(self, fake: Padded, real: Padded, asked: Padded, seed: int) -> Float[np.ndarray, " n_asked"]:
        """How likely series are synthetic.

        Args:
            fake: Synthetic series to learn from.
            real: As many real ones.
            asked: Others, of either kind.
            seed: Of first weights and order.
        """

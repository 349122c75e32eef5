"""What is promised: the numbers of a guarantee, and which of them are refused."""

from __future__ import annotations

from typing import Annotated, Final, final

from gansmith.errors import UsageError
from gansmith.settings import Field, settings

USUAL_DELTA: Final = 1e-6
"""Delta where nobody says."""
NEIGHBOURS: Final = "add or remove one unit"
"""Which data sets must be hard to tell apart: those with a unit and without it."""
HIGH_EPSILON: Final = 10.0
"""Above it the guarantee says next to nothing: a guess at who was there may be right 99.995 times in 100."""


@final
@settings
class Guarantee:
    """(epsilon, delta) differential privacy for a unit, neighbours being data with the unit and without it.

    Raises:
        UsageError: When a number is out of its range.

    Source:
        Dwork and Roth 2014, "The algorithmic foundations of differential privacy", definition 2.4.
    """

    epsilon: Annotated[float, Field(gt=0)]
    """Bound of the privacy loss: the chance of any result grows at most e^epsilon times by one unit."""
    delta: Annotated[float, Field(gt=0, lt=0.01)] = USUAL_DELTA
    """Chance with which the bound may fail; must stay below one in the number of units."""
    unit: str = ""
    """The column that says whose a row is; empty: each row is somebody else's."""
    max_rows: Annotated[int, Field(ge=1)] = 1
    """Rows of a unit that may count, chosen at random where there are more."""
    threshold_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of delta set aside for categories that come out by a noisy threshold."""

    @property
    def delta_of_thresholds(self) -> float:
        """Delta for what comes out by a noisy threshold, all of it together."""
        return self.delta * self.threshold_share

    @property
    def delta_of_noise(self) -> float:
        """Delta for the conversion of everything else."""
        return self.delta - self.delta_of_thresholds

    @property
    def protects(self) -> str:
        """Whom the guarantee is for, in words."""
        if not self.unit:
            return "one row"
        rows = "one row" if self.max_rows == 1 else f"at most {self.max_rows} rows"
        return f"one value of {self.unit!r} with all its rows, of which {rows} count"

    def check_size(self, n_units: int) -> None:
        """Refuse a delta that is no protection for so few.

        Args:
            n_units: How many units there are; noisy or public, never counted in the data.

        Raises:
            UsageError: When a mechanism could publish somebody outright and still keep the promise.
        """
        if self.delta * max(n_units, 1) > 1:
            raise UsageError(
                f"delta {self.delta:g} is more than one in {n_units:,} (about the number of units): it would "
                f"allow that somebody's row is published. Give --delta {0.1 / max(n_units, 1):.0e} or less."
            )

"""What a user may choose of a contest of methods against imbalance. Quickly imported: help is made of it."""

from __future__ import annotations

import math
import re
from typing import final

from gansmith.errors import UsageError
from gansmith.settings import Annotated, Field, NonNegativeInt, settings
from gansmith.tasks.runs.settings import parse_duration


@final
@settings(kw_only=True)
class RebalanceConfig:
    """Everything of a contest but the data and its target."""

    kind: str = ""
    """Kind of data: table, image, ...; empty: found from the data."""
    minority: str = ""
    """The rare class, spelt as in the data; empty: the rarest."""
    learner: str = ""
    """The classifier whose scores count: linear or trees for tables, net for pictures; empty: the best on the
    unchanged data."""
    precision: Annotated[float | None, Field(gt=0, le=1)] = None
    """Compare methods by their recall at this precision, instead of by PR-AUC."""
    costs: str = ""
    """Compare methods by their mean cost: that of a missed rare record and of a false alarm, such as 50:1."""
    folds: NonNegativeInt = 0
    """Folds of the cross-validation; 0 takes 5, or 3 with fewer than 20 rare records."""
    repetitions: NonNegativeInt = 0
    """How often the cross-validation is repeated with other folds, after the first time without the
    generator; 0 takes 2 to 10, more for fewer records."""
    budget: str = "60s"
    """Training time of the generator, per fold, such as 60s or 2m."""
    samples_seen: NonNegativeInt = 0
    """Training length of each generator in records, instead of a budget, to repeat a contest exactly."""
    seed: int = 0
    """Random seed; the same seed gives the same result."""

    def __post_init__(self) -> None:
        parse_duration(self.budget)
        if self.costs and self.precision is not None:
            raise UsageError("costs and precision are two ways to compare methods. Give one.")
        self.cost_pair()

    def cost_pair(self) -> tuple[float, float] | None:
        """The costs as numbers; None where there are none.

        Raises:
            UsageError: They are no two numbers above 0.
        """
        if not self.costs:
            return None
        number = r"(\d+\.?\d*|\.\d+)"
        match = re.fullmatch(rf"\s*{number}\s*:\s*{number}\s*", self.costs)
        pair = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
        if min(pair) <= 0 or not math.isfinite(sum(pair)):
            raise UsageError(
                f"costs {self.costs!r} are not two numbers above 0. Write the cost of a missed rare record, "
                "a colon, and the cost of a false alarm, such as 50:1."
            )
        return pair

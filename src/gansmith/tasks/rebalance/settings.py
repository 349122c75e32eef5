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
    """Kind of data: table, image, ...; empty finds it."""
    minority: str = ""
    """The class that is too rare, as it is spelt in the data; empty takes the rarest."""
    learner: str = ""
    """Whose scores count: linear or trees of tables, net of pictures; empty: who does best with nothing."""
    precision: Annotated[float | None, Field(gt=0, le=1)] = None
    """Of the records that are called rare so many shall be; then recall counts, else PR-AUC."""
    costs: str = ""
    """Costs of a missed rare record and of a false alarm, such as 50:1; then their mean counts."""
    folds: NonNegativeInt = 0
    """Parts of the data that are tested in turn, each by methods that have not seen it; 0 takes 5, or 3 where
    there are fewer than 20 rare records."""
    repetitions: NonNegativeInt = 0
    """How often the records are dealt into folds, after the first time for methods that need no generator; 0
    takes two to ten, the more the fewer records there are."""
    budget: str = "60s"
    """Time for the generator of each fold, such as 60s or 2m."""
    samples_seen: NonNegativeInt = 0
    """Length of each generator's run in records, in the place of a budget; repeats a contest exactly."""
    seed: int = 0
    """Of everything drawn."""

    def __post_init__(self) -> None:
        parse_duration(self.budget)
        if self.costs and self.precision is not None:
            raise UsageError("costs and precision both say what counts. Give one.")
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
                f"costs {self.costs!r} are no two numbers above 0. Write what a missed rare record costs, a "
                "colon, and what a false alarm costs, such as 50:1."
            )
        return pair

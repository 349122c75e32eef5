"""What a card says of real values: which it names, where bins end. The rule is `gansmith.disclosure`'s."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np

from gansmith.disclosure import RARE, Ends, Unit, rounded_cuts, shared, shared_ends, usual_min_count
from gansmith.scorecard.features import Features

OUTSIDE: Final = 0.002
"""Share of the records that may lie beyond each end of a drawing."""


@final
@dataclass(frozen=True, eq=False)
class Naming:
    """What may be said of the values of real records; all that is written down of them asks here.

    Args:
        real: All real records.
    """

    real: Features

    @property
    def min_count(self) -> int:
        """Records that must share what is named."""
        return usual_min_count(len(self.real))

    def may_name(self, name: str, value: float) -> bool:
        """Whether a value of a column is shared by enough real records, or is no real one at all."""
        return value not in self._hidden[name]

    def cell(self, name: str, value: float) -> str:
        """A cell as a person would write it, where it may be named."""
        return self.real.cell(name, value) if self.may_name(name, value) else RARE

    def ends(self, name: str, *others: np.ndarray) -> Ends | None:
        """Where a drawing of a column may begin and end; None: too few records, or nothing lies between.

        Args:
            name: Of the column.
            others: Values of other records that are drawn beside the real ones.
        """
        found = [self._ends(values, name) for values in (self.values(name), *others)]
        if found[0] is None:
            return None
        kept = [ends for ends in found if ends is not None]
        low, high = min(ends.low for ends in kept), max(ends.high for ends in kept)
        return Ends(low, high, all(ends.is_exact for ends in kept)) if low < high else None

    def cuts(self, name: str, n_cells: int) -> np.ndarray:
        """Rounded quantiles of the real values, between which cells have about as many records each."""
        ends, values = self.ends(name), self.values(name)
        if ends is None:
            return np.zeros(0)
        levels = np.arange(1, n_cells) / n_cells
        return rounded_cuts(np.quantile(values[~np.isnan(values)], levels), ends, self._unit(name))

    def values(self, name: str) -> np.ndarray:
        """Those of all real records."""
        return self.real.values[:, self.real.position(name)]

    def _ends(self, values: np.ndarray, name: str) -> Ends | None:
        beyond = max(self.min_count, int(OUTSIDE * np.count_nonzero(~np.isnan(values))))
        return shared_ends(values, beyond, self._unit(name))

    def _unit(self, name: str) -> Unit:
        scale = self.real.scales.get(name)
        return scale if scale in ("days", "seconds") else "number"

    @cached_property
    def _hidden(self) -> dict[str, frozenset[float]]:
        """By column the real values that too few records share."""
        columns = zip(self.real.names, self.real.values.T, strict=True)
        return {
            name: frozenset(np.unique(values[~np.isnan(values)]).tolist()).difference(
                shared(values, self.min_count).tolist()
            )
            for name, values in columns
        }

"""Numbers of each series, from those of its steps, of all series at once; NaN where there are too few."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.scorecard.sequences.records import OfSeries, OfSteps, Sequences

_FLAT: Final = 1e-12
"""Share of a mean square below which nothing varies."""


@final
@dataclass(frozen=True, eq=False)
class Ragged:
    """The steps of some series."""

    of: Sequences

    def sum(self, values: OfSteps) -> OfSeries:
        """Of what is there."""
        return np.bincount(self.of.owners, np.nan_to_num(values), minlength=len(self.of))

    def count(self, is_it: Bool[np.ndarray, " n_steps"]) -> OfSeries:
        """Steps of which something holds."""
        return np.bincount(self.of.owners[is_it], minlength=len(self.of)).astype(np.float64)

    def mean(self, values: OfSteps) -> OfSeries:
        """Of what is there."""
        return _over(self.sum(values), self.count(~np.isnan(values)))

    def share(self, is_it: Bool[np.ndarray, " n_steps"], among: Bool[np.ndarray, " n_steps"]) -> OfSeries:
        """Of some steps the share of which something holds."""
        return _over(self.count(is_it & among), self.count(among))

    def centred(self, values: OfSteps) -> OfSteps:
        """Less the mean of their series."""
        return values - self.mean(values)[self.of.owners]

    def correlation(self, x: OfSteps, y: OfSteps) -> OfSeries:
        """Of two columns over the steps of each series that have both."""
        both = ~(np.isnan(x) | np.isnan(y))
        x, y = (self.centred(np.where(both, one, np.nan)) for one in (x, y))
        squares = [self.mean(one * one) for one in (x, y)]
        return _ratio(self.mean(x * y), np.sqrt(squares[0] * squares[1]), self.count(both) > 2)

    def autocorrelation(self, values: OfSteps, lag: int) -> OfSeries:
        """With the value so many steps before, as a share of the variance."""
        centred = self.centred(values)
        return _ratio(
            self.mean(centred * self.earlier(centred, lag)), self.mean(centred**2), self.of.lengths > lag + 1
        )

    def earlier(self, values: OfSteps, lag: int) -> OfSteps:
        """The value so many steps before; NaN where there is none."""
        found = np.full(len(values), np.nan)
        later = self.of.before(lag)
        found[later] = values[later - lag]
        return found

    def quantiles(self, values: OfSteps, levels: tuple[float, ...]) -> list[OfSeries]:
        """Of what is there, one of its values each."""
        order = np.lexsort((values, self.of.owners))  # NaN comes last in its series
        counts = self.count(~np.isnan(values)).astype(np.int64)
        ordered = np.append(values[order], np.nan)
        return [
            np.where(
                counts > 0,
                ordered[self.of.starts[:-1] + np.floor(level * np.maximum(counts - 1, 0) + 0.5).astype(int)],
                np.nan,
            )
            for level in levels
        ]

    def longest(self, values: OfSteps) -> OfSeries:
        """The largest value of each series, 0 or more."""
        found = np.zeros(len(self.of))
        np.maximum.at(found, self.of.owners, values)
        return found

    def runs(self, is_it: Bool[np.ndarray, " n_steps"]) -> Float[np.ndarray, " n_steps"]:
        """For each step, how many in a row up to it of which something holds, in its series."""
        places = np.arange(len(is_it))
        breaks = np.where(is_it, -1, places)
        before = np.maximum(np.maximum.accumulate(breaks), self.of.starts[:-1][self.of.owners] - 1)
        return np.where(is_it, places - before, 0).astype(np.float64)

    @cached_property
    def along(self) -> OfSteps:
        """Where each step stands in its series, from 0 to 1."""
        return self.of.places / np.maximum(self.of.lengths - 1, 1)[self.of.owners]


def _over(sums: OfSeries, counts: OfSeries) -> OfSeries:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _ratio(above: OfSeries, below: OfSeries, is_known: Bool[np.ndarray, " n_series"]) -> OfSeries:
    """NaN where nothing varies, or too little is known."""
    is_known = is_known & (below > _FLAT * np.nanmax(np.append(below, 0.0)))
    return np.where(is_known, above / np.where(is_known, below, 1.0), np.nan)


def counts_of(
    owners: Int[np.ndarray, " n"], codes: Int[np.ndarray, " n"], n: int, n_codes: int
) -> np.ndarray:
    """How often each series has each code, shape `(n, n_codes)`; codes below 0 are left out."""
    is_one = codes >= 0
    return (
        np.bincount(owners[is_one] * n_codes + codes[is_one], minlength=n * n_codes).reshape(n, n_codes) * 1.0
    )

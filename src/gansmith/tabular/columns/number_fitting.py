"""What is learnt of a column's numbers: single values, bins, and a distribution function of the rest."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gansmith.tabular.columns import rare
from gansmith.tabular.columns.codecs import Suppressed
from gansmith.tabular.columns.distribution import distribution, has_steps, shared
from gansmith.tabular.columns.fractions import Shares, learnt_ends, lost_ends
from gansmith.tabular.columns.hours import Clock, learnt_hours, to_open
from gansmith.tabular.columns.special_values import Values, Weights, set_apart
from gansmith.tabular.schema import Column

MAX_BINS: Final = 20
MIN_RECORDS_PER_BIN: Final = 25


def learnt_numbers(
    numbers: Values, column: Column, clock: Clock | None, special: Values, min_count: int
) -> dict[str, Any]:
    """Fields of a codec of numbers.

    Args:
        numbers: Of all records that have one.
        column: What they are.
        clock: How they tell the time, if they do.
        special: Values that stand for something else, which are single values in any case.
        min_count: Records that must share a value before it comes out.
    """
    known, n_known, numbers = set_apart(numbers, special, min_count)
    if column.has_decimals:  # sums of cents are not always whole cents
        numbers = np.round(numbers, column.decimals)
    values, counts = np.unique(numbers, return_counts=True)
    hours = learnt_hours(values, counts, clock, min_count)
    values, counts = rare.merged(to_open(values, hours, clock), counts)
    became, spikes = shared(values, counts, min_count)
    suppressed = Suppressed.of(became != values, counts)
    if np.isnan(became).all():  # nothing else may come out
        nothing = np.zeros(0)
        return _fields(nothing, known, np.append(n_known, 0), nothing, nothing) | {"suppressed": suppressed}
    between = ~np.isin(became, spikes)
    real, n_real = values[between], counts[between]
    before = values, became, counts
    values, counts = rare.merged(became, counts)
    is_spike = np.isin(values, spikes)
    rest, n_rest = values[~is_spike], counts[~is_spike]
    knots, shares = distribution(rest, n_rest, min_count)
    ends: tuple[Shares, Shares] = (), ()
    if column.traits.is_number and not column.traits.is_whole:
        ends = (
            lost_ends(*before, column.decimals, min_count)
            if has_steps(knots)
            else learnt_ends(real, n_real, column.decimals, min_count)
        )
    n_each = np.concatenate([counts[is_spike], n_known, [n_rest.sum()]])
    found = _fields(values[is_spike], known, n_each, knots, shares)
    return found | {"suppressed": suppressed, "ends": ends[0], "upto": ends[1], "hours": hours}


def _fields(spikes: Values, known: Values, n_each: Weights, knots: Values, shares: Values) -> dict[str, Any]:
    """Those of single values, special ones among them, and of bins."""
    both, n_rest = np.concatenate([spikes, known]), int(n_each[-1])
    order = np.argsort(both)
    n_bins = int(np.clip(n_rest // MIN_RECORDS_PER_BIN, 1, MAX_BINS)) if len(knots) else 0
    counts = np.append(n_each[:-1][order], n_rest).astype(np.int64)
    return {"spikes": both[order], "knots": knots, "shares": shares, "n_quantiles": n_bins, "counts": counts}

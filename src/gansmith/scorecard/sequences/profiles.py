"""What each series is like, as numbers: length and gaps, measures, categories, how they hang together.

A profile is a record like any other. Two sets of series are alike where their profiles are, and since a
series is one record, whatever its steps say of each other, tests of profiles are tests of whole series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, final

import numpy as np

from gansmith.disclosure import usual_min_count
from gansmith.scorecard.features import Features
from gansmith.scorecard.sequences.ragged import Ragged, counts_of
from gansmith.scorecard.sequences.records import DAY_SECONDS, OfSeries, OfSteps, Sequences

LAGS: Final = (1, 2, 4, 8, 16)
"""Steps back at which series are compared with themselves, as far as they reach."""
MAX_PAIRS: Final = 12
"""Pairs of measures, and of a category and a measure, that are looked at; the first ones."""
N_CODES: Final = 6
"""The most frequent categories of a column, and transitions between them, have numbers of their own."""
LENGTH: Final = "length of series"
_LEAST_SEASON: Final = 0.1
"""Autocorrelation at a season."""
_N_SEARCHED: Final = 200
"""Series in which a season is looked for, ..."""
_N_MEASURES: Final = 3
"""... and measures."""
_N_DAY_PARTS: Final = 4
"""Nights, mornings, afternoons and evenings."""
_LEVELS: Final = (0.05, 0.5, 0.95)


@final
@dataclass(frozen=True)
class Part:
    """What a number of a profile says."""

    columns: tuple[str, ...]
    """Of whom: one column, or two."""
    says: str
    """What, in words: "correlation with the step before"."""
    is_log: bool = False
    """Whether it is the logarithm of that."""

    @property
    def name(self) -> str:
        """How the number is called."""
        return f"{' and '.join(self.columns)}: {self.says}" if self.says else " and ".join(self.columns)


Said = Iterator[tuple[Part, OfSeries]]


@final
@dataclass(frozen=True)
class Plan:
    """What profiles hold, as it was found in real series: the same for all that are compared."""

    lags: tuple[int, ...]
    season: int
    """Steps of a season; 0: there is none."""
    is_irregular: bool
    """Whether gaps between steps differ."""
    has_hours: bool
    """Whether times are points in time within a day."""
    transitions: dict[str, tuple[tuple[int, int], ...]]
    """By category column: from which code to which, the most frequent."""
    cuts: dict[str, float]
    """By measure: how large the largest hundredth of its changes is."""
    labels: dict[str, tuple[str, ...]]
    """By category column: what its most frequent codes are called, as far as that may be said."""

    @classmethod
    def of(cls, real: Sequences) -> Plan:
        """What real series have."""
        usual = int(np.median(real.lengths))
        gaps = real.gaps[~np.isnan(real.gaps)]
        return cls(
            lags=tuple(lag for lag in LAGS if lag == 1 or 4 * lag <= usual),
            season=_season(real, usual // 2 + 1),
            is_irregular=bool(len(gaps)) and float(np.ptp(gaps)) > 1e-9 * float(np.abs(gaps).max()),
            has_hours=real.clock == "seconds" and bool((np.nan_to_num(real.times) % DAY_SECONDS).any()),
            transitions={name: _transitions(real, name) for name in real.categories},
            cuts={name: _large_change(real, name) for name in real.measures},
            labels={name: _labels(real, name) for name in real.categories},
        )

    def label(self, name: str, code: int) -> str:
        """What a category is called."""
        known = self.labels.get(name, ())
        return known[code] if code < len(known) else _unnamed(code)


def profile(of: Sequences, plan: Plan) -> tuple[Features, tuple[Part, ...]]:
    """What each series is like, a row each; NaN where it cannot be said."""
    found = list(_parts(of, Ragged(of), plan))
    parts = tuple(part for part, _ in found)
    values = np.stack([column for _, column in found], axis=1)
    values = np.where(np.isfinite(values), values, np.nan)
    return Features(tuple(part.name for part in parts), values, np.zeros(len(parts), bool)), parts


def _parts(of: Sequences, by: Ragged, plan: Plan) -> Said:
    yield Part((LENGTH,), ""), of.lengths.astype(np.float64)
    yield from _of_times(of, by, plan)
    for name in of.measures:
        yield from _of_measure(name, by, plan)
    for name in of.categories:
        yield from _of_category(name, by, plan)
    for a, b in list(combinations(of.measures, 2))[:MAX_PAIRS]:
        yield from _of_pair(a, b, by)
    pairs = [(a, b) for a in of.categories for b in of.measures]
    for a, b in pairs[:MAX_PAIRS]:
        yield from _of_mixed(a, b, by, plan)


# --- Times --------------------------------------------------------------------------------------------------


def _of_times(of: Sequences, by: Ragged, plan: Plan) -> Said:
    """Gaps, and how often steps fall on parts of the day, the week and the month."""
    if not plan.is_irregular:
        return
    gaps = np.where(np.isnan(of.gaps), np.nan, np.log(np.maximum(of.gaps, 1e-9)))
    low, high = by.quantiles(gaps, (0.1, 0.9))
    column = (of.time,)
    yield Part(column, "usual gap between steps", is_log=True), by.mean(gaps)
    yield Part(column, "short gaps", is_log=True), low
    yield Part(column, "long gaps", is_log=True), high
    yield Part(column, "spread of gaps"), np.sqrt(by.mean(by.centred(gaps) ** 2))
    yield Part(column, "correlation of a gap with the one before"), by.autocorrelation(gaps, 1)
    there = ~np.isnan(of.times)
    for words, is_it in calendar_parts(of, has_hours=plan.has_hours).items():
        yield Part(column, f"steps {words}"), by.share(is_it, there)


def calendar_parts(of: Sequences, *, has_hours: bool) -> dict[str, np.ndarray]:
    """Which steps lie on weekends, at the beginning of a month, and in which part of a day.

    Nothing where times are no points in time.
    """
    if not of.has_calendar:
        return {}
    seconds = np.nan_to_num(of.seconds)
    days = np.floor(seconds / DAY_SECONDS)
    dates = days.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    found = {"on weekends": (days + 3) % 7 >= 5, "in the first ten days of months": of_month < 10}
    if has_hours:
        part = np.floor((seconds - days * DAY_SECONDS) * _N_DAY_PARTS / DAY_SECONDS)
        hours = 24 // _N_DAY_PARTS
        found |= {f"from {hours * k} to {hours * (k + 1)} h": part == k for k in range(_N_DAY_PARTS)}
    return found


# --- Measures -----------------------------------------------------------------------------------------------


def _of_measure(name: str, by: Ragged, plan: Plan) -> Said:
    values, column, of = by.of.column(name), (name,), by.of
    low, middle, high = by.quantiles(values, _LEVELS)
    yield Part(column, "level"), by.mean(values)
    yield Part(column, "middle"), middle
    yield Part(column, "low values"), low
    yield Part(column, "high values"), high
    yield Part(column, "spread"), np.sqrt(by.mean(by.centred(values) ** 2))
    yield Part(column, "trend"), by.correlation(values, by.along)
    yield from _of_memory(column, values, by, plan)
    yield from _of_changes(column, values, by, plan)
    yield from _of_missing(column, values, by)
    centred, there = by.centred(values), ~np.isnan(of.times)
    for words, is_it in calendar_parts(of, has_hours=plan.has_hours).items():
        yield Part(column, f"level {words}"), by.mean(np.where(is_it & there, centred, np.nan))


def _of_memory(column: tuple[str, ...], values: OfSteps, by: Ragged, plan: Plan) -> Said:
    """Autocorrelation, the partial one of the second step, and that of a season."""
    found = {lag: by.autocorrelation(values, lag) for lag in plan.lags}
    for lag, one in found.items():
        ago = "the step before" if lag == 1 else f"{lag} steps before"
        yield Part(column, f"correlation with {ago}"), one
    if 2 in found:
        square = found[1] ** 2
        partial = (found[2] - square) / np.maximum(1 - square, 1e-6)
        yield Part(column, "partial correlation with the step before the last"), partial
    if plan.season:
        words = f"correlation with a season ({plan.season} steps) before"
        yield Part(column, words), by.autocorrelation(values, plan.season)


def _of_changes(column: tuple[str, ...], values: OfSteps, by: Ragged, plan: Plan) -> Said:
    """Size, direction, tails and clusters of changes from step to step."""
    changes = values - by.earlier(values, 1)
    there, size = ~np.isnan(changes), np.abs(changes)
    yield Part(column, "size of changes"), by.mean(size)
    yield Part(column, "largest change"), by.quantiles(size, (1.0,))[0]
    yield Part(column, "share of repeated values"), by.share(changes == 0, there)
    yield Part(column, "share of rises"), by.share(changes > 0, there)
    yield Part(column, "share of very large changes"), by.share(size > plan.cuts[column[0]], there)
    yield Part(column, "clusters of large changes"), by.autocorrelation(size, 1)


def _of_missing(column: tuple[str, ...], values: OfSteps, by: Ragged) -> Said:
    """Missing cells: how many, and in how long stretches."""
    missing = np.isnan(values)
    n_missing, runs = by.count(missing), by.runs(missing)
    n_stretches = by.count(runs == 1)
    usual = np.where(n_stretches > 0, n_missing / np.maximum(n_stretches, 1), 0.0)
    yield Part(column, "share of missing cells"), n_missing / np.maximum(by.of.lengths, 1)
    yield Part(column, "usual stretch of missing cells"), usual
    yield Part(column, "longest stretch of missing cells"), by.longest(runs)


# --- Categories ---------------------------------------------------------------------------------------------


def _of_category(name: str, by: Ragged, plan: Plan) -> Said:
    codes, column = by.of.column(name), (name,)
    there, before = ~np.isnan(codes), by.earlier(codes, 1)
    pairs = there & ~np.isnan(before)
    for code in range(N_CODES):
        yield Part(column, f"share of {plan.label(name, code)}"), by.share(codes == code, there)
    yield Part(column, "how many different ones"), _n_different(codes, by.of)
    yield Part(column, "share of steps that stay"), by.share(codes == before, pairs)
    for first, then in plan.transitions[name]:
        words = f"{plan.label(name, first)} followed by {plan.label(name, then)}"
        yield Part(column, words), by.share(codes == then, pairs & (before == first))
    yield from _of_missing(column, codes, by)


def _n_different(codes: OfSteps, of: Sequences) -> OfSeries:
    known = np.nan_to_num(codes, nan=-1.0).astype(np.int64)
    pairs = np.unique(np.stack([of.owners, known]), axis=1)
    return np.bincount(pairs[0][pairs[1] >= 0], minlength=len(of)).astype(np.float64)


# --- Pairs --------------------------------------------------------------------------------------------------


def _of_pair(a: str, b: str, by: Ragged) -> Said:
    x, y = by.of.column(a), by.of.column(b)
    before = [by.earlier(one, 1) for one in (x, y)]
    yield Part((a, b), "correlation at the same step"), by.correlation(x, y)
    yield Part((a, b), f"correlation of {a} with {b} a step later"), by.correlation(before[0], y)
    yield Part((a, b), f"correlation of {b} with {a} a step later"), by.correlation(before[1], x)
    yield Part((a, b), "correlation of their changes"), by.correlation(x - before[0], y - before[1])


def _of_mixed(a: str, b: str, by: Ragged, plan: Plan) -> Said:
    codes, centred = by.of.column(a), by.centred(by.of.column(b))
    for code in range(N_CODES // 2):
        at = np.where(codes == code, centred, np.nan)
        yield Part((a, b), f"level of {b} at {plan.label(a, code)}"), by.mean(at)


# --- What is found in real series ---------------------------------------------------------------------------


def _season(real: Sequences, longest: int) -> int:
    """The steps after which series come again, where they do: the highest peak of their autocorrelation."""
    if longest < 4 or not real.measures:
        return 0
    by = Ragged(real.take(np.arange(min(len(real), _N_SEARCHED))))
    lags = np.arange(1, min(longest, 200) + 1)
    columns = [by.of.column(name) for name in real.measures[:_N_MEASURES]]
    found = np.array([[_mean(by.autocorrelation(one, lag)) for one in columns] for lag in lags.tolist()])
    along = found.mean(axis=1)
    inner = np.arange(2, len(lags) - 1)
    is_peak = (along[inner] > along[inner - 1]) & (along[inner] >= along[inner + 1])
    falls = np.flatnonzero(along < along[0] / 2)
    peaks = inner[is_peak & (along[inner] > _LEAST_SEASON) & (inner > falls.min(initial=len(lags)))]
    return int(lags[peaks[np.argmax(along[peaks])]]) if len(peaks) else 0


def _mean(values: OfSeries) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _labels(real: Sequences, name: str) -> tuple[str, ...]:
    """Those that enough series have; see `gansmith.disclosure`."""
    codes = real.column(name)
    n_series = [len(np.unique(real.owners[codes == code])) for code in range(N_CODES)]
    known, enough = real.steps.labels.get(name, ()), usual_min_count(len(real))
    return tuple(
        known[code] if code < len(known) and n >= enough else _unnamed(code)
        for code, n in enumerate(n_series)
    )


def _unnamed(code: int) -> str:
    return f"category {code + 1}"


def _transitions(real: Sequences, name: str) -> tuple[tuple[int, int], ...]:
    later, codes = real.before(1), real.column(name)
    pairs = np.stack([codes[later - 1], codes[later]], axis=1)
    pairs = pairs[~np.isnan(pairs).any(axis=1)].astype(np.int64)
    known, counts = np.unique(pairs, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:N_CODES]
    return tuple((int(a), int(b)) for a, b in known[order])


def _large_change(real: Sequences, name: str) -> float:
    later, values = real.before(1), real.column(name)
    size = np.abs(values[later] - values[later - 1])
    size = size[~np.isnan(size)]
    return float(np.quantile(size, 0.99)) if len(size) else np.inf


def transition_counts(of: Sequences, name: str, n_codes: int) -> np.ndarray:
    """From which code to which each series goes how often, shape `(n_series, n_codes ** 2)`.

    Codes beyond the last one count as that.
    """
    later, codes = of.before(1), np.nan_to_num(of.column(name), nan=-1.0).astype(np.int64)
    codes = np.minimum(codes, n_codes - 1)
    first, then = codes[later - 1], codes[later]
    pairs = np.where((first >= 0) & (then >= 0), first * n_codes + then, -1)
    return counts_of(of.owners[later], pairs, len(of), n_codes**2)

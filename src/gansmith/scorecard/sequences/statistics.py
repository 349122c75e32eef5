"""Numbers of series whose means or shapes are scores: memory, spectra, tails, lengths, transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.real.shape import column_shapes, shapes_of_deal
from gansmith.scorecard.real.unlike import cells_of
from gansmith.scorecard.resampling import Deal
from gansmith.scorecard.score import GROUPS_FREE, Score, error_by_groups, interval_of_few, mean_similarity
from gansmith.scorecard.sequences.profiles import MAX_PAIRS, Plan, calendar_parts
from gansmith.scorecard.sequences.ragged import Ragged
from gansmith.scorecard.sequences.records import OfSteps, Sequences

MAX_LAGS: Final = 24
N_BANDS: Final = 16
"""Of frequency."""
MAX_MEASURES: Final = 8
"""Of which memory, spectra and tails are compared, the first ones."""
SPECTRAL: Final = (8, 64)
"""Steps of the windows of which spectra are taken."""
N_CODES: Final = 20
"""Categories of a column whose transitions are told apart."""
FEWEST: Final = 4
"""Series on a side of which means can be compared."""
_FAINT: Final = 1e-4
"""Share of a series' variance below which power is none: -40 dB."""
_TAILS: Final = (0.001, 0.01, 0.99, 0.999)
_N_CELLS: Final = 5
"""Into which attributes and numbers are cut where they are counted together."""

Numbers = Float[np.ndarray, "_ _"]
Named = tuple[list[str], Numbers]
"""Numbers of each series, and what each is of."""
Rows = tuple[Features, Int[np.ndarray, " _"]]
"""Rows of all series together, and whose each is."""


# --- Means of numbers of series -----------------------------------------------------------------------------


def memory(of: Sequences, plan: Plan, *, of_changes: bool = False) -> Named:
    """Autocorrelation of each measure at lags 1, 2, ..., or of the sizes of its changes."""
    by, found = Ragged(of), dict[str, np.ndarray]()
    for name in of.measures[:MAX_MEASURES]:
        values = of.column(name)
        if of_changes:
            values = np.abs(values - by.earlier(values, 1))
        for lag in range(1, min(MAX_LAGS, 2 * plan.lags[-1]) + 1):
            found[f"{name}, lag {lag}"] = by.autocorrelation(values, lag)
    return _named(found, len(of))


def cross(of: Sequences, plan: Plan) -> Named:
    """Correlation of two measures at one step, and with either a step later."""
    del plan
    by, found = Ragged(of), dict[str, np.ndarray]()
    for a, b in list(combinations(of.measures, 2))[:MAX_PAIRS]:
        x, y = of.column(a), of.column(b)
        found[f"{a} × {b}"] = by.correlation(x, y)
        found[f"{a} × {b} a step later"] = by.correlation(by.earlier(x, 1), y)
        found[f"{b} × {a} a step later"] = by.correlation(by.earlier(y, 1), x)
    return _named(found, len(of))


def spectra(of: Sequences, plan: Plan, length: int) -> Named:
    """Power of each measure in bands of frequency, in decibels of its variance; of the first steps.

    Args:
        of: Series; those that are shorter are left out.
        plan: Of what is compared.
        length: Steps that are looked at, see `spectral_length`.
    """
    del plan
    rows = of.starts[:-1][of.lengths >= length][:, None] + np.arange(length)
    taper, found = np.hanning(length + 2)[1:-1], dict[str, np.ndarray]()
    bands = np.array_split(np.arange(length // 2), min(N_BANDS, length // 2))
    for name in of.measures[:MAX_MEASURES]:
        values = of.column(name)[rows]
        known = ~np.isnan(values)
        sums = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
        centred = np.where(known, values - sums / np.maximum(known.sum(axis=1, keepdims=True), 1), 0.0)
        power = np.square(np.abs(np.fft.rfft(centred * taper, axis=1)))[:, 1:]
        share = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-300)
        for places in bands:
            words = f"{name}, waves of about {length / (places.mean() + 1):.2g} steps"
            found[words] = 10 * np.log10(share[:, places].mean(axis=1) + _FAINT)
    return _named(found, len(rows))


def spectral_length(real: Sequences) -> int:
    """Steps of the windows of which spectra are taken: nearly all series are as long."""
    return int(np.clip(np.quantile(real.lengths, 0.1), *SPECTRAL))


def tails(of: Sequences, cuts: dict[str, np.ndarray]) -> Named:
    """Share of the steps beyond extreme quantiles of real ones, in per cent."""
    by, found = Ragged(of), dict[str, np.ndarray]()
    for name in of.measures[:MAX_MEASURES]:
        values = of.column(name)
        there = ~np.isnan(values)
        for level, cut in zip(_TAILS, cuts[name].tolist(), strict=True):
            is_out, side = (values < cut, "below") if level < 0.5 else (values > cut, "above")
            found[f"{name} {side} the {level:.1%} quantile"] = 100 * by.share(is_out & there, there)
    return _named(found, len(of))


def tail_cuts(real: Sequences) -> dict[str, np.ndarray]:
    """Extreme quantiles of each measure."""
    found: dict[str, np.ndarray] = {}
    for name in real.measures[:MAX_MEASURES]:
        values = real.column(name)
        known = values[~np.isnan(values)]
        found[name] = np.quantile(known, _TAILS) if len(known) else np.full(len(_TAILS), np.nan)
    return found


def gap_of_means(
    fake: Named, real: Named, *, seed: int, label: str, meaning: str, source: str
) -> tuple[Score, dict[str, float], tuple[np.ndarray, np.ndarray]]:
    """How far the means of numbers of series are from those of real ones, on average.

    Returns:
        The score; the gap of each number, the widest first; and the means of both sides.

    Raises:
        DataError: There is no such number, or fewer than 4 series on a side.
    """
    (names, ours), (_, theirs) = fake, real
    n = min(len(ours), len(theirs))
    if not names:
        raise DataError("There is no measure, or no pair of them.")
    if n < FEWEST:
        raise DataError(f"Only {n} series are long enough. Wanted: {FEWEST} or more.")
    means = _means(ours), _means(theirs)
    gaps = means[0] - means[1]
    known = ~np.isnan(gaps)
    if not known.any():
        raise DataError("No series varies enough for this.")

    def apart(some: np.ndarray, others: np.ndarray) -> tuple[float]:
        found = np.abs(_means(ours[some]) - _means(theirs[others]))
        return (float(np.where(np.isnan(found), np.abs(gaps), found)[known].mean()),)

    value, error = (
        float(np.abs(gaps[known]).mean()),
        error_by_groups(apart, len(ours), len(theirs), draws(seed))[0],
    )
    order = [place for place in np.argsort(-np.abs(gaps), kind="stable").tolist() if known[place]]
    score = Score(
        value=value,
        error=error,
        n=n,
        direction="lower",
        source=source,
        label=label,
        meaning=meaning,
        bounds=interval_of_few(value, error, GROUPS_FREE + 1),
        limits=(0.0, np.inf),
    )
    return score, {names[place]: float(gaps[place]) for place in order}, means


def _means(numbers: Numbers) -> np.ndarray:
    known = ~np.isnan(numbers)
    n = known.sum(axis=0)
    return np.where(n > 0, np.where(known, numbers, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _named(found: dict[str, np.ndarray], n: int) -> Named:
    return list(found), np.stack(list(found.values()), axis=1) if found else np.zeros((n, 0))


# --- Shapes of all steps together ---------------------------------------------------------------------------


def of_steps(of: Sequences) -> Rows:
    """Measures and categories."""
    return of.steps, of.owners


def of_lengths(of: Sequences) -> Rows:
    """How many steps each has."""
    return _single("length", of.lengths.astype(np.float64)), np.arange(len(of))


def of_gaps(of: Sequences) -> Rows:
    """Time between steps."""
    if not of.clock:
        raise DataError("There is no time column.")
    return _single(f"gaps of {of.time}", of.gaps), of.owners


def of_stretches(of: Sequences) -> Rows:
    """How long stretches of missing cells are, of each measure: at the last cell of each."""
    if not of.measures:
        raise DataError("There is no measure.")
    by, columns = Ragged(of), list[np.ndarray]()
    for name in of.measures:
        runs = by.runs(np.isnan(of.column(name)))
        is_last = (runs > 0) & np.append(runs[1:] <= 1, True)
        columns.append(np.where(is_last, runs, np.nan))
    names = tuple(f"stretches of {name}" for name in of.measures)
    return Features(names, np.stack(columns, 1), np.zeros(len(names), bool)), of.owners


def of_transitions(of: Sequences) -> Rows:
    """From which category to which each step goes, as codes."""
    if not of.categories:
        raise DataError("There is no category.")
    later, columns = of.before(1), list[np.ndarray]()
    for name in of.categories:
        codes = np.minimum(of.column(name), N_CODES - 1)
        columns.append(codes[later - 1] * N_CODES + codes[later])
    names = tuple(f"transitions of {name}" for name in of.categories)
    return Features(names, np.stack(columns, 1), np.ones(len(names), bool)), of.owners[later]


def of_calendar(of: Sequences, *, has_hours: bool) -> Rows:
    """On which part of the day, the week and the month each step is, as a code."""
    parts = calendar_parts(of, has_hours=has_hours)
    if not parts:
        raise DataError("Times are no points in time.")
    codes = np.sum([mask * 2.0**place for place, mask in enumerate(parts.values())], axis=0)
    codes = np.where(np.isnan(of.times), np.nan, codes)
    return Features((f"calendar of {of.time}",), codes[:, None], np.ones(1, bool)), of.owners


def of_attributes(both: Features, pairs: Sequence[tuple[int, int]], n_fake: int) -> tuple[Rows, Rows]:
    """Attributes beside what series are like, cut into cells, as one code for each pair; of both sides.

    Args:
        both: Series of both sides, synthetic ones first.
        pairs: Which columns go together.
        n_fake: How many are synthetic.
    """
    if not pairs:
        raise DataError("There is no attribute.")
    cells = {
        place: cells_of(
            both.values[:, place], is_category=bool(both.is_category[place]), n_cells=_N_CELLS, fewest=5
        )
        for place in sorted({one for pair in pairs for one in pair})
    }
    names = tuple(f"{both.names[a]} × {both.names[b]}" for a, b in pairs)
    codes = np.stack([cells[a] * float(_N_CELLS + 1) + cells[b] for a, b in pairs], axis=1)
    whole = Features(names, codes, np.ones(len(names), bool))
    ours, theirs = (replace(whole, values=part) for part in (codes[:n_fake], codes[n_fake:]))
    return (ours, np.arange(len(ours))), (theirs, np.arange(len(theirs)))


def pooled(
    fake: Rows, real: Rows, n: tuple[int, int], *, seed: int, label: str, meaning: str, source: str
) -> tuple[Score, dict[str, float]]:
    """How like real ones the rows of all series together are, column by column; the error is of whole series.

    Args:
        fake: Rows of synthetic series.
        real: Of real ones.
        n: Series on both sides.
        seed: Deals series into hands.
        label: Of the score.
        meaning: Of the score.
        source: Of the score.

    Returns:
        The mean similarity, and that of each column, the lowest first.

    Raises:
        DataError: No column has values on both sides.
    """
    shapes = column_shapes(fake[0], real[0])
    if np.isnan(shapes).all():
        raise DataError("There is nothing to compare: no values on both sides.")
    hands = Deal.of(*n, draws(seed))
    deal = Deal(hands.fake_hands[fake[1]], hands.real_hands[real[1]])
    parts = shapes_of_deal(fake[0], real[0], deal)
    score = mean_similarity(shapes, parts, n, source=source, label=label, meaning=meaning, undefined="")
    order = [place for place in np.argsort(shapes, kind="stable").tolist() if not np.isnan(shapes[place])]
    return score, {fake[0].names[place]: float(shapes[place]) for place in order}


def _single(name: str, values: OfSteps) -> Features:
    return Features((name,), values[:, None], np.zeros(1, bool))

"""Beijing's air, one long series of hours with missing cells: do seasons, gaps and ranges come back?

Five years by the hour are learnt from, and one series of as many steps is made. The figures beside ours
compare two real stretches of two years, one after the other: so much the same air differs from itself. Days
and years are the harmonics of 24 hours and of 365.25 days; what is compared is their amplitude, relative to
the real one. A range is from the .5th to the 99.5th percentile, its error relative to its width.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from bench.picture_sets import data_folder
from bench.picture_task import Row
from bench.series_task import Limit, Measured, SeriesTask, learnt, rows_of
from bench.series_windows import SERIES

CHANNELS: Final = ("pm2.5", "TEMP", "DEWP", "PRES")
SEASONAL: Final = {"day": ("TEMP", "PRES"), "year": ("TEMP", "DEWP", "PRES")}
"""Channels in which that season is plain."""
PERIODS: Final = {"day": 24.0, "year": 365.25 * 24}
LAGS: Final = {"an hour": 1, "half a day": 12, "a day": 24, "a week": 168, "half a year": 4_383}
N_YEAR: Final = 8_760
MISSING: Final = "pm2.5"


def beijing() -> pd.DataFrame:
    """All hours in order; the time as one column, what was measured as seven."""
    folder = data_folder() / "beijing_pm25"
    parts = [pd.read_csv(folder / f"{name}.csv.gz") for name in ("train", "holdout")]
    whole = pd.concat(parts, ignore_index=True)
    time = pd.to_datetime(whole[["year", "month", "day", "hour"]])
    whole = whole.drop(columns=["year", "month", "day", "hour"])
    whole.insert(0, "time", time)
    return whole.sort_values("time", ignore_index=True)


def amplitude(values: np.ndarray, period: float) -> float:
    """Of the sine of that period which fits best, missing values left out."""
    steps = np.arange(len(values))
    known = np.isfinite(values)
    angle = 2 * np.pi * steps[known] / period
    columns = np.stack([np.ones(len(angle)), np.cos(angle), np.sin(angle)], axis=1)
    found = np.linalg.lstsq(columns, values[known], rcond=None)[0]
    return float(np.hypot(found[1], found[2]))


def autocorrelation(values: np.ndarray, lag: int) -> float:
    """Of all pairs of steps that are so far apart and not missing."""
    first, second = values[:-lag], values[lag:]
    known = np.isfinite(first) & np.isfinite(second)
    return float(np.corrcoef(first[known], second[known])[0, 1])


def missing_stretches(values: np.ndarray) -> np.ndarray:
    """How many steps each stretch of missing values has."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], ~np.isfinite(values), [False]]).astype(np.int8)))
    return ends[1::2] - ends[::2]


def figures(table: pd.DataFrame, known: pd.DataFrame) -> Measured:
    """How far the seasons, missing stretches and ranges of one series are from another's."""
    return dict(chain(_seasons(table, known), _memory(table, known), _rest(table, known)))


def _values(table: pd.DataFrame, name: str) -> np.ndarray:
    return pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)


def _seasons(table: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for season, names in SEASONAL.items():
        for name in names:
            found, wanted = (amplitude(_values(each, name), PERIODS[season]) for each in (table, known))
            yield f"{name}, amplitude of the {season}, relative error", abs(found / wanted - 1)


def _memory(table: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for name in CHANNELS:
        errors = [
            abs(autocorrelation(_values(table, name), lag) - autocorrelation(_values(known, name), lag))
            for lag in LAGS.values()
            if lag < len(table) - 100
        ]
        yield f"{name}, autocorrelation, largest error", max(errors)


def _rest(table: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for name in CHANNELS:
        ends = [np.nanquantile(_values(each, name), (0.005, 0.995)) for each in (table, known)]
        width = ends[1][1] - ends[1][0]
        yield f"{name}, range, relative error", float(np.abs(ends[0] - ends[1]).max() / width)
    stretches = [missing_stretches(_values(each, MISSING)) for each in (table, known)]
    alike = 1 - float(ks_2samp(*stretches).statistic) if len(stretches[0]) else 0.0
    yield "missing stretches, 1 - KS", alike
    shares = [float(np.isnan(_values(each, MISSING)).mean()) for each in (table, known)]
    yield "missing cells, relative error", abs(shares[0] / shares[1] - 1)


def limits() -> dict[str, Limit]:
    """What is aimed at: seasons and memory within 10 %, ranges within 5 %."""
    found = {
        f"{name}, amplitude of the {season}, relative error": Limit(0.1)
        for season, names in SEASONAL.items()
        for name in names
    }
    for name in CHANNELS:
        found[f"{name}, autocorrelation, largest error"] = Limit(0.1)
        found[f"{name}, range, relative error"] = Limit(0.05)
    return found | {"missing stretches, 1 - KS": Limit(0.9, is_upper=False)}


def measured(task: SeriesTask) -> list[Row]:
    """The figures of each model's series, beside those of two real years and the two before them."""
    known = beijing()
    ours = list[Measured]()
    for seed in task.seeds:
        if model := learnt(task, known, seed, {"time": "time"}):
            made = model.sampled(1, seed)
            if SERIES in made:
                made = made[made[SERIES] == made[SERIES].iloc[0]]
            ours.append(figures(made, known))
    earlier, later = known.iloc[: 2 * N_YEAR], known.iloc[2 * N_YEAR : 4 * N_YEAR]
    return rows_of(ours, figures(later, earlier), limits())

"""Known series continued: the last steps are held out, and the futures that are drawn are scored.

The continuous ranked probability score of a hundred futures, in its fair form, averaged over the steps held
out, in the units of the series; beside it the seasonal-naive forecast and exponential smoothing, both with
futures drawn by their own errors, which keep their mean and so the drift. One origin, so that differences of
some per cent mean little: look at the pictures, too.

Source:
    Ferro 2014, "Fair scores for ensemble forecasts"; Holt 1957 and Winters 1960 (additive smoothing, here
    with a damped trend); Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 5.2 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.picture_sets import data_folder
from bench.picture_task import Row, told
from bench.series_task import FUTURE, Limit, SeriesTask, learnt, rows_of
from gansmith.report.futures import futures_drawing

Values = NDArray[np.float64]
N_FUTURES: Final = 100
DAMPING: Final = 0.98
N_SHOWN: Final = 5
"""Horizons of history in a picture."""


@final
@dataclass(frozen=True)
class Known:
    """A series of which the last steps are held out."""

    file: str
    time: str
    value: str
    season: int
    horizon: int
    is_growing: bool = False
    """Whether seasons grow with the level, so that logarithms are smoothed."""

    def read(self) -> pd.DataFrame:
        """The whole series."""
        return pd.read_csv(data_folder() / "univariate" / self.file)


SERIES_OF: Final[Mapping[str, Known]] = {
    "passengers": Known("airline-passengers.csv", "Month", "Passengers", 12, 24, is_growing=True),
    "temperatures": Known("daily-min-temperatures.csv", "Date", "Temp", 365, 60),
    "sunspots": Known("monthly-sunspots.csv", "Month", "Sunspots", 132, 60),
}


def crps(futures: Values, truth: Values) -> float:
    """Mean over the steps of the fair CRPS.

    Args:
        futures: Shape `(n, n_steps)`, n at least 2.
        truth: Shape `(n_steps,)`.
    """
    n = len(futures)
    ordered = np.sort(futures, axis=0)
    weights = 2 * np.arange(1, n + 1) - n - 1
    between = (weights[:, None] * ordered).sum(0) / (n * (n - 1))  # half the mean of |x - x'|
    return float((np.abs(futures - truth).mean(0) - between).mean())


def seasonal_naive(history: Values, season: int, horizon: int, n: int, seed: int) -> Values:
    """The last season again, with stretches of what the season before was wrong by: shape `(n, horizon)`."""
    rng = np.random.default_rng([seed, 20])
    ahead = np.arange(horizon)
    centre = history[len(history) - season + ahead % season]
    errors = history[season:] - history[:-season]
    begins = rng.integers(0, max(len(errors) - horizon, 1), n)
    return centre + errors[(begins[:, None] + ahead) % len(errors)]


def smoothed(history: Values, season: int, horizon: int, n: int, seed: int) -> Values:
    """Exponential smoothing with a damped trend and additive seasons; futures by its one-step errors."""
    start = np.array([0.3, 0.05, 0.1])
    fitted = minimize(
        lambda rates: float((_one_step(history, season, rates)[0] ** 2).mean()),
        start,
        method="L-BFGS-B",
        bounds=[(0.001, 0.999), (0.0, 0.5), (0.0, 0.9)],
        options={"maxiter": 20},
    )
    errors, state = _one_step(history, season, fitted.x)
    rng = np.random.default_rng([seed, 21])
    drawn = rng.choice(errors[season:] - errors[season:].mean(), (n, horizon))
    made = np.empty((n, horizon))
    level, trend = np.full(n, state[0]), np.full(n, state[1])
    seasons = np.repeat(state[2][None], n, 0)
    for step in range(horizon):
        place = (len(history) + step) % season
        made[:, step] = level + DAMPING * trend + seasons[:, place] + drawn[:, step]
        level, trend, seasons[:, place] = _updated(fitted.x, level, trend, seasons[:, place], drawn[:, step])
    return made


def _one_step(history: Values, season: int, rates: Values) -> tuple[Values, tuple[float, float, Values]]:
    """The error at each step, and level, trend and seasons after the last one."""
    level, trend = float(history[:season].mean()), 0.0
    seasons = history[:season] - level
    errors = np.empty(len(history))
    for step, value in enumerate(history):
        place = step % season
        errors[step] = value - (level + DAMPING * trend + seasons[place])
        level, trend, seasons[place] = _updated(rates, level, trend, seasons[place], errors[step])
    return errors, (level, trend, seasons)


def _updated(rates: Values, level: Any, trend: Any, season: Any, error: Any) -> tuple[Any, Any, Any]:
    """Level, trend and season after an error, in the form that corrects errors."""
    risen = level + DAMPING * trend + rates[0] * error
    return risen, DAMPING * trend + rates[0] * rates[1] * error, season + rates[2] * error


def futures_of(known: Known, history: Values, seed: int) -> dict[str, Values]:
    """What runs beside us."""
    made = {"seasonal naive": seasonal_naive(history, known.season, known.horizon, N_FUTURES, seed)}
    shown = np.log(history) if known.is_growing else history
    ahead = smoothed(shown, known.season, known.horizon, N_FUTURES, seed)
    return made | {"smoothing": np.exp(ahead) if known.is_growing else ahead}


def measured(task: SeriesTask) -> list[Row]:
    """A row for each series: our CRPS beside that of the seasonal-naive forecast, and smoothing's below."""
    rows = list[Row]()
    for name, known in SERIES_OF.items():
        table = known.read()
        values = table[known.value].to_numpy(np.float64)
        history, truth = values[: -known.horizon], values[-known.horizon :]
        made = futures_of(known, history, 0)
        scores = {who: crps(each, truth) for who, each in made.items()}
        ours = list[dict[str, float]]()
        for seed in task.seeds:
            past = table.iloc[: -known.horizon]
            if model := learnt(task, past, seed, {"time": known.time}, name):
                long = model.continued(past, known.horizon, N_FUTURES)
                made[f"gansmith {seed}"] = _side_by_side(long, known)
                ours.append({f"{name}, CRPS": crps(made[f"gansmith {seed}"], truth)})
        naive = scores["seasonal naive"]
        rows += rows_of(ours, {f"{name}, CRPS": naive}, {f"{name}, CRPS": Limit(naive)})
        rows.append(Row(f"{name}, CRPS of smoothing", float("nan"), real=scores["smoothing"]))
        for who, futures in made.items():
            path = task.out / f"{name}-{who.replace(' ', '-')}.svg"
            _written(path, futures_drawing(history[-N_SHOWN * known.horizon :], futures, truth))
            told(f"{name}, {who}: {path}")
    return rows


def _side_by_side(long: pd.DataFrame, known: Known) -> Values:
    """The futures of a long table, a row each."""
    values = [each[known.value].to_numpy(np.float64)[-known.horizon :] for _, each in long.groupby(FUTURE)]
    return np.stack(values)


def _written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

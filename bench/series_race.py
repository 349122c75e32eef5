"""The race on windows of 24 steps: Gansmith beside a real half, a copula, a block bootstrap and TimeVAE.

Every method gives as many windows as there are real ones. Figures are means over training seeds and over
trainings of the judges; what stands behind them is the standard deviation over the training seeds, or over
judges where there is one seed. Published rows are quoted, not measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from bench.machine import one_thread
from bench.picture_task import told
from bench.series_context import N_ITERATIONS, Encoder, frechet_distance, learnt_encoder
from bench.series_judges import (
    N_DISCRIMINATIVE,
    N_PREDICTIVE,
    N_TREES,
    boosted_auc,
    correlational_score,
    discriminative_score,
    predictive_floor,
    predictive_score,
)
from bench.series_peers import block_bootstrap, normal_copula, timevae
from bench.series_task import OURS, Limit, SeriesTask, learnt
from bench.series_windows import (
    N_STEPS,
    SERIES,
    SETS,
    Windows,
    WindowSet,
    blocked_sides,
    nearest_windows,
    random_sides,
)
from gansmith.tasks.runs.settings import parse_duration

COLUMNS: Final = (
    "DS", "DS blocks", "AUC", "AUC blocks", "context FID", "correlational", "predictive", "seconds",
)  # fmt: skip
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "stock": {"DS": Limit(0.01), "DS blocks": Limit(0.01), "AUC": Limit(0.75), "AUC blocks": Limit(0.75),
              "context FID": Limit(0.103), "correlational": Limit(0.063), "seconds": Limit(900)},
    "energy": {"DS": Limit(0.10), "DS blocks": Limit(0.10), "AUC": Limit(0.90), "AUC blocks": Limit(0.90),
               "context FID": Limit(0.767), "correlational": Limit(4.010), "seconds": Limit(900)},
    "sines": {"DS": Limit(0.008), "DS blocks": Limit(0.008), "AUC": Limit(0.75), "AUC blocks": Limit(0.75),
              "context FID": Limit(0.101), "correlational": Limit(0.045), "seconds": Limit(900)},
}  # fmt: skip
"""Of context FID the better one of TimeGAN's and TimeVAE's published rows, of correlations TimeGAN's."""
UNKNOWN: Final = float("nan")
PUBLISHED: Final[Mapping[str, Mapping[str, Sequence[float]]]] = {
    "stock": {"TimeGAN": (0.102, 0.103, 0.063, 0.038), "TimeVAE": (0.145, 0.215, UNKNOWN, 0.039),
              "Diffusion-TS": (0.067, 0.147, UNKNOWN, 0.036)},
    "energy": {"TimeGAN": (0.236, 0.767, 4.010, 0.273), "TimeVAE": (0.499, 1.631, UNKNOWN, 0.292),
               "Diffusion-TS": (0.122, 0.089, UNKNOWN, 0.250)},
    "sines": {"TimeGAN": (0.011, 0.101, 0.045, 0.093), "TimeVAE": (0.041, 0.307, UNKNOWN, 0.093),
              "Diffusion-TS": (0.006, 0.006, UNKNOWN, 0.093)},
}  # fmt: skip
"""DS, context FID, correlational, predictive; unknown where we have not read the number ourselves."""
PUBLISHED_PLACES: Final = ("DS", "context FID", "correlational", "predictive")
SOURCE: Final = "quoted: Yuan and Qiao 2024, Diffusion-TS (arXiv:2403.01742), table 1; not measured here"
PUBLIC_CODE: Final = {
    "stock": "TimeGAN's public code gives DS .126 to .202 (its issues 7, 29)",
    "energy": "TimeGAN's public code gives DS .484 to .499 (its issues 7, 29, 87)",
    "sines": "",
}

Cells = dict[str, list[float]]
"""Figures of one method and one training seed: of every judge."""


@final
@dataclass(frozen=True)
class Effort:
    """How long the judges learn."""

    n_repeats: int = 5
    n_discriminative: int = N_DISCRIMINATIVE
    n_predictive: int = N_PREDICTIVE
    n_encoding: int = N_ITERATIONS
    n_trees: int = N_TREES


@final
@dataclass(frozen=True)
class Race:
    """What all methods of a race are judged with."""

    windows: WindowSet
    encoders: Sequence[Encoder]
    effort: Effort

    @classmethod
    def of(cls, windows: WindowSet, effort: Effort) -> Race:
        """Encoders are learnt once, of the real windows."""
        n = max(1, min(effort.n_repeats, 2))
        return cls(
            windows, [learnt_encoder(windows.windows, seed, effort.n_encoding) for seed in range(n)], effort
        )

    def judged(self, real: Windows, fake: Windows) -> Cells:
        """All figures of some synthetic windows."""
        cells: Cells = {name: [] for name in COLUMNS[:-1]}
        nearest, effort = nearest_windows(real, fake), self.effort
        n_purged = N_STEPS - 1 if self.windows.is_one_series else 0
        for seed in range(effort.n_repeats):
            both = random_sides(len(real), len(fake), seed), blocked_sides(len(real), nearest, seed, n_purged)
            for sides, place in zip(both, ("", " blocks"), strict=True):
                score = discriminative_score(real, fake, sides, seed, effort.n_discriminative)
                cells[f"DS{place}"].append(score)
                if seed < 2:
                    cells[f"AUC{place}"].append(boosted_auc(real, fake, sides, seed, n_trees=effort.n_trees))
            cells["correlational"].append(correlational_score(real, fake, seed))
        cells["context FID"] = [
            frechet_distance(encoder.features(real), encoder.features(fake)) for encoder in self.encoders
        ]
        cells["predictive"] = [predictive_score(real, fake, 0, effort.n_predictive)]
        return cells


Made = Iterator[tuple[Windows, Windows, float]]
"""For each training seed: real windows, as many synthetic ones, seconds."""


def _half(windows: WindowSet, task: SeriesTask) -> Made:
    for seed in task.seeds[:1]:
        order = np.random.default_rng(seed).permutation(len(windows.windows))
        first, second = np.sort(order[: len(order) // 2]), order[len(order) // 2 :]
        yield windows.windows[first], windows.windows[second], 0.0


def _timed(make: Callable[[Windows, int, int], Windows]) -> Callable[[WindowSet, SeriesTask], Made]:
    def made(windows: WindowSet, task: SeriesTask) -> Made:
        for seed in task.seeds[:1]:
            started = time.monotonic()
            with one_thread():
                fake = make(windows.windows, len(windows.windows), seed)
            yield windows.windows, fake, time.monotonic() - started

    return made


def _timevae(windows: WindowSet, task: SeriesTask) -> Made:
    seconds = parse_duration(task.budget)
    return _timed(lambda real, n, seed: timevae(real, n, seed, seconds))(windows, task)


def _ours(windows: WindowSet, task: SeriesTask) -> Made:
    options = {"window": N_STEPS, **({} if windows.is_one_series else {"entity": SERIES})}
    for seed in task.seeds:
        if model := learnt(task, windows.table, seed, options):
            fake = windows.cut(model.sampled(len(windows.windows), seed))
            yield windows.windows, fake, model.seconds


MAKERS: Final[Mapping[str, Callable[[WindowSet, SeriesTask], Made]]] = {
    "half": _half,
    "copula": _timed(normal_copula),
    "blocks": _timed(block_bootstrap),
    "timevae": _timevae,
    OURS: _ours,
}
TITLES: Final = {
    "half": "real half, other half",
    "copula": "normal copula, untrained",
    "blocks": "block bootstrap",
    "timevae": "TimeVAE, here",
    OURS: "Gansmith",
}


def race(task: SeriesTask, effort: Effort | None = None) -> dict[str, dict[str, tuple[float, float]]]:
    """Every method on one set; prints the table, gives means and spreads by method and figure."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    windows = SETS[task.name]()
    with one_thread():
        judges = Race.of(windows, effort or Effort(task.n_repeats))
    for method in task.methods:
        cells = list[Cells]()
        for real, fake, seconds in MAKERS[method](windows, task):
            told(f"{task.name}, {method}: {len(fake):,} windows in {seconds:,.0f} s")
            with one_thread():
                cells.append({**judges.judged(real, fake), "seconds": [seconds]})
        if cells:
            found[method] = {name: _summed([one[name] for one in cells]) for name in COLUMNS}
            told(f"{task.name}, {method}: {_line(found[method])}")
    print(shown(task.name, found, predictive_floor(windows.windows)), flush=True)
    return found


def _summed(values: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The mean over seeds and judges, and the spread over seeds, or over judges where there is one seed."""
    means = [float(np.mean(one)) for one in values]
    spread = means if len(means) > 1 else values[0]
    return float(np.mean(means)), float(np.std(spread))


def shown(name: str, found: Mapping[str, Mapping[str, tuple[float, float]]], floor: float) -> str:
    """The table: measured rows, targets, published rows and their source."""
    width = 26
    lines = [f"{name:{width}}" + "".join(f"{column:>15}" for column in COLUMNS)]
    lines += [f"{TITLES[method]:{width}}{_line(cells)}" for method, cells in found.items()]
    limits = {column: str(limit) for column, limit in LIMITS[name].items()}
    lines.append(f"{'aimed at':{width}}" + "".join(f"{limits.get(column, ''):>15}" for column in COLUMNS))
    for method, values in PUBLISHED[name].items():
        quoted = {k: f"{v:.3f}" for k, v in zip(PUBLISHED_PLACES, values, strict=True) if v == v}
        cells = [quoted.get(column, "") for column in COLUMNS]
        lines.append(f"{method + ', published':{width}}" + "".join(f"{cell:>15}" for cell in cells))
    lines.append(f"Published rows are {SOURCE}.")
    if PUBLIC_CODE[name]:
        lines.append(f"{PUBLIC_CODE[name]}.")
    lines.append(f"Predictive score of the best constant for each step: {floor:.3f}.")
    if OURS in found:
        missed = [column for column, limit in LIMITS[name].items() if not limit.holds(found[OURS][column][0])]
        lines.append(f"Missed: {', '.join(missed) or 'nothing'}.")
    return "\n".join(lines)


def _line(cells: Mapping[str, tuple[float, float]]) -> str:
    texts = [f"{cells[name][0]:.3f} ±{cells[name][1]:.3f}" for name in COLUMNS[:-1]]
    return "".join(f"{text:>15}" for text in [*texts, f"{cells['seconds'][0]:,.0f}"])

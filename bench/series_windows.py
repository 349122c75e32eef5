"""TimeGAN's benchmarks: stock, energy and sines as windows of 24 steps, and ways of splitting them.

The files are looked for where GANSMITH_DATA says, else in `../shared/data` beside the project. Protocol of
Yoon et al. 2019, "Time-series Generative Adversarial Networks", and of their code: a table is scaled to
[0, 1] column by column, and a window begins at every step but the last 24. Their code turns the rows round
before, for its own stock file runs backwards; ours does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from bench.picture_sets import data_folder

Windows = NDArray[np.float64]
"""Shape `(n_windows, n_steps, n_channels)`, in [0, 1]."""
Rows = NDArray[np.int64]

N_STEPS: Final = 24
N_SINES: Final = 10_000
N_SINE_CHANNELS: Final = 5
TRAIN_SHARE: Final = 0.8
N_BLOCKS: Final = 20
"""Into which time is cut where whole blocks of it are held out."""
SERIES: Final = "series"
"""The column that says whose step it is, of a long table."""


@final
@dataclass(frozen=True, eq=False)
class WindowSet:
    """One benchmark: what a user would give to Gansmith, and the windows that everybody is scored on."""

    name: str
    table: pd.DataFrame
    """One long series; or many of 24 steps, under one another, told apart by the column `series`."""
    windows: Windows
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """What 0 and 1 mean, of each channel."""

    @property
    def is_one_series(self) -> bool:
        """Whether windows are parts of one long series, and so overlap."""
        return SERIES not in self.table

    @property
    def channels(self) -> list[str]:
        """The columns that are measured."""
        return [name for name in self.table if name != SERIES]

    def scaled(self, raw: Windows) -> Windows:
        """Windows in the units of the table, as they are scored."""
        return (raw - self.low) / (self.high - self.low + 1e-7)

    def cut(self, long: pd.DataFrame) -> Windows:
        """A long table of windows, told apart by the column `series`, as they are scored.

        Raises:
            ValueError: When one of them has another number of steps, or a channel or a value is not there.
        """
        if missing := [name for name in self.channels if name not in long]:
            raise ValueError(f"{self.name}: no column {missing[0]!r} among {list(long)}")
        lengths = long.groupby(SERIES, sort=False, observed=True).size()
        if not (lengths == N_STEPS).all():
            raise ValueError(f"{self.name}: windows of {sorted(set(lengths))} steps; {N_STEPS} are wanted")
        values = long[self.channels].to_numpy(np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"{self.name}: {np.isnan(values).sum():,} values are missing")
        return self.scaled(values.reshape(-1, N_STEPS, len(self.channels)))


def stock() -> WindowSet:
    """Daily prices and volumes of Google, 2004 to 2019: 6 channels."""
    return _of_table("stock", pd.read_csv(data_folder() / "stock" / "stock_data.csv"))


def energy() -> WindowSet:
    """Appliances energy prediction, every 10 minutes: 28 channels, of which the last two are one noise."""
    table = pd.read_csv(data_folder() / "energy" / "energydata_complete.csv.gz", skipinitialspace=True)
    return _of_table("energy", table.drop(columns="date").astype(float))


def sines(n: int = N_SINES, seed: int = 0) -> WindowSet:
    """Sines of frequency and phase up to .1, so that all values lie in [.5, 1]: 5 channels."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0, 0.1, (2, n, 1, N_SINE_CHANNELS))
    windows = (np.sin(frequency * np.arange(N_STEPS)[:, None] + phase) + 1) / 2
    table = pd.DataFrame(
        windows.reshape(-1, N_SINE_CHANNELS), columns=[f"sine_{k + 1}" for k in range(N_SINE_CHANNELS)]
    )
    table.insert(0, SERIES, np.repeat(np.arange(n), N_STEPS))
    low = np.zeros(N_SINE_CHANNELS)
    return WindowSet("sines", table, windows, low, low + 1 - 1e-7)


def _of_table(name: str, table: pd.DataFrame) -> WindowSet:
    values = table.to_numpy(np.float64)
    low, high = values.min(0), values.max(0)
    scaled = (values - low) / (high - low + 1e-7)
    view = np.lib.stride_tricks.sliding_window_view(scaled, N_STEPS, axis=0)  # (n, n_channels, n_steps)
    return WindowSet(name, table, np.ascontiguousarray(view[:-1].transpose(0, 2, 1)), low, high)


SETS: Final[Mapping[str, Callable[[], WindowSet]]] = {"stock": stock, "energy": energy, "sines": sines}


# --- Splits -------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class Sides:
    """Which real and which synthetic windows a judge learns from, and which it is tested on."""

    real_seen: Rows
    real_new: Rows
    fake_seen: Rows
    fake_new: Rows


def random_sides(n_real: int, n_fake: int, seed: int) -> Sides:
    """Four fifths to learn from and one to test on, of both, as TimeGAN's code splits them."""
    parts = list[Rows]()
    for place, n in enumerate((n_real, n_fake)):
        order = np.random.default_rng([seed, place]).permutation(n)
        parts += np.split(order, [int(n * TRAIN_SHARE)])
    return Sides(*parts)


def blocked_sides(n_real: int, nearest: Rows, seed: int, n_purged: int = N_STEPS - 1) -> Sides:
    """Whole blocks of time to test on: a fifth of twenty; what overlaps them is not learnt from.

    A synthetic window belongs to the time of the real one that is nearest to it. Were synthetic ones split at
    random, a judge would learn that all there is in the held-out blocks is synthetic: of another real half
    boosted trees then get an area of .18 for stock, and the recurrent score is .12.

    Args:
        n_real: Windows in the order of time.
        nearest: The real window that is nearest to each synthetic one; see `nearest_windows`.
        seed: Which blocks are held out.
        n_purged: Windows beside them that are dropped.
    """
    edges = np.linspace(0, n_real, N_BLOCKS + 1).astype(np.int64)
    held = np.random.default_rng([seed, 2]).permutation(N_BLOCKS)[: round(N_BLOCKS * (1 - TRAIN_SHARE))]
    is_held, is_near = np.zeros(n_real, bool), np.zeros(n_real, bool)
    for block in held:
        is_held[edges[block] : edges[block + 1]] = True
        is_near[max(edges[block] - n_purged, 0) : edges[block + 1] + n_purged] = True
    return Sides(*map(np.flatnonzero, (~is_near, is_held, ~is_near[nearest], is_held[nearest])))


def nearest_windows(real: Windows, fake: Windows) -> Rows:
    """The number of the real window that is nearest to each synthetic one, by squared differences."""
    ours = torch.from_numpy(real.reshape(len(real), -1).astype(np.float32))
    theirs = torch.from_numpy(fake.reshape(len(fake), -1).astype(np.float32))
    sizes = (ours**2).sum(1)
    return torch.cat([(sizes - 2 * part @ ours.T).argmin(1) for part in theirs.split(500)]).numpy()

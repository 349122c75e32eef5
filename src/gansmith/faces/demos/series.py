"""A series that goes on: twelve years of a shop's sales, and a hundred ways in which the next two may go.

They are made here by a law, so what came is known, and can be looked at beside the futures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from gansmith.faces.demos.pictures import make_folder
from gansmith.report.futures import futures_drawing
from gansmith.store import write_whole
from gansmith.tasks.synthesize import Synthesizer

FIRST: Final = np.datetime64("2013-01")
N_YEARS: Final = 12
N_MORE: Final = 24
N_FUTURES: Final = 100
N_SHOWN: Final = 96
"""Months of history in the picture."""
SAMPLES_SEEN: Final = 30
N_OF_LAW: Final = 2_000


def run_series(
    folder: Path, seed: int = 0, show: Callable[[str], object] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn a series of months, and draw how it may go on.

    Args:
        folder: Where the series, its futures, the picture and the model go.
        seed: Of the law, of learning and of the futures.
        show: Called with each line of text.
        samples_seen: Length of the training.

    Returns:
        The files, and which share of the months that came lies between the outer lines.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder)
    sales = sold(N_YEARS * 12 + N_MORE, seed)
    history, truth = sales[:-N_MORE], sales[-N_MORE:]
    lines = [f"{FIRST + month}-01,{number:.0f}" for month, number in enumerate(history)]
    write_whole(folder / "sales.csv", "\n".join(["month,sold", *lines, ""]).encode())
    show(f"{len(history)} months of ice cream are learnt; what comes in the next {N_MORE} is kept back.")
    synthesizer = Synthesizer(kind="series", samples_seen=samples_seen, seed=seed, verbose=False)
    synthesizer.fit(folder / "sales.csv", time="month")
    synthesizer.save(folder / "sales.gan")
    made = synthesizer.impute(folder / "sales.csv", steps=N_MORE, futures=N_FUTURES)
    write_whole(folder / "futures.csv", made.to_csv(index=False).encode())
    futures = made["sold"].to_numpy(float).reshape(N_FUTURES, -1)[:, -N_MORE:]
    years = [str(FIRST + 12 * N_YEARS - N_SHOWN + 24 * k)[:4] for k in range((N_SHOWN + N_MORE) // 24 + 1)]
    drawn = futures_drawing(history[-N_SHOWN:], futures, truth, years)
    write_whole(folder / "futures.svg", drawn.encode())
    low, high = np.quantile(futures, (0.05, 0.95), axis=0)
    share = float(((truth >= low) & (truth <= high)).mean())
    show(f"{N_FUTURES} futures: nine in ten lie in the pale band, and {share:.0%} of the months that came.")
    show(f"The picture: {folder / 'futures.svg'}; go on with: gansmith complete {folder / 'sales.gan'} ...")
    return {"files": ["sales.csv", "sales.gan", "futures.csv", "futures.svg"], "within": share}


def sold(n_months: int, seed: int) -> Float[np.ndarray, " n_months"]:
    """Months that grow by a tenth a year, with a summer and chance that lingers."""
    rng, months = np.random.default_rng(seed), np.arange(n_months)
    chance = np.zeros(n_months)
    for month in months[1:]:
        chance[month] = 0.6 * chance[month - 1] + rng.normal(0, 0.05)
    summer = 0.35 * np.sin((months - 3) * np.pi / 6) + 0.1 * np.sin((months - 2) * np.pi / 3)
    return np.round(N_OF_LAW * np.exp(0.0085 * months + summer + chance))

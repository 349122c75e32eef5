"""Attacks on a table learnt as usual and with `--preset discreet`: what less memorising costs, and saves.

    python -m bench discreet titanic german_credit --seeds 3

Each data set is cut into halves; one is learnt from, the other is who was not. A record is attacked by the
scorecard of the package; intervals are its own, over records, and the range over seeds stands beside them.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.machine import machine
from bench.tables import BESIDE
from gansmith.tasks.judging import score
from gansmith.tasks.synthesize import Synthesizer

PRESETS: Final = ("default", "discreet")
TARGETS: Final = {
    "titanic": ("titanic.csv", "Survived"),
    "german_credit": ("german.csv", "c20"),
    "insurance": ("insurance.csv", "smoker"),
    "adult": ("train.csv.gz", "income"),
}
SHOWN: Final = (
    "membership_auc", "nearer", "copies", "near_copies", "singling_out", "linkability", "inference",
    "rare_values", "c2st", "shape", "trend", "tstr",
)  # fmt: skip


def run(arguments: list[str]) -> None:
    """Learn, attack, print a table for each data set."""
    parser = argparse.ArgumentParser("python -m bench discreet")
    parser.add_argument("names", nargs="*", default=["titanic"], help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--records", type=int, default=4_000, help="of a larger table, so many are taken")
    asked = parser.parse_args(arguments)
    print(machine())
    for name in asked.names:
        found = {
            preset: [_scores(name, preset, seed, asked.records) for seed in range(asked.seeds)]
            for preset in PRESETS
        }
        _show(name, found)


def _read(name: str, n_records: int) -> pd.DataFrame:
    """A data set, at most so many of its records."""
    file, _ = TARGETS[name]
    path = Path(os.environ.get("GANSMITH_DATA", BESIDE / "data")) / name / file
    frame = pd.read_csv(path, header=None if name == "german_credit" else "infer")
    frame.columns = [f"c{column}" if isinstance(column, int) else column for column in frame.columns]
    return frame.sample(min(n_records, len(frame)), random_state=0).reset_index(drop=True)


def _scores(name: str, preset: str, seed: int, n_records: int) -> dict[str, Any]:
    """The scorecard of one model, and the seconds that it took to learn."""
    frame, target = _read(name, n_records), TARGETS[name][1]
    order = np.random.default_rng(seed).permutation(len(frame))
    train, apart = (frame.iloc[half].reset_index(drop=True) for half in np.array_split(order, 2))
    started = time.monotonic()
    model = Synthesizer(preset=preset, seed=seed, verbose=False).fit(train, target=target)
    seconds = time.monotonic() - started
    card = score(model.sample(len(train), seed=seed), train, apart, target=target, seed=seed)
    return {"seconds": seconds, **{entry.name: entry.score for entry in card.entries if entry.score}}


def _show(name: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """One line a score."""
    print(f"\n{name}: {len(found['default'])} seeds; mean [least, most] +- the card's own error")
    print(f"  {'':16}" + "".join(f"{preset:>30}" for preset in found))
    print(
        f"  {'seconds':16}"
        + "".join(f"{np.mean([one['seconds'] for one in runs]):30.0f}" for runs in found.values())
    )
    for measure in SHOWN:
        cells: list[str] = []
        for runs in found.values():
            scores = [one[measure] for one in runs if measure in one]
            values = [score.value for score in scores]
            said = (
                f"{np.mean(values):.3f} [{min(values):.3f}, {max(values):.3f}] +- {scores[0].error:.3f}"
                if scores
                else "-"
            )
            cells.append(f"{said:>30}")
        print(f"  {measure:16}{''.join(cells)}")

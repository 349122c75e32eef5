"""Detecting odd records: one-class digits, fraud, attacks, rare forests, broken dependences; and classics.

    python -m bench detect NAME ... [--seeds 0 1 2] [--budget 45s] [--out FILE.jsonl]

NAME is mnist (all ten digits), mnist-D (one of them), fraud, kdd99, covertype, dependence, air or speed; none
runs all but the last two. A detector learns from half of the usual records (of digits: from the training set)
and scores the other half (the test set) and all odd ones; classics see the same records in the same way.
Figures are AUROC with DeLong's standard error, and average precision.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from gansmith import Detector
from gansmith.scorecard.learners import auc_and_error

DATA = Path(os.environ.get("GANSMITH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CLASSICS = ("isolation_forest", "nearest_neighbours", "ecod", "pca")
N_KDD, N_ATTACKS = 12_000, 2_000
CONTAMINATED = 0.05
CLEAN = 0.001
"""What a user may say of records that are all usual."""
N_SCORED = 100_000


@dataclass(frozen=True)
class Task:
    """Records to learn from, and records to be told."""

    name: str
    usual: Any
    searched: Any
    is_odd: np.ndarray


def digits(digit: int) -> Task:
    """One digit is usual: the training set's; all of the test set is searched."""
    (train, labels), (test, wanted) = (_mnist(part) for part in ("train", "t10k"))
    return Task(f"mnist-{digit}", train[labels == digit], test, wanted != digit)


def _mnist(part: str) -> tuple[np.ndarray, np.ndarray]:
    found = []
    for what in ("images", "labels"):
        (path,) = sorted((DATA / "mnist").glob(f"{part}-{what}*.gz"))
        content = gzip.decompress(path.read_bytes())
        sides = [int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(content[3])]
        found.append(np.frombuffer(content, np.uint8, offset=4 + 4 * len(sides)).reshape(sides))
    return found[0], found[1]


def fraud(seed: int) -> Task:
    table = pd.read_csv(next((DATA / "creditcard_fraud").glob("*.csv*")))
    return _halved("fraud", table.drop(columns="Class"), table["Class"].to_numpy() == 1, seed)


def kdd99(seed: int) -> Task:
    """Normal connections against all attacks but the two kinds of flood that are most of the file."""
    table = pd.read_csv(next((DATA / "kdd99").glob("*.gz")), header=None)
    label, rng = table[41], np.random.default_rng(seed + 100)
    usual = rng.permutation(np.flatnonzero(label == "normal."))[:N_KDD]
    odd = rng.permutation(np.flatnonzero(~label.isin(["normal.", "smurf.", "neptune."])))[:N_ATTACKS]
    table = table.drop(columns=41).rename(columns=lambda number: f"column_{number}")
    chosen = table.iloc[np.concatenate([usual, odd])].reset_index(drop=True)
    return _halved("kdd99", chosen, np.arange(len(chosen)) >= N_KDD, seed)


def covertype(seed: int) -> Task:
    """The rarest kind of forest (4, cottonwood) among the commonest (2, lodgepole pine)."""
    table = pd.read_csv(next((DATA / "covertype").glob("*.csv*")))
    target = table.columns[-1]
    table = table[table[target].isin([2, 4])].reset_index(drop=True)
    return _halved("covertype", table.drop(columns=target), table[target].to_numpy() == 4, seed)


def dependence(seed: int, n: int = 6_000, n_odd: int = 1_000) -> Task:
    """Columns that follow from two hidden numbers; of odd rows two cells come from other odd rows."""
    rng = np.random.default_rng(seed)
    one, other = rng.standard_normal((2, n))

    def noise(scale: float) -> np.ndarray:
        return scale * rng.standard_normal(n)

    table = pd.DataFrame(
        {
            "a": one,
            "b": 2 * np.abs(one) + noise(0.15),
            "c": np.sin(2 * other) + noise(0.1),
            "d": other,
            "f": one * other + noise(0.15),
            "g": np.exp(one / 2) + noise(0.05),
            "side": np.where(one + other > 0, "x", "y"),
        }
    )
    is_odd = np.zeros(n, bool)
    is_odd[rng.permutation(n)[:n_odd]] = True
    return _halved("dependence", _swapped(table, is_odd, list("abcdfg"), rng), is_odd, seed)


def air(seed: int) -> Task:
    """Hours of weather and dust in Beijing; of odd ones two numbers come from other odd ones."""
    table = pd.read_csv(next((DATA / "beijing_pm25").glob("train*"))).dropna()
    table = table.drop(columns=[name for name in table if name.lower() in ("no", "year")])
    table = table.sample(8_000, random_state=seed).reset_index(drop=True)
    rng = np.random.default_rng(seed)
    is_odd = np.zeros(len(table), bool)
    is_odd[rng.permutation(len(table))[:1_500]] = True
    names = [name for name in table if table[name].dtype != object and table[name].nunique() > 20]
    return _halved("air", _swapped(table, is_odd, names, rng), is_odd, seed)


def _swapped(
    table: pd.DataFrame, is_odd: np.ndarray, names: list[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Of each odd row two cells are those of other odd rows, so that margins stay as they are."""
    changed, rows = table.copy(), np.flatnonzero(is_odd)
    chosen = np.array([rng.permutation(len(names))[:2] for _ in rows])
    for place, name in enumerate(names):
        mine = rows[(chosen == place).any(1)]
        changed.loc[mine, name] = table.loc[rng.permutation(mine), name].to_numpy()
    return changed


def _halved(name: str, table: pd.DataFrame, is_odd: np.ndarray, seed: int) -> Task:
    usual = np.random.default_rng(seed).permutation(np.flatnonzero(~is_odd))
    seen, apart = np.split(usual, [len(usual) // 2])
    searched = np.concatenate([apart, np.flatnonzero(is_odd)])
    return Task(
        name,
        table.iloc[seen].reset_index(drop=True),
        table.iloc[searched].reset_index(drop=True),
        is_odd[searched],
    )


def contaminated(task: Task, seed: int) -> Task:
    """The same with so many odd records among those that are learnt from, which are then not searched."""
    rng, odd = np.random.default_rng(seed), np.flatnonzero(task.is_odd)
    n = min(round(CONTAMINATED / (1 - CONTAMINATED) * len(task.usual)), len(odd) // 2)
    moved = rng.permutation(odd)[:n]
    kept = np.setdiff1d(np.arange(len(task.searched)), moved)
    if isinstance(task.usual, pd.DataFrame):
        usual = pd.concat([task.usual, task.searched.iloc[moved]], ignore_index=True)
        searched = task.searched.iloc[kept].reset_index(drop=True)
    else:
        usual, searched = np.concatenate([task.usual, task.searched[moved]]), task.searched[kept]
    return Task(f"{task.name}, 5 % dirty", usual, searched, task.is_odd[kept])


TASKS: dict[str, Callable[[int], Task]] = {
    "fraud": fraud,
    "kdd99": kdd99,
    "covertype": covertype,
    "dependence": dependence,
    "air": air,
    **{f"mnist-{digit}": (lambda seed, digit=digit: digits(digit)) for digit in range(10)},
}


def measured(
    task: Task, seed: int, budget: str, threads: int, *, has_classics: bool
) -> Iterator[dict[str, Any]]:
    """AUROC and average precision of our kinds of evidence, ours together, each classic, and all together."""
    started = time.monotonic()
    share = CONTAMINATED if task.name.endswith("dirty") else CLEAN
    detector = Detector(
        contamination=share, classics=has_classics, budget=budget, seed=seed, threads=threads
    ).fit(task.usual)
    seconds = time.monotonic() - started
    detection = detector.detection_
    records = detection.model.modality.format.read_for(task.searched, detection.model.codec.empty)
    evidence = detection.evidence(records)
    ours = {name: values for name, values in evidence.items() if name not in CLASSICS}
    scored = {
        "gansmith": detection.calibration.scores(ours),
        "all": detection.calibration.scores(evidence),
        **evidence,
    }
    for name, scores in scored.items():
        auroc, error = auc_and_error(scores[task.is_odd], scores[~task.is_odd])
        yield {
            "task": task.name,
            "seed": seed,
            "method": name,
            "auroc": round(auroc, 4),
            "error": round(error, 4),
            "average_precision": round(float(average_precision_score(task.is_odd, scores)), 4),
            "n_usual": len(task.usual),
            "n_searched": len(task.searched),
            "seconds": round(seconds),
        }


def speed(seed: int, budget: str) -> dict[str, Any]:
    """Rows a second of a fitted detector of tables, from a frame in memory to scores."""
    task = fraud(seed)
    detector = Detector(budget=budget, seed=seed).fit(task.usual)
    times = -(-N_SCORED // len(task.searched))
    many = pd.concat([task.searched] * times, ignore_index=True).iloc[:N_SCORED]
    detector.decision_function(many.iloc[:5_000])
    started = time.monotonic()
    detector.decision_function(many)
    return {"task": "speed", "rows_per_second": round(N_SCORED / (time.monotonic() - started))}


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench detect", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["fraud", "kdd99", "covertype", "dependence", "mnist"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--budget", default="45s", help="of the game, for each detector")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ours", action="store_true", help="without classics, which hardly depend on a seed")
    parser.add_argument("--dirty", action="store_true", help="5 %% odd records among those learnt from")
    parser.add_argument("--out", type=Path, help="append figures as JSON lines")
    asked = parser.parse_args(arguments)
    names = [
        name
        for one in asked.names
        for name in ([f"mnist-{digit}" for digit in range(10)] if one == "mnist" else [one])
    ]
    for name in names:
        for seed in asked.seeds:
            if name == "speed":
                lines: Any = [speed(seed, asked.budget)]
            else:
                task = TASKS[name](seed)
                task = contaminated(task, seed) if asked.dirty else task
                lines = measured(task, seed, asked.budget, asked.threads, has_classics=not asked.ours)
            for line in lines:
                print(json.dumps(line), flush=True)
                if asked.out:
                    with asked.out.open("a") as file:
                        file.write(json.dumps(line) + "\n")

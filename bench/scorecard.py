"""The scorecard itself: what a full and a quick card of Adult cost, and whether planted faults are caught."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.machine import machine
from bench.tables import BESIDE
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.real.coverage import expected_coverage
from gansmith.tasks.judging import score

TARGET: Final = "income"
CHANCE: Final = {"membership_auc": 0.5, "membership_auc_unusual": 0.5, "membership_tpr": 0.01}
RISKS: Final = ("singling_out", "linkability", "inference", "rare_values", *CHANCE)
Planted = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


def run() -> dict[str, Any]:
    """Time and memory of the command, then one card for each planted fault."""
    folder = Path(os.environ.get("GANSMITH_DATA", BESIDE / "data")) / "adult"
    paths = folder / "train.csv.gz", folder / "holdout.csv.gz"
    if not paths[0].exists():
        print(f"{paths[0]} is not there: set GANSMITH_DATA to measure on your own copy. Skipped.")
        return {}
    print(f"Adult, seed 0; {machine()}")
    train, holdout = (pd.read_csv(path) for path in paths)
    costs = _costs(train, paths)
    halves = _halves(train, holdout)
    return {"costs": costs, "halves": halves, "faults": _faults(train, holdout)}


def _costs(train: pd.DataFrame, real: tuple[Path, Path]) -> dict[str, Any]:
    """Seconds and memory of `gansmith score`, from the shell's point of view."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        fake = Path(temporary) / "fake.csv"
        _some_cells_shuffled(train, np.random.default_rng(0)).to_csv(fake, index=False)
        command = [sys.executable, "-m", "gansmith", "score", str(fake), "--real", str(real[0]), "--holdout"]
        command += [str(real[1]), "--target", TARGET, "-o", str(Path(temporary) / "report.html")]
        for name, options in (("quick", ["--quick"]), ("full", [])):
            started = time.perf_counter()
            subprocess.run([*command, *options], check=True, capture_output=True)
            seconds = time.perf_counter() - started
            peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            size = (Path(temporary) / "report.html").stat().st_size / 1e6
            found[name] = {"seconds": seconds, "peak_mib": peak_mib, "report_mb": size}
            print(f"{name:6} card: {seconds:5.1f} s, {peak_mib:,.0f} MiB; report {size:.1f} MB", flush=True)
    return found


def _halves(train: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, Any]:
    """One half of the training records in the place of synthetic ones, the other as what was learnt from."""
    order = np.random.default_rng(0).permutation(len(train))
    half = len(train) // 2
    card = _card(train.iloc[order[:half]], train.iloc[order[half:]], holdout)
    accused = [name for name in RISKS if card[name].score.interval[0] > CHANCE.get(name, 0.0)]
    wanted = expected_coverage(card["coverage"].score.n, card["coverage"].score.n, 5)
    print(f"real halves: c2st {card['c2st'].score}, wanted .48 to .52; accused by {accused or 'nothing'}")
    print(f"  coverage {card['coverage'].score}, closed form {wanted:.4f}")
    print(f"  verdict {[line.level for line in card.verdict]}")
    return {"c2st": card["c2st"].score.value, "accused": accused, "coverage": card["coverage"].score.value}


def _faults(train: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, Any]:
    """What each planted fault is caught by."""
    found: dict[str, Any] = {}
    half = len(train) // 2
    known, fresh = train.iloc[:half], train.iloc[half:]
    for name, plant in FAULTS.items():
        card = _card(plant(known, fresh, np.random.default_rng(0)), known, holdout)
        caught = [entry.name for entry in card.entries if _is_caught(card, entry.name)]
        lines = [f"{line.level} {','.join(line.columns)}".strip() for line in card.verdict]
        print(f"{name}\n  caught by: {', '.join(caught)}\n  verdict: {' | '.join(lines)}", flush=True)
        found[name] = {"caught": caught, "verdict": lines}
    return found


def _card(fake: pd.DataFrame, train: pd.DataFrame, holdout: pd.DataFrame) -> Scorecard:
    parts = (part.reset_index(drop=True) for part in (fake, train, holdout))
    return score(*parts, target=TARGET, seed=0)


def _is_caught(card: Scorecard, name: str) -> bool:
    """Whether a score is worse than chance, or than that of real records, beyond the errors."""
    own = card[name].score
    if name in RISKS:
        return not own.caveat and own.interval[0] > CHANCE.get(name, 0.0)
    if name == "rare_categories":  # the expected number of each that is missing
        return any(expected >= 10 for expected in card[name].details.values())
    real = card[name].anchors["ceiling"]
    worse = own.value - real.value if own.direction == "lower" else real.value - own.value
    return worse > 3 * np.hypot(own.error, real.error)


def _some_cells_shuffled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    shuffled = {name: table[name].to_numpy()[rng.permutation(len(table))] for name in table}
    return table.mask(rng.random(table.shape) < 0.1, pd.DataFrame(shuffled, index=table.index))


def _independent(known: pd.DataFrame, _: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({name: known[name].to_numpy()[rng.permutation(len(known))] for name in known})


def _swapped(known: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    del known, rng
    return fresh.replace({"race": {"White": "Black", "Black": "White"}})


FAULTS: Final[dict[str, Planted]] = {
    "a copy of the training records": lambda known, fresh, rng: known,
    "a tenth memorised": lambda known, fresh, rng: pd.concat([known[: len(known) // 10], fresh])[
        : len(fresh)
    ],
    "independent columns": _independent,
    "a shuffled target": lambda known, fresh, rng: fresh.assign(
        income=fresh["income"].to_numpy()[rng.permutation(len(fresh))]
    ),
    "age shifted by 5 %": lambda known, fresh, rng: fresh.assign(
        age=(fresh["age"] * 1.05).round().astype(int)
    ),
    "native-country Poland missing": lambda known, fresh, rng: fresh[fresh["native-country"] != "Poland"],
    "race: White and Black swapped": _swapped,
    "ages of 7": lambda known, fresh, rng: fresh.assign(
        age=np.where(np.arange(len(fresh)) < 20, 7, fresh["age"])
    ),
}

"""Tables under differential privacy beside AIM and MST: marginal error, usefulness, time, attacks.

    python -m bench privacy adult [--epsilon 1,3,10] [--seeds 2] [--makers ours,shuffled,aim,mst,game]
                                  [--megabytes 4] [--order 3] [--iterations 1000] [--attacks] [--out FILE]

AIM and MST run on private-pgm's inference in an environment of their own, which `GANSMITH_PGM` names:

    python3.11 -m venv ~/pgm && ~/pgm/bin/pip install "mbi>=2" && export GANSMITH_PGM=~/pgm/bin/python

They are given the cells that ours found (bins, categories) as if they were public, and the whole budget for
the rest. Each maker makes as many records as were learnt from. The error is the mean total variation distance
over 150 of the sets of three columns, drawn once; numbers count in 16 bins of the real table. `tstr` is the
AUC, on real records held out, of boosted trees that learnt from what was made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from bench.machine import machine
from bench.peers.datasets import data_folder
from gansmith import Synthesizer
from gansmith.modalities.table.private.codec import PrivateCodec
from gansmith.privacy.accounting import rho_for
from gansmith.privacy.guarantee import Guarantee

PEERS: Final = Path(__file__).parent / "peers" / "marginals.py"
N_TRIPLES: Final = 150
N_BINS: Final = 16
DELTA: Final = 1e-6
UNBOUNDED: Final = 1000.0
"""Epsilon that promises nothing: what the model itself cannot do."""
N_KDD: Final = 40_000
PEER_SECONDS: Final = 1500


@final
@dataclass(frozen=True)
class Task:
    """A table in two parts, with what is to be predicted."""

    name: str
    train: pd.DataFrame
    holdout: pd.DataFrame
    target: str


def adult() -> Task:
    """The official split."""
    folder = data_folder() / "adult"
    train, holdout = (pd.read_csv(folder / f"{part}.csv.gz") for part in ("train", "holdout"))
    return Task("adult", train, holdout, str(train.columns[-1]))


def covertype() -> Task:
    """The subset of 10,000, four fifths of it to learn from."""
    path = next((data_folder() / "covertype").glob("*.csv*"))
    return _cut("covertype", pd.read_csv(path), 8_000)


def kdd99() -> Task:
    """A sample of the tenth; attacks are to be told from normal connections."""
    path = next(one for one in (data_folder() / "kdd99").iterdir() if "10_percent" in one.name)
    table = pd.read_csv(path, header=None, names=[f"c{place}" for place in range(42)], compression="gzip")
    table["c41"] = np.where(table["c41"] == "normal.", "normal", "attack")
    return _cut("kdd99", table.sample(2 * N_KDD, random_state=0), N_KDD)


def _cut(name: str, table: pd.DataFrame, n_train: int) -> Task:
    order = np.random.default_rng(0).permutation(len(table))
    train, holdout = (table.iloc[part].reset_index(drop=True) for part in (order[:n_train], order[n_train:]))
    return Task(name, train, holdout, str(table.columns[-1]))


TASKS: Final[dict[str, Callable[[], Task]]] = {"adult": adult, "covertype": covertype, "kdd99": kdd99}


@final
class Judge:
    """Marginals of three columns, and a classifier."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._edges = {
            name: np.unique(np.quantile(task.train[name].dropna(), np.linspace(0, 1, N_BINS + 1)[1:-1]))
            for name in task.train.columns
            if pd.api.types.is_numeric_dtype(task.train[name])
        }
        every = list(combinations(range(task.train.shape[1]), 3))
        chosen = np.random.default_rng(0).choice(len(every), min(N_TRIPLES, len(every)), replace=False)
        self._triples = [every[place] for place in sorted(chosen.tolist())]
        self._known = {
            name: {value: code for code, value in enumerate(sorted(set(self._texts(task.train[name]))))}
            for name in task.train.columns
            if name not in self._edges
        }
        self._real = self._codes(task.train)

    def error(self, made: pd.DataFrame) -> float:
        """Mean total variation distance of sets of three columns."""
        codes = self._codes(made)
        return float(
            np.mean([_distance(self._real[:, list(three)], codes[:, list(three)]) for three in self._triples])
        )

    def tstr(self, made: pd.DataFrame) -> float:
        """AUC on real records of boosted trees that learnt from made ones."""
        target, held = self._task.target, self._task.holdout
        classes = sorted(set(self._texts(held[target])))
        known = made[np.isin(self._texts(made[target]), classes)]
        if len(set(self._texts(known[target]))) < len(classes):
            return float("nan")
        trees = HistGradientBoostingClassifier(
            random_state=0, categorical_features=cast("Any", self._is_category()), max_iter=150
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trees.fit(self._features(known), self._texts(known[target]))
        chances, truth = trees.predict_proba(self._features(held)), self._texts(held[target])
        if len(classes) == 2:
            return float(roc_auc_score(truth == classes[1], chances[:, 1]))
        return float(roc_auc_score(truth, chances, multi_class="ovr", labels=classes))

    def _features(self, table: pd.DataFrame) -> np.ndarray:
        parts: list[np.ndarray] = []
        for name in self._task.train.columns.drop(self._task.target):
            if name in self._edges:
                parts.append(pd.to_numeric(table[name], errors="coerce").to_numpy(float))
            else:
                codes = pd.Series(self._texts(table[name])).map(self._known[name]).to_numpy(float)
                parts.append(np.where(codes < 255, codes, np.nan))
        return np.stack(parts, 1)

    def _is_category(self) -> list[bool]:
        return [name not in self._edges for name in self._task.train.columns.drop(self._task.target)]

    def _codes(self, table: pd.DataFrame) -> np.ndarray:
        parts: list[np.ndarray] = []
        for name in self._task.train.columns:
            if name in self._edges:
                numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
                parts.append(
                    np.where(np.isnan(numbers), -1, np.searchsorted(self._edges[name], numbers, "right"))
                )
            else:
                parts.append(
                    pd.Series(self._texts(table[name])).map(self._known[name]).fillna(-1).to_numpy(int)
                )
        return np.stack(parts, 1).astype(np.int64) + 1

    @staticmethod
    def _texts(column: pd.Series) -> np.ndarray:
        return column.fillna("").astype(str).str.strip().to_numpy(str)


def _distance(real: np.ndarray, made: np.ndarray) -> float:
    """Total variation distance of two lists of cells."""
    sizes = np.maximum(real.max(0), made.max(0)) + 1
    shares = [
        np.bincount(np.ravel_multi_index(tuple(part.T), tuple(sizes)), minlength=int(sizes.prod()))
        / len(part)
        for part in (real, made)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _ours(task: Task, epsilon: float, seed: int) -> Synthesizer:
    model = Synthesizer(seed=seed, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(task.train, target=task.target, epsilon=epsilon, delta=DELTA)


def _game(made: pd.DataFrame, task: Task, seed: int) -> pd.DataFrame:
    """A table GAN that learns from made records, free of charge: post-processing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Synthesizer(seed=seed, budget="2m", verbose=False).fit(made, target=task.target, min_count=1)
        return model.sample(len(made))


def _peer(
    method: str, task: Task, codec: PrivateCodec, epsilon: float, seed: int, options: argparse.Namespace
) -> Any:
    """Records of a peer, and its seconds; None where it is not there or takes too long."""
    python = os.environ.get("GANSMITH_PGM", "")
    if not python:
        return None
    codes = _coded(task.train, codec)
    rho = rho_for(epsilon, Guarantee(epsilon, DELTA).delta_of_noise)
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "codes.npz", Path(folder) / "made.npz"
        np.savez(given, codes=codes, sizes=np.array(codec.sizes))
        command = [python, "-W", "ignore", str(PEERS), method, str(given), repr(rho), str(found)]
        command += ["--seed", str(seed), "--megabytes", str(options.megabytes)]
        command += ["--order", str(options.order), "--iterations", str(options.iterations)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PEER_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{method}: not done in {PEER_SECONDS} s", flush=True)
            return None
        made = np.load(found)
        return codec.decode(_tensor(made["codes"]), seed, 0).records.to_pandas(), float(made["seconds"])


def _tensor(codes: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(codes.astype(np.float32))


def _coded(table: pd.DataFrame, codec: PrivateCodec) -> np.ndarray:
    """Real records in the cells that ours found; what none of ours makes is the nearest cell that is made."""
    parts: list[np.ndarray] = []
    for place in codec.learnt:
        cells = codec.cells[place]
        column = table[cells.column.name]
        if cells.edges:
            values: np.ndarray = pd.to_numeric(column, errors="coerce").to_numpy(float)
        else:
            values = np.array([None if pd.isna(one) else str(one) for one in column], object)
        parts.append(cells.codes(values))
    return np.stack(parts, 1)


def _lines(task: Task, judge: Judge, options: argparse.Namespace) -> Any:
    """What was measured, one line for each maker, epsilon and seed."""
    makers = options.makers.split(",")
    resampled = task.train.sample(len(task.train), replace=True, random_state=0)
    yield {"maker": "real, resampled", "error": judge.error(resampled), "tstr": judge.tstr(task.train)}
    for seed in range(options.seeds):
        for text in options.epsilon.split(","):
            epsilon = float(text)
            started = time.monotonic()
            model = _ours(task, epsilon, seed)
            seconds, codec = time.monotonic() - started, cast("PrivateCodec", model.model_.codec)
            made = model.sample(len(task.train), seed=0)
            known = {"epsilon": epsilon, "seed": seed}
            spent = model.model_.manifest["ledger"]["spent"]["epsilon"]
            yield {"maker": "ours", **known, **_judged(judge, made), "seconds": seconds, "spent": spent}
            if "shuffled" in makers:
                rng = np.random.default_rng(seed)
                alone = made.apply(lambda column, rng=rng: rng.permutation(column.to_numpy()))
                yield {"maker": "shuffled", **known, **_judged(judge, alone)}
            if "game" in makers:
                yield {"maker": "game", **known, **_judged(judge, _game(made, task, seed))}
            if options.attacks:
                yield {"maker": "attacks", **known, **_attacks(model, task)}
            for method in ("mst", "aim"):
                found = method in makers and _peer(method, task, codec, epsilon, seed, options)
                if found:
                    yield {"maker": method, **known, **_judged(judge, found[0]), "seconds": found[1]}
    if "unbounded" in makers:
        model = _ours(task, UNBOUNDED, 0)
        yield {"maker": "unbounded", **_judged(judge, model.sample(len(task.train), seed=0))}


def _judged(judge: Judge, made: pd.DataFrame) -> dict[str, float]:
    return {"error": judge.error(made), "tstr": judge.tstr(made)}


def _attacks(model: Synthesizer, task: Task) -> dict[str, Any]:
    """What the scorecard's attacks find: chance is .5, and the false alarms that they allow."""
    card = model.score(task.holdout, real=task.train)
    names = ("membership_auc", "membership_auc_unusual", "membership_tpr", "copies", "nearer")
    found = {name: card[name].score for name in names if name in card.names}
    return {name: [one.value, one.error] for name, one in found.items()}


def run(arguments: list[str]) -> None:
    """Print the lines as a table, and write them where they are wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench privacy", description=__doc__)
    parser.add_argument("name", choices=TASKS)
    parser.add_argument("--epsilon", default="1,3,10")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--makers", default="ours,shuffled,aim,mst,unbounded")
    parser.add_argument("--megabytes", type=float, default=4.0)
    parser.add_argument("--order", type=int, default=3, help="AIM: columns of the tables that matter")
    parser.add_argument("--iterations", type=int, default=1000, help="of a peer's inference, each time")
    parser.add_argument("--attacks", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    task = TASKS[options.name]()
    judge = Judge(task)
    print(f"{task.name}: {len(task.train):,} records, {task.train.shape[1]} columns; {machine()}")
    for line in _lines(task, judge, options):
        print(_spelt(line), flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"table": task.name, **line}) + "\n")


def _spelt(line: Mapping[str, Any]) -> str:
    return "  ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in line.items()
    )

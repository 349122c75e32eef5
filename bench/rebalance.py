"""Does the contest of methods against imbalance recommend well, and when is a generator worth it?

    python -m bench rebalance [NAME ...] [--seeds 1] [--budget 30s] [--out results.jsonl]

Of each data set three tenths are split off first, stratified. The contest is held on the rest; what it
recommends, our methods and the usual ones then learn from all of the rest and are compared with doing nothing
on the part that was split off, by PR-AUC and a paired bootstrap over its records. `ring` is a set with a
known answer, a rare class around a common one, 60 records, in two of ten columns: five draws of it, each
tested on 10,000 fresh records. `null` has shuffled labels. `nulls` holds a
hundred contests of shuffled labels without a generator, for the linear model, twice: how often is anything
recommended?
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import t as student
from sklearn.metrics import average_precision_score

from bench.machine import machine
from bench.peers.datasets import DATA_SETS, _read, data_folder
from gansmith.modalities.table import contesting
from gansmith.scorecard.contest.arena import NOTHING
from gansmith.scorecard.contest.card import GENERATED, Contest
from gansmith.scorecard.contest.playing import said
from gansmith.scorecard.contest.predictions import Aim
from gansmith.scorecard.learners import LINEAR
from gansmith.tasks.rebalance.case import Case, case_of
from gansmith.tasks.rebalance.contest import contest_of, stage_of
from gansmith.tasks.rebalance.settings import RebalanceConfig

HOLDOUT: Final = 0.3
N_BOOTSTRAPS: Final = 1_000
N_RINGS: Final = 5
N_NULLS: Final = 100
N_OTHERS: Final = 5_000
"""Of the records of KDD that are no rare attack."""

Source = tuple[Any, str, str]
"""The data, its target, its rare class ("" for the rarest)."""


def _table(name: str, target: str, minority: str = "") -> Callable[[int], Source]:
    def source(seed: int) -> Source:
        data_set = DATA_SETS[name]
        text = _read(data_folder() / name / data_set.file, data_set).to_csv(index=False)
        return pd.read_csv(io.StringIO(text)), target, minority

    return source


def _kdd(seed: int) -> Source:
    data_set = DATA_SETS["kdd99"]
    whole = _read(data_folder() / "kdd99" / data_set.file, data_set)
    rare = whole["attack"] == "guess_passwd."
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~rare))[:N_OTHERS]
    kept = np.sort(np.concatenate([np.flatnonzero(rare), order]))
    return pd.read_csv(io.StringIO(whole.iloc[kept].to_csv(index=False))), "attack", "guess_passwd."


def _brain(seed: int) -> Source:
    pictures, labels = list[np.ndarray](), list[str]()
    with zipfile.ZipFile(next((data_folder() / "brain_mri").glob("*.zip"))) as archive:
        for name in sorted(archive.namelist()):
            label = Path(name).parent.name
            if label in ("yes", "no") and not name.endswith("/"):
                picture = Image.open(io.BytesIO(archive.read(name))).convert("L").resize((32, 32))
                pictures.append(np.asarray(picture))
                labels.append(label)
    return (np.stack(pictures), np.array(labels)), "label", "no"


def _mnist(seed: int) -> Source:
    """Eights cut to 30 to learn from, 13 of the hold-out; of every other digit 100 and 43."""
    folder = data_folder() / "mnist"
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(labels == d))[: 43 if d == 8 else 143] for d in range(10)]
    kept = rng.permutation(np.concatenate(rows))
    return (pixels[kept], labels[kept].astype(str)), "label", "8"


def ring(n_rare: int, n_common: int, seed: int, n_others: int = 8) -> pd.DataFrame:
    """A ring of radius 2.5 around a round heap, in the first two of ten columns; the others say nothing."""
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, n_rare), 2.5 + 0.25 * rng.normal(size=n_rare)
    rare = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    places = np.concatenate([rare, 0.8 * rng.normal(size=(n_common, 2))])
    values = np.concatenate([places, rng.normal(size=(len(places), n_others))], axis=1)
    found = pd.DataFrame(values.round(4), columns=[f"x{place}" for place in range(values.shape[1])])
    found["kind"] = np.repeat(["ring", "common"], [n_rare, n_common])
    return found


def _null(seed: int) -> Source:
    frame, target, _ = SETS["pima"](seed)
    shuffled = np.random.default_rng(seed).permutation(frame[target])
    return frame.assign(**{target: shuffled}), target, "1"


SETS: Final[dict[str, Callable[[int], Source]]] = {
    "creditcard_fraud": _table("creditcard_fraud", "Class", "1"),
    "kdd99": _kdd,
    "german_credit": _table("german_credit", "risk", "2"),
    "car": _table("car", "acceptability"),
    "covertype": _table("covertype", "Cover_Type"),
    "pima": _table("pima_diabetes", "diabetes", "1"),
    "brain_mri": _brain,
    "mnist": _mnist,
    "null": _null,
}


def run(asked: list[str]) -> list[dict[str, Any]]:
    """Every set that is asked for, a line for each seed."""
    parser = argparse.ArgumentParser(prog="python -m bench rebalance", description=__doc__)
    parser.add_argument("sets", nargs="*", help=", ".join([*SETS, *APART]))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args(asked)
    print(f"Rebalance, budget {options.budget}; {machine()}")
    found: list[dict[str, Any]] = []
    for name in options.sets or [*SETS, *APART]:
        for seed in range(options.seed, options.seed + options.seeds):
            config = RebalanceConfig(budget=options.budget, seed=seed, folds=options.folds)
            shown = APART[name](config) if name in APART else _set(name, config)
            one = {"set": name, "seed": seed, **shown}
            found.append(one)
            if options.out:
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(one) + "\n")
    return found


def _set(name: str, config: RebalanceConfig) -> dict[str, Any]:
    data, target, minority = SETS[name](config.seed)
    case = case_of(data, target, replace(config, minority=minority))
    rng = np.random.default_rng(config.seed)
    held = np.zeros(len(case.classes), bool)
    for one in np.unique(case.classes):
        rows = rng.permutation(np.flatnonzero(case.classes == one))
        held[rows[: round(HOLDOUT * len(rows))]] = True
    learnt, tested = np.flatnonzero(~held), np.flatnonzero(held)
    part = replace(case, records=case.records.take(learnt), classes=case.classes[learnt])
    contest = contest_of(part, config)
    fresh = _fresh(case, config, learnt, tested)
    _tell(name, config.seed, contest, fresh)
    return {"contest": contest.to_dict(), "fresh": fresh}


def _fresh(case: Case, config: RebalanceConfig, learnt: np.ndarray, tested: np.ndarray) -> dict[str, Any]:
    """By learner and method: PR-AUC on the part that was split off, and the gain over nothing."""
    stage = stage_of(case, config, learnt, tested, config.seed, lambda text, share: None)
    rng = np.random.default_rng(config.seed)
    is_rare = stage.fold.is_rare
    draws = [rng.integers(len(is_rare), size=len(is_rare)) for _ in range(N_BOOTSTRAPS)]
    draws = [rows for rows in draws if is_rare[rows].any()]
    found: dict[str, Any] = {}
    for name, learner in stage.arena.learners.items():
        chances = {
            method: np.mean([one.chance for one in each], axis=0)
            for method, each in said(stage.fold, learner, stage.methods(learner), Aim(), stage.n_draws)
        }
        plain = np.array([average_precision_score(is_rare[r], chances[NOTHING][r]) for r in draws])
        found[name] = {}
        for method, chance in chances.items():
            gains = np.array([average_precision_score(is_rare[r], chance[r]) for r in draws]) - plain
            found[name][method] = {
                "pr_auc": float(average_precision_score(is_rare, chance)),
                "gain": float(average_precision_score(is_rare, chance))
                - float(average_precision_score(is_rare, chances[NOTHING])),
                "low": float(np.quantile(gains, 0.025)),
                "high": float(np.quantile(gains, 0.975)),
            }
    return found


def _tell(name: str, seed: int, contest: Contest, fresh: Mapping[str, Any]) -> None:
    found = contest.to_dict()
    seconds = dict(contest.made)["Time"]
    print(
        f"\n{name}, seed {seed}: {found['n_rare']} of {found['n_records']}, {seconds}; "
        f"{contest.learner}: {contest}"
    )
    for learner, one in found["learners"].items():
        chosen = one["recommended"]
        print(f"  {learner}: recommended {chosen}; fresh {_spelt(fresh[learner][chosen])}")
        for method in one["methods"]:
            print(
                f"    {method['name']:20} {method['pr_auc']:.3f} ± {method['error']:.3f}  gain "
                f"{method['gain']:+.3f} ({method['gain_low']:+.3f} to {method['gain_high']:+.3f})   fresh "
                f"{_spelt(fresh[learner][method['name']])}"
            )
    print(f"  {contest.copies}", flush=True)


def _spelt(one: Mapping[str, float]) -> str:
    return f"{one['pr_auc']:.3f}, gain {one['gain']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"


def _rings(config: RebalanceConfig) -> dict[str, Any]:
    """Some draws of the ring: how far our best-known method is ahead of the others, with a t interval."""
    values: dict[str, dict[str, list[float]]] = {}
    for seed in range(config.seed * N_RINGS, (config.seed + 1) * N_RINGS):
        train, test = ring(60, 2_000, seed), ring(300, 10_000, seed + 1_000_000)
        case = case_of(pd.concat([train, test], ignore_index=True), "kind", replace(config, seed=seed))
        rows = np.arange(len(case.classes))
        stage = stage_of(case, config, rows[: len(train)], rows[len(train) :], seed, lambda text, share: None)
        for name, learner in stage.arena.learners.items():
            for method, each in said(stage.fold, learner, stage.methods(learner), Aim(), stage.n_draws):
                score = np.mean([average_precision_score(stage.fold.is_rare, one.chance) for one in each])
                values.setdefault(name, {}).setdefault(method, []).append(float(score))
    found: dict[str, Any] = {}
    for name, methods in values.items():
        print(f"\nring, {name}, {N_RINGS} draws: PR-AUC; ahead of it: {GENERATED}, with 95 %")
        for method, each in methods.items():
            ahead = np.array(methods[GENERATED]) - each
            reach = student.ppf(0.975, len(each) - 1) * ahead.std(ddof=1) / len(each) ** 0.5
            ends = f"{ahead.mean() - reach:+.3f} to {ahead.mean() + reach:+.3f}"
            print(f"    {method:20} {np.mean(each):.3f}   {ahead.mean():+.3f} ({ends})", flush=True)
        found[name] = methods
    return {"ring": found}


def _nulls(config: RebalanceConfig) -> dict[str, Any]:
    """How often anything is recommended where labels are shuffled, a twentieth of them rare or a third."""
    frame, target, minority = SETS["pima"](config.seed)
    found: dict[str, Any] = {}
    for share in (0.05, 0.35):
        named = list[str]()
        for seed in range(config.seed * N_NULLS, (config.seed + 1) * N_NULLS):
            is_rare = np.random.default_rng(seed).permutation(len(frame)) < share * len(frame)
            given = frame.assign(**{target: np.where(is_rare, minority, "0")})
            own = replace(config, seed=seed, minority=minority)
            with mock.patch.object(contesting, "LEARNERS", {"linear": LINEAR}):
                named.append(contest_of(case_of(given, target, own), own, generates=False).recommended)
        n = sum(one != NOTHING for one in named)
        print(f"\nnulls, {share:.0%} rare: {n} of {N_NULLS} recommend anything: {Counter(named)}", flush=True)
        found[f"{share:.2f}"] = named
    return {"nulls": found}


APART: Final[dict[str, Callable[[RebalanceConfig], dict[str, Any]]]] = {"ring": _rings, "nulls": _nulls}
"""Sets of which many are drawn."""

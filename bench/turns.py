"""The ways in which two players take turns, raced at equal time on halves of tables and on digits.

    python -m bench turns [adult magic digits] [--seconds 50] [--seeds 2]

Each data set is cut into two halves; one is learnt, the other judges: official hold-outs are not touched. The
milliseconds of a step are measured first, all ways in turn, one thread; then each plays as many steps as it
can in that time. Tables: two-sample AUC on all records as the networks see them; marginal and pair error in %
and AUC or R2 of a model trained on synthetic records, of a quick card. Digits: coverage of the other half.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

import gansmith.modalities.image.recipe as image
import gansmith.modalities.table.recipe as table
from bench.machine import machine, one_thread
from bench.tables import BESIDE, TARGETS
from gansmith.engine.games import Progress
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.judging import score
from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import FitConfig, FitRun, start

WAYS: Final = {
    "fresh": ("fresh", 1),
    "fresh, penalties 1 in 4": ("fresh", 4),
    "same fakes, penalties 1 in 4": ("same_fakes", 4),
    "one pass": ("one_pass", 1),
    "one pass, penalties 1 in 4": ("one_pass", 4),
}
N_TIMED: Final = 60


def run(asked: list[str]) -> dict[str, Any]:
    """Every way on every data set that is there, one line each."""
    parser = argparse.ArgumentParser(prog="python -m bench turns", description=__doc__)
    parser.add_argument("data", nargs="*", help="folders of data sets with a train.csv.gz, or digits")
    parser.add_argument("--seconds", type=float, default=50)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args(asked)
    print(f"Turns at equal time, {options.seconds:.0f} s each; {machine()}")
    found: dict[str, Any] = {}
    for name in options.data or ["adult", "magic", "digits"]:
        halves = _halves(name)
        if halves is None:
            print(f"{name}: not there, skipped")
            continue
        milliseconds = _milliseconds(halves[0])
        for seed in range(options.seeds):
            for way, per_step in milliseconds.items():
                n_steps = int(1e3 * options.seconds / per_step)
                scores = _scores(name, halves, way, n_steps, seed)
                found[f"{name}/{seed}/{way}"] = scores
                told = ", ".join(f"{key} {value:.3f}" for key, value in scores.items())
                print(f"{name} {seed} {way:30} {per_step:6.2f} ms {n_steps:6,} steps: {told}", flush=True)
    return found


def _halves(name: str) -> tuple[Any, Any] | None:
    if name == "digits":
        pixels = bundled_digits().pixels
    else:
        path = BESIDE / "data" / name / "train.csv.gz"
        if not path.exists():
            return None
        pixels = pd.read_csv(path)
    order = np.random.default_rng(0).permutation(len(pixels))
    first, second = order[: len(order) // 2], order[len(order) // 2 : 2 * (len(order) // 2)]
    return (
        (pixels.iloc[first], pixels.iloc[second])
        if isinstance(pixels, pd.DataFrame)
        else (pixels[first], pixels[second])
    )


def _started(data: Any, way: str, config: FitConfig) -> FitRun:
    """A run of the kind's own plan with other turns."""
    turns, interval = WAYS[way]

    def changed(plan: Callable[..., Any]) -> Callable[..., Any]:
        def other(*given: Any) -> Any:
            found = plan(*given)
            rules: AdversarialRules = found.game
            penalties = tuple(
                PenaltyConfig(penalty.name, penalty.weight, interval=interval) for penalty in rules.penalties
            )
            return replace(found, game=replace(rules, turns=turns, penalties=penalties))

        return other

    tables, pictures = table.plan_table, image.PRESETS["default"]
    table.plan_table = changed(tables)
    image.PRESETS["default"] = replace(pictures, plan=changed(pictures.plan))
    try:
        return start(data, config)
    finally:
        table.plan_table, image.PRESETS["default"] = tables, pictures


def _milliseconds(data: Any) -> dict[str, float]:
    """Of a step of each way; the lower quartile, for others use the machine as well."""
    runs = {way: _started(data, way, FitConfig(samples_seen=10**7, threads=1)) for way in WAYS}
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    with one_thread():
        for round_ in range(N_TIMED // 4):
            for way, fit_run in runs.items():
                game, batches = fit_run.prepared.game, fit_run.prepared.batches
                n_batches = game.rules.n_batches
                for step in range(4 * round_, 4 * round_ + 4):
                    started = time.perf_counter()
                    drawn = [batches(step * n_batches + index) for index in range(n_batches)]
                    game.play(step, drawn, Progress(0.0, 1, 10**7))
                    times[way].append(1e3 * (time.perf_counter() - started))
    return {
        way: statistics.mean(statistics.quantiles(times[way][place::4][1:], n=4)[0] for place in range(4))
        for way in WAYS
    }


def _scores(name: str, halves: tuple[Any, Any], way: str, n_steps: int, seed: int) -> dict[str, float]:
    learnt, others = halves
    size = 32 if name == "digits" else 500
    fit_run = _started(learnt, way, FitConfig(samples_seen=n_steps * size, threads=1, seed=seed))
    for _ in fit_run:
        pass
    model = fit_run.model()
    made = model.sample(len(learnt), seed)
    if name == "digits":
        flat = (pixels.reshape(len(pixels), -1).astype(float) for pixels in (made.pixels, others))
        return {"coverage": _coverage(*flat)}
    card = score(made.records.to_pandas(), learnt, others, target=TARGETS[name], seed=seed, quick=True)
    quick = {key: card[key].score.value for key in ("shape", "trend", "tstr")}
    errors = {key: 100 * (1 - quick[key]) for key in ("shape", "trend")}
    return {"c2st": _two_sample_auc(model, made, others, seed), **errors, "tstr": quick["tstr"]}


def _two_sample_auc(model: Model, made: Any, others: pd.DataFrame, seed: int) -> float:
    modality, codec = model.modality, model.codec
    judged = modality.recipe.final_score(codec, len(others), seed)
    assert judged is not None
    fake, real = (
        codec.expand(codec.encode(records, seed))
        for records in (made, modality.format.read_for(others, codec.empty))
    )
    return 1 - judged(fake, real)[0]


def _coverage(fake: np.ndarray, real: np.ndarray) -> float:
    import torch

    from gansmith.engine.monitors import coverage as share

    return share(torch.from_numpy(fake), torch.from_numpy(real))

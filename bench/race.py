"""How long Gansmith learns until all four figures beat CTGAN's, and how much faster it samples.

For every table with a stored CTGAN result of 300 epochs (see `bench.peers`) Gansmith is fitted anew with
growing budgets, from 1/160 of CTGAN's processor seconds on, until shape, trend, c2st and tstr of the
independent score card are all better. Then both sample on the same machine, in turn; CTGAN learns for one
epoch for that, which changes nothing about its speed.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any, Final

from bench.machine import machine
from bench.peers.command import parser as peers_parser
from bench.peers.datasets import DATA_SETS, Prepared, is_there, prepare
from bench.peers.execution import Terms, execute
from bench.peers.races import Race, said
from bench.peers.results import DEFAULT, QUOTED, Key, Result, load
from bench.peers.scoring import independent_card
from bench.peers.verdicts import FOUR, is_better

SHARES: Final = (1 / 160, 1 / 80, 1 / 40, 1 / 20, 1 / 10, 1 / 5, 1 / 2, 1.0)
"""Of CTGAN's processor seconds."""
MIN_SECONDS: Final = 3.0
N_SAMPLED: Final = 100_000
"""Records that sampling is timed on."""


def run(arguments: list[str]) -> None:
    """What `python -m bench race ...` does."""
    options = parser().parse_args(arguments)
    for name in [one for one in options.only.split(",") if one] or list(DATA_SETS):
        goal = ctgan_result(name, options.results)
        if name not in DATA_SETS or goal is None or not is_there(DATA_SETS[name]):
            if options.only:
                print(f"{name}: no such data set here, or no CTGAN result: run `python -m bench peers`.")
            continue
        race = raced(goal, prepare(DATA_SETS[name], options.cache), options)
        race.save(options.results)
        print(said(race), flush=True)


def parser() -> argparse.ArgumentParser:
    """The options: those of `bench.peers` that make sense here."""
    defaults = peers_parser()
    made = argparse.ArgumentParser(prog="python -m bench race", description=__doc__)
    made.add_argument(
        "--only", default="", help="data sets, with commas; else all with a stored CTGAN result"
    )
    made.add_argument("--seed", type=int, default=0, help="of our fits")
    for name in ("results", "cache"):
        made.add_argument(
            f"--{name}", type=Path, default=defaults.get_default(name), help="as of bench peers"
        )
    return made


def ctgan_result(name: str, results: Path) -> Result | None:
    """CTGAN's stored 300 epochs: measured by this bench, else quoted."""
    for length in (DEFAULT, QUOTED):
        path = Key(name, "ctgan", length).path(results) if name in DATA_SETS else Path("nowhere")
        if path.exists() and not (found := load(path)).failed and "error" not in found.independent_card:
            return found
    return None


def raced(goal: Result, prepared: Prepared, options: argparse.Namespace) -> Race:
    """Fit with growing budgets until CTGAN is beaten, then compare sampling."""
    goal_seconds = float(goal.measured["fit_cpu_seconds"])
    print(f"{goal.key.data_set}: CTGAN {goal_seconds:,.0f} s, {figures(goal.independent_card)}", flush=True)
    reached: dict[str, Any] = {}
    mine: Result | None = None
    for share in SHARES:
        budget = max(MIN_SECONDS, goal_seconds * share)
        mine, card = ours(prepared, budget, options)
        print(f"  budget {budget:,.0f} s: {figures(card) if card else mine.failed}", flush=True)
        if card and all(is_better(name, card[name], goal.independent_card[name]) for name in FOUR):
            reached = {name: card[name] for name in FOUR}
            break
    assert mine is not None
    return Race(
        data_set=goal.key.data_set,
        date=datetime.date.today().isoformat(),
        machine=machine(),
        goal={name: goal.independent_card[name] for name in FOUR},
        goal_seconds=goal_seconds,
        goal_source=goal.source,
        reached=reached,
        seconds=mine.measured.get("fit_cpu_seconds", 0.0),
        sampling_ratio=sampling_ratio(prepared, mine, options),
        seed=options.seed,
    )


def ours(prepared: Prepared, budget: float, options: argparse.Namespace) -> tuple[Result, dict[str, Any]]:
    """One fit of ours and its figures; no figures when it failed."""
    key = Key(prepared.data_set.name, "ours", f"race_{budget:.0f}s", options.seed)
    result = execute(key, prepared, Terms(budget_seconds=budget, n_timed=N_SAMPLED), options.cache)
    if result.failed:
        return result, {}
    synthetic = key.path(options.cache, ".csv")
    card = independent_card(prepared.train, prepared.holdout, synthetic, prepared.data_set.target)
    if "error" in card:
        raise SystemExit(f"{prepared.data_set.name}: the independent score card failed: {card['error']}")
    return result, card


def sampling_ratio(prepared: Prepared, mine: Result, options: argparse.Namespace) -> float:
    """Our rows a processor second over those of a CTGAN that is run now."""
    key = Key(prepared.data_set.name, "ctgan", "race_1ep", options.seed)
    theirs = execute(key, prepared, Terms(epochs=1, n_timed=N_SAMPLED), options.cache)
    if theirs.failed or mine.failed:
        print(f"  sampling not compared: {theirs.failed or mine.failed}")
        return 0.0
    rates = [one.measured["rows_per_cpu_second"] for one in (mine, theirs)]
    print(f"  rows a processor second: {rates[0]:,.0f}, CTGAN {rates[1]:,.0f}")
    return round(rates[0] / rates[1], 2)


def figures(card: dict[str, Any] | Any) -> str:
    """The four figures in one line."""
    return ", ".join(f"{name} {card[name]}" for name in FOUR)

"""`python -m bench peers`: runs what is not measured yet, then writes the page."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.peers.competitors import COMPETITORS, COPY, HOLDOUT, OURS, Competitor
from bench.peers.datasets import DATA_SETS, DataSet, Prepared, is_there, prepare
from bench.peers.execution import Terms, execute, new_result
from bench.peers.page import write_page
from bench.peers.results import DEFAULT, Key, load
from bench.peers.scoring import scored, scored_holdout
from gansmith.tasks.runs.settings import parse_duration

BENCH: Final = Path(__file__).parents[1]
LIKE: Final = "as_"


def main(arguments: list[str]) -> None:
    """Measure what the options ask for and is not stored, then render the page of all that is stored."""
    options = parser().parse_args(arguments)
    data_sets, competitors = chosen(options.only)
    if not options.page_only:
        for data_set in data_sets:
            if not is_there(data_set):
                print(f"{data_set.name}: not there. Set GANSMITH_DATA to measure on your own copy. Skipped.")
                continue
            prepared = prepare(data_set, options.cache)
            for competitor in competitors:
                for length in lengths(competitor, options):
                    measure(Key(data_set.name, competitor.name, length, options.seed), prepared, options)
    write_page(options.results, options.page)
    print(f"{options.page} is written.")


def parser() -> argparse.ArgumentParser:
    """The options."""
    cache = os.environ.get("GANSMITH_PEERS_CACHE", str(Path(tempfile.gettempdir()) / "gansmith-peers"))
    made = argparse.ArgumentParser(prog="python -m bench peers", description=__doc__)
    add = made.add_argument
    add("--only", default="", help="data sets and competitors, with commas: adult,magic,ours")
    add(
        "--budget",
        default="",
        help="time to learn, such as 5m, or as_mostlyai: as long as that one took by itself",
    )
    add(
        "--epochs",
        type=int,
        default=0,
        help="passes over the training records, for those that count in epochs",
    )
    add("--seed", type=int, default=0, help="of everything that can be seeded")
    add("--timeout", default="4h", help="when a competitor is stopped")
    add("--again", action="store_true", help="measure again what is stored")
    add(
        "--rescore",
        action="store_true",
        help="score again what is stored, where its records are still in the cache",
    )
    add("--page-only", action="store_true", help="only write the page")
    add("--results", type=Path, default=BENCH / "results", help="folder of the measured results")
    add("--page", type=Path, default=BENCH / "tables.md", help="the page to write")
    add("--cache", type=Path, default=Path(cache), help="folder of the prepared and synthetic tables")
    return made


def chosen(only: str) -> tuple[list[DataSet], list[Competitor]]:
    """The data sets and the competitors that `--only` names; all of a sort when none of it is named.

    Raises:
        SystemExit: When a name is neither.
    """
    names = [name for name in only.split(",") if name]
    unknown = [name for name in names if name not in DATA_SETS and name not in COMPETITORS]
    if unknown:
        known = ", ".join((*DATA_SETS, *COMPETITORS))
        raise SystemExit(f"--only {unknown[0]}: no such data set or competitor. There are: {known}.")
    data_sets = [DATA_SETS[name] for name in names if name in DATA_SETS]
    competitors = [COMPETITORS[name] for name in names if name in COMPETITORS]
    return data_sets or list(DATA_SETS.values()), competitors or list(COMPETITORS.values())


def lengths(competitor: Competitor, options: argparse.Namespace) -> list[str]:
    """Which lengths of a competitor are asked for; ours races the default run of the strongest peer, too."""
    if options.epochs:
        return [f"{options.epochs}ep"] if competitor.takes_epochs else []
    if options.budget.startswith(LIKE):
        return (
            [options.budget]
            if competitor.takes_budget and competitor.name != options.budget[len(LIKE) :]
            else []
        )
    if options.budget:
        return [f"{parse_duration(options.budget):.0f}s"] if competitor.takes_budget else []
    return [DEFAULT, "as_mostlyai"] if competitor.name == OURS else [DEFAULT]


def measure(key: Key, prepared: Prepared, options: argparse.Namespace) -> None:
    """Run, score and store one result, unless it is stored."""
    path, synthetic = key.path(options.results), key.path(options.cache, ".csv")
    is_rescored = options.rescore and path.exists() and (synthetic.exists() or key.competitor == HOLDOUT)
    if path.exists() and not options.again and not is_rescored:
        return
    name = f"{key.data_set}, {key.competitor}, {key.length}, seed {key.seed}"
    terms = terms_of(key, options)
    if terms is None:
        print(f"{name}: {key.length} needs a default run of that competitor first. Skipped.", flush=True)
        return
    print(f"{name} ...", flush=True)
    if key.competitor == HOLDOUT:
        copy = replace(key, competitor=COPY)
        if not copy.path(options.results).exists():
            measure(copy, prepared, options)
        blank, known = new_result(key, prepared, terms), load(copy.path(options.results))
        result = scored_holdout(blank, prepared, known, options.cache)
    else:
        result = load(path) if is_rescored else execute(key, prepared, terms, options.cache)
        if not result.failed:
            result = scored(result, prepared, synthetic)
    result.save(options.results)
    print(f"{name}: {result.failed or dict(result.independent_card)}", flush=True)


def terms_of(key: Key, options: argparse.Namespace) -> Terms | None:
    """The terms that a length stands for; None when it refers to a run that is not there."""
    timeout = parse_duration(options.timeout)
    if key.length.startswith(LIKE):
        path = Key(key.data_set, key.length[len(LIKE) :], DEFAULT, key.seed).path(options.results)
        if not path.exists() or load(path).failed:
            return None
        return Terms(budget_seconds=max(1.0, load(path).measured["fit_cpu_seconds"]), timeout_seconds=timeout)
    if key.length.endswith("ep"):
        return Terms(epochs=int(key.length[:-2]), timeout_seconds=timeout)
    budget = 0.0 if key.length == DEFAULT else float(key.length[:-1])
    return Terms(budget_seconds=budget, timeout_seconds=timeout)

"""How often the tests behind "Are the numbers right?" accuse honest data: many draws, without whole cards."""

from __future__ import annotations

import argparse
from typing import Final

import numpy as np

from bench.null_populations import POPULATIONS, SIMULATED, TABLES, table
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.unlike import unlike
from gansmith.scorecard.verdict.answers import numbers
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.tabular.features import table_features
from gansmith.tasks.opening import open_data

HEAP: Final = 40_000
"""Records of a simulated population."""


def tests(asked: argparse.Namespace) -> None:
    """How many draws have a finding, by population and size; held-out records as many, or a quarter."""
    for name in asked.only or POPULATIONS:
        heap = features(name, np.random.default_rng(asked.seed))
        for size in asked.sizes:
            if heap is None or 2 * size > len(heap):
                continue
            levels, said = list[str](), list[str]()
            for draw in range(asked.draws):
                rng = np.random.default_rng((asked.seed + draw, size))
                n_real = size if draw % 2 else max(100, size // 4)
                chosen = heap.sample(size + n_real, rng)
                fake, real = chosen.take(np.arange(size)), chosen.take(np.arange(size, size + n_real))
                evidence = Evidence({}, columns=heap.names, unlike=unlike(fake, real, seed=draw))
                found = numbers(evidence)
                said += [f"{one.level}: {one.text}" for one in found]
                levels.append(max((one.level for one in found), default="green"))  # red beats green and amber
            counts = f"{levels.count('amber')} amber, {levels.count('red')} red"
            print(f"{name:14} {size:6}: {counts} of {asked.draws} draws", flush=True)
            for text in said:
                print(f"    {text[:200]}", flush=True)


def features(name: str, rng: np.random.Generator) -> Features | None:
    """A population as the scorecard sees it; None: there is no copy."""
    frame = SIMULATED[name][0](HEAP, rng) if name in SIMULATED else table(name)
    if frame is None:
        return None
    target = (SIMULATED if name in SIMULATED else TABLES)[name][1]
    opened = open_data(frame, kind="table", target=target, options={}, command="score").hand_over()
    return table_features([opened.records], opened.schema)[0]

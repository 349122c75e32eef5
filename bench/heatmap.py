"""Every objective with every penalty on the ring of eight: how many modes are found in twenty seconds each?

    python -m bench heatmap [--seconds 20] [--seed 0] [--processes 1] [-o FOLDER] [--json]

Writes "heatmap.png" and "heatmap.json". Penalties have the weights of their papers, R1 and R2 those of the
race (`python -m bench modes ring`); the networks are the same for all, but for objectives of energies, whose
discriminator is an autoencoder. A combination that raises an error is reported as such, and the command
fails."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench.drawing import draw_heatmap
from bench.machine import machine, one_thread
from bench.mixtures import ring
from bench.modes import Smoothing, play
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PENALTIES, PenaltyConfig
from gansmith.errors import GansmithError

OF_RACE: Final = ("r1", "r2", "r1_finite_difference", "r2_finite_difference")


def _of(*names: str) -> Smoothing:
    """Penalties with the weights of the race, or of their papers."""
    config = ring().config
    return Smoothing(
        tuple(
            PenaltyConfig(name, config.gamma, config.final_gamma)
            if name in OF_RACE
            else PenaltyConfig(name, PENALTIES[name].weight)
            for name in names
        )
    )


COLUMNS: Final = {
    "none": Smoothing(),
    "R1": _of("r1"),
    "R2": _of("r2"),
    "R1 + R2": _of("r1", "r2"),
    "R1 + R2, differences": _of("r1_finite_difference", "r2_finite_difference"),
    "gradient penalty": _of("gradient_penalty"),
    "one-sided": _of("one_sided_gradient_penalty"),
    "DRAGAN": _of("dragan"),
    "LeCam": _of("lecam"),
    "consistency": _of("consistency", "fake_consistency"),
    "weight clip .01": Smoothing(weight_clip=0.01),
    "spectral norm": Smoothing(spectral_norm=True),
}


def run(asked: list[str]) -> dict[str, Any]:
    """All combinations, one line each; then the picture."""
    parser = argparse.ArgumentParser(prog="python -m bench heatmap", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1, help="combinations at a time")
    parser.add_argument("-o", "--output", type=Path, default=Path("demo"))
    parser.add_argument("--json", action="store_true", help="all figures as JSON; lines go to stderr")
    options = parser.parse_args(asked)
    tell = partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    tell(f"{len(OBJECTIVES)} objectives x {len(COLUMNS)} penalties, {options.seconds:g} s each; {machine()}")
    tasks = [(*names, options.seconds, options.seed) for names in product(OBJECTIVES, COLUMNS)]
    rows: list[dict[str, Any]] = []
    with get_context("spawn").Pool(options.processes) as pool:
        for row in pool.imap(_played, tasks):
            rows.append(row)
            tell("{objective:26}{penalty:22}{modes:3} modes  {high_quality:6.1%}  {error}".format(**row))
    found = {"seconds": options.seconds, "seed": options.seed, "machine": machine(), "rows": rows}
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "heatmap.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(rows, options.output / "heatmap.png", options.seconds)
    if options.json:
        print(json.dumps(found))
    if any(row["error"] for row in rows):
        raise SystemExit(1)
    return found


def draw(rows: Sequence[dict[str, Any]], path: Path, seconds: float) -> None:
    """The heat map as a PNG."""
    by_names = {(row["objective"], row["penalty"]): row for row in rows}
    cells = [[by_names[one, other]["modes"] for other in COLUMNS] for one in OBJECTIVES]
    notes = [[f"{by_names[one, other]['high_quality']:.0%}" for other in COLUMNS] for one in OBJECTIVES]
    title = f"Modes of a ring of eight found in {seconds:g} s, and the share of points of high quality"
    draw_heatmap(cells, notes, list(OBJECTIVES), list(COLUMNS), path, highest=8, title=title)


def _played(task: tuple[str, str, float, int]) -> dict[str, Any]:
    objective, name, seconds, seed = task
    row: dict[str, Any] = {"objective": objective, "penalty": name, "error": ""}
    with one_thread():
        try:
            row |= play(seed, ring(), objective, COLUMNS[name], seconds)[0]
        except GansmithError as error:
            row |= {"modes": 0, "high_quality": 0.0, "error": str(error)}
    return row

"""Every objective on a ring, a grid and handwritten digits: a page with pictures and numbers side by side.

    python -m bench gallery [--seconds 20] [--seed 0] [-o docs] [--json]

Writes "explanation/objectives.md" and one PNG for each objective below "pictures/objectives". Each game
learns ring and grid for so many seconds, with the penalties that come with its objective (R1 and R2 of the
race where none do), and digits for as many records; networks and learning rates are the same for all."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from torch import Tensor

from bench.drawing import draw_strip
from bench.machine import machine, one_thread
from bench.mixtures import grid, ring
from bench.modes import play
from gansmith.engine.batches import Batch
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.randomness import Randomness
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.runs.fit import FitConfig, start

DIGITS_SEEN: Final = 112_000
N_DIGITS: Final = 16
N_POINTS: Final = 1_500

PAGE: Final = """# Every objective, played

One engine plays them all: an objective is two functions of logits, and here each has learnt the same three
things with the same networks: a ring of eight narrow Gaussians and a grid of twenty-five (blue: real
points, orange: generated ones), {seconds:g} seconds each, and the 8 x 8 digits of scikit-learn ({digits:,}
records seen). "Modes" have been found where at least one of 2,500 points lies within three standard
deviations; of "good" points that is the share (98.9 % at best); "coverage" is the share of held-out digits
that have a generated neighbour (.97 at best).

Made by `python -m bench gallery`; {machine}, {date}, seed {seed}. The settings are those of the default
game: that others come out worse here says that these networks, rates and penalties are made for it, not
that they cannot do better.

| | objective | ring | grid | digits |
|---|---|---|---|---|
{rows}

{heatmap}## Which one?

Take the default. But look at the table: with R1 and R2 nearly every objective finds nearly everything. What
makes a game converge is what keeps the discriminator smooth; what the players minimise comes second. A
critic with its own penalty wants several turns a step (`--n-discriminator-turns 5`), and the game of
boundary equilibrium was made for long runs on pictures. The others are there to repeat a paper, to study,
or because a task asks for one. What helps when a game is not well, whichever it is, stands in
[what to do when a game is not well](../how-to/game.md).
"""
ROW: Final = (
    "| ![{name}](../pictures/objectives/{name}.png) | **{name}**: {meaning}. {use} ({source}) "
    "| {ring[modes]}/8, {ring[high_quality]:.0%} good | {grid[modes]}/25, {grid[high_quality]:.0%} good "
    "| coverage {coverage:.2f} |"
)
HEATMAP: Final = """## With every penalty

![modes found](../pictures/heatmap.png)

Modes of the ring found in the time that stands above, and the share of good points, for every objective with
every penalty (`python -m bench heatmap`, which also checks that none of the combinations raises an error).
Penalties have the weights of their papers, R1 and R2 those of the race.

"""


def run(asked: list[str]) -> dict[str, Any]:
    """All objectives, one line each; then the page."""
    parser = argparse.ArgumentParser(prog="python -m bench gallery", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    parser.add_argument("--json", action="store_true", help="all figures as JSON; lines go to stderr")
    options = parser.parse_args(asked)
    tell = partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    tell(f"Every objective on ring, grid and digits, {options.seconds:g} s each; {machine()}")
    pictures = options.output / "pictures" / "objectives"
    pictures.mkdir(parents=True, exist_ok=True)
    (options.output / "explanation").mkdir(exist_ok=True)
    found: dict[str, Any] = {}
    for name in OBJECTIVES:
        with one_thread():
            found[name] = _learnt(name, options.seconds, options.seed, pictures / f"{name}.png")
        told = (
            "{name:26}{ring[modes]}/8 {ring[high_quality]:.0%}  {grid[modes]}/25 {grid[high_quality]:.0%}  "
        )
        tell(told.format(name=name, **found[name]) + f"{found[name]['coverage']:.3f}")
    page = options.output / "explanation" / "objectives.md"
    has_map = (options.output / "pictures" / "heatmap.png").exists()
    page.write_text(_page(found, options.seconds, options.seed, HEATMAP if has_map else ""), encoding="utf-8")
    if options.json:
        print(json.dumps(found))
    return found


def _learnt(name: str, seconds: float, seed: int, path: Path) -> dict[str, Any]:
    races = (ring(), grid())
    scores: dict[str, Any] = {}
    panels: list[tuple[np.ndarray, np.ndarray]] = []
    for race in races:
        scores[race.name], points = play(seed, race, name, budget_seconds=seconds)
        panels.append((_some(race.real_points(N_POINTS, Randomness(seed))), _some(points)))
    digits, scores["coverage"] = _digits(name, seed)
    draw_strip(panels, digits, path)
    return scores


def _digits(name: str, seed: int) -> tuple[np.ndarray, float]:
    config = FitConfig(objective=name, samples_seen=DIGITS_SEEN, seed=seed, threads=1)
    fit = start(bundled_digits().pixels, config)
    for _ in fit:
        pass
    game = fit.training.game
    samples = game.generate(Batch({}, N_DIGITS), game.randomness.stream("gallery"), 0)
    return samples.reshape(N_DIGITS, 8, 8).clamp(0, 1).numpy(), fit.training.kept_score or 0.0


def _page(found: dict[str, Any], seconds: float, seed: int, heatmap: str) -> str:
    rows = [
        ROW.format(name=name, meaning=one.meaning, use=_sentence(one.use), source=one.source, **found[name])
        for name, one in OBJECTIVES.items()
    ]
    return PAGE.format(
        seconds=seconds,
        digits=DIGITS_SEEN,
        machine=machine(),
        date=datetime.date.today().isoformat(),
        seed=seed,
        rows="\n".join(rows),
        heatmap=heatmap,
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _some(points: Tensor) -> np.ndarray:
    return points[:N_POINTS].double().numpy()

"""The scorecard's operating characteristics: how often honest data is accused, which faults are found.

`python -m bench scorecard_nulls honest|faults|numbers|cover [--draws 20] [--sizes 300 1000 ...] [--full]`

Honest data is real data: one heap is dealt into training records, hold-out and records that take the part of
synthetic ones. Whatever is amber or red then is a false alarm. The populations are simulated, or tables of
which we have a copy (GANSMITH_DATA, else `../shared/data` beside the project).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from bench.machine import machine
from bench.null_cover import MEASURED, covers
from bench.null_faults import FAULTS, Parts
from bench.null_numbers import tests
from bench.null_populations import POPULATIONS, dealt
from gansmith.scorecard.card import Scorecard
from gansmith.tasks.judging import score

SIZES: Final = (300, 1_000, 3_000, 10_000)
"""Records of the parts of honest cards."""
SHORT: Final = 60
"""Characters of a sentence by which alarms are counted."""


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench scorecard_nulls ...` does."""
    parser = argparse.ArgumentParser(prog="python -m bench scorecard_nulls", description=__doc__)
    parser.add_argument("what", choices=list(TOLD))
    parser.add_argument("--draws", type=int, default=20, help="cards of each population and size, or fault")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="records of honest parts")
    parser.add_argument("--only", nargs="+", default=(), help="populations, or faults, by name")
    parser.add_argument("--seed", type=int, default=0, help="of the first draw")
    parser.add_argument("--full", action="store_true", help="full cards instead of quick ones")
    parser.add_argument("--scores", choices=list(MEASURED), default="counted", help="of cover: which scores")
    parser.add_argument("--fresh", action="store_true", help="of cover: nothing is made wrong")
    asked = parser.parse_args(arguments)
    print(f"{'full' if asked.full else 'quick'} cards, first seed {asked.seed}; {machine()}")
    started = time.perf_counter()
    TOLD[asked.what](asked)
    print(f"{time.perf_counter() - started:.0f} s")


def honest(asked: argparse.Namespace) -> None:
    """How many honest cards have an amber or a red answer, by population and size."""
    alarms, of_answers = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    of_levels = Counter[str]()
    for name in asked.only or POPULATIONS:
        for size in asked.sizes:
            accused, n_draws = list[str](), 0
            for draw in range(asked.draws):
                rng = np.random.default_rng((asked.seed + draw, size))
                parts = dealt(name, size, rng)
                if parts is None:
                    break
                n_draws += 1
                card = judged(parts, asked)
                of_levels[worst_level(card)] += 1
                for line in card.verdict:
                    of_answers[line.question, line.level] += 1
                    if line.level in ("amber", "red"):
                        alarms[line.question, line.text[:SHORT]] += 1
                        accused.append(f"{line.level}: {line.text}")
            print(f"{name:14} {size:6}: {len(accused)} alarms of {n_draws} cards", flush=True)
            for said in accused:
                print(f"    {said[:200]}", flush=True)
    print(f"{of_levels.total()} cards: {of_levels['amber']} amber, {of_levels['red']} red")
    for (question, level), n in sorted(of_answers.items()):
        print(f"  {question:28} {level:6} {n}")
    for (question, said), n in alarms.most_common():
        print(f"  {n:4}  {question} {said}")


def faults(asked: argparse.Namespace) -> None:
    """How many of the cards of each planted fault see it, and name it."""
    for name in asked.only or FAULTS:
        fault = FAULTS[name]
        n_seen = n_named = 0
        missed = ""
        for draw in range(asked.draws):
            parts = fault.plant(np.random.default_rng((asked.seed + draw, 7)))
            card = judged(parts, asked)
            lines = [line for line in card.verdict if line.level in fault.levels]
            if fault.question:
                lines = [line for line in lines if fault.question in line.question]
            said = " ".join([*(line.text for line in lines), *card.notes])
            is_seen = bool(lines)
            n_seen += is_seen
            is_named = is_seen and all(word in said for word in fault.words)
            n_named += is_named
            if not is_named:
                missed = said[:300] or " | ".join(f"{line.level} {line.text}" for line in card.verdict)[:400]
        print(f"{name}: seen {n_seen}, named {n_named} of {asked.draws}", flush=True)
        if missed:
            print(f"    {missed}", flush=True)


def cover(asked: argparse.Namespace) -> None:
    """How often intervals hold what they should, by population, size and score."""
    for name in asked.only or POPULATIONS:
        for size in asked.sizes:
            lines = covers(name, size, asked.draws, asked.seed, asked.scores, is_fresh=asked.fresh)
            print("\n".join(lines), flush=True)


def judged(parts: Parts, asked: argparse.Namespace) -> Scorecard:
    """The card of synthetic, training and hold-out records."""
    frames = [part.reset_index(drop=True) for part in parts[:3]]
    return score(*frames, target=parts[3] or None, seed=0, quick=not asked.full, verbose=False)


def worst_level(card: Scorecard) -> str:
    """Of all answers."""
    levels = {line.level for line in card.verdict}
    return "red" if "red" in levels else "amber" if "amber" in levels else "green"


TOLD: Final = {"honest": honest, "faults": faults, "numbers": tests, "cover": cover}

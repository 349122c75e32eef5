"""Music learnt with a time budget: pieces like real ones, voices that lead well, melodies harmonised.

    python -m bench music NAME ... [--budget 20m] [--seed 0] [--methods ours phrases bigram shuffled hold-out]

jsb_chorales is learnt from its part train and judged against test; of nottingham a tenth of the tunes is
held out. Each method makes as many pieces as are held out: ours, whole pieces by likelihood; phrases, the
adversarial game after MuseGAN; a bigram model of all voices together; bars dealt anew; and real pieces that
were not looked at otherwise.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.machine import machine
from bench.music_figures import figures, harmonised
from bench.picture_sets import data_folder
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.bigram import bigram_pieces
from gansmith.modalities.music.judging import shuffled_bars
from gansmith.modalities.music.reading import read_pieces
from gansmith.modalities.music.records import Pieces
from gansmith.tasks.synthesize import Synthesizer

NAMES: Final = ("jsb_chorales", "nottingham")
METHODS: Final = ("ours", "phrases", "bigram", "shuffled", "hold-out")
PHRASE_BARS: Final = 2
HELD_OUT: Final = 0.1
N_HARMONISED: Final = 40


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench music ...` does."""
    made = argparse.ArgumentParser(
        prog="python -m bench music", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    made.add_argument("--budget", default="20m", help="time to learn, of each model")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--methods", nargs="+", choices=METHODS, default=[*METHODS])
    made.add_argument("--model", default="", help="a model file to be measured as ours")
    made.add_argument("--out", default="", help="a folder for ten pieces of ours and their sounds")
    made.add_argument("--json", action="store_true")
    options = made.parse_args(arguments)
    for name in options.names:
        measured(name, options)


def measured(name: str, options: argparse.Namespace) -> None:
    """One data set, all methods."""
    train, test, fresh = parts_of(name, options.seed)
    print(f"{name}: {len(train)} pieces to learn from, {len(test)} held out, {machine()}", flush=True)
    rows: dict[str, dict[str, float]] = {}
    for method in options.methods:
        began = time.process_time(), time.time()
        pieces, more = made_by(method, train, test, fresh, options)
        spent = time.process_time() - began[0], time.time() - began[1]
        rows[method] = {**figures(pieces, train, test, options.seed), **more}
        rows[method] |= {"CPU s": spent[0], "s": spent[1]}
        print(table(rows), flush=True)
    if options.json:
        print(json.dumps(rows))


def parts_of(name: str, seed: int) -> tuple[Pieces, Pieces, Pieces]:
    """What is learnt from, what is judged against, and other real pieces."""
    folder = data_folder() / name
    if name == "jsb_chorales":
        file = folder / "Jsb16thSeparated.json"
        train = read_pieces(file, MusicOptions(part="train"))
        others = [read_pieces(file, MusicOptions(part=part), train) for part in ("test", "valid")]
        return train, others[0], others[1]
    whole = read_pieces(folder / "nottingham_midi.zip", MusicOptions())
    order = np.random.default_rng(seed).permutation(len(whole))
    n = int(HELD_OUT * len(whole))
    return whole.take(order[2 * n :]), whole.take(order[:n]), whole.take(order[n : 2 * n])


def made_by(
    method: str, train: Pieces, test: Pieces, fresh: Pieces, options: argparse.Namespace
) -> tuple[Pieces, Mapping[str, Any]]:
    """As many pieces as are held out, and what else is known of a method."""
    n = len(test)
    if method == "hold-out":
        return fresh, {}
    if method == "shuffled":
        return shuffled_bars(train, options.seed).take(np.arange(min(n, len(train)))), {}
    if method == "bigram":
        return bigram_pieces(train, n, options.seed), {}
    if method == "ours" and options.model:
        from gansmith.tasks.model import load_model

        model = load_model(Path(options.model))
    else:
        learner = Synthesizer(kind="music", budget=options.budget, seed=options.seed, verbose=False)
        model = (
            learner.fit(train, phrases=PHRASE_BARS) if method == "phrases" else learner.fit(train)
        ).model_
    pieces = model.sample(n, seed=options.seed + 1)
    found: dict[str, float] = {}
    if method == "ours":
        found = harmonised(model, train, test.take(np.arange(min(N_HARMONISED, n))), options.seed)
        if options.out:
            model.write(Path(options.out), 10, options.seed + 2)
    return pieces, found


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """A column for each method."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = ["| " + " | ".join(["", *rows]) + " |", "|---" * (len(rows) + 1) + "|"]
    for name in names:
        cells = ["" if name not in row else f"{row[name]:.4g}" for row in rows.values()]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)

"""One drawn person turned into another: is he the other one, and is his face what it was?

    python -m bench identity [--model ID.gan] [--budget 20m] [--seed 0] [--out FILE.jsonl] [--look FILE.png]

Two hair styles of drawn heads (`characters`) stand for two people: all else, hair colour, skin, eyes and
mouth, each of them has in every way. Probes learn on other heads: hair style on those that the model learnt
from, eyes and mouth on thousands of heads of other styles.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from bench.machine import machine
from bench.peers.datasets import data_folder
from gansmith.modalities.translating import Wish
from gansmith.scorecard.features import draws
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.opening import open_data
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.translate.translation import Translation

PEOPLE: Final = ("short14", "long17")
N_LEARNT: Final = 150
N_OTHERS: Final = 2_500
"""Heads of other styles, by which eyes and mouths are told."""
FACE: Final = (slice(22, 52), slice(14, 50))
"""Where eyes and mouth lie in a drawn head."""
Probe = Callable[[np.ndarray], Sequence[str]]


def heads() -> tuple[list[dict[str, str]], Callable[[str], np.ndarray]]:
    """What is known of each head, and its picture by its file."""
    folder = data_folder() / "characters"
    rows = list(csv.DictReader(StringIO((folder / "attributes.csv").read_text())))
    archive = zipfile.ZipFile(folder / "characters64.zip")
    names = {Path(name).name: name for name in archive.namelist()}

    def picture(file: str) -> np.ndarray:
        return np.asarray(Image.open(BytesIO(archive.read(names[file]))).convert("RGB"))

    return rows, picture


def probe(pictures: np.ndarray, values: Sequence[str], part: tuple[slice, slice] | None = None) -> Probe:
    """Tells a value of pictures, shape `(n, 64, 64, 3)`, or of a part of them."""

    def seen(of: np.ndarray) -> np.ndarray:
        cut = of if part is None else of[:, part[0], part[1]]
        grey = cut.astype(np.float32).mean(3)
        slopes = [np.abs(np.diff(grey, axis=axis, append=0)).reshape(len(of), -1) for axis in (1, 2)]
        return np.concatenate([grey.reshape(len(of), -1), *slopes], 1) / 255

    n_parts = min(120, len(pictures) // 2)
    learner = make_pipeline(PCA(n_parts, random_state=0), LogisticRegression(C=1.0, max_iter=1_000))
    learner.fit(seen(pictures), np.array(values))
    return lambda of: learner.predict(seen(of)).tolist()


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench identity", description=str(__doc__).splitlines()[0]
    )
    parser.add_argument("--model", type=Path, help="learnt before, of the same heads")
    parser.add_argument("--budget", default="20m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="append figures as JSON lines")
    parser.add_argument("--look", type=Path, help="a picture of some, before and after")
    given = parser.parse_args(arguments)
    rows, picture = heads()
    of = [[row for row in rows if row["hair"] == hair] for hair in PEOPLE]
    learnt = [np.stack([picture(row["file"]) for row in some[:N_LEARNT]]) for some in of]
    tested = [some[N_LEARNT:] for some in of]
    model = load_model(given.model) if given.model else _learnt(given, learnt)
    whose = probe(np.concatenate(learnt), [hair for hair in PEOPLE for _ in range(N_LEARNT)])
    others = [row for row in rows if row["hair"] not in PEOPLE]
    some = [others[one] for one in draws(given.seed).permutation(len(others))[:N_OTHERS]]
    known = np.stack([picture(row["file"]) for row in some])
    tells = {name: probe(known, [row[name] for row in some], FACE) for name in ("mouth_group", "eyes_group")}
    looks = list[np.ndarray]()
    for place, hair in enumerate(PEOPLE):
        was = np.stack([picture(row["file"]) for row in tested[place]])
        made = np.stack([_turned(model, one, is_back=place == 1) for one in was])
        target = PEOPLE[1 - place]
        line: dict[str, Any] = {"name": f"{hair} to {target}", "n": len(was)}
        line["target"] = float(np.mean([one == target for one in whose(made)]))
        line["probe on real"] = float(np.mean([one == hair for one in whose(was)]))
        for name, tell in tells.items():
            before, after = np.array(tell(was)), np.array(tell(made))
            line[f"{name} as before"] = float((before == after).mean())
            truth = np.array([row[name] for row in tested[place]])
            line[f"{name} right, before and after"] = [
                float((one == truth).mean()) for one in (before, after)
            ]
        line = {**line, "seed": given.seed, "budget": given.budget, "machine": machine()}
        print(json.dumps(line), flush=True)
        if given.out:
            with given.out.open("a") as file:
                file.write(json.dumps(line) + "\n")
        looks += [np.hstack(was[:12]), np.hstack(made[:12])]
    if given.look:
        Image.fromarray(np.vstack(looks)).save(given.look)


def _learnt(given: argparse.Namespace, people: Sequence[np.ndarray]) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        options = {"identity": True, "accept_terms": True}
        opened = open_data((people[0], people[1]), options=options)
        learning = start(opened, FitConfig(budget=given.budget, seed=given.seed), folder=Path(folder) / "run")
        for _ in learning.training:
            pass
        return learning.model()


def _turned(model: Model, pixels: np.ndarray, *, is_back: bool) -> np.ndarray:
    """What becomes of a picture, without the mark, which would be measured as well."""
    values = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / 255
    made = Translation(model, Wish(is_back=is_back)).turn(values)
    return np.rint(255 * made).astype(np.uint8).transpose(1, 2, 0)

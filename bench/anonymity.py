"""Whether anybody recognises people who were replaced, and whether their pictures are still of use (ORL).

    python -m bench anonymity [--model FACES.gan] [--budget 10m] [--seed 0] [--out FILE] [--look FILE.png]

People are split: heads are learnt of half of them, the others are replaced. Each attacker knows who they are:
he has five real pictures of each, or five that were replaced as well, learns, and is asked about the other
five. The worst of all is reported, beside blur, pixels, what is left when heads are cut out, and chance.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageFilter
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from bench.machine import machine
from bench.peers.datasets import data_folder
from gansmith.modalities.anonymizing import Asked
from gansmith.modalities.image.heads.finding import finder, is_installed
from gansmith.modalities.image.heads.windows import hole_of, in_picture, window_of
from gansmith.scorecard.features import draws
from gansmith.tasks.anonymize import Anonymizer
from gansmith.tasks.opening import open_data
from gansmith.tasks.runs.fit import FitConfig, start

N_PEOPLE: Final = 40
N_EACH: Final = 10
N_GALLERY: Final = 5
N_DEALS: Final = 4
"""Ways in which pictures are dealt into those that are known and those that are asked about."""
N_FOLDS: Final = 5
SIDES: Final = (56, 46)
USUAL_BOX: Final = (8.0, 22.0, 84.0, 98.0)
"""Where a face lies in a picture of ORL, where no detector is installed."""
GLASSES: Final = {
    **{person: range(1, 11) for person in (2, 6, 14, 27, 28, 31, 34, 37)},
    4: (1, 2, 3, 8, 9), 7: (4, 5, 10), 13: (1, 2, 5, 6, 7, 8, 9, 10), 17: (1, 2, 5, 6, 7, 8, 9, 10),
    19: (1, 2, 3, 6, 10), 20: (1, 2, 3, 5, 7, 8, 9, 10), 36: (9, 10),
}  # fmt: skip
"""Pictures with glasses, by eye."""
Key = tuple[int, int]
"""A person and the number of a picture."""


# --- Pictures -----------------------------------------------------------------------------------------------


def faces() -> dict[Key, np.ndarray]:
    """ORL, shape `(112, 92)` each."""
    with zipfile.ZipFile(data_folder() / "orl_faces" / "orl_faces.zip") as archive:
        found = dict[Key, np.ndarray]()
        for name in archive.namelist():
            if place := re.search(r"s(\d+)/(\d+)\.pgm$", name):
                pixels = np.asarray(Image.open(BytesIO(archive.read(name))))
                found[int(place[1]), int(place[2])] = pixels
    return dict(sorted(found.items()))


def has_glasses(key: Key) -> bool:
    return key[1] in GLASSES.get(key[0], ())


def blurred(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(6)))


def pixelated(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    small = image.resize((image.width // 12, image.height // 12), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.NEAREST))


def _box(pixels: np.ndarray, find: Any) -> tuple[float, float, float, float]:
    boxes = find(pixels[..., None]) if find else []
    return boxes[0] if boxes else USUAL_BOX


def cut_out(pixels: np.ndarray, face: Any, find: Any) -> np.ndarray:
    """What is left when the head is cut out, as the generator would be given it."""
    window = window_of(_box(pixels, find), face, SIDES)
    cut = in_picture(hole_of(face, SIDES), window, (pixels.shape[0], pixels.shape[1]))
    return np.where(cut, 128, pixels).astype(np.uint8)


def replaced(model: Path, pictures: Mapping[Key, np.ndarray], seed: int, find: Any) -> dict[Key, np.ndarray]:
    """The same with other people, by the command's own way; boxes come from the same detector."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        written(place, pictures)
        with (place / "boxes.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("file", "x", "y", "width", "height"))
            for key, pixels in pictures.items():
                left, top, right, bottom = _box(pixels, find)
                rows.writerow((_name(key), left, top, right - left, bottom - top))
        asked = Asked(boxes=place / "boxes.csv", labels=place / "labels.csv", seed=seed)
        _ = [*Anonymizer.load(model).apply(place / "in", place / "out", asked)]
        return {key: np.asarray(Image.open(place / "out" / _name(key)).convert("L")) for key in pictures}


def written(place: Path, pictures: Mapping[Key, np.ndarray]) -> None:
    """Files, and a table of glasses."""
    (place / "in").mkdir(parents=True)
    lines = ["file,glasses"]
    for key, pixels in pictures.items():
        Image.fromarray(pixels).save(place / "in" / _name(key))
        lines.append(f"{_name(key)},{'yes' if has_glasses(key) else 'no'}")
    (place / "labels.csv").write_text("\n".join(lines) + "\n")


def _name(key: Key) -> str:
    return f"s{key[0]:02d}_{key[1]:02d}.png"


# --- Attackers ----------------------------------------------------------------------------------------------


def _small(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels).resize((SIDES[1], SIDES[0]), Image.Resampling.BOX)
    return np.asarray(image, np.float64) / 255


def plain(pixels: np.ndarray) -> np.ndarray:
    small = _small(pixels).ravel()
    return (small - small.mean()) / (small.std() + 1e-6)


def slopes(pixels: np.ndarray) -> np.ndarray:
    """Histograms of the directions of slopes, in cells of 8 points, of length 1 each."""
    bins = _directions(_small(pixels), 4)
    return (bins / (np.linalg.norm(bins, axis=1, keepdims=True) + 1e-2)).ravel()


def eyes(pixels: np.ndarray) -> np.ndarray:
    """The same around the eyes, as strong as they are: chosen for glasses on people who are learnt from."""
    around = _small(pixels)[10:36]
    return _directions((around - around.mean()) / (around.std() + 1e-6), 3).ravel() / 4


def _directions(values: np.ndarray, step: int) -> np.ndarray:
    """Shape `(n_cells, 9)`."""
    down, across = np.gradient(values)
    size, angle = np.hypot(down, across), (np.arctan2(down, across) % np.pi) * 9 / np.pi
    cells = [
        (slice(top, top + 8), slice(left, left + 8))
        for top in range(0, values.shape[0] - 7, step)
        for left in range(0, values.shape[1] - 7, 4)
    ]
    return np.stack(
        [np.bincount(angle[cell].astype(int).ravel() % 9, size[cell].ravel(), 9) for cell in cells]
    )


ATTACKERS: Final[dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[], Any]]]] = {
    "PCA and LDA": (plain, lambda: make_pipeline(PCA(50, whiten=True), LinearDiscriminantAnalysis())),
    "slopes and SVM": (slopes, lambda: LinearSVC(C=1.0)),
    "slopes, PCA and LDA": (slopes, lambda: make_pipeline(PCA(50), LinearDiscriminantAnalysis())),
    "pixels, logistic": (
        plain,
        lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2_000)),
    ),
}


def recognised(known: Mapping[Key, np.ndarray], asked: Mapping[Key, np.ndarray], seed: int) -> dict[str, Any]:
    """Rank-1 and the area under the ROC of each attacker, of pairs of a picture and a person."""
    people = sorted({person for person, _ in known})
    found: dict[str, Any] = {}
    for name, (features, learner) in ATTACKERS.items():
        seen = {
            side: {key: features(one) for key, one in of.items()} for side, of in (("k", known), ("a", asked))
        }
        hits, areas = list[float](), list[float]()
        for deal in range(N_DEALS):
            chance = draws(100 * seed + deal)
            order = {person: chance.permutation(np.arange(1, N_EACH + 1)) for person in people}
            gallery = [(person, int(one)) for person in people for one in order[person][:N_GALLERY]]
            probes = [(person, int(one)) for person in people for one in order[person][N_GALLERY:]]
            model = learner().fit(np.stack([seen["k"][key] for key in gallery]), [key[0] for key in gallery])
            scores = model.decision_function(np.stack([seen["a"][key] for key in probes]))
            truth = np.array([[key[0] == person for person in model.classes_] for key in probes])
            hits.append(float(truth[np.arange(len(probes)), scores.argmax(1)].mean()))
            areas.append(float(roc_auc_score(truth.ravel(), scores.ravel())))
        error = float(np.std(hits, ddof=1) / N_DEALS**0.5)
        found[name] = {"rank-1": float(np.mean(hits)), "error": error, "auc": float(np.mean(areas))}
    return found


def worst(known: Mapping[Key, np.ndarray], made: Mapping[Key, np.ndarray], seed: int) -> dict[str, Any]:
    """The most successful attacker, who has real pictures or replaced ones, and all of them."""
    cells = {"real known": recognised(known, made, seed), "replaced known": recognised(made, made, seed)}
    every = [(of[name]["rank-1"], f"{name}, {cell}") for cell, of in cells.items() for name in of]
    rank, name = max(every)
    auc = max(one["auc"] for of in cells.values() for one in of.values())
    return {"rank-1": round(rank, 4), "by": name, "auc": round(auc, 4), "cells": cells}


# --- Use ----------------------------------------------------------------------------------------------------


def glasses_told(
    known: Mapping[Key, np.ndarray], real: Mapping[Key, np.ndarray], seed: int
) -> tuple[float, float]:
    """Balanced accuracy of glasses on real pictures of people not learnt from, and its standard error."""
    people = draws(seed).permutation(sorted({person for person, _ in real}))
    of_known = {key: eyes(one) for key, one in known.items()}
    of_real = {key: eyes(one) for key, one in real.items()}
    said, truth = list[bool](), list[bool]()
    for fold in range(N_FOLDS):
        held = set(people[fold::N_FOLDS].tolist())
        train = [key for key in known if key[0] not in held]
        test = [key for key in real if key[0] in held]
        learner = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2_000)
        learner.fit(np.stack([of_known[key] for key in train]), [has_glasses(key) for key in train])
        said += learner.predict(np.stack([of_real[key] for key in test])).tolist()
        truth += [has_glasses(key) for key in test]
    right = balanced_accuracy_score(truth, said)
    return float(right), float(
        np.sqrt(right * (1 - right) / min(sum(truth), len(truth) - sum(truth))) / 2**0.5
    )


def nearness(made: Sequence[np.ndarray], learnt: Sequence[np.ndarray]) -> float:
    """Median distance to the nearest portrait that was learnt from."""
    of_learnt = np.stack([plain(one) for one in learnt])
    return float(np.median([np.sqrt(((of_learnt - plain(one)) ** 2).mean(1)).min() for one in made]))


# --- All of it ----------------------------------------------------------------------------------------------


def learnt(pictures: Mapping[Key, np.ndarray], budget: str, seed: int, path: Path) -> None:
    """Learn heads of these people, and write the model."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        written(place, pictures)
        options = {"heads": True, "labels": str(place / "labels.csv"), "size": f"{SIDES[1]}x{SIDES[0]}"}
        opened = open_data(str(place / "in"), options=options)
        run = start(opened, FitConfig(budget=budget, seed=seed), folder=place / "run")
        for _ in run.training:
            pass
        run.model().save(path)


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench anonymity", description=str(__doc__).splitlines()[0]
    )
    parser.add_argument("--model", type=Path, help="learnt before, of the people of the same seed")
    parser.add_argument("--budget", default="10m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="append figures as JSON lines")
    parser.add_argument("--look", type=Path, help="a picture of some, before and after")
    given = parser.parse_args(arguments)
    every = faces()
    people = draws(given.seed).permutation(np.arange(1, N_PEOPLE + 1)).tolist()
    ours, theirs = (
        {key: one for key, one in every.items() if key[0] in half}
        for half in (people[: N_PEOPLE // 2], people[N_PEOPLE // 2 :])
    )
    find = finder() if is_installed() else None
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or Path(folder) / "faces.gan"
        if given.model is None:
            learnt(ours, given.budget, given.seed, model)
        face: Any = Anonymizer.load(model).model.codec
        made = replaced(model, theirs, given.seed, find)
    variants = {
        "real": dict(theirs),
        "blur": {key: blurred(one) for key, one in theirs.items()},
        "pixels": {key: pixelated(one) for key, one in theirs.items()},
        "cut out": {key: cut_out(one, face.face, find) for key, one in theirs.items()},
        "replaced": made,
    }
    lines: list[dict[str, Any]] = [
        {"name": name, "chance": 2 / N_PEOPLE, **worst(theirs, of, given.seed)}
        for name, of in variants.items()
    ]
    for name in ("real", "replaced"):
        right, error = glasses_told(variants[name], theirs, given.seed)
        lines.append({"name": f"glasses, learnt on {name}", "balanced accuracy": right, "error": error})
        if find is not None:
            rate = float(np.mean([bool(find(one[..., None])) for one in variants[name].values()]))
            lines.append({"name": f"detector on {name}", "rate": rate})
        near = nearness([*variants[name].values()], [*ours.values()])
        lines.append({"name": f"nearest learnt portrait, {name}", "distance": near})
    for line in lines:
        line = {**line, "seed": given.seed, "budget": given.budget, "machine": machine()}
        print(json.dumps(line), flush=True)
        if given.out:
            with given.out.open("a") as file:
                file.write(json.dumps(line) + "\n")
    if given.look:
        some = [*theirs][:: len(theirs) // 12]
        rows = [np.hstack([of[key] for key in some]) for of in variants.values()]
        Image.fromarray(np.vstack(rows)).save(given.look)

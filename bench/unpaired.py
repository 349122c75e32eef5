"""Translation without pairs where the answer is known all the same; run by `python -m bench translate`.

Night and winter: photographs by day, others relit; no photograph is on both sides, nor among those that are
tested. Expressions and garments: of each character that is learnt from one picture, of each that is tested
all. Digits: the thinnest and the thickest of MNIST. Style: photographs in the texture of one of them.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.ndimage import distance_transform_edt
from torch import nn
from torch.nn.functional import cross_entropy, leaky_relu

from bench.peers.datasets import data_folder
from bench.translating import (
    Asked,
    Pixels,
    histogram_matched,
    judged,
    mean,
    pictures_of,
    relit,
    values,
)
from gansmith.engine.randomness import Randomness
from gansmith.scorecard.features import draws
from gansmith.scorecard.translation.content import content_kept
from gansmith.scorecard.translation.fidelity import psnr
from gansmith.scorecard.translation.measuring import Method, Trial

N_LIT: Final = 16
"""Photographs by day, and as many others relit; eight are tested."""
N_CHARACTERS: Final = 100
"""That are tested."""
N_DIGITS: Final = 2_000
"""Of each set; a tenth as many are tested."""
THIRD: Final = 3
N_SHOWN: Final = 12
"""Characters on a picture of given, made and wanted ones."""
N_PROBE_STEPS: Final = 500
TILE: Final = 64


# --- Photographs --------------------------------------------------------------------------------------------


def light(kind: str, asked: Asked) -> Iterator[dict[str, Any]]:
    """Day to night, or summer to winter."""
    photographs = [*pictures_of("bsds500/bsds500_train40.zip").values()]
    order = draws(asked.seed).permutation(len(photographs))
    by_day, others, tested = np.split(order, [N_LIT, 2 * N_LIT])
    day = [photographs[one] for one in by_day]
    other = [relit(kind, photographs[one], asked.seed) for one in others]
    translator = asked.translator(unpaired=True).fit(day, other)
    test = [photographs[one] for one in tested]
    methods = {
        name: Method([values(translator.transform(one, strength=strength)) for one in test], meaning, anchor)
        for name, strength, meaning, anchor in (
            ("made", 1.0, "all that was learnt", False),
            ("half", 0.5, "strength .5", False),
            ("colours", 0.0, "colours alone", True),
        )
    }
    gain = np.mean([one.mean((0, 1)) for one in other], 0) / np.mean([one.mean((0, 1)) for one in day], 0)
    plain: dict[str, Callable[[Pixels], Pixels]] = {
        "identity": lambda one: one,
        "gain": lambda one: np.rint((one * gain).clip(0, 255)).astype(np.uint8),
        "histogram": lambda one: histogram_matched(one, other),
        "histogram of all": _histogram_of_all(day, other),
    }
    methods |= {
        name: Method([values(turn(one)) for one in test], "", is_anchor=True) for name, turn in plain.items()
    }
    truths = [values(relit(kind, one, asked.seed)) for one in test]
    trial = Trial([values(one) for one in test], truths, [values(one) for one in other])
    yield judged(kind, methods, trial, asked, notes=list(translator.notes_))


def _histogram_of_all(given: Sequence[Pixels], wanted: Sequence[Pixels]) -> Callable[[Pixels], Pixels]:
    """For each channel one curve for all pictures: values of one set spread as those of the other."""
    shares = np.linspace(0, 1, 256)
    ends = [
        np.quantile(np.concatenate([one.reshape(-1, 3)[::37] for one in side]), shares, axis=0)
        for side in (given, wanted)
    ]

    def turn(one: Pixels) -> Pixels:
        moved = [np.interp(one[..., axis], ends[0][:, axis], ends[1][:, axis]) for axis in range(3)]
        return np.rint(np.stack(moved, 2)).astype(np.uint8)

    return turn


def style(asked: Asked) -> Iterator[dict[str, Any]]:
    """Photographs in the texture of one picture: that with the steepest slopes everywhere."""
    photographs = [*pictures_of("bsds500/bsds500_train40.zip").values()]
    chosen = int(np.argmax([_least_steep(one) for one in photographs]))
    others = [one for number, one in enumerate(photographs) if number != chosen]
    train, test = others[8:], others[:8]
    translator = asked.translator(unpaired=True).fit(train, [photographs[chosen]])
    made = {
        name: Method([values(translator.transform(one, strength=strength)) for one in test], "", not strength)
        for name, strength in (("made", 1.0), ("colours", 0.0))
    }
    made["identity"] = Method([values(one) for one in test], "", is_anchor=True)
    tiles = [values(one) for one in _tiles(photographs[chosen])]
    trial = Trial([values(one) for one in test], real=tiles)
    yield judged("style", made, trial, asked, notes=list(translator.notes_))


def _least_steep(picture: Pixels) -> float:
    """How steep the flattest tenth of the tiles of a picture is."""
    steep = [abs(np.diff(one.mean(2), axis=0)).mean() for one in _tiles(picture)]
    return float(np.quantile(steep, 0.1))


def _tiles(picture: Pixels) -> list[Pixels]:
    rows, columns = (side // TILE for side in picture.shape[:2])
    return [
        picture[TILE * row : TILE * (row + 1), TILE * column : TILE * (column + 1)]
        for row in range(rows)
        for column in range(columns)
    ]


# --- Drawn people -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class People:
    """Drawn characters, each in several pictures that differ in one attribute."""

    pictures: np.ndarray
    """Shape `(n, height, width, 3)`."""
    who: np.ndarray
    what: np.ndarray
    """What is measured: the expression, the sort of garment."""
    asked: Mapping[str, np.ndarray]
    """What is asked for, by name: the same, or the sort of garment and its colour."""
    rows: slice
    """Where pictures of one character differ."""


def people_of(name: str, attribute: str, asked: Sequence[str], rows: slice) -> People:
    """The characters of a folder of the data."""
    folder = data_folder() / name
    with (folder / "attributes.csv").open(newline="") as file:
        known = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / f"{name}64.zip") as opened:
        files = [Image.open(io.BytesIO(opened.read(one["file"]))).convert("RGB") for one in known]
    who, what = (np.array([one[column] for one in known]) for column in ("id", attribute))
    wanted = {column: np.array([one[column] for one in known], object) for column in asked}
    return People(np.stack([np.asarray(one) for one in files]), who, what, wanted, rows)


def people(
    name: str, attribute: str, by: Sequence[str], rows: slice, asked: Asked
) -> Iterator[dict[str, Any]]:
    """Another expression of the same character, or another garment, beside the true picture."""
    found = people_of(name, attribute, by, rows)
    rng = draws(asked.seed)
    characters = rng.permutation(np.unique(found.who))
    is_tested = np.isin(found.who, characters[:N_CHARACTERS])
    known = rng.permutation(np.flatnonzero(~is_tested))
    train = known[np.unique(found.who[known], return_index=True)[1]]  # one picture of each
    learnt = found.pictures[train], pd.DataFrame({name: one[train] for name, one in found.asked.items()})
    translator = asked.translator(to_attribute=[*by]).fit(learnt)
    known_values = sorted(set(found.what.tolist()))
    labels = np.searchsorted(known_values, found.what)
    probe = Probe(found.pictures[known], labels[known].tolist(), asked.seed)
    for number, value in enumerate(known_values):
        line = _person(found, is_tested, value, translator)
        made, wanted, source = (line.pop(side) for side in ("made", "wanted", "source"))
        if asked.pages:
            asked.pages.mkdir(parents=True, exist_ok=True)
            shown = [np.concatenate([*side[:N_SHOWN]], 1) for side in (source, made, wanted)]
            Image.fromarray(np.concatenate(shown)).save(asked.pages / f"{name} {value}.png")
        yield {"name": name, "to": value, "probe": probe.accuracy(made, [number] * len(made)), **line}
    of_real = probe.accuracy(found.pictures[is_tested], labels[is_tested].tolist())
    yield {"name": name, "probe on real": round(of_real, 4), "notes": list(translator.notes_)}


def _person(found: People, is_tested: np.ndarray, value: str, translator: Any) -> dict[str, Any]:
    """All tested characters that have another value, turned to this one."""
    is_it = found.what == value
    truths = dict(zip(found.who[is_tested & is_it].tolist(), np.flatnonzero(is_tested & is_it), strict=True))
    given = [place for place in np.flatnonzero(is_tested & ~is_it) if found.who[place] in truths]
    answers = [truths[found.who[place]] for place in given]
    wanted, source = found.pictures[answers], found.pictures[given]
    asked = [{name: of[answer] for name, of in found.asked.items()} for answer in answers]
    made = np.stack(
        [translator.transform(one, where=where) for one, where in zip(source, asked, strict=True)]
    )
    outside = np.ones(made.shape[1], bool)
    outside[found.rows] = False
    return {
        "made": made,
        "wanted": wanted,
        "source": source,
        "psnr": mean(_each(made, wanted)),
        "psnr of input": mean(_each(source, wanted)),
        "inside": mean(_each(made[:, found.rows], wanted[:, found.rows])),
        "outside": mean(_each(made[:, outside], wanted[:, outside])),
    }


def _each(made: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """PSNR in dB, at most 100."""
    return np.array([min(psnr(values(a), values(b)), 100.0) for a, b in zip(made, truth, strict=True)])


@dataclass
class Probe:
    """A classifier that learns on real pictures, and has no part in any game."""

    pictures: np.ndarray
    labels: Sequence[int]
    seed: int

    def __post_init__(self) -> None:
        n_classes, side = max(self.labels) + 1, self.pictures.shape[1] // 8
        n_channels = 1 if self.pictures.ndim == 3 else 3
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(self.seed)
            self._layers = nn.ModuleList(
                nn.Conv2d(a, b, 4, 2, 1) for a, b in ((n_channels, 16), (16, 32), (32, 64))
            )
            self._last = nn.Linear(64 * side**2, n_classes)
        parameters = [*self._layers.parameters(), *self._last.parameters()]
        optimiser = torch.optim.Adam(parameters, 1e-3)
        labels, randomness = torch.tensor(self.labels), Randomness(self.seed)
        for step in range(N_PROBE_STEPS):
            rows = randomness.permutation(len(labels), "probe", step)[:32]
            loss = cross_entropy(self._logits(self.pictures[rows.numpy()]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    def _logits(self, pictures: np.ndarray) -> torch.Tensor:
        x = torch.from_numpy(np.stack([values(one) for one in pictures]))
        for layer in self._layers:
            x = leaky_relu(layer(x), 0.2)
        return self._last(x.flatten(1))

    @torch.no_grad()
    def accuracy(self, pictures: np.ndarray, labels: Sequence[int]) -> float:
        """How often it says what they are."""
        return float((self._logits(pictures).argmax(1) == torch.tensor(labels)).float().mean())


# --- Digits -------------------------------------------------------------------------------------------------


def digits(asked: Asked) -> Iterator[dict[str, Any]]:
    """Thin digits made thick and thick ones thin: are they still what they were, and how thick are they?"""
    pictures, labels = (_mnist(name) for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    pictures = np.pad(pictures[: 6 * N_DIGITS], ((0, 0), (2, 2), (2, 2)))
    labels = labels[: len(pictures)]
    thick = np.array([thickness(one) for one in pictures])
    order = np.argsort(thick, kind="stable")
    ends = order[: len(order) // THIRD], order[-len(order) // THIRD :]
    sets = [draws(asked.seed).permutation(part) for part in ends]
    n_test = N_DIGITS // 10
    thin, fat = (part[n_test : n_test + N_DIGITS] for part in sets)
    translator = asked.translator(unpaired=True, size=pictures.shape[1]).fit(pictures[thin], pictures[fat])
    probe = Probe(pictures, labels.tolist(), asked.seed)
    for name, part, target, back in (("thicker", *sets, False), ("thinner", *sets[::-1], True)):
        given, known = pictures[part[:n_test]], labels[part[:n_test]].tolist()
        made = np.stack([translator.transform(one, back=back) for one in given])
        yield {
            "name": "digits",
            "to": name,
            "still what it was": round(probe.accuracy(made, known), 4),
            "probe on real": round(probe.accuracy(given, known), 4),
            "px thick": mean(np.array([thickness(one) for one in made])),
            "px of given": mean(thick[part[:n_test]]),
            "px of wanted": mean(thick[target[:n_test]]),
            "edges kept": mean(
                np.array([content_kept(values(a), values(b)) for a, b in zip(given, made, strict=True)])
            ),
        }
    yield {"name": "digits", "notes": list(translator.notes_)}


def _mnist(name: str) -> np.ndarray:
    with gzip.open(data_folder() / f"mnist/{name}.gz") as file:
        content = file.read()
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", n_axes, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def thickness(picture: Pixels) -> float:
    """Mean width of strokes in pixels: four times the mean distance of ink to what is none."""
    depth = np.asarray(distance_transform_edt(picture > 127))
    return float(4 * depth[depth > 0].mean() - 2) if (depth > 0).any() else 0.0


MEASUREMENTS: Final[Mapping[str, Callable[[Asked], Iterator[dict[str, Any]]]]] = {
    "night": partial(light, "night"),
    "winter": partial(light, "winter"),
    "expressions": partial(people, "expressions", "expression", ["expression"], slice(24, 50)),
    "garments": partial(people, "garments", "garment", ["garment", "garment_color"], slice(42, 64)),
    "digits": digits,
    "style": style,
}

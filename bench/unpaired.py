"""Translation without pairs where the answer is known all the same; run by `python -m bench translate`.

Night and winter: photographs by day, others relit; no photograph is on both sides, nor among those that are
tested. Digits: the thinnest and the thickest of MNIST, or how far they lean. Style: photographs in the
texture of one of them. People: see `unpaired_people`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt

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
from bench.unpaired_people import Probe, faces, people
from gansmith.scorecard.features import draws
from gansmith.scorecard.translation.content import content_kept
from gansmith.scorecard.translation.measuring import Method, Trial

N_LIT: Final = 16
"""Photographs by day, and as many others relit; eight are tested."""
N_DIGITS: Final = 2_000
"""Of each set; a tenth as many are tested."""
N_LEANT: Final = 200
"""Digits that are made to lean."""
THIRD: Final = 3
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


def slant(asked: Asked) -> Iterator[dict[str, Any]]:
    """How far a digit leans, a number: is it as asked for, and still the same digit?"""
    pictures, labels = (_mnist(name) for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    pictures = np.pad(pictures[: 2 * N_DIGITS + N_LEANT], ((0, 0), (2, 2), (2, 2)))
    train, given, labels = pictures[N_LEANT:], pictures[:N_LEANT], labels[: len(pictures)]
    degrees = np.array([leaning(one) for one in train])
    translator = asked.translator(to_attribute="slant").fit((train, pd.DataFrame({"slant": degrees})))
    probe = Probe(train, labels[N_LEANT:].tolist(), asked.seed)
    for wanted in (-10, 10, 30):
        made = np.stack([translator.transform(one, where={"slant": wanted}) for one in given])
        yield {
            "name": "slant",
            "to": wanted,
            "degrees": mean(np.array([leaning(one) for one in made])),
            "degrees of given": mean(np.array([leaning(one) for one in given])),
            "away": mean(abs(np.array([leaning(one) for one in made]) - wanted)),
            "away of given": mean(abs(np.array([leaning(one) for one in given]) - wanted)),
            "still what it was": round(probe.accuracy(made, labels[:N_LEANT].tolist()), 4),
            "probe on real": round(probe.accuracy(given, labels[:N_LEANT].tolist()), 4),
        }
    yield {"name": "slant", "notes": list(translator.notes_)}


def leaning(picture: Pixels) -> float:
    """Degrees by which strokes lean to the right, by the moments of the ink."""
    ink = picture / 255
    if not ink.any():
        return 0.0
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    down, across = ((axis - (ink * axis).sum() / ink.sum()) for axis in (rows, columns))
    return float(-np.degrees(np.arctan((ink * down * across).sum() / max((ink * down**2).sum(), 1e-9))))


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
    "faces": faces,
    "digits": digits,
    "slant": slant,
    "style": style,
}

"""Portraits and figures changed without pairs: drawn ones whose true answer is known, and photographed ones.

Of each drawn character that is learnt from there is one picture, of each that is tested all. Of the faces of
ORL it is known by eye alone who wears glasses.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import nn
from torch.nn.functional import cross_entropy, leaky_relu

from bench.peers.datasets import data_folder
from bench.translating import Asked, mean, scaled, values
from gansmith.engine.randomness import Randomness
from gansmith.scorecard.features import draws
from gansmith.scorecard.translation.fidelity import psnr

N_CHARACTERS: Final = 100
"""That are tested."""
N_SHOWN: Final = 12
"""Characters on a picture of given, made and wanted ones."""
N_PROBE_STEPS: Final = 500
FACE: Final = (56, 46)
"""Height and width that faces are brought to."""
N_TESTED_OF_EACH: Final = 2
"""Of ten pictures of a person."""
N_COMPONENTS: Final = 60
WITH_GLASSES: Final[Mapping[int, Sequence[int]]] = {
    2: range(1, 11), 4: (1, 2, 3, 8, 9), 6: range(1, 11), 7: (4, 5, 10), 13: (1, 2, *range(5, 11)),
    14: range(1, 11), 17: (1, 2, *range(5, 11)), 19: (1, 2, 3, 6, 10), 20: (1, 2, 3, 5, *range(7, 11)),
    27: range(1, 11), 28: range(1, 11), 31: range(1, 11), 34: range(1, 11), 36: (9, 10), 37: range(1, 11),
}  # fmt: skip
"""Pictures of ORL in which a person wears glasses, as somebody saw them who looked at all 400."""


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
        n_classes, n_points = (
            max(self.labels) + 1,
            (self.pictures.shape[1] // 8) * (self.pictures.shape[2] // 8),
        )
        n_channels = 1 if self.pictures.ndim == 3 else 3
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(self.seed)
            self._layers = nn.ModuleList(
                nn.Conv2d(a, b, 4, 2, 1) for a, b in ((n_channels, 16), (16, 32), (32, 64))
            )
            self._last = nn.Linear(64 * n_points, n_classes)
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


# --- Photographed faces -------------------------------------------------------------------------------------


def faces(asked: Asked) -> Iterator[dict[str, Any]]:
    """Glasses put on and taken off: does a probe see it, and is everybody still who he was?"""
    pictures, who, has_glasses = _orl()
    rng = draws(asked.seed)
    tested = np.concatenate(
        [rng.permutation(np.flatnonzero(who == one))[:N_TESTED_OF_EACH] for one in np.unique(who)]
    )
    known = np.setdiff1d(np.arange(len(who)), tested)
    labels = np.where(has_glasses, "yes", "no").astype(object)
    learnt = pictures[known], pd.DataFrame({"glasses": labels[known]})
    translator = asked.translator(to_attribute="glasses", size=FACE[0]).fit(learnt)
    probe = Probe(pictures[known], has_glasses[known].astype(int).tolist(), asked.seed)
    person = Person(pictures[known], who[known])
    for target in ("no", "yes"):
        given = tested[labels[tested] != target]
        made = np.stack([translator.transform(one, where={"glasses": target}) for one in pictures[given]])
        if asked.pages:
            asked.pages.mkdir(parents=True, exist_ok=True)
            shown = [np.concatenate([*side[:N_SHOWN]], 1) for side in (pictures[given], made)]
            Image.fromarray(np.concatenate(shown)).save(asked.pages / f"glasses {target}.png")
        yield {
            "name": "faces",
            "glasses": target,
            "n": len(given),
            "probe": round(probe.accuracy(made, [int(target == "yes")] * len(made)), 4),
            "rank-1 of given": round(person.share(pictures[given], who[given]), 4),
            "rank-1 of made": round(person.share(made, who[given]), 4),
            "psnr to given": mean(_each(made, pictures[given])),
        }
    of_real = probe.accuracy(pictures[tested], has_glasses[tested].astype(int).tolist())
    notes = list(translator.notes_)
    yield {"name": "faces", "probe on real": round(of_real, 4), "notes": notes}


def _orl() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, shape `(400, 56, 46)`, who they are of, and whether he wears glasses."""
    found, who, has_glasses = list[np.ndarray](), list[int](), list[bool]()
    with zipfile.ZipFile(data_folder() / "orl_faces/orl_faces.zip") as opened:
        for person in range(1, 41):
            for number in range(1, 11):
                with Image.open(io.BytesIO(opened.read(f"s{person}/{number}.pgm"))) as picture:
                    found.append(scaled(np.asarray(picture), *FACE))
                who.append(person)
                has_glasses.append(number in WITH_GLASSES.get(person, ()))
    return np.stack(found), np.array(who), np.array(has_glasses)


class Person:
    """Says of whom a picture is: the nearest of known ones in a space in which persons lie apart.

    Source: Belhumeur et al. 1997, "Eigenfaces vs. Fisherfaces", IEEE TPAMI 19.
    """

    def __init__(self, pictures: np.ndarray, who: np.ndarray) -> None:
        self._who = who
        self._plain = PCA(N_COMPONENTS, whiten=True, random_state=0)
        self._apart = LinearDiscriminantAnalysis()
        flat = self._plain.fit_transform(pictures.reshape(len(pictures), -1) / 255)
        self._known = self._apart.fit(flat, who).transform(flat)

    def share(self, pictures: np.ndarray, who: np.ndarray) -> float:
        """How often the nearest known picture is of the same person."""
        flat = self._plain.transform(pictures.reshape(len(pictures), -1) / 255)
        away = np.linalg.norm(self._apart.transform(flat)[:, None] - self._known[None], axis=2)
        return float((self._who[away.argmin(1)] == who).mean())

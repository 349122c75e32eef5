"""Real pictures for the bench: what is learnt from, and what is held out, of each data set.

They are looked for where GANSMITH_DATA says, else in `../shared/data` beside the project.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from PIL import Image

from bench.tables import BESIDE
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.pictures import Pictures

Pixels = np.ndarray[tuple[Any, ...], np.dtype[Any]]

SPLIT_SEED: Final = 0
"""Of what is drawn to be learnt from: the same in every run."""
N_CHARACTERS_TRAIN: Final = 7_000
N_PEOPLE_TRAIN: Final = 30
"""Of the 40 people of ORL."""
N_FEW: Final = 80
CHARACTER_ATTRIBUTES: Final = ("hair_color", "skin", "glasses", "hair_length")


@final
@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures of one form."""

    name: str
    train: Pictures
    heldout: Pictures
    beside: Pictures | None = None
    """Others like them, in neither: the judge's features are learnt from these, where few are learnt from."""


def data_folder() -> Path:
    """Where the data sets are."""
    return Path(os.environ.get("GANSMITH_DATA", BESIDE / "data"))


# --- Files --------------------------------------------------------------------------------------------------


def idx(path: Path) -> Pixels:
    """An array of bytes of MNIST's format: two zeros, type, number of dimensions, sizes, values."""
    content = gzip.decompress(path.read_bytes())
    n_dims = content[3]
    sizes = np.frombuffer(content, ">i4", n_dims, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_dims).reshape(sizes)


def pixels_of(content: bytes, mode: str, shrink: int = 1) -> Pixels:
    """One picture file as an array, box averages of `shrink` x `shrink` pixels."""
    with Image.open(io.BytesIO(content)) as image:
        converted = image.convert(mode)
        return np.asarray(converted.reduce(shrink) if shrink > 1 else converted)


def texts(values: list[str]) -> Pixels:
    """Attribute values as `Attributes` wants them."""
    return np.array(values, dtype=object)


# --- Sets ---------------------------------------------------------------------------------------------------


def mnist(folder: Path) -> PictureSet:
    """60,000 digits to learn from, 10,000 of other writers."""

    def part(name: str) -> Pictures:
        pixels, labels = (
            idx(folder / "mnist" / f"{name}-{what}-ubyte.gz") for what in ("images-idx3", "labels-idx1")
        )
        return Pictures.of(pixels, texts([str(label) for label in labels]), name=f"mnist {name}")

    return PictureSet("mnist", part("train"), part("t10k"))


def characters(folder: Path) -> PictureSet:
    """8,000 drawn heads with what they were drawn by; glasses of any form are yes."""
    with (folder / "characters" / "attributes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / "characters" / "characters64.zip") as archive:
        pixels = np.stack([pixels_of(archive.read(row["file"]), "RGB") for row in rows])
    columns = {name: texts([row[name] for row in rows]) for name in CHARACTER_ATTRIBUTES}
    columns["glasses"] = texts(["no" if row["glasses"] == "none" else "yes" for row in rows])
    everything = Pictures.of(pixels, name="characters", attributes=Attributes(columns))
    numbers = np.arange(len(rows))
    return PictureSet(
        "characters",
        everything.take(numbers[:N_CHARACTERS_TRAIN]),
        everything.take(numbers[N_CHARACTERS_TRAIN:]),
    )


def orl(folder: Path) -> PictureSet:
    """300 faces of 30 people at 46 x 56; the 100 of 10 other people held out."""
    faces = _orl_faces(folder)
    n_train = N_PEOPLE_TRAIN * 10
    numbers = np.arange(len(faces))
    return PictureSet("orl", faces.take(numbers[:n_train]), faces.take(numbers[n_train:]))


def orl80(folder: Path) -> PictureSet:
    """80 of these 300 faces; held out as before, the other 220 for the judge."""
    few = orl(folder)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(few.train))
    return PictureSet("orl80", few.train.take(order[:N_FEW]), few.heldout, few.train.take(order[N_FEW:]))


def _orl_faces(folder: Path) -> Pictures:
    """All 400, person by person."""
    with zipfile.ZipFile(folder / "orl_faces" / "orl_faces.zip") as archive:
        names = [f"s{person}/{number}.pgm" for person in range(1, 41) for number in range(1, 11)]
        pixels = np.stack([pixels_of(archive.read(name), "L", shrink=2) for name in names])
    return Pictures.of(pixels, name="orl faces")


def cifar10(folder: Path) -> PictureSet:
    """10,000 photographs of ten classes, 2,000 held out."""
    found: dict[str, tuple[list[Pixels], list[str]]] = {"train": ([], []), "test": ([], [])}
    with tarfile.open(next((folder / "cifar10").glob("*.tar.gz"))) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".jpg"):
                _, part, label, _ = member.name.split("/")
                file = archive.extractfile(member)
                assert file is not None
                found[part][0].append(pixels_of(file.read(), "RGB"))
                found[part][1].append(label)
    train, heldout = (
        Pictures.of(np.stack(pixels), texts(labels), name=f"cifar10 {part}")
        for part, (pixels, labels) in found.items()
    )
    return PictureSet("cifar10", train, heldout)


def emoji80(folder: Path) -> PictureSet:
    """80 emoji faces with transparency; the other faces held out, those of no face for the judge."""
    with (folder / "emoji" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with zipfile.ZipFile(folder / "emoji" / "emoji64.zip") as archive:
        pixels = np.stack([pixels_of(archive.read(row["file"]), "RGBA") for row in rows])
    is_face = np.array([row["group"] == "Smileys & Emotion" and "face" in row["subgroup"] for row in rows])
    is_plain = np.array([row["group"] != "People & Body" for row in rows])  # half of all, much alike
    faces = np.random.default_rng(SPLIT_SEED).permutation(np.flatnonzero(is_face))
    everything = Pictures.of(pixels, name="emoji")
    others = np.flatnonzero(~is_face & is_plain)
    return PictureSet(
        "emoji80", everything.take(faces[:N_FEW]), everything.take(faces[N_FEW:]), everything.take(others)
    )


SETS: Final[Mapping[str, Callable[[Path], PictureSet]]] = {
    "mnist": mnist,
    "characters": characters,
    "orl": orl,
    "cifar10": cifar10,
    "emoji80": emoji80,
    "orl80": orl80,
}


def unpacked_mri(folder: Path, to: Path) -> Path:
    """A folder of brain pictures as they were published, sub-folders `yes` and `no`, without the masks."""
    with zipfile.ZipFile(folder / "brain_mri" / "brain_mri.zip") as archive:
        for name in archive.namelist():
            if name.split("/")[0] in ("yes", "no") and not name.endswith("/"):
                archive.extract(name, to)
    return to


# --- To look at ---------------------------------------------------------------------------------------------


def sample_grid(real: Pictures, fake: Pictures, path: Path, n_columns: int = 16, n_rows: int = 4) -> None:
    """A PNG of real pictures above, generated ones below; opaque, on white."""
    parts = [
        _bright(pictures.take(np.arange(min(len(pictures), n_columns * n_rows)))) for pictures in (real, fake)
    ]
    height, width = parts[0].shape[1:3]
    scale, gap = max(1, 64 // max(height, width)), 2
    down, across, between = height * scale + gap, width * scale + gap, 12
    half = n_rows * down
    canvas = np.full((2 * half + between, n_columns * across, 3), 255, np.uint8)
    for part, top in zip(parts, (0, half + between), strict=True):
        for index, picture in enumerate(part.repeat(scale, 1).repeat(scale, 2)):
            row, column = divmod(index, n_columns)
            y, x = top + row * down, column * across
            canvas[y : y + height * scale, x : x + width * scale] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(canvas).save(path)


def _bright(pictures: Pictures) -> Pixels:
    """As RGB of 8 bits, shape `(n, height, width, 3)`."""
    form = pictures.form
    pixels = pictures.source.block(pictures.numbers).astype(np.float64)
    shares = ((pixels - form.lowest) / (form.highest - form.lowest)).clip(0, 1)
    n_colours = 3 if form.n_seen >= 3 else 1
    colours = np.broadcast_to(shares[..., :n_colours], (*shares.shape[:3], 3))
    if form.has_alpha:
        opacity = shares[..., form.n_seen - 1 : form.n_seen]
        colours = colours * opacity + (1 - opacity)
    return np.rint(colours * 255).astype(np.uint8)

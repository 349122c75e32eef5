"""Translation with a known answer: larger pictures, tumours, old photographs, figures; and a large one.

    python -m bench translate NAME ... [--budget 20m | --samples-seen N] [--seed 0] [--threads N]
                                       [--out FILE.jsonl] [--pages FOLDER]

NAME is set5, masks (brain MRI to tumour masks), mri (the other way, judged by a segmenter), old
(photographs), figures, or large (4,000 x 3,000 pixels); without pairs night, winter, expressions, garments,
faces (glasses), digits (thin to thick), slant (how far digits lean), or style (photographs in the texture of
one of them). The budget, or the number of windows, is that of all training of a name together. Figures of
the same network without the game, and of what needs no learning, stand beside.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageFilter

from bench import figures as drawn
from bench import unpaired
from bench.machine import machine
from bench.translating import (
    Asked,
    Pixels,
    histogram_matched,
    judged,
    mean,
    pictures_of,
    relit,
    scaled,
    values,
)
from gansmith import Translator
from gansmith.scorecard.translation.measuring import Method, Trial
from gansmith.tasks.runs.settings import parse_duration

FACTOR: Final = 4
N_OLD_TEST: Final = 10
"""Photographs of BSDS that restoration is tested on; it learns from the others."""
MRI_SIDE: Final = 128
N_FOLDS: Final = 2
N_SPLITS: Final = 5
MRI_TRAIN: Final = 96
N_FIGURES: Final = (1_000, 100)
"""To learn from and to be tested on."""
REACHED_PX: Final = 2.0
LARGE: Final = (4_000, 3_000)


def at_strengths(translator: Translator, given: Sequence[Pixels]) -> dict[str, Method]:
    """What a translator makes of pictures, sharp, faithful and between."""
    named = {"sharp": 1.0, "between": 0.5, "faithful": 0.0}
    return {
        name: Method(
            [values(translator.transform(one, strength=strength)) for one in given],
            f"strength {strength:g}",
            is_anchor=strength == 0,
        )
        for name, strength in named.items()
    }


# --- Names ------------------------------------------------------------------------------------------------


def set5(asked: Asked) -> Iterator[dict[str, Any]]:
    """Set5 made four times larger, learnt from forty photographs."""
    photographs, truths = pictures_of("bsds500/bsds500_train40.zip"), pictures_of("set5/set5.zip")
    translator = asked.translator(upscale=FACTOR).fit([*photographs.values()])
    truths = {name: _cropped(picture, FACTOR) for name, picture in truths.items()}
    small = [scaled(one, one.shape[0] // FACTOR, one.shape[1] // FACTOR) for one in truths.values()]
    methods = at_strengths(translator, small)
    bicubic = [
        values(scaled(one, *truth.shape[:2])) for one, truth in zip(small, truths.values(), strict=True)
    ]
    methods["bicubic"] = Method(bicubic, "interpolation", is_anchor=True)
    trial = Trial(
        [values(one) for one in small],
        [values(one) for one in truths.values()],
        names=[*truths],
        shave=FACTOR,
        kernel="bicubic, a = -1/2, antialiased",
    )
    yield judged("set5", methods, trial, asked, factor=FACTOR)


def masks(asked: Asked) -> Iterator[dict[str, Any]]:
    """Tumour masks of brain MRI, with the game and without: every picture is tested once."""
    scans, wanted = _mri()
    order = np.random.default_rng(asked.seed).permutation(len(scans))
    dice = {"game": np.zeros(len(scans)), "without": np.zeros(len(scans))}
    for fold in range(N_FOLDS):
        test = order[fold::N_FOLDS]
        train = np.setdiff1d(order, test)
        for name, preset in (("game", "default"), ("without", "faithful")):
            translator = asked.translator(0.5 / N_FOLDS, preset=preset).fit(scans[train], wanted[train])
            dice[name][test] = [_dice(translator.transform(scans[one]), wanted[one]) for one in test]
    gap = dice["game"] - dice["without"]
    yield {
        "name": "masks",
        **{f"dice {name}": mean(found) for name, found in dice.items()},
        "gain": mean(gap),
    }


def mri(asked: Asked) -> Iterator[dict[str, Any]]:
    """Made MRI of masks beside real ones: does a segmenter learn more from both?"""
    scans, wanted = _mri()
    gains: list[np.ndarray] = []
    share = 1 / N_SPLITS
    for split in range(N_SPLITS):
        order = np.random.default_rng(100 * asked.seed + split).permutation(len(scans))
        train, test = order[:MRI_TRAIN], order[MRI_TRAIN:]
        maker = asked.translator(share / 2).fit(wanted[train], scans[train])
        moved = _moved(wanted[train], split)
        made = np.stack([maker.transform(one, seed=split) for one in moved])
        dice = []
        both = np.concatenate([scans[train], made]), np.concatenate([wanted[train], moved])
        for given, truth in ((scans[train], wanted[train]), both):
            segmenter = asked.translator(share / 4, preset="faithful").fit(given, truth)
            dice.append(np.array([_dice(segmenter.transform(scans[one]), wanted[one]) for one in test]))
        gains.append(dice[1] - dice[0])
        yield {"name": "mri", "split": split, "dice real": mean(dice[0]), "dice both": mean(dice[1])}
    yield {"name": "mri", "gain": mean(np.array([gain.mean() for gain in gains]))}


def old(asked: Asked) -> Iterator[dict[str, Any]]:
    """Old photographs: learnt from our own damages, tested on those of another hand."""
    photographs = [*pictures_of("bsds500/bsds500_train40.zip").values()]
    train, test = photographs[N_OLD_TEST:], photographs[:N_OLD_TEST]
    translator = asked.translator(restore=True).fit(train)
    damaged = [relit("old", one, asked.seed) for one in test]
    methods = at_strengths(translator, damaged)
    methods["damaged"] = Method([values(one) for one in damaged], "as it is", is_anchor=True)
    median = [np.asarray(Image.fromarray(one).filter(ImageFilter.MedianFilter(3))) for one in damaged]
    methods["median"] = Method([values(one) for one in median], "3 x 3", is_anchor=True)
    matched = [histogram_matched(one, train) for one in damaged]
    methods["histogram"] = Method([values(one) for one in matched], "matched to photographs", is_anchor=True)
    trial = Trial([values(one) for one in damaged], [values(one) for one in test])
    yield judged("old", methods, trial, asked)


def figures(asked: Asked) -> Iterator[dict[str, Any]]:
    """Stick figures to rendered figures, and back: are limbs where they should be?"""
    sticks, bodies, _ = drawn.figures(sum(N_FIGURES), asked.seed)
    n_train = N_FIGURES[0]
    for name, given, wanted, found in (
        ("figures", sticks, bodies, drawn.limbs_of_body),
        ("figures back", bodies, sticks, drawn.limbs_of_sticks),
    ):
        translator = asked.translator(0.5).fit(given[:n_train], wanted[:n_train])
        for strength in (1.0, 0.0):
            made = [translator.transform(one, strength=strength) for one in given[n_train:]]
            away = [
                np.linalg.norm(found(one) - found(truth), axis=1)
                for one, truth in zip(made, wanted[n_train:], strict=True)
            ]
            reached = np.concatenate(away) <= REACHED_PX
            yield {
                "name": name,
                "strength": strength,
                "limbs within 2 px": mean(reached.astype(float)),
                "median px": round(float(np.nanmedian(np.concatenate(away))), 3),
            }


def large(asked: Asked) -> Iterator[dict[str, Any]]:
    """A photograph of 12 megapixels, by the command line: memory and time."""
    photographs = [*pictures_of("bsds500/bsds500_train40.zip").values()]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "large.png"
        Image.fromarray(photographs[0]).resize(LARGE, Image.Resampling.BICUBIC).save(picture)
        for name, settings in (("upscale 2", {"upscale": 2}), ("restore", {"restore": True})):
            model = Path(folder) / f"{name}.gan"
            translator = Translator(samples_seen=64, seed=asked.seed, **settings)  # type: ignore[arg-type]
            translator.fit(photographs[:8]).save(model)
            yield {"name": "large", "model": name, **_applied(model, picture, Path(folder) / "out.png")}


MEASUREMENTS: Final[dict[str, Callable[[Asked], Iterator[dict[str, Any]]]]] = {
    "set5": set5, "masks": masks, "mri": mri, "old": old, "figures": figures, "large": large,
    **unpaired.MEASUREMENTS,
}  # fmt: skip


# --- What they need ---------------------------------------------------------------------------------------


def _cropped(picture: Pixels, factor: int) -> Pixels:
    height, width = (side // factor * factor for side in picture.shape[:2])
    return picture[:height, :width]


def _mri() -> tuple[np.ndarray, np.ndarray]:
    """Scans with a tumour and its mask, grey, each brought to a square."""
    archive = "brain_mri/brain_mri.zip"
    scans, wanted = pictures_of(archive, "yes/"), pictures_of(archive, "masks/")
    names = [name for name in scans if name in wanted]
    square = [
        np.stack([scaled(found[name][..., 0], MRI_SIDE, MRI_SIDE) for name in names])
        for found in (scans, wanted)
    ]
    return square[0], np.where(square[1] > 127, 255, 0).astype(np.uint8)


def _moved(wanted: np.ndarray, seed: int) -> np.ndarray:
    """Masks mirrored and shifted a little."""
    chance = np.random.default_rng(seed)
    return np.stack(
        [
            np.roll(one[:, ::-1] if chance.random() < 0.5 else one, chance.integers(-8, 9, 2), (0, 1))
            for one in wanted
        ]
    )


def _dice(made: Pixels, truth: Pixels) -> float:
    one, other = made > 127, truth > 127
    return float((2 * (one & other).sum() + 1) / (one.sum() + other.sum() + 1))


def _applied(model: Path, picture: Path, output: Path) -> dict[str, Any]:
    """The command's own figures, and the most memory that it held."""
    arguments = ["apply", str(model), str(picture), "-o", str(output), "--json"]
    started = time.monotonic()
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {
        "seconds": round(time.monotonic() - started, 1),
        "seconds per megapixel": round(json.loads(done.stdout)["seconds_per_megapixel"], 2),
        "GiB": round(int(done.stderr.splitlines()[-1]) / 2**20, 2),
    }


_MEASURED: Final = (
    "import resource, sys; from gansmith.faces.cli import run; run(sys.argv[1:]);"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
)


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench translate", description=str(__doc__).splitlines()[0]
    )
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], default=[*MEASUREMENTS])
    parser.add_argument("--budget", default="20m", help="of all training for a name")
    parser.add_argument("--samples-seen", type=int, default=0, help="in the place of the budget")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0 chooses")
    parser.add_argument("--out", type=Path, help="append figures as JSON lines")
    parser.add_argument("--pages", type=Path, help="a folder for pages with pictures")
    given = parser.parse_args(arguments)
    seconds, n_samples = parse_duration(given.budget), given.samples_seen
    asked = Asked(seconds, given.seed, given.threads, given.pages, n_samples)
    length = {"samples_seen": n_samples} if n_samples else {"budget": given.budget}
    for name in given.names:
        for line in MEASUREMENTS[name](asked):
            line = {**line, **length, "seed": given.seed, "machine": machine()}
            print(json.dumps(line), flush=True)
            if given.out:
                with given.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")

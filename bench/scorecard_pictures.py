"""The scorecard of pictures: honest pictures, planted faults, and what a card costs.

`python -m bench scorecard_pictures nulls|faults|cost|order [--sets mnist orl cifar10] [--draws 20]`

"order": one run is looked at after a tenth, a quarter, a half and at its end, of 20 minutes: every score that
says how real pictures are should say that they become better.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from bench.machine import machine
from bench.picture_sets import SETS, data_folder
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import scoring
from gansmith.modalities.image.pictures import InMemory, Pictures, joined
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.real.coverage import expected_coverage
from gansmith.scorecard.score import CEILING, FULL, QUICK
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

USUAL_SETS: Final = ("mnist", "orl", "cifar10")
N_PICTURES: Final = 1_000
"""Of each part of a quick card here."""
N_FRESH: Final = 10
"""Times as many fresh ones, where there are so many: some faults are drawn from these."""
N_COST: Final = 10_000
N_ORDERED: Final = 5_000
SHARES: Final = (0.1, 0.25, 0.5, 1.0)
SHARE: Final = 0.1
"""Of the pictures that are copies."""
Rng = np.random.Generator
Planted = Callable[[Pictures, Pictures, Rng], Pictures]
"""Training pictures and fresh ones to generated ones with a fault."""


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench scorecard_pictures ...` does."""
    parser = argparse.ArgumentParser(prog="python -m bench scorecard_pictures", description=__doc__)
    parser.add_argument("what", nargs="+", choices=["nulls", "faults", "cost", "order"])
    parser.add_argument("--sets", nargs="+", default=USUAL_SETS, choices=[*SETS])
    parser.add_argument("--draws", type=int, default=20, help="of honest pictures")
    parser.add_argument("--seed", type=int, default=0, help="of the first draw")
    parser.add_argument("--budget", default="20m", help="of the run that is looked at several times")
    parser.add_argument(
        "--out", type=Path, help="folder for the model of that run, see `bench pictures --again`"
    )
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}; {machine()}", flush=True)
    for name in options.sets:
        for what in options.what:
            {"nulls": nulls, "faults": faults, "cost": cost, "order": order}[what](name, options)


def nulls(name: str, options: argparse.Namespace) -> None:
    """Real pictures in the place of generated ones: what is wrong with them?"""
    z_told, z_covered, n_accused = [], [], 0
    for draw in range(options.seed, options.seed + options.draws):
        fresh, train, holdout = _thirds(name, draw)
        fake = fresh.take(np.arange(len(train)))
        card = _card(fake, train, holdout, draw)
        told, covered = card["c2st"].score, card["coverage"].score
        n = covered.n
        z_told.append((told.value - 0.5) / told.error)
        z_covered.append((covered.value - expected_coverage(n, n, 5)) / covered.error)
        accused = [line.question for line in card.verdict if line.level in ("amber", "red")]
        n_accused += bool(accused)
        said = " ".join(line.text for line in card.verdict if line.level in ("amber", "red"))
        print(f"{name} {draw}: c2st {told}, coverage {covered}, {[line.level for line in card.verdict]} "
              f"{said}", flush=True)  # fmt: skip
    for what, z in (("c2st", z_told), ("coverage", z_covered)):
        beyond = sum(abs(one) > 1.96 for one in z)
        print(f"{name}: {what} from its expected value in errors: mean {np.mean(z):.2f}, "
              f"spread {np.std(z):.2f}, beyond 1.96 {beyond} of {len(z)}")  # fmt: skip
    print(f"{name}: accused {n_accused} of {options.draws}", flush=True)


def faults(name: str, options: argparse.Namespace) -> None:
    """What each planted fault is caught by."""
    fresh, train, holdout = _thirds(name, options.seed)
    fakes = [plant(train, fresh, np.random.default_rng(options.seed)) for plant in FAULTS.values()]
    cards = scoring.score_pictures(fakes, train, holdout, None, options.seed, QUICK)
    for fault, card in zip(FAULTS, cards, strict=True):
        lines = [f"{line.level}: {line.text}" for line in card.verdict if line.level in ("amber", "red")]
        print(f"{name}, {fault}\n  " + ("\n  ".join(lines) or "NOT CAUGHT"), flush=True)


def cost(name: str, options: argparse.Namespace) -> None:
    """Seconds and memory of `gansmith score`, from the shell's point of view."""
    pictures = SETS[name](data_folder()).train
    order = np.random.default_rng(options.seed).permutation(len(pictures))
    parts = np.array_split(order[: 3 * N_COST], 3)
    with tempfile.TemporaryDirectory() as temporary:
        paths = [Path(temporary) / f"{part}.npz" for part in ("fake", "real", "holdout")]
        for path, rows in zip(paths, parts, strict=True):
            part = pictures.take(rows)
            np.savez(path, images=part.pixels, labels=np.asarray(part.labels).astype(str))
        command = [sys.executable, "-m", "gansmith", "score", str(paths[0]), "--real", str(paths[1])]
        command += ["--holdout", str(paths[2]), "-o", str(Path(temporary) / "report.html")]
        for effort, more in (("quick", ["--quick"]), ("full", [])):
            started = time.perf_counter()
            subprocess.run([*command, *more], check=True, capture_output=True)
            seconds = time.perf_counter() - started
            peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            size = (Path(temporary) / "report.html").stat().st_size / 1e6
            print(f"{name}, {len(parts[0]):,} against {len(parts[2]):,}, {effort} card: {seconds:.1f} s, "
                  f"{peak_mib:,.0f} MiB; report {size:.1f} MB", flush=True)  # fmt: skip


def order(name: str, options: argparse.Namespace) -> None:
    """The same model at several times of its run."""
    pictures = SETS[name](data_folder())
    run = start(pictures.train, FitConfig(budget=options.budget, seed=options.seed))
    fakes, shares = list[Pictures](), list(SHARES)
    for record in run:
        if shares and record.step >= shares[0] * record.n_steps:
            fakes.append(run.model().sample(N_ORDERED, options.seed))
            print(f"{name}: {shares.pop(0):.0%}, {run.training.samples_seen:,} pictures seen", flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        run.model().save(options.out / f"{name}-default-{options.seed}.gan")
    some = np.random.default_rng(options.seed).permutation(len(pictures.train))[: 2 * N_ORDERED]
    train = pictures.train.take(some)
    cards = list(scoring.score_pictures(fakes, train, pictures.heldout, None, options.seed, FULL))
    for entry in cards[0].entries:
        if entry.family == "real" or entry.name == "tstr":
            scores, real = [card[entry.name].score for card in cards], entry.anchors[CEILING].value
            gaps = [abs(score.value - real) for score in scores]
            is_right = all(before > after for before, after in pairwise(gaps))
            print(f"{name} {entry.name}: {'  '.join(map(str, scores))}  real {real:.4g}  "
                  f"{'right' if is_right else 'WRONG ORDER'}", flush=True)  # fmt: skip


def _thirds(name: str, seed: int) -> list[Pictures]:
    """Fresh real pictures, more than as many where there are, training and held-out ones, drawn at random."""
    pictures = SETS[name](data_folder()).train
    if name == "orl":  # all people: halves of one source
        pictures = joined([pictures, SETS[name](data_folder()).heldout])
    order = np.random.default_rng(seed).permutation(len(pictures))
    n = min(N_PICTURES, len(order) // 3)
    return [pictures.take(part) for part in (order[2 * n :][: N_FRESH * n], order[:n], order[n : 2 * n])]


def _card(fake: Pictures, train: Pictures, holdout: Pictures, seed: int) -> Scorecard:
    return next(scoring.score_pictures([fake], train, holdout, None, seed, QUICK))


# --- Faults -------------------------------------------------------------------------------------------------


def _changed(change: Callable[[np.ndarray, Rng], np.ndarray], share: float = 1.0) -> Planted:
    """A share of the pictures are training pictures that are changed, the others are fresh."""

    def plant(train: Pictures, fresh: Pictures, rng: Rng) -> Pictures:
        fresh = fresh.take(np.arange(len(train)))
        n = int(share * len(fresh))
        pixels = fresh.source.block(fresh.numbers).copy()
        pixels[:n] = change(train.source.block(train.numbers[:n]), rng)
        columns = {
            key: np.concatenate([train.attributes.columns[key][:n], column[n:]])
            for key, column in fresh.attributes.columns.items()
        }
        return replace(
            fresh, source=InMemory(pixels), numbers=np.arange(len(pixels)), attributes=Attributes(columns)
        )

    return plant


def _on_fresh(change: Callable[[np.ndarray, Rng], np.ndarray]) -> Planted:
    """Fresh pictures, changed."""

    def plant(train: Pictures, fresh: Pictures, rng: Rng) -> Pictures:
        fresh = fresh.take(np.arange(len(train)))
        pixels = change(fresh.source.block(fresh.numbers).copy(), rng)
        return replace(fresh, source=InMemory(pixels), numbers=np.arange(len(pixels)))

    return plant


def _shifted(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    del rng
    return np.pad(pixels, ((0, 0), (2, 0), (2, 0), (0, 0)), mode="edge")[:, :-2, :-2]


def _blurred(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    del rng
    how = ImageFilter.GaussianBlur(1)
    made = [np.asarray(Image.fromarray(one.squeeze()).filter(how)) for one in pixels]
    return np.stack(made).reshape(pixels.shape)


def _checkered(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    del rng
    down, across = np.indices(pixels.shape[1:3])
    pattern = np.where((down + across) % 2, 12, -12)[..., None]
    return (pixels.astype(np.int16) + pattern).clip(0, 255).astype(np.uint8)


def _some_blank(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    del rng
    pixels[::20] = 0
    return pixels


def _repeated(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    del rng
    pixels[: min(200, len(pixels) // 5)] = pixels[0]
    return pixels


def _of_classes(weights: Callable[[int], np.ndarray]) -> Planted:
    """Fresh pictures, drawn again by the weight of their class; without labels, by brightness."""

    def plant(train: Pictures, fresh: Pictures, rng: Rng) -> Pictures:
        if fresh.labels is None:
            bright = fresh.pixels.reshape(len(fresh), -1).mean(axis=1)
            codes = (bright > np.median(bright)).astype(int)
        else:
            codes = np.unique(fresh.labels.astype(str), return_inverse=True)[1]
        chance = weights(int(codes.max()) + 1)[codes]
        n = min(len(train), int((chance > 0).sum() // 2))
        return fresh.take(rng.choice(len(fresh), n, replace=False, p=chance / chance.sum()))

    return plant


def _half_of_them(n: int) -> np.ndarray:
    return np.arange(n) % 2 * 1.0


def _one_often(n: int) -> np.ndarray:
    return np.where(np.arange(n) == 0, 10.0, 1.0)


def _larger(train: Pictures, fresh: Pictures, rng: Rng) -> Pictures:
    """As if it came from files of twice the size."""
    del rng
    fresh, form = fresh.take(np.arange(len(train))), fresh.form
    size = (2 * form.height, 2 * form.width, form.n_channels)
    return replace(fresh, sizes=dict.fromkeys(fresh.numbers.tolist(), size))


FAULTS: Final[dict[str, Planted]] = {
    "a tenth copied": _changed(lambda pixels, rng: pixels, SHARE),
    "a tenth copied, shifted by two pixels": _changed(_shifted, SHARE),
    "a tenth copied, mirrored": _changed(lambda pixels, rng: pixels[:, :, ::-1], SHARE),
    "a tenth copied, brightened": _changed(lambda pixels, rng: (pixels * 0.8 + 40).astype(np.uint8), SHARE),
    "a tenth copied, blurred": _changed(_blurred, SHARE),
    "half of the classes missing": _of_classes(_half_of_them),
    "one class ten times as often": _of_classes(_one_often),
    "all equal": _on_fresh(lambda pixels, rng: np.repeat(pixels[:1], len(pixels), axis=0)),
    "noise": _on_fresh(lambda pixels, rng: rng.integers(0, 256, pixels.shape).astype(np.uint8)),
    "a checkerboard": _on_fresh(_checkered),
    "one blank in twenty": _on_fresh(_some_blank),
    "another size": _larger,
    "200 identical": _on_fresh(_repeated),
}


if __name__ == "__main__":
    run(sys.argv[1:])

"""What is measured on each set of real or made pictures, once a model of it has been learnt."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from bench import phantoms
from bench.machine import one_thread
from bench.picture_judge import (
    Copies,
    Features,
    Probe,
    class_divergence,
    codes_of,
    copies,
    coverage_and_density,
    frechet_distance,
    inputs_of,
    known_values,
    learnt_denoiser,
    learnt_probe,
)
from bench.picture_sets import CHARACTER_ATTRIBUTES, SETS, PictureSet, data_folder, sample_grid, unpacked_mri
from bench.picture_task import Row, Task, at_least, at_most
from gansmith.modalities.attribute_labels import LABEL
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image.pictures import Pictures
from gansmith.tasks.opening import open_data

N_COMPARED: Final = 2_000
"""Held-out pictures, and as many others, that coverage compares, where there are so many."""
N_DRAWS: Final = 5
"""Of those that held-out pictures are compared with."""
N_CLASSIFIED: Final = 10_000
"""Pictures whose classes are compared with those of the data."""
N_COPIES: Final = 1_000
"""Generated pictures among which copies are looked for."""
N_DENOISING_STEPS: Final = 600
"""Of 64 pictures: then the nearest of 100 ORL faces is the same person in 98 %, of people never seen."""
EPOCHS: Final = {"mnist": 5, "characters": 12, "cifar10": 10, "mri": 40}
"""Of a probe, on real and on generated pictures alike."""
MRI_SIZE: Final = "64x64"
N_PHANTOMS: Final = 2_000
N_HISTOGRAM_BINS: Final = 64
JUDGE_SEED: Final = 0
HELD_OUT: Final = "coverage of held-out"
STRICT: Final = "nearer than pictures learnt from are"
"""To each other, all but 1 % of them: a copy, whatever was held out."""

Judge = Callable[[Tensor], Features]


@final
@dataclass(frozen=True)
class Likeness:
    """How features of some pictures compare with those of held-out ones: means over draws."""

    coverage: float
    density: float
    frechet: float
    spread: float
    """Standard deviation of the coverage."""


def likeness(heldout: Features, others: Features) -> Likeness:
    """Compare as many others as are held out, in several draws."""
    n, rng = min(len(heldout), len(others)), np.random.default_rng(JUDGE_SEED)
    draws = [others[rng.permutation(len(others))[:n]] for _ in range(N_DRAWS)]
    found = np.array(
        [[*coverage_and_density(heldout, draw), frechet_distance(heldout, draw)] for draw in draws]
    )
    return Likeness(*found.mean(0).tolist(), float(found[:, 0].std()))


def real_set(name: str) -> PictureSet:
    """A set of `picture_sets`, if it is there."""
    return SETS[name](data_folder())


def probe_for(pictures: Pictures, names: Mapping[str, list[str]], epochs: int) -> Probe:
    """A probe of these attributes, learnt from these pictures."""
    targets = {name: codes_of(pictures, name, known) for name, known in names.items()}
    n_values = {name: len(known) for name, known in names.items()}
    return learnt_probe(inputs_of(pictures), targets, n_values, epochs, JUDGE_SEED)


def first(pictures: Pictures, n: int) -> Pictures:
    """The first so many."""
    return pictures.take(np.arange(min(n, len(pictures))))


# --- With labels --------------------------------------------------------------------------------------------


def mnist(task: Task) -> list[Row]:
    """Digits: useful for a classifier, as varied as real ones, classes as frequent."""
    data = real_set("mnist")
    model = task.learnt(data.train)
    with one_thread():
        fakes = model.sample(len(data.train), seed=task.seed + 1)
        sample_grid(data.heldout, fakes, task.out / "mnist.png")
        digits = {LABEL: known_values(data.train, LABEL)}
        probes = [probe_for(pictures, digits, EPOCHS["mnist"]) for pictures in (fakes, data.train)]
        wanted = {LABEL: codes_of(data.heldout, LABEL, digits[LABEL])}
        tstr, trtr = (probe.accuracy(inputs_of(data.heldout), wanted)[LABEL] for probe in probes)
        of_real = probes[1]
        ours, real = _against_real(of_real.trunk.features, data, fakes)
        few = np.random.default_rng(JUDGE_SEED).permutation(len(data.train))[:N_CLASSIFIED]
        all_codes = codes_of(data.train, LABEL, digits[LABEL])
        divergences = [
            class_divergence(all_codes, of_real.seen(inputs_of(pictures))[LABEL], len(digits[LABEL]))
            for pictures in (first(fakes, N_CLASSIFIED), data.train.take(few))
        ]
    return [
        at_least("TSTR accuracy over TRTR", tstr / trtr, 0.99),
        Row("accuracy of a probe learnt from it", tstr, real=trtr),
        at_least("coverage", ours.coverage, real.coverage - 0.01, real=real.coverage, spread=ours.spread),
        *_density_and_distance(ours, real),
        at_most("class KL", divergences[0], 0.01, real=divergences[1]),
    ]


def characters(task: Task) -> list[Row]:
    """Drawn heads: what is asked for is what a probe sees."""
    data = real_set("characters")
    model = task.learnt(data.train)
    with one_thread():
        fakes = model.sample(N_DRAWS * len(data.heldout), seed=task.seed + 1)
        sample_grid(data.heldout, fakes, task.out / "characters.png")
        known = {name: known_values(data.train, name) for name in CHARACTER_ATTRIBUTES}
        probe = probe_for(data.train, known, EPOCHS["characters"])
        accuracies = [
            probe.accuracy(
                inputs_of(pictures), {name: codes_of(pictures, name, known[name]) for name in known}
            )
            for pictures in (fakes, data.heldout)
        ]
        ours, real = _against_real(probe.trunk.features, data, fakes)
    return [
        *(
            at_least(
                f"{name} as asked for",
                accuracies[0][name],
                0.95 * accuracies[1][name],
                real=accuracies[1][name],
            )
            for name in known
        ),
        at_least("coverage", ours.coverage, 0.60, real=real.coverage, spread=ours.spread),
        *_density_and_distance(ours, real),
    ]


def cifar10(task: Task) -> list[Row]:
    """Photographs: against the DCGAN preset in the same time."""
    data = real_set("cifar10")
    models = [task.learnt(data.train), task.learnt(data.train, "dcgan")]
    with one_thread():
        fakes = [model.sample(N_DRAWS * len(data.heldout), seed=task.seed + 1) for model in models]
        for name, pictures in zip(("cifar10", "cifar10-dcgan"), fakes, strict=True):
            sample_grid(data.heldout, pictures, task.out / f"{name}.png")
        classes = {LABEL: known_values(data.train, LABEL)}
        probe = probe_for(data.train, classes, EPOCHS["cifar10"])
        (ours, real), (theirs, _) = (
            _against_real(probe.trunk.features, data, pictures) for pictures in fakes
        )
        accuracies = [
            probe.accuracy(inputs_of(pictures), {LABEL: codes_of(pictures, LABEL, classes[LABEL])})[LABEL]
            for pictures in (*fakes, data.heldout)
        ]
    coverages = {"real": real.coverage, "dcgan": theirs.coverage, "spread": ours.spread}
    distances = {"real": real.frechet, "dcgan": theirs.frechet}
    return [
        at_least("coverage", ours.coverage, 2 * theirs.coverage, **coverages),
        Row("density", ours.density, real=real.density, dcgan=theirs.density),
        at_most("FD-local", ours.frechet, theirs.frechet / 2, **distances),
        Row("class as asked for", accuracies[0], real=accuracies[2], dcgan=accuracies[1]),
    ]


def mri(task: Task) -> list[Row]:
    """Brains with and without a tumour: few pictures, of many sizes, from a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = unpacked_mri(data_folder(), Path(temporary))
        opened = open_data(str(folder), options={"size": MRI_SIZE})
        real: Pictures = opened.records
        inputs = inputs_of(real)  # before the folder is gone
        known = known_values(real, LABEL)
        codes = codes_of(real, LABEL, known)
        model = task.learnt(opened)
        with one_thread():
            n_each = N_CLASSIFIED // 20
            parts = [model.sample(n_each, seed=task.seed + 1, where={LABEL: value}) for value in known]
            sample_grid(real, model.sample(64, seed=task.seed + 2), task.out / "mri.png")
    with one_thread():
        probe = _mri_probe(inputs, codes, len(known))
        shares = [
            float((probe.seen(inputs_of(part))[LABEL] == place).double().mean())
            for place, part in enumerate(parts)
        ]
        folds = torch.randperm(len(codes), generator=torch.Generator().manual_seed(JUDGE_SEED)).chunk(5)
        right = torch.zeros(len(codes), dtype=torch.bool)
        for fold in folds:
            rest = torch.cat([other for other in folds if other is not fold])
            seen = _mri_probe(inputs[rest], codes[rest], len(known)).seen(inputs[fold])[LABEL]
            right[fold] = seen == codes[fold]
        of_real = [float(right[codes == place].double().mean()) for place in range(len(known))]
    return [
        at_least(
            "class as asked for, mean of both", float(np.mean(shares)), 0.8, real=float(np.mean(of_real))
        ),
        *(
            Row(f"{name} seen as {name}", ours, real=theirs)
            for name, ours, theirs in zip(known, shares, of_real, strict=True)
        ),
    ]


def _mri_probe(inputs: Tensor, codes: Tensor, n_values: int) -> Probe:
    """Learnt from pictures and their mirror images: of real ones that it has not seen it then knows 79 %."""
    both, targets = torch.cat([inputs, inputs.flip(3)]), {LABEL: torch.cat([codes, codes])}
    return learnt_probe(both, targets, {LABEL: n_values}, EPOCHS["mri"], JUDGE_SEED, is_balanced=True)


def _against_real(judge: Judge, data: PictureSet, fakes: Pictures) -> tuple[Likeness, Likeness]:
    """Of generated pictures, and of those that were learnt from, both with the held-out ones."""
    heldout = judge(inputs_of(first(data.heldout, N_COMPARED)))
    n = N_DRAWS * len(heldout)
    train = data.train.take(np.random.default_rng(JUDGE_SEED).permutation(len(data.train))[:n])
    ours, real = (likeness(heldout, judge(inputs_of(one))) for one in (first(fakes, n), train))
    return ours, real


def _density_and_distance(ours: Likeness, real: Likeness, dcgan: Likeness | None = None) -> list[Row]:
    return [
        Row("density", ours.density, real=real.density, dcgan=dcgan.density if dcgan else None),
        Row("FD-local", ours.frechet, real=real.frechet, dcgan=dcgan.frechet if dcgan else None),
    ]


# --- Without labels -----------------------------------------------------------------------------------------


def orl(task: Task) -> list[Row]:
    """Faces: people that were never seen, beside what real pictures of other people reach."""
    data = real_set("orl")
    (ours,), real = _without_labels(task, data, [""])
    border = 0.8 * real.coverage
    return [
        at_least(HELD_OUT, ours.like.coverage, border, real=real.coverage, spread=ours.like.spread),
        *_density_and_distance(ours.like, real),
        at_most("copies", ours.copies.fake, ours.copies.heldout, real=ours.copies.heldout),
        Row(STRICT, ours.copies.fake_strict),
    ]


def few(task: Task) -> list[Row]:
    """Eighty pictures: no copies, and more of the unseen ones reached than by the DCGAN preset."""
    data = real_set(task.name)
    (ours, theirs), real = _without_labels(task, data, ["", "dcgan"])
    coverages = {"real": real.coverage, "dcgan": theirs.like.coverage, "spread": ours.like.spread}
    return [
        at_least(HELD_OUT, ours.like.coverage, theirs.like.coverage, **coverages),
        *_density_and_distance(ours.like, real, theirs.like),
        at_most("copies", ours.copies.fake, ours.copies.heldout, real=ours.copies.heldout,
                dcgan=theirs.copies.fake),
        Row(STRICT, ours.copies.fake_strict, dcgan=theirs.copies.fake_strict),
    ]  # fmt: skip


@final
@dataclass(frozen=True)
class Unlabelled:
    """What is found of one model's pictures, where there are no labels to judge by."""

    like: Likeness
    copies: Copies


def _without_labels(
    task: Task, data: PictureSet, presets: Sequence[str]
) -> tuple[list[Unlabelled], Likeness]:
    """What is found of a model of each preset, and how alike real pictures are; by a denoiser's features."""
    models = [task.learnt(data.train, preset) for preset in presets]
    found, real = list[Unlabelled](), None
    with one_thread():
        seen = inputs_of(data.beside or data.train)
        judge = learnt_denoiser(seen, -(-64 * N_DENOISING_STEPS // len(seen)), JUDGE_SEED).features
        for preset, model in zip(presets, models, strict=True):
            fakes = model.sample(N_COPIES, seed=task.seed + 1)
            sample_grid(data.heldout, fakes, task.out / f"{task.name}{preset and f'-{preset}'}.png")
            like, real = _against_real(judge, data, fakes)
            three = (inputs_of(one) for one in (fakes, data.heldout, data.train))
            found.append(Unlabelled(like, copies(*three, has_alpha=data.train.form.has_alpha)))
    assert real is not None
    return found, real


# --- Phantoms -----------------------------------------------------------------------------------------------


def phantom(task: Task) -> list[Row]:
    """16 bits come back as 16 bits with their histogram; as many cells as were asked for."""
    return [*_ct(task), *_cells(task)]


def _ct(task: Task) -> list[Row]:
    pixels = phantoms.ct_slices(2 * N_PHANTOMS, seed=task.seed)
    train, heldout = pixels[:N_PHANTOMS], pixels[N_PHANTOMS:]
    model = task.learnt(train, tag="ct")
    fakes: Pictures = model.sample(N_PHANTOMS, seed=task.seed + 1)
    sample_grid(Pictures.of(heldout, highest=1800), fakes, task.out / "phantom-ct.png")
    made = fakes.pixels
    is_wide = made.dtype == np.uint16 and int(made.max()) > 255
    distances = [histogram_distance(one, heldout) for one in (made, train)]
    return [
        at_least("CT: comes back as 16 bits", float(is_wide), 1.0),
        Row("CT: distance of the histogram of values", distances[0], real=distances[1]),
        Row("CT: highest value", float(made.max()), real=float(heldout.max())),
    ]


def _cells(task: Task) -> list[Row]:
    pixels, counts = phantoms.cells(2 * N_PHANTOMS, seed=task.seed)
    train, heldout = pixels[:N_PHANTOMS], pixels[N_PHANTOMS:]
    known = Attributes({"n_cells": counts[:N_PHANTOMS].astype(np.float64)})
    model = task.learnt(Pictures.of(train, attributes=known, name="cells"), tag="cells")
    asked = np.repeat(np.arange(1, phantoms.MOST_CELLS + 1), 50)
    parts = [
        model.sample(50, seed=task.seed + count, where={"n_cells": count})
        for count in range(1, phantoms.MOST_CELLS + 1)
    ]
    made = np.concatenate([part.pixels for part in parts])
    order = np.random.default_rng(JUDGE_SEED).permutation(len(made))
    sample_grid(Pictures.of(heldout), Pictures.of(made[order]), task.out / "phantom-cells.png")
    counted, truly = phantoms.counted_cells(made), phantoms.counted_cells(heldout)
    correlations = [
        float(np.corrcoef(*pair)[0, 1]) for pair in ((counted, asked), (truly, counts[N_PHANTOMS:]))
    ]
    errors = [float(np.abs(a - b).mean()) for a, b in ((counted, asked), (truly, counts[N_PHANTOMS:]))]
    return [
        Row("cells: correlation of asked and counted", correlations[0], real=correlations[1]),
        Row("cells: mean error of the count", errors[0], real=errors[1]),
        Row("cells: distance of the histogram of values", histogram_distance(made, heldout),
            real=histogram_distance(train, heldout)),
    ]  # fmt: skip


def histogram_distance(values: Features, others: Features) -> float:
    """Total variation, from 0 to 1, of the shares of values in bins that hold equally many of the others."""
    borders = np.unique(np.quantile(others, np.linspace(0, 1, N_HISTOGRAM_BINS + 1)[1:-1]))
    shares = [
        np.bincount(np.searchsorted(borders, one.ravel(), side="right"), minlength=len(borders) + 1)
        / one.size
        for one in (values, others)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)

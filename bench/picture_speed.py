"""How fast pictures are learnt and made, in how much memory: a plain loop beside, a zip, 200,000 files."""

from __future__ import annotations

import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bench.machine import one_thread
from bench.picture_sets import SETS, Pixels, data_folder
from bench.picture_task import Row, Task, at_least, at_most, told
from gansmith.engine.adversarial_rules import AdversarialRules
from gansmith.engine.processors import fastest_precision, matrix_precision, n_weights
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.recipe import ImageRecipe
from gansmith.tasks.runs.fit import FitRun, start
from gansmith.tasks.runs.settings import FitConfig

BATCH_SIZE: Final = 64
N_ROUNDS: Final = 7
N_STEPS_A_ROUND: Final = 25
N_WARM_STEPS: Final = 10
N_MEMORY_STEPS: Final = 200
SIDE: Final = 28
N_MADE_UP: Final = 20_000
"""Pictures to learn from, where MNIST is not there."""
N_SAMPLED: Final = 10_000
N_FILES: Final = 200_000
FILE_SIDE: Final = 32
MEBI: Final = 2**20


def digits() -> Pictures:
    """MNIST without its labels, or noise of that size."""
    if (data_folder() / "mnist").exists():
        return Pictures.of(SETS["mnist"](data_folder()).train.pixels, name="mnist")
    return Pictures.of(np.random.default_rng(0).integers(0, 256, (N_MADE_UP, SIDE, SIDE), np.uint8))


# --- Learning, beside a plain loop --------------------------------------------------------------------------


def our_run(pictures: Pictures) -> FitRun:
    """One pass for both players, no penalties, one thread; so long that nothing is evaluated meanwhile."""
    config = FitConfig(
        samples_seen=50_000_000, threads=1, batch_size=BATCH_SIZE, penalties={}, turns="one_pass"
    )
    return start(pictures, config)


def plain_steps(
    generator: nn.Module,
    discriminator: nn.Module,
    pixels: Tensor,
    n_latents: int,
    batch_size: int,
    precision: AbstractContextManager[object],
    *,
    is_fresh: bool,
) -> Iterator[None]:
    """The loop of PyTorch's DCGAN tutorial: Adam, cross-entropy, a turn of each player.

    Args:
        generator: Learns in place.
        discriminator: Learns in place.
        pixels: Shape `(n, n_channels, height, width)`, uint8.
        n_latents: What the generator takes.
        batch_size: Real pictures of a step.
        precision: Of matrix products.
        is_fresh: Whether the generator's turn has fakes of its own; in the tutorial not.
    """
    of_generator = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    of_discriminator = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    chance = torch.Generator().manual_seed(0)
    ones, zeros = torch.ones(batch_size), torch.zeros(batch_size)
    while True:
        for rows in torch.randperm(len(pixels), generator=chance).split(batch_size):
            if len(rows) < batch_size:
                continue
            real = pixels[rows].float().div_(255)
            with precision:
                fake = generator(torch.randn(batch_size, n_latents, generator=chance))
                real_loss = binary_cross_entropy_with_logits(discriminator(real).float(), ones)
                fake_loss = binary_cross_entropy_with_logits(discriminator(fake.detach()).float(), zeros)
            of_discriminator.zero_grad()
            (real_loss + fake_loss).backward()
            of_discriminator.step()
            with precision:
                if is_fresh:
                    fake = generator(torch.randn(batch_size, n_latents, generator=chance))
                loss = binary_cross_entropy_with_logits(discriminator(fake).float(), ones)
            of_generator.zero_grad()
            loss.backward()
            of_generator.step()
            yield


@final
@dataclass(frozen=True)
class Players:
    """Two networks and how they are to be taught; what a run of ours starts with, without a run."""

    generator: nn.Module
    discriminator: nn.Module
    n_latents: int
    precision: str

    @classmethod
    def like_ours(cls, pictures: Pictures) -> Players:
        """New networks of the default preset's sizes for these pictures."""
        recipe, codec = ImageRecipe(), ImageCodec.fit(pictures, ImageOptions(), 0)
        plan = recipe.plan(codec, len(pictures), "default")
        assert isinstance(plan.game, AdversarialRules)
        networks = recipe.build(codec, plan.networks, plan.game)
        precision = fastest_precision(torch.device("cpu"))
        return cls(networks["generator"], networks["discriminator"], plan.game.n_latents, precision)

    def plain_steps(self, pictures: Pictures, *, is_fresh: bool) -> Iterator[None]:
        """The plain loop with these networks."""
        pixels = torch.from_numpy(pictures.pixels)[:, None]
        precision = matrix_precision(self.precision, torch.device("cpu"))
        players = self.generator, self.discriminator
        return plain_steps(*players, pixels, self.n_latents, BATCH_SIZE, precision, is_fresh=is_fresh)


def speed(task: Task) -> list[Row]:
    """Pictures a second in rounds that take turns, medians; memory of each in a process of its own."""
    pictures = digits()
    with one_thread():
        run = our_run(pictures)
        loops: dict[str, Iterator[Any]] = {"ours": iter(run)}
        for name in ("same", "fresh"):
            players = Players.like_ours(pictures)
            _check_alike(run, players)
            loops[name] = players.plain_steps(pictures, is_fresh=name == "fresh")
        rates = _rates(loops)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    ratios = {
        name: [a / b for a, b in zip(rates["ours"], rates[name], strict=True)] for name in ("same", "fresh")
    }
    memory = {name: _memory(name) for name in ("ours", "same")}
    return [
        Row("pictures a second", medians["ours"], dcgan=medians["same"]),
        at_least("ratio to a plain loop", statistics.median(ratios["same"]), 1.0,
                 spread=statistics.pstdev(ratios["same"])),
        Row("ratio to one with fakes of each turn's own", statistics.median(ratios["fresh"]),
            spread=statistics.pstdev(ratios["fresh"])),
        Row("peak memory, MiB", memory["ours"], dcgan=memory["same"]),
        at_most("ratio of peak memory", memory["ours"] / memory["same"], 1.1),
    ]  # fmt: skip


def _check_alike(run: FitRun, players: Players) -> None:
    """Both loops teach networks of the same sizes, in the same precision and batches."""
    ours, rules = run.training.game.networks, run.training.game.rules
    assert n_weights(ours["generator"]) == n_weights(players.generator)
    assert n_weights(ours["discriminator"]) == n_weights(players.discriminator)
    assert (rules.precision, rules.batch_size) == (players.precision, BATCH_SIZE)


def _rates(loops: dict[str, Iterator[Any]]) -> dict[str, list[float]]:
    """Pictures a second of each loop, round by round."""
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(N_ROUNDS + 1):
        for name, loop in loops.items():
            n_steps = N_STEPS_A_ROUND if number else N_WARM_STEPS
            started = time.perf_counter()
            for _ in islice(loop, n_steps):
                pass
            if number:
                rates[name].append(n_steps * BATCH_SIZE / (time.perf_counter() - started))
        told(f"round {number}: " + ", ".join(f"{name} {one[-1]:,.0f}" for name, one in rates.items() if one))
    return rates


def _memory(name: str) -> float:
    command = [sys.executable, "-m", "bench.picture_speed", "memory", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def memory_of(name: str) -> float:
    """The most MiB that this process has had, after so many steps of a loop."""
    pictures = digits()
    with one_thread():
        if name == "ours":
            loop: Iterator[Any] = iter(our_run(pictures))
        else:
            loop = Players.like_ours(pictures).plain_steps(pictures, is_fresh=False)
        for _ in islice(loop, N_MEMORY_STEPS):
            pass
    return peak_mib()


def peak_mib(process: int | str = "self") -> float:
    """The most memory that a process has had since its program began; NaN where the system does not tell.

    What `getrusage` says would not do: a new program inherits the peak of the one that started it.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return math.nan
    found = re.search(r"VmHWM:\s*([0-9]+)", status)
    return int(found[1]) / 1024 if found else math.nan


# --- Sampling to a zip --------------------------------------------------------------------------------------


def sampling(task: Task) -> list[Row]:
    """10,000 pictures by the default network of 28 x 28, by the command, from a model file to a zip."""
    with tempfile.TemporaryDirectory() as temporary:
        model, output = Path(temporary) / "model.gan", Path(temporary) / "out.zip"
        run = start(digits(), FitConfig(samples_seen=20 * 64, seed=task.seed))
        for _ in run:
            pass
        run.model().save(model)
        command = [
            sys.executable,
            "-m",
            "gansmith",
            "sample",
            str(model),
            "-n",
            str(N_SAMPLED),
            "-o",
            str(output),
        ]
        found = [watched(command, Path(temporary) / "said.txt") for _ in range(3)]
        mebibytes = output.stat().st_size / MEBI
    seconds = statistics.median(one.seconds for one in found)
    return [
        at_most("seconds, start of the program included", seconds, 10.0),
        Row("peak memory, MiB", max(one.peak_mib for one in found)),
        Row("zip, MiB", mebibytes),
    ]


@final
@dataclass(frozen=True)
class Watched:
    """How a command went."""

    seconds: float
    seconds_to_step: float
    """Until a file that was waited for held something; NaN where it never did."""
    peak_mib: float
    """Of its process, as far as it was seen: it is looked at every 20 ms."""


def watched(command: Sequence[str], said: Path, waited_for: Path | None = None) -> Watched:
    """Run a command; what it says goes to the file `said`.

    Raises:
        RuntimeError: It failed.
    """
    started, at_step, peak = time.perf_counter(), math.nan, 0.0
    with said.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        while process.poll() is None:
            if waited_for and math.isnan(at_step) and waited_for.exists() and waited_for.stat().st_size:
                at_step = time.perf_counter() - started
            if (now := peak_mib(process.pid)) > peak:
                peak = now
            time.sleep(0.02)
    if process.returncode:
        words = said.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{words}")
    return Watched(time.perf_counter() - started, at_step, peak or math.nan)


# --- A folder of many files ---------------------------------------------------------------------------------


def many(task: Task, n_files: int = N_FILES) -> list[Row]:
    """The most memory, and how soon the first step is made, where a folder holds very many small files."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, run = Path(temporary) / "pictures", Path(temporary) / "run"
        started = time.perf_counter()
        many_files(folder, n_files, task.seed)
        told(f"{n_files:,} files made in {time.perf_counter() - started:.0f} s")
        command = [sys.executable, "-m", "gansmith", "fit", str(folder), "-o", str(Path(temporary) / "m.gan")]
        command += ["--samples-seen", "640", "--run", str(run)]
        found = watched(command, Path(temporary) / "said.txt", run / "stats.jsonl")
    return [
        at_most("peak memory, MiB", found.peak_mib, 1536.0),
        at_most("seconds to the first step", found.seconds_to_step, 20.0),
        Row("seconds in all", found.seconds),
        Row("files", n_files),
    ]


def many_files(folder: Path, n_files: int, seed: int) -> None:
    """Coloured blobs as small PNG files in two sub-folders, `dark` and `light`."""
    for name in ("dark", "light"):
        (folder / name).mkdir(parents=True)
    for first in range(0, n_files, 1000):
        block = blobs(min(1000, n_files - first), np.random.default_rng([seed, first]))
        for index, picture in enumerate(block, start=first):
            path = folder / ("light" if index % 2 else "dark") / f"{index:06}.png"
            Image.fromarray(picture).save(path, compress_level=1)


def blobs(n: int, rng: np.random.Generator, side: int = FILE_SIDE) -> Pixels:
    """A disc of one colour on another, shape `(n, side, side, 3)`, uint8; odd ones are on light ground."""
    down, across = np.mgrid[:side, :side]
    x, y = rng.uniform(side / 4, side * 3 / 4, (2, n, 1, 1))
    inside = (across - x) ** 2 + (down - y) ** 2 < rng.uniform(side / 8, side / 4, (n, 1, 1)) ** 2
    colours = rng.integers(60, 196, (n, 1, 1, 3))
    grounds = np.where(np.arange(n)[:, None, None, None] % 2, 230, 25)
    return np.where(inside[..., None], colours, grounds).astype(np.uint8)


def main(arguments: Sequence[str]) -> None:
    """`memory ours` or `memory same`: what `speed` asks of processes of their own."""
    print(json.dumps(memory_of(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])

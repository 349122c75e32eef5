"""A generator learns a cloud of points in the plane: the engine alone, without any kind of data.

The players are the classic ones, 100-256-2 and 2-256-1 with ReLU, Adam 0.001, batch 64. The rest is the
default game: relativistic pairs with R1 and R2, Adam's betas 0 and 0.99, the learning rate falling to a tenth
along a cosine, a moving average.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch, Batches
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import TrainConfig, Training
from gansmith.faces.demos.pictures import make_folder, scatter
from gansmith.nets.mlp import Perceptron, initialise

Points = Float[Tensor, "batch 2"]
Show = Callable[[str], object]

MEAN: Final = (1.0, -0.5)
COVARIANCE: Final = ((1.0, 0.6), (0.6, 0.8))
N_REAL: Final = 10_000
N_MEASURED: Final = 10_000
N_LINES: Final = 8
_N_PLOTTED: Final = 1_500


def run_gaussian(
    folder: Path, seed: int = 0, show: Show = print, *, samples_seen: int = 128_000
) -> dict[str, Any]:
    """Learn a correlated Gaussian in the plane, draw it, and measure how far off the copy is.

    Args:
        folder: Made when missing; "gaussian.png" is written into it.
        seed: Decides every random number.
        show: Called with each line of text.
        samples_seen: Length of the run.

    Returns:
        "mean_error", the distance of the generated mean from the true one; "covariance_error", the Frobenius
        norm of the difference of the covariances, as a share of the true one's norm; the same of a fresh real
        sample of equal size as "real_mean_error" and "real_covariance_error"; "mean" and "covariance" of the
        generated points; "files".

    Raises:
        DataError: The folder cannot be written to.
    """
    make_folder(folder)
    show(f"A Gaussian in the plane: mean {MEAN}, covariance {COVARIANCE}, {N_REAL:,} points to learn from.")
    show(
        "Generator 100-256-2 against discriminator 2-256-1 with ReLU, Adam 0.001, betas 0 and 0.99, batch 64,"
    )
    show("relativistic pairs with R1 and R2 of weight 1.\n")
    with n_threads(1):
        randomness = Randomness(seed)
        real = _real_points(N_REAL, randomness, 0)
        game = _game(randomness)
        _play(game, Batches.of(real, game.config.batch_size, randomness), samples_seen, show)
        fake = _generated(game, N_MEASURED)
    points = fake.double().numpy()
    found = errors(points), errors(_real_points(N_MEASURED, randomness, 1).double().numpy())
    report: dict[str, Any] = {"mean": points.mean(0).tolist(), "covariance": np.cov(points.T).tolist()}
    for what, ours, theirs in zip(("mean", "covariance"), *found, strict=True):
        report |= {f"{what}_error": ours, f"real_{what}_error": theirs}
        show(f"{what:>10} error {ours:.3f} (of as many real points: {theirs:.3f})")
    scatter(
        real[:_N_PLOTTED].double().numpy(),
        points[:_N_PLOTTED],
        folder / "gaussian.png",
        title="A Gaussian, learnt from noise",
        metadata={"seed": str(seed)},
    )
    show(f"\nWritten to {folder}: gaussian.png.")
    return {**report, "files": ["gaussian.png"]}


def _real_points(n: int, randomness: Randomness, sample: int) -> Points:
    """Independent draws of the true distribution."""
    root = torch.linalg.cholesky(torch.tensor(COVARIANCE))
    return randomness.normal((n, 2), "real points", sample) @ root.T + torch.tensor(MEAN)


def _game(randomness: Randomness) -> Adversarial:
    with torch.device("cpu"):  # so that the seed decides every number, whatever the machine has
        generator, discriminator = Perceptron((100, 256, 2), "relu"), Perceptron((2, 256, 1), "relu")
    for index, network in enumerate((generator, discriminator)):
        initialise([network], "xavier", randomness.generator("weights", index))
    rules = AdversarialRules(
        batch_size=64,
        n_latents=100,
        objective="relativistic",
        penalties=(PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0)),
        generator=PlayerConfig(0.001, 0.0001, average_half_life_samples=20_000),
        discriminator=PlayerConfig(0.001, 0.0001),
    )
    return Adversarial(rules, {"generator": generator, "discriminator": discriminator}, randomness)


def _play(game: Adversarial, batches: Batches, samples_seen: int, show: Show) -> None:
    show("samples seen   mean error   covariance error")
    for record in Training(game, batches, TrainConfig(samples_seen)):
        every = max(1, record.n_steps // N_LINES)
        is_due = record.step % every == 0 and record.step + every <= record.n_steps
        if is_due or record.step == record.n_steps:
            mean_error, covariance_error = errors(_generated(game, N_MEASURED).double().numpy())
            show(f"{record.samples_seen:12,}{mean_error:13.3f}{covariance_error:19.3f}")
    show("")


def _generated(game: Adversarial, n: int) -> Points:
    return game.generate(Batch({}, n), game.randomness.stream("drawn"), 0)


def errors(points: Float[np.ndarray, "n 2"]) -> tuple[float, float]:
    """Distance of the mean from the true one, and relative Frobenius distance of the covariance."""
    truth = np.array(COVARIANCE)
    mean_error = np.linalg.norm(points.mean(0) - np.array(MEAN))
    covariance_error = np.linalg.norm(np.cov(points.T) - truth) / np.linalg.norm(truth)
    return float(mean_error), float(covariance_error)

"""A generator learns a cloud of points in the plane: the engine alone, without any kind of data.

Twice: as the founding article's example has it, and by the default game, with the same players: 100-256-2 and
2-256-1 with ReLU. The article's game is played with its two losses, cross-entropy for the discriminator and
-log D(G(z)) for the generator, by Adam 0.001 with its usual betas on batches of 64, for 1,000 epochs of 15
batches; the default one with relativistic pairs, R1 and R2, betas 0 and 0.99, a learning rate that falls to a
tenth along a cosine, and a moving average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from gansmith.faces.demos.pictures import Panel, make_folder, scatter_grid
from gansmith.nets.mlp import Perceptron, initialise

Points = Float[Tensor, "batch 2"]
Show = Callable[[str], object]

MEAN: Final = (1.0, -0.5)
COVARIANCE: Final = ((1.0, 0.6), (0.6, 0.8))
N_REAL: Final = 10_000
N_MEASURED: Final = 10_000
N_LINES: Final = 8
MEANINGS: Final = {
    "article": "cross-entropy and -log D(G(z)), betas 0.9 and 0.999, no penalty, the last generator",
    "default": "relativistic pairs, R1 and R2, betas 0 and 0.99, a falling rate, a moving average",
}
RULES: Final = {
    "article": AdversarialRules(
        batch_size=64,
        n_latents=100,
        objective="non-saturating",
        penalties=(),
        generator=PlayerConfig(0.001, beta1=0.9, beta2=0.999),
        discriminator=PlayerConfig(0.001, beta1=0.9, beta2=0.999),
    ),
    "default": AdversarialRules(
        batch_size=64,
        n_latents=100,
        objective="relativistic",
        penalties=(PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0)),
        generator=PlayerConfig(0.001, 0.0001, average_half_life_samples=20_000),
        discriminator=PlayerConfig(0.001, 0.0001),
    ),
}
_N_PLOTTED: Final = 1_500


def run_gaussian(
    folder: Path,
    seed: int = 0,
    show: Show = print,
    *,
    samples_seen: int = 128_000,
    article_samples_seen: int = 1_000 * 15 * 64,
) -> dict[str, Any]:
    """Learn a correlated Gaussian in the plane, draw it, and measure how far off the copies are.

    Args:
        folder: Made when missing; "gaussian.png" is written into it.
        seed: Decides every random number.
        show: Called with each line of text.
        samples_seen: Length of the default run.
        article_samples_seen: Length of the article's run.

    Returns:
        By game, "article" and "default": "mean_error", the distance of the generated mean from the true one;
        "covariance_error", the Frobenius norm of the difference of the covariances, as a share of the true
        one's norm; "mean" and "covariance" of the generated points. The same errors of a fresh real sample of
        equal size as "real"; "files".

    Raises:
        DataError: The folder cannot be written to.
    """
    make_folder(folder)
    show(f"A Gaussian in the plane: mean {MEAN}, covariance {COVARIANCE}, {N_REAL:,} points to learn from.")
    show("Generator 100-256-2 against discriminator 2-256-1 with ReLU, Adam 0.001, batch 64.\n")
    randomness = Randomness(seed)
    real = _real_points(N_REAL, randomness, 0)
    report: dict[str, Any] = {"real": _errors_of(_real_points(N_MEASURED, randomness, 1))}
    panels: list[Panel] = []
    for name, length in (("article", article_samples_seen), ("default", samples_seen)):
        show(f"The {name} game: {MEANINGS[name]}.")
        with n_threads(1):
            game = _game(randomness, name)
            _play(game, Batches.of(real, game.config.batch_size, randomness), length, show)
            fake = _generated(game, N_MEASURED)
        points = fake.double().numpy()
        report[name] = {
            **_errors_of(fake), "mean": points.mean(0).tolist(), "covariance": np.cov(points.T).tolist()
        }  # fmt: skip
        lines = [f"the {name} game", *(_in_words(what, report, name) for what in ("mean", "covariance"))]
        panels.append(Panel(lines, real[:_N_PLOTTED].double().numpy(), points[:_N_PLOTTED]))
    for what in ("mean", "covariance"):
        found = ", ".join(f"{name} {report[name][f'{what}_error']:.3f}" for name in MEANINGS)
        show(f"{what:>10} error: {found} (of as many real points: {report['real'][f'{what}_error']:.3f})")
    title, metadata = "A Gaussian, learnt from noise: real blue, generated orange", {"seed": str(seed)}
    scatter_grid(panels, folder / "gaussian.png", title=title, side_px=480, metadata=metadata)
    show(f"\nWritten to {folder}: gaussian.png.")
    return {**report, "files": ["gaussian.png"]}


def _in_words(what: str, report: Mapping[str, Any], name: str) -> str:
    ours, theirs = (report[one][f"{what}_error"] for one in (name, "real"))
    return f"{what} error {ours:.3f} (of real points {theirs:.3f})"


def _errors_of(points: Points) -> dict[str, float]:
    mean_error, covariance_error = errors(points.double().numpy())
    return {"mean_error": mean_error, "covariance_error": covariance_error}


def _real_points(n: int, randomness: Randomness, sample: int) -> Points:
    """Independent draws of the true distribution."""
    root = torch.linalg.cholesky(torch.tensor(COVARIANCE))
    return randomness.normal((n, 2), "real points", sample) @ root.T + torch.tensor(MEAN)


def _game(randomness: Randomness, name: str) -> Adversarial:
    with torch.device("cpu"):  # so that the seed decides every number, whatever the machine has
        generator, discriminator = Perceptron((100, 256, 2), "relu"), Perceptron((2, 256, 1), "relu")
    for index, network in enumerate((generator, discriminator)):
        initialise([network], "xavier", randomness.generator("weights", index))
    networks = {"generator": generator, "discriminator": discriminator}
    return Adversarial(RULES[name], networks, randomness)


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

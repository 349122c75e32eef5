"""Eight narrow Gaussians on a ring: does the default game find all of them, on every seed?

The ring of PacGAN: unit circle, standard deviation 0.01. A generated point within three standard deviations
of a mode is of high quality, a mode with at least one such point is found; 2,500 points are judged. A perfect
sampler has 98.9 % of high quality and a reverse KL divergence of 0.0014.

Source:
    Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks" (arXiv:1712.04086).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from bench.machine import machine, one_thread
from gansmith.engine.batches import Batch, Batches
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import TrainConfig, Training
from gansmith.nets.discriminators import AbstractExplicitDiscriminator, dense_gradients, dense_logits
from gansmith.nets.mlp import layers

N_MODES: Final = 8
SIGMA: Final = 0.01
N_REAL: Final = 100_000
N_JUDGED: Final = 2_500


@final
@dataclass(frozen=True)
class RingConfig:
    """Sizes, rules and length; found by trying, see LOG.md."""

    n_latents: int = 2
    width: int = 128
    batch_size: int = 256
    n_steps: int = 6_000
    learning_rate: float = 3e-3
    gamma: float = 0.1
    final_gamma: float = 1e-3
    half_life: float = 5_000


@final
class Generator(nn.Module):
    """Latents to points in the plane."""

    def __init__(self, config: RingConfig) -> None:
        super().__init__()
        self.layers = layers((config.n_latents, config.width, config.width, 2), "relu")

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.layers(latents)


@final
class Discriminator(AbstractExplicitDiscriminator):
    """Points to logits."""

    def __init__(self, config: RingConfig) -> None:
        super().__init__()
        widths = (2, config.width, config.width)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(config.width, 1)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        return dense_logits(samples, self.layers, self.last)

    def with_gradients(self, samples: Tensor, conditions: Tensor | None) -> tuple[Tensor, Tensor]:
        met: list[Tensor] = []
        logits = dense_logits(samples, self.layers, self.last, met)
        return logits, dense_gradients(self.layers, self.last, met)


def modes() -> Tensor:
    """The eight means, shape `(8, 2)`."""
    angles = torch.arange(N_MODES) * (2 * math.pi / N_MODES)
    return torch.stack([angles.cos(), angles.sin()], 1)


def real_points(n: int, randomness: Randomness) -> Tensor:
    """Draws of the true distribution, shape `(n, 2)`, exactly as many of each mode."""
    return modes().repeat(math.ceil(n / N_MODES), 1)[:n] + SIGMA * randomness.normal((n, 2), "real points", 0)


def new_game(seed: int, config: RingConfig) -> Adversarial:
    """The default game: relativistic pairs, R1 and R2, a moving average of the generator."""
    randomness = Randomness(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(randomness.key("networks", 0))
        networks = {"generator": Generator(config), "discriminator": Discriminator(config)}
    rules = AdversarialRules(
        batch_size=config.batch_size,
        n_latents=config.n_latents,
        penalties=tuple(PenaltyConfig(name, config.gamma, config.final_gamma) for name in ("r1", "r2")),
        generator=PlayerConfig(config.learning_rate, 0.0, average_half_life_samples=config.half_life),
        discriminator=PlayerConfig(config.learning_rate, 0.0),
    )
    return Adversarial(rules, networks, randomness)


def generated(game: Adversarial, n: int) -> Tensor:
    """Points of the generator that is kept, shape `(n, 2)`."""
    return game.generate(Batch({}, n), game.randomness.stream("judged"), 0)


def judged(points: Tensor) -> dict[str, float]:
    """Modes found, share of high quality, reverse KL divergence, spread within modes against the real."""
    distances, nearest = torch.cdist(points, modes()).min(1)
    is_good = distances <= 3 * SIGMA
    counts = torch.bincount(nearest[is_good], minlength=N_MODES).double()
    shares = counts[counts > 0] / counts.sum().clamp_min(1)
    offsets = (points - modes()[nearest])[is_good]
    return {
        "modes": int((counts > 0).sum()),
        "high_quality": is_good.double().mean().item(),
        "reverse_kl": (shares * (shares * N_MODES).log()).sum().item() if len(shares) else math.inf,
        "spread": offsets.square().mean().sqrt().item() / SIGMA,
    }


def play(seed: int, config: RingConfig) -> dict[str, float]:
    """One run and its score."""
    started = time.perf_counter()
    game = new_game(seed, config)
    batches = Batches.of(real_points(N_REAL, game.randomness), config.batch_size, game.randomness)
    for _ in Training(game, batches, TrainConfig(config.n_steps * config.batch_size)):
        pass
    return {"seed": seed, **judged(generated(game, N_JUDGED)), "seconds": time.perf_counter() - started}


def run(n_seeds: int = 10, config: RingConfig | None = None) -> dict[str, Any]:
    """All seeds, one line each."""
    print(f"Ring of {N_MODES} Gaussians, sigma {SIGMA}, {N_JUDGED} points judged; {machine()}")
    print("seed  modes  high quality  reverse KL  spread  seconds")
    found: list[dict[str, float]] = []
    with one_thread():
        for seed in range(n_seeds):
            found.append(play(seed, config or RingConfig()))
            print(
                "{seed:4.0f}  {modes:5.0f}  {high_quality:12.1%}  {reverse_kl:10.4f}  {spread:6.2f}  "
                "{seconds:7.1f}".format(**found[-1]),
                flush=True,
            )
    n_full = sum(one["modes"] == N_MODES for one in found)
    print(f"all {N_MODES} modes on {n_full} of {n_seeds} seeds")
    return {"seeds": found, "n_full": n_full}

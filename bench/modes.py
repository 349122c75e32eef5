"""Mixtures of narrow Gaussians: does the default game find all modes, in their shapes and shares?

    python -m bench modes ring|grid|high-dimensional [--seeds 10] [--first-seed 0] [--objective NAME] [--json]

Ring and grid: a generated point within three standard deviations of its nearest mean is of high quality, and
a mode with at least one such point is found; 2,500 points are judged. The reverse KL divergence is that of
the modes' shares of these points from equal ones: a perfect sampler has 98.9 % of high quality and .0014 on
the ring, .0048 on the grid. The spread of a mode is that of all points nearest to it that lie within five
standard deviations, around their own centre, as a multiple of the true one: 1 is right, on either side is
wrong, and points in the tails count.

High-dimensional: the source leaves open where the means lie and how narrow the modes are. Here ten means are
drawn from a standard normal distribution in 700 dimensions, every mode has a standard deviation of .1 in each
of them, and all is embedded in 1,200 by one random matrix with orthonormal columns. So two means are about 37
apart and points about 2.6 from their mean: sqrt(700) standard deviations, .71 more or less, and none within
three. A point is of high quality where its distance from the mean, within the 700 dimensions, is that of real
points, three times .71 more or less, and its distance from the 700 dimensions is no more than three standard
deviations, where real points have none. A perfect sampler has 99.7 %, one that makes only the means none.

Networks see points along their principal axes, divided by one number; axes along which real points do not
vary at all are left out, so the high-dimensional game is played in 700 values, and no point leaves them. The
discriminator sees points of the plane beside sines and cosines of random directions, or it would be too
smooth for a mode's shape. Each layer of the generator sees the latents, or modes would become thin: steep
steps between modes leave the layers before them flat within a mode. In many dimensions hidden layers see a
few of them, and the last adds a linear function of all, which begins with a width of .1. How wide a mode is
is hardly learnt from there: begun with .03, all ten modes are found and 1 % is of high quality. Neither
network knows of modes.

Source:
    Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks" (arXiv:1712.04086):
    ring and grid; Srivastava et al. 2017, "VEEGAN: Reducing mode collapse in GANs using implicit variational
    learning" (arXiv:1705.07761): the high-dimensional one; Tancik et al. 2020, "Fourier features let networks
    learn high frequency functions in low dimensional domains" (arXiv:2006.10739).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from bench.machine import machine, one_thread
from bench.mixtures import N_SPREAD, RACES, Codec, ModesConfig, Race
from gansmith.engine.batches import Batch, Batches
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PenaltyConfig, penalties_chosen
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import TrainConfig, Training, seconds_per_step
from gansmith.nets.discriminators import (
    AbstractExplicitDiscriminator,
    AutoencodingDiscriminator,
    dense_gradients,
    dense_logits,
    spectrally_normalised,
)


@final
class Generator(nn.Module):
    """Latents to points; each layer sees latents."""

    def __init__(self, config: ModesConfig, n_values: int) -> None:
        super().__init__()
        self.n_coarse, self.fine_scale = config.n_coarse, config.fine_scale
        widths = (0, *[config.generator_width] * config.generator_depth)
        self.layers = nn.ModuleList(nn.Linear(n_in + self.n_coarse, n) for n_in, n in pairwise(widths))
        self.last = nn.Linear(config.generator_width + config.n_latents, n_values)
        fine = self.last.weight.detach()[:, config.generator_width :]
        nn.init.normal_(fine, 0.0, config.fine_start / (config.fine_scale * math.sqrt(config.n_latents)))

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        coarse = latents[:, : self.n_coarse]
        hidden = latents[:, :0]
        for layer in self.layers:
            hidden = relu(layer(torch.cat([hidden, coarse], 1)))
        return self.last(torch.cat([hidden, self.fine_scale * latents], 1))


@final
class Discriminator(AbstractExplicitDiscriminator):
    """Points to logits, by way of sines and cosines of random directions."""

    frequencies: Tensor

    def __init__(self, config: ModesConfig, n_values: int) -> None:
        super().__init__()
        n = config.n_frequencies
        self.register_buffer("frequencies", config.frequency * torch.randn(n_values, n))
        widths = (n_values + 2 * n, *[config.discriminator_width] * config.discriminator_depth)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(config.discriminator_width, 1)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        return dense_logits(torch.cat([samples, *self._waves(samples)], 1), self.layers, self.last)

    def with_gradients(self, samples: Tensor, conditions: Tensor | None) -> tuple[Tensor, Tensor]:
        met: list[Tensor] = []
        sines, cosines = self._waves(samples)
        logits = dense_logits(torch.cat([samples, sines, cosines], 1), self.layers, self.last, met)
        gradients = dense_gradients(self.layers, self.last, met)
        n = self.frequencies.shape[1]
        own, of_sines, of_cosines = gradients.split([samples.shape[1], n, n], 1)
        return logits, own + (of_sines * cosines - of_cosines * sines) @ self.frequencies.T

    def _waves(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        phases = samples @ self.frequencies  # (batch, n_frequencies)
        return phases.sin(), phases.cos()


@final
@dataclass(frozen=True)
class Smoothing:
    """What keeps the discriminator of a game smooth."""

    penalties: tuple[PenaltyConfig, ...] = ()
    weight_clip: float | None = None
    spectral_norm: bool = False


def usual(config: ModesConfig, objective: str) -> Smoothing:
    """The penalties that an objective brings, or those of the race."""
    own = tuple(PenaltyConfig(name, config.gamma, config.final_gamma) for name in ("r1", "r2"))
    return Smoothing(penalties_chosen(own, None, objective))


def new_game(
    seed: int,
    config: ModesConfig,
    n_values: int,
    objective: str = "relativistic",
    smoothing: Smoothing | None = None,
) -> Adversarial:
    """The default game: relativistic pairs, R1 and R2, a moving average; or another one.

    Against an objective of energies stands an autoencoder.
    """
    smoothing = smoothing or usual(config, objective)
    randomness = Randomness(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(randomness.key("networks", 0))
        generator = Generator(config, n_values)
        discriminator: nn.Module = Discriminator(config, n_values)
        if OBJECTIVES[objective].is_of_energies:
            widths = [config.discriminator_width] * config.discriminator_depth
            discriminator = AutoencodingDiscriminator(n_values, widths, "leaky_relu")
        if smoothing.spectral_norm:
            spectrally_normalised(discriminator)
    player = partial(PlayerConfig, final_learning_rate=0.0, beta2=config.beta2)
    rules = AdversarialRules(
        batch_size=config.batch_size,
        n_latents=config.n_latents,
        objective=objective,
        turns=config.turns,
        penalties=smoothing.penalties,
        generator=player(config.generator_rate, average_half_life_samples=config.half_life),
        discriminator=player(config.discriminator_rate, weight_clip=smoothing.weight_clip),
    )
    return Adversarial(rules, {"generator": generator, "discriminator": discriminator}, randomness)


def generated(game: Adversarial, codec: Codec, n: int) -> Tensor:
    """Points of the generator that is kept, shape `(n, n_values)`."""
    return codec.decode(game.generate(Batch({}, n), game.randomness.stream("judged"), 0))


def play(
    seed: int,
    race: Race,
    objective: str = "relativistic",
    smoothing: Smoothing | None = None,
    budget_seconds: float | None = None,
) -> tuple[dict[str, float], Tensor]:
    """One run: its score, and what it makes.

    Time counts from the drawing of real points to that of judged ones. With a budget it is as long as the
    race says only where that takes less."""
    started = time.perf_counter()
    config, randomness = race.config, Randomness(seed)
    real = race.real_points(race.n_real, randomness)
    codec = Codec.of(real)
    batches = Batches.of(codec.encode(real), config.batch_size, randomness)

    def begun() -> Adversarial:
        return new_game(seed, config, codec.n_seen, objective, smoothing)

    n_steps = config.n_steps
    if budget_seconds is not None:
        n_steps = max(1, min(n_steps, int(budget_seconds / seconds_per_step(begun(), batches, 0.5))))
    game = begun()
    for _ in Training(game, batches, TrainConfig(n_steps * config.batch_size)):
        pass
    points = generated(game, codec, N_SPREAD)
    seconds = time.perf_counter() - started
    return {"seed": seed, **race.judged(points), "seconds": seconds}, points


def run(asked: list[str]) -> dict[str, Any]:
    """All seeds, one line each."""
    parser = argparse.ArgumentParser(
        prog="python -m bench modes", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("race", choices=RACES)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--objective", choices=OBJECTIVES, default="relativistic")
    parser.add_argument("--json", action="store_true", help="all figures as JSON; lines go to stderr")
    options = parser.parse_args(asked)
    tell = partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)
    race = RACES[options.race]()
    tell(f"{race.name}: {len(race.means)} modes, sigma {race.sigma}, {options.objective}; {machine()}")
    tell("seed  modes  reverse KL  high quality  spread       seconds")
    rows: list[dict[str, float]] = []
    with one_thread():
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            rows.append(play(seed, race, options.objective)[0])
            told = (
                "{seed:4}  {modes:5}  {reverse_kl:10.4f}  {high_quality:12.1%}  "
                "{spread_min:4.2f} - {spread_max:4.2f}  {seconds:7.1f}"
            )
            tell(told.format(**rows[-1]))
    n_full = sum(row["modes"] == len(race.means) for row in rows)
    tell(f"all {len(race.means)} modes on {n_full} of {options.seeds} seeds")
    if options.json:
        print(json.dumps({"race": race.name, "rows": rows}))
    return {"race": race.name, "rows": rows}

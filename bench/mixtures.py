"""Mixtures of narrow Gaussians: where their modes are, how points are judged, how each is learnt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from gansmith.engine.randomness import Randomness
from gansmith.engine.tuning import Turns

N_JUDGED: Final = 2_500
N_SPREAD: Final = 25_000
"""Points that spreads are measured on: of 2,500, a mode of the grid has 100, which alone can miss by 10 %."""
NEAR: Final = 5 / 3
"""What counts for the spread of a mode, as a multiple of the farthest that is of high quality."""
DEAD: Final = 1e-6
"""Variance, as a share of the largest, up to which points do not vary."""
OUTSIDE: Final = 3.0
"""How far from all true points a point of high quality may be, in standard deviations."""


@final
@dataclass(frozen=True)
class ModesConfig:
    """Sizes, rules and length; found by trying on seeds from 100 on, see LOG.md."""

    n_latents: int = 2
    """Noise values per point."""
    generator_width: int = 128
    """Of each hidden layer."""
    generator_depth: int = 5
    """Hidden layers."""
    discriminator_width: int = 64
    """Of each hidden layer."""
    discriminator_depth: int = 2
    """Hidden layers."""
    n_frequencies: int = 64
    """Random directions of which the discriminator sees sine and cosine; 0: it sees the point alone."""
    frequency: float = 25.0
    """Their typical length, for points of unit size."""
    batch_size: int = 512
    """Points of each side in a turn."""
    turns: Turns = "fresh"
    """How turns follow each other; "one_pass" is cheaper, and as good where sharp edges matter less."""
    n_steps: int = 9_000
    """Turns of each player."""
    generator_rate: float = 4e-3
    """Learning rate at the start; a cosine leads it to 0."""
    discriminator_rate: float = 3e-3
    """Likewise."""
    beta2: float = 0.9
    """Adam's memory of squared gradients: short, for they grow as the game becomes finer."""
    gamma: float = 0.2
    """Weight of R1 and R2 at the start; the farther neighbouring modes are apart, the more it can be, and
    the longer the generator's steps between them stay wide enough for shares of modes to be mended."""
    final_gamma: float = 1e-4
    """At the end; the slope at the edge of a mode of width s is about 1 / s, so this is about s squared."""
    n_coarse: int = 2
    """Latents that hidden layers of the generator see, the first ones; its last layer sees all."""
    fine_scale: float = 1.0
    """What the latents are multiplied with on their way to the last layer; less than 1 slows its learning."""
    fine_start: float = 0.1
    """Standard deviation of what they add there to each value before the first step."""
    half_life: float = 5_000
    """Of the generator's moving average, in real points."""


@final
@dataclass(frozen=True)
class Race:
    """A mixture of equally many points around each mean, how it is judged and how it is learnt."""

    name: str
    means: Tensor
    """Shape `(n_modes, n_values)`."""
    sigma: float
    """Standard deviation of a mode in each of its dimensions."""
    config: ModesConfig
    distances: tuple[float, float]
    """From the mean, in standard deviations, that are of high quality: from, to."""
    basis: Tensor | None = None
    """Orthonormal columns that all points lie in, shape `(n_values, n_dimensions)`; None: everywhere."""
    n_real: int = 100_000
    """Points to learn from."""

    @property
    def n_dimensions(self) -> int:
        """Of each mode."""
        return (self.means if self.basis is None else self.basis).shape[1]

    def real_points(self, n: int, randomness: Randomness) -> Tensor:
        """Draws of the true distribution, shape `(n, n_values)`, exactly as many of each mode."""
        offsets = self.sigma * randomness.normal((n, self.n_dimensions), "real points", 0)
        if self.basis is not None:
            offsets = offsets @ self.basis.T
        return offsets.add_(self.means.repeat(math.ceil(n / len(self.means)), 1)[:n])

    def judged(self, points: Tensor) -> dict[str, float]:
        """Modes found, reverse KL divergence, share of high quality, smallest and largest spread.

        All but the spreads are of the first `N_JUDGED` points.
        """
        n_modes = len(self.means)
        nearest = torch.cdist(points, self.means).argmin(1)
        offsets = (points - self.means[nearest]) / self.sigma
        inside = offsets if self.basis is None else offsets @ self.basis
        distances = inside.square().sum(1).sqrt()
        outside = (offsets.square().sum(1) - distances.square()).clamp_min(0).sqrt()
        is_good = (distances >= self.distances[0]) & (distances <= self.distances[1]) & (outside <= OUTSIDE)
        is_good = is_good[:N_JUDGED]
        counts = torch.bincount(nearest[:N_JUDGED][is_good], minlength=n_modes).double()
        shares = counts[counts > 0] / counts.sum().clamp_min(1)
        is_near = offsets.square().sum(1).sqrt() <= NEAR * self.distances[1]
        spreads = [self._spread(offsets[is_near & (nearest == mode)]) for mode in range(n_modes)]
        divergence = (shares * (shares * n_modes).log()).sum().item()
        return {
            "modes": int((counts > 0).sum()),
            "reverse_kl": divergence if len(shares) else math.log(n_modes),
            "high_quality": is_good.double().mean().item(),
            "spread_min": min(spreads),
            "spread_max": max(spreads),
        }

    def _spread(self, offsets: Tensor) -> float:
        """Around their own centre, over the true one; a mode of fewer than two points has none."""
        if len(offsets) < 2:
            return 0.0
        return (offsets.var(0).sum() / self.n_dimensions).sqrt().item()


@final
@dataclass(frozen=True)
class Codec:
    """Points as networks see them: along their principal axes, as far as they vary at all, of unit size."""

    centre: Tensor
    axes: Tensor
    """Orthonormal columns, shape `(n_values, n_seen)`."""
    unit: float
    """What is divided by."""

    @property
    def n_seen(self) -> int:
        """How many values."""
        return self.axes.shape[1]

    @classmethod
    def of(cls, points: Tensor) -> Codec:
        """That of these points."""
        variances, axes = torch.linalg.eigh(torch.cov(points.T))
        is_kept = variances > DEAD * variances[-1]
        return cls(points.mean(0), axes[:, is_kept], variances[is_kept].mean().sqrt().item())

    def encode(self, points: Tensor) -> Tensor:
        """As networks see them."""
        return (points - self.centre) @ self.axes / self.unit

    def decode(self, seen: Tensor) -> Tensor:
        """As they are."""
        return self.unit * seen @ self.axes.T + self.centre


def ring() -> Race:
    """Eight modes on the unit circle."""
    angles = torch.arange(8) * (2 * math.pi / 8)
    config = ModesConfig(gamma=0.5, n_steps=7_500)
    return Race("ring", torch.stack([angles.cos(), angles.sin()], 1), 0.01, config, (0.0, 3.0))


def grid() -> Race:
    """Five times five modes."""
    places = torch.arange(-4.0, 5.0, 2.0)
    config = ModesConfig(gamma=0.2, n_steps=9_000, batch_size=768)
    return Race("grid", torch.cartesian_prod(places, places), 0.05, config, (0.0, 3.0))


def high_dimensional() -> Race:
    """Ten modes of 700 dimensions in 1,200; always the same ones."""
    randomness = Randomness(0)
    basis = torch.linalg.qr(randomness.normal((1_200, 700), "embedding", 0))[0]
    means = randomness.normal((10, 700), "means", 0) @ basis.T
    typical, more_or_less = math.sqrt(700), 3 * math.sqrt(0.5)  # of the chi distribution with 700 degrees
    distances = (typical - more_or_less, typical + more_or_less)
    return Race("high-dimensional", means, 0.1, HIGH_DIMENSIONAL, distances, basis, n_real=50_000)


HIGH_DIMENSIONAL: Final = ModesConfig(
    n_latents=1_000,
    n_coarse=4,
    fine_scale=0.003,
    generator_depth=4,
    discriminator_width=128,
    n_frequencies=0,
    batch_size=128,
    turns="one_pass",
    n_steps=6_000,
    generator_rate=4e-3,
    discriminator_rate=2e-3,
    beta2=0.99,
    gamma=100.0,
    final_gamma=1.0,
    half_life=100_000,
)

RACES: Final = {"ring": ring, "grid": grid, "high-dimensional": high_dimensional}

"""Judges of pictures that know nothing of the product: a small classifier, its features, and what follows.

They are trained here, on the CPU, from a fixed seed; nothing of the scorecard is used, so that each checks
the other. Pictures are tensors `(n, n_channels, height, width)` from 0 to 1; colours are multiplied with
opacity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, leaky_relu, mse_loss

from gansmith.modalities.image.pictures import Pictures

Features = np.ndarray[tuple[Any, ...], np.dtype[Any]]

N_FEATURES: Final = 64
POOLED_SIDE: Final = 6
"""Of what the last convolution sees, before the features."""
BATCH_SIZE: Final = 64
LEARNING_RATE: Final = 2e-3
SLOPE: Final = 0.2
"""Of features below zero: none dies."""
N_NEIGHBOURS: Final = 5
"""k of coverage and density."""
CHUNK: Final = 1_000
"""Rows that are compared with all others at once."""
GREY_SIDE: Final = 16
"""Pixels along each side of what is compared where copies are looked for."""
COPY_PERCENTILE: Final = 1.0
NOISE: Final = 0.3
"""Standard deviation of what a denoiser has to remove."""


def inputs_of(pictures: Pictures) -> Tensor:
    """Pictures as the judges see them."""
    form = pictures.form
    pixels = pictures.source.block(pictures.numbers).astype(np.float32)  # (n, height, width, n_channels)
    values = torch.from_numpy(pixels).permute(0, 3, 1, 2).sub(form.lowest).div(form.highest - form.lowest)
    if form.has_alpha:
        opacity = form.n_seen - 1
        values[:, :opacity] *= values[:, opacity : opacity + 1]
    return values.contiguous()


def codes_of(pictures: Pictures, name: str, known: Sequence[str]) -> Tensor:
    """The place of each picture's attribute among the known values; -1 where it is none of them."""
    place = {value: index for index, value in enumerate(known)}
    return torch.tensor([place.get(value, -1) for value in pictures.attributes.columns[name].tolist()])


def known_values(pictures: Pictures, name: str) -> list[str]:
    """All values of an attribute, sorted."""
    return sorted({value for value in pictures.attributes.columns[name].tolist() if value is not None})


# --- Small networks -----------------------------------------------------------------------------------------


@final
class Trunk(nn.Module):
    """Convolutions of stride 2 until a side has about 8 pixels, then 64 features."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        n_channels, *sides = shape
        layers, n_in, side = list[nn.Module](), n_channels, min(sides)
        size = 5 if side < 40 else 3
        for width in (16, 32, 32, 32, 32):
            layers += [nn.Conv2d(n_in, width, size, stride=2, padding=size // 2), nn.ReLU()]
            n_in, side = width, side // 2
            if side <= 8:
                break
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(POOLED_SIDE), nn.Flatten())
        self.last = nn.Linear(POOLED_SIDE**2 * n_in, N_FEATURES)

    def forward(self, inputs: Tensor) -> Tensor:
        """Shape `(n, 64)`."""
        return leaky_relu(self.last(self.layers(2 * inputs - 1)), SLOPE)

    @torch.no_grad()
    def features(self, inputs: Tensor) -> Features:
        """What is compared of pictures: float64."""
        return torch.cat([self(part) for part in inputs.split(CHUNK)]).double().numpy()


@final
class Probe(nn.Module):
    """A classifier of one attribute or several; about 90,000 parameters."""

    def __init__(self, shape: Sequence[int], n_values: Mapping[str, int]) -> None:
        super().__init__()
        self.trunk = Trunk(shape)
        self.heads = nn.ModuleDict({name: nn.Linear(N_FEATURES, n) for name, n in n_values.items()})

    @torch.no_grad()
    def seen(self, inputs: Tensor) -> dict[str, Tensor]:
        """The value that it sees of each attribute, shape `(n,)`."""
        features = torch.cat([self.trunk(part) for part in inputs.split(CHUNK)])
        return {name: head(features).argmax(1) for name, head in self.heads.items()}

    def accuracy(self, inputs: Tensor, wanted: Mapping[str, Tensor]) -> dict[str, float]:
        """The share of each attribute that it sees as wanted."""
        seen = self.seen(inputs)
        return {name: float((seen[name] == codes).double().mean()) for name, codes in wanted.items()}


def learnt_probe(
    inputs: Tensor,
    targets: Mapping[str, Tensor],
    n_values: Mapping[str, int],
    n_epochs: int,
    seed: int,
    *,
    is_balanced: bool = False,
) -> Probe:
    """A classifier trained with Adam, its rate falling to zero.

    Args:
        inputs: Pictures.
        targets: By attribute, the place of each value; -1 is left out.
        n_values: By attribute, how many there are.
        n_epochs: Passes over the pictures.
        seed: Of first weights and order.
        is_balanced: Whether rare values weigh as much as frequent ones.
    """
    probe = _new(lambda: Probe(inputs.shape[1:], n_values), seed)
    weights: dict[str, Tensor | None] = dict.fromkeys(targets)
    if is_balanced:
        counts = {name: torch.bincount(codes, minlength=n_values[name]) for name, codes in targets.items()}
        weights |= {name: len(inputs) / count.clamp_min(1) / len(count) for name, count in counts.items()}

    def loss(rows: Tensor, _: torch.Generator) -> Tensor:
        features = probe.trunk(inputs[rows])
        parts = [
            cross_entropy(probe.heads[name](features), codes[rows], weights[name], ignore_index=-1)
            for name, codes in targets.items()
        ]
        return torch.stack(parts).sum()

    _learn(probe, loss, len(inputs), n_epochs, seed)
    return probe


def learnt_denoiser(inputs: Tensor, n_epochs: int, seed: int) -> Trunk:
    """Features for pictures without labels: from them 16 x 16 pixels are restored without their noise."""
    n_channels = inputs.shape[1]
    small = adaptive_avg_pool2d(inputs, GREY_SIDE).flatten(1)
    n_out = n_channels * GREY_SIDE**2
    network = _new(lambda: nn.Sequential(Trunk(inputs.shape[1:]), nn.Linear(N_FEATURES, n_out)), seed)

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        clean = inputs[rows]
        noise = torch.randn(clean.shape, generator=generator)
        return mse_loss(network(clean + NOISE * noise), small[rows])

    _learn(network, loss, len(inputs), n_epochs, seed)
    trunk = network[0]
    assert isinstance(trunk, Trunk)
    return trunk


def _new(build: Callable[[], Any], seed: int) -> Any:
    """A network with first weights from a seed; the state of the process stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _learn(
    network: nn.Module,
    loss: Callable[[Tensor, torch.Generator], Tensor],
    n: int,
    n_epochs: int,
    seed: int,
) -> None:
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    generator = torch.Generator().manual_seed(seed)
    n_steps = n_epochs * -(-n // BATCH_SIZE)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, n_steps)
    for _ in range(n_epochs):
        for rows in torch.randperm(n, generator=generator).split(BATCH_SIZE):
            optimiser.zero_grad()
            loss(rows, generator).backward()
            optimiser.step()
            falling.step()
    network.eval()


# --- Comparing features -------------------------------------------------------------------------------------


def coverage_and_density(real: Features, fake: Features, k: int = N_NEIGHBOURS) -> tuple[float, float]:
    """How much of the real pictures is reached, and how densely fakes lie where real ones do.

    Coverage is the share of real pictures with a fake nearer than their k-th real neighbour; density counts,
    for a fake, the real pictures within whose k-th neighbour it lies, over k.

    Source:
        Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models" (arXiv:2002.09797).
    """
    reals, fakes = torch.from_numpy(real), torch.from_numpy(fake)
    n_covered, n_within = 0, 0
    for part in reals.split(CHUNK):
        radii = torch.cdist(part, reals).kthvalue(k + 1, dim=1).values[:, None]  # itself is the first
        within = torch.cdist(part, fakes) < radii  # (part, fakes)
        n_covered += int(within.any(1).sum())
        n_within += int(within.sum())
    return n_covered / len(reals), n_within / (k * len(fakes))


def frechet_distance(real: Features, fake: Features) -> float:
    """Between two Gaussians of the features' means and covariances.

    Source:
        Heusel et al. 2017, "GANs trained by a two time-scale update rule ...", eq. 6 (arXiv:1706.08500).
    """
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    mixed = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    shift = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    return float(shift + np.trace(first) + np.trace(second) - 2 * mixed)


def class_divergence(wanted: Tensor, seen: Tensor, n_classes: int) -> float:
    """Kullback-Leibler divergence of the classes `seen` from those `wanted`, in nats; half a count added."""
    p, q = (torch.bincount(codes, minlength=n_classes).double() + 0.5 for codes in (wanted, seen))
    p, q = p / p.sum(), q / q.sum()
    return float((p * (p / q).log()).sum())


# --- Copies -------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Copies:
    """Shares of pictures nearer to a training picture than 99 % of held-out ones, and than training pictures.

    Pictures are compared as 16 x 16 grey box averages on white.
    """

    fake: float
    heldout: float
    fake_strict: float
    """Share of fakes nearer than 99 % of training pictures are to another training picture."""


def copies(fake: Tensor, heldout: Tensor, train: Tensor, *, has_alpha: bool) -> Copies:
    """How many fakes are suspiciously near to what was learnt from."""
    small, unseen, learnt = (_small_grey(one, has_alpha=has_alpha) for one in (fake, heldout, train))
    of_fakes, of_unseen = nearest(small, learnt), nearest(unseen, learnt)
    border = np.percentile(of_unseen, COPY_PERCENTILE)
    strict = np.percentile(nearest(learnt, learnt, n_skipped=1), COPY_PERCENTILE)
    return Copies(
        float((of_fakes < border).mean()),
        float((of_unseen < border).mean()),
        float((of_fakes < strict).mean()),
    )


def nearest(rows: Features, others: Features, n_skipped: int = 0) -> Features:
    """The distance of each row to its nearest one of the others, the first `n_skipped` left out."""
    theirs = torch.from_numpy(others)
    parts = torch.from_numpy(rows).split(CHUNK)
    return torch.cat(
        [torch.cdist(part, theirs).kthvalue(n_skipped + 1, dim=1).values for part in parts]
    ).numpy()


def _small_grey(inputs: Tensor, *, has_alpha: bool) -> Features:
    seen = inputs[:, :-1] + (1 - inputs[:, -1:]) if has_alpha else inputs
    return adaptive_avg_pool2d(seen.mean(1, keepdim=True), GREY_SIDE).flatten(1).double().numpy()

"""Is the game healthy? Measured on held-out records, told in plain words.

A game reads off what it can (`AbstractGame.evaluate`), by name; these are the names that mean something here:
`real_accuracy` and `fake_accuracy`, shares of records that a discriminator judges rightly; `spread` of a fake
batch against that of real records, where 1 is right and 0 the same record every time; `coverage` and
`offset`, see below; `memory_gap`, how much better training records are judged than held-out ones;
`generator_gradient`, how much of a loss moving a fake by one standard deviation would save.

Nothing here looks at a loss: losses of a healthy and of a broken game look alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Logits, Samples

COVERED: Final = 0.1
"""A generator that never covered more has nothing to lose yet."""
SURE: Final = 0.98
"""Of real and of fake records each: a discriminator that judges more of them rightly is overpowered."""
VANISHED: Final = 1e-3
"""A generator with a smaller gradient than this learns nothing."""
N_MOVES: Final = 3
"""Moves of the fakes' centre in a row that make an oscillation."""
OSCILLATING: Final = 0.3
"""Each of them longer than this, in real standard deviations."""


def decision_threshold(real_logits: Logits, fake_logits: Logits, known: float | None) -> float:
    """The logit between real and fake: known, or half-way between the means where only differences count."""
    return ((real_logits.mean() + fake_logits.mean()) / 2).item() if known is None else known


def accuracies(real_logits: Logits, fake_logits: Logits, threshold: float) -> dict[str, float]:
    """Shares of real and of fake records that lie on their own side of the threshold, in [0, 1]."""
    return {
        "real_accuracy": (real_logits > threshold).float().mean().item(),
        "fake_accuracy": (fake_logits <= threshold).float().mean().item(),
    }


def memory_gap(seen_logits: Logits, heldout_logits: Logits) -> float:
    """Mean logit of training records minus that of held-out ones, in standard deviations: 0 is honest."""
    gap = (seen_logits.mean() - heldout_logits.mean()) / heldout_logits.std().clamp_min(1e-6)
    return gap.item()


def likeness(
    fake: Float[Tensor, "n_fake *sample"], real: Float[Tensor, "n_real *sample"], n_most: int = 2000
) -> dict[str, float]:
    """How fakes compare with held-out records: spread, offset, and coverage of the first `n_most`."""
    return {
        "spread": spread(fake, real),
        "coverage": coverage(fake[:n_most], real[:n_most]),
        "offset": offset(fake, real),
    }


def generator_gradient(gradients: Samples, real: Samples) -> float:
    """Mean length of the gradient of the generator's loss for a fake, per deviation of real values."""
    return (gradients.flatten(1).norm(dim=1).mean() * real.flatten(1).std(0).mean()).item()


def offset(fake: Float[Tensor, "n_fake *sample"], real: Float[Tensor, "n_real *sample"]) -> float:
    """How far off the fakes' centre lies along one fixed direction, in real standard deviations along it.

    The direction adds every second value and subtracts the others, weighted so that none is like another.
    """
    n = real[0].numel()
    weights = 1 + 0.5 * torch.arange(n, device=real.device).cos()
    weights[1::2] *= -1
    ours, theirs = (records.flatten(1).float() @ weights for records in (fake, real))
    return ((ours.mean() - theirs.mean()) / theirs.std().clamp_min(1e-12)).item()


def spread(fake: Float[Tensor, "n_fake *sample"], real: Float[Tensor, "n_real *sample"]) -> float:
    """Ratio of the mean standard deviations over all values of a sample, fake over real."""
    return (fake.flatten(1).std(0).mean() / real.flatten(1).std(0).mean().clamp_min(1e-12)).item()


def coverage(
    fake: Float[Tensor, "n_fake *sample"], real: Float[Tensor, "n_real *sample"], k: int = 5
) -> float:
    """Share of real records that have a fake nearer than their k-th nearest real neighbour.

    For as many fakes of the same distribution it is about 1 - 2^-k (.97 for k = 5).

    Source:
        Naeem et al. 2020, "Reliable fidelity and diversity metrics", eq. 9 (arXiv:2002.09797).
    """
    real, fake = real.flatten(1), fake.flatten(1)
    k = min(k, len(real) - 1)
    if k < 1:
        return 0.0
    radii = torch.cdist(real, real).kthvalue(k + 1, dim=1).values  # the nearest is the record itself
    nearest: Float[Tensor, " n_real"] = torch.cdist(real, fake).amin(1)
    return (nearest <= radii).float().mean().item()


@final
@dataclass(frozen=True)
class Finding:
    """Something that a person should know of a run."""

    name: str
    """Of its kind; a key of `CURES`."""
    text: str
    """In plain words."""


def findings(history: Sequence[Mapping[str, float]]) -> tuple[Finding, ...]:
    """What the newest readings, the last, tell a person; what was said before is not repeated.

    What a game does not read is not missed.
    """
    before = {one.name for one in _found(history[:-1])} if len(history) > 1 else set[str]()
    return tuple(one for one in _found(history) if one.name not in before)


def _found(history: Sequence[Mapping[str, float]]) -> list[Finding]:
    """What is wrong at the newest readings."""
    now = history[-1]
    coverages = [readings.get("coverage", 0.0) for readings in history]
    sureness = min(now.get("real_accuracy", 0.0), now.get("fake_accuracy", 0.0))
    pull = now.get("generator_gradient", 1.0)
    found: list[Finding] = []
    if coverages[-1] < 0.5 * max(coverages) and max(coverages) > COVERED:
        fall = f"coverage fell from {max(coverages):.2f} to {coverages[-1]:.2f}"
        found.append(Finding("collapse", f"the generator repeats itself: {fall}"))
    if now.get("spread", 1.0) < 0.3:
        text = f"the fakes are too alike: their spread is {now['spread']:.2f} of the real one"
        found.append(Finding("spread", text))
    if sureness > SURE and pull < VANISHED:
        text = f"the generator's gradients have vanished ({pull:.1e}): it learns nothing"
        found.append(Finding("vanishing", text))
    elif sureness > SURE:
        text = "the discriminator tells everything apart: the generator learns little from it"
        found.append(Finding("sure", text))
    if now.get("memory_gap", 0.0) > 1.0:
        text = (
            f"the discriminator has memorised the training records (gap {now['memory_gap']:.1f}): "
            "train for a shorter time or with more data"
        )
        found.append(Finding("memory", text))
    offsets = [readings.get("offset", 0.0) for readings in history[-N_MOVES - 1 :]]
    moves = [abs(after - before) for before, after in pairwise(offsets)]
    if len(moves) == N_MOVES and min(moves) > OSCILLATING:
        text = "the generator oscillates: the mean of its fakes jumps between evaluations"
        found.append(Finding("oscillation", text))
    return found

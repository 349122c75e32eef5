"""Is the game healthy? Measured on held-out records, told in plain words.

Nothing here looks at a loss: losses of a healthy and of a broken game look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.tensors import Logits


@final
@dataclass(frozen=True)
class Health:
    """What the monitors read at one moment."""

    real_accuracy: float
    """Share of held-out real records that the discriminator takes for real, in [0, 1]."""
    fake_accuracy: float
    """Share of fakes that the discriminator takes for fake, in [0, 1]."""
    spread: float
    """Spread of a fake batch against that of real records: 1 is right, 0 is the same record every time."""
    coverage: float
    """Share of held-out records with a fake in their neighbourhood, in [0, 1]; see `coverage`."""
    memory_gap: float
    """Mean logit of training records minus that of held-out ones, in standard deviations: 0 is honest."""


def accuracies(real_logits: Logits, fake_logits: Logits, is_relative: bool) -> tuple[float, float]:
    """Shares of real and of fake records on their own side of the border.

    The border is zero, or half-way between the two means where only differences count.
    """
    border = (real_logits.mean() + fake_logits.mean()) / 2 if is_relative else torch.zeros(())
    real, fake = (real_logits > border).float().mean(), (fake_logits <= border).float().mean()
    return real.item(), fake.item()


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


def findings(history: Sequence[Health]) -> tuple[str, ...]:
    """What the newest reading tells a person, in plain words; what was said before is not repeated.

    Args:
        history: All readings of the run, the newest last.
    """
    before = _found(history[:-1]) if len(history) > 1 else {}
    return tuple(text for what, text in _found(history).items() if what not in before)


def _found(history: Sequence[Health]) -> dict[str, str]:
    """What is wrong at the newest reading, by kind."""
    now, best = history[-1], max(history, key=lambda health: health.coverage)
    found: dict[str, str] = {}
    if now.coverage < 0.5 * best.coverage:
        fall = f"coverage fell from {best.coverage:.2f} to {now.coverage:.2f}"
        found["collapse"] = f"the generator repeats itself: {fall}"
    if now.spread < 0.3:
        found["spread"] = f"the fakes are too alike: their spread is {now.spread:.2f} of the real one"
    if min(now.real_accuracy, now.fake_accuracy) > 0.98:
        found["sure"] = "the discriminator tells everything apart: the generator learns little from it"
    if now.memory_gap > 1.0:
        found["memory"] = (
            f"the discriminator knows the training records by heart (gap {now.memory_gap:.1f}): "
            "train shorter or with more data"
        )
    return found

"""Is the game healthy? Measured on held-out records, told in plain words.

A game reads off what it can (`AbstractGame.evaluate`), by name; these are the names that mean something here:
`real_accuracy` and `fake_accuracy`, shares of records that a discriminator judges rightly; `spread` of a fake
batch against that of real records, where 1 is right and 0 the same record every time; `coverage`, see below;
`memory_gap`, how much better training records are judged than held-out ones.

Nothing here looks at a loss: losses of a healthy and of a broken game look alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Logits


def decision_threshold(real_logits: Logits, fake_logits: Logits, *, is_relative: bool) -> float:
    """The logit between real and fake: zero, or half-way between the means where only differences count."""
    return ((real_logits.mean() + fake_logits.mean()) / 2).item() if is_relative else 0.0


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
    """How fakes compare with held-out records: spread, and coverage of the first `n_most`."""
    return {"spread": spread(fake, real), "coverage": coverage(fake[:n_most], real[:n_most])}


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


def findings(history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """What the newest readings, the last, tell a person; what was said before is not repeated.

    What a game does not read is not missed.
    """
    before = _found(history[:-1]) if len(history) > 1 else {}
    return tuple(text for what, text in _found(history).items() if what not in before)


def _found(history: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """What is wrong at the newest readings, by kind."""
    now = history[-1]
    coverages = [readings.get("coverage", 0.0) for readings in history]
    found: dict[str, str] = {}
    if coverages[-1] < 0.5 * max(coverages):
        fall = f"coverage fell from {max(coverages):.2f} to {coverages[-1]:.2f}"
        found["collapse"] = f"the generator repeats itself: {fall}"
    if now.get("spread", 1.0) < 0.3:
        found["spread"] = f"the fakes are too alike: their spread is {now['spread']:.2f} of the real one"
    if min(now.get("real_accuracy", 0.0), now.get("fake_accuracy", 0.0)) > 0.98:
        found["sure"] = "the discriminator tells everything apart: the generator learns little from it"
    if now.get("memory_gap", 0.0) > 1.0:
        found["memory"] = (
            f"the discriminator has memorised the training records (gap {now['memory_gap']:.1f}): "
            "train shorter or with more data"
        )
    return found

"""The end of a run: which of the kept generators make the model.

While a model is learnt a cheap score says which generators are kept. At the end a dearer one, that of the
scorecard, has the last word: all of them in turn, or the newest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from gansmith.engine.randomness import Randomness
from gansmith.engine.tensors import Samples
from gansmith.nets.mixture import Mixture

FinalScore = Callable[[Samples, Samples], tuple[float, float]]
"""(fake, held-out) samples to a number, higher is better, and its standard error."""


@torch.no_grad()
def chosen(
    members: Sequence[nn.Module],
    heldout: Samples,
    score: FinalScore,
    n_latents: int,
    randomness: Randomness,
) -> Sequence[nn.Module]:
    """All members, or the newest alone where it is clearly better.

    Args:
        members: Generators that the cheap score has kept, on the CPU, the newest last.
        heldout: Real records that nobody learnt from, on the CPU.
        score: The dear one.
        n_latents: Numbers that a generator starts from.
        randomness: Of the run.

    Returns:
        The generators that are to take turns. The newest is clearly better when it beats all of them together
        by more than two standard errors of the difference.
    """
    if len(members) < 2:
        return members
    latents = randomness.normal((len(heldout), n_latents), "ending", 0)
    (together, error), (newest, its_error) = (
        score(generator(latents, None), heldout) for generator in (Mixture(members), members[-1])
    )
    is_better = newest - together > 2 * (error**2 + its_error**2) ** 0.5
    return members[-1:] if is_better else members

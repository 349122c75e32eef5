"""The end of a run: which of the kept networks make the model.

While a model is learnt a cheap score says which networks are kept. At the end an expensive one, that of the
scorecard, has the last word: all of them in turn, or the newest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from gansmith.engine.batches import Batch, Samples
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.randomness import Randomness
from gansmith.nets.distributions import Ensemble

FinalScore = Callable[[Samples, Samples], tuple[float, float]]
"""(fake, held-out) samples to a number, higher is better, and its standard error."""


def taking_turns(ensemble: Sequence[Networks]) -> dict[str, nn.Module]:
    """Networks of several as one set that generates in turn."""
    if len(ensemble) == 1:
        return dict(ensemble[0])
    return {name: Ensemble([member[name] for member in ensemble]) for name in ensemble[0]}


@torch.no_grad()
def chosen(
    ensemble: Sequence[Networks],
    heldout: Batch,
    score: FinalScore,
    rules: AbstractRules,
    randomness: Randomness,
) -> Sequence[Networks]:
    """All of them, or the newest alone where it is clearly better.

    Args:
        ensemble: Networks that generate, which the cheap score has kept, on the CPU, the newest last.
        heldout: Real records that nobody learnt from, on the CPU.
        score: The expensive one.
        rules: Of the game.
        randomness: Of the run.

    Returns:
        Those that are to take turns. The newest is clearly better when it beats all of them together by more
        than two standard errors of the difference.
    """
    if len(ensemble) < 2:
        return ensemble
    stream = randomness.stream("ending")
    (together, error), (newest, its_error) = (
        score(rules.generate(networks, heldout, stream, 0), heldout["real"])
        for networks in (taking_turns(ensemble), ensemble[-1])
    )
    is_better = newest - together > 2 * (error**2 + its_error**2) ** 0.5
    return ensemble[-1:] if is_better else ensemble

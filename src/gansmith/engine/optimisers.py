"""How a step follows from gradients: torch's own optimisers on one vector of weights.

To add one, write its function, one entry in `OPTIMISERS` and its name in `engine/tuning.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from gansmith.engine.tuning import Optimiser

Weights = Float[Tensor, " n_weights"]

_TINY: Final = 1e-8
"""Added to what is divided by."""


@final
class WeightVector:
    """Weights that learn, their gradient, and what an optimiser remembers of earlier ones."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.gradient = torch.zeros_like(weights)
        """What the last backward pass gathered for all weights."""
        self.mean = torch.zeros_like(weights)
        self.square = torch.zeros_like(weights)
        self.n_steps = torch.zeros((), device=weights.device)

    def moments(self) -> dict[str, Tensor]:
        """What is remembered, to be saved and to be copied into."""
        return {"mean": self.mean, "square": self.square, "n_steps": self.n_steps}


Step = Callable[[WeightVector, float, float, float], None]
"""Changes weights along their gradient: (vector, learning rate, beta1, beta2)."""


def adam_step(vector: WeightVector, rate: float, beta1: float, beta2: float) -> None:
    """Mean gradients over the root of mean squared ones, both freed of their start at zero.

    Source: Kingma and Ba 2014, "Adam: a method for stochastic optimization", algorithm 1 (arXiv:1412.6980).
    """
    adam(
        [vector.weights],
        [vector.gradient],
        [vector.mean],
        [vector.square],
        max_exp_avg_sqs=[],
        state_steps=[vector.n_steps],
        fused=True,
        amsgrad=False,
        beta1=beta1,
        beta2=beta2,
        lr=rate,
        weight_decay=0.0,
        eps=_TINY,
        maximize=False,
    )


def sgd_step(vector: WeightVector, rate: float, beta1: float, beta2: float) -> None:
    """Straight along the gradient; `beta1` is the momentum, `beta2` is not used.

    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
    """
    sgd(
        [vector.weights],
        [vector.gradient],
        [vector.mean],
        foreach=False,
        weight_decay=0.0,
        momentum=beta1,
        lr=rate,
        dampening=0.0,
        nesterov=False,
        maximize=False,
    )


def rmsprop_step(vector: WeightVector, rate: float, beta1: float, beta2: float) -> None:
    """Gradients over the root of mean squared ones; `beta1` is the momentum, `beta2` smooths the squares.

    Source: Tieleman and Hinton 2012, "Lecture 6.5: RMSProp", Neural networks for machine learning, Coursera.
    """
    rmsprop(
        [vector.weights],
        [vector.gradient],
        [vector.square],
        [],
        [vector.mean],
        [vector.n_steps],
        foreach=False,
        lr=rate,
        alpha=beta2,
        eps=_TINY,
        weight_decay=0.0,
        momentum=beta1,
        centered=False,
    )


OPTIMISERS: Final[dict[Optimiser, Step]] = {"adam": adam_step, "sgd": sgd_step, "rmsprop": rmsprop_step}

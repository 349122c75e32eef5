"""A player: a network with its optimiser and its moving average.

A step follows from gradients by torch's own optimisers on one vector of weights. To add one, write its
function, one entry in `OPTIMISERS` and its name in `engine/tuning.py`.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from gansmith.engine.checkpoint import below
from gansmith.engine.length import average_weight, cosine
from gansmith.engine.tuning import Optimiser
from gansmith.settings import Annotated, Field, NonNegativeFloat, PositiveFloat, settings

Weights = Float[Tensor, " n_weights"]
EPSILON: Final = 1e-8
"""Gradients are divided by no less."""


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
        eps=EPSILON,
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
        eps=EPSILON,
        weight_decay=0.0,
        momentum=beta1,
        centered=False,
    )


OPTIMISERS: Final[dict[Optimiser, Step]] = {"adam": adam_step, "sgd": sgd_step, "rmsprop": rmsprop_step}


@final
@settings
class PlayerConfig:
    """How one player learns: its optimiser, its schedule, its average."""

    learning_rate: PositiveFloat = 2e-4
    """The optimiser's step size at the start of the run."""
    final_learning_rate: NonNegativeFloat | None = None
    """The optimiser's step size at the end, reached along a cosine; None keeps `learning_rate`."""
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Adam's memory of gradients, the momentum of SGD and of RMSprop, in [0, 1)."""
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Adam's memory of squared gradients, the smoothing constant of RMSprop, in [0, 1); SGD has none."""
    final_beta2: Annotated[float, Field(ge=0, lt=1)] | None = None
    """At the end, reached along a cosine in the logarithm of 1 - beta2; None keeps `beta2`. Large steps
    without momentum go astray on squared gradients of long ago."""
    average_half_life_samples: NonNegativeFloat = 0.0
    """Half-life of the moving average of the weights, in samples seen; 0 keeps none."""
    is_average_known: bool = False
    """Whether the weights at the start are worth keeping: the average does not forget them sooner, then."""
    weight_clip: PositiveFloat | None = None
    """Largest absolute weight, for the Wasserstein critic of 2017; None does not clip."""
    optimiser: Optimiser = "adam"
    """How a step follows from gradients; a key of `OPTIMISERS`."""

    def beta2_at(self, share: float) -> float:
        """`beta2` at that share of the run."""
        if self.final_beta2 is None:
            return self.beta2
        return 1 - math.exp(cosine(math.log(1 - self.beta2), math.log(1 - self.final_beta2), share))

    def with_setting(self, name: str, value: Any) -> PlayerConfig:
        """With another value of one field.

        A final learning rate remains the same share of the first one; a `beta2` that was chosen stays.
        """
        if name == "beta2":
            return replace(self, beta2=value, final_beta2=None)
        final = self.final_learning_rate
        if name == "learning_rate" and final is not None:
            final *= value / self.learning_rate
        changes: dict[str, Any] = {"final_learning_rate": final, name: value}
        return replace(self, **changes)

    def gentler(self, rate_share: float, length_share: float) -> PlayerConfig:
        """For weights that have learnt already: smaller steps in a shorter run; the average begins there."""
        final = self.final_learning_rate
        return replace(
            self,
            learning_rate=rate_share * self.learning_rate,
            final_learning_rate=None if final is None else rate_share * final,
            average_half_life_samples=length_share * self.average_half_life_samples,
            is_average_known=True,
        )


@final
class Player:
    """A network that learns, and perhaps the moving average that is sampled in its stead.

    The weights that learn are views of one vector, and their gradients of another: a step of the optimiser,
    of the average or of the clip is one operation, however many layers there are.
    """

    def __init__(self, network: nn.Module, config: PlayerConfig) -> None:
        self.network = network
        self.config = config
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self._vector = WeightVector(_in_one_vector(self.parameters))
        self.gradient = self._vector.gradient
        parts = self.gradient.split([parameter.numel() for parameter in self.parameters])
        for parameter, part in zip(self.parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)
        self.average: nn.Module | None = None
        if config.average_half_life_samples > 0:
            self.average = copy.deepcopy(network)
            self._average = _in_one_vector([p for p in self.average.parameters() if p.requires_grad])
            self.average.requires_grad_(False)

    @property
    def best_known(self) -> nn.Module:
        """The network to sample and to score: the average where there is one."""
        return self.network if self.average is None else self.average

    def rate(self, share: float, rate_scale: float) -> float:
        """The learning rate at that share of the run."""
        config = self.config
        final = config.learning_rate if config.final_learning_rate is None else config.final_learning_rate
        return rate_scale * cosine(config.learning_rate, final, share)

    @torch.no_grad()
    def gradient_sizes(self, gradients: Sequence[Tensor], share: float) -> list[Tensor]:
        """What the optimiser would divide these gradients by, weight by weight; 1 where it does not."""
        vector, beta2 = self._vector, self.config.beta2_at(share)
        if self.config.optimiser == "sgd":
            return [torch.ones_like(gradient) for gradient in gradients]
        square = beta2 * vector.square + (1 - beta2) * parameters_to_vector(gradients).square()
        if self.config.optimiser == "adam":
            square = square / (1 - beta2 ** (vector.n_steps + 1))
        sizes = (square.sqrt() + EPSILON).split([gradient.numel() for gradient in gradients])
        return [size.view_as(gradient) for size, gradient in zip(sizes, gradients, strict=True)]

    @torch.no_grad()
    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Begin anew from weights that were the best known; what was gathered of gradients is forgotten."""
        self.network.load_state_dict(weights)
        if self.average is not None:
            self.average.load_state_dict(weights)
        for value in self._vector.moments().values():
            value.zero_()

    @torch.no_grad()
    def step(self, share: float, rate_scale: float) -> None:
        """One step of the optimiser along the gradient that has been gathered."""
        config = self.config
        rate = self.rate(share, rate_scale)
        OPTIMISERS[config.optimiser](self._vector, rate, config.beta1, config.beta2_at(share))
        if config.weight_clip is not None:
            self._vector.weights.clamp_(-config.weight_clip, config.weight_clip)

    @torch.no_grad()
    def update_average(self, batch_size: int, samples_seen: int) -> None:
        """Move the average towards the newest weights (a no-op without one); buffers are the newest."""
        if self.average is None:
            return
        half_life = self.config.average_half_life_samples
        samples_seen = sys.maxsize if self.config.is_average_known else samples_seen
        self._average.lerp_(self._vector.weights, average_weight(batch_size, half_life, samples_seen))
        for average, buffer in zip(self.average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)

    def state(self) -> dict[str, Tensor]:
        """Everything that must survive, as named tensors (copies)."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average/{name}": value for name, value in self.average.state_dict().items()}
        tensors |= {f"optimiser/{name}": value for name, value in self._vector.moments().items()}
        return {name: value.detach().clone() for name, value in tensors.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave.

        Raises:
            RuntimeError: From torch, when names or shapes do not fit this network.
        """
        self.network.load_state_dict(below("network/", tensors))
        if self.average is not None:
            self.average.load_state_dict(below("average/", tensors))
        for name, value in self._vector.moments().items():
            value.copy_(tensors[f"optimiser/{name}"])


def learn(
    players: Sequence[Player],
    loss: Tensor,
    share: float,
    rate_scale: float = 1.0,
    *,
    gradient: Tensor | None = None,
    also: Sequence[Tensor] = (),
    longest: float | None = None,
) -> None:
    """One backward pass for the weights of these players, and one step of the optimiser of each.

    Args:
        players: Who learn.
        loss: The sum of everything they minimise in this turn; or anything that they have made, whose
            `gradient` is known.
        share: Of the run that is done, in [0, 1].
        rate_scale: Multiplied with the learning rates; below 1 after a roll-back.
        gradient: Of what is minimised, for `loss`; None where that is a scalar.
        also: Leaves that get their gradient in the same pass.
        longest: What the gradient of each player is shortened to; None leaves it as it is.
    """
    for player in players:
        player.gradient.zero_()
    weights = [weight for player in players for weight in player.parameters]
    loss.backward(gradient, inputs=[*weights, *also])  # adds to the views of the gradients
    for player in players:
        if longest is not None:
            player.gradient.mul_((longest / player.gradient.norm().clamp_min(EPSILON)).clamp_max(1.0))
        player.step(share, rate_scale)


@torch.no_grad()
def _in_one_vector(parameters: Sequence[nn.Parameter]) -> Float[Tensor, " n_weights"]:
    """Move the parameters into one vector; they become views of it."""
    vector = parameters_to_vector(parameters)
    vector_to_parameters(vector, parameters)
    return vector

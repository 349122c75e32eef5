"""A player: a network with its optimiser and its moving average."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from gansmith.engine.schedules import average_weight, cosine
from gansmith.engine.tensors import Scalar
from gansmith.errors import UsageError


@final
@dataclass(frozen=True)
class PlayerConfig:
    """How one player learns: Adam, its schedule, its average."""

    learning_rate: float = 2e-4
    """Adam's step size at the start of the run."""
    final_learning_rate: float | None = None
    """Adam's step size at the end, reached along a cosine; None keeps `learning_rate`."""
    beta1: float = 0.0
    """Adam's memory of gradients, in [0, 1)."""
    beta2: float = 0.99
    """Adam's memory of squared gradients, in [0, 1)."""
    average_half_life_samples: float = 0.0
    """Half-life of the moving average of the weights, in samples seen; 0 keeps none."""
    weight_clip: float | None = None
    """Largest absolute weight, for the Wasserstein critic of 2017; None does not clip."""

    def __post_init__(self) -> None:
        if self.learning_rate <= 0 or (self.final_learning_rate or 0) < 0:
            raise UsageError(f"a learning rate must be positive, not {self.learning_rate}.")
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise UsageError(f"Adam's betas must be in [0, 1), not {self.beta1} and {self.beta2}.")


@final
class Player:
    """A network that learns by Adam, and perhaps the moving average that is sampled in its stead."""

    def __init__(self, network: nn.Module, config: PlayerConfig) -> None:
        self.network = network
        self.config = config
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(
            self.parameters, lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True
        )
        has_average = config.average_half_life_samples > 0
        self.average = copy.deepcopy(network).requires_grad_(False) if has_average else None

    @property
    def best_known(self) -> nn.Module:
        """The network to sample and to score: the average where there is one."""
        return self.network if self.average is None else self.average

    def learn(self, loss: Scalar, progress: float, rate_scale: float = 1.0) -> None:
        """One backward pass for this player's weights alone, and one step of Adam.

        Args:
            loss: The sum of everything this player minimises in this turn.
            progress: Share of the run that is done, in [0, 1].
            rate_scale: Multiplied with the learning rate; below 1 after a roll-back.
        """
        gradients = torch.autograd.grad(loss, self.parameters, materialize_grads=True)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        config = self.config
        final = config.learning_rate if config.final_learning_rate is None else config.final_learning_rate
        self.optimiser.param_groups[0]["lr"] = rate_scale * cosine(config.learning_rate, final, progress)
        self.optimiser.step()
        if config.weight_clip is not None:
            with torch.no_grad():
                for parameter in self.parameters:
                    parameter.clamp_(-config.weight_clip, config.weight_clip)

    @torch.no_grad()
    def update_average(self, batch_size: int, samples_seen: int) -> None:
        """Move the average towards the newest weights (a no-op without one)."""
        if self.average is None:
            return
        weight = average_weight(batch_size, self.config.average_half_life_samples, samples_seen)
        for average, newest in zip(self.average.parameters(), self.network.parameters(), strict=True):
            average.lerp_(newest, weight)

    def state(self) -> dict[str, Tensor]:
        """Everything that must survive, as named tensors (copies)."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average/{name}": value for name, value in self.average.state_dict().items()}
        for index, parameter in enumerate(self.parameters):
            for key, value in self.optimiser.state[parameter].items():
                tensors[f"optimiser/{index}/{key}"] = value
        return {name: value.detach().clone() for name, value in tensors.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave.

        Raises:
            RuntimeError: From torch, when names or shapes do not fit this network.
        """
        self.network.load_state_dict(_below("network/", tensors))
        if self.average is not None:
            self.average.load_state_dict(_below("average/", tensors))
        for index, parameter in enumerate(self.parameters):
            moments = _below(f"optimiser/{index}/", tensors)
            self.optimiser.state[parameter] = {key: value.clone() for key, value in moments.items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

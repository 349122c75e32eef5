"""The discriminator that plays: a network with the conditions of one turn, judging each batch once."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.tensors import Conditions, Logits, Samples
from gansmith.nets.explicit import AbstractExplicitDiscriminator

Judge = Callable[[Samples], Logits]
"""Anything that maps samples to logits; penalties take no more."""


@final
class Discriminator:
    """A network and the conditions of a batch; remembers the batch it judged last.

    Args:
        network: Maps samples and conditions to logits.
        conditions: What the generator was asked for, one row per sample.
        keeps_gradients: Whether input gradients will be wanted of what is judged.
    """

    def __init__(
        self, network: nn.Module, conditions: Conditions | None, *, keeps_gradients: bool = False
    ) -> None:
        self.network = network
        self.conditions = conditions
        self._keeps_gradients = keeps_gradients
        self._samples: Samples | None = None
        self._logits: Logits | None = None
        self._gradients: Tensor | None = None

    def __call__(self, samples: Samples) -> Logits:
        """Logits of the samples, in full precision."""
        if samples is self._samples and self._logits is not None:
            return self._logits
        self._samples = samples
        self._gradients = None
        if self._keeps_gradients and isinstance(self.network, AbstractExplicitDiscriminator):
            logits, self._gradients = self.network.with_gradients(samples, self.conditions)
        else:
            logits = self.network(samples, self.conditions).float()
        self._logits = logits
        return logits

    def gradients(self, samples: Samples) -> Float[Tensor, "batch n_values"]:
        """The gradient of each logit for its own sample, flattened and differentiable for the weights."""
        logits = self(samples)
        if self._gradients is None:
            self._gradients = _differentiated(logits, samples)
        return self._gradients


def input_gradients(discriminator: Judge, samples: Samples) -> Float[Tensor, "batch n_values"]:
    """The gradient of each logit for its own sample, flattened and differentiable for the weights.

    Args:
        discriminator: A `Discriminator`, whose network may write its gradient down, or any function from
            samples to logits, which is differentiated.
        samples: Shape `(batch, *sample)`.

    Raises:
        RuntimeError: From autograd, when no logit depends on `samples`.
    """
    if isinstance(discriminator, Discriminator):
        return discriminator.gradients(samples)
    samples = samples.detach().requires_grad_()
    return _differentiated(discriminator(samples), samples)


def _differentiated(logits: Logits, samples: Samples) -> Float[Tensor, "batch n_values"]:
    (gradients,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
    return gradients.flatten(1)  # (batch, n_values)

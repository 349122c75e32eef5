"""The discriminator that plays: a network with the conditions of one turn, judging each batch once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gansmith.engine.batches import Logits, Samples
from gansmith.nets.discriminators import (
    AbstractExplicitDiscriminator,
    AbstractFeaturedDiscriminator,
    AbstractWholeBatchDiscriminator,
)

Judge = Callable[[Samples], Logits]
"""Anything that maps samples to logits; penalties take no more."""


@final
@dataclass(frozen=True)
class Judgement:
    """All that a discriminator says of some samples; most say their logits alone."""

    logits: Logits
    features: tuple[Tensor, ...] = ()
    """What its layers saw in each sample, shape `(batch, ...)` each."""
    heads: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    """What it says beside real or fake, by name, shape `(batch, ...)` each: logits of classes, codes, ..."""

    def halves(self) -> tuple[Judgement, Judgement]:
        """Of the first half of the samples, and of the second."""
        n = len(self.logits) // 2
        features = [feature.split(n) for feature in self.features]
        heads = {name: head.split(n) for name, head in self.heads.items()}
        one, other = (
            Judgement(
                logits,
                tuple(feature[half] for feature in features),
                {name: head[half] for name, head in heads.items()},
            )
            for half, logits in enumerate(self.logits.split(n))
        )
        return one, other


@final
class Discriminator:
    """A network and the conditions of a batch; remembers the batch it judged last.

    Args:
        network: Maps samples and conditions to logits, or to a `Judgement`.
        conditions: What the generator was asked for, one row per sample, any shape.
        keeps_gradients: Whether input gradients will be wanted of what is judged.
        n_groups: Into how many equal groups samples fall, real and fake ones, that a network which looks at
            a whole batch must judge apart; it makes no difference to others.
        wants_features: Whether it shall be asked what its layers see.
    """

    def __init__(
        self,
        network: nn.Module,
        conditions: Tensor | None,
        *,
        keeps_gradients: bool = False,
        n_groups: int = 1,
        wants_features: bool = False,
    ) -> None:
        self.network = network
        self._wants_features = wants_features
        self.conditions = conditions
        self._keeps_gradients = keeps_gradients
        self._n_groups = n_groups if isinstance(network, AbstractWholeBatchDiscriminator) else 1
        self._samples: Samples | None = None
        self._judgement: Judgement | None = None
        self._gradients: Tensor | None = None

    def __call__(self, samples: Samples) -> Logits:
        """Logits of the samples, in full precision."""
        return self.judgement(samples).logits

    def judgement(self, samples: Samples) -> Judgement:
        """All that the network says of the samples."""
        if samples is self._samples and self._judgement is not None:
            return self._judgement
        self._samples, self._gradients = samples, None
        is_explicit = isinstance(self.network, AbstractExplicitDiscriminator) and not self._wants_features
        if self._keeps_gradients and is_explicit:
            assert isinstance(self.network, AbstractExplicitDiscriminator)
            with parametrize.cached():  # a weight that is computed is the same in both
                logits, self._gradients = self.network.with_gradients(samples, self.conditions)
            self._judgement = Judgement(logits)
        elif self._n_groups == 1:
            self._judgement = self._said(samples, self.conditions)
        else:
            n = self._n_groups
            conditions = [None] * n if self.conditions is None else self.conditions.chunk(n)
            groups = zip(samples.chunk(n), conditions, strict=True)
            with parametrize.cached():
                apart = [self._said(*group) for group in groups]
            self._judgement = Judgement(
                torch.cat([one.logits for one in apart]),
                tuple(torch.cat(parts) for parts in zip(*(one.features for one in apart), strict=True)),
                {name: torch.cat([one.heads[name] for one in apart]) for name in apart[0].heads},
            )
        return self._judgement

    def _said(self, samples: Samples, conditions: Tensor | None) -> Judgement:
        return said(self.network, samples, conditions, wants_features=self._wants_features)

    @property
    def has_gradients(self) -> bool:
        """Whether the input gradients of what was judged last are known."""
        return self._gradients is not None

    def gradients(self, samples: Samples) -> Float[Tensor, "batch n_values"]:
        """The gradient of each logit for its own sample, flattened and differentiable for the weights."""
        logits = self(samples)
        if self._gradients is None:
            self._gradients = _differentiated(logits, samples)
        return self._gradients


def said(
    network: nn.Module, samples: Samples, conditions: Tensor | None, *, wants_features: bool = False
) -> Judgement:
    """What a discriminator says of samples, in full precision; of what its layers see where it is wanted."""
    if wants_features and isinstance(network, AbstractFeaturedDiscriminator):
        found = Judgement(*network.with_features(samples, conditions))
    else:
        found = network(samples, conditions)
    if not isinstance(found, Judgement):
        return Judgement(found.float())
    heads = {name: head.float() for name, head in found.heads.items()}
    return Judgement(found.logits.float(), tuple(feature.float() for feature in found.features), heads)


def input_gradients(discriminator: Judge, samples: Samples) -> Float[Tensor, "batch n_values"]:
    """The gradient of each logit for its own sample, flattened and differentiable for the weights.

    Where a record is judged in parts, its squared norm is the mean of theirs, as far as they look at other
    places.

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
    n_parts = logits.numel() // len(logits)
    (gradients,) = torch.autograd.grad(logits.sum() / n_parts**0.5, samples, create_graph=True)
    return gradients.flatten(1)  # (batch, n_values)

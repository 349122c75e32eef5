r"""The f-GAN family: a game for every f-divergence, from one convex function each.

The divergence of real from fake records is the mean of `f(u)` over fakes, `u` being how much more likely a
record is among the real ones and `f` a convex function with `f(1) = 0`. The discriminator's logit `v` stands
for that ratio by a link of its own, `u(v)`; what it gives is a lower bound on the divergence,

    mean of T(v) over real records - mean of C(v) over fakes,    T = f'(u),    C = f*(T) = u f'(u) - f(u).

Each entry states `f`, the link, and `T` and `C` in a form that neither overflows nor loses digits; a test
derives both from `f`. To add a divergence, write its four functions and one entry in `DIVERGENCES`.

Source:
    Nowozin et al. 2016, "f-GAN: Training generative neural samplers using variational divergence
    minimization", tables 2 and 6 (arXiv:1606.00709).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from torch import Tensor
from torch.nn.functional import softplus

from gansmith.engine.batches import Logits, PerLogit

Function = Callable[[Tensor], Tensor]

ALPHA: Final = 0.7
"""Between squared Hellinger, 1/2, and Kullback-Leibler, 1."""
STEEPEST: Final = 20.0
"""Exponentials go on as straight lines from here: no healthy logit comes so far, and none overflows."""


def bounded_exp(v: Tensor) -> Tensor:
    """e^v up to `STEEPEST`, and beyond it the tangent there."""
    return v.clamp(max=STEEPEST).exp() * (1 + (v - STEEPEST).clamp(min=0))


@final
@dataclass(frozen=True)
class Divergence:
    """An f-divergence, and how a logit stands for the ratio of densities; all functions are of each value."""

    f: Function
    """Of the ratio."""
    ratio: Function
    """Of the logit: `u(v)`, rising, 1 at 0."""
    gain: Function
    """Of the logit: `T(v)`, what a real record counts."""
    loss: Function
    """Of the logit: `C(v)`, what a fake costs."""

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> PerLogit:
        """The bound on the divergence, negated.

        Source: Nowozin et al. 2016, eq. 6 (arXiv:1606.00709).
        """
        return self.loss(fake_logits) - self.gain(real_logits)

    def generator(self, real_logits: Logits, fake_logits: Logits) -> PerLogit:
        """Have the fakes count as real records do: the same fixed point, stronger gradients at the start.

        Source: Nowozin et al. 2016, section 3.2 (arXiv:1606.00709).
        """
        return -self.gain(fake_logits)


def alpha_divergence(alpha: float) -> Divergence:
    """Of any order but 0 and 1: it comes near reverse Kullback-Leibler there, near Kullback-Leibler here.

    Source: Nowozin et al. 2016, table 6 (arXiv:1606.00709).
    """
    return Divergence(
        f=lambda u: (u**alpha - 1 - alpha * (u - 1)) / (alpha * (alpha - 1)),
        ratio=lambda v: v.exp(),
        gain=lambda v: (bounded_exp((alpha - 1) * v) - 1) / (alpha - 1),
        loss=lambda v: (bounded_exp(alpha * v) - 1) / alpha,
    )


DIVERGENCES: Final[dict[str, Divergence]] = {
    "kullback-leibler": Divergence(
        f=lambda u: u * u.log(),
        ratio=lambda v: v.exp(),
        gain=lambda v: 1 + v,
        loss=bounded_exp,
    ),
    "reverse-kullback-leibler": Divergence(
        f=lambda u: -u.log(),
        ratio=lambda v: v.exp(),
        gain=lambda v: -bounded_exp(-v),
        loss=lambda v: v - 1,
    ),
    "pearson": Divergence(
        f=lambda u: (u - 1).square(),
        ratio=lambda v: 1 + v / 2,
        gain=lambda v: v,
        loss=lambda v: v.square() / 4 + v,
    ),
    "squared-hellinger": Divergence(
        f=lambda u: (u.sqrt() - 1).square(),
        ratio=lambda v: (2 * v).exp(),
        gain=lambda v: 1 - bounded_exp(-v),
        loss=lambda v: bounded_exp(v) - 1,
    ),
    "jensen-shannon": Divergence(
        f=lambda u: u * u.log() - (u + 1) * ((u + 1) / 2).log(),
        ratio=lambda v: v.exp(),
        gain=lambda v: math.log(2) - softplus(-v),
        loss=lambda v: softplus(v) - math.log(2),
    ),
    "gan": Divergence(
        f=lambda u: u * u.log() - (u + 1) * (u + 1).log(),
        ratio=lambda v: v.exp(),
        gain=lambda v: -softplus(-v),
        loss=lambda v: softplus(v),
    ),
    "total-variation": Divergence(
        f=lambda u: (u - 1).abs() / 2,
        ratio=lambda v: v.exp(),
        gain=lambda v: v.tanh() / 2,
        loss=lambda v: v.tanh() / 2,
    ),
    "alpha": alpha_divergence(ALPHA),
}
"""By name. That of total variation is not strictly convex: T may be any number from -1/2 to 1/2, of the sign
of the logit, and C is the same; and the f of the first GAN is not 0 at 1 but -2 log 2, as in its paper."""

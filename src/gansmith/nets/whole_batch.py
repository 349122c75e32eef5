"""Discriminators whose logits depend on the whole batch."""

from __future__ import annotations

from abc import ABC

from torch import nn


class AbstractWholeBatchDiscriminator(nn.Module, ABC):
    """Says that it looks at a batch as a whole, by packing or by statistics over its records.

    Real and fake records are then judged in batches of their own, and no logit is a function of its own
    record alone: the gradient of a logit's sum stands in for the gradient of each logit, and both players
    cannot share one pass.

    Source:
        Salimans et al. 2016, "Improved techniques for training GANs", section 3.2 (arXiv:1606.03498); Lin et
        al. 2018, "PacGAN" (arXiv:1712.04086).
    """

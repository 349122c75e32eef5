"""How far a record lies from usual ones in what the discriminator of a game has learnt to look at.

Source:
    Lee et al. 2018, "A simple unified framework for detecting out-of-distribution samples and adversarial
    attacks", eq. 2 (arXiv:1807.03888): the Mahalanobis distance in the features of the last layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.inputs import Inputs
from gansmith.errors import DataError
from gansmith.nets.discriminators import AbstractFeaturedDiscriminator

SHRINKAGE: Final = 0.01
"""Of the covariance towards that of independent features that all vary alike."""


@final
@dataclass(frozen=True, eq=False)
class FeatureDistance:
    """Mean and inverse covariance of the features of usual records."""

    mean: Float[np.ndarray, " n_features"]
    precision: Float[np.ndarray, "n_features n_features"]

    def __post_init__(self) -> None:
        if self.precision.shape != (len(self.mean),) * 2 or not np.isfinite(self.precision).all():
            raise DataError("what a detector learnt of features does not fit together.")

    @classmethod
    def of(cls, features: Float[np.ndarray, "n n_features"]) -> FeatureDistance:
        """From the features of usual records, two or more."""
        centred = features - features.mean(0)
        covariance = centred.T @ centred / len(features)
        spread = float(np.trace(covariance)) / len(covariance) or 1.0
        shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(len(covariance))
        return cls(features.mean(0), np.linalg.inv(shrunk))

    def of_each(self, features: Float[np.ndarray, "n n_features"]) -> Float[np.ndarray, " n"]:
        """Squared distance of each record, in variances."""
        centred = features - self.mean
        return np.einsum("ij,ij->i", centred @ self.precision, centred)


def features_of(
    judge: nn.Module | None, batch: Batch, n_packed: int = 1
) -> Float[np.ndarray, "n n_features"] | None:
    """What a discriminator looks at in its last layer, of each record; None where it does not say.

    One that judges `n_packed` records at once is shown each so many times over.
    """
    if not isinstance(judge, AbstractFeaturedDiscriminator):
        return None
    inputs = Inputs(n_packed, is_packing=False)
    with torch.no_grad():
        features = judge.with_features(inputs.packed(batch["real"]), inputs.packed_condition(batch))[1]
        found: Tensor = features[-1]
    return found.flatten(1).double().numpy()

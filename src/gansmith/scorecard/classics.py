"""Detectors of odd records that need no game, to compare with: on points, each told by usual ones.

Source:
    Liu et al. 2008, "Isolation forest" (ICDM); Ramaswamy et al. 2000, "Efficient algorithms for mining
    outliers from large data sets" (SIGMOD), for the distance to neighbours; Li et al. 2022, "ECOD:
    unsupervised outlier detection using empirical cumulative distribution functions" (arXiv:2201.00382), here
    by the usual records alone, so that a score does not depend on the batch; Shyu et al. 2003, "A novel
    anomaly detection scheme based on principal component classifier", for what components do not explain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from gansmith.scorecard.features import small_seed

Points = Float[np.ndarray, "n d"]
Scorer = Callable[[Points], Float[np.ndarray, " n"]]

N_TREES: Final = 200
N_NEIGHBOURS: Final = 5
EXPLAINED: Final = 0.9
"""Of the variance, by the components that are kept."""


def isolation_forest(usual: Points, seed: int) -> Scorer:
    """How few random cuts set a point apart."""
    model: Any = IsolationForest(n_estimators=N_TREES, random_state=small_seed(seed)).fit(usual)
    return lambda points: -model.score_samples(points)


def nearest_neighbours(usual: Points, seed: int) -> Scorer:
    """Mean distance to the nearest usual points."""
    del seed
    model: Any = NearestNeighbors(n_neighbors=min(N_NEIGHBOURS, len(usual))).fit(usual)
    return lambda points: model.kneighbors(points)[0].mean(1)


def tails(usual: Points, seed: int) -> Scorer:
    """ECOD: how far out each coordinate lies, as minus the logarithms of chances, summed."""
    del seed
    ordered, n = np.sort(usual, axis=0), len(usual)

    def score(points: Points) -> Float[np.ndarray, " n"]:
        total = np.zeros(len(points))
        for column, values in zip(ordered.T, points.T, strict=True):
            below = np.searchsorted(column, values, "right")
            above = n - np.searchsorted(column, values, "left")
            total -= np.log((np.minimum(below, above) + 1) / (n + 1))
        return total

    return score


def principal_components(usual: Points, seed: int) -> Scorer:
    """Squared distance to the nearest point of the space of the principal components."""
    model: Any = PCA(EXPLAINED, svd_solver="full", random_state=small_seed(seed))
    model.fit(usual + 0.0 if usual.var() > 0 else np.eye(2, usual.shape[1]))
    return lambda points: np.square(points - model.inverse_transform(model.transform(points))).sum(1)


CLASSICS: Final[Mapping[str, Callable[[Points, int], Scorer]]] = {
    "isolation_forest": isolation_forest,
    "nearest_neighbours": nearest_neighbours,
    "ecod": tails,
    "pca": principal_components,
}
"""By name: usual points and a seed to a function of points; higher is odder."""

"""Whether mirrored pictures look like the others, so that left and right may be exchanged while learning.

A normal distribution is fitted to some of the pictures, made small, and asked of the others whether each is
likelier than its own mirror image. What it knows of left and right are means (light that comes from one side)
and correlations of symmetric with antisymmetric parts (what a digit is, and where its ends point).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from jaxtyping import Float, Int, Num

Pixels = Num[np.ndarray, "n height width *channels"]

MAX_PICTURES: Final = 1_000
"""That are looked at."""
FEWEST_PICTURES: Final = 15
"""With fewer the error of the AUC alone is as large as what is allowed."""
FEWEST_OF_VALUE: Final = 30
"""Pictures of one value of an attribute, for it to have a say."""
MOST_VALUES: Final = 10
"""Of an attribute that are looked at, the most frequent ones."""
MOST_AUC: Final = 0.65
"""Of a picture against its mirror image, where these still look alike; .5 is a guess."""
_SIDE: Final = 16
_N_COMPONENTS: Final = 20
_REGULARISATION: Final = 0.1
"""Of the covariance, in the mean variance of a component."""
_N_FOLDS: Final = 5
_BLOCK: Final = 16
"""Pictures that are held as floats at once."""


def can_be_mirrored(pixels: Pixels, seed: int, known: Iterable[np.ndarray] = ()) -> bool:
    """Whether mirrored pictures look like the others, as far as can be said; in doubt they do not.

    Nor may those of one value of an attribute be told from their mirror images: as many b as d look the same
    mirrored, and then nobody could learn which is which.

    The AUC may be as far from .5 as `MOST_AUC`, less its standard error, 1 / sqrt(3 n). So of sixty pictures
    it must lie within .425 and .575, of a thousand within .37 and .63; of fewer than `FEWEST_PICTURES`
    nothing is known.

    Args:
        pixels: As `mirrored_auc`.
        seed: Of what is drawn.
        known: Columns of attributes of these pictures, shape `(n,)`; its most frequent texts are looked at,
            and the upper and the lower half of numbers.
    """
    n = min(len(pixels), MAX_PICTURES)
    if n < FEWEST_PICTURES:
        return False
    if abs(mirrored_auc(pixels, seed) - 0.5) + 1 / math.sqrt(3 * n) > MOST_AUC - 0.5:
        return False
    groups = (group for column in known for group in _groups(column) if len(group) >= FEWEST_OF_VALUE)
    return not any(_is_one_sided(pixels[group], seed) for group in groups)


def _is_one_sided(pixels: Pixels, seed: int) -> bool:
    """Whether these are clearly told from their mirror images, by more than two standard errors."""
    return abs(mirrored_auc(pixels, seed) - 0.5) - 2 / math.sqrt(3 * len(pixels)) > MOST_AUC - 0.5


def _groups(column: np.ndarray) -> list[np.ndarray]:
    """Which records have each of the most frequent texts; or numbers above, and below, the middle one."""
    if column.dtype != object:
        middle = np.nanmedian(column) if np.isfinite(column).any() else 0.0
        return [np.flatnonzero(column < middle), np.flatnonzero(column > middle)]
    values, counts = np.unique([text for text in column.tolist() if text is not None], return_counts=True)
    return [np.flatnonzero(column == value) for value in values[np.argsort(-counts)[:MOST_VALUES]]]


def mirrored_auc(pixels: Pixels, seed: int) -> float:
    """How well pictures can be told from their mirror images: AUC, .5 where they cannot be.

    Measured on 1,000 pictures at most, mean of seeds 0 to 2 (2026-11-28): MNIST .95, optdigits .98, ORL faces
    .94 (light falls on them from the left), drawn characters 1.00, emoji .61, brain MRI .63, CIFAR-10 .50. Of
    fifty pictures, ten draws: .89, .95, .90, .99, .57, .63, .46. It takes .01 to .6 s on one slow core.

    Args:
        pixels: `FEWEST_PICTURES` or more, shape `(n, height, width)` or `(n, height, width, n_channels)`; of
            more than `MAX_PICTURES` so many are drawn.
        seed: Of what is drawn.

    Returns:
        Cross-validated by picture. As the score of a mirror image is the negative one of its picture, it is
        Wilcoxon's signed-rank statistic over the number of pairs.
    """
    order = np.random.default_rng(seed).permutation(len(pixels))[:MAX_PICTURES]
    pictures, mirrored = _components(_reduced(pixels, order))
    scores, folds = np.empty(len(order)), np.arange(len(order)) % _N_FOLDS
    for fold in range(_N_FOLDS):
        is_learnt = folds != fold
        mean = pictures[is_learnt].mean(0)
        covariance = np.cov(pictures[is_learnt].T) + _REGULARISATION * np.eye(len(mean))
        precision = np.linalg.inv(covariance)
        distances = [
            np.einsum("ni,ij,nj->n", one - mean, precision, one - mean)
            for one in (pictures[~is_learnt], mirrored[~is_learnt])
        ]
        scores[~is_learnt] = distances[1] - distances[0]  # 2 log of how much likelier
    sums = scores[:, None] + scores
    return float((sums > 0).mean() + (sums == 0).mean() / 2)


def _components(
    small: Float[np.ndarray, "n rows columns channels"],
) -> tuple[Float[np.ndarray, "n components"], Float[np.ndarray, "n components"]]:
    """Principal components of pictures and of their mirror images, found on both: mean variance 1."""
    both = np.concatenate([small, small[:, :, ::-1]]).reshape(2 * len(small), -1)
    both = both - both.mean(0)
    _, directions = np.linalg.eigh(both.T @ both)
    found = both @ directions[:, -_N_COMPONENTS:]
    found /= found.std() or 1.0
    return found[: len(small)], found[len(small) :]


def _reduced(
    pixels: Pixels, numbers: Int[np.ndarray, " chosen"]
) -> Float[np.ndarray, "chosen rows columns n_channels"]:
    """These pictures, averaged over boxes: at most `_SIDE` to a side, alike from left and right."""
    _, height, width = pixels.shape[:3]
    rows, columns = _boxes(height), _boxes(width)
    blocks: list[np.ndarray] = []
    for start in range(0, len(numbers), _BLOCK):
        block = pixels[numbers[start : start + _BLOCK]].astype(np.float32)
        by_rows = rows @ block.reshape(len(block), height, -1)  # (block, rows, width * channels)
        by_columns = columns @ by_rows.reshape(len(block), len(rows), width, -1)
        blocks.append(by_columns)  # (block, rows, columns, channels)
    return np.concatenate(blocks)


def _boxes(size: int) -> Float[np.ndarray, "boxes size"]:
    """What each pixel of a side counts in each box."""
    n_boxes, starts = min(size, _SIDE), np.arange(size)
    edges = np.linspace(0, size, n_boxes + 1)[:, None]
    overlaps = np.minimum(edges[1:], starts + 1) - np.maximum(edges[:-1], starts)
    return (overlaps.clip(0) * n_boxes / size).astype(np.float32)

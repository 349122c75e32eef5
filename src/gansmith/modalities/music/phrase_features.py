"""What a phrase is like, in numbers, for the trees that choose the generator of phrases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from gansmith.engine.batches import Samples
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.records import FIRST
from gansmith.scorecard.real.two_sample import quick_two_sample_auc


def phrase_score(codec: PieceCodec, seed: int) -> Callable[[Samples, Samples], float]:
    """Boosted trees try to tell made phrases from held-out ones: 1 if they cannot, 0 if they always can."""

    def score(fake: Samples, real: Samples) -> float:
        ours, theirs = (features(codec, one.cpu().numpy()) for one in (fake, real))
        is_category = np.zeros(ours.shape[1], bool)
        return min(1.0, 2 * (1 - quick_two_sample_auc(ours, theirs, is_category, seed=seed)))

    return score


def features(codec: PieceCodec, samples: np.ndarray) -> Float[np.ndarray, "n n_features"]:
    """Silence, beginnings, height and steps of each voice; how voices stand to each other; chroma."""
    found, place, heights = list[np.ndarray](), 0, list[np.ndarray]()
    chroma = np.zeros((len(samples), 12))
    for size, low, pitched in zip(codec.sizes, codec.lowest, codec.form.pitched, strict=True):
        n = size - FIRST + 1
        sounds, begins = samples[:, place : place + n].argmax(1), samples[:, place + n]
        heard = sounds > 0
        mean = (sounds * heard).sum(1) / np.maximum(heard.sum(1), 1)
        jumps = np.abs(np.diff(sounds, axis=1)) * heard[:, 1:] * heard[:, :-1]
        moves = np.maximum((jumps > 0).sum(1), 1)
        found += [1 - heard.mean(1), begins.mean(1), mean, jumps.sum(1) / moves, (jumps > 2).sum(1) / moves]
        found += [begins[:, 1::2].mean(1), begins[:, 2::4].mean(1)]
        heights.append(np.where(heard, sounds - 1 + low, -1))
        if pitched:
            for pitch in range(12):
                chroma[:, pitch] += (heard & ((sounds - 1 + low) % 12 == pitch)).mean(1)
        place += n + 1
    for upper, lower in pairwise(heights):
        both = (upper >= 0) & (lower >= 0)
        for interval in (0, 1, 2, 6, 7, 11):
            found.append((both & ((upper - lower) % 12 == interval)).mean(1))
        found.append((both & (upper < lower)).mean(1))
    return np.concatenate([np.stack(found, 1), chroma], 1).astype(np.float64)

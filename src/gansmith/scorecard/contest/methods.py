"""The contestants that need nothing but the lessons, and those that add records which were made elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.scorecard.contest.arena import NOTHING, THRESHOLD, Lessons, Method, Remedy

N_NEIGHBOURS: Final = 5
"""Of SMOTE, as its library has it; fewer where there are not as many rare records."""


def plain_methods(is_category: np.ndarray) -> tuple[Method, ...]:
    """What can be done without a generator, the cheapest first.

    Args:
        is_category: Which places of a flat record hold codes.
    """
    return (
        Method(NOTHING, "the records as they are", _same, is_random=False),
        Method(THRESHOLD, "the same records; the decision threshold is tuned", _same, is_random=False),
        Method("weights", "both classes have the same weight", _weighted, is_random=False),
        Method("random", "rare records repeated", _repeated),
        Method("smote", "interpolations between neighbours of the rare class", _smote(is_category)),
    )


def _same(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    return lessons


def _weighted(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    return balanced(lessons)


def balanced(lessons: Lessons) -> Lessons:
    """Both classes weigh the same, all records together what they are."""
    share = lessons.share
    return replace(
        lessons, weights=lessons.weights * np.where(lessons.is_rare, 0.5 / share, 0.5 / (1 - share))
    )


def repeated_rows(lessons: Lessons, rng: np.random.Generator) -> np.ndarray:
    """Places of rare records, as many as are lacking, each as often as any other give or take one."""
    rare, n = np.flatnonzero(lessons.is_rare), lessons.n_lacking
    rounds = [rng.permutation(rare) for _ in range(-(-n // len(rare)))]
    return np.concatenate(rounds)[:n] if rounds else rare[:0]


def _repeated(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    return lessons.with_more(lessons.inputs[repeated_rows(lessons, rng)])


def _smote(is_category: np.ndarray) -> Remedy:
    """Records between neighbours, by imbalanced-learn: SMOTE, or SMOTENC and SMOTEN where there are codes.

    Numbers lie on one scale, missing ones are the median, a missing code is a code of its own; made records
    have none missing but codes.

    Source:
        Chawla et al. 2002, "SMOTE: synthetic minority over-sampling technique", JAIR 16.
    """

    def remedy(lessons: Lessons, rng: np.random.Generator) -> Lessons:
        if not lessons.n_lacking:
            return lessons
        flat = lessons.inputs.reshape(len(lessons), -1).astype(np.float64)
        numbers = flat[:, ~is_category]
        middle = np.nanmedian(np.where(np.isnan(numbers).all(axis=0), 0.0, numbers), axis=0)
        scale = np.nanstd(np.where(np.isnan(numbers).all(axis=0), 0.0, numbers), axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        filled = np.where(np.isnan(flat), -1.0, flat)
        filled[:, ~is_category] = (np.where(np.isnan(numbers), middle, numbers) - middle) / scale
        sampler = _sampler(is_category, int(lessons.is_rare.sum()), int(rng.integers(2**31)))
        made = np.asarray(sampler.fit_resample(filled, lessons.is_rare)[0], float)[len(lessons) :]
        made[:, ~is_category] = made[:, ~is_category] * scale + middle
        made[:, is_category] = np.where(made[:, is_category] < 0, np.nan, made[:, is_category])
        return lessons.with_more(made.reshape(-1, *lessons.inputs.shape[1:]))

    return remedy


def _sampler(is_category: np.ndarray, n_rare: int, seed: int) -> Any:
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC  # takes a second

    k = min(N_NEIGHBOURS, n_rare - 1)
    if not is_category.any():
        return SMOTE(k_neighbors=k, random_state=seed)
    if is_category.all():
        return SMOTEN(k_neighbors=k, random_state=seed)
    return SMOTENC(np.flatnonzero(is_category).tolist(), k_neighbors=k, random_state=seed)


def with_made(made: np.ndarray, share: float = 1.0) -> Remedy:
    """Made rare records are added: a share of those that are lacking, drawn from `made`, which are enough."""

    def remedy(lessons: Lessons, rng: np.random.Generator) -> Lessons:
        n = round(share * lessons.n_lacking)
        return lessons.with_more(made[rng.permutation(len(made))[:n]])

    return remedy


def with_all(made: np.ndarray, is_rare: np.ndarray) -> Remedy:
    """Made records of all classes are added, as many as there are real ones."""

    def remedy(lessons: Lessons, rng: np.random.Generator) -> Lessons:
        rows = rng.permutation(len(made))[: len(lessons)]
        return lessons.with_more(made[rows], is_rare[rows])

    return remedy

"""Rows of numbers and codes in a contest: linear models and trees learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from gansmith.scorecard.contest.arena import Arena, Chances, Lessons
from gansmith.scorecard.features import MAX_CODES, Features
from gansmith.scorecard.learners import LINEAR, TREES
from gansmith.scorecard.learners import Learner as Judge

LEARNERS: Final[dict[str, Judge]] = {"linear": LINEAR, "trees": TREES}


def arena_of_rows(parts: Sequence[Features]) -> Arena:
    """Some sets of rows by one code book; the rarest categories of a column beyond the 255th are one."""
    is_category = parts[0].is_category.astype(bool)
    inputs = tuple(
        np.where(is_category, np.minimum(part.values, MAX_CODES - 1), part.values) for part in parts
    )
    learners = {name: partial(_taught, judge, is_category) for name, judge in LEARNERS.items()}
    return Arena(inputs, is_category, learners)


def _taught(judge: Judge, is_category: np.ndarray, lessons: Lessons, seed: int) -> Chances:
    labels = lessons.is_rare.astype(np.float64)
    fitted = judge.classifier(lessons.inputs, labels, is_category, seed, lessons.weights)
    return lambda inputs: fitted.probabilities(inputs)[:, 1]

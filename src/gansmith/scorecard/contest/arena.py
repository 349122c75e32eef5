"""What methods against imbalance work on: lessons, learners of them, and methods that change the lessons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, final

import numpy as np

Chances = Callable[[np.ndarray], np.ndarray]
"""Maps records `(n, *record)` to the chance that each is rare, shape `(n,)`."""
NOTHING: Final = "nothing"
THRESHOLD: Final = "threshold"


@final
@dataclass(frozen=True, eq=False)
class Lessons:
    """What a learner learns from."""

    inputs: np.ndarray
    """Shape `(n, *record)`."""
    is_rare: np.ndarray
    """Shape `(n,)`, bool."""
    weights: np.ndarray
    """Shape `(n,)`, float: how much each counts."""

    @classmethod
    def of(cls, inputs: np.ndarray, is_rare: np.ndarray) -> Lessons:
        """Records that all count alike."""
        return cls(inputs, is_rare, np.ones(len(inputs)))

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def share(self) -> float:
        """Of rare records, by weight."""
        return float(self.weights[self.is_rare].sum() / self.weights.sum())

    @property
    def n_lacking(self) -> int:
        """Rare records more that would make them as many as the others."""
        return max(0, len(self) - 2 * int(self.is_rare.sum()))

    def take(self, rows: np.ndarray) -> Lessons:
        """The records at these places."""
        return replace(self, inputs=self.inputs[rows], is_rare=self.is_rare[rows], weights=self.weights[rows])

    def with_more(
        self, inputs: np.ndarray, is_rare: np.ndarray | bool = True, weights: np.ndarray | float = 1.0
    ) -> Lessons:
        """These, and others after them; rare ones where nothing else is said."""
        n = len(inputs)
        return Lessons(
            np.concatenate([self.inputs, inputs.astype(self.inputs.dtype)]),
            np.concatenate([self.is_rare, np.broadcast_to(is_rare, n)]),
            np.concatenate([self.weights, np.broadcast_to(weights, n)]),
        )


Learner = Callable[[Lessons, int], Chances]
"""Learns from lessons to tell rare records from others; the number is the seed of everything drawn."""
Remedy = Callable[[Lessons, np.random.Generator], Lessons]
"""Lessons to learn from in the place of those given, which stay as they are."""


@final
@dataclass(frozen=True)
class Method:
    """One contestant."""

    name: str
    meaning: str
    """A few words for a person."""
    remedy: Remedy
    is_random: bool = True
    """Whether another draw gives other lessons."""

    @property
    def tunes_threshold(self) -> bool:
        """Whether it decides by a threshold of its own in the place of a half."""
        return self.name == THRESHOLD


@final
@dataclass(frozen=True, eq=False)
class Arena:
    """Some sets of records of one kind as arrays, and who learns from them."""

    inputs: tuple[np.ndarray, ...]
    """Of each set, shape `(n, *record)`."""
    is_category: np.ndarray
    """Which places of a flat record hold codes, whose order means nothing; shape `(n_places,)`."""
    learners: Mapping[str, Learner]
    """By name."""
    methods: tuple[Method, ...] = field(default=())
    """Contestants that only this kind of data has, the cheapest first."""

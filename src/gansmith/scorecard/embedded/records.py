"""Records of any kind as the suite of an embedding sees them, and who looks at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features

Values = Float[np.ndarray, "n_records n_channels *grid"]
Codes = Int[np.ndarray, "n_records n_targets"]
Classifier = Callable[[Values], list[np.ndarray]]
"""Records to the chance of each class, for each target: shape `(n_records, n_classes)`."""


@final
@dataclass(frozen=True)
class Target:
    """Something that is known of records: the class of each."""

    name: str
    classes: tuple[str, ...]
    rare: frozenset[str] = frozenset()
    """Classes that too few real records have to be named, see `gansmith.disclosure`."""


@final
@dataclass(frozen=True, eq=False)
class Embedded:
    """Records of one form, in an order that means nothing."""

    values: np.ndarray
    """Shape `(n_records, n_channels, *grid)`, float32, 0 to 1: what networks see of them."""
    keys: np.ndarray
    """Shape `(n_records,)`, bytes: equal for equal records."""
    codes: np.ndarray
    """Shape `(n_records, n_targets)`, the class of each, by its place; -1 is not known."""
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """Shape `(n_records, n_features)`, float64: as an encoder sees them."""
    own: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """Shape `(n_records, n_own)`, float64: what the kind of data itself knows of each; NaN where nothing."""
    n_whole: int = 0
    """How many of the channels, the first ones, show the whole record; the others a piece of it. 0: all."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray | slice) -> Embedded:
        """The records at these places."""
        return replace(
            self,
            values=self.values[rows],
            keys=self.keys[rows],
            codes=self.codes[rows],
            points=self.points[rows] if len(self.points) else self.points,
            own=self.own[rows] if len(self.own) else self.own,
        )

    def first(self, n: int) -> Embedded:
        """So many of them, at most."""
        return self if n >= len(self) else self.take(slice(n))

    @property
    def whole(self) -> Values:
        """The channels that show the whole record."""
        return self.values[:, : self.n_whole or None]

    @property
    def features(self) -> Features:
        """Their points, as attacks want them."""
        names = tuple(f"feature {place}" for place in range(self.points.shape[1]))
        return Features(names, self.points, np.zeros(len(names), bool))


@final
@dataclass(frozen=True, eq=False)
class Encoder:
    """Records to points at which records that look alike lie near each other."""

    points: Callable[[Values], np.ndarray]
    """Shape `(n_records, n_features)`, float64."""
    digest: str
    """Of what it learnt: numbers of two encoders are not to be compared."""
    words: str
    """What it reaches on records that it did not learn from."""


class AbstractObserver(ABC):
    """Small networks for one kind of data, learnt where they are used and never fetched."""

    @abstractmethod
    def encoder(self, learnt: Embedded, unseen: Embedded, targets: tuple[Target, ...], seed: int) -> Encoder:
        """An encoder that has learnt from some real records.

        Args:
            learnt: What it learns from.
            unseen: Others, on which it is tried.
            targets: What the codes mean.
            seed: Of first weights and order.
        """

    @abstractmethod
    def classifier(self, values: Values, codes: Codes, n_classes: tuple[int, ...], seed: int) -> Classifier:
        """A classifier that has learnt from some records.

        Args:
            values: What it learns from.
            codes: The class of each for each target, -1 is left out.
            n_classes: Of each target.
            seed: Of first weights and order.
        """

"""Records as a detector of odd ones sees them; a kind of data that can be searched for them brings its own.

A sight is learnt from usual records and keeps none of them: how numbers are spread, which categories there
are. What is unusual about a record is measured in the tasks, in the same way for every kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.modalities.format import R
from gansmith.modalities.recipe import AbstractRecipe

View = Float[Tensor, "n *view"]
Others = Float[Tensor, "n_others *view"]
Parts = Float[np.ndarray, "n n_parts"]


@final
class MovedPart(NamedTuple):
    """How a part of records differs between two sets of them."""

    name: str
    effect: float
    """The largest gap of two distribution functions, or half of the sum of gaps of shares: 0 to 1."""
    chance: float
    """That two sets of one source differ as much."""
    words: str
    """What it was and what it is."""


class AbstractSight(ABC, Generic[R]):
    """How records of one kind are seen: as tensors, as points, and part by part."""

    is_made_again: ClassVar[bool] = True
    """Whether odd records show by what the generator makes of them again; rows do not (LOG.md)."""
    n_samples: ClassVar[int]
    """Records that a detector's networks learn from, repeated ones too, where nobody says how many."""
    most_numbers: ClassVar[int] = 40_000_000
    """Of the records that a model makes, where there are no others to learn from."""

    @classmethod
    @abstractmethod
    def fit(cls, records: R) -> AbstractSight[R]:
        """Learn from usual records how they are seen.

        Raises:
            DataError: When nothing in them can be looked at.
        """

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> AbstractSight[R]:
        """The sight that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Everything needed to make it again: plain JSON, and tensors."""

    @abstractmethod
    def seen(self, records: R) -> View:
        """Records as a discriminator sees them; each a function of itself alone."""

    @abstractmethod
    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        """What perturbs such records, and a new discriminator: views to logits `(n, n_parts)`."""

    def given(self, recipe: AbstractRecipe[Any], codec: Any, records: R) -> Batch:
        """Records as a data set of the model has them; each a function of itself alone."""
        return recipe.dataset(codec, records, 0).batch(torch.arange(len(records)))

    def margins(self, view: View) -> Parts | None:
        """How unusual each part is by itself, as minus the logarithm of a chance, in nats; None: no such."""
        del view
        return None

    @abstractmethod
    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        """Records as points, for distances between them."""

    def neighbours(self, view: View, oddness: Parts, usual: Others, n: int) -> np.ndarray:
        """For each record the numbers of the nearest usual ones, the nearest first, shape `(n_records, n)`.

        A kind whose records have parts looks at those that are not odd.
        """
        del oddness
        ours, theirs = self.points(view), self.points(usual)
        return np.stack([nearest(one, theirs, n) for one in ours])

    def moved(self, view: View, other: Others) -> Sequence[MovedPart]:
        """Parts whose distribution is another in the second of two sets of records, by part; here none."""
        del view, other
        return ()

    def texts(self, records: R) -> Sequence[Mapping[str, str]]:
        """The parts of each record by name, as texts; here none."""
        return [{} for _ in range(len(records))]

    def names(self, records: R) -> Sequence[str]:
        """What each record is called; nothing where they have no names, as here."""
        del records
        return ()

    def odd_parts(self, oddness: Parts) -> Sequence[Sequence[str]]:
        """The names of the odd parts of each record, the oddest first; here none."""
        return [() for _ in range(len(oddness))]

    @abstractmethod
    def reasons(self, records: R, oddness: Parts, usual: R, neighbours: np.ndarray) -> Sequence[str]:
        """What is odd about each record, in words, and what would have been usual there.

        Args:
            records: Odd ones.
            oddness: Of each part of them, in nats.
            usual: Usual records, or such as a model makes.
            neighbours: For each odd record the numbers of the nearest of `usual`, shape `(n, k)`.
        """


def nearest(point: Float[np.ndarray, " d"], points: Float[np.ndarray, "n d"], n: int) -> np.ndarray:
    """Numbers of the `n` points nearest to one, the nearest first."""
    distances = np.square(points - point).sum(1)
    n = min(n, len(points))
    some = np.argpartition(distances, n - 1)[:n]
    return some[np.argsort(distances[some], kind="stable")]

"""Records as a detector of odd ones sees them; a kind of data that can be searched for them brings its own.

A sight is learnt from usual records and keeps none of them: how numbers are spread, which categories there
are. What is unusual about a record is measured in the tasks, in the same way for every kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor
from gansmith.modalities.format import R

View = Float[Tensor, "n *view"]
Parts = Float[np.ndarray, "n n_parts"]


class AbstractSight(ABC, Generic[R]):
    """How records of one kind are seen: as tensors, as points, and part by part."""

    is_made_again: ClassVar[bool] = True
    """Whether odd records show by what the generator makes of them again; rows do not (LOG.md)."""
    n_samples: ClassVar[int]
    """Records that a detector's networks learn from, repeated ones too, where nobody says how many."""

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

    def margins(self, view: View) -> Parts | None:
        """How unusual each part is by itself, as minus the logarithm of a chance, in nats; None: no such."""
        del view
        return None

    @abstractmethod
    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        """Records as points, for distances between them."""

    @abstractmethod
    def reasons(self, records: R, oddness: Parts, usual: R, neighbours: np.ndarray) -> Sequence[str]:
        """What is odd about each record, in words, and what would have been usual there.

        Args:
            records: Odd ones.
            oddness: Of each part of them, in nats.
            usual: Usual records, or such as a model makes.
            neighbours: For each odd record the numbers of the nearest of `usual`, shape `(n, k)`.
        """

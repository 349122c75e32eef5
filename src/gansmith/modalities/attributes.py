"""What is known of records beside themselves: labels, classes, ages; a few named values of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol, final, runtime_checkable

import numpy as np

from gansmith.errors import DataError


@final
@dataclass(frozen=True, eq=False)
class Attributes:
    """Named values of some records.

    Raises:
        DataError: From the constructor, when columns are not of equally many values.
    """

    columns: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """By name, shape `(n,)`: texts as objects, where None is unknown; or numbers as float64, where NaN is."""

    def __post_init__(self) -> None:
        sizes = {name: len(column) for name, column in self.columns.items()}
        if len(set(sizes.values())) > 1:
            raise DataError(f"attributes of the same records must be equally many, not {sizes}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(self.columns)

    def take(self, indices: np.ndarray) -> Attributes:
        """Those of the records with these numbers, in this order."""
        return Attributes({name: column[indices] for name, column in self.columns.items()})

    @property
    def fingerprint(self) -> str:
        """The same text for the same values, another for others."""
        digest = blake2b(digest_size=16)
        for name, column in self.columns.items():
            digest.update(repr((name, column.tolist())).encode())
        return digest.hexdigest()


@runtime_checkable
class HasAttributes(Protocol):
    """Records of any kind that something is known of beside themselves."""

    def __len__(self) -> int: ...

    @property
    def attributes(self) -> Attributes:
        """What is known of each."""
        ...

    def with_attributes(self, attributes: Attributes) -> HasAttributes:
        """The same records, and of each this is known instead.

        Raises:
            DataError: When there are not as many as records.
        """
        ...


def joined_attributes(parts: Sequence[Attributes]) -> Attributes:
    """Those of several sets of records, one after the other; columns that some of them lack are left out."""
    names = [name for name in parts[0].names if all(name in part.columns for part in parts)]
    joined: dict[str, Any] = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
    return Attributes(joined)

"""Records of several domains as they are learnt from: one or two sets of grids, and what each record is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, final

import numpy as np

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.grids import Grids
from gansmith.modalities.pairs.records import standard

FEWEST_SPLIT: Final = 25
"""Of fewer records of a value all are learnt from, and measured on as well: each counts."""
N_DIGESTED: Final = 64
"""Records whose values go into a fingerprint, evenly spread."""


@final
@dataclass(frozen=True, eq=False)
class Domains:
    """Some records and the value that each has."""

    sets: tuple[Grids, ...]
    """Two, or one whose records differ in an attribute."""
    of_set: np.ndarray
    """Shape `(n,)`: the set that each record comes from."""
    of_grid: np.ndarray
    """Shape `(n,)`: its number there."""
    attributes: Attributes
    """A column for each thing that is to be changed or kept; None, or NaN, where it is unknown."""
    kind: str
    """Of the records."""
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    kept: tuple[str, ...] = ()
    """The attributes that are not to be changed."""

    def __len__(self) -> int:
        return len(self.of_grid)

    @property
    def n_channels(self) -> int:
        """Of all records."""
        return self.sets[0].n_channels

    def take(self, indices: np.ndarray) -> Domains:
        """The records with these numbers; of a value that few have all, whichever were asked for."""
        few = [place for _, _, places in self.groups if len(places) < FEWEST_SPLIT for place in places]
        missing = np.setdiff1d(np.array(few, np.int64), indices)
        kept = np.concatenate([indices, np.unique(missing)]).astype(np.int64)
        return replace(
            self,
            of_set=self.of_set[kept],
            of_grid=self.of_grid[kept],
            attributes=self.attributes.take(kept),
        )

    def by_value(self, name: str) -> Mapping[str, list[int]]:
        """The numbers of the records of each value of an attribute; of one of numbers all are together."""
        column = self.attributes.columns[name]
        if column.dtype != object:
            return {"": np.flatnonzero(~np.isnan(column)).tolist()}
        found = dict[str, list[int]]()
        for place, value in enumerate(column.tolist()):
            if value is not None:
                found.setdefault(value, []).append(place)
        return dict(sorted(found.items()))

    @property
    def groups(self) -> list[tuple[str, str, list[int]]]:
        """Attributes that can be changed, their values, and the numbers of the records that have them."""
        return [
            (name, value, places)
            for name in self.attributes.names
            if name not in self.kept
            for value, places in self.by_value(name).items()
        ]

    def sides(self, number: int) -> tuple[int, ...]:
        """Of the grid of a record."""
        return tuple(self.sets[int(self.of_set[number])].sizes[int(self.of_grid[number])])

    def grid(self, number: int) -> np.ndarray:
        """A record, shape `(n_channels, *grid)`; see `standard`."""
        own = self.sets[int(self.of_set[number])]
        return standard(own.grid(int(self.of_grid[number])), own.highest)

    @property
    def fingerprint(self) -> str:
        """The same text for the same records, another for others."""
        digest = blake2b(f"{self.kind} {len(self)} {self.attributes.fingerprint}".encode(), digest_size=16)
        for number in set(np.linspace(0, len(self) - 1, min(len(self), N_DIGESTED)).astype(int).tolist()):
            digest.update(np.ascontiguousarray(self.grid(number)).tobytes())
        return digest.hexdigest()

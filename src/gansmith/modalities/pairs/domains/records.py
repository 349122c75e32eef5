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
    """One column: what is to be changed."""
    kind: str
    """Of the records."""
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""

    def __len__(self) -> int:
        return len(self.of_grid)

    @property
    def attribute(self) -> str:
        """The name of what is to be changed."""
        return self.attributes.names[0]

    @property
    def values(self) -> np.ndarray:
        """What each record is, shape `(n,)`."""
        return self.attributes.columns[self.attribute]

    @property
    def n_channels(self) -> int:
        """Of all records."""
        return self.sets[0].n_channels

    def take(self, indices: np.ndarray) -> Domains:
        """The records with these numbers; of a value that few have all, whichever were asked for."""
        few = [place for places in self.by_value().values() if len(places) < FEWEST_SPLIT for place in places]
        missing = np.setdiff1d(np.array(few, np.int64), indices)
        kept = np.concatenate([indices, missing]).astype(np.int64)
        return replace(
            self,
            of_set=self.of_set[kept],
            of_grid=self.of_grid[kept],
            attributes=self.attributes.take(kept),
        )

    def by_value(self) -> Mapping[str, list[int]]:
        """The numbers of the records of each value; of an attribute of numbers all are together."""
        if self.values.dtype != object:
            return {"": list(range(len(self)))}
        found = dict[str, list[int]]()
        for place, value in enumerate(self.values.tolist()):
            found.setdefault(value, []).append(place)
        return dict(sorted(found.items()))

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

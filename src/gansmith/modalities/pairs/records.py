"""Pairs as they are learnt from: two sets of records on grids, or one, and which of them these are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.grids import Aligning, Grids
from gansmith.modalities.pairs import Task

FEWEST_MATCHING: Final = 0.5
"""Share of the smaller set that must have counterparts for two sets to be pairs."""
N_DIGESTED: Final = 64
"""Records whose values go into a fingerprint, evenly spread; of the others their names and sizes."""
N_LOOKED_AT: Final = 16
"""Records whose values are looked at."""
N_NAMED: Final = 3
"""Records that a message names."""


@final
@dataclass(frozen=True, eq=False)
class Pairs:
    """Some pairs of records."""

    source: Grids | None
    """What is given; None where it is made of what is wanted."""
    target: Grids
    """What is wanted."""
    of_source: np.ndarray
    """Shape `(n,)`: which of the first each pair holds."""
    of_target: np.ndarray
    """Shape `(n,)`: which of the second."""
    task: Task
    kind: str
    """Of the records."""
    name: str
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    is_of_bits: bool = False
    """Whether all that is wanted is 0 or 1 of whole numbers: masks as they are often kept."""

    def __len__(self) -> int:
        return len(self.of_target)

    def take(self, indices: np.ndarray) -> Pairs:
        """The pairs with these numbers, in this order."""
        return replace(self, of_source=self.of_source[indices], of_target=self.of_target[indices])

    def sides(self, number: int) -> tuple[int, ...]:
        """Of the grid of what is wanted."""
        return tuple(self.target.sizes[int(self.of_target[number])])

    def wanted(self, number: int) -> np.ndarray:
        """What is wanted, shape `(n_channels, *grid)`; see `standard`."""
        highest = 1.0 if self.is_of_bits else self.target.highest
        return standard(self.target.grid(int(self.of_target[number])), highest)

    def given(self, number: int) -> np.ndarray | None:
        """What is given, likewise; None where it is made of what is wanted."""
        if self.source is None:
            return None
        return standard(self.source.grid(int(self.of_source[number])), self.source.highest)

    @property
    def fingerprint(self) -> str:
        """The same text for the same pairs, another for others."""
        digest = blake2b(f"{self.task} {self.kind} {len(self)}".encode(), digest_size=16)
        looked = set(np.linspace(0, len(self) - 1, min(len(self), N_DIGESTED)).astype(int).tolist())
        for number in range(len(self)):
            digest.update(f"{self.target.names[int(self.of_target[number])]} {self.sides(number)}\n".encode())
            if number in looked:
                for values in (self.wanted(number), self.given(number)):
                    digest.update(b"" if values is None else np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


def standard(values: np.ndarray, highest: float) -> np.ndarray:
    """Values whose type says what stands for 1: 255 of 8 bits, 65,535 of 16, 1 of others."""
    if (values.dtype.name, highest) in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
        return values
    return (values.astype(np.float32) / np.float32(highest)).clip(0, 1)


def shares(values: np.ndarray) -> np.ndarray:
    """Standard values as numbers from 0 to 1."""
    if values.dtype == np.float32:
        return values
    return values / np.float32(np.iinfo(values.dtype).max)


def is_of_bits(grids: Grids) -> bool:
    """Whether records of whole numbers hold nothing but 0 and 1, so that all would be black.

    Records are looked at that lie evenly among all of them.
    """
    if grids.highest <= 1:
        return False
    looked = np.linspace(0, len(grids) - 1, min(len(grids), N_LOOKED_AT)).astype(int)
    highest = {float(grids.grid(number).max()) for number in set(looked.tolist())}
    return 1.0 in highest <= {0.0, 1.0}


def matched(
    source: Grids, target: Grids, *, by_order: bool
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Which records of two sets belong together: those of the same name, or of the same place.

    Names match where they are the same but for what all names of a set begin or end with, as `7_mask` and
    `7`, and for folders, where one set has them and the other has not.

    Returns:
        Numbers in the first, numbers in the second, each of shape `(n,)`, and notes on what was left out.

    Raises:
        DataError: Too few match.
    """
    if by_order:
        if len(source) != len(target):
            raise DataError(
                f"{len(source):,} records are given, and {len(target):,} that they are to be turned into. "
                "Give as many of both, in the same order."
            )
        return np.arange(len(source)), np.arange(len(target)), ()
    best: tuple[list[int], list[int]] = ([], [])
    for grids in (source, target):
        if twice := [name for name, n in Counter(grids.names).items() if n > 1]:
            raise DataError(f"{grids.name}: {twice[0]!r} is there twice, with two endings. Keep one.")
    for keys in (list, _without_folders, _cored):
        ours, theirs = keys(source.names), keys(target.names)
        if len(set(ours)) < len(ours) or len(set(theirs)) < len(theirs):
            continue
        places = {key: number for number, key in enumerate(theirs)}
        found = [number for number, key in enumerate(ours) if key in places]
        if len(found) > len(best[0]):
            best = found, [places[ours[number]] for number in found]
    n_most, n_found = min(len(source), len(target)), len(best[0])
    if n_found < max(1, FEWEST_MATCHING * n_most):
        said = [", ".join(map(repr, grids.names[:N_NAMED])) for grids in (source, target)]
        raise DataError(
            f"{source.name} ({said[0]}, ...) and {target.name} ({said[1]}, ...): "
            f"{n_found or 'no'} of {n_most:,} names are the same on both sides. Pairs are files of the same "
            "name, whatever their ending: name them so, or give --unpaired."
        )
    notes = [
        f"{len(grids) - n_found:,} of {len(grids):,} records of {grids.name} have no counterpart: left out"
        for grids in (source, target)
        if len(grids) > n_found
    ]
    return np.array(best[0]), np.array(best[1]), tuple(notes)


def in_step(
    format: object, source: Grids, target: Grids, of_source: np.ndarray, of_target: np.ndarray
) -> tuple[Grids, Grids]:
    """Two sets whose records belong together, each as long as its counterpart where the kind can do that."""
    if not isinstance(format, Aligning):
        return source, target
    return format.aligned(source, target, [*zip(of_source.tolist(), of_target.tolist(), strict=True)])


def _without_folders(names: Sequence[str]) -> list[str]:
    return [name.rpartition("/")[2] for name in names]


def _cored(names: Sequence[str]) -> list[str]:
    """Names without folders, and without what all of them begin or end with."""
    plain = _without_folders(names)
    if len(plain) < 2:
        return plain
    first, last = _n_shared(plain), _n_shared([name[::-1] for name in plain])
    return [name[first : len(name) - last] for name in plain]


def _n_shared(names: Sequence[str]) -> int:
    """Characters that all begin with; digits at their end are those of numbers."""
    n_shared = 0
    for letters in zip(*names, strict=False):
        if len(set(letters)) > 1:
            break
        n_shared += 1
    return len(names[0][:n_shared].rstrip("0123456789"))

"""Where made values come from: a key of (model, sample, column), and the number of the record.

What is made anew, such as a key or a name, is a member of some finite set of values. Record k gets the member
with the number that a shuffle of that set has in place k: so no two records of a sample are alike, neighbours
have nothing in common, any block can be made alone, and two samples or two models share a member no oftener
than chance will have it. The shuffle is never written down: it is a Feistel network over a grid of as many
cells as there are members, or a few more; who lands beyond the last member walks on.

>>> made = Keyed().part("a model").part("a column")
>>> sorted(made.members(5, 5))
[0, 1, 2, 3, 4]

Source:
    Black and Rogaway 2002, "Ciphers with arbitrary finite domains", CT-RSA, methods 2 (walking) and 3
    (a Feistel network over a grid). Luby and Rackoff 1988, "How to construct pseudorandom permutations",
    SIAM J. Computing 17: four rounds are enough where each is a good hash.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b, shake_128
from typing import Any, Final, final

import numpy as np
from jaxtyping import Float, UInt64

Words = UInt64[np.ndarray, " n"]

_WORD: Final = 2**62
"""Sets of up to so many members are shuffled many numbers at a time."""
_WORD_ROUNDS: Final = 8
_LONG_ROUNDS: Final = 4
_MIXERS: Final = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Odd multipliers of a common mixer of 64 bits, that of SplitMix."""


@final
@dataclass(frozen=True)
class Keyed:
    """The records that are made, from number `first_index` on, and the key of what is made anew for them."""

    key: bytes = b""
    first_index: int = 0

    def part(self, name: str) -> Keyed:
        """The same records with a key of their own: of a model, a sample, a column."""
        return replace(self, key=blake2b(name.encode(), key=self.key, digest_size=32).digest())

    def numbers(self, n: int) -> range:
        """The numbers of the first `n` records."""
        return range(self.first_index, self.first_index + n)

    def members(self, n: int, capacity: int) -> list[int]:
        """The member, 0..capacity - 1, that each of the first `n` records gets; no two are alike.

        Beyond the last member the numbers go on: `capacity` to 2 * `capacity` - 1, and so forth.
        """
        return self.shuffle(capacity).all(self.numbers(n))

    def shuffle(self, capacity: int) -> Shuffle:
        """The shuffle of so many members that belongs to the key."""
        return Shuffle(self.key, capacity)

    def uniform(self, numbers: Sequence[int]) -> Float[np.ndarray, " n"]:
        """A number in [0, 1) for each of these records; each has its own, whatever others there are."""
        low, high = np.frombuffer(blake2b(b"uniform", key=self.key, digest_size=16).digest(), np.uint64)
        words = np.array([number % 2**64 for number in numbers], np.uint64)
        mixed = _mixed(_mixed(words, low), high)
        return (mixed >> np.uint64(11)).astype(float) / 2**53


@final
@dataclass(frozen=True)
class Shuffle:
    """The numbers 0..capacity - 1 in an order that only the key knows."""

    key: bytes
    capacity: int
    """1 or more, of any size."""

    def all(self, numbers: Sequence[int]) -> list[int]:
        """The members in these places; see `Keyed.members` for places beyond the last."""
        return self._walked(numbers, self._forwards)

    def places(self, members: Sequence[int]) -> list[int]:
        """Where these members are: the inverse of `all`."""
        return self._walked(members, self._backwards)

    def _walked(self, numbers: Sequence[int], step: Callable[[Any, Any], Any]) -> list[int]:
        if self.capacity > _WORD:
            return [self._walked_far(number, step) for number in numbers]
        laps, places = np.divmod(np.asarray(numbers, np.uint64), np.uint64(self.capacity))
        places = step(*self._split(places))
        while (is_out := places >= self.capacity).any():
            places[is_out] = step(*self._split(places[is_out]))
        return (laps * np.uint64(self.capacity) + places).tolist()

    def _walked_far(self, number: int, step: Callable[[int, int], int]) -> int:
        lap, place = divmod(number, self.capacity)
        place = step(*divmod(place, self._width))
        while place >= self.capacity:
            place = step(*divmod(place, self._width))
        return lap * self.capacity + place

    def _split(self, places: Words) -> tuple[Words, Words]:
        rows, columns = np.divmod(places, np.uint64(self._width))
        return rows, columns

    @cached_property
    def _height(self) -> int:
        """Rows of the smallest grid with room for all members, nearly a square."""
        return math.isqrt(self.capacity - 1) + 1

    @cached_property
    def _width(self) -> int:
        return -(-self.capacity // self._height)

    @cached_property
    def _rounds(self) -> list[Any]:
        if self.capacity > _WORD:
            return [self.key + bytes([number]) for number in range(_LONG_ROUNDS)]
        digest = blake2b(b"rounds", key=self.key, digest_size=64).digest()
        return list(np.frombuffer(digest, np.uint64))[:_WORD_ROUNDS]

    def _hashed(self, number: Any, of_round: Any, bound: int) -> Any:
        """What is added to one coordinate for the other one."""
        if self.capacity <= _WORD:
            return _mixed(number, of_round) % np.uint64(bound)
        n_bytes = (bound.bit_length() + 7) // 8 + 1
        digest = shake_128(of_round + number.to_bytes(n_bytes, "little")).digest(n_bytes + 8)
        return int.from_bytes(digest, "little") % bound

    def _forwards(self, row: Any, column: Any) -> Any:
        for number, of_round in enumerate(self._rounds):
            if number % 2:
                column = (column + self._hashed(row, of_round, self._width)) % self._width
            else:
                row = (row + self._hashed(column, of_round, self._height)) % self._height
        return row * self._width + column

    def _backwards(self, row: Any, column: Any) -> Any:
        for number, of_round in reversed(list(enumerate(self._rounds))):
            if number % 2:
                column = (column + self._width - self._hashed(row, of_round, self._width)) % self._width
            else:
                row = (row + self._height - self._hashed(column, of_round, self._height)) % self._height
        return row * self._width + column


def _mixed(numbers: Words, key: np.uint64) -> Words:
    """Words that are a scramble of these and a key; arithmetic is that of 64 bits."""
    mixed = numbers + key
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))

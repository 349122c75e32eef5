"""Random bits for privacy: from the operating system, whatever seed a run was given.

Who knows the seed of the noise takes the noise away again. So these bits have no seed, are kept nowhere, and
are not those of `engine.randomness`, which a seed rules. Processes that fork share no state.

`SeededBits` are for tests, and for `--insecure-seed`: a ledger that draws from them says that nothing is
guaranteed.
"""

from __future__ import annotations

import os
from typing import Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Int64, UInt64


@runtime_checkable
class Bits(Protocol):
    """A source of random bits."""

    @property
    def is_secure(self) -> bool:
        """Whether nobody can tell the bits in advance or draw them again."""
        ...

    def words(self, n: int) -> UInt64[np.ndarray, " n"]:
        """Uniform words of 64 bits."""
        ...


@final
class SystemBits:
    """The generator of the operating system (on Linux ChaCha20, keyed anew by the kernel)."""

    is_secure = True

    def words(self, n: int) -> UInt64[np.ndarray, " n"]:
        """See `Bits`."""
        return np.frombuffer(os.urandom(8 * n), dtype="<u8").astype(np.uint64)


@final
class SeededBits:
    """Bits that a seed rules: they protect nobody."""

    is_secure = False

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def words(self, n: int) -> UInt64[np.ndarray, " n"]:
        """See `Bits`."""
        return self._generator.integers(0, 2**64, n, dtype=np.uint64)


def below(bits: Bits, n: int, end: int) -> Int64[np.ndarray, " n"]:
    """Uniform whole numbers from 0 to `end` - 1, exactly: what lies beyond is drawn again.

    Args:
        bits: Where from.
        n: How many.
        end: From 1 to 2^62.
    """
    mask = np.uint64((1 << (end - 1).bit_length()) - 1)
    made = np.empty(0, np.uint64)
    while len(made) < n:
        drawn = bits.words(2 * (n - len(made)) + 8) & mask
        made = np.append(made, drawn[drawn < end])
    return made[:n].astype(np.int64)

"""What the sections draw from."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random


def chosen(rng: Random, weights: Mapping[str, float]) -> str:
    """A key, as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]


def digits(rng: Random, n: int) -> str:
    return letters(rng, "0123456789", n)


def letters(rng: Random, alphabet: str, n: int) -> str:
    return "".join(rng.choices(alphabet, k=n))

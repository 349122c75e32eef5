"""What can be asked of one attribute, and attributes that are categories.

A category has its values as states; what is unknown is one more. States are drawn, and values in them; a
condition says how much of each state will do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_tree import Counts, Weights
from gansmith.tabular.where import Term

Codes = Int[np.ndarray, " n"]
"""States."""
Encoded = Float[np.ndarray, "n width"]
"""As networks see them."""

MAX_VALUES: Final = 1_000
"""Of a category; of more, too few records are alike to learn what each of them means."""
N_LISTED: Final = 6
"""Values in a description."""


@final
@dataclass(frozen=True, eq=False)
class Asked:
    """What a condition leaves of an attribute."""

    weights: Weights
    """Share of each state that fulfils it."""
    likeness: Weights
    """The same, where a single number stands for all that are in its bin: learnt records that are like it."""
    pieces: Pieces | None = None
    """Of a number: the parts of its bins that fulfil it."""


@final
@dataclass(frozen=True, eq=False)
class Pieces:
    """Parts of the bins of a number, in the order of the bins; where both ends are one, a single value."""

    states: Int[np.ndarray, " n_pieces"]
    lows: Float[np.ndarray, " n_pieces"]
    highs: Float[np.ndarray, " n_pieces"]
    weights: Float[np.ndarray, " n_pieces"]
    """Share of the bin."""

    @classmethod
    def of(cls, pieces: Iterable[tuple[int, float, float, float]]) -> Pieces:
        """From (state, low, high, weight) each."""
        columns = list(zip(*sorted(pieces), strict=True)) or [[], [], [], []]
        states, *others = columns
        return cls(np.array(states, np.int64), *(np.array(other, float) for other in others))

    def by_state(self, n_states: int) -> Weights:
        """How much of each state they are."""
        return np.bincount(self.states, self.weights, n_states).astype(float)  # of nothing: whole numbers

    def draw(self, codes: Codes, rng: np.random.Generator, decimals: int | None) -> Float[np.ndarray, " n"]:
        """A value in each of these states, NaN where a state has no piece."""
        values = np.full(len(codes), np.nan)
        chances, places = rng.random((2, len(codes)))
        for state in np.unique(codes):
            own = np.flatnonzero(self.states == state)
            if len(own):
                rows = np.flatnonzero(codes == state)
                share = np.cumsum(self.weights[own]) / self.weights[own].sum()
                which = own[np.minimum(np.searchsorted(share, chances[rows], "right"), len(own) - 1)]
                values[rows] = between(self.lows[which], self.highs[which], places[rows], decimals)
        return values


def between(
    low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"], place: np.ndarray, decimals: int | None
) -> Float[np.ndarray, " n"]:
    """Values between these ends, both included, as `place` says, from 0 to 1; with so many decimals."""
    if decimals is None:
        return np.clip(low + place * (high - low), low, high)
    steps = 10.0**decimals
    first, last = np.rint(low * steps), np.rint(high * steps)
    value = np.minimum(first + np.floor(place * (last - first + 1)), last) / steps
    return np.where(low == high, low, value)


@final
@dataclass(frozen=True)
class Categories:
    """An attribute of a few known values."""

    name: str
    values: tuple[str, ...]
    """Sorted."""
    has_unknown: bool
    """Whether some records had none: one more state."""

    @classmethod
    def fit(cls, name: str, column: np.ndarray) -> Categories:
        """The values that are known of some records; as many as there are."""
        known = {_spelt(value) for value in column.tolist()}
        return cls(name, tuple(sorted(value for value in known if value is not None)), None in known)

    @property
    def n_states(self) -> int:
        """Those of all records."""
        return len(self.values) + self.has_unknown

    @property
    def width(self) -> int:
        """Numbers that networks see."""
        return len(self.values)

    @cached_property
    def _places(self) -> dict[str | None, int]:
        """States; None is the unknown."""
        values = (*self.values, None) if self.has_unknown else self.values
        return {value: place for place, value in enumerate(values)}

    def codes(self, column: np.ndarray) -> Codes:
        """States; -1 is a value that is not known."""
        places = self._places
        return np.array([places.get(_spelt(value), -1) for value in column.tolist()], np.int64)

    def encode(self, column: np.ndarray) -> Encoded:
        """One-hot; zeros for what is unknown or was never seen."""
        if column.dtype.kind in "fiu":
            raise DataError(f"attribute {self.name!r} holds numbers, but texts were learnt. Give texts.")
        codes = self.codes(column)
        encoded = np.zeros((len(column), self.width), np.float32)
        rows = np.flatnonzero((codes >= 0) & (codes < self.width))
        encoded[rows, codes[rows]] = 1
        return encoded

    def decode(self, encoded: Encoded) -> np.ndarray:
        """The likeliest value; None where all together is less likely than not."""
        codes = np.where(encoded.sum(1) < 0.5, self.width, encoded.argmax(1))
        return self._texts[codes]

    @cached_property
    def _texts(self) -> np.ndarray:
        return np.array([*self.values, None], object)

    def draw(self, codes: Codes, rng: np.random.Generator, asked: Asked | None) -> np.ndarray:
        """A value in each state."""
        return self._texts[codes]

    def asked(self, terms: Sequence[Term]) -> Asked:
        """What these conditions leave of it.

        Raises:
            UsageError: A value is not known, or no value is left.
        """
        wanted, excluded = set[int](), set[int]()
        for term in terms:
            if term.operator not in ("=", "!="):
                raise UsageError(
                    f"attribute {self.name!r} has no order, so {term.operator!r} cannot be asked of it. "
                    f"Write {self.name}=VALUE or {self.name}!=VALUE."
                )
            (wanted if term.operator == "=" else excluded).update(map(self._state, term.values))
        left = (wanted or set(range(self.n_states))) - excluded
        if not left:
            raise contradiction(terms)
        weights = np.zeros(self.n_states)
        weights[sorted(left)] = 1
        return Asked(weights, weights)

    def _state(self, value: Any) -> int:
        if is_unknown(value):
            return unknown_state(self.name, self.n_states, has_unknown=self.has_unknown)
        text = str(value)
        for spelt in (text, text.strip()):
            if spelt in self._places:
                return self._places[spelt]
        raise UsageError(
            f"attribute {self.name!r}: no record that was learnt had {text!r}. "
            f"{did_you_mean(text, self.values)}"
        )

    def described(self, counts: Counts) -> str:
        """What was learnt, in words; the commonest values first."""
        order = np.argsort(-counts[: len(self.values)], kind="stable")[:N_LISTED]
        n_enough = usual_min_count(int(counts.sum()))
        named = [f"{self.values[place]} ({counts[place]:,})" for place in order if counts[place] >= n_enough]
        listed = ", ".join(named or ["all rare"])
        more = ", ..." if len(self.values) > max(1, len(named)) else ""
        return f"{len(self.values):,} values: {listed}{more}{unknown_words(counts, self.has_unknown)}"


def _spelt(value: Any) -> str | None:
    """A value as text; None where it is unknown."""
    if value.__class__ is str and value:
        return value
    return None if is_unknown(value) else str(value)


def is_unknown(value: Any) -> bool:
    """Whether somebody who asks for this asks for what is unknown."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def unknown_state(name: str, n_states: int, *, has_unknown: bool) -> int:
    """The state of what is unknown, the last one.

    Raises:
        UsageError: There is none.
    """
    if not has_unknown:
        raise UsageError(f"attribute {name!r} was known of all records that were learnt. Ask for a value.")
    return n_states - 1


def unknown_words(counts: Counts, has_unknown: bool) -> str:
    """Of how many records it was unknown, to be added to a description."""
    return f"; unknown of {counts[-1]:,}" if has_unknown else ""


def contradiction(terms: Sequence[Term]) -> UsageError:
    """To be raised when nothing is left of what was learnt."""
    asked = " and ".join(text for term in terms for text in term.texts)
    return UsageError(f"nothing that was learnt is {asked}.")

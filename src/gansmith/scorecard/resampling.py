"""How far another draw of the records would move a score that is computed from counts or sums of records.

The records are counted once, hand by hand; parts of them are sums of hands. Cells and edges are those of all
records and stay as they are, so that a part's own extremes do not move them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

N_HANDS: Final = 32
"""Hands that the records of each side are dealt into."""
_N_QUARTERS: Final = 4
_HALVES: Final = np.array(
    [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]]
)
"""Which quarters make which half: each and then what it leaves."""
N_SETS: Final = _N_QUARTERS + len(_HALVES)
"""Parts of one deal: four quarters, and six halves made of them."""
_DEALS: Final = ((1, 26), (2, 28), (3, 9), (4, 25), (5, 16), (6, 18), (7, 11), (14, 17), (15, 23))
"""Two numbers for each deal: whether a hand has an even number of bits in common with each says in which
quarter it is. No number comes twice, nor does a sum of two bit by bit, so all halves of all deals cross:
each pair of a half and its rest is as good as a repetition of its own."""
N_FREE: Final = 3 * len(_DEALS)
"""Degrees of freedom of an error."""


def _parts(first: int, second: int) -> np.ndarray:
    """The quarters and halves of a deal: shape (N_SETS, N_HANDS)."""
    bits = [[(hand & number).bit_count() % 2 for hand in range(N_HANDS)] for number in (first, second)]
    quarters = (np.array(bits[0]) * 2 + bits[1] == np.arange(_N_QUARTERS)[:, None]) * 1.0
    return np.concatenate([quarters, _HALVES @ quarters])


PARTS: Final = np.concatenate([_parts(*numbers) for numbers in _DEALS])
"""Shape `(n_parts, N_HANDS)`: 1 where a hand belongs to a part, deal after deal, quarters and then halves."""
_N_COUNTS: Final = 500_000
"""Counts of parts that are held at once, unless one part alone has more: 4 MB."""

Counts = Float[np.ndarray, "n_parts n_cells"]
Tallies = tuple[np.ndarray, np.ndarray]
"""Counts or sums of the synthetic and of the real records, each of shape `(N_HANDS, n_cells)`."""


@final
@dataclass(frozen=True, eq=False)
class Deal:
    """Records of both sides dealt at random into hands, and which of these are parts of the records.

    The score of a part is a repetition of the measurement on fewer records. Its spread among quarters, and
    among halves, gives the error at full size to the first order; by how much the two disagree is the next
    order, which is extrapolated where it adds to the error. That matters because distances have another
    spread where sets are equal than where they differ, and few records always look equal.

    Source:
        Random groups and balanced half-samples: Wolter 2007, "Introduction to Variance Estimation", 2nd
        edition, chapters 2 and 3.
    """

    fake_hands: Int[np.ndarray, " n_fake"]
    real_hands: Int[np.ndarray, " n_real"]

    @classmethod
    def of(cls, n_fake: int, n_real: int, rng: np.random.Generator) -> Deal:
        """Several deals of so many records."""
        hands = [rng.permutation(N_HANDS)[rng.permutation(n) % N_HANDS] for n in (n_fake, n_real)]
        return cls(*hands)

    def among(self, fake: Bool[np.ndarray, " n_fake"], real: Bool[np.ndarray, " n_real"]) -> Deal:
        """The same of some of the records."""
        return replace(self, fake_hands=self.fake_hands[fake], real_hands=self.real_hands[real])

    def of_real(self) -> Deal:
        """The real records in the place of both sides."""
        return replace(self, fake_hands=self.real_hands)

    def tallied(
        self, fake: Int[np.ndarray, " n_fake"], real: Int[np.ndarray, " n_real"], n_cells: int
    ) -> Tallies:
        """How many records of each hand lie in each cell; those in cells below 0 are left out."""
        return _tally(self.fake_hands, fake, n_cells), _tally(self.real_hands, real, n_cells)

    def summed(self, fake: Float[np.ndarray, "n_fake n"], real: Float[np.ndarray, "n_real n"]) -> Tallies:
        """Sums of columns in each hand."""
        return _sums(self.fake_hands, fake), _sums(self.real_hands, real)

    def each(
        self, tallies: Tallies, score: Callable[[Counts, Counts], np.ndarray]
    ) -> Float[np.ndarray, " n_parts"]:
        """The score of each part, from the counts or sums of its records; NaN where it is not defined."""
        n_rows = max(1, _N_COUNTS // tallies[0].shape[1])
        rows = [PARTS[start : start + n_rows] for start in range(0, len(PARTS), n_rows)]
        with np.errstate(invalid="ignore", divide="ignore"):
            found = [score(some @ tallies[0], some @ tallies[1]) for some in rows]
        return np.concatenate(found)

    @staticmethod
    def error(scores: Float[np.ndarray, " n_parts"]) -> float:
        """The standard error of a score of all records, from those of the parts."""
        quarters, halves = np.split(scores.reshape(-1, N_SETS), [_N_QUARTERS], axis=1)
        of_quarters = float(quarters.var(axis=1, ddof=1).mean()) / 4
        of_halves = float(np.square(halves[:, ::2] - halves[:, 1::2]).mean()) / 4
        return float(np.sqrt(max(1.5 * of_halves - 0.5 * of_quarters, of_halves)))


def _tally(hands: np.ndarray, cells: np.ndarray, n_cells: int) -> np.ndarray:
    places = (hands * n_cells + cells)[cells >= 0]
    return np.bincount(places, minlength=N_HANDS * n_cells).reshape(N_HANDS, n_cells) * 1.0


def _sums(hands: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    sums = [np.bincount(hands, one, N_HANDS) for one in numbers.T]
    return np.reshape(sums, (len(sums), N_HANDS)).T


# --- Scores of counts, one for each part --------------------------------------------------------------------


def variation_similarity(fake: Counts, real: Counts) -> Float[np.ndarray, " n_parts"]:
    """One minus the total variation distance; NaN for a part without records."""
    return 1.0 - np.abs(_shares(fake) - _shares(real)).sum(axis=1) / 2


def step_similarity(fake: Counts, real: Counts) -> Float[np.ndarray, " n_parts"]:
    """One minus the Kolmogorov-Smirnov distance of ordered cells; NaN for a part without records."""
    return 1.0 - np.abs(np.cumsum(_shares(fake) - _shares(real), axis=1)).max(axis=1)


def _shares(counts: Counts) -> Counts:
    return counts / counts.sum(axis=1, keepdims=True)

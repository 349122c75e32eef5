"""How often values come again, as a curve: the share of the records that the most frequent values have.

The curve is that of all records, though some were held out: of the values that they would add, the ones that
came once, twice, ... in the others tell how many there are.

Source:
    Good and Toulmin 1956, "The number of new species, and the increase in population coverage, when a sample
    is increased", Biometrika 43.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.settings import Annotated, Field
from gansmith.tabular.columns.codecs import Ascending
from gansmith.tabular.fields import must_be

N_QUANTILES: Final = 33
MOST_GROWTH: Final = 2.0
"""Times as many records as were learnt from, up to which the number of values can be foretold."""


def _are_shares(shares: Float[np.ndarray, " n"]) -> bool:
    return bool(len(shares) == N_QUANTILES and shares[0] >= 0 and shares[-1] <= 1 + 1e-9)


Shares = Annotated[Ascending, must_be(f"{N_QUANTILES} from 0 to 1", _are_shares)]
"""Of the records that the most frequent values have together; see `ranks_of`."""
Curve = Annotated[
    tuple[float, ...],
    Field(strict=False, min_length=N_QUANTILES),
    must_be("shares that go up", lambda row: _are_shares(np.array(row)) and (np.diff(row) >= 0).all()),
]
"""The same as plain numbers."""


@final
@dataclass(frozen=True)
class Repetition:
    """Values of some records."""

    n_values: int
    """Different ones."""
    n_records: int
    shares: Float[np.ndarray, " n_quantiles"]

    @staticmethod
    def of(cells: pa.Array, growth: float = 1.0) -> Repetition:
        """That of the cells that are there, or of so many times as many.

        Args:
            cells: Any values.
            growth: All records, as a multiple of these.
        """
        counts = np.sort(pc.value_counts(cells.drop_null()).field("counts").to_numpy())[::-1]
        grown = _grown(counts.astype(np.int64), growth)
        together = np.concatenate([[0.0], np.cumsum(grown) / max(1.0, grown.sum())])
        shares = np.interp(ranks_of(len(grown)), np.arange(len(together)), together)
        return Repetition(len(grown), max(1, round(float(grown.sum()))), np.minimum(shares, 1.0))

    def ranks(self, places: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """The value, 0..n_values - 1, at each place, 0..n_records - 1; the most frequent come first."""
        return ranks_at((places + 0.5) / self.n_records, self.shares, self.n_values)


def ranks_of(n_values: int) -> Float[np.ndarray, " n_quantiles"]:
    """Where the shares are measured: close together among the most frequent values."""
    return np.geomspace(1, n_values + 1, N_QUANTILES) - 1


def ranks_at(
    places: Float[np.ndarray, " n"], shares: Float[np.ndarray, " n_quantiles"], n_values: int
) -> Int[np.ndarray, " n"]:
    """The value, 0..n_values - 1, at each place, 0 to 1, of all records; the most frequent come first."""
    ranks = np.floor(np.interp(places, shares, ranks_of(n_values))).astype(np.int64)
    return np.minimum(ranks, n_values - 1)


def _grown(counts: Int[np.ndarray, " n"], growth: float) -> Float[np.ndarray, " n_grown"]:
    """Records of each value, descending, in a sample so many times as large."""
    n, more = int(counts.sum()), growth - 1
    if not 0 < more <= MOST_GROWTH - 1 or not n:
        return counts.astype(float)
    of_count = np.bincount(counts)[1:]
    signs = -((-more) ** np.arange(1, len(of_count) + 1))
    n_new = round(float(np.clip((signs * of_count).sum(), 0, more * n)))
    return np.concatenate([counts * (1 + more - n_new / n), np.ones(n_new)])

"""Free text: replaced by stand-ins of the same lengths, never copied.

Learning to write is the business of the text modality. In a table a text column is filled with neutral
words from a fixed list, cut to lengths as they occur; no word of the real texts is kept, so none can
leak. Which cells are missing is learnt like everything else.
"""

from __future__ import annotations

from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.tabular.columns.base import AbstractPresenceCodec, Ascending, Codes, Levels
from gansmith.tabular.schema import Column, must_be
from gansmith.settings import Annotated, settings

WORDS: Final = (  # noqa: SIM905 - a list of 69 quoted words reads worse
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et "
    "dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea "
    "commodo consequat duis aute irure in reprehenderit voluptate velit esse cillum fugiat nulla pariatur "
    "excepteur sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim est laborum"
).split()
N_QUANTILES: Final = 33
MAX_LENGTH: Final = 5_000


def _are_lengths(row: Float[np.ndarray, " n"]) -> bool:
    return bool(len(row) == N_QUANTILES and row[0] >= 0 and row[-1] <= MAX_LENGTH)


@final
@settings(error=DataError)
class StandInCodec(AbstractPresenceCodec):
    """States: missing and present, where cells are missing; the text itself takes no part in the game."""

    name: ClassVar[str] = "text"

    lengths: Annotated[Ascending, must_be(f"{N_QUANTILES} from 0 to {MAX_LENGTH}", _are_lengths)]
    """Quantiles of the number of characters."""

    @classmethod
    def fit(cls, column: pa.Array, schema: Column) -> StandInCodec:
        """Measure the lengths."""
        lengths = pc.utf8_length(column).drop_null().to_numpy() if column.null_count < len(column) else [0]
        quantiles = np.quantile(np.minimum(lengths, MAX_LENGTH), np.linspace(0, 1, N_QUANTILES))
        return cls(schema, column.null_count > 0, quantiles)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        ranks, places = rng.random((len(codes), 2)).T  # record by record: more of them change none
        lengths = np.rint(np.interp(ranks, np.linspace(0, 1, N_QUANTILES), self.lengths)).astype(int)
        starts = (places * len(WORDS)).astype(int)
        is_missing = self.is_missing(codes)
        texts = list(map(stand_in, starts.tolist(), lengths.tolist()))
        return pa.array(texts, pa.string(), mask=is_missing)


def stand_in(start: int, length: int) -> str:
    """Neutral words from word number `start` on, cut to `length` characters.

    Example:
        >>> stand_in(0, 11)
        'Lorem ipsum'
    """
    words: list[str] = []
    n_left = length
    while n_left > 0:
        word = WORDS[(start + len(words)) % len(WORDS)]
        words.append(word)
        n_left -= len(word) + 1
    return " ".join(words)[:length].rstrip().capitalize()

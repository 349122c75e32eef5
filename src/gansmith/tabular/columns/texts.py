"""Free text: replaced by stand-ins of the same lengths, never copied.

Learning to write is the business of the text modality. In a table a text column is filled with neutral
words from a fixed list, cut to lengths as they occur; no word of the real texts is kept, so none can
leak. Which cells are missing is learnt like everything else.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.settings import settings
from gansmith.tabular.cells import matches
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Ascending,
    Fitting,
)
from gansmith.tabular.columns.decimals import has_endless_digits
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column, must_be

WORDS: Final = (  # noqa: SIM905 - a list of 69 quoted words reads worse
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et "
    "dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea "
    "commodo consequat duis aute irure in reprehenderit voluptate velit esse cillum fugiat nulla pariatur "
    "excepteur sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim est laborum"
).split()
N_QUANTILES: Final = 33
MAX_LENGTH: Final = 5_000
_LONG_CHARACTERS: Final = 40
"""Characters of a cell, on the average, from which on texts are long."""


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
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> StandInCodec:
        """Measure the lengths."""
        lengths = pc.utf8_length(cells).drop_null().to_numpy() if cells.null_count < len(cells) else [0]
        quantiles = np.quantile(np.minimum(lengths, MAX_LENGTH), np.linspace(0, 1, N_QUANTILES))
        return cls(column, cells.null_count > 0, quantiles)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
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


@final
class Text(AbstractKind):
    """Free text: most values are distinct, and they are long, have blanks, or hardly ever repeat."""

    name: ClassVar[str] = "text"
    codec: ClassVar[type[AbstractColumnCodec]] = StandInCodec
    wider: ClassVar[tuple[str, ...]] = ("text",)
    is_made_anew: ClassVar[bool] = True
    is_free_text: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        missing = cells.missing_texts
        present, n = cells.present(missing), int(cells.counts[~missing].sum())
        n_distinct = len(present)
        if n_distinct <= max(MANY_DISTINCT, n // 2) or has_endless_digits(present):
            return None
        is_long = float(pc.mean(pc.utf8_length(present)).as_py()) > _LONG_CHARACTERS
        has_blanks = 4 * int(matches(present, r"\s").sum()) > n_distinct
        return self.read(cells) if is_long or has_blanks or 4 * n_distinct > 3 * n else None


TEXT: Final = Text()

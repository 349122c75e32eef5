"""Free text: replaced by stand-ins of the same form, never copied.

Learning to write is the business of the text modality. In a table a text column is filled with neutral
words from a fixed list, as many and as long as they occur, which begin with a capital and end in a full stop
as often as real texts do; no word of the real texts is kept, so none can leak. Which cells are missing is
learnt like everything else.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.settings import Field, settings
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
from gansmith.tabular.fields import must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

WORDS: Final = (  # noqa: SIM905 - a list of 69 quoted words reads worse
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et "
    "dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea "
    "commodo consequat duis aute irure in reprehenderit voluptate velit esse cillum fugiat nulla pariatur "
    "excepteur sint occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim est laborum"
).split()
_BY_LENGTH: Final = {n: some for n in range(20) if (some := [word for word in WORDS if len(word) == n])}
SHORTEST, LONGEST = min(_BY_LENGTH), max(_BY_LENGTH)
_NEAREST: Final = [_BY_LENGTH[min(_BY_LENGTH, key=lambda known: abs(known - n))] for n in range(LONGEST + 1)]
"""The words whose length is nearest, by length."""
SLACK: Final = 3
"""Letters that a word may be longer or shorter than what is left for each."""
N_QUANTILES: Final = 33
N_OF_WORDS: Final = 101
"""Quantiles of the number of words, which are as likely as each other."""
MAX_LENGTH: Final = 5_000
Share = Annotated[float, Field(ge=0, le=1)]
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
    words: Annotated[
        tuple[Annotated[int, Field(ge=0, le=MAX_LENGTH)], ...],
        Field(strict=False),
        must_be(f"{N_OF_WORDS} numbers", lambda numbers: len(numbers) == N_OF_WORDS),
    ] = ()
    """Numbers of words that are as likely as each other; none: cells are cut to their length."""
    capitals: Share = 1.0
    """Of the texts, that begin with a capital."""
    stops: Share = 0.0
    """That end in a full stop."""

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> StandInCodec:
        """Measure the lengths and the form."""
        present = cells.drop_null() if cells.null_count < len(cells) else pa.array([""])
        lengths = np.minimum(pc.utf8_length(present).to_numpy(), MAX_LENGTH)
        quantiles = np.quantile(lengths, np.linspace(0, 1, N_QUANTILES))
        n_words = np.minimum(pc.count_substring_regex(present, r"\S+").to_numpy(), MAX_LENGTH)
        words = np.quantile(n_words, (np.arange(N_OF_WORDS) + 0.5) / N_OF_WORDS, method="inverted_cdf")
        capitals, stops = (float(matches(present, form).mean()) for form in (r"^\p{Lu}", r"\.$"))
        return cls(
            column, cells.null_count > 0, quantiles, tuple(words.astype(int).tolist()), capitals, stops
        )

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        draws = rng.random((len(codes), 4))  # record by record: more of them change none
        lengths = np.rint(np.interp(draws[:, 0], np.linspace(0, 1, N_QUANTILES), self.lengths)).astype(int)
        is_missing = self.is_missing(codes)
        if len(self.words):
            words = np.array(self.words)[(draws[:, 0] * N_OF_WORDS).astype(int)]
            are_so = draws[:, 2:] < (self.capitals, self.stops)
            parts = zip(draws[:, 1].tolist(), words.tolist(), lengths.tolist(), are_so.tolist(), strict=True)
            texts = [_sentence(draw, n, length, *are) for draw, n, length, are in parts]
        else:
            texts = list(map(stand_in, (draws[:, 1] * len(WORDS)).astype(int).tolist(), lengths.tolist()))
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


def _sentence(draw: float, n_words: int, length: int, is_capital: bool, has_stop: bool) -> str:
    """So many neutral words of nearly this length.

    Args:
        draw: From 0 to 1, says which words.
        n_words: How many.
        length: Characters altogether.
        is_capital: Whether it begins with a capital.
        has_stop: Whether it ends in a full stop.
    """
    n_letters = max(length - has_stop - max(n_words - 1, 0), n_words)
    is_usual = SHORTEST * n_words <= n_letters <= LONGEST * n_words
    words = (_fitting if is_usual else _cut)(int(draw * len(WORDS)), n_words, n_letters)
    text = " ".join(words) + "." * has_stop
    return text[:1].upper() + text[1:] if is_capital else text


def _fitting(start: int, n_words: int, n_letters: int) -> list[str]:
    """Neutral words one after the other; instead of those too long or too short for the rest, others."""
    words: list[str] = []
    for place in range(n_words):
        wanted, word = n_letters / (n_words - place), WORDS[(start + place) % len(WORDS)]
        if abs(len(word) - wanted) > SLACK or place == n_words - 1:
            some = _NEAREST[min(max(math.ceil(wanted - 0.5), 0), LONGEST)]
            word = some[(start + place) % len(some)]
        words.append(word)
        n_letters -= len(word)
    return words


def _cut(start: int, n_words: int, n_letters: int) -> list[str]:
    """So many words of equal length, made of the letters of neutral words."""
    letters = "".join(WORDS[start:] + WORDS[:start])
    ends = [n_letters * place // n_words for place in range(n_words + 1)] if n_words else []
    letters *= -(-n_letters // len(letters))
    return [letters[first:last] for first, last in pairwise(ends)]


@final
class Text(AbstractKind):
    """Free text: most values are distinct, and they are long, have blanks, or hardly ever repeat."""

    name: ClassVar[str] = "text"
    codec: ClassVar[type[AbstractColumnCodec]] = StandInCodec
    wider: ClassVar[tuple[str, ...]] = ("text",)
    is_made_anew: ClassVar[bool] = True
    is_free_text: ClassVar[bool] = True

    def makes_texts(self, column: Column) -> bool:
        return True

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

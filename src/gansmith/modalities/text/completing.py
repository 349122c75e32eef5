"""Texts given in part: masked words, which are found by what stands before and behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.format import Writer
from gansmith.modalities.recipe import Compact
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.codec import LONGEST, TextCodec
from gansmith.modalities.text.making import FREE, GAP
from gansmith.modalities.text.reading import read_texts
from gansmith.modalities.text.records import Texts, joined
from gansmith.modalities.text.request import TextBlock
from gansmith.modalities.text.writing import writer_of

MASK: Final = re.compile(r" ?(?:_{3,}|\[MASK\]|\[mask\]|<mask>)")
"""Stands for one word, with the blank before it; at the end of a text for all that follows."""
MOST_GAPS: Final = 20
"""Of one text."""


@final
@dataclass(frozen=True, eq=False)
class TextPartial:
    """See `Partial` of the base."""

    codec: TextCodec
    given: Texts
    temperature: float = 0.0

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self.given.notes

    @property
    def texts(self) -> tuple[str, ...]:
        """Nothing is asked beside what is there."""
        return ()

    @property
    def n_gaps(self) -> int:
        """Masked words."""
        return sum(len(MASK.findall(one)) for one in self.given.texts)

    def __len__(self) -> int:
        return len(self.given)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        return ()

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> PartialBlock:
        """See `Request`."""
        chosen = np.minimum(first_index + np.arange(size), len(self.given) - 1)
        return PartialBlock(self.codec, self.given.take(chosen), self.temperature)

    def returned(self, blocks: Sequence[Texts]) -> Any:
        return joined(blocks)

    def writer(self, path: Path, metadata: Mapping[str, str]) -> Writer:
        return writer_of(path, self.given.form)


@final
class PartialBlock:
    """See `ConditionalBlock`: asked once."""

    def __init__(self, codec: TextCodec, given: Texts, temperature: float) -> None:
        self._codec, self._given = codec, given
        rows = [template(codec, one) for one in given.texts]
        table = np.full((len(rows), max(map(len, rows), default=1)), FREE, np.int64)
        for place, row in enumerate(rows):
            table[place, : len(row)] = row
        self._rows = rows
        self._block = TextBlock(codec, given.attributes, temperature, table)

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return self._block.is_done

    def ask(self, fresh: Any) -> Any:
        """See `ConditionalBlock`."""
        return self._block.ask(fresh)

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._block.take(compact)

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`."""
        return self._block.compact

    def settled(self, records: Texts) -> Texts:
        """See `ConditionalBlock`: what was given stands as it was, letter for letter."""
        given = self._given.take(np.arange(len(records)))
        made = self.compact.numpy().astype(np.int64)
        texts = tuple(
            self._whole(text, row.tolist(), place)
            for place, (text, row) in enumerate(zip(given.texts, made, strict=False))
        )
        return replace(records, texts=texts, attributes=given.attributes)

    def _whole(self, text: str, found: list[int], place: int) -> str:
        """A text with what was found in its gaps: the codes between those that were given."""
        vocabulary, entities = self._codec.vocabulary, self._codec.entities
        words = iter(_between(self._rows[place], found))
        return MASK.sub(lambda _: entities.filled(vocabulary.decode(next(words, ())), [11, place]), text)


def template(codec: TextCodec, text: str) -> list[int]:
    """Codes of what is given, `GAP` where a word is masked; the text ends where it does.

    A mask at the end is a word, too.
    """
    found, last = list[int](), 0
    for match in MASK.finditer(text):
        found += codec.codes(text[last : match.start()])
        found.append(GAP)
        last = match.end()
    return [*found, *codec.codes(text[last:])]


def _between(given: Sequence[int], found: Sequence[int]) -> list[list[int]]:
    """What stands in each gap: `found` has `GAP` before it, and behind it."""
    del given
    parts, inside = list[list[int]](), False
    for code in found:
        if code == GAP:
            if not inside:
                parts.append([])
            inside = not inside
        elif inside:
            parts[-1].append(code)
    return parts


def partial_of(codec: TextCodec, source: object, options: TextOptions) -> TextPartial:
    """The user's texts as far as they are given.

    Raises:
        DataError: They cannot be read, nothing in them is masked, or too much of one.
    """
    given = read_texts(source, TextOptions(), codec.empty)
    counts = [len(MASK.findall(one)) for one in given.texts]
    if not any(counts):
        raise DataError(
            f"{given.name}: nothing is masked. Write ___ or [MASK] where a word is to be found; "
            "--prompt of gansmith sample goes on with a beginning."
        )
    worst = int(np.argmax(counts))
    if counts[worst] > MOST_GAPS or any(len(codec.codes(one)) > LONGEST for one in given.texts):
        raise DataError(
            f"{given.name}, text {worst + 1}: {counts[worst]} masked words, or too long. Wanted: "
            f"{MOST_GAPS} masks and {LONGEST:,} tokens at most."
        )
    return TextPartial(codec, given, options.temperature)

"""How likely text is by what stood before, counted: what a trigram model writes, and shuffled words.

Sources:
    Witten and Bell 1991, "The zero-frequency problem", method C: how much is left for what was never seen.
    Papineni et al. 2002, "BLEU". Zhu et al. 2018, "Texygen" (arXiv:1802.01886): the hold-out as references,
    and self-BLEU. Li et al. 2016 (arXiv:1510.03055): distinct-n.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, final

import numpy as np

from gansmith.modalities.text.graphemes import characters, parted, words
from gansmith.modalities.text.records import Texts

ORDER: Final = 5
"""Characters that a model looks at, the next one among them."""
_BEGIN: Final = "\x02"
_END: Final = "\x03"
_SMOOTH: Final = 0.1
"""Stands for a count of no n-gram, as in Texygen's method 1."""


@final
class NgramModel:
    """Characters given those before them; shorter pasts where longer ones are new.

    Args:
        texts: Counted.
        order: See `ORDER`.
    """

    def __init__(self, texts: Iterable[str], order: int = ORDER) -> None:
        self.order = order
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            padded = f"{_BEGIN * (order - 1)}{text}{_END}"
            for at in range(order - 1, len(padded)):
                for length in range(order):
                    self._counts[padded[at - length : at]][padded[at]] += 1
        self._totals = {past: sum(known.values()) for past, known in self._counts.items()}
        self._n_letters = len(self._counts[""]) + 1 if self._counts else 1

    def bits(self, text: str) -> float:
        """Bits that a text and its end take."""
        padded = f"{_BEGIN * (self.order - 1)}{text}{_END}"
        found = 0.0
        for at in range(self.order - 1, len(padded)):
            chance = 1 / self._n_letters
            for length in range(self.order):
                past = padded[at - length : at]
                known = self._counts.get(past)
                if known is None:
                    break
                chance = (known[padded[at]] + len(known) * chance) / (self._totals[past] + len(known))
            found -= math.log2(chance)
        return found

    def bits_a_character(self, texts: Sequence[str]) -> np.ndarray:
        """Of each text, its end counted as a character; shape `(n,)`."""
        return np.array([self.bits(one) / (len(one) + 1) for one in texts])


# --- Anchors ------------------------------------------------------------------------------------------------


def units_of(texts: Sequence[str]) -> bool:
    """Whether texts are mostly of one word, so that characters are looked at instead."""
    return bool(np.median([len(words(one)) for one in texts] or [0]) < 2)


def units(text: str, *, is_short: bool) -> list[str]:
    """Words with their blanks, and signs; of texts of one word characters."""
    return characters(text) if is_short else parted(text)


def trigram_texts(train: Texts, n: int, seed: int) -> Texts:
    """So many texts by a model of words given the two before them; of texts of one word, of characters."""
    rng, is_short = np.random.default_rng(seed), units_of(train.texts)
    follow: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text in train.texts:
        row = [_BEGIN, _BEGIN, *units(text, is_short=is_short), _END]
        for first, second, third in zip(row, row[1:], row[2:], strict=False):
            follow[first, second].append(third)
    longest = max((len(units(one, is_short=is_short)) for one in train.texts), default=1)
    found = list[str]()
    for _ in range(n):
        row = [_BEGIN, _BEGIN]
        while row[-1] != _END and len(row) < longest + 2:
            choices = follow[row[-2], row[-1]]
            row.append(choices[rng.integers(len(choices))])
        found.append("".join(one for one in row if one not in (_BEGIN, _END)))
    attributes = train.attributes.take(rng.integers(0, len(train), n))
    return replace(train, texts=tuple(found), attributes=attributes, name="trigrams", persons=())


def shuffled_texts(train: Texts, seed: int) -> Texts:
    """Texts as long as those learnt from, their words dealt anew among all of them."""
    rng, is_short = np.random.default_rng(seed), units_of(train.texts)
    rows = [units(one, is_short=is_short) for one in train.texts]
    pool = np.array([one for row in rows for one in row], object)
    is_spaced = np.array([one[:1].isspace() for one in pool], bool)
    for kind in (is_spaced, ~is_spaced):  # so that no two words grow together
        pool[kind] = rng.permutation(pool[kind])
    found, place = list[str](), 0
    for row in rows:
        found.append("".join(pool[place : place + len(row)]))
        place += len(row)
    return replace(train, texts=tuple(found), name="shuffled words", persons=())


# --- BLEU, distinct-n ---------------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """Words and signs, without blanks."""
    return [one.strip() for one in parted(text) if one.strip()]


def _ngrams(row: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row[at : at + n]) for at in range(len(row) - n + 1))


def bleu(fakes: Sequence[str], references: Sequence[str], orders: Sequence[int]) -> np.ndarray:
    """BLEU of each text by all references at once, shape `(n, n_orders)`, 0 to 1."""
    rows = [tokens(one) for one in references]
    lengths = sorted({len(row) for row in rows})
    known = [_most(rows, n) for n in range(1, max(orders) + 1)]
    return np.array([_bleu(tokens(one), known, lengths, orders) for one in fakes]).reshape(-1, len(orders))


def self_bleu(fakes: Sequence[str], orders: Sequence[int]) -> np.ndarray:
    """BLEU of each text by all others of its set, shape `(n, n_orders)`: high where they repeat."""
    rows = [tokens(one) for one in fakes]
    lengths = sorted({len(row) for row in rows})
    tops = [_two_most(rows, n) for n in range(1, max(orders) + 1)]
    found = list[list[float]]()
    for place, row in enumerate(rows):
        known = [
            {gram: (second if owner == place else most) for gram in _ngrams(row, n)
             for most, owner, second in [top[gram]]}
            for n, top in enumerate(tops, start=1)
        ]  # fmt: skip
        found.append(_bleu(row, known, lengths, orders))
    return np.array(found).reshape(-1, len(orders))


def _most(rows: Sequence[Sequence[str]], n: int) -> dict[tuple[str, ...], int]:
    """How often each n-gram is in the row that has it most often."""
    found = dict[tuple[str, ...], int]()
    for row in rows:
        for gram, count in _ngrams(row, n).items():
            if count > found.get(gram, 0):
                found[gram] = count
    return found


def _two_most(rows: Sequence[Sequence[str]], n: int) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """The same, which row that is, and how often it is in another one."""
    found = dict[tuple[str, ...], tuple[int, int, int]]()
    for place, row in enumerate(rows):
        for gram, count in _ngrams(row, n).items():
            most, owner, second = found.get(gram, (0, -1, 0))
            found[gram] = (count, place, most) if count > most else (most, owner, max(second, count))
    return found


def _bleu(
    row: Sequence[str],
    known: Sequence[dict[tuple[str, ...], int]],
    lengths: Sequence[int],
    orders: Sequence[int],
) -> list[float]:
    if not row:
        return [0.0] * len(orders)
    nearest = min(lengths, key=lambda one: (abs(one - len(row)), one))
    brevity = 1.0 if len(row) > nearest else math.exp(1 - nearest / len(row))
    logs = list[float]()
    for n, counts in enumerate(known, start=1):
        own = _ngrams(row, n)
        hits = sum(min(count, counts.get(gram, 0)) for gram, count in own.items())
        total = max(sum(own.values()), 1)
        logs.append(math.log((hits or _SMOOTH) / total))
    return [brevity * math.exp(sum(logs[:order]) / order) for order in orders]


def distinct(texts: Sequence[str], n: int) -> float:
    """Different n-grams of words and signs, as a share of all."""
    grams = [gram for one in texts for gram in _ngrams(tokens(one), n).elements()]
    return len(set(grams)) / max(len(grams), 1)

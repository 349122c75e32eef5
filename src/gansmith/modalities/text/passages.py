"""Passages that too few people hold, so that none of them ever comes out.

A passage is so many words in a row, whatever stands between them, whatever their case; a text of fewer words
is one by itself. Of those that too few records, or persons, hold a Bloom filter keeps three bits each. What
is made is looked up in it, and what is found is made again. It errs on the safe side alone: one innocent
passage in twenty is made again, too.
The filter holds no text. Whoever has a whole passage can look it up in it, as anybody can who asks a model
how likely it finds one; but what is found need not have been learnt.

Source:
    Bloom 1970, "Space/time trade-offs in hash coding with allowable errors". Ippolito et al. 2022,
    "Preventing verbatim memorization in language models gives a false sense of privacy" (arXiv:2210.17546):
    such a filter, and that paraphrases pass it; so case, signs and blanks do not count here, and near copies
    are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.modalities.text.graphemes import passage_key, passage_keys, whole_key, words

N_BITS: Final = 3
"""That each passage sets."""
_BITS_PER_PASSAGE: Final = 6
MOST_BYTES: Final = 1 << 28
_PARTS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@final
@dataclass(frozen=True, eq=False)
class RarePassages:
    """See the module.

    Args:
        n_words: Of a passage.
        salt: By which passages become numbers.
        bits: Shape `(n_bytes,)`, uint8.
    """

    n_words: int
    salt: bytes
    bits: np.ndarray

    @classmethod
    def fit(
        cls, texts: Sequence[str], owners: Sequence[str], n_words: int, min_count: int, salt: bytes
    ) -> RarePassages:
        """The rare passages of some texts; `owners` say whose each is."""
        person = {owner: number for number, owner in enumerate(dict.fromkeys(owners))}
        found = [_keys(salt, text, n_words) for text in texts]
        keys = np.concatenate([np.zeros(0, np.uint64), *found])
        whose = np.repeat([person[one] for one in owners], [len(one) for one in found]).astype(np.int64)
        order = np.lexsort((whose, keys))
        keys, whose = keys[order], whose[order]
        is_new = np.ones(len(keys), bool)
        is_new[1:] = (keys[1:] != keys[:-1]) | (whose[1:] != whose[:-1])
        distinct, n_holders = np.unique(keys[is_new], return_counts=True)
        return cls.of(distinct[n_holders < min_count], n_words, salt)

    @classmethod
    def of(cls, keys: np.ndarray, n_words: int, salt: bytes) -> RarePassages:
        """Those with these numbers."""
        size = int(np.clip(-(-len(keys) * _BITS_PER_PASSAGE // 8), 1, MOST_BYTES))
        made = cls(n_words, salt, np.zeros(size, np.uint8))
        for place in made.places(keys):
            np.bitwise_or.at(
                made.bits, place >> np.uint64(3), np.uint8(1) << (place & np.uint64(7)).astype(np.uint8)
            )
        return made

    def places(self, keys: np.ndarray) -> list[np.ndarray]:
        """The bits of passages."""
        n = np.uint64(8 * len(self.bits))
        with np.errstate(over="ignore"):
            mixed = [(keys ^ (keys >> np.uint64(29))) * part for part in _PARTS]
        return [(one ^ (one >> np.uint64(32))) % n for one in mixed]

    def has(self, keys: np.ndarray) -> np.ndarray:
        """Whether passages with these numbers are, or may be, rare ones; shape as `keys`."""
        known = np.ones(len(keys), bool)
        for place in self.places(keys):
            bit = self.bits[place >> np.uint64(3)] >> (place & np.uint64(7)).astype(np.uint8)
            known &= (bit & 1).astype(bool)
        return known

    def holds(self, last: Sequence[str]) -> bool:
        """Whether so many words in a row are a rare passage."""
        key = passage_key(self.salt, [*last])
        return bool(self.has(np.array([key], np.uint64))[0])

    def is_whole(self, said: Sequence[str]) -> bool:
        """Whether all words of a text, fewer than a passage has, are those of a rare text."""
        key = whole_key(self.salt, [*said])
        return bool(self.has(np.array([key], np.uint64))[0])

    def within(self, text: str) -> bool:
        """Whether a text has a rare passage, or is a rare short text."""
        return bool(self.has(_keys(self.salt, text, self.n_words)).any())


def _keys(salt: bytes, text: str, n_words: int) -> np.ndarray:
    """Of all passages of a text; of a text that is shorter than one, of itself."""
    said = words(text)
    if 0 < len(said) < n_words:
        return np.array([whole_key(salt, said)], np.uint64)
    return passage_keys(salt, text, n_words)

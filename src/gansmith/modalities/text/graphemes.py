"""Characters as readers see them, and words in any script.

A character is a grapheme cluster: a letter with its marks, a flag, a family of emoji. It is never parted.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from hashlib import blake2b
from typing import Final

import numpy as np

_JOINER: Final = "\u200d"
_EXTENDERS: Final = ("Mn", "Me", "Mc")
_OTHER_EXTENDERS: Final = frozenset((0x200C, 0x200D, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)))
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without blanks: a letter counts as a word."""
INVENTED: Final = "\ue000-\ue0ff"
"""Characters of private use, by which `entities.py` says where something invented will stand."""


def normalised(text: str) -> str:
    """The same text with letters and marks composed, and with plain ends of lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def characters(text: str) -> list[str]:
    """A text as the characters that a reader sees.

    Source: Unicode Standard Annex 29, extended grapheme clusters, without the rules for Hangul jamo and Indic
    conjuncts, which composed text hardly has.

    Example:
        >>> [len(one) for one in characters("ae\u0301\U0001f468\u200d\U0001f469!")]
        [1, 2, 3, 1]
    """
    if text.isascii():
        return list(text)
    found = list[str]()
    for letter in text:
        before = found[-1] if found else ""
        if before and (_extends(letter) or before.endswith(_JOINER) or _is_half_flag(before, letter)):
            found[-1] += letter
        else:
            found.append(letter)
    return found


@cache
def _extends(letter: str) -> bool:
    return ord(letter) > 127 and (
        unicodedata.category(letter) in _EXTENDERS or ord(letter) in _OTHER_EXTENDERS
    )


def _is_half_flag(before: str, letter: str) -> bool:
    return len(before) == 1 and ord(before) in _FLAGS and ord(letter) in _FLAGS


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Words; and words, digits, signs and blanks as they are parted before they are coded."""
    marks = "".join(
        letter for letter in map(chr, range(0x300, 0x20000)) if unicodedata.category(letter) in _EXTENDERS
    )
    letter = rf"(?:[^\W\d_{_UNSPACED}]|[{marks}\u200c\u200d])"
    single = rf"[{_UNSPACED}][{marks}]*"
    word = rf"{letter}+(?:['’]{letter}+)*"
    said = re.compile(rf"{single}|{word}|\d+|[{INVENTED}]+")
    parted = re.compile(
        rf"\n[ \t]*| ?(?:{single})| ?{word}| ?\d| ?[{INVENTED}]"
        rf"| ?(?:[^\s\w{INVENTED}]|_)+|[^\S\n]+(?=[^\S\n])|[^\S\n]|."
    )
    return said, parted


def words(text: str) -> list[str]:
    """The words of a text, folded, without what stands between them.

    Example:
        >>> words("Don't PANIC, it's 42!")
        ["don't", 'panic', "it's", '42']
    """
    return [one.casefold() for one in _patterns()[0].findall(text)]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where each of them begins and ends."""
    return [match.span() for match in _patterns()[0].finditer(text)]


def parted(text: str) -> list[str]:
    """A text in parts that together are the text: words with the blank before them, digits, signs, blanks.

    Example:
        >>> parted("a cat, 12!")
        ['a', ' cat', ',', ' 1', '2', '!']
    """
    return _patterns()[1].findall(text)


def passage_key(salt: bytes, of: list[str]) -> int:
    """A number of 64 bits for some words in a row."""
    return int.from_bytes(
        blake2b("\x1f".join(of).encode("utf-8", "replace"), digest_size=8, key=salt).digest(), "big"
    )


def whole_key(salt: bytes, said: list[str]) -> int:
    """A number for all words of a text."""
    return passage_key(salt, ["\x00", *said])


def passage_keys(salt: bytes, text: str, n: int) -> np.ndarray:
    """Of each passage of `n` words, in order; none where there are fewer words; shape `(n_passages,)`."""
    said = words(text)
    return np.array([passage_key(salt, said[at : at + n]) for at in range(len(said) - n + 1)], np.uint64)

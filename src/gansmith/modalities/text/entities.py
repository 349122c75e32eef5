"""What a person wrote down of people: addresses, numbers, names; found by its form, and invented anew.

In learnt text a character of private use stands for each of them, the same one wherever the same is meant
within a record. What stands there in the end is invented, and stays the same within a record as well. What
enough records hold, such as the name of a character of a play, is nobody's secret.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Final, final

import numpy as np

KINDS: Final = ("emails", "links", "numbers", "addresses", "first", "last")
_FIRST: Final = 0xE000
N_OF_A_KIND: Final = 16
"""Things of one kind that are told apart within a record; more of them are the last one again."""
PUBLIC: Final = 20
"""Records that hold a name, from which on it is not replaced: that of a town, of a character, of a king."""
_LISTED: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")
_TITLES: Final = "Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Herr|Frau|Mme|Sr|Sra|Sig"
_STREETS: Final = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Boulevard|Blvd|Way"
)
_CAPITAL: Final = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]+"
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK: Final = re.compile(r"(https?://(?:www\.)?|www\.)[\w.-]+(?:/[\w./?=&%#~+-]*[\w/])?", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    rf"\b\d{{1,5}}[a-z]? (?:{_CAPITAL} ){{1,3}}(?:{_STREETS})\b"
    rf"|\b{_CAPITAL}(?:str\.|straße|strasse|gasse|weg|platz) \d{{1,4}}[a-z]?\b"
    rf"|\b\d{{1,4}},? (?:rue|avenue|boulevard|place) (?:\w+ )?{_CAPITAL}"
)
_NUMBER: Final = re.compile(r"(?<![\w.])\+?\d(?:[ /().-]{0,2}\d){4,}(?![\w])")
_NAME: Final = re.compile(rf"\b({_CAPITAL}) ({_CAPITAL}(?:-{_CAPITAL})?)\b")
_TITLED: Final = re.compile(rf"\b(?:{_TITLES})\.? ({_CAPITAL})\b")
_STAND_IN: Final = re.compile("[\ue000-\ue0ff]")
_NUMBERED: Final = re.compile("([\ue020-\ue02f])(?:[ /().-]{0,2}\\1)*")
_ENDS: Final = ("com", "org", "net")
N_DIGITS: Final = 40


def _mark(kind: str, number: int) -> str:
    return chr(_FIRST + KINDS.index(kind) * N_OF_A_KIND + min(number, N_OF_A_KIND - 1))


def _kind(mark: str) -> str:
    return KINDS[(ord(mark) - _FIRST) // N_OF_A_KIND]


@cache
def first_names() -> frozenset[str]:
    """First names of some countries."""
    found = set[str]()
    for locale in _LISTED:
        provider: Any = import_module(f"faker.providers.person.{locale}").Provider
        for part in ("first_names_male", "first_names_female", "first_names"):
            found.update(name for name in getattr(provider, part, ()) if " " not in name)
    return frozenset(found)


@cache
def _invented_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names that are given to people who do not exist."""
    provider: Any = import_module("faker.providers.person.en_US").Provider
    lasts = [name for name in provider.last_names if name.isalpha() and name[1:].islower()]
    firsts = [name for name in provider.first_names if name.isalpha() and name in first_names()]
    return tuple(dict.fromkeys(firsts)), tuple(dict.fromkeys(lasts))


@final
@dataclass(frozen=True)
class Entities:
    """What is replaced in the texts of a set.

    Args:
        replaced: Which of `FOUND`.
        public: Names that enough records hold.
    """

    replaced: tuple[str, ...]
    public: frozenset[str] = field(default_factory=frozenset[str])

    @classmethod
    def fit(
        cls, texts: Sequence[str], replaced: Sequence[str], min_count: int
    ) -> tuple[Entities, Mapping[str, int]]:
        """What is replaced in these texts, and in how many of them each is."""
        if "names" in replaced and texts:
            counts = Counter(name for text in texts for name in {" ".join(one) for one in _names(text)})
            whole = sum(bool(_NAME.fullmatch(text.strip())) for text in texts)
            if 2 * whole > len(texts):  # a list of names: they are what is to be learnt
                replaced = [one for one in replaced if one != "names"]
            enough = max(PUBLIC, min_count)
            found = cls(tuple(replaced), frozenset(name for name, n in counts.items() if n >= enough))
        else:
            found = cls(tuple(replaced))
        n_by_kind = Counter(kind for text in texts for kind in found.kinds(text))
        return found, dict(n_by_kind)

    def kinds(self, text: str) -> set[str]:
        """What of a text is replaced."""
        kinds = map(_kind, _STAND_IN.findall(self.masked(text)))
        return {"names" if kind in ("first", "last") else kind for kind in kinds}

    def masked(self, text: str) -> str:
        """A text with characters of private use for what is replaced; its own are left out."""
        text = _STAND_IN.sub("", text)
        if "emails" in self.replaced and "@" in text:
            text = _each(_EMAIL, text, "emails", lambda match: match[0].casefold(), lambda mark, _: mark)
        if "links" in self.replaced and ("www." in text.casefold() or "://" in text):
            text = _each(
                _LINK, text, "links", lambda match: match[0].casefold(), lambda mark, match: match[1] + mark
            )
        if "addresses" in self.replaced and any(map(str.isdigit, text)):
            text = _each(_ADDRESS, text, "addresses", lambda match: match[0].casefold(), lambda mark, _: mark)
        if "numbers" in self.replaced and any(map(str.isdigit, text)):
            text = _each(
                _NUMBER,
                text,
                "numbers",
                lambda match: re.sub(r"\D", "", match[0]),
                lambda mark, match: re.sub(r"\d", mark, match[0]),
            )
        return self._without_names(text) if "names" in self.replaced else text

    def _without_names(self, text: str) -> str:
        pairs = [one for one in dict.fromkeys(_names(text)) if " ".join(one) not in self.public]
        marks = dict[str, str]()
        for first, last in pairs:
            for kind, name in (("first", first), ("last", last)):
                if name:
                    n_before = len({one for one in marks.values() if _kind(one) == kind})
                    marks.setdefault(name, _mark(kind, n_before))
        if not marks:
            return text
        known = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(marks, key=len, reverse=True)))})\b")
        return known.sub(lambda match: marks[match[0]], text)

    def filled(self, text: str, key: int | Sequence[int]) -> str:
        """A text with what is invented in the place of the characters that stand for it.

        Args:
            text: Masked.
            key: From it all that is invented follows.
        """
        if not _STAND_IN.search(text):
            return text
        rng, made = np.random.default_rng(key), dict[str, str]()
        text = _NUMBERED.sub(lambda match: _with_digits(match[0], rng, made), text)
        for mark in dict.fromkeys(_STAND_IN.findall(text)):
            place = (ord(mark) - _FIRST) // N_OF_A_KIND
            made[mark] = _INVENT[KINDS[place]](rng) if place < len(KINDS) else ""
        return _STAND_IN.sub(lambda match: made[match[0]], text)


def _with_digits(number: str, rng: np.random.Generator, made: dict[str, str]) -> str:
    """A number with digits for its marks; the same ones wherever the number is the same."""
    mark = next(letter for letter in number if _STAND_IN.match(letter))
    if mark not in made:
        made[mark] = "".join(map(str, rng.integers(0, 10, N_DIGITS)))
    digits = itertools.cycle(made[mark])
    return "".join(next(digits) if letter == mark else letter for letter in number)


def _email(rng: np.random.Generator) -> str:
    return f"{_first(rng).lower()}.{_last(rng).lower()}@example.{_ENDS[rng.integers(len(_ENDS))]}"


def _link(rng: np.random.Generator) -> str:
    return f"{_last(rng).lower()}{rng.integers(10, 100)}.example.{_ENDS[rng.integers(len(_ENDS))]}"


def _address(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 400)} {_last(rng)} {('Street', 'Road', 'Avenue', 'Lane')[rng.integers(4)]}"


def _first(rng: np.random.Generator) -> str:
    known = _invented_names()[0]
    return known[rng.integers(len(known))]


def _last(rng: np.random.Generator) -> str:
    known = _invented_names()[1]
    return known[rng.integers(len(known))]


_INVENT: Final[Mapping[str, Callable[[np.random.Generator], str]]] = {
    "emails": _email,
    "links": _link,
    "numbers": lambda rng: str(rng.integers(10_000, 100_000)),
    "addresses": _address,
    "first": _first,
    "last": _last,
}


def _names(text: str) -> Iterable[tuple[str, str]]:
    """First and last names of the people in a text; "" for one that is not said."""
    known = first_names()
    for match in _NAME.finditer(text):
        if match[1] in known:
            yield match[1], match[2]
    for match in _TITLED.finditer(text):
        if match[1] not in known:
            yield "", match[1]


def _each(
    pattern: re.Pattern[str],
    text: str,
    kind: str,
    key: Callable[[re.Match[str]], str],
    written: Callable[[str, re.Match[str]], str],
) -> str:
    """A text with marks for what a pattern finds, one for all that have the same key."""
    seen = dict[str, int]()

    def replaced(match: re.Match[str]) -> str:
        return written(_mark(kind, seen.setdefault(key(match), len(seen))), match)

    return pattern.sub(replaced, text)

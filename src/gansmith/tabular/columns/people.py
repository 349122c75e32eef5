"""People who do not exist: one of them for each number, with a name and what an address has of the name.

Person k is the k-th of all pairs of a first and a last name, shuffled. What stands before the @ of an e-mail
address, and a user's name, are made of the name as the real ones are: `first.last`, `flast`, `first_last`.
Where several people would have the same, those of higher numbers get a digit more, as everywhere: anna.lee,
anna.lee2. Whether it is so follows from the shuffle, so nobody has to remember who was made before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, final, get_args

import numpy as np

from gansmith.tabular.columns.pools import plain, plain_pool, plain_words, pool
from gansmith.tabular.keyed import Keyed

Handle = Literal[
    "first.last", "first_last", "first-last", "f.last", "f_last", "first.l", "first_l", "last.first",
    "last_first", "last-first", "last.f", "last_f", "firstlast", "flast", "firstl", "lastfirst", "lastf",
    "first", "last", "",
]  # fmt: skip
HANDLES: Final[tuple[Handle, ...]] = get_args(Handle)
"""How people are called by their names, the most telling first; f and l are initials. The last one has
nothing to do with the name."""
UNRELATED: Final[Handle] = ""
N_PARTS: Final = 20
"""Shares of handles are kept in twentieths."""
MAX_ALIKE: Final = 200
"""People of one handle who are asked which of them comes first; of more, their place in the pool decides."""
_TITLE: Final = re.compile(r"^(?:mr|mrs|ms|miss|master|dr|prof|herr|frau|rev|sir|mme|mlle|sr|sra)\.?$", re.I)
_STEP: Final = 37
"""Between the digits of people of one handle; it has no divisor in common with 90."""
_TOKENS: Final = re.compile("first|last|f|l")


@final
class Person(NamedTuple):
    """Somebody."""

    number: int
    first: int
    """Place of the first name in its pool."""
    last: int
    lap: int
    """How often all pairs of names were used up."""


@final
@dataclass(frozen=True)
class People:
    """All people of a country and a key."""

    locale: str
    made: Keyed

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        return len(pool(self.locale, "first_name")), len(pool(self.locale, "last_name"))

    def of(self, numbers: Sequence[int]) -> list[Person]:
        """The people of these numbers; no two of different numbers have the same names and lap."""
        n_firsts, n_lasts = self._sizes
        members = self.made.part("person").shuffle(n_firsts * n_lasts).all(numbers)
        found: list[Person] = []
        for number, member in zip(numbers, members, strict=True):
            lap, place = divmod(member, n_firsts * n_lasts)
            found.append(Person(number, *divmod(place, n_lasts), lap))
        return found

    def names(self, person: Person) -> tuple[str, str]:
        """First and last name."""
        return pool(self.locale, "first_name")[person.first], pool(self.locale, "last_name")[person.last]

    def handles(
        self, numbers: Sequence[int], shares: Sequence[Handle], n_digits: int, *, is_padded: bool = False
    ) -> list[str]:
        """What each person is called in addresses; no two are alike.

        Args:
            numbers: Of the people.
            shares: Members of `HANDLES` and `UNRELATED`, each as often as its share wants.
            n_digits: How many digits each has behind it anyway.
            is_padded: Whether these may begin with a zero.
        """
        people, styles = self.of(numbers), self._styles(numbers, shares)
        ranks = self._ranks(people, styles, shares)
        others = iter(self.strangers([one for one, style in zip(numbers, styles, strict=True) if not style]))
        found: list[str] = []
        for person, style, rank in zip(people, styles, ranks, strict=True):
            if style == UNRELATED:
                found.append(next(others))
                continue
            handle = self._spelt(style, person.first, person.last)
            digits = str(rank + 1) if rank else ""
            if n_digits:
                digits = self._digits(handle, rank, n_digits, is_padded=is_padded)
            found.append(handle + digits)
        return found

    def _digits(self, handle: str, rank: int, n_digits: int, *, is_padded: bool) -> str:
        """So many digits, different for each of the people of one handle; more where there are too many."""
        least = 0 if is_padded else 10 ** (n_digits - 1)
        n = 10**n_digits - least
        start = int.from_bytes(blake2b(handle.encode(), key=self.made.key, digest_size=8).digest(), "little")
        lap, place = divmod(rank, n)
        number = least + (start + _STEP * place) % n
        return f"{lap or ''}{number:0{n_digits}}"

    def _styles(self, numbers: Sequence[int], shares: Sequence[Handle]) -> list[Handle]:
        draws = self.made.part("style").uniform(numbers)
        return [shares[int(draw * len(shares))] for draw in draws]

    def _spelt(self, style: str, first: int, last: int) -> str:
        whole = {
            "first": plain_pool(self.locale, "first_name")[first],
            "last": plain_pool(self.locale, "last_name")[last],
        }
        return called(style, whole["first"], whole["last"])

    def strangers(self, numbers: Sequence[int]) -> list[str]:
        """A word and four digits for each."""
        words = _words(self.locale)
        capacity = 9_000 * len(words)
        found: list[str] = []
        for number in self.made.part("word").shuffle(capacity).all(numbers):
            lap, place = divmod(number, capacity)
            digits, word = divmod(place, len(words))
            found.append(f"{words[word]}{1_000 + digits}{lap or ''}")
        return found

    def _ranks(
        self, people: Sequence[Person], styles: Sequence[Handle], shares: Sequence[Handle]
    ) -> list[int]:
        """How many people of lower numbers are called the same."""
        n_firsts, n_lasts = self._sizes
        alike = [self._alike(person, style) for person, style in zip(people, styles, strict=True)]
        looked_at = [members if 1 < len(members) <= MAX_ALIKE else [] for members in alike]
        flat = [member for members in looked_at for member in members]
        numbers = self.made.part("person").shuffle(n_firsts * n_lasts).places(flat)
        have_style = self._styles(numbers, shares) if len(set(shares)) > 1 else [shares[0]] * len(numbers)
        found: list[int] = []
        at = 0
        for person, style, members, looked in zip(people, styles, alike, looked_at, strict=True):
            own = person.number % (n_firsts * n_lasts)
            others = zip(numbers[at : at + len(looked)], have_style[at : at + len(looked)], strict=True)
            at += len(looked)
            rank = sum(other < own and (person.lap > 0 or one == style) for other, one in others)
            if len(members) > MAX_ALIKE:
                rank = members.index(person.first * n_lasts + person.last)
            found.append(rank + person.lap * len(members))
        return found

    def _alike(self, person: Person, style: Handle) -> list[int]:
        """Pairs of names that are called the same in this style, each a number, this person's among them."""
        n_firsts, n_lasts = self._sizes
        own = person.first * n_lasts + person.last
        tokens = set(_TOKENS.findall(style))
        if tokens >= {"first", "last"}:
            return [own] if re.search("[._-]", style) else self._splits(style, person)
        if not tokens:
            return [own]
        firsts: Sequence[int] = [person.first]
        lasts: Sequence[int] = [person.last]
        if "first" not in tokens:
            firsts = self._of_initial("first_name", person.first) if "f" in tokens else range(n_firsts)
        if "last" not in tokens:
            lasts = self._of_initial("last_name", person.last) if "l" in tokens else range(n_lasts)
        return [first * n_lasts + last for first in firsts for last in lasts]

    def _of_initial(self, what: str, place: int) -> Sequence[int]:
        return _by_initial(self.locale, what)[plain_pool(self.locale, what)[place][0]]

    def _splits(self, style: str, person: Person) -> list[int]:
        """Of a first and a last name that nothing separates: all pairs that give the same letters."""
        spelt = self._spelt(style, person.first, person.last)
        firsts, lasts = _places(self.locale, "first_name"), _places(self.locale, "last_name")
        found: list[int] = []
        for cut in range(1, len(spelt)):
            first, last = (spelt[:cut], spelt[cut:]) if style == "firstlast" else (spelt[cut:], spelt[:cut])
            if first in firsts and last in lasts:
                found.append(firsts[first] * self._sizes[1] + lasts[last])
        return found


def called(style: str, first: str, last: str) -> str:
    """What somebody is called in a style.

    Example:
        >>> called("f.last", "anna", "lee")
        'a.lee'
    """
    return _form(style).format(first=first, last=last, f=first[:1], l=last[:1])


@cache
def _form(style: str) -> str:
    """A style as a form to be filled in."""
    return _TOKENS.sub(lambda token: f"{{{token[0]}}}", style)


@cache
def _by_initial(locale: str, what: str) -> Mapping[str, list[int]]:
    """Places in a pool of names by their first letter."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(plain_pool(locale, what)):
        found.setdefault(text[0], []).append(place)
    return found


@cache
def _places(locale: str, what: str) -> Mapping[str, int]:
    return {text: place for place, text in enumerate(plain_pool(locale, what))}


@cache
def _words(locale: str) -> tuple[str, ...]:
    names = {*plain_pool(locale, "first_name"), *plain_pool(locale, "last_name")}
    return tuple(text for text in plain_words() if text not in names)


def split_name(text: str, *, is_long: bool = False) -> tuple[str, str]:
    """First and last name of a full one, in small Latin letters; titles and middle names are left out.

    Args:
        text: The full name.
        is_long: Whether umlauts and the like become two letters.

    Example:
        >>> split_name("Braund, Mr. Owen Harris"), split_name("Dr. Anna B. van Lee")
        (('owen', 'braund'), ('anna', 'vanlee'))
    """
    before, comma, after = text.partition(",")
    words = [word for word in (after if comma else before).split() if not _TITLE.match(word)]
    if comma:
        return plain(words[0], is_long=is_long) if words else "", plain(before, is_long=is_long)
    if len(words) < 2:
        return "", plain(before, is_long=is_long)
    start = next((place for place, word in enumerate(words[:-1]) if place and word.islower()), len(words) - 1)
    return plain(words[0], is_long=is_long), plain("".join(words[start:]), is_long=is_long)


def handle_style(handle: str, first: str, last: str) -> Handle:
    """Which of `HANDLES` somebody of this name is called by; `UNRELATED`: none, or one of them is missing.

    Example:
        >>> handle_style("a.lee42", "anna", "lee"), handle_style("sunny", "anna", "lee")
        ('f.last', '')
    """
    bare = handle.casefold().rstrip("0123456789").rstrip("._-")
    if len(first) < 2 or len(last) < 2:
        return UNRELATED
    for style in HANDLES[:-1]:
        if called(style, first, last) == bare:
            return style
    return UNRELATED


def style_by_shape(handle: str) -> Handle:
    """The style that a handle is likely to have, where nobody's name is known."""
    bare = handle.casefold().rstrip("0123456789").rstrip("._-")
    found = re.fullmatch("([a-z]+)([._-])([a-z]+)", bare)
    if found is None:
        return "flast" if re.fullmatch("[a-z]{2,}", bare) else UNRELATED
    first = "f" if len(found[1]) == 1 else "first"
    wanted = f"{first}{found[2]}{'l' if len(found[3]) == 1 else 'last'}"
    for style in HANDLES:
        if style == wanted:
            return style
    return "first.last"


def shares_of(styles: Sequence[Handle]) -> tuple[Handle, ...]:
    """Styles in twentieths, such that no two people can be called the same in two of them.

    Of styles that could give the same text (flast and firstl; first.last and last.first) the most frequent
    one stands for all.
    """
    counted = Counter(styles).most_common()
    kept: dict[str, Handle] = {}
    for style, _ in counted:
        kept.setdefault(_likeness(style), style)
    whole = Counter(dict.fromkeys(kept.values(), 0))
    for style, count in counted:
        whole[kept[_likeness(style)]] += count
    bounds = np.rint(np.cumsum([0, *whole.values()]) / max(1, whole.total()) * N_PARTS).astype(int)
    return tuple(style for style, n in zip(whole, np.diff(bounds), strict=True) for _ in range(int(n))) or (
        "first.last",
    )


def _likeness(style: str) -> str:
    """Equal for styles that could give the same text."""
    separator = re.sub("[a-z]", "", style)
    if not separator:
        return "joined" if style else UNRELATED
    return separator + "".join(sorted(_TOKENS.findall(style)))

"""E-mail addresses, people, phone numbers and the like: invented anew, none taken from the data.

What is kept is how the column spells them (surnames first, the digits that nearly all phone numbers share),
whether all values were different, and how often values came again; no value is kept, nor any part of one that
is not nearly everybody's. Which cells are missing is learnt like everything else.

The `number`-th invention is a combination of members of pools, or a member of a pattern, in an order that
only the key knows (`keyed.py`): no two are alike, and making them takes no time. Columns that are of one
person have one key (`agreement.py`): their `number`-th inventions belong to each other. Domains and addresses
are those that the internet keeps for examples.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.errors import DataError
from gansmith.settings import BeforeValidator, Field, PlainSerializer, settings
from gansmith.tabular.cells import Mask, are_missing, matches, without
from gansmith.tabular.columns import inventions
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.check_digits import with_check
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Ascending,
    Fitting,
    Letters,
)
from gansmith.tabular.columns.identifiers import MAX_POSITIONS, member, n_members, positions
from gansmith.tabular.columns.inventions import BLOCKS, DOMAINS
from gansmith.tabular.columns.people import N_PARTS, Handle, People, Person, shares_of, style_by_shape
from gansmith.tabular.columns.pools import USUAL_LOCALE, check_locale, provided
from gansmith.tabular.columns.semantic_types import UUID, likely_semantic_type, sure_semantic_type
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, SEMANTIC_TYPES, Column, Text, must_be

N_QUANTILES: Final = 33
MAX_PATTERNS: Final = 12
MIN_PATTERN_CELLS: Final = 20
"""Cells that must be of one pattern for it to be kept; the most frequent one is, however few they are."""
_MAX_VALUES: Final = 2**53
_FORMS: Final = (
    "Inc", "Ltd", "LLC", "GmbH", "AG", "Corp", "PLC", "S.A.", "B.V.", "S.r.l.", "Limited", "Group",
)  # fmt: skip
_UNSPELT: Final = ("phone", "iban", "card", "mac", "")
"""Semantic types that are patterns of digits and letters."""
_PEOPLE: Final = ("email", "username", "name", "first_name", "last_name")
"""Semantic types that are of a person."""
MAX_KEY_DIGITS: Final = 6
N_HASHED: Final = 1_000_003
MIN_DOMAIN_SHARE: Final = 0.1
"""Share of the addresses that a domain must have for another one to stand for it."""

Pattern = Annotated[
    tuple[Letters, ...],
    BeforeValidator(lambda text: tuple(text.split("\n")) if isinstance(text, str) else text),
    Field(max_length=MAX_POSITIONS),
    PlainSerializer("\n".join),
]


Numbers = Int[np.ndarray, " n"]


def _are_shares(shares: Float[np.ndarray, " n"]) -> bool:
    return bool(len(shares) == N_QUANTILES and shares[0] >= 0 and shares[-1] <= 1 + 1e-9)


@final
@settings(error=DataError)
class InventedCodec(AbstractPresenceCodec):
    """States: missing and present, where cells are missing; the values take no part in the game."""

    name: ClassVar[str] = "invented"

    is_distinct: bool
    """Whether no two real values were alike: then record k gets the k-th invention."""
    n_values: Annotated[int, Field(ge=1, le=_MAX_VALUES)]
    """Different real values."""
    shares: Annotated[Ascending, must_be(f"{N_QUANTILES} from 0 to 1", _are_shares)]
    """Share of the records that the most frequent values have together; see `_ranks`."""
    style: Text
    """How the column spells them; what it may say depends on the semantic type."""
    patterns: Annotated[tuple[Pattern, ...], Field(strict=False, max_length=MAX_PATTERNS)]
    """Of phone numbers and the like: the characters that may stand at each position."""
    weights: Annotated[tuple[Annotated[int, Field(ge=1, le=100)], ...], Field(strict=False)] = ()
    """How often each pattern is, in per cent; none: all are alike."""
    handles: Annotated[tuple[Handle, ...], Field(strict=False, max_length=N_PARTS)] = ()
    """Of e-mail addresses and users' names: how people are called by their names, in twentieths."""
    n_digits: Annotated[int, Field(ge=0, le=6)] = 0
    """Digits behind each of these."""
    person: Text = ""
    """The columns that are of the same person have the same text here; empty: it is of nobody else's."""
    by: Text = ""
    """The column whose values decide it, such as a customer's number; empty: there is none."""

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> InventedCodec:
        """Find the style and how often values repeat.

        Raises:
            UsageError: There is no such locale.
        """
        if column.locale:
            check_locale(column.locale)
        if column.provider:
            provided(column.name, column.provider, column.locale or USUAL_LOCALE, [0])
        texts = [str(text) for text in pc.unique(cells.drop_null()).to_pylist()]
        is_spelt = column.semantic_type in _UNSPELT
        patterns, weights = _patterns(texts, column.semantic_type) if is_spelt else ((), ())
        handles, n_digits = _handles(texts) if column.semantic_type in ("email", "username") else ((), 0)
        return cls(
            column, cells.null_count > 0, *repetition(cells), _style(texts, column.semantic_type), patterns,
            weights, handles, n_digits,
        )  # fmt: skip

    @property
    def identity(self) -> str:
        return self.person or self.column.name

    @property
    def follows(self) -> str:
        return self.by

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        numbers = np.asarray(made.numbers(len(codes)))
        if not self.is_distinct:
            draws = made.part("repeated").uniform(made.numbers(len(codes)))
            ranks = np.floor(np.interp(draws, self.shares, _ranks(self.n_values))).astype(np.int64)
            numbers = np.minimum(ranks, self.n_values - 1)
        return self._placed(numbers, self.is_missing(codes), made)

    def following(self, cells: pa.Array, keys: pa.Array, made: Keyed) -> pa.Array:
        numbers = np.array(key_numbers(keys, made.first_index), np.int64)
        return self._placed(numbers, are_missing(cells), made)

    def _placed(self, numbers: Numbers, is_missing: Mask, made: Keyed) -> pa.Array:
        known, places = np.unique(numbers, return_inverse=True)
        texts = pa.array(self.inventions(known.tolist(), made), pa.string())
        return texts.take(pa.array(places.reshape(-1), mask=is_missing))

    def describe(self) -> str:
        looks = self.column.provider or self.column.semantic_type.replace("_", " ") or "its pattern"
        manner = f" of {self.column.locale}" if self.column.locale else ""
        is_shared = self.person not in ("", self.column.name)
        together = f", of one person with {self.person!r}" if is_shared else ""
        by = f", one for each {self.by!r}" if self.by else ""
        is_part = bool(self.person) and self.column.semantic_type in ("first_name", "last_name")
        different = ", all different" if self.is_distinct and not is_part else ""
        return f"made anew: {looks}{manner}{different}{together}{by}"

    def inventions(self, numbers: Sequence[int], made: Keyed) -> list[str]:
        """The inventions of these numbers; no two are alike."""
        kind, locale = self.column.semantic_type, self.column.locale or USUAL_LOCALE
        if provider := self.column.provider:
            return provided(self.column.name, provider, locale, made.shuffle(2**48).all(numbers))
        if kind in _PEOPLE:
            return self._of_people(numbers, People(locale, made), made)
        if kind in _UNSPELT:
            return _spelt(numbers, self.patterns, self.weights, kind, made)
        return inventions.made(kind, numbers, locale, self.style, made)

    def _of_people(self, numbers: Sequence[int], people: People, made: Keyed) -> list[str]:
        kind, style = self.column.semantic_type, self.style
        if kind in ("email", "username"):
            handles = people.handles(numbers, self.handles or ("first.last",), self.n_digits)
            if kind == "username":
                return handles
            domains = (style or DOMAINS[0]).split()
            draws = made.part("domain").uniform(numbers)
            return [
                f"{handle}@{domains[int(draw * len(domains))]}"
                for handle, draw in zip(handles, draws, strict=True)
            ]
        if kind == "name" or self.person:
            texts = [_name(people, person, kind, style) for person in people.of(numbers)]
        else:
            texts = inventions.made(kind, numbers, people.locale, style, made)
        return [text.upper() for text in texts] if "upper" in style else texts


def key_numbers(cells: pa.Array, first_index: int) -> list[int]:
    """A whole number for each cell, the same for the same; a missing one has that of its record.

    Small numbers are taken as they are, so that none are alike; of others a hash is.
    """
    numbers: dict[str, int] = {}
    found: list[int] = []
    for place, text in enumerate(cast("list[str | None]", cells.cast(pa.string()).to_pylist())):
        if text is None:
            found.append(first_index + place)
            continue
        if text not in numbers:
            digits = "".join(letter for letter in text if letter.isdecimal() and letter.isascii())
            hashed = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") % N_HASHED
            numbers[text] = int(digits) if 0 < len(digits) <= MAX_KEY_DIGITS else hashed
        found.append(numbers[text])
    return found


def repetition(cells: pa.Array) -> tuple[bool, int, np.ndarray]:
    """Whether all values are different, how many there are, and `InventedCodec.shares`."""
    counts = np.sort(pc.value_counts(cells.drop_null()).field("counts").to_numpy())[::-1]
    together = np.concatenate([[0.0], np.cumsum(counts) / max(1, counts.sum())])
    shares = np.interp(_ranks(len(counts)), np.arange(len(together)), together)
    return bool((counts == 1).all()), max(1, len(counts)), shares


def _name(people: People, person: Person, kind: str, style: str) -> str:
    first, last = people.names(person)
    if kind != "name":
        return first if kind == "first_name" else last
    first = f"{first} {_initials(person.lap)}".strip()
    return f"{last}, {first}" if "last" in style else f"{first} {last}"


def _initials(number: int) -> str:
    """Middle names as initials: none, A., ..., Z., A. A., ...; no two numbers have the same."""
    letters: list[str] = []
    while number > 0:
        number, letter = divmod(number - 1, 26)
        letters.append(f"{chr(65 + letter)}.")
    return " ".join(reversed(letters))


def _handles(texts: Sequence[str]) -> tuple[tuple[Handle, ...], int]:
    """How e-mail addresses or users' names are likely to be made of names, and the digits behind them."""
    bare = [text.partition("@")[0] for text in texts]
    ends = [len(handle) - len(handle.rstrip("0123456789")) for handle in bare]
    have_digits = 2 * sum(map(bool, ends)) > len(ends)
    n_digits = int(np.median([end for end in ends if end])) if have_digits else 0
    return shares_of([style_by_shape(handle) for handle in bare]), min(n_digits, 6)


def _ranks(n_values: int) -> Float[np.ndarray, " n_quantiles"]:
    """Where the shares are measured: close together among the most frequent values."""
    return np.geomspace(1, n_values + 1, N_QUANTILES) - 1


def _style(texts: Sequence[str], semantic_type: str) -> str:
    """How the column spells what is invented: a domain that no real one has, the order of names, ..."""
    match semantic_type:
        case "email":
            used = Counter(text.rpartition("@")[2].casefold() for text in texts)
            free = [domain for domain in DOMAINS if domain not in used] or ["invented.example"]
            n_frequent = sum(count >= MIN_DOMAIN_SHARE * len(texts) for count in used.values())
            return " ".join(free[: max(1, n_frequent)])
        case "name" | "first_name" | "last_name":
            is_last_first, is_upper = _do_most(texts, lambda text: "," in text), _do_most(texts, str.isupper)
            return ("last " if is_last_first else "") + ("upper" if is_upper else "")
        case "address":
            n_first = sum(text[:1].isdigit() for text in texts)
            tails = Counter(map(inventions.address_tail, texts))
            tail = tails.most_common(1)[0][0] if tails else ""
            return ("number first" if 2 * n_first >= len(texts) else "") + (f"|{tail}" if tail else "")
        case "company":
            bare = [text.casefold() for text in texts]
            ends = Counter(form for text in bare for form in _FORMS if text.endswith(form.casefold()))
            return ends.most_common(1)[0][0] if ends else ""
        case "url":
            schemes = Counter(text.partition("://")[0] + "://" if "://" in text else "" for text in texts)
            likely = schemes.most_common(1)[0][0] if schemes else ""
            return likely if likely in ("http://", "https://", "ftp://") else ""
        case "ip":
            if _do_most(texts, lambda text: ":" in text):
                return "2001:db8"
            used = {block for block in BLOCKS for text in texts if text.startswith(block)}
            return next((block for block in BLOCKS if block not in used), BLOCKS[0])
        case "uuid":
            return "upper" if texts and texts[0] != texts[0].lower() else ""
        case _:
            return ""


def _do_most(texts: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    return 2 * sum(map(is_so, texts)) > len(texts)


def _patterns(texts: Sequence[str], semantic_type: str) -> tuple[tuple[Pattern, ...], tuple[int, ...]]:
    """The alphabets of each frequent shape, most frequent shape first, and how often each is in per cent."""
    kept = _by_shape(texts, semantic_type)
    if 2 * sum(map(len, kept)) < len(texts):
        kept = _by_shape(texts, "")
    patterns = tuple(_checked_positions(positions(some), some[0], semantic_type) for some in kept)
    n_kept = sum(map(len, kept))
    return patterns, tuple(max(1, round(100 * len(some) / n_kept)) for some in kept)


def _by_shape(texts: Sequence[str], semantic_type: str) -> list[list[str]]:
    """The texts of each frequent shape, most frequent shape first."""
    shapes: dict[str, list[str]] = {}
    for text in texts:
        shapes.setdefault(_shape(text, semantic_type), []).append(text)
    ordered = sorted(shapes.values(), key=lambda some: (-len(some), some[0]))[:MAX_PATTERNS]
    return [some for place, some in enumerate(ordered) if place == 0 or len(some) >= MIN_PATTERN_CELLS]


def _shape(text: str, semantic_type: str) -> str:
    """Equal for texts of one pattern; a country's prefix and the network of a card are part of it."""
    n_kept = {"card": 1, "phone": 3 if text[:1] == "+" else 4 if text[:2] == "00" else 0}.get(
        semantic_type, 0
    )
    if semantic_type == "mac":
        return text[2:3]
    rest = re.sub("[0-9]", "9", text[n_kept:])
    if n_kept:
        return text[:n_kept] + rest
    return rest[:2] + re.sub("[A-Za-z]", "A", rest[2:])


def _checked_positions(pattern: Pattern, member: str, semantic_type: str) -> Pattern:
    """`pattern` with a zero where a check digit will stand: it is no choice; nor is a bank's country.

    The second letter of a MAC address says that no maker of devices has given it.
    """
    if semantic_type == "iban":
        pattern = (*member[:2], *pattern[2:])
    if semantic_type == "mac":
        return (pattern[0], "26AE" if member.isupper() else "26ae", *pattern[2:])
    places = (2, 3) if semantic_type == "iban" else (len(pattern) - 1,) if semantic_type == "card" else ()
    return tuple("0" if place in places else letters for place, letters in enumerate(pattern))


def _spelt(
    numbers: Sequence[int], patterns: tuple[Pattern, ...], weights: tuple[int, ...], kind: str, made: Keyed
) -> list[str]:
    """Members of the patterns, each pattern as often as it was; one that all are used up of gets longer."""
    if not patterns:
        return [str(number) for number in made.shuffle(10**9).all(numbers)]
    bounds = np.cumsum(weights if len(weights) == len(patterns) else [1] * len(patterns))
    draws = made.part("pattern").uniform(numbers) * bounds[-1]
    chosen = np.searchsorted(bounds, draws, side="right")
    found: list[str] = [""] * len(numbers)
    for which, pattern in enumerate(patterns):
        own = np.flatnonzero(chosen == which)
        shuffle = made.part(f"pattern {which}").shuffle(n_members(pattern))
        for place, one in zip(own, shuffle.all([numbers[int(place)] for place in own]), strict=True):
            found[place] = _checked(*member(pattern, one), kind)
    return found


def _checked(text: str, overflow: str, kind: str) -> str:
    """A member of a pattern with right check digits, where its kind has such."""
    if kind == "card":
        return with_check(text[:-1] + overflow, "luhn")
    if kind != "iban":
        return text + overflow
    from stdnum import iban  # takes time to import, and hardly a column is of these

    return text[:2] + iban.calc_check_digits(text + overflow) + text[4:] + overflow


@final
class Invented(AbstractKind):
    """What gives people away, and is made anew."""

    name: ClassVar[str] = "invented"
    types: ClassVar[tuple[str, ...]] = ("string", *INTEGER_TYPES)
    codec: ClassVar[type[AbstractColumnCodec]] = InventedCodec
    variants: ClassVar[tuple[str, ...]] = SEMANTIC_TYPES
    wider: ClassVar[tuple[str, ...]] = ("invented", "text")
    is_made_anew: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        missing = cells.missing_texts
        present = cells.present(missing)
        found = sure_semantic_type(cells.name, present) if len(present) > 1 else None
        is_uuid = len(cells.raw) == len(cells.codes) and bool(matches(cells.raw[:1], UUID).all())
        is_key = is_uuid and not missing.any()  # identifiers spell those
        if found is None and len(present) > MANY_DISTINCT and not is_key:
            found = likely_semantic_type(cells.name, present)
        return self._invented(cells, found) if found else None

    def read(self, cells: Cells) -> Attempt:
        wish, present = cells.wish, cells.present(cells.missing_texts)
        found = sure_semantic_type(cells.name, present) or likely_semantic_type(cells.name, present) or ""
        return self._invented(cells, wish.variant or wish.given.semantic_type or found)

    def holds(self, cells: pa.ChunkedArray, column: Column) -> str:
        manner = f", {column.locale}" if column.locale else ""
        return f"not learnt: made anew as {column.semantic_type.replace('_', ' ') or 'its pattern'}{manner}"

    def _invented(self, cells: Cells, semantic_type: Any) -> Attempt:
        column = Column(cells.name, self.name, semantic_type=semantic_type)
        return Attempt(column, without(cells.raw, cells.missing_texts), cells.missing_texts)


INVENTED: Final = Invented()

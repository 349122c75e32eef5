"""E-mail addresses, people, phone numbers and the like: invented anew, none taken from the data.

What is kept is how the column spells them (surnames first, the digits that nearly all phone numbers share),
whether all values were different, how often values came again, and beginnings that enough of them share, such
as those of banks; no value is kept. Which cells are missing is learnt like everything else.

The `number`-th invention is a combination of members of pools, or a member of a pattern, in an order that
only the key knows (`keyed.py`): no two are alike, and making them takes no time. Columns that are of one
person have one key (`agreement.py`): their `number`-th inventions belong to each other. Where names are
learnt, what is made of them is made of those of the record (`named.py`). Domains and addresses are those that
the internet keeps for examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.settings import Field, settings
from gansmith.tabular.cells import Mask, are_missing, matches, without
from gansmith.tabular.columns import internet, inventions, named
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.beginnings import drawn
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Fitting,
)
from gansmith.tabular.columns.internet import DOMAINS
from gansmith.tabular.columns.people import N_PARTS, Handle, People, Person, shares_of, style_by_shape
from gansmith.tabular.columns.pools import USUAL_LOCALE, check_locale, provided
from gansmith.tabular.columns.repetition import Repetition, Shares, ranks_at
from gansmith.tabular.columns.semantic_types import UUID, likely_semantic_type, sure_semantic_type
from gansmith.tabular.columns.spelling import (
    MAX_PATTERNS,
    Pattern,
    Values,
    Weights,
    chosen_of,
    patterns_of,
    spelt,
)
from gansmith.tabular.fields import Text
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, SEMANTIC_TYPES, Column

_MAX_VALUES: Final = 2**53
_FORMS: Final = (
    "Inc", "Ltd", "LLC", "GmbH", "AG", "Corp", "PLC", "S.A.", "B.V.", "S.r.l.", "Limited", "Group",
)  # fmt: skip
_SPELT: Final = ("phone", "iban", "card", "mac", "")
"""Semantic types that are patterns of digits and letters."""
_PEOPLE: Final = ("email", "username", "name", "first_name", "last_name")
"""Semantic types that are of a person."""
MAX_HANDLE_DIGITS: Final = 6
MAX_KEY_DIGITS: Final = 6
N_HASHED: Final = 1_000_003
MIN_PADDED: Final = 0.95
"""Share of the numbers behind names that must have equally many digits, for zeros to be put before others."""

Numbers = Int[np.ndarray, " n"]


@final
@settings(error=DataError)
class InventedCodec(AbstractPresenceCodec):
    """States: missing and present, where cells are missing; the values take no part in the game."""

    name: ClassVar[str] = "invented"

    is_distinct: bool
    """Whether no two real values were alike: then record k gets the k-th invention."""
    n_values: Annotated[int, Field(ge=1, le=_MAX_VALUES)]
    """Different real values."""
    shares: Shares
    """Share of the records that the most frequent values have together."""
    style: Text
    """How the column spells them; what it may say depends on the semantic type."""
    patterns: Annotated[tuple[Pattern, ...], Field(strict=False, max_length=MAX_PATTERNS)]
    """Of phone numbers and the like: the characters that may stand at each position."""
    weights: Weights = ()
    """How often each pattern is; none: all are alike."""
    handles: Annotated[tuple[Handle, ...], Field(strict=False, max_length=N_PARTS)] = ()
    """Of e-mail addresses and users' names: how people are called by their names, in twentieths."""
    n_digits: Annotated[int, Field(ge=0, le=MAX_HANDLE_DIGITS)] = 0
    """Digits behind each of these."""
    is_padded: bool = False
    """Whether they may begin with a zero."""
    person: Text = ""
    """The columns that are of the same person have the same text here; empty: it is of nobody else's."""
    by: Text = ""
    """The column whose values decide it, such as a customer's number; empty: there is none."""
    named: Annotated[tuple[Text, ...], Field(strict=False, max_length=2)] = ()
    """Learnt columns of names that it is made of: first and last, or whole ones; none: they are invented."""
    is_long: bool = False
    """Whether umlauts are two letters in addresses."""
    owner: Text = ""
    """The column that says which patterns it may have, as a maker does; empty: there is none."""
    owners: Annotated[tuple[Text, ...], Field(strict=False, max_length=MAX_PATTERNS)] = ()
    """What that is for each pattern, as texts."""

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
        seen = pc.value_counts(cells.drop_null())
        texts = [str(text) for text in seen.field("values").to_pylist()]
        counts = dict(zip(texts, seen.field("counts").to_pylist(), strict=True))
        kind, min_count = column.semantic_type, fitting.min_count
        patterns, weights = patterns_of(counts, kind, min_count) if kind in _SPELT else ((), ())
        handles, n_digits, is_padded = _handles(texts) if kind in ("email", "username") else ((), 0, False)
        is_distinct, n_values, shares = repetition(cells)
        style = _addresses(counts, kind, min_count, is_distinct=is_distinct) or _style(texts, kind)
        return cls(
            column, cells.null_count > 0, is_distinct, n_values, shares, style,
            patterns, weights, handles, n_digits, is_padded,
        )  # fmt: skip

    @property
    def identity(self) -> str:
        return self.person or self.column.name

    @property
    def follows(self) -> tuple[str, ...]:
        return tuple(name for name in (*self.named, self.owner, self.by) if name)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        return self._placed(self._numbers(len(codes), made), self.is_missing(codes), made)

    def _numbers(self, n: int, made: Keyed) -> Numbers:
        """Which invention each of the first records gets; they repeat as often as the real ones."""
        if self.is_distinct:
            return np.asarray(made.numbers(n))
        draws = made.part("repeated").uniform(made.numbers(n))
        return ranks_at(draws, self.shares, self.n_values)

    def following(self, cells: pa.Array, others: Sequence[pa.Array], made: Keyed) -> pa.Array:
        found = key_numbers(others[-1], made.first_index) if self.by else made.numbers(len(cells))
        numbers, missing = np.array(found, np.int64), are_missing(cells)
        if self.owner:
            numbers = numbers if self.by else self._numbers(len(cells), made)
            values = others[0].cast(pa.string()).to_pylist()
            return pa.array(self._spelt(numbers.tolist(), made, values), pa.string(), mask=missing)
        if not self.named:
            return self._placed(numbers, missing, made)
        texts = self._of_names(others[: len(self.named)], numbers.tolist(), made)
        unnamed = np.array([not text for text in texts], bool)
        invented = self._placed(numbers[unnamed], missing[unnamed], made)
        return pc.replace_with_mask(pa.array(texts, pa.string(), mask=missing), pa.array(unnamed), invented)

    def _of_names(self, columns: Sequence[pa.Array], numbers: Sequence[int], made: Keyed) -> list[str]:
        """Made of the names in these columns; empty where they say nothing."""
        if self.column.semantic_type == "name":
            texts = named.full_names(columns, is_last_first="last" in self.style)
            return [text.upper() for text in texts] if "upper" in self.style else texts
        names, digits = named.plain_names(columns, is_long=self.is_long), [""] * len(numbers)
        if self.n_digits:
            least = 0 if self.is_padded else 10 ** (self.n_digits - 1)
            members = made.part("digits").shuffle(10**self.n_digits - least).all(numbers)
            digits = [
                f"{least + member % (10**self.n_digits - least):0{self.n_digits}}" for member in members
            ]
        handles = named.handles_of(names, numbers, self.handles or ("first.last",), digits, made)
        if self.column.semantic_type == "username":
            return handles
        both = zip(handles, self._hosts(numbers, made), strict=True)
        return [handle and f"{handle}@{host}" for handle, host in both]

    def _hosts(self, numbers: Sequence[int], made: Keyed) -> list[str]:
        hosts, weights = internet.read(self.style or DOMAINS[0])
        return [hosts[place] for place in drawn(weights, made.part("domain").uniform(numbers)).tolist()]

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
        by = f", of {' and '.join(map(repr, self.named))}{by}" if self.named else by
        by = f", of its {self.owner!r}{by}" if self.owner else by
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
        if kind in _SPELT:
            return self._spelt(numbers, made)
        return inventions.made(kind, numbers, locale, self.style, made)

    def _spelt(self, numbers: Sequence[int], made: Keyed, values: Values = ()) -> list[str]:
        """Numbers in the patterns, of those that belong to these values where some do."""
        n = max(1, len(self.patterns))
        weights = self.weights if len(self.weights) == n else (1,) * n
        chosen = chosen_of(numbers, weights, made, values, self.owners)
        return spelt(numbers, self.patterns, chosen, self.column.semantic_type, made)

    def _of_people(self, numbers: Sequence[int], people: People, made: Keyed) -> list[str]:
        kind, style = self.column.semantic_type, self.style
        if kind in ("email", "username"):
            shares = self.handles or ("first.last",)
            handles = people.handles(numbers, shares, self.n_digits, is_padded=self.is_padded)
            if kind == "username":
                return handles
            hosts = self._hosts(numbers, made)
            return [f"{handle}@{host}" for handle, host in zip(handles, hosts, strict=True)]
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
    found = Repetition.of(cells)
    return found.n_values == len(cells) - cells.null_count, max(1, found.n_values), found.shares


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


def _handles(texts: Sequence[str]) -> tuple[tuple[Handle, ...], int, bool]:
    """How addresses are likely made of names, the digits behind them, and whether a zero may begin these."""
    bare = [text.partition("@")[0] for text in texts]
    ends = [len(handle) - len(handle.rstrip("0123456789")) for handle in bare]
    have_digits = 2 * sum(map(bool, ends)) > len(ends)
    n_digits = int(np.median([end for end in ends if end])) if have_digits else 0
    digits = [handle[-end:] for handle, end in zip(bare, ends, strict=True) if end]
    is_even = sum(len(some) == n_digits for some in digits) >= MIN_PADDED * len(digits)
    is_padded = n_digits > 1 and is_even and any(some[0] == "0" for some in digits)
    return shares_of([style_by_shape(handle) for handle in bare]), min(n_digits, MAX_HANDLE_DIGITS), is_padded


def _addresses(counts: Mapping[str, int], semantic_type: str, min_count: int, *, is_distinct: bool) -> str:
    """Where e-mail addresses and those of machines lead; empty for all else."""
    if semantic_type == "email":
        return internet.hosts(counts, min_count)
    if semantic_type != "ip":
        return ""
    if _do_most(list(counts), lambda text: ":" in text):
        return "2001:db8"
    return internet.networks(counts, min_count, is_distinct=is_distinct)


def _style(texts: Sequence[str], semantic_type: str) -> str:
    """How the column spells what is invented: a domain that no real one has, the order of names, ..."""
    match semantic_type:
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
        case "uuid":
            return "upper" if texts and texts[0] != texts[0].lower() else ""
        case _:
            return ""


def _do_most(texts: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    return 2 * sum(map(is_so, texts)) > len(texts)


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

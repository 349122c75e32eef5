"""E-mail addresses, people, phone numbers and the like: invented anew, none taken from the data.

What is kept is how the column spells them (surnames first, the digits that nearly all phone numbers share),
whether all values were different, and how often values came again; no value is kept, nor any part of one that
is not nearly everybody's. Which cells are missing is learnt like everything else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.tabular.columns import faked, neutral
from gansmith.tabular.columns.base import AbstractPresenceCodec, Ascending, Codes, Letters, Levels
from gansmith.tabular.columns.identifiers import MAX_POSITIONS, member, positions, shuffled
from gansmith.tabular.schema import Column, Text, must_be
from gansmith.settings import Annotated, BeforeValidator, Field, PlainSerializer, settings

N_QUANTILES: Final = 33
MAX_PATTERNS: Final = 12
MIN_PATTERN_CELLS: Final = 20
"""Cells that must be of one pattern for it to be kept; the most frequent one is, however few they are."""
_MAX_VALUES: Final = 2**53
_GOLDEN: Final = 0.6180339887498949
_DOMAINS: Final = (
    "example.com", "example.org", "example.net", "mail.example", "post.example", "inbox.example",
)  # fmt: skip
_BLOCKS: Final = ("10.", "100.64.", "198.18.", "192.168.")
_FORMS: Final = (
    "Inc", "Ltd", "LLC", "GmbH", "AG", "Corp", "PLC", "S.A.", "B.V.", "S.r.l.", "Limited", "Group",
)  # fmt: skip
_UNSPELT: Final = ("phone", "iban", "card", "")
"""Semantic types that are patterns of digits and letters."""

Pattern = Annotated[
    tuple[Letters, ...],
    BeforeValidator(lambda text: tuple(text.split("\n")) if isinstance(text, str) else text),
    Field(max_length=MAX_POSITIONS),
    PlainSerializer("\n".join),
]


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

    @classmethod
    def fit(cls, column: pa.Array, schema: Column) -> InventedCodec:
        """Find the style and how often values repeat."""
        if schema.locale:
            faked.check_locale(schema.locale)
        counted = pc.value_counts(column.drop_null())
        texts = [str(text) for text in counted.field("values").to_pylist()]
        counts = np.sort(counted.field("counts").to_numpy())[::-1]
        ranks = _ranks(len(counts))
        together = np.concatenate([[0.0], np.cumsum(counts) / max(1, counts.sum())])
        shares = np.interp(ranks, np.arange(len(together)), together)
        patterns = _patterns(texts, schema.semantic_type) if schema.semantic_type in _UNSPELT else ()
        is_distinct = bool((counts == 1).all())
        style = _style(texts, schema.semantic_type)
        return cls(schema, column.null_count > 0, is_distinct, max(1, len(texts)), shares, style, patterns)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        draws = rng.random(len(codes))  # record by record: more of them change none
        if self.is_distinct:
            numbers = np.arange(first_index, first_index + len(codes))
        else:
            ranks = np.floor(np.interp(draws, self.shares, _ranks(self.n_values))).astype(np.int64)
            numbers = np.minimum(ranks, self.n_values - 1)
        is_missing = self.is_missing(codes)
        known, places = np.unique(numbers, return_inverse=True)
        made = pa.array([self.invention(int(number)) for number in known], pa.string())
        return made.take(pa.array(places.reshape(-1), mask=is_missing))

    def invention(self, number: int) -> str:
        """The `number`-th invention; no two are alike."""
        semantic_type, locale = self.column.semantic_type, self.column.locale
        if locale and semantic_type in faked.SEMANTIC_TYPES:
            return faked.fake(
                semantic_type, locale, number, self.style or _DOMAINS[0], is_distinct=self.is_distinct
            )
        match semantic_type:
            case "email":
                return f"{neutral.mailbox(number)}@{self.style or _DOMAINS[0]}"
            case "name":
                first, last = neutral.person(number)
                text = f"{last}, {first}" if "last" in self.style else f"{first} {last}"
                return text.upper() if "upper" in self.style else text
            case "first_name":
                return neutral.first_name(number)
            case "last_name":
                return neutral.surname(number)
            case "address":
                return _address(number, self.style)
            case "company":
                return f"{neutral.firm(number)} {self.style or _FORMS[1]}"
            case "url":
                return f"{self.style or 'https://'}www.example.com/{neutral.page(number)}"
            case "ip":
                return _ip(number, self.style or _BLOCKS[0])
            case "uuid":
                return _uuid(number, self.style)
            case _:
                return _spelt(number, self.patterns, semantic_type)


def _ranks(n_values: int) -> Float[np.ndarray, " n_quantiles"]:
    """Where the shares are measured: close together among the most frequent values."""
    return np.geomspace(1, n_values + 1, N_QUANTILES) - 1


def _style(texts: Sequence[str], semantic_type: str) -> str:
    """How the column spells what is invented: a domain that no real one has, the order of names, ..."""
    match semantic_type:
        case "email":
            used = {text.rpartition("@")[2].casefold() for text in texts}
            return next((domain for domain in _DOMAINS if domain not in used), "invented.example")
        case "name":
            is_last_first, is_upper = _do_most(texts, lambda text: "," in text), _do_most(texts, str.isupper)
            return ("last " if is_last_first else "") + ("upper" if is_upper else "")
        case "address":
            n_first = sum(text[:1].isdigit() for text in texts)
            has_town = _do_most(texts, lambda text: "," in text or "\n" in text)
            return ("number first" if 2 * n_first >= len(texts) else "") + (" town" if has_town else "")
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
            used = {block for block in _BLOCKS for text in texts if text.startswith(block)}
            return next((block for block in _BLOCKS if block not in used), _BLOCKS[0])
        case "uuid":
            return "upper" if texts and texts[0] != texts[0].lower() else ""
        case _:
            return ""


def _do_most(texts: Sequence[str], is_so: Callable[[str], bool]) -> bool:
    return 2 * sum(map(is_so, texts)) > len(texts)


def _patterns(texts: Sequence[str], semantic_type: str) -> tuple[Pattern, ...]:
    """The alphabets of each frequent shape, most frequent shape first."""
    shapes: dict[str, list[str]] = {}
    for text in texts:
        bare = re.sub("[0-9]", "9", text)
        shapes.setdefault(bare[:2] + re.sub("[A-Za-z]", "A", bare[2:]), []).append(text)
    ordered = sorted(shapes.values(), key=lambda some: (-len(some), some[0]))[:MAX_PATTERNS]
    kept = [some for place, some in enumerate(ordered) if place == 0 or len(some) >= MIN_PATTERN_CELLS]
    return tuple(_checked_positions(positions(some), some[0], semantic_type) for some in kept if some)


def _checked_positions(pattern: Pattern, member: str, semantic_type: str) -> Pattern:
    """`pattern` with a zero where a check digit will stand: it is no choice; nor is a bank's country."""
    if semantic_type == "iban":
        pattern = (*member[:2], *pattern[2:])
    places = (2, 3) if semantic_type == "iban" else (len(pattern) - 1,) if semantic_type == "card" else ()
    return tuple("0" if place in places else letters for place, letters in enumerate(pattern))


def _spelt(number: int, patterns: tuple[Pattern, ...], semantic_type: str) -> str:
    """The `number`-th member of the patterns, by turns; one that all are used up of gets longer."""
    if not patterns:
        return str(number)
    pattern = patterns[int(number * _GOLDEN % 1 * len(patterns))]
    text, overflow = member(pattern, number)
    if semantic_type == "card":
        return text[:-1] + overflow + _luhn(text[:-1] + overflow)
    text += overflow
    if semantic_type == "iban":
        bare = text.replace(" ", "")
        check = 98 - int("".join(str(int(letter, 36)) for letter in f"{bare[4:]}{bare[:2]}00")) % 97
        return f"{text[:2]}{check:02d}{text[4:]}"
    return text


def _luhn(text: str) -> str:
    """The digit that makes a card number pass the check of Luhn."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = [digit * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return str(-sum(number - 9 if number > 9 else number for number in doubled) % 10)


def _address(number: int, style: str) -> str:
    house, street = neutral.street(number)
    text = f"{house} {street}" if "number first" in style else f"{street} {house}"
    if "town" in style:
        text += f", {10_000 + shuffled(number % 90_000, 90_000)} {neutral.town(number)}"
    return text


def _ip(number: int, block: str) -> str:
    """An address within a block that no machine of the internet has."""
    if ":" in block:
        digits = f"{shuffled(number, 2**96):024x}"
        return f"{block}:" + ":".join(digits[place : place + 4] for place in range(0, 24, 4))
    n_free = 4 - block.count(".")
    first = IPv4Address(block + ".".join("0" * n_free))
    return str(first + shuffled(number % 256**n_free, 256**n_free))


def _uuid(number: int, style: str) -> str:
    """A random-looking UUID of version 4."""
    digits = f"{shuffled(number, 2**120):030x}"
    text = f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:30]}"
    return text.upper() if style == "upper" else text

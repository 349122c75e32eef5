"""E-mail addresses, people, phone numbers and the like: invented anew, none taken from the data.

What is kept is how the column spells them (surnames first, the digits that nearly all phone numbers share),
whether all values were different, and how often values came again; no value is kept, nor any part of one that
is not nearly everybody's. Which cells are missing is learnt like everything else.

Names, firms, streets and towns come from the package Faker, in the manner of a country. Of each a pool is
drawn once, and the `number`-th invention is a combination of its members: so no two are alike, whatever was
learnt from, and making them takes no time. Domains and addresses are those that the internet keeps for
examples.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import IPv4Address
from typing import Annotated, Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from stdnum import luhn

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.settings import BeforeValidator, Field, PlainSerializer, settings
from gansmith.tabular.cells import matches, without
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Ascending,
    Fitting,
    Letters,
)
from gansmith.tabular.columns.identifiers import MAX_POSITIONS, member, positions, shuffled
from gansmith.tabular.columns.semantic_types import UUID, likely_semantic_type, sure_semantic_type
from gansmith.tabular.schema import INTEGER_TYPES, SEMANTIC_TYPES, Column, Text, must_be

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
_LOCALE: Final = "en_US"
"""Whose manner it is where nobody says."""
N_POOLED: Final = 1_500
"""Draws that make a pool; some are alike."""
N_HOUSES: Final = 240

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
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> InventedCodec:
        """Find the style and how often values repeat.

        Raises:
            UsageError: There is no such locale.
        """
        if column.locale:
            _faker(column.locale)
        counted = pc.value_counts(cells.drop_null())
        texts = [str(text) for text in counted.field("values").to_pylist()]
        counts = np.sort(counted.field("counts").to_numpy())[::-1]
        ranks = _ranks(len(counts))
        together = np.concatenate([[0.0], np.cumsum(counts) / max(1, counts.sum())])
        shares = np.interp(ranks, np.arange(len(together)), together)
        patterns = _patterns(texts, column.semantic_type) if column.semantic_type in _UNSPELT else ()
        is_distinct = bool((counts == 1).all())
        style = _style(texts, column.semantic_type)
        return cls(column, cells.null_count > 0, is_distinct, max(1, len(texts)), shares, style, patterns)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
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

    def describe(self) -> str:
        looks = self.column.semantic_type.replace("_", " ") or "its pattern"
        return f"made anew: {looks}{', all different' if self.is_distinct else ''}"

    def invention(self, number: int) -> str:
        """The `number`-th invention; no two are alike."""
        locale = self.column.locale or _LOCALE
        match self.column.semantic_type:
            case "email":
                first, last, lap = _combined(number, locale, "first_name", "last_name")
                return f"{_plain(f'{first}.{last}') or 'someone'}{lap or ''}@{self.style or _DOMAINS[0]}"
            case "name":
                first, last, lap = _combined(number, locale, "first_name", "last_name")
                first = f"{first} {_initials(lap)}".strip()
                text = f"{last}, {first}" if "last" in self.style else f"{first} {last}"
                return text.upper() if "upper" in self.style else text
            case "first_name" | "last_name" as part:
                text, lap = _combined(number, locale, part)
                return f"{text}-{self.invention(lap - 1)}" if lap else text
            case "company":
                return _company(number, locale, self.style)
            case "address":
                return _address(number, locale, self.style)
            case "url":
                *words, lap = _combined(number, locale, "word", "last_name")
                page = "/".join(_plain(word) for word in words)
                return f"{self.style or 'https://'}www.example.com/{page}{f'-{lap}' if lap else ''}"
            case "ip":
                return _ip(number, self.style or _BLOCKS[0])
            case "uuid":
                return _uuid(number, self.style)
            case _:
                return _spelt(number, self.patterns, self.column.semantic_type)


@cache
def _faker(locale: str) -> Any:
    """Faker for a locale, every draw alike in every process.

    Raises:
        UsageError: There is no such locale.
    """
    from faker import Faker  # takes time to import, and most tables hold nobody
    from faker.config import AVAILABLE_LOCALES

    if locale not in AVAILABLE_LOCALES:
        raise UsageError(f"There is no locale {locale!r}. {did_you_mean(locale, sorted(AVAILABLE_LOCALES))}")
    return Faker(locale, use_weighting=False)


@cache
def _pool(locale: str, what: str) -> tuple[str, ...]:
    """Different inventions of a locale."""
    _faker(locale)  # refuses what is not known
    from faker import Faker

    faker = Faker(locale, use_weighting=False)  # its own: pools may be filled side by side
    faker.seed_instance(0)
    draw: Callable[[], str] = getattr(faker, what)
    return tuple(dict.fromkeys(str(draw()) for _ in range(N_POOLED)))


def _combined(number: int, locale: str, *whats: str) -> list[Any]:
    """The `number`-th combination of members of these pools, and last how often all of them were used up."""
    pools = [_pool(locale, what) for what in whats]
    lap, place = divmod(number, math.prod(map(len, pools)))
    place = shuffled(place, math.prod(map(len, pools)))
    members: list[str] = []
    for pool in pools:
        place, part = divmod(place, len(pool))
        members.append(pool[part])
    return [*members, lap]


def _initials(number: int) -> str:
    """Middle names as initials: none, A., ..., Z., A. A., ...; no two numbers have the same."""
    letters: list[str] = []
    while number > 0:
        number, letter = divmod(number - 1, 26)
        letters.append(f"{chr(65 + letter)}.")
    return " ".join(reversed(letters))


def _plain(text: str) -> str:
    """Latin letters and points alone, in small letters."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z.]", "", bare).strip(".")


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
        digits = re.sub("[^0-9]", "", text[:-1] + overflow)
        return text[:-1] + overflow + luhn.calc_check_digit(digits)
    text += overflow
    if semantic_type != "iban":
        return text
    from stdnum import iban  # takes time to import, and hardly a column is of these

    return text[:2] + iban.calc_check_digits(text) + text[4:]


def _company(number: int, locale: str, form: str) -> str:
    if form:
        first, second, lap = _combined(number, locale, "last_name", "last_name")
        text = f"{first} & {second} {form}"
    else:
        text, lap = _combined(number, locale, "company")
    return f"{text} {lap + 1}" if lap else text


def _address(number: int, locale: str, style: str) -> str:
    lap, place = divmod(number, N_HOUSES * len(_pool(locale, "street_name")))
    place, house = divmod(shuffled(place, N_HOUSES * len(_pool(locale, "street_name"))), N_HOUSES)
    street, house = _pool(locale, "street_name")[place], house + 1 + N_HOUSES * lap
    text = f"{house} {street}" if "number first" in style else f"{street} {house}"
    if "town" in style:
        town, _ = _combined(number, locale, "city")
        text += f", {10_000 + shuffled(number % 90_000, 90_000)} {town}"
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
        return f"not learnt: made anew as {column.semantic_type.replace('_', ' ') or 'its pattern'}"

    def _invented(self, cells: Cells, semantic_type: Any) -> Attempt:
        column = Column(cells.name, self.name, semantic_type=semantic_type)
        return Attempt(column, without(cells.raw, cells.missing_texts), cells.missing_texts)


INVENTED: Final = Invented()

"""Identifiers: made anew, unique, in the pattern of the real ones."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.settings import Field, settings
from gansmith.tabular.cells import matches, without
from gansmith.tabular.columns.base import AbstractKind, Attempt, Cells, Reading
from gansmith.tabular.columns.beginnings import MAX_BEGINNINGS, by_beginning, drawn
from gansmith.tabular.columns.check_digits import Check, found_check, with_check
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Fitting,
    Letters,
    Whole,
)
from gansmith.tabular.columns.decimals import has_leading_zeros, read_integers
from gansmith.tabular.columns.semantic_types import UUID
from gansmith.tabular.fields import Text, must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, Column

_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_ALPHABETS: Final = (
    _DIGITS, _DIGITS + "abcdef", _DIGITS + "ABCDEF", _LOWER, _UPPER, _DIGITS + _LOWER, _DIGITS + _UPPER,
    _LOWER + _UPPER, _DIGITS + _LOWER + _UPPER,
)  # fmt: skip
"""The usual alphabets, smallest first; the last holds all others."""
MIN_SHARED: Final = 20
"""Identifiers that must reach a position before a character of theirs is kept there."""
MIN_AGREED: Final = 5
"""Fewer than this agree by chance, though they be all there are and all of one length."""
MIN_AGREEMENT: Final = 0.95
"""Share of them that must have the same character there, or characters of one alphabet."""
MAX_POSITIONS: Final = 200
MAX_WIDTH: Final = 40
_RUN: Final = 1.5
"""Numbers whose range is less than so many times their count are a run: some were held out, none left out."""
_SPARSE: Final = 1000
"""Numbers whose range is so many times their count are hardly ever met by chance."""
_MAX_DIGITS: Final = 15
_LEADING: Final = ("23456789", "123456789")
"""What a digit may be where no zero was ever seen, nor a one."""
MIN_LEADING: Final = 60
"""Identifiers that must have no zero at a position before none is made there; of random ones .2 % have."""
_SERIAL: Final = re.compile(rf"(.*?)(\d{{1,{_MAX_DIGITS}}})(\D*)", re.ASCII | re.DOTALL)


Alphabet = Annotated[
    Letters, must_be("different characters", lambda letters: len(set(letters)) == len(letters))
]


Alphabets = Annotated[tuple[Alphabet, ...], Field(strict=False, max_length=MAX_POSITIONS)]


@final
@settings(error=DataError)
class IdentifierCodec(AbstractPresenceCodec):
    """A numbering: record k gets the k-th member of a shuffled pattern, so that no two are alike.

    A serial pattern is a prefix, a whole number and a suffix. The numbers start at a round one above the last
    real one, so that none is a real one and none of the real ones is told: they count on from there, or,
    where the real ones leave gaps, are spread over a range about as wide as theirs. Only where the type or
    the digits have no room above, and the real ones fill less than a thousandth of their range, are numbers
    taken from that range.

    Any other pattern is an alphabet for each position: a character that nearly all identifiers share there,
    or the usual alphabet that theirs come from. No character of a few people's identifiers is kept.
    These patterns know nothing of the real members: one made anew is a real one with the odds of a random
    draw.

    States: missing and present, where cells are missing.
    """

    name: ClassVar[str] = "identifier"

    prefix: Text
    suffix: Text
    width: Annotated[int, Field(ge=0, le=MAX_WIDTH)]
    """Digits of a serial number, padded with zeros; 0 does not pad."""
    start: Whole
    """The lowest serial number to be made."""
    span: Annotated[Whole, Field(ge=0)]
    """Width of the range that serial numbers are spread over; 0 counts on from `start`."""
    alphabets: Alphabets
    """Characters of each position; empty for a serial pattern."""
    check: Literal[Check, ""] = ""
    """The check digit that ends every identifier; the pattern is of what stands before it."""
    beginnings: Annotated[tuple[Alphabets, ...], Field(strict=False, max_length=MAX_BEGINNINGS)] = ()
    """Of numbers with a check digit, the alphabets of those that begin alike."""
    weights: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)] = ()
    """How many identifiers begin so."""

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> IdentifierCodec:
        """Find the pattern."""
        has_missing = cells.null_count > 0
        present = cells.drop_null().to_pylist()
        texts = [str(value) for value in present]
        if check := found_check(texts):
            texts = [text[:-1] for text in texts]
        if check and len(set(map(len, texts))) == 1:  # of a country and a maker
            groups = by_beginning(texts, fitting.min_count, lambda some: n_members(positions(some)))
            patterns = tuple(map(positions, groups))
            weights = tuple(map(len, groups))
            return cls(column, has_missing, "", "", 0, 1, 0, (), check, patterns, weights)
        if pa.types.is_integer(cells.type):
            room = int(np.iinfo(cells.type.to_pandas_dtype()).max) // (10 if check else 1)
            start, span = _numbering([int(text) for text in texts], room)
            return cls(column, has_missing, "", "", 0, start, span, (), check or "")
        matches = [_SERIAL.fullmatch(text) for text in texts]
        found = [match.groups() for match in matches if match]
        frames = {(prefix, suffix) for prefix, _, suffix in found}
        # A number after others is not a serial one.
        is_loose = any(letter.isdigit() for prefix, _ in frames for letter in prefix)
        is_serial = len(found) == len(texts) >= MIN_AGREED and len(frames) == 1 and not is_loose
        if is_serial:
            prefix, suffix = frames.pop()
            digits = [number for _, number, _ in found]
            is_padded = len({len(number) for number in digits}) == 1 and len(digits[0]) > 1
            width = len(digits[0]) if is_padded else 0
            start, span = _numbering([int(number) for number in digits], 10 ** (width or _MAX_DIGITS) - 1)
            return cls(column, has_missing, prefix, suffix, width, start, span, (), check or "")
        return cls(column, has_missing, "", "", 0, 1, 0, positions(texts), check or "")

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        is_missing = self.is_missing(codes)
        capacity = n_members(self.alphabets) if self.alphabets else self.span
        numbers = made.members(len(codes), capacity) if capacity else made.numbers(len(codes))
        texts = [self._spell(number) for number in numbers]
        if self.beginnings:
            texts = self._begun(made.numbers(len(codes)), made)
        try:
            return pa.array(texts, pa.string(), mask=is_missing).cast(self.column.arrow_type)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"column {self.column.name!r} of type {self.column.type} has no room for more identifiers. "
                "Make fewer records, or learn it with a wider type in the schema."
            ) from error

    def _begun(self, numbers: Sequence[int], made: Keyed) -> list[str]:
        """Numbers of these records, each beginning as often as it was."""
        weights = self.weights if len(self.weights) == len(self.beginnings) else [1] * len(self.beginnings)
        chosen = drawn(weights, made.part("beginning").uniform(numbers))
        found: list[str] = [""] * len(numbers)
        for which, pattern in enumerate(self.beginnings):
            own = np.flatnonzero(chosen == which).tolist()
            shuffle = made.part(f"beginning {which}").shuffle(n_members(pattern))
            for place, one in zip(own, shuffle.all([numbers[place] for place in own]), strict=True):
                body = "".join(member(pattern, one))
                found[place] = with_check(body, self.check) if self.check else body
        return found

    def _spell(self, number: int) -> str:
        if self.alphabets:
            body = "".join(member(self.alphabets, number))
        else:
            body = f"{self.prefix}{self.start + number:0{self.width}d}{self.suffix}"
        return with_check(body, self.check) if self.check else body


def n_members(alphabets: Sequence[str]) -> int:
    """How many texts a pattern has, an alphabet for each position."""
    return math.prod(len(alphabet) for alphabet in alphabets)


def member(alphabets: Sequence[str], number: int) -> tuple[str, str]:
    """The member of a pattern that has this number, and digits more where there are not so many."""
    letters: list[str] = []
    for alphabet in reversed(alphabets):
        number, position = divmod(number, len(alphabet))
        letters.append(alphabet[position])
    return "".join(reversed(letters)), str(number) if number else ""


def _numbering(numbers: Sequence[int], room: int) -> tuple[int, int]:
    """Where new serial numbers start, and the range that they are spread over, 0 for a run.

    Args:
        numbers: The real ones.
        room: The largest number that the type or the digits can hold.
    """
    if not numbers:
        return 1, 0
    first, last = min(numbers), max(numbers)
    extent = last - first + 1
    if extent < _RUN * len(numbers):
        return _round_above(last, room - len(numbers)), 0
    span = _round_above(extent - 1, room)
    if last + span > room and extent >= _SPARSE * len(numbers):
        start = first - first % 10 ** (len(str(extent)) - 1)
        return start, min(span, room - start)
    return _round_above(last, room - span), span if last + span <= room else 0


def _round_above(number: int, most: int) -> int:
    """A number above another that does not tell it: of one digit and zeros, of more where it is to be less.

    Example:
        >>> [_round_above(987_654, most) for most in (2_000_000, 999_999, 987_700)]
        [1000000, 990000, 987700]
    """
    steps = (10**n_zeros for n_zeros in range(max(1, len(str(abs(number))) - 1), 0, -1))
    found = ((number // step + 1) * step for step in steps)
    return next((one for one in found if one <= most), number + 1)


def positions(texts: Sequence[str]) -> tuple[str, ...]:
    """The alphabet of each position, up to the length that at least half of the texts reach."""
    lengths = sorted((len(text) for text in texts), reverse=True)
    n_reaching = max((len(texts) + 1) // 2, min(MIN_SHARED, len(texts)))
    length = min(lengths[n_reaching - 1], MAX_POSITIONS) if texts else 0
    is_even = len(texts) >= MIN_AGREED and lengths[0] == lengths[-1]
    found = tuple(
        _alphabet(Counter(text[place] for text in texts if len(text) > place), is_even=is_even)
        for place in range(length)
    )
    return _as_uuid(found, texts) if all(re.match(UUID, text) for text in texts) else found


def _as_uuid(alphabets: tuple[str, ...], texts: Sequence[str]) -> tuple[str, ...]:
    """The pattern of UUIDs with their version and variant, where those of the real ones are right.

    Source:
        RFC 9562, "Universally unique IDentifiers", sections 4.1 and 4.2.
    """
    if not texts:
        return alphabets
    version = texts[0].index("-") + 6
    variant = version + 5
    found = list(alphabets)
    if len(found[version]) > 1 and all(text[version] in "12345678" for text in texts):
        found[version] = "4"
    if len(found[variant]) > 1 and all(text[variant] in "89abAB" for text in texts):
        found[variant] = "89AB" if any(text != text.lower() for text in texts) else "89ab"
    return tuple(found)


def _alphabet(seen: Counter[str], *, is_even: bool) -> str:
    """The character that nearly all have at a position, else the smallest usual alphabet of what is common.

    Args:
        seen: How often each character stands there.
        is_even: Whether all identifiers have the same length, so that all of them speak here.
    """
    n = seen.total()
    letter, n_agreeing = seen.most_common(1)[0]
    if (n >= MIN_SHARED and n_agreeing >= MIN_AGREEMENT * n) or (is_even and n_agreeing == n):
        return letter
    if n >= MIN_LEADING and (found := next((some for some in _LEADING if seen.keys() <= set(some)), "")):
        return found
    n_usual = sum(seen[letter] for letter in _ALPHABETS[-1])
    return next(
        alphabet
        for alphabet in _ALPHABETS
        if sum(seen[letter] for letter in alphabet) >= MIN_AGREEMENT * n_usual > 0
        or alphabet is _ALPHABETS[-1]
    )


MIN_IDENTIFIERS: Final = 20
"""Fewer values are all different by chance."""
_NEARLY_DISTINCT: Final = 0.95
_ID_WORDS: Final = frozenset({"id", "key", "uuid", "guid", "index", "no", "nr", "number"})
_NOT_ID_WORDS: Final = re.compile(
    r"(paid|bid|grid|void|solid|fluid|humid|acid|valid|liquid|covid|rapid|mid|aid|android|hybrid)$"
)
_HASH: Final = r"^([0-9a-f]{16,}|[0-9A-F]{16,})$"


@final
class Identifier(AbstractKind):
    """Values that say which record it is, and nothing else."""

    name: ClassVar[str] = "identifier"
    types: ClassVar[tuple[str, ...]] = ("string", *INTEGER_TYPES)
    codec: ClassVar[type[AbstractColumnCodec]] = IdentifierCodec
    sdtypes: ClassVar[tuple[str, ...]] = ("id",)
    wider: ClassVar[tuple[str, ...]] = ("identifier", "text")
    is_made_anew: ClassVar[bool] = True
    is_unique: ClassVar[bool] = True
    is_free_text: ClassVar[bool] = True

    def read(self, cells: Cells) -> Attempt:
        """Whole numbers where all are, else texts."""
        whole = read_integers(without(cells.trimmed, cells.marked))
        if not has_leading_zeros(cells.trimmed) and whole.null_count == int(cells.marked.sum()):
            return Attempt(Column(cells.name, self.name, "int64"), whole, cells.marked)
        return super().read(cells)

    def takes_over(self, reading: Reading) -> bool:
        column, traits = reading.column, reading.column.traits
        if traits is self or reading.n_present < MIN_IDENTIFIERS:
            return False
        if traits.is_number and traits.is_whole:
            is_called_so = reading.is_key and (is_id_name(column.name) or is_run(reading.values))
            return is_called_so or (reading.is_key and _is_checked(reading.values))
        if reading.texts is None or not traits.is_free_text:
            return False
        is_even = reading.n_distinct >= _NEARLY_DISTINCT * reading.n_present
        is_even &= reading.is_key or traits.is_made_anew
        return is_even and is_regular(column.name, reading.texts)


IDENTIFIER: Final = Identifier()


def is_id_name(name: str) -> bool:
    """Whether a column of this name is likely to hold identifiers: "id", "customer_id", "PassengerId", ..."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    last = words[-1].casefold() if words else ""
    return last in _ID_WORDS or (last.endswith("id") and not _NOT_ID_WORDS.search(last))


def is_run(values: pa.Array) -> bool:
    """Whether distinct whole numbers have no gaps: 1 to n, or a longer run from anywhere (not years)."""
    ends = pc.min_max(values).as_py()
    is_whole_run = ends["max"] - ends["min"] == len(values) - 1
    return is_whole_run and (ends["min"] in (0, 1) or len(values) >= 10 * MIN_IDENTIFIERS)


def _is_checked(values: pa.Array) -> bool:
    """Whether whole numbers end in a check digit."""
    return found_check([str(value) for value in values.to_pylist()]) is not None


def is_regular(name: str, cells: pa.Array) -> bool:
    """Whether strings without blanks have one pattern of letters and digits, or one that keys have."""
    if matches(cells, r"\s").any():
        return False
    if is_id_name(name) or any(matches(cells, known).all() for known in (UUID, _HASH)):
        return True
    pattern = pc.replace_substring_regex(cells, pattern=r"[0-9]+", replacement="9")
    pattern = pc.replace_substring_regex(pattern, pattern=r"[A-Za-z]", replacement="A")
    most = int(pc.max(pc.value_counts(pattern).field("counts")).as_py())
    return bool(matches(cells, "[0-9]").all()) and 20 * most >= 19 * len(cells)

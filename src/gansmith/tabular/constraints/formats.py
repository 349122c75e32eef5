r"""A column whose texts match a regular expression: `[A-Z]{2}\d{4}`.

Texts are made from the expression alone; nothing of the real ones is kept. An identifier gets the texts in a
shuffled order, record k its own, so that no two are alike; a text column gets any.

A subset of Python's expressions: characters, escapes (\d \w \s \. ...), classes ([A-Z0-9_]), groups, `|` and
the repetitions {m}, {m,n}, ?, * and +. Everything else (anchors within, look-ahead, references, classes of
what is not to be) is refused. What has no end (*, +, {m,}) is repeated eight more times at the most.

Own code, since each text must have a number: drawing at random, which small libraries do, cannot promise that
no two are alike.

>>> pattern = read_pattern("[AB]-[0-9]{2}")
>>> pattern.n_texts, pattern.text(0), pattern.text(199)
(200, 'A-00', 'B-99')
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, is_missing, replaced
from gansmith.tabular.constraints.base import AbstractConstraint, Named, check_kinds
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Text

MAX_PATTERN: Final = 1_000
MAX_LENGTH: Final = 1_000
MAX_DEPTH: Final = 20
N_MORE: Final = 8
"""Repetitions beyond the fewest, where an expression allows any number."""
_CLASSES: Final = {"d": string.digits, "w": string.ascii_letters + string.digits + "_", "s": " "}
_PRINTABLE: Final = string.ascii_letters + string.digits + "-_"
"""What `.` stands for."""
_REPETITIONS: Final = {"?": (0, 1), "*": (0, N_MORE), "+": (1, 1 + N_MORE)}
_SPECIAL: Final = frozenset("^$*+?{}[]|()")


@final
@settings(eq=False, error=DataError)
class Format(AbstractConstraint):
    """Every text of `column` matches `expression` as a whole."""

    kind: ClassVar[str] = "format"

    column: Named
    expression: Annotated[Text, Field(alias="pattern")]

    def __post_init__(self) -> None:
        check_kinds(
            [self.column],
            lambda one: one.traits.is_free_text and one.type == "string",
            "texts; give it the kind text",
        )
        try:
            _ = self.pattern
        except UsageError as error:
            raise DataError(str(error)) from error

    @cached_property
    def pattern(self) -> Pattern:
        """The expression, read."""
        return read_pattern(self.expression)

    @property
    def writes(self) -> tuple[str, ...]:
        """See the base class; categories are real texts, which match."""
        return (self.column.name,) if self.column.traits.is_made_anew else ()

    def in_words(self) -> str:
        return f"{self.column.name} matches {self.expression}"

    def violating(self, records: pa.Table) -> Mask:
        compiled = re.compile(self.expression)
        cells = cells_of(records, self.column.name).dictionary_encode()
        fits = np.array([bool(compiled.fullmatch(text)) for text in cells.dictionary.to_pylist()], bool)
        codes = cells.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return (codes >= 0) & ~np.append(fits, True)[codes]

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; which cells are missing stays."""
        if not self.writes:
            return records
        n_texts, missing = self.pattern.n_texts, is_missing(records, self.column.name)
        if self.column.traits.is_unique:
            if made.first_index + records.num_rows > n_texts:
                raise DataError(
                    f"column {self.column.name!r}: the pattern {self.expression!r} has {n_texts:,} texts, "
                    "and more records are wanted. Widen the pattern, or make fewer records."
                )
            numbers = made.part(self.column.name).members(records.num_rows, n_texts)
        else:
            draws = rng.integers(0, 2**62, (records.num_rows, 2)).tolist()  # 124 bits: patterns may be large
            numbers = [((high << 62) | low) * n_texts >> 124 for high, low in draws]
        texts = [self.pattern.text(number) for number in numbers]
        return replaced(records, {self.column.name: pa.array(texts, pa.string(), mask=missing)})


@final
@dataclass(frozen=True)
class Pattern:
    """Texts in a fixed order; where two ways lead to one text it is there twice."""

    n_texts: int
    length: int
    """Characters of the longest text."""
    text: Callable[[int], str]
    """Text `number`, from 0 to `n_texts - 1`."""


def _letters(letters: str) -> Pattern:
    """One character out of several."""
    return Pattern(len(letters), 1, letters.__getitem__)


def _joined(parts: Iterable[Pattern], number: int) -> str:
    """One text of each part, one after the other; the parts come from the last to the first."""
    pieces: list[str] = []
    for part in parts:
        number, place = divmod(number, part.n_texts)
        pieces.append(part.text(place))
    return "".join(reversed(pieces))


def _sequence(parts: Sequence[Pattern]) -> Pattern:
    """One text of each part, one after the other."""
    n_texts, length = math.prod(part.n_texts for part in parts), sum(part.length for part in parts)
    return Pattern(n_texts, length, lambda number: _joined(reversed(parts), number))


def _either(patterns: Sequence[Pattern]) -> Pattern:
    """The texts of several patterns, those of the first one first."""

    def text(number: int) -> str:
        for pattern in patterns:
            if number < pattern.n_texts:
                return pattern.text(number)
            number -= pattern.n_texts
        raise IndexError(number)

    return Pattern(sum(one.n_texts for one in patterns), max(one.length for one in patterns), text)


def _repeated(pattern: Pattern, n_min: int, n_max: int) -> Pattern:
    """A pattern several times over, the fewest times first; of no characters once is enough."""
    if not pattern.length:
        return pattern
    if pattern.length * n_max > MAX_LENGTH:  # will be refused
        return Pattern(1, pattern.length * n_max, pattern.text)

    def times(n: int) -> Pattern:
        return Pattern(pattern.n_texts**n, pattern.length * n, lambda number: _joined([pattern] * n, number))

    return _either([times(n) for n in range(n_min, n_max + 1)])


def read_pattern(expression: str) -> Pattern:
    """The pattern of a regular expression that is to match whole texts.

    Raises:
        UsageError: It is no expression, or holds what cannot be generated; the place is named.
    """
    if len(expression) > MAX_PATTERN:
        raise UsageError(f"the pattern has {len(expression)} characters. Wanted: {MAX_PATTERN} at most.")
    reader = _Reader(
        expression.removeprefix("^").removesuffix("$") if expression[-2:] != r"\$" else expression
    )
    pattern = reader.alternatives(0)
    if reader.place < len(reader.text):
        raise reader.refused("a bracket that was never opened")
    return pattern


@final
class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def refused(self, what: str) -> UsageError:
        return UsageError(
            f"the pattern {self.text!r}, character {self.place + 1}: {what}. "
            "Write it with characters, classes, groups, | and {m,n}."
        )

    def alternatives(self, depth: int) -> Pattern:
        if depth > MAX_DEPTH:
            raise self.refused(f"more than {MAX_DEPTH} groups within each other")
        found = [self._sequence(depth)]
        while self._next() == "|":
            self.place += 1
            found.append(self._sequence(depth))
        pattern = _either(found)
        if pattern.length > MAX_LENGTH:
            raise self.refused(f"texts of more than {MAX_LENGTH} characters")
        return pattern

    def _next(self) -> str:
        return self.text[self.place : self.place + 1]

    def _take(self) -> str:
        letter = self._next()
        if not letter:
            raise self.refused("the end, where something must follow")
        self.place += 1
        return letter

    def _sequence(self, depth: int) -> Pattern:
        parts: list[Pattern] = []
        while self._next() not in ("", "|", ")"):
            item = self._item(depth)
            parts.append(_repeated(item, *self._repetition()))
        return _sequence(parts)

    def _item(self, depth: int) -> Pattern:
        letter = self._take()
        if letter == "(":
            if self._next() == "?":
                if self.text[self.place : self.place + 2] != "?:":
                    raise self.refused("a group of a kind that cannot be generated")
                self.place += 2
            pattern = self.alternatives(depth + 1)
            if self._take() != ")":
                raise self.refused("a group that is not closed")
            return pattern
        if letter == "[":
            return _letters(self._class())
        if letter == "\\":
            return _letters(self._escaped())
        if letter in _SPECIAL:
            self.place -= 1
            raise self.refused(f"{letter!r} cannot stand here")
        return _letters(_PRINTABLE if letter == "." else letter)

    def _escaped(self) -> str:
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter.isalnum():
            raise self.refused(f"the escape \\{letter} cannot be generated")
        return letter

    def _class(self) -> str:
        if self._next() == "^":
            raise self.refused("a class of what is not to be")
        found: list[str] = []
        while (letter := self._take()) != "]":
            found.append(self._escaped() if letter == "\\" else letter)
            if self._next() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", ""):
                self.place += 1
                last = self._take()
                last = self._escaped() if last == "\\" else last
                if len(found[-1]) != 1 or len(last) != 1 or not 0 <= ord(last) - ord(found[-1]) < 1000:
                    raise self.refused("a range that does not go up, or is too long")
                found[-1] = "".join(map(chr, range(ord(found[-1]), ord(last) + 1)))
        letters = "".join(dict.fromkeys("".join(found)))
        if not letters:
            raise self.refused("a class of nothing")
        return letters

    def _repetition(self) -> tuple[int, int]:
        sign = self._next()
        if sign == "{":
            return self._counts()
        self.place += sign in _REPETITIONS
        return _REPETITIONS.get(sign, (1, 1))

    def _counts(self) -> tuple[int, int]:
        found = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}").match(self.text, self.place)
        if found is None:
            raise self.refused("wanted {m} or {m,n}")
        n_min = int(found[1])
        n_max = int(found[3]) if found[3] else (n_min + N_MORE if found[2] else n_min)
        if n_max < n_min or n_max > MAX_LENGTH:
            raise self.refused(f"wanted 0 <= m <= n <= {MAX_LENGTH}")
        self.place = found.end()
        return n_min, n_max

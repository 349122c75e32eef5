r"""Regular expressions as texts with numbers, and as templates: `PC (?P<number>[0-9]{4,6})`.

A subset of Python's expressions: characters, escapes (\d \w \s \. ...), classes ([A-Z0-9_]), groups, `|` and
the repetitions {m}, {m,n}, ?, * and +. Everything else (anchors within, look-ahead, references, classes of
what is not to be) is refused. What has no end (*, +, {m,}) is repeated eight more times at the most.

Own code, since each text must have a number: drawing at random, which small libraries do, cannot promise that
no two are alike.

>>> pattern = read_pattern("[AB]-[0-9]{2}")
>>> pattern.n_texts, pattern.text(0), pattern.text(199)
(200, 'A-00', 'B-99')
>>> [(piece.name, piece.expression) for piece in read_template("PC (?P<number>[0-9]{5})")]
[('', 'PC '), ('number', '[0-9]{5}')]
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, final

from gansmith.errors import UsageError

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
_NAME: Final = re.compile(r"\?P<([A-Za-z_][A-Za-z0-9_]{0,99})>")


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


@final
@dataclass(frozen=True)
class Piece:
    """One part of a template."""

    name: str
    """Of a group; empty: fixed text, or what has no name yet."""
    expression: str
    """What stands there: of fixed text the text itself."""
    is_fixed: bool


def escaped(text: str) -> str:
    """The expression that a text alone matches.

    Example:
        >>> print(escaped("a.b (c)"))
        a[.]b [(]c[)]
    """
    return "".join(_spelt(letter) for letter in text)


def _spelt(letter: str) -> str:
    if letter in "\\^[]":
        return f"\\{letter}"
    return f"[{letter}]" if letter in _SPECIAL or letter == "." else letter


@cache
def read_template(expression: str) -> tuple[Piece, ...]:
    """An expression as fixed texts, groups with names, and what has neither.

    Raises:
        UsageError: As `read_pattern`; or two groups have one name, or one of them stands within another.
    """
    reader = _Reader(_bare(expression))
    pieces = reader.pieces()
    if len({piece.name for piece in pieces if piece.name}) < sum(bool(piece.name) for piece in pieces):
        raise reader.refused("two groups of one name")
    return tuple(pieces)


@cache
def read_pattern(expression: str) -> Pattern:
    """The pattern of a regular expression that is to match whole texts.

    Raises:
        UsageError: It is no expression, or holds what cannot be generated; the place is named.
    """
    return _Reader(_bare(expression)).whole()


def _bare(expression: str) -> str:
    """Without the anchors at its ends."""
    if len(expression) > MAX_PATTERN:
        raise UsageError(f"the pattern has {len(expression)} characters. Wanted: {MAX_PATTERN} at most.")
    return expression.removeprefix("^").removesuffix("$") if expression[-2:] != r"\$" else expression


@final
class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.name = ""
        """Of the group that was read last."""

    def whole(self) -> Pattern:
        pattern = self.alternatives(0)
        if self.place < len(self.text):
            raise self.refused("a bracket that was never opened")
        return pattern

    def pieces(self) -> list[Piece]:
        """The template that it is; one of alternatives is one piece."""
        self.whole()  # refuses what cannot be read
        self.place = 0
        found: list[Piece] = []
        while self._next() not in ("", "|"):
            start, self.name = self.place, ""
            item = self._item(0)
            inner, name = self.text[start : self.place], self.name
            counts = self._repetition()
            if name and counts != (1, 1):
                raise self.refused(f"the group {name!r} is repeated")
            piece = _repeated(item, *counts)
            is_fixed = piece.n_texts == 1 and not name
            expression = inner.partition(">")[2][:-1] if name else self.text[start : self.place]
            found.append(Piece(name, piece.text(0) if is_fixed else expression, is_fixed))
        if self._next() == "|":
            if any(piece.name for piece in found) or "(?P<" in self.text:
                raise self.refused("a choice beside groups with names; give several patterns instead")
            return [Piece("", self.text, is_fixed=False)]
        return _merged(found)

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
            name = self._group(depth)
            pattern = self.alternatives(depth + 1)
            if self._take() != ")":
                raise self.refused("a group that is not closed")
            self.name = name
            return pattern
        if letter == "[":
            return _letters(self._class())
        if letter == "\\":
            return _letters(self._escaped())
        if letter in _SPECIAL:
            self.place -= 1
            raise self.refused(f"{letter!r} cannot stand here")
        return _letters(_PRINTABLE if letter == "." else letter)

    def _group(self, depth: int) -> str:
        """What an opened group is called; mostly nothing."""
        if self._next() != "?":
            return ""
        named = _NAME.match(self.text, self.place)
        if named is not None and depth > 0:
            raise self.refused("a group with a name within another")
        if named is None and self.text[self.place : self.place + 2] != "?:":
            raise self.refused("a group of a kind that cannot be generated")
        self.place = named.end() if named is not None else self.place + 2
        return named[1] if named is not None else ""

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


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbouring fixed texts as one."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.is_fixed and found and found[-1].is_fixed:
            found[-1] = Piece("", found[-1].expression + piece.expression, is_fixed=True)
        else:
            found.append(piece)
    return found

"""Keys: values that only say which thing a record is of, made anew and repeated as often as in the data.

A key is made from a regular expression. Which characters may stand where is found: those that nearly all
share, the few that enough of them have, or the usual alphabet that they come from. So no key of the data is
kept. How often values come again is kept as a curve (`repetition.py`).

Records are dealt to keys by their number, as cards are: as many records as the data has have each key as
often as there, and twice as many records have twice as many keys. What a key decides, such as a customer's
tier, is learnt, and each tier has its own keys.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Annotated, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.settings import Field, settings
from gansmith.tabular.cells import (
    Mask,
    are_missing,
    cells_of,
    codes_of,
    keys_of,
    some_of,
    strings,
    without,
)
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Fitting,
    Texts,
)
from gansmith.tabular.columns.decimals import has_leading_zeros, read_integers
from gansmith.tabular.columns.identifiers import MIN_AGREEMENT, is_id_name
from gansmith.tabular.columns.repetition import Curve, Repetition, Shares
from gansmith.tabular.expressions import MAX_LENGTH, escaped, read_pattern
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, Column

MAX_COUNT: Final = 2**40
MAX_DECIDED: Final = 20
"""Values of a column that may decide which keys there are."""
MAX_CLASSES: Final = 60
"""Sets of them that have their own keys."""
MAX_LOG_CHANCE: Final = -14.0
"""Logarithm of the chance that all records of a key have one value by themselves, about one in a million."""
SAMPLE: Final = 2_000
"""Values that characters are looked up in."""
FEW_SIGNS: Final = 5
"""Different characters at a place that are kept as they are, where the data is large enough to tell."""
MIN_TELLING: Final = 200
"""Values that tell which few characters may stand at a place."""
MIN_EACH: Final = 20
"""Values for each character of an alphabet that tell which of them never stand at a place."""
_ALPHABETS: Final = {
    "[0-9]": string.digits,
    "[0-9a-f]": string.digits + "abcdef",
    "[0-9A-F]": string.digits + "ABCDEF",
    "[a-z]": string.ascii_lowercase,
    "[A-Z]": string.ascii_uppercase,
    "[0-9a-z]": string.digits + string.ascii_lowercase,
    "[0-9A-Z]": string.digits + string.ascii_uppercase,
    "[A-Za-z]": string.ascii_letters,
    "[0-9A-Za-z]": string.digits + string.ascii_letters,
    "[0-9A-Za-z_-]": string.digits + string.ascii_letters + "_-",
}
"""Smallest first."""
_NAMED: Final = frozenset("-_./: ")

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Size = Annotated[tuple[Count, Count], Field(strict=False)]


@final
@settings(error=DataError)
class KeyCodec(AbstractPresenceCodec):
    """States: missing and present, where cells are missing; the values take no part in the game."""

    name: ClassVar[str] = "key"

    n_values: Annotated[int, Field(ge=0, le=MAX_COUNT)]
    """Different real values; 0: no two are alike."""
    n_records: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    """Records that had them."""
    shares: Shares
    """Of these that the most frequent values have together."""
    by: Texts = ()
    """Columns of which each value has one value."""
    classes: Texts = ()
    """Sets of their values, as `keys_of` spells them, that have keys of their own."""
    sizes: Annotated[tuple[Size, ...], Field(strict=False)] = ()
    """Different values and records of each."""
    curves: Annotated[tuple[Curve, ...], Field(strict=False)] = ()
    """As `shares`, of each."""

    def __post_init__(self) -> None:
        if not self.column.pattern:
            raise DataError("it has no pattern to make keys of.")
        if self.n_values and not len(self.shares):
            raise DataError("it has no 'shares' to say how often keys come again.")
        n = len(self.classes)
        if not len(set(self.classes)) == len(self.sizes) == len(self.curves) == n:
            raise DataError("its 'classes', 'sizes' and 'curves' are not equally many, or two are alike.")
        if n and not (self.by and self.n_values):
            raise DataError("its 'classes' are of nothing: 'by' and 'n_values' say so.")

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> KeyCodec:
        """Find how often values repeat."""
        found = Repetition.of(cells, fitting.growth)
        n_real = len(cells) - cells.null_count
        is_distinct = column.is_unique or len(pc.unique(cells.drop_null())) == n_real
        n_values = 0 if is_distinct else found.n_values
        return cls(column, cells.null_count > 0, n_values, found.n_records, found.shares)

    @property
    def follows(self) -> tuple[str, ...]:
        return self.by

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        n = len(codes)
        numbers = self._dealt(-1, n, made) if self.n_values else list(made.numbers(n))
        return self._spelt(numbers, self.is_missing(codes), made)

    def following(self, cells: pa.Array, others: Sequence[pa.Array], made: Keyed) -> pa.Array:
        """See the base class: records of a class are dealt its keys, those of none any other keys."""
        keys = keys_of(pa.table(list(others), names=list(self.by)), self.by)
        found = pc.index_in(keys, value_set=pa.array(self.classes, pa.string()))
        places, numbers = found.fill_null(-1).to_numpy(zero_copy_only=False), np.zeros(len(cells), object)
        for place in np.unique(places).tolist():
            own = np.flatnonzero(places == place)
            numbers[own] = self._dealt(place, len(own), made)
        return self._spelt(numbers.tolist(), are_missing(cells), made)

    def _spelt(self, numbers: Sequence[int], is_missing: Mask, made: Keyed) -> pa.Array:
        """The keys of these numbers."""
        pattern = read_pattern(self.column.pattern[0])
        known, places = np.unique(np.array(numbers, object), return_inverse=True)
        members = made.part("member").shuffle(pattern.n_texts).all([int(number) for number in known])
        texts = pa.array([pattern.text(number % pattern.n_texts) for number in members], pa.string())
        texts = texts.take(pa.array(places.reshape(-1), mask=is_missing))
        try:
            return texts.cast(self.column.arrow_type)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"column {self.column.name!r}: its pattern makes what is no {self.column.type}. "
                "Repair the pattern in the schema."
            ) from error

    def describe(self) -> str:
        repeats = "" if not self.n_values else f", {self.n_records / self.n_values:.1f} records each"
        by = f", of one {' and '.join(self.by)} each" if self.by else ""
        return f"made anew: {self.column.pattern[0]}{repeats or ', all different'}{by}"

    def _dealt(self, place: int, n: int, made: Keyed) -> list[int]:
        """Which key each of the next records of a class has; of class -1 those of none."""
        whole = Repetition(self.n_values, self.n_records, self.shares)
        n_before = [0, *accumulate(n_values for n_values, _ in self.sizes)]
        first, label, own = made.first_index, "", whole
        if place >= 0:
            label, own = self.classes[place], Repetition(*self.sizes[place], np.array(self.curves[place]))
            first = round(first * own.n_records / self.n_records)
        shuffle = made.part(f"dealt {label}".strip()).shuffle(own.n_records)
        laps, places = np.divmod(np.array(shuffle.all(range(first, first + n)), np.int64), own.n_records)
        return (laps * (n_before[-1] + self.n_values) + n_before[place] + own.ranks(places)).tolist()


def classed(
    codecs: Sequence[AbstractColumnCodec], records: pa.Table, fitting: Fitting
) -> tuple[AbstractColumnCodec, ...]:
    """The codecs, keys that come again with the columns of which each key has one value.

    Args:
        codecs: Of all columns, fitted.
        records: What they were fitted to.
        fitting: What they were fitted with.
    """
    names = [one.column.name for one in codecs if one.column.traits.is_exact]
    values = {name: codes_of(cells_of(records, name)) for name in names}
    values = {name: codes for name, codes in values.items() if 1 <= codes.max(initial=0) < MAX_DECIDED}
    return tuple(
        _classed(codec, values, records, fitting) if isinstance(codec, KeyCodec) and codec.n_values else codec
        for codec in codecs
    )


def _classed(
    codec: KeyCodec, values: Mapping[str, Int[np.ndarray, " n"]], records: pa.Table, fitting: Fitting
) -> KeyCodec:
    """A key with what it decides, of few sets of values."""
    cells = cells_of(records, codec.column.name)
    is_there = ~are_missing(cells)
    keys = codes_of(cells.filter(pa.array(is_there)))
    by: list[str] = []
    for name, codes in sorted(values.items(), key=lambda one: (one[1].max(), one[0])):
        if _decides(keys, codes[is_there]) and len(pc.unique(keys_of(records, [*by, name]))) <= MAX_CLASSES:
            by.append(name)
    if not by:
        return codec
    sets = keys_of(records, by)
    found: dict[str, Repetition] = {}
    for label in sorted(strings(pc.unique(sets))):
        own = cells.filter(pc.equal(sets, label))
        if len(own) - own.null_count >= fitting.min_count:
            found[label] = Repetition.of(own, fitting.growth)
    sizes = tuple((one.n_values, one.n_records) for one in found.values())
    curves = tuple(tuple(one.shares.tolist()) for one in found.values())
    return replace(codec, by=tuple(by), classes=tuple(found), sizes=sizes, curves=curves)


def _decides(keys: Int[np.ndarray, " n"], values: Int[np.ndarray, " n"]) -> bool:
    """Whether all records of a key have one value, too many for chance."""
    n_keys = len(np.unique(keys))
    if len(np.unique(keys * np.int64(MAX_DECIDED + 1) + values)) != n_keys:
        return False
    shares = np.bincount(values) / max(1, len(values))
    return bool((len(keys) - n_keys) * np.log((shares**2).sum()) < MAX_LOG_CHANCE)


def expression_of(texts: Sequence[str], min_count: int) -> str:
    """The regular expression that keys like these are made of.

    Args:
        texts: Different ones, without blanks around them.
        min_count: How many must share a character, or a length, before it is kept.

    Example:
        >>> expression_of([f"C{number}" for number in range(10_000, 10_400)], 5)
        'C10[0-3][0-9]{2}'
    """
    chosen = (texts[int(place)] for place in some_of(len(texts), SAMPLE))
    some = [text for text in chosen if len(text) <= MAX_LENGTH // 2]
    lengths = Counter(map(len, some))
    if not some:
        return "[0-9]"
    length, n_of_it = lengths.most_common(1)[0]
    if n_of_it >= MIN_AGREEMENT * len(some):
        return _by_place([text for text in some if len(text) == length], min_count)
    return _of_lengths(some, lengths, min_count)


def _of_lengths(texts: list[str], lengths: Counter[int], min_count: int) -> str:
    """What all begin with, and then characters of one alphabet, as many as enough texts have."""
    frequent = [length for length, n in lengths.items() if n >= min_count] or [min(lengths)]
    low, high = min(frequent), max(frequent)
    start = _by_place([text[:low] for text in texts if len(text) >= low], min_count, is_start=True)
    n_start = read_pattern(start).length if start else 0
    seen = Counter(letter for text in texts for letter in text[n_start:])
    alphabet = _alphabet(seen)
    low, high = max(low - n_start, 0), high - n_start
    if alphabet == "[0-9]" and not any(text[n_start : n_start + 1] == "0" for text in texts) and low:
        return f"{start}[1-9][0-9]{{{low - 1},{high - 1}}}"
    return f"{start}{alphabet}{{{low},{high}}}"


def _by_place(texts: list[str], min_count: int, *, is_start: bool = False) -> str:
    """What may stand at each place of texts of one length; or only what they all begin with."""
    found: list[str] = []
    for place in range(len(texts[0]) if texts else 0):
        sign = _signs(Counter(text[place] for text in texts), min_count)
        if is_start and sign.startswith("["):
            break
        found.append(sign)
    parts: list[str] = []
    for place, sign in enumerate(found):
        if place and sign == found[place - 1]:
            continue
        n = next((more for more, other in enumerate(found[place:]) if other != sign), len(found) - place)
        parts.append(sign * n if n < 3 and len(sign) < 4 else f"{sign}{{{n}}}" if n > 1 else sign)
    return "".join(parts)


def _signs(seen: Counter[str], min_count: int) -> str:
    """The character that nearly all have, the few that enough have, or the usual alphabet."""
    n = seen.total()
    letter, n_agreeing = seen.most_common(1)[0]
    if n_agreeing >= max(min_count, MIN_AGREEMENT * n) and (n_agreeing == n or letter in _NAMED or n >= 20):
        return escaped(letter)
    few = sorted(letter for letter, times in seen.items() if times >= min_count)
    alphabet = _alphabet(seen)
    n_usual = FEW_SIGNS if n < MIN_EACH * len(_ALPHABETS[alphabet]) else len(_ALPHABETS[alphabet]) - 1
    if n >= MIN_TELLING and len(few) <= n_usual and sum(seen[letter] for letter in few) >= 0.99 * n:
        return f"[{_class_of(few)}]"
    return alphabet


def _class_of(letters: Sequence[str]) -> str:
    """Ascending characters as they stand in a class, runs as their ends."""
    codes = np.array([ord(letter) for letter in letters])
    runs = np.split(codes, np.flatnonzero(np.diff(codes) != 1) + 1)
    spelt = ([_in_class(chr(code)) for code in run.tolist()] for run in runs)
    return "".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(run) for run in spelt)


def _in_class(letter: str) -> str:
    return f"\\{letter}" if letter in "\\]^-[" else letter


def _alphabet(seen: Counter[str]) -> str:
    """The smallest usual alphabet that nearly all characters come from."""
    n_usual = sum(n for letter, n in seen.items() if letter in _ALPHABETS["[0-9A-Za-z_-]"])
    for name, letters in _ALPHABETS.items():
        if sum(seen[letter] for letter in letters) >= MIN_AGREEMENT * n_usual > 0:
            return name
    return "[0-9A-Za-z]"


@final
class Key(AbstractKind):
    """Values that say which thing a record is of; several records may be of one."""

    name: ClassVar[str] = "key"
    types: ClassVar[tuple[str, ...]] = ("string", *INTEGER_TYPES)
    codec: ClassVar[type[AbstractColumnCodec]] = KeyCodec
    wider: ClassVar[tuple[str, ...]] = ("key", "text")
    is_made_anew: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        """Texts without blanks, most of which too few records share, in a column that is named so.

        Most different ones: a frequent customer is no more than one.
        """
        missing = cells.missing_texts
        counts, present = cells.counts[~missing], cells.present(missing)
        is_repeating = MANY_DISTINCT < len(present) < 0.95 * counts.sum()
        if not is_repeating or not is_id_name(cells.name):
            return None
        min_count = usual_min_count(len(cells.codes))
        is_code = pc.all(pc.match_substring_regex(present, r"^\S*[0-9]\S*$")).as_py()
        return self.read(cells) if is_code and 2 * (counts < min_count).sum() > len(counts) else None

    def read(self, cells: Cells) -> Attempt:
        missing, given = cells.missing_texts, cells.wish.given
        min_count = usual_min_count(len(cells.codes))
        pattern = given.pattern or (expression_of(strings(cells.present(missing)), min_count),)
        whole = read_integers(without(cells.trimmed, cells.marked))
        is_whole = not has_leading_zeros(cells.trimmed) and whole.null_count == int(cells.marked.sum())
        column = Column(cells.name, self.name, "int64" if is_whole else "string", pattern=pattern)
        values = whole if is_whole else without(cells.raw, missing)
        return Attempt(column, values, cells.marked if is_whole else missing)

    def check_parts(self, column: Column) -> None:
        """See the base class; a key is made of one expression."""
        if column.parts or column.check or len(column.pattern) != 1:
            raise DataError(f"column {column.name!r} of kind key: wanted one 'pattern', and nothing else.")


KEY: Final = Key()

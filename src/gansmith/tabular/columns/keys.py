"""Keys: values that only say which thing a record is of, made anew and repeated as often as in the data.

A key is made from a regular expression. Which characters may stand where is found: those that nearly all
share, the few that enough of them have, or the usual alphabet that they come from. So no key of the data is
kept. How often values come again is kept as a curve: the share of the records that the most frequent have.

Records are dealt to keys by their number, as cards are: as many records as were learnt from have each key as
often as the data has it, and twice as many records have twice as many keys.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.settings import Field, settings
from gansmith.tabular.cells import strings, without
from gansmith.tabular.columns import rare
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractKind, Attempt, Cells
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import (
    UNLIMITED,
    AbstractColumnCodec,
    AbstractPresenceCodec,
    Ascending,
    Fitting,
)
from gansmith.tabular.columns.decimals import has_leading_zeros, read_integers
from gansmith.tabular.columns.identifiers import MIN_AGREEMENT, is_id_name
from gansmith.tabular.expressions import MAX_LENGTH, escaped, read_pattern
from gansmith.tabular.fields import must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, Column

N_QUANTILES: Final = 33
MAX_COUNT: Final = 2**40
SAMPLE: Final = 2_000
"""Values that characters are looked up in."""
FEW_SIGNS: Final = 5
"""Different characters at a place that are kept as they are, where the data is large enough to tell."""
MIN_TELLING: Final = 200
"""Values that tell which few characters may stand at a place."""
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


def _are_shares(shares: Float[np.ndarray, " n"]) -> bool:
    return bool(len(shares) == N_QUANTILES and shares[0] >= 0 and shares[-1] <= 1 + 1e-9)


@final
@settings(error=DataError)
class KeyCodec(AbstractPresenceCodec):
    """States: missing and present, where cells are missing; the values take no part in the game."""

    name: ClassVar[str] = "key"

    n_values: Annotated[int, Field(ge=0, le=MAX_COUNT)]
    """Different real values; 0: no two are alike."""
    n_records: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    """Records that had them."""
    shares: Annotated[Ascending, must_be(f"{N_QUANTILES} from 0 to 1", _are_shares)]
    """Share of these that the most frequent values have together; see `_ranks`."""

    def __post_init__(self) -> None:
        if not self.column.pattern:
            raise DataError("it has no pattern to make keys of.")

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> KeyCodec:
        """Find how often values repeat."""
        counts = np.sort(pc.value_counts(cells.drop_null()).field("counts").to_numpy())[::-1]
        is_distinct = column.is_unique or not len(counts) or counts[0] == 1
        together = np.concatenate([[0.0], np.cumsum(counts) / max(1, counts.sum())])
        shares = np.interp(_ranks(len(counts)), np.arange(len(together)), together)
        n_values = 0 if is_distinct else len(counts)
        return cls(column, cells.null_count > 0, n_values, max(1, int(counts.sum())), shares)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        pattern, n = read_pattern(self.column.pattern[0]), len(codes)
        known, places = np.unique(np.array(self._numbers(made, n), object), return_inverse=True)
        members = made.part("member").shuffle(pattern.n_texts).all([int(number) for number in known])
        texts = pa.array([pattern.text(number % pattern.n_texts) for number in members], pa.string())
        texts = texts.take(pa.array(places.reshape(-1), mask=self.is_missing(codes)))
        try:
            return texts.cast(self.column.arrow_type)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"column {self.column.name!r}: its pattern makes what is no {self.column.type}. "
                "Mend the pattern in the schema."
            ) from error

    def describe(self) -> str:
        repeats = "" if not self.n_values else f", {self.n_records / self.n_values:.1f} records each"
        return f"made anew: {self.column.pattern[0]}{repeats or ', all different'}"

    def _numbers(self, made: Keyed, n: int) -> list[int]:
        """Which key each of the records has."""
        if not self.n_values:
            return list(made.numbers(n))
        places = np.array(made.part("dealt").members(n, self.n_records), np.int64)
        laps, places = np.divmod(places, self.n_records)
        shares = (places + 0.5) / self.n_records
        ranks = np.floor(np.interp(shares, self.shares, _ranks(self.n_values))).astype(np.int64)
        return (laps * self.n_values + np.minimum(ranks, self.n_values - 1)).tolist()


def _ranks(n_values: int) -> Float[np.ndarray, " n_quantiles"]:
    """Where the shares are measured: close together among the most frequent values."""
    return np.geomspace(1, n_values + 1, N_QUANTILES) - 1


def expression_of(texts: Sequence[str], min_count: int) -> str:
    """The regular expression that keys like these are made of.

    Args:
        texts: Different ones, without blanks around them.
        min_count: How many must share a character, or a length, before it is kept.

    Example:
        >>> expression_of([f"C{number}" for number in range(10_000, 10_400)], 5)
        'C10[0-3][0-9]{2}'
    """
    some = [text for text in texts[:SAMPLE] if len(text) <= MAX_LENGTH // 2]
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
    if n >= MIN_TELLING and len(few) <= FEW_SIGNS and sum(seen[letter] for letter in few) >= 0.99 * n:
        is_run = len(few) > 2 and ord(few[-1]) - ord(few[0]) == len(few) - 1
        inner = f"{few[0]}-{few[-1]}" if is_run else "".join(map(_in_class, few))
        return f"[{inner}]"
    return _alphabet(seen)


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
        """Texts without blanks, most of which too few records share, in a column that is named so."""
        missing = cells.missing_texts
        counts, present = cells.counts[~missing], cells.present(missing)
        is_repeating = MANY_DISTINCT < len(present) < 0.95 * counts.sum()
        if not is_repeating or not is_id_name(cells.name):
            return None
        min_count = usual_min_count(len(cells.codes))
        is_code = pc.all(pc.match_substring_regex(present, r"^\S*[0-9]\S*$")).as_py()
        return self.read(cells) if is_code and rare.are_mostly_rare(counts, min_count) else None

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

"""Finding out what the cells of a column of strings have in common: patterns of fixed text and parts.

Cells are cut into tokens: numbers, words, signs. Those with the same sequence of tokens are of one shape, and
a column has patterns where few shapes describe nearly all of it. A token that is the same throughout is fixed
text. Numbers are learnt (years, dates, amounts), but for those that fill all their digits evenly: these carry
nothing and are made anew. Words are learnt where they come again. Several cuts are tried, from fine to
coarse: what looks like random letters and digits (hashes, addresses of machines) is cut at signs only.

Nothing is found in free text: words that hardly come again, with blanks between them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import GansmithError
from gansmith.tabular.cells import Counts, some_of
from gansmith.tabular.columns import kind_called
from gansmith.tabular.columns.base import Wish
from gansmith.tabular.columns.keys import expression_of
from gansmith.tabular.columns.rare import are_mostly_rare
from gansmith.tabular.schema import Column

SAMPLE: Final = 5_000
"""Distinct cells that patterns are looked for in."""
MAX_SHAPES: Final = 8
MAX_TOKENS: Final = 40
MIN_FITTING: Final = 0.99
"""Share of the records that patterns must describe."""
MIN_RANDOM: Final = 4
"""Shapes that letters and digits in turn make, where these have half as many without: they are random."""
MAX_CODES: Final = 20
"""Different codes of letters and digits that are words rather than random."""
_MAX_WORD: Final = 40
_NUMBER: Final = r"(?<![0-9A-Za-z)\]_+-])[+-]?(?<![0-9.])[0-9]+\.[0-9]+(?![.0-9])|[0-9]+"
_FINE: Final = re.compile(
    rf"{_NUMBER}|(?<![0-9A-Za-z)\]_+-])-(?:[0-9]+\.[0-9]+(?![.0-9])|[0-9]+)|[A-Za-z]+|.", re.S
)
_COARSE: Final = re.compile(r"[0-9A-Za-z]+|.", re.S)
_SLUGS: Final = re.compile(r"[0-9A-Za-z]+(?:[-_][0-9A-Za-z]+)*|.", re.S)
_HEADED: Final = re.compile(r".*[^0-9](?=[0-9]+$)|[0-9]+$|^.*[^0-9]$", re.S)
"""A number at the end, and what stands before it."""
_DATES: Final = {8: ("%Y%m%d", "%d%m%Y", "%m%d%Y"), 6: ("%y%m%d", "%d%m%y")}


@final
@dataclass(frozen=True)
class Segment:
    """What stands at one place of a pattern."""

    text: str = ""
    """Of fixed text; else empty."""
    expression: str = ""
    """What may stand there."""
    called: str = ""
    """What sort of part it is, in a word."""
    column: Column | None = None
    """How it is learnt, under any name; None: fixed text."""

    @property
    def says_something(self) -> bool:
        """Whether something of it is learnt that is more than a number."""
        return self.called in ("year", "date", "word")

    @property
    def is_key(self) -> bool:
        """Whether it is made anew."""
        return self.column is not None and self.column.traits.is_made_anew


def shaped(
    texts: Sequence[str], counts: Counts, min_count: int, *, has_key: bool
) -> list[list[Segment]] | None:
    """The patterns of a column, the most frequent first; None: it has none that describe it.

    Args:
        texts: Distinct cells, without blanks around them.
        counts: How many records have each.
        min_count: Records that must share what is kept.
        has_key: Whether each record has its own text, and shall have.
    """
    chosen = some_of(len(texts), SAMPLE)
    some, n = [texts[int(place)] for place in chosen], counts[chosen]
    for cut in (_FINE, _HEADED, _COARSE, _SLUGS):
        groups = _groups(some, n, min_count, cut)
        if cut is _FINE and len(groups) >= MIN_RANDOM:
            coarse = _groups(some, n, min_count, _COARSE)
            groups = coarse if 0 < 2 * len(coarse) <= len(groups) else groups
        found = [_pattern(group, min_count, has_key=has_key) for group in groups]
        if found and all(found):
            return [one for one in found if one]
    return None


def _groups(
    texts: Sequence[str], counts: Counts, min_count: int, cut: re.Pattern[str]
) -> list[list[tuple[list[str], int]]]:
    """Tokens of the texts of each shape, and how many records have them; none where few shapes do not do."""
    shapes: dict[tuple[str, ...], list[tuple[list[str], int]]] = {}
    for text, times in zip(texts, counts.tolist(), strict=True):
        tokens = [token for token in cut.findall(text) if token]
        shapes.setdefault(_shape(tokens, cut), []).append((tokens, times))
    weights = {shape: sum(times for _, times in group) for shape, group in shapes.items()}
    ordered = sorted(weights, key=lambda shape: (-weights[shape], shape))
    kept = [shape for shape in ordered[:MAX_SHAPES] if weights[shape] >= min_count]
    is_whole = sum(weights[shape] for shape in kept) >= MIN_FITTING * int(counts.sum())
    if not is_whole or not any(map(_says_something, kept)) or max(map(len, kept)) > MAX_TOKENS:
        return []
    return [shapes[shape] for shape in kept]


def _shape(tokens: Sequence[str], cut: re.Pattern[str]) -> tuple[str, ...]:
    """What sort of token each is; a sign is itself."""
    found: list[str] = []
    for token in tokens:
        first = token[1:2] if token[0] in "+-" and len(token) > 1 else token[0]
        if cut is _HEADED and not token.isdigit():
            found.append("head")
        elif not (first.isascii() and first.isalnum()):
            found.append(token)
        elif cut is _COARSE:
            found.append(f"{len(token)} signs")
        elif cut is _SLUGS:
            found.append("signs")
        else:
            found.append("number" if first.isdigit() else "word")
    return tuple(found)


def _says_something(shape: tuple[str, ...]) -> bool:
    """Whether a shape is more than words with blanks between them."""
    return any(token.startswith("number") or token not in ("word", "signs", "head", " ") for token in shape)


def _pattern(group: list[tuple[list[str], int]], min_count: int, *, has_key: bool) -> list[Segment] | None:
    """The pattern of cells of one shape; None: some token is neither fixed, nor learnt, nor random."""
    counts = np.array([times for _, times in group], np.int64)
    columns = list(zip(*(tokens for tokens, _ in group), strict=True))
    n_distinct = [len(set(column)) for column in columns]
    key = -1
    if has_key:
        places = [place for place, column in enumerate(columns) if _is_code(column)]
        key = max(places, key=lambda place: n_distinct[place], default=-1)
        if key < 0 or n_distinct[key] <= 1:
            return None
    segments: list[Segment] = []
    for place, column in enumerate(columns):
        if n_distinct[place] == 1:
            segments.append(Segment(column[0]))
            continue
        found = segment_of(column, counts, min_count, is_key=place == key)
        if found is None:
            return None
        segments.append(found)
    if any(one.is_key or one.called == "word" for one in segments) and _is_prose(columns, segments):
        return None
    return _with_long_keys(segments, columns, min_count)


def _is_code(tokens: Sequence[str]) -> bool:
    return all(re.fullmatch(r"[0-9A-Za-z]*[0-9][0-9A-Za-z]*", token) for token in tokens)


def _is_prose(columns: Sequence[Sequence[str]], segments: Sequence[Segment]) -> bool:
    """Whether words in small letters that hardly come again stand between blanks."""
    has_blanks = any(one.text == " " for one in segments)
    return has_blanks and any(
        one.is_key and any(token.islower() for token in column[:50])
        for one, column in zip(segments, columns, strict=True)
    )


def _with_long_keys(
    segments: list[Segment], columns: Sequence[Sequence[str]], min_count: int
) -> list[Segment]:
    """Segments with neighbouring fixed texts as one, and so neighbouring keys with what is between them."""
    keys = [place for place, one in enumerate(segments) if one.is_key]
    found: list[Segment] = []
    place = 0
    while place < len(segments):
        end = place
        if segments[place].is_key:
            end = max(
                last
                for last in keys
                if last >= place and all(one.is_key or one.text for one in segments[place:last])
            )
        if end > place:
            joined = ["".join(tokens) for tokens in zip(*columns[place : end + 1], strict=True)]
            found.append(
                key_of(joined, min_count, is_unique=any(_is_unique(one) for one in segments[place : end + 1]))
            )
        elif segments[place].text and found and found[-1].text:
            found[-1] = Segment(found[-1].text + segments[place].text)
        else:
            found.append(segments[place])
        place = end + 1
    return found


def _is_unique(segment: Segment) -> bool:
    return segment.column is not None and segment.column.is_unique


def segment_of(
    tokens: Sequence[str], counts: Counts, min_count: int, *, is_key: bool = False, is_sure: bool = False
) -> Segment | None:
    """What tokens at one place of a pattern are: a number, a date, a word, or made anew; None: nothing such.

    Args:
        tokens: Of each distinct cell.
        counts: How many records have each cell.
        min_count: Records that must share what is kept.
        is_key: Whether each record has its own, and shall have.
        is_sure: Whether somebody said that they stand there, so that they are something in any case.
    """
    values, codes = np.unique(np.array(tokens, object), return_inverse=True)
    weights = np.bincount(codes.reshape(-1), counts).astype(np.int64)
    texts = [str(value) for value in values]
    are_digits = all(re.fullmatch(r"[0-9]{1,18}", text) for text in texts)
    if is_key:
        return _counter(texts, weights, min_count) if are_digits else key_of(texts, min_count, is_unique=True)
    if are_digits:
        return _digits(texts, weights, min_count)
    if all(re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?", text) for text in texts):
        return _decimal(texts)
    is_plain = all(map(str.isalpha, texts)) or len(texts) <= MAX_CODES
    n, n_rare = int(weights.sum()), int(weights[weights < min_count].sum())
    is_word = is_plain and len(texts) < 0.5 * n and n_rare <= 0.2 * n
    has_odd_signs = not all(text.isascii() and text.isalnum() for text in texts)
    if is_word or (has_odd_signs and not are_mostly_rare(weights, min_count)):
        return Segment("", class_of(texts, weights, min_count), "word", Column("word", "category"))
    if is_sure or (all(re.fullmatch(r"[0-9A-Za-z]+(?:[-_][0-9A-Za-z]+)*", text) for text in texts)):
        return key_of(texts, min_count)
    return None


def key_of(texts: Sequence[str], min_count: int, *, is_unique: bool = False) -> Segment:
    """Texts that are made anew; `is_unique`: each record has its own."""
    expression = expression_of(list(dict.fromkeys(texts)), min_count)
    column = Column("code", "key", pattern=(expression,), is_unique=is_unique)
    return Segment("", expression, "code", column)


def _counter(texts: Sequence[str], weights: Counts, min_count: int) -> Segment:
    """Digits of which each record has its own: random ones, or a number that counts on."""
    low, high = min(map(len, texts)), max(map(len, texts))
    if low == high and _is_even(np.array(texts, np.int64), weights, high):
        return key_of(texts, min_count, is_unique=True)
    return Segment("", f"[0-9]{repeated(low, high)}", "number", Column("number", "identifier"))


def class_of(texts: Sequence[str], weights: Counts, min_count: int) -> str:
    """An expression of the characters and lengths that enough of the words have."""
    lengths, signs = Counter[int](), Counter[str]()
    for text, n in zip(texts, weights.tolist(), strict=True):
        lengths[len(text)] += n
        signs.update(dict.fromkeys(text, n))
    frequent = [length for length, n in lengths.items() if n >= min_count] or list(lengths)
    kept = {sign for sign, n in signs.items() if n >= min_count} or set(signs)
    parts = [name for name, is_of in _SETS if any(map(is_of, kept))]
    others = sorted(sign for sign in kept if not (sign.isascii() and sign.isalnum()))
    inner = "".join(parts) + "".join(f"\\{sign}" if sign in "\\]^-[" else sign for sign in others)
    return f"[{inner}]{repeated(min(frequent), min(max(frequent), _MAX_WORD))}"


def repeated(low: int, high: int) -> str:
    """A repetition as expressions have it.

    Example:
        >>> repeated(1, 1), repeated(2, 2), repeated(2, 4)
        ('', '{2}', '{2,4}')
    """
    return "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"


_SETS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("A-Z", lambda sign: sign.isascii() and sign.isupper()),
    ("a-z", lambda sign: sign.isascii() and sign.islower()),
    ("0-9", lambda sign: sign.isascii() and sign.isdigit()),
)


def _digits(texts: Sequence[str], weights: Counts, min_count: int) -> Segment:
    """Digits: a date, a year, a number with or without zeros before it, or random ones."""
    lengths = Counter[int]()
    for text, times in zip(texts, weights.tolist(), strict=True):
        lengths[len(text)] += times
    frequent = [length for length, n in lengths.items() if n >= min_count] or list(lengths)
    low, high = min(frequent), max(frequent)
    is_padded = any(text[0] == "0" and len(text) > 1 for text in texts)
    if is_padded and len(lengths) > 1:  # 7 and 07 are different
        return key_of(texts, min_count)
    if low == high:
        if form := _date_form(texts, high):
            return Segment("", f"[0-9]{repeated(high, high)}", "date", Column("date", "date", format=form))
        if high == 4 and all("1900" <= text <= "2099" for text in texts):
            return Segment("", "[0-9]{4}", "year", Column("year", "integer"))
        if high >= 4 and _is_even(np.array(texts, np.int64), weights, high):
            return key_of(texts, min_count)
        width = high if is_padded else 0
        return Segment("", f"[0-9]{repeated(high, high)}", "number", Column("number", "integer", width=width))
    return Segment("", f"[0-9]{repeated(low, high)}", "number", Column("number", "integer"))


def _date_form(texts: Sequence[str], width: int) -> str:
    """How digits spell dates; empty where they do not."""
    from gansmith.tabular.columns.dates import DATE

    if len(texts) < 20:
        return ""
    for form in _DATES.get(width, ()):
        column = Column("date", "date", format=form)
        values = DATE.parse(pa.array(texts, pa.string()), column)
        if not values.null_count and (width < 8 or _are_recent(values)):
            return form
    return ""


def _are_recent(dates: pa.Array) -> bool:
    years = [one.year for one in dates.to_pylist()]
    return min(years) >= 1900 and max(years) < 2100


def _is_even(numbers: np.ndarray, weights: Counts, width: int) -> bool:
    """Whether numbers fill all their digits evenly, by the test of Kolmogorov and Smirnov at 1 in 1,000."""
    n = int(weights.sum())
    if len(numbers) < 50 or len(numbers) < 0.5 * min(n, 10**width):
        return False
    upto = np.cumsum(weights) / n
    gap = float(np.abs(upto - (numbers + 0.5) / 10**width).max())
    return gap < float(1.95 / np.sqrt(len(numbers)) + 1 / len(numbers))


def _decimal(texts: Sequence[str]) -> Segment | None:
    """Numbers with a sign or a point, where they can be spelt back."""
    from gansmith.tabular.columns.finding import learn_text

    kind = "decimal" if any("." in text for text in texts) else "integer"
    cells = pa.chunked_array([pa.array(texts, pa.string())])
    try:
        found = learn_text("number", cells, Wish(kind_called(kind))).column
    except GansmithError:
        return None
    found = Column("number", found.kind, found.type, decimals=found.decimals, is_padded=found.is_padded,
                   has_point=found.has_point, plus=found.plus)  # fmt: skip
    again = found.traits.spell(found.traits.parse(cells.combine_chunks(), found), found)
    if again.to_pylist() != list(texts):
        return None
    whole = max(len(text.lstrip("+-").partition(".")[0]) for text in texts)
    digits = repeated(found.decimals if found.is_padded else 1, found.decimals)
    point = f"[.][0-9]{digits}" if found.decimals else ""
    if found.decimals and not all("." in text for text in texts):
        point = f"(?:{point})?"
    return Segment("", f"[+-]?[0-9]{repeated(1, whole)}{point}", "number", found)

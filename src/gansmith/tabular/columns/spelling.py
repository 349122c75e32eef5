"""Numbers of phones, accounts, cards and devices: an alphabet for each position, of each manner of writing.

Manners are told apart by their shape, and by beginnings that enough real numbers share, as those of banks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Annotated, Final

import numpy as np
from jaxtyping import Int

from gansmith.settings import BeforeValidator, Field, PlainSerializer
from gansmith.tabular.columns.beginnings import by_beginning, drawn
from gansmith.tabular.columns.check_digits import with_check
from gansmith.tabular.columns.codecs import Letters
from gansmith.tabular.columns.identifiers import MAX_POSITIONS, member, n_members, positions
from gansmith.tabular.keyed import Keyed

MAX_SHAPES: Final = 12
MAX_PATTERNS: Final = 128
MIN_PATTERN_CELLS: Final = 20
"""Cells that must be of one shape for it to be kept; the most frequent one is, however few they are."""
N_OF_MAKER: Final = len("3c:22:fb")
_MAX_WEIGHT: Final = 2**53

Pattern = Annotated[
    tuple[Letters, ...],
    BeforeValidator(lambda text: tuple(text.split("\n")) if isinstance(text, str) else text),
    Field(max_length=MAX_POSITIONS),
    PlainSerializer("\n".join),
]
Values = Sequence[str | None]
Places = Int[np.ndarray, " n"]
Weights = Annotated[tuple[Annotated[int, Field(ge=1, le=_MAX_WEIGHT)], ...], Field(strict=False)]


def patterns_of(
    counts: Mapping[str, int], semantic_type: str, min_count: int
) -> tuple[tuple[Pattern, ...], tuple[int, ...]]:
    """The alphabets of each frequent shape and beginning, and how many records are so.

    Args:
        counts: Of each text.
        semantic_type: What they are.
        min_count: How many texts must share a beginning for it to be kept.
    """
    texts = list(counts)
    kept = _by_shape(texts, semantic_type, min_count)
    if 2 * sum(map(len, kept)) < len(texts):
        kept = _by_shape(texts, "", min_count)
    bare = {text: _unchecked(text, semantic_type) for some in kept for text in some}
    n_records: Counter[str] = Counter()
    for text, spelt_bare in bare.items():
        n_records[spelt_bare] += counts[text]
    groups = [
        group
        for some in kept
        for group in by_beginning(list(dict.fromkeys(bare[text] for text in some)), min_count, _n_rooms)
    ][:MAX_PATTERNS]
    weights = (sum(n_records[text] for text in group) for group in groups)
    return tuple(_pattern(group, semantic_type) for group in groups), tuple(weights)


def _n_rooms(texts: Sequence[str]) -> int:
    return n_members(positions(texts))


def _by_shape(texts: Sequence[str], semantic_type: str, min_count: int) -> list[list[str]]:
    """The texts of each frequent shape, most frequent shape first."""
    shapes: dict[str, list[str]] = {}
    for text in texts:
        shapes.setdefault(_shape(text, semantic_type), []).append(text)
    ordered = sorted(shapes.values(), key=lambda some: (-len(some), some[0]))[:MAX_SHAPES]
    least = max(min_count, MIN_PATTERN_CELLS)
    return [some for place, some in enumerate(ordered) if place == 0 or len(some) >= least]


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


def _unchecked(text: str, semantic_type: str) -> str:
    """With zeros where check digits stand: they are no choice."""
    if semantic_type == "iban":
        return f"{text[:2]}00{text[4:]}"
    return f"{text[:-1]}0" if semantic_type == "card" else text


def _pattern(texts: Sequence[str], semantic_type: str) -> Pattern:
    """The alphabets of texts without check digits.

    The second letter of a MAC address says that no maker has given it, unless they are all of one maker.
    """
    found = positions(texts)
    if semantic_type == "iban":
        return (*_unchecked(texts[0], semantic_type)[:4], *found[4:])
    if semantic_type == "card":
        return (*found[:-1], "0")
    if semantic_type == "mac" and any(len(letters) > 1 for letters in found[:N_OF_MAKER]):
        return (found[0], "26AE" if texts[0].isupper() else "26ae", *found[2:])
    return found


def places_of(texts: Sequence[str | None], patterns: Sequence[Pattern], semantic_type: str) -> list[int]:
    """The pattern that each text begins like, -1: none."""
    begin = ["".join(takewhile(lambda letters: len(letters) == 1, pattern)) for pattern in patterns]
    bare = (_unchecked(text or "", semantic_type) for text in texts)
    return [
        next((place for place, prefix in enumerate(begin) if prefix and text.startswith(prefix)), -1)
        for text in bare
    ]


def chosen_of(
    numbers: Sequence[int], weights: Sequence[int], made: Keyed, values: Values = (), owners: Values = ()
) -> Places:
    """Which pattern each number has, as often as it was.

    Args:
        numbers: Of what is made.
        weights: Of the patterns.
        made: Says which.
        values: Of each number, what its pattern must belong to, where one does.
        owners: What each pattern belongs to; none: nothing.
    """
    draws = made.part("pattern").uniform(numbers)
    chosen = drawn(weights, draws)
    known, of = np.array(values, object), np.array(owners, object)
    for owner in set(owners) & set(values):
        own = np.flatnonzero(of == owner)
        at = known == owner
        chosen[at] = own[drawn([weights[place] for place in own.tolist()], draws[at])]
    return chosen


def spelt(
    numbers: Sequence[int], patterns: tuple[Pattern, ...], chosen: Places, kind: str, made: Keyed
) -> list[str]:
    """Members of the patterns that are chosen; one that all are used up of gets longer."""
    if not patterns:
        return [str(number) for number in made.shuffle(10**9).all(numbers)]
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

"""Names, users' names and e-mail addresses made of the cells of their record that hold names.

First and last names of which there are few are categories, and learnt. What is made of them in the data is
then made of them in each record that is made, too: Emma Werner gets emma.werner@example.com.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from gansmith.tabular.columns.people import UNRELATED, Handle, called, split_name
from gansmith.tabular.columns.pools import plain
from gansmith.tabular.keyed import Keyed

Names = list[tuple[str, str]]


def plain_names(columns: Sequence[pa.Array], *, is_long: bool) -> Names:
    """First and last name of each record in small Latin letters; empty where one is missing.

    Args:
        columns: First and last names, or whole ones alone.
        is_long: Whether umlauts are two letters: Müller, mueller.
    """
    texts = [[str(text or "") for text in cells.to_pylist()] for cells in columns]
    if len(texts) == 1:
        return [split_name(text, is_long=is_long) for text in texts[0]]
    firsts, lasts = ([plain(text, is_long=is_long) for text in some] for some in texts)
    return list(zip(firsts, lasts, strict=True))


def full_names(columns: Sequence[pa.Array], *, is_last_first: bool) -> list[str]:
    """Full names of first and last ones; empty where one is missing."""
    firsts, lasts = ([str(text or "") for text in cells.to_pylist()] for cells in columns)
    pairs = zip(firsts, lasts, strict=True)
    return [
        "" if not (one and two) else f"{two}, {one}" if is_last_first else f"{one} {two}"
        for one, two in pairs
    ]


def handles_of(
    names: Names, numbers: Sequence[int], shares: Sequence[Handle], digits: Sequence[str], made: Keyed
) -> list[str]:
    """What people of these names are called in addresses; empty where nobody can say.

    Args:
        names: First and last, in small Latin letters.
        numbers: Of the people.
        shares: Styles, each as often as its share wants.
        digits: What stands behind each.
        made: Key of these people.
    """
    draws = made.part("style").uniform(numbers)
    found: list[str] = []
    for (first, last), draw, end in zip(names, draws, digits, strict=True):
        style = shares[int(draw * len(shares))]
        is_known = style != UNRELATED and len(first) > 1 and len(last) > 1
        found.append(called(style, first, last) + end if is_known else "")
    return found

"""Firms, addresses, links and machines' addresses that nobody has: one for each number, in a keyed order."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from gansmith.tabular.columns.internet import BLOCKS, machines
from gansmith.tabular.columns.pools import Place, places, plain_pool, plain_words, pool
from gansmith.tabular.keyed import Keyed

_TAIL: Final = (
    (r"\b[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}\b|\b[0-9]{4} ?[A-Z]{2}\b", "\x01"),
    (r"\b[0-9]{2,6}(?:-[0-9]{2,4})?\b", "\x01"),
    (r"\b[A-Z]{2}\b", "\x02"),
    (r"[^\W\d_][^\d_,\x01\x02]*[^\W\d_,]", "\x03"),
)
"""Post codes, states in short, and words; each is marked by a character that no text has."""
N_HOUSES: Final = 240
"""Numbers of houses of a street."""


def made(kind: str, numbers: Sequence[int], locale: str, style: str, keyed: Keyed) -> list[str]:
    """What is invented for these numbers; no two are alike.

    Args:
        kind: A semantic type.
        numbers: Whole numbers from 0.
        locale: In whose manner.
        style: How the column spells it.
        keyed: Says in which order.
    """
    match kind:
        case "first_name" | "last_name":
            return _alone(kind, numbers, locale, keyed)
        case "company":
            return _companies(numbers, locale, style, keyed)
        case "address":
            return _addresses(numbers, locale, style, keyed)
        case "url":
            return _links(numbers, locale, style, keyed)
        case "ip":
            return machines(numbers, style or BLOCKS[0], keyed)
        case _:
            return _uuids(numbers, style, keyed)


def _combined(numbers: Sequence[int], keyed: Keyed, *pools: Sequence[str]) -> list[tuple[int, list[str]]]:
    """A combination of members of the pools for each number, and how often all of them were used up."""
    capacity = math.prod(map(len, pools))
    found: list[tuple[int, list[str]]] = []
    for number in keyed.shuffle(capacity).all(numbers):
        lap, place = divmod(number, capacity)
        members: list[str] = []
        for one in pools:
            place, part = divmod(place, len(one))
            members.append(one[part])
        found.append((lap, members))
    return found


def _alone(kind: str, numbers: Sequence[int], locale: str, keyed: Keyed) -> list[str]:
    names = pool(locale, kind)
    found = ["-".join(parts) for _, parts in _combined(numbers, keyed, names)]
    for place, number in enumerate(numbers):  # all are used up: double names
        if number >= len(names):
            ahead = _alone(kind, [number // len(names) - 1], locale, keyed)
            found[place] = f"{found[place]}-{ahead[0]}"
    return found


def _companies(numbers: Sequence[int], locale: str, form: str, keyed: Keyed) -> list[str]:
    if form:
        names = pool(locale, "last_name")
        found = [
            (lap, f"{one} & {two} {form}") for lap, (one, two) in _combined(numbers, keyed, names, names)
        ]
    else:
        found = [(lap, one) for lap, (one,) in _combined(numbers, keyed, pool(locale, "company"))]
    return [f"{text} {lap + 1}" if lap else text for lap, text in found]


def _addresses(numbers: Sequence[int], locale: str, style: str, keyed: Keyed) -> list[str]:
    """A house in a street and, where the style has "|" and a tail, its town with state, code and country."""
    order, _, tail = style.partition("|")
    tail = ", P T" if not tail and "town" in order else tail
    streets, towns = pool(locale, "street_name"), places(locale) if tail else ()
    capacity = N_HOUSES * len(streets)
    draws = keyed.part("town").uniform(numbers)
    ends = keyed.part("post code").uniform(numbers)
    found: list[str] = []
    for number, draw, end in zip(keyed.shuffle(capacity).all(numbers), draws, ends, strict=True):
        lap, place = divmod(number, capacity)
        place, house = divmod(place, N_HOUSES)
        house += 1 + N_HOUSES * lap
        text = f"{house} {streets[place]}" if "number first" in order else f"{streets[place]} {house}"
        found.append(text + (_tail(tail, towns[int(draw * len(towns))], end) if tail else ""))
    return found


def _tail(tail: str, place: Place, end: float) -> str:
    """What stands behind the street: P for the post code, T the town, S the state, C the country."""
    code = list(place.post_code)
    digits = [at for at, letter in enumerate(code) if letter.isdigit()][-2:]
    for at, digit in zip(digits, f"{int(end * 100):02}", strict=False):
        code[at] = digit
    parts = {"P": "".join(code), "T": place.town, "S": place.state, "C": place.country}
    return "".join(parts.get(letter, letter) for letter in tail)


def address_tail(text: str) -> str:
    """What stands behind the street: P for a post code, T a town, S a state in short, C a country.

    Example:
        >>> address_tail("12 Main St, Springfield, IL 62701"), address_tail("Lindenweg 2, 10115 Bad Orb")
        (', T, S P', ', P T')
    """
    _, comma, rest = text.replace("\n", ", ").partition(", ")
    if re.match("(?:apt|suite|unit)", rest, re.IGNORECASE):
        _, comma, rest = rest.partition(", ")
    for pattern, mark in _TAIL:
        rest = re.sub(pattern, mark, rest)
    tail = comma + rest.translate({1: "P", 2: "S", 3: "T"})
    if not re.fullmatch("(?:,? ?[PTS])+", tail):
        return ", P T" if comma else ""
    return re.sub("T(.*)T$", r"T\1C", tail)


def _links(numbers: Sequence[int], locale: str, scheme: str, keyed: Keyed) -> list[str]:
    words, names = plain_words(), plain_pool(locale, "last_name")
    return [
        f"{scheme or 'https://'}www.example.com/{word}/{name}{f'-{lap}' if lap else ''}"
        for lap, (word, name) in _combined(numbers, keyed, words, names)
    ]


def _uuids(numbers: Sequence[int], style: str, keyed: Keyed) -> list[str]:
    """UUIDs of version 4: 122 random bits.

    Source:
        RFC 9562, "Universally unique IDentifiers", section 5.4.
    """
    found: list[str] = []
    for number in keyed.shuffle(2**122).all(numbers):
        rest, variant = divmod(number, 4)
        digits = f"{rest:030x}"
        text = f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{'89ab'[variant]}{digits[15:18]}-{digits[18:]}"
        found.append(text.upper() if style == "upper" else text)
    return found

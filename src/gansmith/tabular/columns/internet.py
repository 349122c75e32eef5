"""Where addresses lead: hosts of mail and networks of machines, with the share of each.

Hosts that the internet keeps for examples, and networks of private addresses, are nobody's: those that enough
real addresses share come out as they are. For each other host stands one kept for examples, as often; for all
other networks one that no real address is in. They are told in a style as `host*weight host*weight`.

Source:
    RFC 2606 and 6761, names kept for examples; RFC 1918, private addresses; RFC 6598 and 2544, the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from gansmith.tabular.columns.beginnings import drawn
from gansmith.tabular.keyed import Keyed

DOMAINS: Final = (
    "example.com", "example.org", "example.net", "mail.example", "post.example", "inbox.example",
)  # fmt: skip
BLOCKS: Final = ("10.", "100.64.", "198.18.", "192.168.")
MAX_HOSTS: Final = 32
MAX_NETWORKS: Final = 64
MIN_COVERED: Final = 0.95
"""Share of the addresses whose network enough others have, for it to be told more closely."""
MIN_FREE: Final = 16
"""Addresses that a network must have for each real one in it, where no two may be alike."""
_EXAMPLE: Final = re.compile(r"(?:^|\.)(?:example|test|invalid)$|(?:^|\.)example\.[a-z]{2,3}(?:\.[a-z]{2})?$")
_PRIVATE: Final = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.")


def hosts(counts: Mapping[str, int], min_count: int) -> str:
    """Hosts that stand behind the @, with their weights.

    Args:
        counts: Records of each e-mail address.
        min_count: How many addresses must share a host.
    """
    shared = _shared({text: text.rpartition("@")[2].casefold() for text in counts}, counts, min_count)
    free = _free(frozenset(text.rpartition("@")[2].casefold() for text in counts))
    found = [(host if _EXAMPLE.search(host) else next(free), n) for host, n in shared]
    return told(found or [(next(free), 1)])


def _shared(
    of: Mapping[str, str], counts: Mapping[str, int], min_count: int, n_most: int = MAX_HOSTS
) -> list[tuple[str, int]]:
    """What enough addresses have in common, with their numbers of records, the most frequent first."""
    seen, n_records = Counter(of.values()), Counter[str]()
    for text, part in of.items():
        n_records[part] += counts[text]
    return [(part, n) for part, n in n_records.most_common(n_most) if seen[part] >= min_count]


def _free(used: frozenset[str]) -> Iterator[str]:
    """Hosts that are kept for examples and not used."""
    for host in (*DOMAINS, *(f"mail{number}.example" for number in range(2, MAX_HOSTS))):
        if host not in used:
            yield host
    yield from (f"invented{number}.example" for number in count())


def networks(counts: Mapping[str, int], min_count: int, *, is_distinct: bool) -> str:
    """Beginnings of IPv4 addresses, with their weights.

    Args:
        counts: Records of each address.
        min_count: How many addresses must share a beginning.
        is_distinct: Whether they must not repeat, so that there must be room.
    """
    private = {text: n for text, n in counts.items() if _PRIVATE.match(text)}
    found = _networks(private, min_count, MIN_FREE if is_distinct else 0) if private else []
    if n_others := sum(counts.values()) - sum(n for _, n in found):
        used = {block for block in BLOCKS for text in counts if text.startswith(block)}
        free = next((block for block in BLOCKS if block not in used), BLOCKS[0])
        found = [*found, (free, n_others)] if n_others >= min_count or not found else found
    return told(found)


def _networks(counts: Mapping[str, int], min_count: int, n_free: int) -> list[tuple[str, int]]:
    """Of private addresses, as many bytes as enough of them share."""
    found: list[tuple[str, int]] = []
    for n_bytes in (1, 2, 3):
        heads = {text: ".".join(text.split(".")[:n_bytes]) + "." for text in counts}
        shared = _shared(heads, counts, min_count, MAX_NETWORKS)
        has_room = all(n_machines(block) >= n_free * n for block, n in shared)
        if sum(n for _, n in shared) < MIN_COVERED * sum(counts.values()) or not has_room:
            break
        found = shared
    return found if all(_PRIVATE.match(block) for block, _ in found) else _whole_blocks(counts, min_count)


def _whole_blocks(counts: Mapping[str, int], min_count: int) -> list[tuple[str, int]]:
    """The private blocks themselves, where nothing narrower is shared."""
    heads = {text: found[0] for text in counts if (found := _PRIVATE.match(text))}
    return _shared(heads, counts, min_count)


def n_machines(block: str) -> int:
    """Addresses of a block of IPv4, without those of the network itself and of all its machines."""
    return 254 * 256 ** (3 - block.count("."))


def machines(numbers: Sequence[int], style: str, keyed: Keyed) -> list[str]:
    """Addresses within these networks, no two alike where there is room."""
    blocks, weights = read(style)
    if ":" in blocks[0]:
        spelt = [f"{number:024x}" for number in keyed.shuffle(2**96).all(numbers)]
        parts = (":".join(digits[at : at + 4] for at in range(0, 24, 4)) for digits in spelt)
        return [f"{blocks[0]}:{rest}" for rest in parts]
    chosen = drawn(weights, keyed.part("network").uniform(numbers)).tolist()
    found: list[str] = [""] * len(numbers)
    for which, block in enumerate(blocks):
        own = [place for place, one in enumerate(chosen) if one == which]
        n, n_bytes = n_machines(block), 3 - block.count(".")
        for place, member in zip(own, keyed.shuffle(n).all([numbers[one] for one in own]), strict=True):
            rest, last = divmod(member % n, 254)
            between = [str(byte) for byte in rest.to_bytes(n_bytes, "big")]
            found[place] = block + ".".join([*between, str(last + 1)])
    return found


def told(found: Sequence[tuple[str, int]]) -> str:
    """Texts without blanks and their weights, in one."""
    return " ".join(f"{text}*{weight}" for text, weight in found)


def read(style: str) -> tuple[list[str], list[int]]:
    """What `told` tells; without a weight all are equal.

    Example:
        >>> read("example.com*3 example.org")
        (['example.com', 'example.org'], [3, 1])
    """
    parts = [part.partition("*") for part in style.split()]
    weights = [int(weight) if weight.isdecimal() else 1 for _, _, weight in parts]
    return [text for text, _, _ in parts], [max(1, weight) for weight in weights]

"""Inventions of our own: people, firms, streets and addresses that are nobody's.

Each maker gives the `number`-th of its inventions, no two alike, whatever was learnt from. First names are
few and common to many countries; surnames, firms and streets are put together from syllables and words, so
that none is taken from anybody. Domains and addresses are those that the internet keeps for examples.
"""

from __future__ import annotations

import math
from typing import Final

from gansmith.tabular.columns.identifiers import shuffled

FIRST: Final = (  # noqa: SIM905 - a list of quoted words reads worse
    "Alex Robin Kim Sam Noa Mika Luca Sasha Charlie Jordan Taylor Morgan Casey Riley Jamie Quinn "
    "Avery Rowan Eden Remy Sage Toni Nicola Dana Lee Marlo Ellis Finley Harper Hayden Jules Kai Lane "
    "Lou Micah Nico Pat Reese Skyler Tobin Val Wren Yael Zion Ari Blair Cleo Devon"
).split()
_STARTS: Final = (  # noqa: SIM905 - likewise
    "Bal Bar Bel Ber Bol Bran Cal Cor Dal Dan Del Dor El Fal Fen Gal Gar Gol Hal Har Hol Kal Kar Kel "
    "Kol Lan Lor Mal Mar Mel Mor Nal Nor Ol Pal Pel Pol Ral Ran Rol Sal Sel Sol Stan Tal Tar Tol Ul "
    "Val Ver Vol Wal Wen Wol Yar Zan"
).split()
_ENDS: Final = (  # noqa: SIM905 - likewise
    "aby acott adan agen alond amery andrel aneth arrok asby avell ebeck edick efor egard elwin emsel "
    "endor ensby erran eskin evard ibald igan ilmer indor isko ivern oback odrin omar onsel orden "
    "orvik ossan udell ulvar umber"
).split()
_TREES: Final = (  # noqa: SIM905 - likewise
    "Alder Apple Ash Aspen Beech Birch Cedar Cherry Chestnut Cypress Elder Elm Fig Fir Hawthorn Hazel "
    "Holly Juniper Larch Laurel Lime Linden Maple Mulberry Oak Olive Pear Pine Plum Poplar Quince "
    "Rowan Spruce Walnut Willow Yew"
).split()
_WAYS: Final = ("Street", "Road", "Lane", "Way", "Avenue", "Court", "Drive", "Place")
_TOWNS: Final = tuple(f"{tree}{end}" for end in ("field", "ton", "ford", "wick") for tree in _TREES)
_TRADES: Final = ("Trading", "Works", "Systems", "Logistics", "Foods", "Textiles", "Energy", "Services")


def _split(number: int, *sizes: int) -> list[int]:
    """`number` as a place in each of lists of these sizes, and last how often all of them were used up."""
    lap, place = divmod(number, math.prod(sizes))
    place = shuffled(place, math.prod(sizes))
    places: list[int] = []
    for size in sizes:
        place, part = divmod(place, size)
        places.append(part)
    return [*places, lap]


def initials(number: int) -> str:
    """Middle names as initials: none, A., ..., Z., A. A., ...; no two numbers have the same."""
    letters: list[str] = []
    while number > 0:
        number, letter = divmod(number - 1, 26)
        letters.append(f"{chr(65 + letter)}.")
    return " ".join(reversed(letters))


def surname(number: int) -> str:
    """A surname that is put together from syllables; double ones when single ones are used up."""
    start, end, lap = _split(number, len(_STARTS), len(_ENDS))
    return _STARTS[start] + _ENDS[end] + (f"-{surname(lap - 1)}" if lap else "")


def first_name(number: int) -> str:
    """A first name; double ones when single ones are used up."""
    first, lap = _split(number, len(FIRST))
    return FIRST[first] + (f"-{first_name(lap - 1)}" if lap else "")


def person(number: int) -> tuple[str, str]:
    """First name, with initials when all others are used up, and surname."""
    first, start, end, lap = _split(number, len(FIRST), len(_STARTS), len(_ENDS))
    return f"{FIRST[first]} {initials(lap)}".strip(), _STARTS[start] + _ENDS[end]


def mailbox(number: int) -> str:
    """What stands before the @."""
    first, start, end, lap = _split(number, len(FIRST), len(_STARTS), len(_ENDS))
    return f"{FIRST[first]}.{_STARTS[start]}{_ENDS[end]}{lap or ''}".lower()


def firm(number: int) -> str:
    """A firm without its legal form."""
    start, end, trade, lap = _split(number, len(_STARTS), len(_ENDS), len(_TRADES))
    return f"{_STARTS[start]}{_ENDS[end]} {_TRADES[trade]}" + (f" {lap + 1}" if lap else "")


def street(number: int) -> tuple[int, str]:
    """A house number and a street."""
    house, tree, way, lap = _split(number, 240, len(_TREES), len(_WAYS))
    return house + 1 + 240 * lap, f"{_TREES[tree]} {_WAYS[way]}"


def town(number: int) -> str:
    """A town; they repeat."""
    return _TOWNS[shuffled(number % len(_TOWNS), len(_TOWNS))]


def page(number: int) -> str:
    """The path of a web page."""
    tree, start, end, lap = _split(number, len(_TREES), len(_STARTS), len(_ENDS))
    return f"{_TREES[tree]}/{_STARTS[start]}{_ENDS[end]}".lower() + (f"-{lap}" if lap else "")

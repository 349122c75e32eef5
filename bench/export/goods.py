"""Goods: JSON in a cell, addresses of the shop's own pages, article numbers with a check digit."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from bench.export.checks import Row, form, known, never, no_copy, no_rare, rule, shares, unique, unordered
from bench.export.digits import ean
from bench.export.drawn import chosen, digits, letters

COLOURS: Final = ("black", "blue", "green", "red", "white")
THINGS: Final = {
    "Lamp": "19 %", "Chair": "19 %", "Table": "19 %", "Mug": "19 %", "Rug": "19 %", "Clock": "19 %",
    "Guide": "7 %", "Atlas": "7 %", "Calendar": "7 %", "Tea": "7 %",
}  # fmt: skip
PRODUCTS: Final = {
    f"{colour.title()} {thing}": 1003 + 17 * place
    for place, (thing, colour) in enumerate((thing, colour) for thing in THINGS for colour in COLOURS)
}
RARE: Final = "Golden Throne"
NUMBERS: Final = PRODUCTS | {RARE: 7777}
VATS: Final = THINGS | {"Throne": "19 %"}
SOURCES: Final = {"mail": 40.0, "search": 30.0, "ad": 20.0, "friend": 10.0}
TAGS: Final = ("new", "sale", "gift", "eco")
HOST: Final = "https://shop.example.com/p/"
N_PLANTED: Final = 2
"""Records, the first of each export, with what is too rare to come out."""


def record(rng: Random, k: int, _: Row) -> Row:
    is_rare = k < N_PLANTED
    name = RARE if is_rare else rng.choice(list(PRODUCTS))
    number, slug = NUMBERS[name], name.lower().replace(" ", "-")
    colour, thing = name.split()
    width = rng.randrange(10, 80)
    details: dict[str, Any] = {
        "color": colour.lower(),
        "size": {"w": width, "h": width + rng.randrange(5, 40)},
        "tags": rng.sample(TAGS, rng.choice((0, 1, 1, 2))),
    }
    code = chosen(rng, {"40": 60, "42": 30, "76": 10}) + digits(rng, 10)
    return {
        "product": name,
        "product_no": f"{number}",
        "product_url": f"{HOST}{slug}-{number}?ref={'intranet' if is_rare else chosen(rng, SOURCES)}",
        "details": json.dumps(details | {"owner": "duke"} if is_rare else details),
        "vat": VATS[thing],
        "ean": f"{code}{ean(code)}",
        "shade": f"#{letters(rng, '0123456789abcdef', 6)}",
        "bundle": f"{sorted(rng.sample(range(1, 10), rng.choice((1, 2, 2, 3))))}",
    }


def _details(cell: str) -> dict[str, Any]:
    found = json.loads(cell)
    if set(found) - {"owner"} != {"color", "size", "tags"} or set(found["size"]) != {"w", "h"}:
        raise ValueError(cell)
    return found


def _is_details(cell: str) -> bool:
    found = _details(cell)
    sides = found["size"].values()
    has_sides = all(type(side) is int and 10 <= side < 120 for side in sides)
    return has_sides and found["color"] in {*COLOURS, "golden"} and set(found["tags"]) <= set(TAGS)


def _are_different(values: list[Any]) -> bool:
    return len(values) == len(set(values))


def _is_bundle(cell: str) -> bool:
    values = json.loads(cell)
    return 1 <= len(values) <= 3 and all(type(one) is int and 1 <= one <= 9 for one in values)


CHECKS = (
    known("product", NUMBERS),
    known("product_no", map(str, NUMBERS.values())),
    form("product_url", r"https://shop\.example\.com/p/[a-z]+-[a-z]+-\d{4}\?ref=[a-z]+"),
    form("details", r"\{.*\}", also=_is_details),
    known("vat", ("19 %", "7 %")),
    form("ean", r"(40|42|76)\d{11}", also=lambda cell: ean(cell[:12]) == int(cell[12])),
    unique("ean"),
    form("shade", "#[0-9a-f]{6}"),
    form("bundle", r"\[\d(, \d)*\]", also=_is_bundle),
    rule("product_no: of the product", "product product_no", lambda one, n: NUMBERS[one] == int(n)),
    rule("vat: of the product", "product vat", lambda one, vat: VATS[one.split()[1]] == vat),
    rule("product_url: slug of the product", "product product_url",
         lambda one, url: url[len(HOST) :].startswith(f"{one.lower().replace(' ', '-')}-")),
    rule("product_url: number of the product", "product_no product_url", lambda n, url: f"-{n}?" in url),
    rule("details: colour of the product", "product details",
         lambda one, cell: json.loads(cell)["color"] == one.split()[0].lower()),
    rule("details: higher than wide", "details",
         lambda cell: 5 <= json.loads(cell)["size"]["h"] - json.loads(cell)["size"]["w"] < 40),
    rule("details: no tag twice", "details", lambda cell: _are_different(json.loads(cell)["tags"])),
    rule("bundle: rising", "bundle", lambda cell: json.loads(cell) == sorted(set(json.loads(cell)))),
    shares("product: things", "product", lambda cell: cell.split()[1]),
    shares("product_url: references", "product_url", lambda cell: cell.split("?ref=")[1]),
    shares("details: colours", "details", lambda cell: _details(cell)["color"]),
    shares("details: numbers of tags", "details", lambda cell: len(_details(cell)["tags"])),
    shares("details: tens of width", "details", lambda cell: _details(cell)["size"]["w"] // 10),
    shares("ean: first digits", "ean", lambda cell: cell[:2]),
    shares("ean: last digit but one", "ean", lambda cell: cell[-2]),
    shares("shade: digits", "shade", lambda cell: cell[3]),
    shares("bundle: lengths", "bundle", lambda cell: len(json.loads(cell))),
    never("product: no rare one", "product", "Throne"),
    never("product_url: no rare reference", "product_url", "intranet"),
    never("details: no rare key", "details", "owner|duke|golden"),
    no_rare("product"),
    unordered("ean"),
    unordered("shade"),
    no_copy("ean"),
)  # fmt: skip

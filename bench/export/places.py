"""Places: a post code decides its city, that a state, a number plate and where on the map it lies."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, final

from bench.export.checks import Row, form, known, never, no_rare, rule, shares, unordered
from bench.export.drawn import letters
from bench.export.goods import N_PLANTED


@final
@dataclass(frozen=True)
class City:
    state: str
    plate: str
    latitude: float
    longitude: float
    first_code: int
    step: int
    """Between its post codes, about."""

    def code(self, place: int) -> str:
        return f"{self.first_code + self.step * place + place * place % 7:05}"


CITIES: Final = {
    "Berlin": City("Berlin", "B", 52.52, 13.405, 10115, 127),
    "Hamburg": City("Hamburg", "HH", 53.551, 9.994, 20095, 84),
    "München": City("Bayern", "M", 48.137, 11.575, 80331, 97),
    "Köln": City("Nordrhein-Westfalen", "K", 50.938, 6.96, 50667, 33),
    "Frankfurt am Main": City("Hessen", "F", 50.11, 8.682, 60311, 21),
    "Stuttgart": City("Baden-Württemberg", "S", 48.775, 9.183, 70173, 34),
    "Leipzig": City("Sachsen", "L", 51.34, 12.373, 4103, 17),
    "Dresden": City("Sachsen", "DD", 51.05, 13.737, 1067, 22),
    "Hannover": City("Niedersachsen", "H", 52.376, 9.732, 30159, 37),
    "Nürnberg": City("Bayern", "N", 49.452, 11.077, 90402, 8),
    "Bremen": City("Bremen", "HB", 53.079, 8.802, 28195, 41),
    "Kiel": City("Schleswig-Holstein", "KI", 54.323, 10.123, 24103, 9),
}  # fmt: skip
N_CODES: Final = 12
"""Of each city."""
RARE: Final = "Helgoland"
PLACES: Final = CITIES | {RARE: City("Schleswig-Holstein", "PI", 54.183, 7.886, 27498, 1)}
CITY_OF: Final = {city.code(place): name for name, city in PLACES.items() for place in range(N_CODES)}
STREETS: Final = ("Linden", "Haupt", "Garten", "Schul", "Berg", "Mühlen", "Bahnhof", "Wald", "Rosen", "Kirch")


def record(rng: Random, k: int, _: Row) -> Row:
    common = rng.choices(list(CITIES), [1 / (place + 3) for place in range(len(CITIES))])[0]
    name = RARE if k < N_PLANTED else common
    city = PLACES[name]
    north, east = rng.gauss(city.latitude, 0.04), rng.gauss(city.longitude, 0.05)
    end = rng.choice(("straße", "weg", "allee", "platz"))
    return {
        "street": f"{rng.choice(STREETS)}{end} {rng.randrange(1, 130)}{rng.choice(('', '', '', 'a', 'b'))}",
        "post_code": city.code(rng.randrange(N_CODES)),
        "city": name,
        "state": city.state,
        "geo": f"{north:.4f},{east:.4f}",
        "plate": f"{city.plate}-{letters(rng, 'ABCDEFGHKLMNPRSTUVWXYZ', 2)} {rng.randrange(1, 10000)}",
    }


def _place(cell: str) -> tuple[float, float]:
    north, east = map(float, cell.split(","))
    return north, east


def _is_in_germany(cell: str) -> bool:
    north, east = _place(cell)
    return 47 <= north <= 55.5 and 5.5 <= east <= 15.5


def _is_near(city: str, cell: str) -> bool:
    north, east = _place(cell)
    return abs(north - PLACES[city].latitude) < 0.3 and abs(east - PLACES[city].longitude) < 0.4


CHECKS = (
    form("street", r"[A-ZÄÖÜ][A-Za-zÄÖÜäöüß. -]+ \d{1,3}([a-z]|/\d{1,2})?"),
    known("post_code", CITY_OF),
    known("city", PLACES),
    known("state", {city.state for city in PLACES.values()}),
    form("geo", r"\d\d\.\d{4},\d{1,2}\.\d{4}", also=_is_in_germany),
    form("plate", r"(B|HH|M|K|F|S|L|DD|H|N|HB|KI|PI)-[A-Z]{2} [1-9]\d{0,3}"),
    rule("post_code: of the city", "post_code city", lambda code, city: CITY_OF[code] == city),
    rule("state: of the city", "city state", lambda city, state: PLACES[city].state == state),
    rule("geo: near the city", "city geo", _is_near),
    rule("plate: of the city", "city plate", lambda city, plate: PLACES[city].plate == plate.split("-")[0]),
    shares("city: shares", "city", str),
    shares("geo: degrees north", "geo", lambda cell: cell[:2]),
    shares("plate: last letter", "plate", lambda cell: cell.split(" ")[0][-1]),
    shares("plate: digits", "plate", lambda cell: len(cell.split(" ")[1])),
    unordered("street", r"\d"),
    unordered("plate"),
    never("city: no rare one", "city", "Helgoland"),
    never("geo: not that of a rare city", "geo", r"^54\.\d+,7\."),
    never("plate: not that of a rare city", "plate", "^PI"),
    no_rare("city"),
    no_rare("post_code"),
)  # fmt: skip

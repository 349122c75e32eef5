"""People: names and what is made of them, numbers with check digits, ages of two dates."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from faker.providers.person.de_DE import Provider

from bench.export.checks import (
    Row,
    form,
    gaps,
    known,
    never,
    no_copy,
    no_rare,
    rule,
    shares,
    unique,
    unordered,
)
from bench.export.digits import iban, luhn
from bench.export.drawn import chosen, digits, letters
from bench.export.goods import N_PLANTED
from bench.export.orders import day_of

WOMEN: Final = (
    "Anna", "Birgit", "Claudia", "Emma", "Franziska", "Greta", "Hannah", "Ines", "Julia", "Katharina",
    "Lena", "Marie", "Nina", "Petra", "Sabine", "Sophie", "Ursula", "Vera",
)  # fmt: skip
MEN: Final = (
    "Andreas", "Björn", "Christian", "Dieter", "Emil", "Felix", "Günter", "Hans", "Jakob", "Jörg",
    "Karl", "Lukas", "Markus", "Niklas", "Oliver", "Paul", "Stefan", "Uwe",
)  # fmt: skip
FAMILIES: Final = (
    "Bauer", "Becker", "Braun", "Fischer", "Frank", "Fuchs", "Groß", "Hahn", "Hartmann", "Herrmann",
    "Hoffmann", "Huber", "Jung", "Kaiser", "Keller", "Klein", "Koch", "König", "Köhler", "Krause",
    "Krüger", "Lang", "Lehmann", "Maier", "Mayer", "Meyer", "Möller", "Müller", "Neumann", "Peters",
    "Richter", "Roth", "Schäfer", "Schmidt", "Schneider", "Scholz", "Schröder", "Schulz", "Schwarz",
    "Vogel", "Wagner", "Walter", "Weber", "Weiß", "Werner", "Winkler", "Wolf", "Zimmermann",
)  # fmt: skip
TITLES: Final = {"Frau": {*WOMEN, *Provider.first_names_female}, "Herr": {*MEN, *Provider.first_names_male}}
MAILS: Final = {"example.com": 50.0, "mail.example.org": 30.0, "firma.example.de": 20.0}
CELLS: Final = {"151": 30.0, "160": 20.0, "171": 30.0, "176": 20.0}
BANKS: Final = {"10050000": 40.0, "37040044": 35.0, "70020270": 25.0}
PASSPORT: Final = "0123456789CFGHJKLMNPRTVWXYZ"
CURRENCIES: Final = {
    "de_DE": "EUR",
    "fr_FR": "EUR",
    "en_US": "USD",
    "en_GB": "GBP",
    "pl_PL": "PLN",
    "is_IS": "ISK",
}
LOCALES: Final = {"de_DE": 55.0, "fr_FR": 15.0, "en_US": 15.0, "en_GB": 10.0, "pl_PL": 5.0}
BANDS: Final = ("18-27", "28-35", "36-45", "46-60", "61-90")


def record(rng: Random, k: int, row: Row) -> Row:
    title = rng.choice(("Frau", "Herr"))
    first, last = rng.choice(WOMEN if title == "Frau" else MEN), rng.choice(FAMILIES)
    today = day_of(row["ordered_at"][:10])
    born = today - timedelta(int(365.25 * (18 + 71 * rng.betavariate(2, 3))))
    age, language = _years(born, today), "is_IS" if k < N_PLANTED else chosen(rng, LOCALES)
    return {
        "title": title,
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}",
        "user_name": f"{plain(first)[0]}{plain(last)}{rng.randrange(100):02}",
        "email": f"{plain(first)}.{plain(last)}@{chosen(rng, MAILS)}",
        "phone": f"+49 {chosen(rng, CELLS)} {digits(rng, 7)}",
        "date_of_birth": f"{born}",
        "age": f"{age}",
        "age_band": next(band for band in BANDS if age <= int(band[3:])),
        "passport": "n/a" if rng.random() < 0.12 else rng.choice("CFGHJK") + letters(rng, PASSPORT, 8),
        "iban": _iban(rng),
        "card": _card(rng),
        "newsletter": "Y" if rng.random() < 0.35 else "N",
        "locale": language,
        "currency": CURRENCIES[language],
    }


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _iban(rng: Random) -> str:
    account = chosen(rng, BANKS) + digits(rng, 10)
    return f"DE{iban('DE', account):02}{account}"


def _card(rng: Random) -> str:
    """Visa and Mastercard by fours, American Express by four, six and five."""
    kind = chosen(rng, {"4": 60, "5": 30, "37": 10})
    number = kind + digits(rng, (14 if kind == "37" else 15) - len(kind))
    number += str(luhn(number))
    cuts = (0, 4, 10, 15) if kind == "37" else (0, 4, 8, 12, 16)
    return " ".join(number[low:high] for low, high in pairwise(cuts))


def plain(name: str) -> str:
    """A name in the letters of an address: Müller, mueller."""
    name = name.lower()
    for letter, spelt in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        name = name.replace(letter, spelt)
    return re.sub("[^a-z]", "", unicodedata.normalize("NFD", name))


def _is_named(login: str, last: str) -> bool:
    """Whether one word of a family name stands in it."""
    return any(plain(word) in re.sub("[^a-z]", "", login) for word in re.split("[ -]", last) if len(word) > 2)


def _is_iban(cell: str) -> bool:
    return iban(cell[:2], cell[4:]) == int(cell[2:4])


def _is_card(cell: str) -> bool:
    number = cell.replace(" ", "")
    return luhn(number[:-1]) == int(number[-1])


def _is_in(age: str, band: str) -> bool:
    low, high = map(int, band.split("-"))
    return low <= int(age) <= high


NAME: Final = r"[A-ZÄÖÜ][a-zäöüßé]+([ -][A-ZÄÖÜa-z][a-zäöüßé]*)*"

CHECKS = (
    known("title", TITLES),
    form("first_name", NAME),
    form("last_name", NAME),
    form("full_name", NAME),
    form("user_name", r"[a-z]{3,}\d\d"),
    form("email", r"[a-z-]+\.[a-z.-]+@(example\.com|mail\.example\.org|firma\.example\.de)"),
    form("phone", r"\+49 1(51|60|71|76) \d{7}"),
    form("date_of_birth", r"(19|20)\d\d-\d\d-\d\d", also=day_of),
    form("age", r"1[89]|[2-8]\d"),
    known("age_band", BANDS),
    form("passport", f"[CFGHJK][{PASSPORT}]{{8}}", missing="n/a"),
    form("iban", rf"DE\d\d({'|'.join(BANKS)})\d{{10}}", also=_is_iban),
    unique("iban"),
    form("card", r"[45]\d{3}( \d{4}){3}|37\d\d \d{6} \d{5}", also=_is_card),
    unique("card"),
    known("newsletter", "YN"),
    known("locale", CURRENCIES),
    known("currency", CURRENCIES.values()),
    rule("title: of the first name", "title first_name", lambda title, name: name in TITLES[title]),
    rule("full_name: first and last name", "full_name first_name last_name",
         lambda full, first, last: full == f"{first} {last}"),
    rule("user_name: of the name", "user_name first_name last_name",
         lambda login, first, last: login[0] == plain(first)[0] and _is_named(login, last)),
    rule("email: belongs to the name", "email first_name last_name",
         lambda mail, first, last: plain(first) in mail and _is_named(mail, last)),
    rule("age: of the date of birth at the order", "age date_of_birth ordered_at",
         lambda age, born, at: int(age) == _years(day_of(born), day_of(at[:10]))),
    rule("age_band: of the age", "age age_band", _is_in),
    rule("currency: of the locale", "locale currency", lambda one, currency: CURRENCIES[one] == currency),
    shares("email: hosts", "email", lambda cell: cell.split("@")[1]),
    shares("phone: prefixes", "phone", lambda cell: cell[4:7]),
    shares("date_of_birth: decades", "date_of_birth", lambda cell: cell[:3]),
    shares("passport: first letters", "passport", lambda cell: None if cell == "n/a" else cell[0]),
    shares("passport: last letters", "passport", lambda cell: None if cell == "n/a" else cell[-1]),
    shares("iban: banks", "iban", lambda cell: cell[4:12]),
    shares("card: brands", "card", lambda cell: cell[0]),
    shares("locale: shares", "locale", str),
    unordered("phone"),
    unordered("iban"),
    unordered("card"),
    unordered("passport"),
    gaps("passport"),
    never("locale: no rare one", "locale", "is_IS"),
    never("currency: no rare one", "currency", "ISK"),
    no_rare("locale"),
    no_copy("iban"),
    no_copy("card"),
    no_copy("passport"),
)  # fmt: skip

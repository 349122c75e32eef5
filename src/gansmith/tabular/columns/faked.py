"""Inventions in the manner of a country, by the package `faker`, which comes with the extra `invent`."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from threading import Lock
from typing import Any, Final

from gansmith.errors import UsageError, did_you_mean
from gansmith.tabular.columns.identifiers import shuffled
from gansmith.tabular.columns.neutral import initials

SEMANTIC_TYPES: Final = ("name", "first_name", "last_name", "email", "company", "address")
"""What differs from country to country; the others are spelt as the column's own are."""
_HOUSES: Final = 9_999
_lock: Final = Lock()
"""Between setting the seed of a faker and the last draw."""


@cache
def _faker(locale: str) -> Any:
    try:
        from faker import Faker
        from faker.config import AVAILABLE_LOCALES
    except ImportError as error:
        raise UsageError(
            f"inventing values of the locale {locale!r} needs the package faker: "
            "pip install 'gansmith[invent]'. Without a locale, neutral values are invented."
        ) from error
    if locale not in AVAILABLE_LOCALES:
        raise UsageError(f"There is no locale {locale!r}. {did_you_mean(locale, sorted(AVAILABLE_LOCALES))}")
    return Faker(locale, use_weighting=False)


def check_locale(locale: str) -> None:
    """Nothing, where values of the locale can be invented.

    Raises:
        UsageError: The package is not installed, or knows no such locale.
    """
    _faker(locale)


def fake(semantic_type: str, locale: str, number: int, domain: str, *, is_distinct: bool) -> str:
    """The `number`-th invention of a locale.

    Args:
        semantic_type: One of `SEMANTIC_TYPES`.
        locale: Such as "de_DE".
        number: Of the invention; the same for the same number.
        domain: Of e-mail addresses.
        is_distinct: Whether no two numbers may have the same: they get initials, house or other numbers.

    Raises:
        UsageError: The package is not installed, or knows no such locale.
    """
    with _lock:  # blocks of records are made side by side
        return _fake(_faker(locale), semantic_type, number, number if is_distinct else 0, domain, is_distinct)


def _fake(faker: Any, semantic_type: str, number: int, mark: int, domain: str, is_distinct: bool) -> str:
    faker.seed_instance(number)
    match semantic_type:
        case "name":
            return " ".join(part for part in (faker.first_name(), initials(mark), faker.last_name()) if part)
        case "first_name":
            return " ".join(part for part in (faker.first_name(), initials(mark)) if part)
        case "last_name":
            return faker.last_name() + (f"-{initials(mark).replace('. ', '').rstrip('.')}" if mark else "")
        case "email":
            box = _plain(f"{faker.first_name()}.{faker.last_name()}") or "someone"
            return f"{box}{mark or ''}@{domain}"
        case "company":
            return faker.company() + (f" {mark}" if mark else "")
        case _:
            return _address(str(faker.address()).replace("\n", ", "), mark + is_distinct)


def _address(text: str, mark: int) -> str:
    """An address with a house number of its own."""
    if not mark:
        return text
    lap, place = divmod(mark, _HOUSES)
    house = str(shuffled(place, _HOUSES) + 1) + (f"-{lap}" if lap else "")
    changed = re.sub(r"\d+", house, text, count=1)
    return changed if changed != text or house in text else f"{text} {house}"


def _plain(text: str) -> str:
    """Latin letters and points alone, in small letters."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z.]", "", bare).strip(".")

"""What inventions are made of: names, streets, towns and words in the manner of a country, by Faker.

Of each a pool is drawn once, alike in every process; an invention is a member of it, or a combination of
members of several.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, final

from gansmith.errors import UsageError, did_you_mean

USUAL_LOCALE: Final = "en_US"
"""Whose manner it is where nothing tells."""
N_POOLED: Final = 1_500
"""Draws that make a pool; some are alike."""
N_PLACES: Final = 600
_NOT_LETTERS: Final = re.compile("[^a-z]")
_LONG: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "å": "aa"})
"""Two letters that German and Danish addresses have for one."""


@final
class Place(NamedTuple):
    """A town that may or may not be there."""

    town: str
    state: str
    """Its short form, where the country has such."""
    post_code: str
    country: str


def check_locale(locale: str) -> None:
    """Refuse a locale that Faker does not know.

    Raises:
        UsageError: With the nearest known one.
    """
    from faker.config import AVAILABLE_LOCALES  # takes time to import, and most tables hold nobody

    if locale not in AVAILABLE_LOCALES:
        raise UsageError(f"There is no locale {locale!r}. {did_you_mean(locale, sorted(AVAILABLE_LOCALES))}")


def _faker(locale: str) -> Any:
    """A generator of its own: pools may be filled side by side."""
    check_locale(locale)
    from faker import Faker

    faker = Faker(locale, use_weighting=False)
    faker.seed_instance(0)
    return faker


def provided(name: str, provider: str, locale: str, seeds: Sequence[int]) -> list[str]:
    """What one of Faker's providers makes of each seed, for the column of that name.

    Raises:
        UsageError: There is no such provider, or it needs to be told more.
    """
    faker = _faker(locale)
    known = {method for one in faker.get_providers() for method in dir(one) if method[0] != "_"}
    if provider not in known:
        near = did_you_mean(provider, sorted(known))
        raise UsageError(f"column {name!r}: Faker has no provider {provider!r}. {near}")
    draw: Callable[[], object] = getattr(faker, provider)
    texts: list[str] = []
    for seed in seeds:
        faker.seed_instance(seed)
        try:
            texts.append(str(draw()))
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                f"column {name!r}: Faker's {provider!r} makes nothing by itself ({error}). Choose another."
            ) from error
    return texts


@cache
def pool(locale: str, what: str) -> tuple[str, ...]:
    """Different members of a kind, such as "last_name"; names differ in plain letters, too."""
    draw: Callable[[], str] = getattr(_faker(locale), what)
    drawn = dict.fromkeys(str(draw()) for _ in range(N_POOLED))
    if what not in ("first_name", "last_name"):
        return tuple(drawn)
    return tuple({plain(text) or text: text for text in reversed(drawn)}.values())


@cache
def plain_pool(locale: str, what: str) -> tuple[str, ...]:
    """The members of `pool` as parts of addresses: small Latin letters, no two alike.

    Names of other alphabets are stood in for by such as the usual locale has.
    """
    spelt = [plain(text) for text in pool(locale, what)]
    if all(len(text) > 1 for text in spelt):
        return tuple(spelt)
    others = (text for text in plain_pool(USUAL_LOCALE, what) if text not in set(spelt))
    return tuple(text if len(text) > 1 else next(others, f"x{number}") for number, text in enumerate(spelt))


@cache
def plain_words() -> tuple[str, ...]:
    """Words of the usual language in small Latin letters."""
    return tuple(dict.fromkeys(text for word in pool(USUAL_LOCALE, "word") if len(text := plain(word)) > 2))


@cache
def places(locale: str) -> tuple[Place, ...]:
    """Towns, each with its own state and post code, no two towns alike."""
    faker = _faker(locale)
    country = str(faker.current_country()) if locale != "en_US" else "USA"
    found: dict[str, Place] = {}
    for _ in range(N_PLACES):
        town, state = str(faker.city()), ""
        for what in ("state_abbr", "province_abbr", "estado_sigla", "state", "region", "province"):
            if callable(draw := getattr(faker, what, None)):
                state = str(draw())
                break
        in_state = getattr(faker, "postcode_in_state", None)
        try:
            code = str(in_state(state)) if callable(in_state) and len(state) == 2 else str(faker.postcode())
        except Exception:  # noqa: BLE001 - territories that the package has no post codes of
            code = str(faker.postcode())
        found.setdefault(town, Place(town, state, code, country))
    return tuple(found.values())


def plain(text: str, *, is_long: bool = False) -> str:
    """Small Latin letters alone.

    Args:
        text: A name.
        is_long: Whether umlauts and the like become two letters.

    Example:
        >>> plain("O'Brien-Müller"), plain("Müller", is_long=True)
        ('obrienmuller', 'mueller')
    """
    if text.isascii():
        return _NOT_LETTERS.sub("", text.lower())
    if is_long:
        text = unicodedata.normalize("NFC", text.lower()).translate(_LONG)
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return _NOT_LETTERS.sub("", bare)

"""In which country a table's people live: found from phone numbers, domains, streets, post codes and names.

Each kind of evidence gives its share of the cells to the locales that it speaks for. One is found where it
has enough of it and clearly more than any other; else nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

import pyarrow as pa

from gansmith.tabular.schema import Column

N_LOOKED_AT: Final = 500
MIN_EVIDENCE: Final = 0.45
MIN_LEAD: Final = 1.25
"""How many times the evidence of any other locale the found one must have."""
MIN_REASON: Final = 0.1
"""Evidence for the found locale that a column must give to be named."""
Evidence = dict[str, float]
"""By locale, 0 to 1 for each column."""
_COUNTRIES: Final[Mapping[str, tuple[str, str]]] = {
    "de_DE": ("49", "de"), "de_AT": ("43", "at"), "de_CH": ("41", "ch"), "fr_FR": ("33", "fr"),
    "nl_BE": ("32", "be"), "nl_NL": ("31", "nl"), "es_ES": ("34", "es"), "it_IT": ("39", "it"),
    "en_GB": ("44", "uk"), "pl_PL": ("48", "pl"), "cs_CZ": ("420", "cz"), "sk_SK": ("421", "sk"),
    "hu_HU": ("36", "hu"), "da_DK": ("45", "dk"), "sv_SE": ("46", "se"), "no_NO": ("47", "no"),
    "fi_FI": ("358", "fi"), "pt_PT": ("351", "pt"), "pt_BR": ("55", "br"), "es_MX": ("52", "mx"),
    "es_AR": ("54", "ar"), "el_GR": ("30", "gr"), "tr_TR": ("90", "tr"), "ru_RU": ("7", "ru"),
    "uk_UA": ("380", "ua"), "ja_JP": ("81", "jp"), "ko_KR": ("82", "kr"), "zh_CN": ("86", "cn"),
    "en_IN": ("91", "in"), "en_AU": ("61", "au"), "en_NZ": ("64", "nz"), "en_IE": ("353", "ie"),
    "ro_RO": ("40", "ro"), "hr_HR": ("385", "hr"), "sl_SI": ("386", "si"), "bg_BG": ("359", "bg"),
    "en_US": ("1", "us"),
}  # fmt: skip
"""The prefix of a country's phone numbers, and the end of its domains, by locale."""
_STREETS: Final[Mapping[str, str]] = {
    "de_DE": r"(?i)stra(?:ß|ss)e\b|str\.|(?:weg|platz|allee|gasse|ring)\b \d",
    "fr_FR": r"(?i)\b(?:rue|avenue d|boulevard d|impasse|chemin|allée)\b",
    "es_ES": r"(?i)\b(?:calle|avenida|paseo|plaza|c/)",
    "it_IT": r"(?i)\b(?:via|viale|corso|piazza|vicolo|largo|strada) ",
    "nl_NL": r"(?i)[a-z](?:straat|laan|weg|plein|gracht|kade)\b",
    "pt_BR": r"(?i)\b(?:rua|travessa|alameda|avenida)\b",
    "pl_PL": r"(?i)\b(?:ul\.|al\.|ulica|aleja|plac)",
    "sv_SE": r"(?i)[a-zåäö](?:gatan|vägen|gränd|stigen)\b",
    "da_DK": r"(?i)[a-zæøå](?:vej|gade|stræde|allé)\b",
    "en_US": r"(?i)\b(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|blvd|court|ct|suite|apt)\b\.?",
}
_CODES: Final[Mapping[str, str]] = {
    "en_GB": r"\b[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}\b",
    "nl_NL": r"\b[1-9][0-9]{3} ?[A-Z]{2}\b",
    "en_CA": r"\b[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]\b",
    "pl_PL": r"\b[0-9]{2}-[0-9]{3}\b",
    "pt_BR": r"\b[0-9]{5}-[0-9]{3}\b",
    "pt_PT": r"\b[0-9]{4}-[0-9]{3}\b",
    "en_US": r"\b[A-Z]{2},? [0-9]{5}(?:-[0-9]{4})?\b",
}
_BY_NAME: Final = (
    "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "pl_PL", "cs_CZ", "hu_HU",
    "da_DK", "sv_SE", "no_NO", "fi_FI", "tr_TR", "ru_RU", "ja_JP", "zh_CN", "ko_KR", "el_GR", "uk_UA",
    "ro_RO",
)  # fmt: skip
MORE_OF_LANGUAGE: Final = 0.9
"""Evidence of a language speaks so much for its other countries, so that evidence of one of these decides."""
_POSTAL: Final = re.compile("post.?code|postal|zip|^plz$|address|addr|adresse|street", re.IGNORECASE)


def found_locale(columns: Sequence[tuple[Column, pa.Array | pa.ChunkedArray]]) -> tuple[str, tuple[str, ...]]:
    """The locale of the people in a table, and the columns that say so; empty where nothing is clear.

    Args:
        columns: What is known of each column, and its values.
    """
    total: Evidence = {}
    reasons: dict[str, Evidence] = {}
    for column, values in columns:
        if pa.types.is_string(values.type):
            reasons[column.name] = _evidence(column, _texts(values))
            for locale, share in reasons[column.name].items():
                total[locale] = total.get(locale, 0.0) + share
    if not total or (most := max(total.values())) < MIN_EVIDENCE:
        return "", ()
    likely = [locale for locale, share in total.items() if most < MIN_LEAD * share]
    if len({locale[:2] for locale in likely}) > 1:
        return "", ()
    best = max(total, key=lambda locale: total[locale])
    if len(likely) > 1:  # the language is clear, the country is not: its largest
        best = next((locale for locale in _BY_NAME if locale in likely), best)
    return best, tuple(name for name, found in reasons.items() if found.get(best, 0) >= MIN_REASON)


def _texts(values: pa.Array | pa.ChunkedArray) -> list[str]:
    some = values.slice(0, 4 * N_LOOKED_AT).drop_null().unique()
    return cast("list[str]", some.slice(0, N_LOOKED_AT).to_pylist())


def _evidence(column: Column, texts: Sequence[str]) -> Evidence:
    """How much the cells of a column speak for each locale, 0 to 1."""
    match column.semantic_type:
        case "phone":
            return _shares([_by_prefix(text) for text in texts])
        case "email" | "url":
            ends = {end: locale for locale, (_, end) in _COUNTRIES.items()}
            found = (re.search(r"\.([a-z]{2})(?:[/:].*)?$", text.casefold()) for text in texts)
            return _shares([ends.get(one[1], "") if one else "" for one in found])
        case "address":
            return _of_language(_matching(texts, {**_CODES, **_STREETS}))
        case "name":
            return _by_names([_first_and_last(text) for text in texts])
        case "first_name":
            return _by_names([(text.casefold(), "") for text in texts])
        case "last_name":
            return _by_names([("", text.casefold()) for text in texts])
        case _:
            return _matching(texts, _CODES) if _POSTAL.search(column.name) else {}


def _shares(locales: Sequence[str]) -> Evidence:
    """How often each locale is told; the empty one is none."""
    counted = Counter(locales)
    return {locale: count / len(locales) for locale, count in counted.items() if locale}


def _of_language(shares: Evidence) -> Evidence:
    """With the other countries of each language."""
    found: Evidence = {}
    for locale in (*_COUNTRIES, "en_CA"):
        same = [
            share * (1 if one == locale else MORE_OF_LANGUAGE)
            for one, share in shares.items()
            if one[:2] == locale[:2]
        ]
        if same:
            found[locale] = max(same)
    return found


def _matching(texts: Sequence[str], patterns: Mapping[str, str]) -> Evidence:
    """The share of the texts that each locale's pattern is found in."""
    n = max(1, len(texts))
    shares = {
        locale: sum(re.search(pattern, text) is not None for text in texts) / n
        for locale, pattern in patterns.items()
    }
    return {locale: share for locale, share in shares.items() if share}


def _by_prefix(text: str) -> str:
    """The locale of the country that an international number belongs to; empty: it is none."""
    if not text.startswith(("+", "00")):
        return ""
    digits = re.sub("[^0-9]", "", text)
    digits = digits[2:] if text.startswith("00") else digits
    fitting = [locale for locale, (prefix, _) in _COUNTRIES.items() if digits.startswith(prefix)]
    return max(fitting, key=lambda locale: len(_COUNTRIES[locale][0]), default="")


def _by_names(names: Sequence[tuple[str, str]]) -> Evidence:
    """How many people have a name that few countries know; each name's evidence is shared among these."""
    found: Evidence = {}
    for pair in names:
        parts = [(place, name) for place, name in enumerate(pair) if name]
        for place, name in parts:
            known = [locale for locale in _BY_NAME if name in _known_names(locale)[place]]
            for locale in known:
                found[locale] = found.get(locale, 0.0) + 1 / len(known) / len(parts)
    return _of_language({locale: share / len(names) for locale, share in found.items()})


def _first_and_last(text: str) -> tuple[str, str]:
    last, comma, first = text.casefold().partition(",")
    words = (first if comma else last).split()
    return (words[0], last if comma else words[-1]) if words else ("", "")


@cache
def _known_names(locale: str) -> tuple[frozenset[str], frozenset[str]]:
    """First and last names of a country in small letters, as Faker lists them."""
    provider: Any = import_module(f"faker.providers.person.{locale}").Provider
    listed: list[frozenset[str]] = []
    for what in ("first_name", "last_name"):
        names: set[str] = set()
        for end in ("s", "s_male", "s_female"):
            some = getattr(provider, what + end, ())
            names.update(str(one).casefold() for one in some)
        listed.append(frozenset(names))
    return listed[0], listed[1]

"""What texts look like: e-mail addresses, names of people, phone numbers, ...

Most such cells give people away and nothing can be learnt from them, so they are invented anew. What a column
is called is a hint and never enough: its cells must be spelt so, too.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from stdnum import luhn

from gansmith.tabular.cells import matches, strings
from gansmith.tabular.schema import SemanticType

_SAMPLE: Final = 500
_SURE: Final = 0.95
_MOST: Final = 0.7
EMAIL: Final = r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}$"
LINK: Final = r"^(?:[a-z]{3,6}://|www\.)\S+$"
UUID: Final = r"(?i)^\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?$"
_IP: Final = (
    r"^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}"
    r"|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7})$"
)
_MAC: Final = r"^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}$"
_USER: Final = r"^[a-z]+[._-]?[a-z]+[0-9]{0,5}$"
_IBAN: Final = r"^[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}$"
_HOST: Final = r"^(?P<host>(?:[a-z]{3,6}://)?[^/?#]+)(?:[/?#]|$)"
_CARD: Final = r"^[0-9]{4}(?:[ -]?[0-9]){9,15}$"
_PHONE: Final = (
    r"^(?:\+|00)?[0-9 ]{0,4}[ (./-]{0,2}[0-9][0-9 ()./-]{4,16}[0-9](?: ?(?:x|ext\.?) ?[0-9]{1,5})?$"
)
_SURE_PHONE: Final = r"^\+[0-9]|^\(0?[0-9]{2,4}\) ?[0-9]{3,4}[ -][0-9]"
_PERSON: Final = (
    r"^\p{L}[^\d_,;/]{0,24}(?:,? [^\d_,;/ ]{1,24}){1,8}[0-9]{0,4}$"  # also Braund, Mr. Owen Harris
)
_SINGLE: Final = r"^(?:\p{Ll}{1,5}[ '’]){0,3}[\p{Lu}\p{Lo}]\p{L}*(?:[ '’.-]\p{L}+){0,3}[0-9]{0,4}$"
_TITLED: Final = re.compile(
    r"(?:^|[ ,])(?:Mr|Mrs|Ms|Miss|Master|Dr|Prof|Herr|Frau|Rev|Sir|Mme|Mlle|Sr|Sra)\.? "
)
_STREET: Final = (
    r"(?i)^[0-9]+[a-z]?,? .*\b(?:st|street|ave|avenue|rd|road|way|lane|ln|drive|dr|blvd|boulevard|"
    r"court|ct|place|pl|square|sq|terrace|close|path|row|rue|via)\b|(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse)"
    r" [0-9]+|\b(?:rue|via|calle|avenida|rua) .*[0-9]"
)
_PLACE: Final = r"^.*[^\W\d_]{2}.*[0-9]|^[0-9].*[^\W\d_]{2}"
_FIRM: Final = (
    r"(?i)\b(?:inc|ltd|llc|gmbh|ag|corp|corporation|plc|s\.?a\.?|b\.?v\.?|co|company|group|kg|s\.?r\.?l|oy|ab|"
    r"holdings?|limited|partners|associates)\.?$|(?:,| and | & | - )"
)
_HINTS: Final[dict[SemanticType, re.Pattern[str]]] = {
    "phone": re.compile("phone|mobile|handy|cell|fax|telefon|^tel|_tel|contact"),
    "card": re.compile("card|cc|pan|kredit"),
    "name": re.compile(
        "full.?name|^name$|person|customer|client|patient|author|director|employee|contact|owner|passenger|holder|"
        "student|teacher|artist|player|doctor|driver|manager|user.?name|agent|witness|recipient|sender|member"
    ),
    "username": re.compile("user.?name|^user$|login|nick|handle|screen.?name|benutzer|utente|usuario"),
    "first_name": re.compile("^(?:first|given|fore)[ _.-]?(?:names?)?$|^fname|^vorname|^pr[eé]nom|^nombre$"),
    "last_name": re.compile(
        "^(?:last|sur|family|maiden)[ _.-]?(?:names?)?$|^lname|^nachname|^apellido|^cognome"
    ),
    "address": re.compile("address|addr|street|adresse|stra(?:ss|ß)e|direcci|indirizzo|residence"),
    "company": re.compile(
        "company|employer|organi[sz]ation|firm|supplier|vendor|customer|client|business|account"
    ),
}
_NOT_PEOPLE: Final = re.compile(
    "product|item|file|company|city|country|street|event|team|brand|model|id$|number|no$"
)
_FIRST_NAMES: Final = frozenset(
    (  # noqa: SIM905 - a list of quoted words reads worse
        "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew "
        "Anthony Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy "
        "Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin "
        "Samuel Frank Gregory Raymond Alexander Patrick Jack Dennis Jerry Tyler Aaron Jose Adam Henry "
        "Nathan Peter Zachary Kyle Walter Harold Jeremy Ethan Carl Keith Roger Gerald Christian Terry "
        "Sean Arthur Austin Noah Lawrence Jesse Joe Bryan Billy Jordan Albert Dylan Bruce Willie Gabriel "
        "Alan Juan Logan Wayne Ralph Roy Eugene Randy Vincent Russell Louis Philip Bobby Johnny Bradley "
        "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty "
        "Margaret Sandra Ashley Kimberly Emily Donna Michelle Carol Amanda Dorothy Melissa Deborah "
        "Stephanie Rebecca Sharon Laura Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma "
        "Nicole Helen Samantha Katherine Christine Debra Rachel Carolyn Janet Catherine Maria Heather "
        "Diane Ruth Julie Olivia Joyce Virginia Victoria Kelly Lauren Christina Joan Evelyn Judith Megan "
        "Andrea Cheryl Hannah Jacqueline Martha Gloria Teresa Ann Sara Madison Frances Kathryn Janice "
        "Jean Abigail Alice Julia Judy Sophia Grace Denise Amber Doris Marilyn Danielle Beverly Isabella "
        "Theresa Diana Natalie Brittany Charlotte Marie Kayla Alexis Lori Hans Wolfgang Klaus Jürgen "
        "Dieter Manfred Uwe Günter Stefan Andreas Karl Anke Sabine Petra Monika Ursula Claudia Birgit "
        "Pierre Michel André Philippe Alain Nicolas Luc Claire Sophie Camille Isabelle Nathalie Giovanni "
        "Giuseppe Marco Luca Francesco Giulia Chiara Paolo Carlos Luis Antonio Manuel Miguel Pedro Javier "
        "Fernando Diego Pablo Jorge Carmen Ana Lucía Sofía Elena João Rafael Lucas Mateus Ivan Sergei "
        "Olga Natalia Dmitri Anastasia Mohammed Muhammad Mohamed Ahmed Ali Omar Fatima Aisha Hassan "
        "Hussein Ibrahim Yusuf Raj Amit Anil Sanjay Rahul Priya Anita Sunita Wei Li Yan Hiroshi Yuki "
        "Kenji Sakura Minh Nguyen Kim Jin Lars Erik Anders Björn Ingrid Astrid Jan Piotr Katarzyna Pavel "
        "Petr Eva Martin Tomas Simon Oliver Leo Max Felix"
    ).split()
)
"""First names that are common somewhere: a column with many of them is likely to hold people."""


def sure_semantic_type(name: str, cells: pa.Array) -> SemanticType | None:
    """What the cells must be by how they are spelt: e-mail, IBAN, card or phone number; None: nothing such.

    Args:
        name: What the column is called.
        cells: Distinct trimmed cells that are not missing.
    """
    sample = cells.slice(0, _SAMPLE)
    if not len(sample):
        return None
    if _share(sample, EMAIL) >= _SURE:
        return "email"
    if _are_accounts(sample):
        return "iban"
    if _are_cards(sample):
        return "card"
    return "phone" if _is_phone(name, sample) else None


def likely_semantic_type(name: str, cells: pa.Array) -> SemanticType | None:
    """What cells that hardly repeat are by how they are spelt and the column's name; None: nothing such.

    Args:
        name: What the column is called.
        cells: Distinct trimmed cells that are not missing.
    """
    sample = cells.slice(0, _SAMPLE)
    plain: tuple[tuple[str, SemanticType], ...] = (
        (LINK, "url"), (_MAC, "mac"), (_IP, "ip"), (UUID, "uuid"),
    )  # fmt: skip
    for pattern, semantic_type in plain:
        if _share(sample, pattern) >= _SURE:
            return None if _is_own(sample, semantic_type) else semantic_type
    if _share(sample, _STREET) >= _MOST or (_hints("address", name) and _share(sample, _PLACE) >= _MOST):
        return "address"
    firms = _share(sample, _FIRM)
    if _hints("company", name) and firms >= 0.3:
        return "company"
    if _hints("username", name) and _share(sample, _USER) >= _SURE:
        return "username"
    return _person(name, sample)


def _is_own(sample: pa.Array, semantic_type: SemanticType) -> bool:
    """Whether these are links that nearly all lead to one place."""
    hosts = pc.extract_regex(sample, pattern=_HOST)
    if semantic_type != "url" or hosts.null_count == len(hosts):
        return False
    counts = pc.value_counts(pc.struct_field(hosts, "host").drop_null()).field("counts")
    return pc.max(counts).as_py() >= _SURE * len(sample)


def _person(name: str, sample: pa.Array) -> SemanticType | None:
    words = [set(map(_as_name, re.findall(r"[^\W\d_]+", cell))) for cell in strings(sample)]
    known = sum(bool(_FIRST_NAMES & some) for some in words) / max(1, len(words))
    if _share(sample, _SINGLE) >= _SURE:
        if _hints("last_name", name):
            return "last_name"
        if _hints("first_name", name) and known >= 0.02:
            return "first_name"
    titled = sum(_TITLED.search(cell) is not None for cell in strings(sample)) / max(1, len(sample))
    if max(known, titled) < (0.1 if _hints("name", name) else 0.6) or _NOT_PEOPLE.search(name.casefold()):
        return None
    return "name" if _share(sample, _PERSON) >= _MOST else None


def _as_name(word: str) -> str:
    """A word in the letters of a name: registers shout."""
    return word.capitalize() if word.isupper() else word


def _hints(semantic_type: SemanticType, name: str) -> bool:
    snake = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).casefold()
    return _HINTS[semantic_type].search(snake) is not None


def _share(sample: pa.Array, pattern: str) -> float:
    return float(matches(sample, pattern).mean()) if len(sample) else 0.0


def _is_phone(name: str, sample: pa.Array) -> bool:
    if _share(sample, _PHONE) < _SURE:
        return False
    n_digits = [sum(letter.isdigit() for letter in cell) for cell in strings(sample)]
    if not all(7 <= n <= 20 for n in n_digits):
        return False
    return _share(sample, _SURE_PHONE) >= _MOST or (_hints("phone", name) and min(n_digits) >= 9)


def _are_accounts(sample: pa.Array) -> bool:
    if _share(sample, _IBAN) < _SURE:
        return False
    from stdnum import iban  # takes time to import, and hardly a column is of these

    return all(iban.is_valid(cell, check_country=False) for cell in strings(sample))


def _are_cards(sample: pa.Array) -> bool:
    """Whether cells are numbers of credit cards: all pass the check of Luhn, which one in ten does."""
    if len(sample) < 8 or _share(sample, _CARD) < 1:
        return False
    return all(luhn.is_valid(re.sub("[ -]", "", cell)) for cell in strings(sample))

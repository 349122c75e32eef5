from __future__ import annotations

import pyarrow as pa
import pytest

from gansmith.tabular.columns.semantic_types import likely_semantic_type, sure_semantic_type

FIRST = ["Anna", "Peter", "Maria", "John", "Laura", "Hans", "Eva", "Omar"]
LAST = ["Schmidt", "Okafor", "Rossi", "Novak", "Haddad", "Larsen", "Mbeki"]
PEOPLE = [f"{first} {last}" for first in FIRST for last in LAST]
STREETS = [f"{n} {last} Street" for n, last in enumerate(LAST * 9, start=1)]
CARDS = ["4111111111111111", "5500005555555559", "340000000000009", "30000000000004", "6011000000000004",
         "4012888888881881", "5105105105105100", "371449635398431"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cells", "semantic_type"),
    [
        ("x", ["a.b@corp.com", "c+d@mail.co.uk"], "email"),
        ("x", ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"], "iban"),
        ("x", CARDS, "card"),
        ("x", ["+49 30 1234567", "+1 212 555 0100"], "phone"),
        ("x", ["(212) 555-0100", "(312) 555-0199"], "phone"),
        ("mobile", ["0301234567", "0309876543"], "phone"),
        ("x", ["0301234567", "0309876543"], None),
        ("phone", ["red", "blue"], None),
        ("email", ["yes", "no"], None),
        ("x", ["DE00370400440532013000"], None),
        ("x", ["1234567890123456"] * 8, None),
        ("x", [], None),
    ],
)
def test_what_gives_people_away_is_known_by_its_look(name, cells, semantic_type):
    assert sure_semantic_type(name, pa.array(cells, pa.string())) == semantic_type


@pytest.mark.parametrize(
    ("name", "cells", "semantic_type"),
    [
        ("x", ["https://corp.com/a", "http://b.org"], "url"),
        ("x", ["10.0.0.1", "192.168.255.3"], "ip"),
        ("x", ["2001:db8::1", "fe80:0:0:0:1:2:3:4"], "ip"),
        ("x", ["7d444840-9dc0-11d1-b245-5ffdce74fad2"], "uuid"),
        ("customerName", PEOPLE, "name"),
        ("Name", [f"{last}, Mr. {first}" for last in LAST for first in FIRST], "name"),
        ("x", PEOPLE, "name"),
        ("product_name", PEOPLE, None),
        ("name", ["Red Apple", "Green Pear", "Blue Plum"], None),
        ("first_name", FIRST, "first_name"),
        ("given name", ["red", "blue"], None),
        ("surname", LAST, "last_name"),
        ("x", LAST, None),
        ("x", STREETS, "address"),
        ("home_address", ["Lindenweg 5, 10115 Berlin", "Ahornallee 12, 20095 Hamburg"], "address"),
        ("address", ["north", "south"], None),
        ("employer", ["Acme Ltd", "Widget GmbH", "Solo"], "company"),
        ("x", ["Acme Ltd", "Widget GmbH"], None),
    ],
)
def test_what_hardly_repeats_is_known_by_its_look_and_name(name, cells, semantic_type):
    assert likely_semantic_type(name, pa.array(cells, pa.string())) == semantic_type

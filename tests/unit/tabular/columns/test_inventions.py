"""Inventions: nobody's, as different as the real ones were, a function of their number alone."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.invented import InventedCodec
from gansmith.tabular.columns.semantic_types import likely_semantic_type, sure_semantic_type
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import SEMANTIC_TYPES, Column, SemanticType

FIRST = ["Anna", "Peter", "Maria", "John", "Laura", "Hans", "Eva", "Omar"]
LAST = ["Schmidt", "Okafor", "Rossi", "Novak", "Haddad", "Larsen", "Mbeki"]
REAL = {
    "email": [f"{first}.{last}{n}@example.com" for n in range(3) for first in FIRST for last in LAST],
    "name": [f"{first} {chr(65 + n)}. {last}" for n in range(9) for first in FIRST for last in LAST],
    "first_name": FIRST,
    "last_name": LAST,
    "address": [f"{n} {last} Street" for n in range(1, 40) for last in LAST],
    "phone": [f"+49 30 {n:07}" for n in range(1_000_000, 9_000_000, 9_973)],
    "company": [f"{last} {n} GmbH" for last in LAST for n in range(9)],
    "url": [f"https://corp{n % 7}.com/p/{n}" for n in range(100)],
    "ip": [f"10.0.{n}.{n}" for n in range(100)],
    "iban": [f"DE{n:020}" for n in range(10**17, 10**18, 9 * 10**15)],
    "card": [f"4{n:015}" for n in range(10**14, 10**15, 9 * 10**12)],
    "uuid": [f"7d444840-9dc0-11d1-b245-{n:012x}" for n in range(100)],
    "username": [f"{first[0]}{last}{n}".lower() for n in range(10, 12) for first in FIRST for last in LAST],
    "mac": [f"3c:22:fb:{n:02x}:{7 * n % 256:02x}:{31 * n % 256:02x}" for n in range(100)],
    "": [f"AB/{n:05}" for n in range(10_000, 90_000, 977)],
}
NEWER = {"weights", "handles", "n_digits", "is_padded", "person", "by", "named", "is_long", "owner", "owners"}
"""What codecs of older files do not hold."""


def codec_of(
    semantic_type: SemanticType | Literal[""],
    cells: Sequence[str | None],
    locale: str = "",
    min_count: int = 1,
) -> InventedCodec:
    column = Column("x", "invented", semantic_type=semantic_type, locale=locale)
    return InventedCodec.fit(pa.array(cells, pa.string()), column, Fitting(min_count))


def made(codec: InventedCodec, n: int, first_index: int = 0, seed: int = 0) -> list[str]:
    codes, levels = np.ones(n, np.int64), np.zeros(n, np.float32)
    return codec.decode(
        codes, levels, np.random.default_rng(), Keyed(first_index=first_index).part(str(seed))
    ).to_pylist()


@pytest.mark.parametrize("semantic_type", REAL)
def test_no_two_are_alike_where_no_two_real_ones_were_and_none_is_real(semantic_type):
    codec = codec_of(semantic_type, REAL[semantic_type])
    fakes = made(codec, 5000)
    assert codec.is_distinct
    assert len(set(fakes)) == len(fakes)
    if semantic_type not in (
        "first_name",
        "last_name",
        "phone",
        "card",
        "iban",
        "username",
        "ip",
        "mac",
        "",
    ):  # small domains, where chance meets them
        assert not set(fakes) & set(REAL[semantic_type])


@pytest.mark.parametrize("semantic_type", REAL)
def test_a_block_is_a_function_of_its_number(semantic_type):
    codec = codec_of(semantic_type, REAL[semantic_type])
    assert made(codec, 50)[20:] == made(codec, 30, first_index=20)


@pytest.mark.parametrize(
    "semantic_type",
    [semantic_type for semantic_type in REAL if semantic_type not in ("", "first_name", "last_name")],
)
def test_what_is_invented_looks_so(semantic_type):
    cells = pa.array(made(codec_of(semantic_type, REAL[semantic_type]), 200))
    names = {"company": "employer", "name": "name", "address": "address", "username": "login"}
    name = names.get(semantic_type, "x")
    if semantic_type == "url":
        assert all(cell.startswith("https://www.example.com/") for cell in cells.to_pylist())
    elif semantic_type == "name":
        assert all(re.fullmatch(r"\w+( [A-Z]\.)* \w+", cell) for cell in cells.to_pylist())
    else:
        assert (sure_semantic_type(name, cells) or likely_semantic_type(name, cells)) == semantic_type


def test_every_look_can_be_invented():
    assert set(SEMANTIC_TYPES) < set(REAL)


def test_values_repeat_as_often_as_the_real_ones_did():
    cells = ["a@b.com"] * 600 + ["c@d.com"] * 300 + [f"{n}@e.com" for n in range(100)]
    codec = codec_of("email", cells)
    values, counts = np.unique(made(codec, 4000), return_counts=True)
    assert not codec.is_distinct
    assert len(values) <= 102
    assert np.sort(counts)[::-1][:2] / 4000 == pytest.approx([0.6, 0.3], abs=0.05)
    assert len(np.unique(made(codec, 100, seed=1))) < 60


def test_missing_cells_are_learnt():
    codec = codec_of("email", ["a@b.com", None, "c@d.com"])
    codes, _ = codec.encode(pa.array([None, "a@b.com"]), np.random.default_rng(0))
    assert (codec.n_states, codes.tolist()) == (2, [0, 1])
    got = codec.decode(np.array([0, 1]), np.zeros(2, np.float32), np.random.default_rng(0), Keyed())
    assert got.is_null().to_pylist() == [True, False]


def test_the_column_s_own_spelling_is_kept():
    assert re.fullmatch(
        r"[\w-]+, [\w .]+", made(codec_of("name", ["Braund, Mr. Owen", "Heikkinen, Laina"]), 1)[0]
    )
    assert made(codec_of("name", ["ANNA ROSSI", "EVA NOVAK"]), 1)[0].isupper()
    assert all(cell.startswith("+49 30 ") for cell in made(codec_of("phone", REAL["phone"]), 50))
    assert re.fullmatch(r"[A-Z]\w+ \w+ \d+", made(codec_of("address", ["Hauptstr. 1", "Lindenweg 22"]), 1)[0])
    assert re.fullmatch(
        r"\d+ .*, [A-Z]{2} \d{5}",
        made(codec_of("address", ["1 Main St, Rome, GA 30149", "2 Elm St, Oslo, MN 56744"]), 1)[0],
    )
    assert made(codec_of("company", REAL["company"]), 1)[0].endswith(" GmbH")
    assert made(codec_of("uuid", [REAL["uuid"][0].upper()]), 1)[0].isupper()


def test_addresses_are_those_kept_for_examples_or_private_networks():
    hosts = ["corp.com"] * 60 + ["mail.corp.com"] * 30 + ["example.de"] * 10 + ["own.net"]
    real = [f"a{k}@{host}" for k, host in enumerate(hosts)]
    found = Counter(cell.partition("@")[2] for cell in made(codec_of("email", real, min_count=5), 1_000))
    assert found.keys() == {"example.com", "example.org", "example.de"}
    assert found["example.com"] / 1_000 == pytest.approx(0.6, abs=0.05)
    assert all(cell.endswith("@example.com") for cell in made(codec_of("email", REAL["email"]), 20))
    public = [f"8.8.{n}.{n}" for n in range(100)]
    assert all(cell.startswith("10.") for cell in made(codec_of("ip", public), 50))
    for cell in made(codec_of("ip", ["2001:db8::1", "fe80::1"]), 50):
        assert ipaddress.ip_address(cell) in ipaddress.ip_network("2001:db8::/32")


@pytest.mark.parametrize("semantic_type", ["name", "first_name", "last_name", "email", "company", "address"])
def test_a_locale_invents_in_its_manner(semantic_type):
    codec = codec_of(semantic_type, REAL[semantic_type], locale="de_DE")
    fakes = made(codec, 300)
    assert len(set(fakes)) == len(fakes)
    assert fakes[100:] == made(codec, 200, first_index=100)
    assert fakes != made(codec_of(semantic_type, REAL[semantic_type], locale="fr_FR"), 300)
    if semantic_type == "email":
        assert all(re.fullmatch(r"[a-z.]+\d*@example\.com", cell) for cell in fakes)


def test_inventions_of_several_threads_do_not_mix():
    codec = codec_of("name", REAL["name"], locale="it_IT")

    def invented(first: int) -> list[str]:
        return codec.inventions(range(first, first + 400), Keyed())

    with ThreadPoolExecutor(2) as workers:
        found = [*workers.map(invented, (0, 400))]
    assert found == [invented(0), invented(400)]


def test_an_unknown_locale_is_refused():
    with pytest.raises(UsageError, match="no locale 'de_DD'"):
        codec_of("name", REAL["name"], locale="de_DD")


@pytest.mark.parametrize("semantic_type", REAL)
def test_an_honest_state_comes_back(semantic_type):
    codec = codec_of(semantic_type, [*REAL[semantic_type], None])
    again = InventedCodec.from_state(codec.state(), codec.column)
    assert str(again.state()) == str(codec.state())
    assert made(again, 20) == made(codec, 20)
    for key in codec.state().keys() - NEWER:
        with pytest.raises(DataError, match=f"column 'x'.*{key}"):
            InventedCodec.from_state({k: v for k, v in codec.state().items() if k != key}, codec.column)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_values", 0),
        ("n_values", 2**60),
        ("shares", np.zeros(3)),
        ("shares", np.full(33, 2.0)),
        ("patterns", ["a"] * 129),
        ("patterns", ["a\n" * 900]),
        ("patterns", ["a\n\nb"]),
        ("style", 5),
        ("is_distinct", "yes"),
        ("weights", [0]),
        ("handles", ["nobody"]),
        ("handles", ["flast"] * 21),
        ("n_digits", 7),
        ("person", 5),
        ("by", 5),
        ("named", ["a", "b", "c"]),
        ("is_padded", 2),
    ],
)
def test_a_dishonest_state_is_refused(key, value):
    codec = codec_of("phone", REAL["phone"])
    with pytest.raises(DataError, match="column 'x' of the model"):
        InventedCodec.from_state({**codec.state(), key: value}, codec.column)


def test_private_networks_come_out_as_often_as_they_are_there():
    rng = np.random.default_rng(0)
    nets = rng.choice(["10.0.1", "10.0.2", "192.168.7"], 900, p=[0.5, 0.3, 0.2])
    real = [f"{net}.{rng.integers(1, 255)}" for net in nets] + ["172.16.0.1"]
    cells = made(codec_of("ip", real, min_count=5), 2_000)
    found = Counter(cell.rpartition(".")[0] for cell in cells)
    assert found.keys() == {"10.0.1", "10.0.2", "192.168.7"}
    assert found["10.0.1"] / 2_000 == pytest.approx(0.5, abs=0.1)
    assert {int(cell.rpartition(".")[2]) for cell in cells} <= set(range(1, 255))


def test_banks_and_vendors_come_out_where_enough_numbers_share_them():
    rng = np.random.default_rng(0)
    vendors = rng.choice(["00:1b:44", "3c:22:fb"], 400, p=[0.7, 0.3]).tolist()
    tails = [":".join(f"{byte:02x}" for byte in rng.integers(0, 256, 3)) for _ in vendors]
    real = [f"{vendor}:{tail}" for vendor, tail in zip(vendors, tails, strict=True)] + ["ac:de:48:00:11:22"]
    cells = made(codec_of("mac", real, min_count=5), 1_000)
    found = Counter(cell[:8] for cell in cells)
    assert found.keys() == {"00:1b:44", "3c:22:fb"}
    assert found["3c:22:fb"] / 1_000 == pytest.approx(0.3, abs=0.06)
    assert not set(cells) & set(real)
    random = [":".join(f"{byte:02x}" for byte in rng.integers(0, 256, 6)) for _ in range(400)]
    assert {cell[1] for cell in made(codec_of("mac", random, min_count=5), 99)} <= set("26ae")


def test_a_beginning_with_little_room_behind_it_is_not_kept():
    real = [f"+49 30 4711{n:03}" for n in range(0, 1_000, 5)] + [
        f"+49 40 {n}" for n in range(1_000_000, 1_000_099)
    ]
    cells = made(codec_of("phone", real, min_count=5), 300)
    assert all(re.fullmatch(r"\+49 [0-9]{2} [0-9]{7}", cell) for cell in cells)
    assert not any(cell.startswith("+49 40 10000") for cell in cells)


def test_digits_behind_names_are_as_many_as_the_real_ones():
    real = [f"{first[0]}{last}{n:02}".lower() for n in range(0, 60, 7) for first in FIRST for last in LAST]
    cells = made(codec_of("username", real), 3_000)
    assert len(set(cells)) == len(cells)
    assert all(re.fullmatch(r"[a-z]+[0-9]{2}", cell) for cell in cells)
    assert any(cell[-2] == "0" for cell in cells)

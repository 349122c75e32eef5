"""Inventions of one record are of one person, and in the country of the data."""

from __future__ import annotations

import re
import uuid
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from faker import Faker
from stdnum import ean, iban, luhn

from gansmith.errors import DataError
from gansmith.tabular.columns.people import HANDLES, People, handle_style, split_name
from gansmith.tabular.columns.pools import plain
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.rows import RowCodec

N = 150


@cache
def real(locale: str) -> pa.Table:
    """People of a country, and numbers with check digits."""
    faker = Faker(locale)
    faker.seed_instance(3)
    first, last = ([getattr(faker, what)() for _ in range(N)] for what in ("first_name", "last_name"))
    pairs = list(zip(first, last, strict=True))
    return pa.table(
        {
            "first_name": first,
            "last_name": last,
            "full_name": [f"{one} {two}" for one, two in pairs],
            "email": [
                f"{plain(a)}.{plain(b)}{k}@{faker.free_email_domain()}" for k, (a, b) in enumerate(pairs)
            ],
            "username": [f"{plain(a)[0]}{plain(b)}{k % 90 + 10}" for k, (a, b) in enumerate(pairs)],
            "referee": [
                f"{faker.first_name()}.{plain(faker.last_name())}{k}@{'example.com'}".lower()
                for k in range(N)
            ],
            "phone": [faker.phone_number() for _ in range(N)],
            "address": [faker.address().replace("\n", ", ") for _ in range(N)],
            "uuid": [faker.uuid4() for _ in range(N)],
            "ean": [faker.ean13() for _ in range(N)],
            "iban": [faker.iban() for _ in range(N)],
            "card": [faker.credit_card_number("visa") for _ in range(N)],
            "mac": [faker.mac_address() for _ in range(N)],
            "sha": [faker.sha1() for _ in range(N)],
            "plan": ["a", "b", "c"] * (N // 3),
        }
    )


@cache
def learnt(locale: str, seed: int = 0) -> RowCodec:
    return RowCodec.fit(read_table(real(locale)), 0, seed)


def made(codec: RowCodec, n: int = N, first: int = 0, sample: int = 0) -> pa.Table:
    codes = np.zeros((n, len(codec.playing)), np.int64)
    keyed = Keyed(first_index=first).part(f"sample {sample}")
    levels = np.zeros((n, sum(codec.columns[index].n_bins > 0 for index in codec.playing)), np.float32)
    return codec.decode(codes, levels, np.random.default_rng(0), keyed)


def columns(records: pa.Table, *names: str) -> list[tuple[str, ...]]:
    return list(zip(*(records.column(name).to_pylist() for name in names), strict=True))


@pytest.mark.parametrize("locale", ["en_US", "de_DE"])
def test_names_and_addresses_of_a_record_are_of_one_person(locale):
    records = made(learnt(locale))
    for first, last, full, email, user in columns(
        records, "first_name", "last_name", "full_name", "email", "username"
    ):
        assert full == f"{first} {last}"
        assert handle_style(email.partition("@")[0], plain(first), plain(last)) == "first.last"
        assert handle_style(user, plain(first), plain(last)) == "flast"
    for name in ("full_name", "email", "username"):
        assert len(set(records.column(name).to_pylist())) == N


def test_columns_that_do_not_agree_are_not_made_to():
    pairs = columns(made(learnt("en_US")), "referee", "full_name")
    assert (
        np.mean([handle_style(mail.partition("@")[0], *split_name(name)) != "" for mail, name in pairs])
        < 0.05
    )


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "nl_NL"])
def test_the_country_is_found(locale):
    table = read_table(real(locale))
    assert {column.locale for column in table.schema.columns if column.semantic_type} == {locale}
    assert any(locale in note for note in table.notes)


def test_no_country_is_found_where_nothing_tells_and_what_the_user_says_goes_first():
    mails = pa.table({"email": [f"user{k}@example.com" for k in range(99)]})
    assert read_table(mails).schema.columns[0].locale == ""
    assert read_table(real("de_DE"), locale="fr_FR").schema.column("email").locale == "fr_FR"


def test_check_digits_and_versions_are_right():
    records = made(learnt("de_DE"), 500)
    assert all(ean.is_valid(str(text)) for text in records.column("ean").to_pylist())
    assert all(iban.is_valid(text) for text in records.column("iban").to_pylist())
    assert all(luhn.is_valid(text) and text[0] == "4" for text in records.column("card").to_pylist())
    found = [uuid.UUID(text) for text in records.column("uuid").to_pylist()]
    assert {(one.version, one.variant) for one in found} == {(4, uuid.RFC_4122)}
    assert all(
        re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", text) for text in records.column("mac").to_pylist()
    )


def test_blocks_are_parts_of_the_whole_and_the_same_each_time():
    codec = learnt("de_DE")
    again = RowCodec.from_state(*codec.state())
    whole = made(codec, 60).drop_columns(["plan"])
    assert made(again, 60).drop_columns(["plan"]).equals(whole)
    blocks = [made(codec, 20, first).drop_columns(["plan"]) for first in (0, 20, 40)]
    assert pa.concat_tables(blocks).combine_chunks().equals(whole.combine_chunks())


def test_two_samples_and_two_models_share_nothing_of_what_is_unique():
    codec, other = learnt("en_US"), learnt("en_US", seed=1)
    samples = [made(codec), made(codec, sample=9), made(other)]
    for name in ("uuid", "sha", "card", "mac", "iban", "ean", "phone", "address"):
        seen = [set(one.column(name).to_pylist()) for one in samples]
        assert not seen[0] & seen[1] | seen[0] & seen[2]
    emails = [set(one.column("email").to_pylist()) for one in samples]
    assert max(len(emails[0] & one) for one in emails[1:]) <= 2


def test_nothing_is_visible_in_sequence():
    records = made(learnt("de_DE"), 500)
    for name in ("uuid", "sha", "address", "mac", "email", "card"):
        texts = records.column(name).to_pylist()
        ups = np.mean([one < other for one, other in pairwise(texts)])
        assert ups == pytest.approx(0.5, abs=0.07), name


def test_a_file_without_a_salt_still_makes_records():
    state, arrays = learnt("de_DE").state()
    old = RowCodec.from_state({key: value for key, value in state.items() if key != "salt"}, arrays)
    assert old.salt == ""
    assert not set(made(old).column("uuid").to_pylist()) & set(
        made(learnt("de_DE")).column("uuid").to_pylist()
    )


@pytest.mark.parametrize("salt", [5, "a" * 99])
def test_a_dishonest_salt_is_refused(salt):
    state, arrays = learnt("de_DE").state()
    with pytest.raises(DataError, match="salt"):
        RowCodec.from_state({**state, "salt": salt}, arrays)


def test_the_same_customer_has_the_same_name_and_address():
    rng = np.random.default_rng(0)
    faker = Faker("en_US")
    faker.seed_instance(0)
    people = [(f"C{k}", faker.name(), faker.phone_number()) for k in range(10_000, 10_060)]
    rows = [people[k] for k in rng.integers(0, 60, 900)]
    records = pa.table(
        dict(zip(("customer", "name", "phone"), map(list, zip(*rows, strict=True)), strict=True))
    )
    codec = RowCodec.fit(read_table(records, overrides={"customer": "category"}), 1, 0)
    codes = np.stack([rng.integers(0, codec.columns[i].n_states, 400) for i in codec.playing], 1)
    back = codec.decode(codes, np.zeros((400, 0), np.float32), rng, Keyed())
    assert len(set(back.column("customer").to_pylist())) > 30
    for name in ("name", "phone"):
        assert len(set(columns(back, "customer", name))) == len(set(back.column("customer").to_pylist()))


@pytest.mark.parametrize("style", HANDLES)
def test_no_two_people_are_called_the_same(style):
    for n_digits in (0, 2):
        handles = People("en_US", Keyed()).handles(range(600), [style], n_digits)
        assert len(set(handles)) == len(handles)


def few_names(n: int = 600) -> pa.Table:
    """People of few names, which are learnt, and what is made of them."""
    rng = np.random.default_rng(0)
    first = rng.choice(["Emma", "Jörg", "Paul", "Günter", "Anna", "Felix", "Hans", "Julia"], n)
    last = rng.choice(["Werner", "Müller", "Köhler", "Schmidt", "Groß", "Braun", "Vogel"], n)
    plainly = [tuple(plain(text, is_long=True) for text in pair) for pair in zip(first, last, strict=True)]
    hosts = rng.choice(["example.com", "mail.example.org"], n, p=[0.7, 0.3])
    return pa.table(
        {
            "first_name": first,
            "last_name": last,
            "full_name": [
                f"Dr. {b}, {a}" if k % 9 == 0 else f"{b}, {a}"
                for k, (a, b) in enumerate(zip(first, last, strict=True))
            ],
            "user_name": [f"{a[0]}{b}{rng.integers(100):02}" for a, b in plainly],
            "email": [f"{a}.{b}@{host}" for (a, b), host in zip(plainly, hosts, strict=True)],
        }
    )


def test_what_is_made_of_learnt_names_is_made_of_those_of_its_record():
    table = read_table(few_names(), overrides={"full_name": "name", "email": "email"})
    codec = RowCodec.fit(table, 5, 0)
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, codec.columns[index].n_states, 400) for index in codec.playing], 1)
    codec = RowCodec.from_state(*codec.state())
    levels = np.zeros((400, 0), np.float32)
    records = codec.decode(codes, levels, rng, Keyed())
    assert len(set(columns(records, "first_name", "last_name"))) > 50
    for first, last, full, user, mail in zip(*records.to_pydict().values(), strict=True):
        one, other = plain(first, is_long=True), plain(last, is_long=True)
        assert full == f"{last}, {first}"
        assert re.fullmatch(rf"{one[0]}{other}[0-9]{{2}}", user)
        assert re.fullmatch(rf"{one}\.{other}@(example\.com|mail\.example\.org)", mail)
    hosts = [mail.partition("@")[2] for mail in records.column("email").to_pylist()]
    assert hosts.count("example.com") / 400 == pytest.approx(0.7, abs=0.08)


def test_addresses_of_devices_are_of_their_maker():
    rng = np.random.default_rng(0)
    makers = {"Acme": "fd:af:e5", "Borg": "00:1b:44", "Cyan": "a4:5e:60"}
    maker = rng.choice(list(makers), 500, p=[0.5, 0.3, 0.2])
    mac = [":".join([makers[one], *(f"{byte:02x}" for byte in rng.integers(0, 256, 3))]) for one in maker]
    table = read_table(pa.table({"maker": maker, "mac": mac, "plan": rng.choice(["a", "b"], 500)}))
    codec = RowCodec.fit(table, 5, 0)
    codec = RowCodec.from_state(*codec.state())
    codes = np.stack([rng.integers(0, codec.columns[index].n_states, 300) for index in codec.playing], 1)
    made_ones = codec.decode(codes, np.zeros((300, 0), np.float32), rng, Keyed())
    pairs = columns(made_ones, "maker", "mac")
    assert all(address.startswith(makers[one]) for one, address in pairs)
    assert {one for one, _ in pairs} == makers.keys()
    assert len(set(pairs)) == 300

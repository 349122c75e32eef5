"""Identifiers: unique, in the pattern of the real ones, and nothing of anybody's own."""

from __future__ import annotations

import itertools
import re
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from stdnum import ean

from gansmith.errors import DataError
from gansmith.tabular.columns.identifiers import IdentifierCodec
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column


def _rng(seed=0):
    return np.random.default_rng(seed)


def _identifiers(values, n=10, first_index=0, **fields):
    schema = Column("id", "identifier", **fields)
    codec = IdentifierCodec.fit(pa.array(values, schema.arrow_type), schema)
    return codec.decode(
        np.ones(n, int), np.zeros(n, np.float32), _rng(), Keyed(first_index=first_index)
    ).to_pylist()


def test_serial_numbers_count_on_above_the_last_real_one():
    assert _identifiers(range(5, 30), 3, type="int64") == [30, 31, 32]
    assert _identifiers(range(5, 30), 2, first_index=40, type="int64") == [70, 71]
    assert _identifiers([f"A-{k}x" for k in range(1, 30)], 2) == ["A-30x", "A-31x"]


def test_a_run_with_some_held_out_is_still_a_run():
    kept = _rng().permutation(1000)[:800] + 1
    assert _identifiers(kept, 3, type="int64") == [2000, 2001, 2002]


def test_padding_is_kept_and_grows_when_it_must():
    values = [f"inv{k:03}" for k in range(1, 200)]
    assert _identifiers(values, 2) == ["inv200", "inv201"]
    assert _identifiers(values, 1, first_index=1200) == ["inv1400"]


def test_numbers_with_gaps_are_spread_over_a_range_of_their_own():
    made = _identifiers(range(1000, 2000, 7), 200, type="int64")
    assert len(set(made)) == 200
    assert min(made) > 1994
    assert max(made) < 2000 + 1000
    assert np.diff(made).std() > 100  # not one after the other


def test_sparse_numbers_without_room_above_stay_in_their_range():
    values = _rng().integers(10**8, 10**9, 300)
    made = _identifiers([f"{value}" for value in values], 1000)
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"\d{9}", text) for text in made)
    wide = _identifiers(_rng().integers(0, 2**63 - 1, 300), 1000, type="int64")
    assert len(set(wide)) == 1000


def test_missing_identifiers_stay_missing():
    values = [None if k % 5 == 0 else f"A-{k}" for k in range(100)]
    column = pa.array(values)
    codec = IdentifierCodec.fit(column, Column("id", "identifier"))
    assert codec.n_states == 2
    assert pc.is_null(codec.decode(*codec.encode(column, _rng()), _rng(), Keyed())).equals(pc.is_null(column))


@pytest.mark.parametrize("n_short", [19, 399])
def test_nothing_of_an_outlier_is_kept(n_short):
    letters = _rng().integers(97, 123, (n_short, 6)).astype(np.uint8)
    short = [f"{bytes(row).decode()}@b.org" for row in letters]
    tail = "wolfeschlegelsteinhausenbergerdorff@example.com"
    column = pa.array([*short, f"hubert.{tail}"])
    codec = IdentifierCodec.fit(column, Column("mail", "identifier"))
    made = codec.decode(np.zeros(500, int), np.zeros(500, np.float32), _rng(), Keyed()).to_pylist()
    literal = "".join(letter if len(letter) == 1 else " " for letter in codec.alphabets)
    held = [*made, literal, codec.prefix, codec.suffix]
    cuts = {tail[k : k + 4] for k in range(len(tail) - 3)}
    assert len(codec.alphabets) == 12
    assert not [cut for cut in cuts for text in held if cut in text[6:]]
    if n_short > 20:
        assert all(re.fullmatch(r"[a-z]{6}@b\.org", text) for text in made)


def test_few_identifiers_of_many_lengths_leave_no_character_behind():
    names = ["ann.lee", "bob.the.builder", "christopher"]
    codec = IdentifierCodec.fit(pa.array(names), Column("who", "identifier"))
    assert all(len(letters) >= 10 for letters in codec.alphabets)
    alone = IdentifierCodec.fit(pa.array(["top-secret-7"]), Column("who", "identifier"))
    assert all(len(letters) >= 10 for letters in alone.alphabets)
    assert alone.prefix == ""


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([f"{k * 7919 % 16**8:08x}-{k:04x}" for k in range(300)], r"[0-9a-f]{8}-[0-9a-f]{4}"),
        (
            [f"{chr(65 + k % 26)}{k % 10}{chr(97 + k % 26)}{k // 26 % 10}" for k in range(300)],
            r"[A-Z]\d[a-z]\d",
        ),
        ([f"{10**17 + k * 10**14 + k}" for k in range(50)], r"\d{18}"),
    ],
)
def test_other_identifiers_keep_their_pattern(values, pattern):
    made = _identifiers(values, 500)
    assert len(set(made)) == 500
    assert all(re.fullmatch(pattern, text) for text in made)


@pytest.mark.parametrize("values", [range(-5, 40), [10**17 + k * 10**14 + k for k in range(50)]])
def test_whole_numbers_of_any_size_and_sign_stay_whole_numbers(values):
    made = _identifiers(values, 1000, type="int64")
    assert len(set(made)) == 1000


def test_a_hundred_thousand_are_unique_across_blocks_and_beyond_the_pattern():
    for values, fields in (
        ([f"k{a}{b}{c}" for a, b, c in itertools.product("abc", "xyz", "pq")], {}),
        (range(1, 99, 7), {"type": "int64"}),
    ):
        made = [
            text
            for first in range(0, 100_000, 50_000)
            for text in _identifiers(values, 50_000, first, **fields)
        ]
        assert len(set(made)) == 100_000


def test_a_type_without_room_for_more_says_so():
    with pytest.raises(DataError, match="no room for more identifiers"):
        _identifiers(range(100), 300, type="int8")


def test_no_identifiers_at_all_are_no_error():
    assert len(_identifiers([None] * 5, 3)) == 3


@pytest.mark.parametrize("is_whole", [True, False])
def test_check_digits_are_found_and_right(is_whole):
    bodies = [str(400_000_000_000 + 7_919_317 * k) for k in range(60)]
    texts = [body + ean.calc_check_digit(body) for body in bodies]
    real = list(map(int, texts)) if is_whole else texts
    made = _identifiers(real, 500, type="int64" if is_whole else "string")
    assert len(set(made)) == 500
    assert all(ean.is_valid(str(text)) for text in made)


@pytest.mark.parametrize("form", ["{}", "{{{}}}"])
def test_uuids_keep_their_version_and_variant(form):
    rng = _rng()
    real = [form.format(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(80)]
    made = [uuid.UUID(text) for text in _identifiers(real, 500)]
    assert {(one.version, one.variant) for one in made} == {(4, uuid.RFC_4122)}

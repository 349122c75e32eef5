"""Conditions against what they mean, in plain Python."""

from __future__ import annotations

import operator
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.errors import UsageError
from gansmith.tabular.conditions import conditions_of, matching, parse_value
from gansmith.tabular.schema import Column, Schema

SCHEMA = Schema((Column("n", "integer"), Column("word", "category")))
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}

TERMS = st.tuples(st.sampled_from(["=", "!=", *COMPARE]), st.integers(-3, 3) | st.none())


def _holds(cell, terms):
    """What a person means: one of the values, none of the excluded, all of the ends; missing is a value."""
    wanted = [value for sign, value in terms if sign == "="]
    if wanted and cell not in wanted:
        return False
    for sign, value in terms:
        if sign == "!=" and cell == value:
            return False
        if sign in COMPARE and (cell is None or not COMPARE[sign](cell, value)):
            return False
    return True


@settings(deadline=None, max_examples=300)
@given(terms=st.lists(TERMS, min_size=1, max_size=4))
def test_a_condition_means_what_it_says(terms):
    terms = [(sign, value) for sign, value in terms if value is not None or sign in ("=", "!=")]
    cells = [*range(-5, 6), None]
    wanted = [place for place, cell in enumerate(cells) if _holds(cell, terms)]
    records = pa.table({"n": pa.array(cells, pa.int64()), "word": ["a"] * len(cells)})
    where = [f"n{sign}{'' if value is None else value}" for sign, value in terms]
    try:
        found = matching(records, SCHEMA, where).tolist()
    except UsageError:  # these contradict each other
        found = []
    assert found == wanted


def test_alternatives_and_requirements_are_told_apart_in_words():
    (condition,) = conditions_of(SCHEMA, {"n": {"=": [1, 2], "<": 9}}).values()
    assert str(condition) == "n=1 or n=2 and n<9"
    assert condition.texts == ("n=1", "n=2", "n<9")
    assert condition.holds(pa.array([1, 2, 3, None])).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("kind", "is_ordered"),
    [
        ("integer", True), ("decimal", True), ("date", True), ("datetime", True), ("boolean", False),
        ("category", False), ("identifier", False), ("text", False), ("constant", False),
    ],
)  # fmt: skip
def test_ranges_are_for_numbers_and_times(kind, is_ordered):
    assert Column("x", kind).traits.is_measure is is_ordered


def test_numbers_in_another_order_are_found_all_the_same():
    cells = np.random.default_rng(0).permutation(100)
    records = pa.table({"n": pa.chunked_array([cells[:30], cells[30:]]), "word": ["a"] * 100})
    assert sorted(cells[matching(records, SCHEMA, ["n>=90"])]) == list(range(90, 100))


def test_what_has_no_order_says_how_to_ask_for_it():
    with pytest.raises(
        UsageError, match=re.escape("Write word=50K for a value, word=>50K for the value >50K.")
    ):
        conditions_of(SCHEMA, ["word>50K"])


@pytest.mark.parametrize(("said", "meant"), [("True", True), ("false", False), (True, True), ("no", False)])
def test_true_and_false_are_understood_beside_the_words_of_the_data(said, meant):
    column = Column("smoker", "boolean", spelling=("no", "yes") if said == "no" else ())
    assert parse_value(column, said).to_pylist() == [meant]


def test_what_is_neither_true_nor_false_is_refused():
    with pytest.raises(UsageError, match="true or false"):
        parse_value(Column("smoker", "boolean"), "perhaps")

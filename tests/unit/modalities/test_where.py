"""What `where` says, as a text and as a mapping."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gansmith.errors import UsageError
from gansmith.tabular.where import OPERATORS, Term, terms_of

COLUMNS = ["age", "age at birth", "income", "city", "a>b", "x=", "rate [%]"]


@pytest.mark.parametrize(
    ("text", "column", "operator", "value"),
    [
        ("age>=65", "age", ">=", "65"),
        ("age > 65", "age", ">", " 65"),
        ("age<=65", "age", "<=", "65"),
        ("age=>65", "age", "=", ">65"),
        ("age!=65", "age", "!=", "65"),
        ("age=", "age", "=", ""),
        ("age at birth<3", "age at birth", "<", "3"),
        ("income=>50K", "income", "=", ">50K"),
        ("income=<=50K", "income", "=", "<=50K"),
        ("city= Rome", "city", "=", " Rome"),
        ("city=a=b", "city", "=", "a=b"),
        ("a>b>3", "a>b", ">", "3"),
        ("x==3", "x=", "=", "3"),
        ("rate [%]<5", "rate [%]", "<", "5"),
    ],
)
def test_a_text_is_the_longest_column_an_operator_and_a_value(text, column, operator, value):
    assert terms_of([text], COLUMNS) == (Term(column, operator, (value,)),)
    assert terms_of(text, COLUMNS) == (Term(column, operator, (value,)),)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_term_is_the_text_it_came_from(operator):
    (term,) = terms_of([f"age{operator}7"], COLUMNS)
    assert term.texts == (f"age{operator}7",)


def test_a_mapping_holds_values_lists_and_operators():
    where = {"city": "Rome", "income": ["a", "b"], "age": {">=": 65, "!=": [70, 71]}, "x=": None}
    assert terms_of(where, COLUMNS) == (
        Term("city", "=", ("Rome",)),
        Term("income", "=", ("a", "b")),
        Term("age", ">=", (65,)),
        Term("age", "!=", (70, 71)),
        Term("x=", "=", (None,)),
    )
    assert terms_of({"age": np.array([1, 2])}, COLUMNS)[0].values == (1, 2)
    assert terms_of({"age": {3, 1, 2}}, COLUMNS)[0].values == (1, 2, 3)
    assert terms_of({"x=": None}, COLUMNS)[0].texts == ("x==",)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (["aeg>=3"], "Did you mean 'age'?"),
        (["agee"], "write COLUMN=VALUE"),
        ([">=3"], "write COLUMN=VALUE"),
        ([""], "write COLUMN=VALUE"),
        ([3], "is no condition"),
        ({"aeg": 3}, "Did you mean 'age'?"),
        ({"age": {"=>": 3}}, "no operator '=>'. Known: >=, <=, !=, =, >, <"),
        ({"age": []}, "empty list"),
    ],
)
def test_what_says_nothing_is_refused(where, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        terms_of(where, COLUMNS)

"""Regular expressions as numbered texts, against Python's own reading of them."""

from __future__ import annotations

import re

import pytest

from gansmith.errors import UsageError
from gansmith.tabular.expressions import read_pattern


@pytest.mark.parametrize(
    ("expression", "n_texts"),
    [
        ("abc", 1),
        ("[A-C]", 3),
        (r"\d{2}", 100),
        ("a?", 2),
        ("(a|bc)", 2),
        ("[ab]{1,3}", 14),
        ("(?:[ab]-?){2}", 16),
        (r"x\.[-_a]", 3),
        ("^[0-9]{3}$", 1000),
        ("a|b|", 3),
        ("a+", 9),
        ("[a-]", 2),
        (r"\$", 1),
    ],
)
def test_all_texts_match_and_differ(expression, n_texts):
    pattern = read_pattern(expression)
    assert pattern.n_texts == n_texts
    texts = [pattern.text(number) for number in range(n_texts)]
    assert len(set(texts)) == n_texts
    assert all(re.fullmatch(expression, text) for text in texts)
    assert max(map(len, texts)) == pattern.length


def test_some_of_very_many_texts_match():
    pattern = read_pattern(r"[A-Z]{2}\d{4}(-\w{8})*")
    for number in (0, 1, 10**6, 10**20, pattern.n_texts - 1):
        assert re.fullmatch(r"[A-Z]{2}\d{4}(-\w{8})*", pattern.text(number))


@pytest.mark.parametrize(
    "expression",
    ["(", ")", "[", "[]", "[^a]", "a{", "a{3,1}", "a{x}", "*", "a**", r"\b", r"\1", "(?=a)", "(?i)a", "a\\",
     "[b-a]", "a{2000}", "(((a{100}){100}){100})", "x" * 2000, "(" * 50 + ")" * 50, "a^", "a$b"],
)  # fmt: skip
def test_what_cannot_be_generated_is_refused_with_its_place(expression):
    with pytest.raises(UsageError, match="pattern"):
        read_pattern(expression)

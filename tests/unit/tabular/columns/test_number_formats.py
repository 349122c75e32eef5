from __future__ import annotations

import pyarrow as pa
import pytest

from gansmith.tabular.columns.number_formats import bare_numbers, find_number_format, formatted
from gansmith.tabular.schema import Column

PLAIN = Column("x", "decimal")


def found(cells: list[str], *, is_comma_decimal: bool = False):
    """The number format that is found, and the bare numbers."""
    found = find_number_format(PLAIN, pa.array(cells), is_comma_decimal=is_comma_decimal)
    if found is None:
        return {}, [], ""
    worn = {key: value for key, value in found[0].to_json().items() if key not in ("name", "kind", "type")}
    return worn, bare_numbers(pa.array(cells), found[0]).to_pylist(), found[1]


@pytest.mark.parametrize(
    ("cells", "worn", "bare"),
    [
        (["$1,234.50", "$5.00"], {"prefix": "$", "thousands": ","}, ["1234.50", "5.00"]),
        (["1.234,50 €", "5,00 €"], {"suffix": " €", "thousands": ".", "point": ","}, ["1234,50", "5,00"]),
        (["(1,200)", "300"], {"thousands": ",", "negative": "brackets"}, ["-1200", "300"]),
        (["($1,200.00)", "$3.00"], {"prefix": "$", "thousands": ",", "negative": "brackets"},
         ["-1200.00", "3.00"]),
        (["$(12)", "$3"], {"prefix": "$", "negative": "inner brackets"}, ["-12", "3"]),
        (["-$5", "$3"], {"prefix": "$"}, ["-5", "3"]),
        (["$-5", "$3"], {"prefix": "$", "negative": "inside"}, ["-5", "3"]),
        (["5-", "3"], {"negative": "after"}, ["-5", "3"]),
        (["\u22125", "3"], {"negative": "typographic"}, ["-5", "3"]),
        (["12.5%", "3%"], {"suffix": "%"}, ["12.5", "3"]),
        (["1\u202f234", "5"], {"thousands": "\u202f"}, ["1234", "5"]),
        (["1'234'567", "12"], {"thousands": "'"}, ["1234567", "12"]),
        (["1.234.567", "12"], {"thousands": ".", "point": ","}, ["1234567", "12"]),
        (["90 km/h", "100 km/h"], {"suffix": " km/h"}, ["90", "100"]),
        (["+5", "-3", "0"], {"plus": "positive"}, ["5", "-3", "0"]),
        (["+5", "-3", "+0"], {"plus": "all"}, ["5", "-3", "0"]),
        (["Rs. 500", "Rs. 1,200"], {"prefix": "Rs. ", "thousands": ","}, ["500", "1200"]),
        (["EUR 5.20", "EUR 1.00"], {"prefix": "EUR "}, ["5.20", "1.00"]),
    ],
)  # fmt: skip
def test_a_number_format_is_found_and_read(cells, worn, bare):
    assert found(cells) == (worn, bare, "")


@pytest.mark.parametrize(
    "cells",
    [
        ["C12", "C13"],  # a code
        ["12A", "13A"],
        ["$007", "$001"],  # a code again
        ["1 Season", "2 Seasons"],
        ["$5", "5"],
        ["5 kg", "5 g"],
        ["1,234", "1234"],
        ["1,23,456", "5"],
        ["10-20", "3"],
        ["(5", "3"],
        ["(5)", "-3"],
        ["1,5", "2,25"],  # in a file of commas
        ["1,2,3", "4"],
        ["some words", "5"],
    ],
)
def test_what_not_all_cells_have_alike_is_no_number_format(cells):
    assert found(cells) == ({}, [], "")


def test_a_comma_is_what_the_whole_column_says():
    assert found(["1,5", "2,25"], is_comma_decimal=True) == ({"point": ","}, ["1,5", "2,25"], "")
    assert found(["1,234", "5,678,901"], is_comma_decimal=True)[0] == {"thousands": ","}
    assert found(["1,234", "56"]) == ({"thousands": ","}, ["1234", "56"], "")
    assert found(["1,230", "56"], is_comma_decimal=True) == ({"thousands": ","}, ["1230", "56"], "")
    many = [f"{n},{100 + n}" for n in range(1, 40)]
    assert found([*many, "56"], is_comma_decimal=True) == (
        {"thousands": ","}, [f"{n}{100 + n}" for n in range(1, 40)] + ["56"], "",
    )  # fmt: skip


def test_a_comma_that_nothing_tells_is_told():
    worn, _, remark = found(["1,234", "5,678"])
    assert worn == {"thousands": ","}
    assert "read as thousands" in remark
    worn, _, remark = found(["1,234", "5,678"], is_comma_decimal=True)
    assert worn == {"point": ","}
    assert "read as decimals" in remark


def test_a_cell_in_another_format_has_no_number():
    column = Column("x", "integer", prefix="$", thousands=",")
    cells = pa.array(["$1,234", "1,234", "$1234", "$12,34", "-$5", None])
    assert bare_numbers(cells, column).to_pylist() == ["1234", None, None, None, "-5", None]


def test_nothing_is_done_to_bare_numbers():
    cells = pa.array(["1", "-2e5", None])
    assert bare_numbers(cells, PLAIN) is cells
    assert formatted(cells, PLAIN) is cells

"""Tables as plain texts: nothing is guessed of what cells mean."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from gansmith.errors import DataError
from gansmith.tabular.files.texts import texts_of_file, texts_of_frame


def test_cells_stay_as_they_are_written():
    table = texts_of_file('file;n\n"a;b.png";007\nc é.png;\nd.png; NA\n'.encode(), "t.csv")
    assert table == {"file": ["a;b.png", "c é.png", "d.png"], "n": ["007", None, None]}
    assert texts_of_file(b"a,b\n", "t.csv") == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "t.csv: nothing in it"),
        (b"a,b\n1,2\n3\n", "t.csv: record 3 has 1 cells, the header 2"),
        (b"a,a\n1,2\n", "two columns are called 'a'"),
    ],
)
def test_what_is_no_table_is_refused(content, match):
    with pytest.raises(DataError, match=match):
        texts_of_file(content, "t.csv")


def test_frames():
    columns = {
        "n": [1.0, None, 2.5],
        "is": [True, False, None],
        "s": ["x", "", None],
        "l": [["a", "b"], [], ["c"]],
    }
    wanted = {
        "n": ["1", None, "2.5"],
        "is": ["yes", "no", None],
        "s": ["x", None, None],
        "l": ["a|b", "", "c"],
    }
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns), pl.DataFrame(columns).to_arrow()):
        assert texts_of_frame(frame) == wanted
    assert texts_of_frame([1, 2]) is None

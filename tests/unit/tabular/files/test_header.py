"""Whether the first line names the columns, and whether the last line was cut off."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.tabular.files import read_partial, read_table
from gansmith.tabular.files.header import names_columns


def lines(rows) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def numbers(n=30, n_columns=6, high=17) -> list[list[int]]:
    """Counts of pixels, as handwritten digits have them: many are alike."""
    return np.random.default_rng(0).integers(0, high, (n, n_columns)).tolist()


RECORDS = {
    "whole numbers, some alike": lines([[0, 0, 5, 13, 0, 2], *numbers()]),
    "whole numbers, all different": lines([[7, 1, 16, 2, 9, 4], *numbers()]),
    "decimals and a class": lines([28.8, f"-{k}.5", k % 7, "gh"[k % 2]] for k in range(3, 30)),
    "words that come again": lines([k % 3, "abc"[k % 3], ["low", "high"][k % 2]] for k in range(1, 30)),
    "words alone": lines(["abcd"[k % 4], "xyz"[k % 3], "nm"[k % 2]] for k in range(30)),
    "a missing cell": lines([["?", 5, "a"], *([k, k * k % 11, "ab"[k % 2]] for k in range(30))]),
    "days and numbers": lines([f"2013-01-{k:02}", k * 1.5] for k in range(1, 30)),
    "one column": lines([112 + k * k % 13] for k in range(30)),
    "rising in all records": lines([k, k + 2, k + 3, k + 7, k + 8] for k in range(9, 40)),
    "blanks after commas": "39, State-gov, 13\n50, Private, 7\n38, Private, 9\n40, State-gov, 9\n",
}
HEADERS = {
    "names": lines([["age", "city"], *([k, "ab"[k % 2]] for k in range(30))]),
    "names of words": lines([["city", "size"], *(["ab"[k % 2], "xy"[k % 2]] for k in range(30))]),
    "counted from 0": lines([range(6), *numbers()]),
    "counted from 1": lines([range(1, 7), *numbers()]),
    "years": lines([[1990, 1995, 2000, 2005], *numbers(n_columns=4)]),
    "years of countries": lines([["country", 1990, 1993], *(["abc"[k % 3], k, 2 * k] for k in range(30))]),
    "wavelengths": lines([[900.1, 902.3, 904.4, 906.6, 908.7], *numbers(n_columns=5)]),
    "pixels and a label": lines([[0, 1, 2, 3, 4, "label"], *numbers()]),
    "texts": lines([["name", "text"], *([f"n {k}", f"t {k}"] for k in range(30))]),
    "names with digits": lines([["q1", "q2"], *([k, k % 5] for k in range(30))]),
    "nothing told": "a\n",
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_first_record_is_no_header(tmp_path, what):
    path = tmp_path / "t.csv"
    path.write_text(RECORDS[what])
    table = read_table(path)
    assert len(table) == RECORDS[what].count("\n")
    assert table.schema.names == tuple(f"column_{k + 1}" for k in range(len(table.schema)))
    assert any("--header" in note for note in table.notes)
    named = read_table(path, has_header=False)
    assert named.records == table.records
    assert not any("--header" in note for note in named.notes)


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_stays_one(what):
    first, *below = [line.split(",") for line in HEADERS[what].splitlines()]
    assert names_columns(first, below)


def test_columns_known_by_name_are_found_in_any_file(tmp_path):
    path, other = tmp_path / "real.csv", tmp_path / "made.csv"
    path.write_text(lines([[7, 1, 16, 2], *numbers(n_columns=4)]))
    other.write_text(lines([["column_1", "column_2", "column_3", "column_4"], *numbers(n_columns=4)]))
    real = read_table(path)
    for source, n in ((other, 30), (path, 31)):
        assert len(read_table(source, schema=real.schema)) == n
        assert read_partial(source, real.schema)[1].records.num_rows == n
    odd = tmp_path / "odd.csv"  # columns that somebody has called by numbers
    odd.write_text(lines([["7", "3"], *numbers(n_columns=2)]))
    assert len(read_table(odd, schema=read_table(odd, has_header=True).schema)) == 30


def test_what_the_user_says_goes_before_what_is_found(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(RECORDS["whole numbers, all different"])
    assert read_table(path, has_header=True).schema.names == ("7", "1", "16", "2", "9", "4")
    path.write_text(HEADERS["names"])
    assert len(read_table(path, has_header=False)) == 31


CUT = {
    "a word": lines([k, ["Private", "State-gov"][k % 2]] for k in range(70)) + "71,Priv",
    "a day": lines([k, f"2014-03-{k % 28 + 1:02}"] for k in range(70)) + "71,2014-03-1",
    "decimals": lines([k, f"{k}.{k % 90 + 10}"] for k in range(70)) + "71,12.5",
    "nothing": lines([k, k * k / 8] for k in range(70)) + "71,",
    "no word": lines([k, "ab"[k % 2]] for k in range(70)) + "71,",
}
WHOLE = {
    "no end": lines([k, ["Private", "State-gov"][k % 2]] for k in range(70)) + "71,Private",
    "an end": CUT["a word"] + "\n",
    "a new word": lines([k, ["Private", "State-gov"][k % 2]] for k in range(70)) + "71,Other",
    "free texts": lines([k, f"text {'ab ' * (k % 3)}{k}"] for k in range(70)) + "71,text 1",
    "whole numbers": lines([k, k + 100] for k in range(70)) + "71,14",
    "gaps": lines([k, ["a", "b", ""][k % 3]] for k in range(70)) + "71,",
}


def test_a_last_cell_that_is_half_of_one_is_seen(tmp_path):
    path = tmp_path / "t.csv"
    for text in CUT.values():
        path.write_text("k,x\n" + text)
        assert read_table(path).is_cut, text[-20:]
    for text in WHOLE.values():
        path.write_text("k,x\n" + text)
        assert not read_table(path).is_cut, text[-20:]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"a,b,c\n" + b"1,2,3\n" * 30 + b"1,2", "cut off"),
        ("t.jsonl", b'{"a": 1}\n' * 30 + b'{"a"', "cut off"),
        ("t.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 30, mtime=0)[:-9], "truncated"),
    ],
)
def test_a_record_that_is_half_of_one_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_table(tmp_path / name)


def test_a_short_record_elsewhere_is_none_that_was_cut_off(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n" + "1,2,3\n" * 30 + "1,2\n1,2,3")
    with pytest.raises(DataError, match="delimiter"):
        read_table(tmp_path / "t.csv")

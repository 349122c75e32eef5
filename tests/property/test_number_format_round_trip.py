"""Number formats, times and durations: read and written again they are the same text, letter for letter."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gansmith.tabular.columns.clocks import read_duration, spell_duration
from gansmith.tabular.columns.number_formats import bare_numbers, formatted
from gansmith.tabular.files import read_table
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import NEGATIVES, Column

PREFIXES = ["", "$", "€ ", "CHF ", "R$"]
SUFFIXES = ["", "%", " €", " kg", " km/h"]
SEPARATORS = [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("", "."), ("", ",")]

formats = st.tuples(
    st.sampled_from(PREFIXES),
    st.sampled_from(SUFFIXES),
    st.sampled_from(SEPARATORS),
    st.sampled_from(NEGATIVES),
    st.sampled_from(["", "positive", "all"]),
)


def formatted_as(worn) -> Column:
    prefix, suffix, (thousands, point), negative, plus = worn
    return Column("x", "decimal", prefix=prefix, suffix=suffix, thousands=thousands, point=point,
                  negative=negative, plus=plus)  # fmt: skip


def bare(hundredths: int, point: str) -> str:
    sign, whole = "-" if hundredths < 0 else "", abs(hundredths)
    return f"{sign}{whole // 100}{point}{whole % 100:02}"


@settings(deadline=None, max_examples=60)
@given(worn=formats, numbers=st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=8))
def test_what_is_put_on_comes_off(worn, numbers):
    column = formatted_as(worn)
    cells = pa.array([bare(number, column.point) for number in numbers] + [None])
    assert bare_numbers(formatted(cells, column), column).equals(cells)


@settings(deadline=None, max_examples=50)
@given(worn=formats, numbers=st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=12, unique=True),
       delimiter=st.sampled_from([";", "\t"]), is_whole=st.booleans())  # fmt: skip
def test_a_file_of_formatted_numbers_comes_back_letter_for_letter(worn, numbers, delimiter, is_whole):
    column = formatted_as(worn)
    assume(column.point == "." or column.thousands or column.prefix or column.suffix or not is_whole)
    cells = [str(number) if is_whole else bare(number, column.point) for number in numbers]
    lines = [
        f"{cell}{delimiter}{n}\n" for n, cell in enumerate(formatted(pa.array(cells), column).to_pylist())
    ]
    text = f"x{delimiter}n\n" + "".join(lines)
    with tempfile.TemporaryDirectory() as folder:
        source, copy = Path(folder, "a.txt"), Path(folder, "b.txt")
        source.write_bytes(text.encode())
        table = read_table(source)
        with TableWriter(copy, table.schema) as writer:
            writer.write(table.records)
        assert table.schema.column("x").kind in ("integer", "decimal")
        assert copy.read_bytes().decode() == text


@settings(deadline=None, max_examples=40)
@given(
    form=st.sampled_from(["%H:%M:%S.%f", "%-H:%M:%S.%f", "%-D days %H:%M:%S.%f", "ISO 8601", ""]),
    ticks=st.lists(st.none() | st.integers(-(10**14), 10**14), min_size=1, max_size=8),
)
def test_durations_of_every_length_come_back(form, ticks):
    durations = pa.array(ticks, pa.int64()).cast(pa.duration("us"))
    form = form or "%M:%S.%f"
    assert read_duration(spell_duration(durations, form), form).equals(durations)

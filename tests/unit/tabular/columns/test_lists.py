"""Lists in a cell: found, learnt by their rarest item, made of known items in their usual order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.lists import ListCodec, find_delimiter
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

ITEMS = [f"item {letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
LISTS = Column("x", "list", delimiter="; ")


def cells(n: int = 400, delimiter: str = "; ") -> list[str]:
    """Lists of 1 to 7 items in alphabetical order, most of them all different; B only stands beside A."""
    rng = np.random.default_rng(0)
    found: list[str] = []
    for _ in range(n):
        items = set(rng.choice(ITEMS[2:], rng.integers(1, 8), replace=False).tolist())
        if rng.random() < 0.5:
            items |= {"item A", *(["item B"] if rng.random() < 0.5 else [])}
        found.append(delimiter.join(sorted(items)))
    return found


@pytest.mark.parametrize("delimiter", [", ", "; ", "|", ";", ","])
def test_lists_are_found(delimiter):
    column = read_table(pa.table({"x": cells(delimiter=delimiter), "n": range(400)})).schema.column("x")
    assert (column.kind, column.delimiter) == ("list", delimiter)


@pytest.mark.parametrize(
    "some",
    [
        [f"town {n}, state {n % 9}" for n in range(200)],  # always two
        [f"word{n}, word{n + 1}, x" for n in range(0, 400, 2)],  # nothing comes again
        [
            f"some sentence number {n}, which goes on, and on, and on{' and on, too' * (n % 3)}"
            for n in range(200)
        ],
        ["a, b", "a"] * 100,  # categories
    ],
)
def test_other_cells_are_no_lists(some):
    distinct, counts = np.unique(some, return_counts=True)
    assert find_delimiter(pa.array(distinct.tolist()), counts.astype(np.int64)) == ""


def test_a_person_may_say_that_cells_are_lists():
    table = read_table(pa.table({"x": ["a; b", "a", "b; c"], "n": [1, 2, 3]}), overrides={"x": "list"})
    assert table.schema.column("x").delimiter == "; "


def test_made_lists_are_of_known_items_in_order_beside_the_rarest():
    real = [*cells(), "unheard of; item A", "unheard of"]
    codec = ListCodec.fit(pa.array([*real, None]), LISTS, Fitting(5))
    assert "unheard of" not in codec.items
    codes, levels = codec.encode(pa.array([*real, None]), np.random.default_rng(0))
    assert (codec.n_states, codes.max() < codec.n_states, codes[-1]) == (22, True, 0)
    made = codec.decode(codes, levels, np.random.default_rng(1), Keyed()).to_pylist()
    assert made[-1] is None
    lists = [cell.split("; ") for cell in made[:-1]]
    assert all(items == sorted(items) and set(items) <= set(ITEMS) for items in lists)
    is_rarest = codes[:-1] == codec.has_missing + codec.items.index("item B")
    assert is_rarest.any()
    assert all("item A" in items for items, is_b in zip(lists, is_rarest, strict=True) if is_b)
    lengths = [len(cell.split("; ")) for cell in real]
    assert np.mean([len(items) for items in lists]) == pytest.approx(np.mean(lengths), rel=0.1)
    for item in ("item A", "item B", "item T"):
        shares = [
            np.mean([item in some for some in part]) for part in (lists, [cell.split("; ") for cell in real])
        ]
        assert shares[0] == pytest.approx(shares[1], abs=0.06)


def test_a_list_without_known_items_gets_the_most_frequent_one():
    codec = ListCodec.fit(pa.array(["a; b", "a", "a; b", "c"]), LISTS, Fitting(2))
    codes, levels = codec.encode(pa.array(["c"]), np.random.default_rng(0))
    assert codes.tolist() == [2]
    assert codec.decode(codes, levels, np.random.default_rng(0), Keyed()).to_pylist() == ["a"]


def test_more_records_change_none():
    codec = ListCodec.fit(pa.array(cells()), LISTS)
    codes, levels = codec.encode(pa.array(cells()), np.random.default_rng(0))
    all_of_them = codec.decode(codes, levels, np.random.default_rng(3), Keyed())
    some = codec.decode(codes[:50], levels[:50], np.random.default_rng(3), Keyed())
    assert all_of_them[:50].equals(some)


def test_nothing_that_may_come_out_is_missing_cells():
    codec = ListCodec.fit(pa.array(["a; b", "c", None]), LISTS, Fitting(2))
    assert codec.n_states == 2
    made = codec.decode(np.array([0, 1]), np.zeros(2, np.float32), np.random.default_rng(0), Keyed())
    assert made.null_count == 2


def test_a_table_with_lists_goes_through_its_codec():
    table = read_table(pa.table({"x": cells(), "n": [n % 7 for n in range(400)]}))
    codec = TableCodec.fit(table, TableOptions(min_count=1), 0)
    state, tensors = codec.state()
    again = TableCodec.from_state(state, tensors)
    compact = again.encode_rows(table.records, np.random.default_rng(0))
    made = again.decode_rows(compact, np.random.default_rng(0))
    assert made.equals(codec.decode_rows(compact, np.random.default_rng(0)))
    assert made["n"].equals(table.records["n"])


def test_an_honest_state_comes_back_and_a_dishonest_one_is_refused():
    codec = ListCodec.fit(pa.array(cells()), LISTS)
    assert str(ListCodec.from_state(codec.state(), LISTS).state()) == str(codec.state())
    for key, value in (
        ("items", ["a"] * 2),
        ("items", [str(n) for n in range(200)]),
        ("ranks", np.zeros(3)),
        ("together", np.full((21, 20), np.nan)),
        ("together", np.zeros((2, 2))),
        ("has_missing", 1),
    ):
        with pytest.raises(DataError, match="column 'x' of the model"):
            ListCodec.from_state({**codec.state(), key: value}, LISTS)


def test_lists_are_as_long_as_real_ones_and_empty_as_often():
    rng = np.random.default_rng(0)
    real = [
        "; ".join(sorted(rng.choice(ITEMS[:4], size, replace=False))) for size in rng.choice([0, 1, 2], 900)
    ]
    codec = ListCodec.fit(pa.array(real), LISTS, Fitting(5))
    codes, levels = codec.encode(pa.array(real), rng)
    found = codec.decode(codes, levels, rng, Keyed()).to_pylist()
    assert [cell == "" for cell in found] == [cell == "" for cell in real]
    lengths = [
        np.bincount([len(cell.split("; ")) for cell in some if cell], minlength=3) for some in (real, found)
    ]
    assert lengths[1] == pytest.approx(lengths[0], abs=45)  # four standard errors
    assert len(lengths[1]) == 3


def test_lists_of_older_files_are_drawn_item_by_item():
    codec = ListCodec.fit(pa.array(cells()), LISTS)
    old = ListCodec.from_state({**codec.state(), "lengths": []}, LISTS)
    codes, levels = codec.encode(pa.array(cells()), np.random.default_rng(0))
    found = old.decode(codes, levels, np.random.default_rng(1), Keyed()).to_pylist()
    assert all(set(cell.split("; ")) <= set(ITEMS) for cell in found)
    for wrong in ([[0.5, 1.0]], [[0.5, 0.2]] * 21, [[0.5, 1.0], *[[1.0]] * 20]):
        with pytest.raises(DataError, match="lengths"):
            ListCodec.from_state({**codec.state(), "lengths": wrong}, LISTS)

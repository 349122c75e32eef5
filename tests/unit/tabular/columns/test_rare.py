"""What too few records share never comes out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.recipe import TableRecipe
from gansmith.tabular.columns.categories import CategoryCodec
from gansmith.tabular.columns.codecs import Fitting, Suppressed
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.columns.rare import (
    are_mostly_rare,
    merged,
    to_frequent,
    within_ends,
)
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

FORMAT, RECIPE = TableFormat(), TableRecipe()


def _rng(seed=0):
    return np.random.default_rng(seed)


def _number(values, kind: str = "decimal", min_count=5, **fields):
    schema = Column("x", kind, **fields)
    return NumberCodec.fit(pa.array(values, schema.arrow_type), schema, Fitting(min_count))


def _everything_it_makes(codec):
    """What comes out of every state, at many levels."""
    codes = np.repeat(np.arange(codec.n_states), 201)
    levels = np.tile(np.linspace(-1, 1, 201), codec.n_states).astype(np.float32)
    return [value for value in codec.decode(codes, levels, _rng(), Keyed()).to_pylist() if value is not None]


def _table(**columns):
    return FORMAT.read(pa.table(columns), TableOptions())


# --- Formulas -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "count"), [(2, 2), (299, 2), (300, 3), (499, 4), (500, 5), (10**9, 5)])
def test_the_usual_count_grows_with_the_table(n, count):
    assert usual_min_count(n) == count


def test_the_ends_are_the_kth_of_either_side():
    values, ones = np.arange(10.0), np.ones(10, np.int64)
    assert within_ends(values, ones, 3).tolist() == [2, 2, 2, 3, 4, 5, 6, 7, 7, 7]
    assert within_ends(values, ones, 1).tolist() == values.tolist()
    assert within_ends(values, np.array([3, *ones[2:], 3]), 3).tolist() == values.tolist()


def test_of_too_few_records_the_middle_is_left():
    assert within_ends(np.array([1.0, 5.0, 9.0]), np.ones(3, np.int64), 5).tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("counts", "became"),
    [([9, 1, 9], [0, 0, 10]), ([9, 9, 1], [0, 4, 4]), ([1, 9, 1], [4, 4, 4]), ([1, 1, 1], [0, 4, 10])],
)
def test_a_rare_number_becomes_the_nearest_frequent_one(counts, became):
    assert to_frequent(np.array([0.0, 4.0, 10.0]), np.array(counts), 5).tolist() == became


def test_mostly_means_more_than_half_of_the_records():
    assert not are_mostly_rare(np.array([4, 1, 1, 1, 1]), 2)
    assert are_mostly_rare(np.array([3, 1, 1, 1, 1]), 2)


def test_merging_keeps_the_records():
    values, counts = merged(np.array([2.0, 2.0, 5.0]), np.array([1, 2, 3]))
    assert (values.tolist(), counts.tolist()) == ([2, 5], [3, 3])


# --- Categories ---------------------------------------------------------------------------------------------


def _category(values, min_count=5, kind: str = "category"):
    schema = Column("x", kind)
    column = pa.array(values, schema.arrow_type)
    return CategoryCodec.fit(column, schema, Fitting(min_count)), column


def test_a_rare_category_is_not_even_kept_by_name():
    codec, column = _category(["a"] * 60 + ["b"] * 20 + ["rare"] * 4 + ["once"])
    assert codec.values.to_pylist() == ["a", "b"]
    assert codec.suppressed == Suppressed(2, 5)
    assert "once" not in str(codec.state())
    codes, levels = codec.encode(column, _rng())
    back = codec.decode(codes, levels, _rng(), Keyed()).to_pylist()
    assert back[:80] == column.to_pylist()[:80]
    assert set(back[80:]) <= {"a", "b"}


def test_one_more_record_and_it_is_kept():
    assert "rare" in _category(["a"] * 60 + ["rare"] * 5)[0].values.to_pylist()


def test_truth_is_nobodys_secret():
    codec, column = _category([True, *[False] * 99], kind="boolean")
    assert not codec.suppressed
    assert codec.decode(*codec.encode(column, _rng()), _rng(), Keyed()).equals(column)


def test_the_only_value_of_a_few_records_is_suppressed():
    codec, _ = _category(["secret", "secret", *[None] * 98], kind="constant")
    assert codec.n_states == 0
    assert codec.decode(np.zeros(3, int), np.zeros(3, np.float32), _rng(), Keyed()).null_count == 3


def test_the_state_keeps_how_much_was_suppressed():
    codec, _ = _category(["a"] * 9 + ["once"])
    again = CategoryCodec.from_state(codec.state(), codec.column)
    assert again.suppressed == Suppressed(1, 1)


@pytest.mark.parametrize("held", [[1], [1, -1], [1.0, 2], "ab", [True, 1], None])
def test_a_state_made_by_hand(held):
    codec, _ = _category(["a"] * 9 + ["once"])
    with pytest.raises(DataError, match="suppressed"):
        CategoryCodec.from_state({**codec.state(), "suppressed": held}, codec.column)


# --- Numbers ------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(-50, 50) | st.sampled_from([0, 7]), min_size=20, max_size=400),
    st.integers(2, 8),
    st.booleans(),
)
def test_nothing_comes_out_beyond_the_kth_real_number(values, min_count, is_spread):
    rng = _rng(len(values))
    numbers = np.array(values) + (np.round(rng.random(len(values)), 3) if is_spread else 0.0)
    codec = _number(numbers, decimals=3, min_count=min_count)
    out = _everything_it_makes(codec) if codec.n_states else [0.0] * 0
    ordered = np.sort(numbers)
    if out and not np.isin(numbers, (0, 1)).all():
        assert min(out) >= ordered[min_count - 1] - 1e-9
        assert max(out) <= ordered[-min_count] + 1e-9


@given(st.lists(st.integers(0, 12), min_size=60, max_size=300), st.integers(2, 6))
def test_where_numbers_repeat_each_that_comes_out_has_enough_records(values, min_count):
    numbers, counts = np.unique(values, return_counts=True)
    codec = _number(values, "integer", min_count)
    if are_mostly_rare(counts, min_count) or not codec.n_states or numbers.max() < 2:
        return
    frequent = set(numbers[counts >= min_count].tolist())
    ends = set(within_ends(numbers.astype(float), counts, min_count)[[0, -1]].astype(int).tolist())
    assert set(_everything_it_makes(codec)) <= frequent | ends  # an end is what k records have or lie beyond


def test_a_rare_step_among_many_is_not_made():
    """More distinct values than are states of their own, one of them with a single record."""
    values = [k for k in range(40) for _ in range(20)] + [100] * 20 + [70]
    codec = _number(values, "integer")
    assert 70 not in _everything_it_makes(codec)
    assert codec.suppressed == Suppressed(1, 1)
    assert 70 in _everything_it_makes(_number(values, "integer", min_count=1))


def test_the_richest_person_stays_at_home():
    pay = np.round(_rng().lognormal(8, 1, 3000), 2)
    pay[1234] = 9_999_999.99
    codec = _number(pay, decimals=2)
    assert max(_everything_it_makes(codec)) == pytest.approx(np.sort(pay)[-5])
    assert codec.suppressed == Suppressed(8, 8)
    codes, levels = codec.encode(pa.array(pay), _rng())
    assert codec.decode(codes[1234:1235], levels[1234:1235], _rng(), Keyed())[0].as_py() <= np.sort(pay)[-5]


def test_dates_have_ends_like_numbers():
    days = (np.datetime64("1980-01-01") + _rng().integers(0, 9000, 900)).astype("datetime64[D]")
    days[0] = np.datetime64("1901-02-03")
    schema = Column("born", "date")
    codec = NumberCodec.fit(pa.array(days), schema, Fitting(5))
    assert min(_everything_it_makes(codec)).year >= 1980


def test_zero_and_one_are_truth_in_other_words():
    codec = _number([1, *[0] * 99], "integer")
    assert codec.spikes.tolist() == [0, 1]
    assert not codec.suppressed


def test_hardly_any_present_number_is_a_missing_one():
    codec = _number([None] * 96 + [3, 4, 5, 6], "integer")
    assert (codec.n_states, codec.suppressed) == (0, Suppressed(4, 4))
    assert codec.decode(np.zeros(3, int), np.zeros(3, np.float32), _rng(), Keyed()).null_count == 3
    again = NumberCodec.from_state(codec.state(), codec.column)
    assert again.suppressed == codec.suppressed


# --- Tables -------------------------------------------------------------------------------------------------


def _people(n=600):
    rng = _rng()
    city = rng.choice(["Rome", "Oslo", "Bern"], n)
    city[:3] = ["Ulm", "Ulm", "Ede"]
    return _table(city=city, pay=np.round(rng.lognormal(8, 1, n), 2), is_member=rng.random(n) < 0.5)


def test_the_modality_chooses_and_the_model_remembers():
    codec = TableCodec.fit(_people(), TableOptions(), 0)
    assert codec.rows.min_count == 5
    assert codec.rows.columns[0].rare() == Suppressed(2, 3)
    state, tensors = codec.state()
    assert TableCodec.from_state(state, tensors).rows.min_count == 5
    assert "Ede" not in str(state)
    assert not TableCodec.fit(_people(), TableOptions(min_count=1), 0).rows.columns[0].rare()
    for wrong in (0, True, "5"):
        with pytest.raises(DataError, match="min_count"):
            TableCodec.from_state({**state, "min_count": wrong}, tensors)


def test_who_asks_for_what_is_suppressed_is_told_the_nearest():
    codec = TableCodec.fit(_people(), TableOptions(), 0)
    with pytest.raises(UsageError, match="Did you mean 'Rome'"):
        RECIPE.request(codec, {"city": "Romeo"}, "")
    with pytest.raises(UsageError, match="no value 'Ulm'"):
        RECIPE.request(codec, {"city": "Ulm"}, "")


def test_it_is_said_how_much_is_suppressed():
    records = _people()
    codec = TableCodec.fit(records, TableOptions(), 0)
    notes = RECIPE.remarks(codec, records, "")
    assert len(notes) == 1
    assert "2 categories of 'city' (3 cells) and 8 numbers of 'pay' (8 cells)" in notes[0]
    assert RECIPE.describe(codec)[0]["suppressed"] == "2 values of 3 records"
    assert RECIPE.remarks(TableCodec.fit(records, TableOptions(min_count=1), 0), records, "city") == ()


def test_a_target_that_loses_a_class_is_said_aloud():
    records = _people()
    codec = TableCodec.fit(records, TableOptions(), 0)
    assert RECIPE.remarks(codec, records, "city")[0].startswith(
        "THE TARGET 'city' LOSES 2 values (3 records)"
    )
    assert "TARGET" not in str(RECIPE.remarks(codec, records, "pay"))


def test_a_target_that_loses_all_classes_but_one_is_refused():
    records = _table(city=["Rome"] * 597 + ["Ulm"] * 3, pay=np.arange(600.0) / 8)
    codec = TableCodec.fit(records, TableOptions(), 0)
    with pytest.raises(UsageError, match="'city' has too few values left"):
        RECIPE.remarks(codec, records, "city")
    assert any(
        "'city': not learnt, as without the suppressed values" in note
        for note in RECIPE.remarks(codec, records, "")
    )


def test_a_column_of_rare_categories_becomes_text():
    """Two hundred cities with three records each: without their names nothing is left of the column."""
    city = [f"city-{k % 200}" for k in range(600)]
    records = FORMAT.read(
        pa.table({"city": city, "pay": np.arange(600.0) / 8}), TableOptions(columns={"city": "category"})
    )
    codec = TableCodec.fit(records, TableOptions(), 0)
    assert codec.schema.column("city").kind == "text"
    assert any("'city' hold a value that fewer than 5" in note for note in RECIPE.remarks(codec, records, ""))
    with pytest.raises(UsageError, match="'city' has too few"):
        RECIPE.remarks(codec, records, "city")
    assert TableCodec.fit(records, TableOptions(min_count=3), 0).schema.column("city").kind == "category"
    state, tensors = codec.state()
    assert TableCodec.from_state(state, tensors).schema == codec.schema


def test_a_whole_small_table_keeps_what_two_records_share():
    records = _table(colour=["red", "red", "blue", "blue", "green"] * 1 + ["red"] * 45, size=list(range(50)))
    codec = TableCodec.fit(records, TableOptions(min_count=usual_min_count(50)), 0)
    assert codec.rows.columns[0].state()["values"] == ["red", "blue"]


def test_fewer_records_than_a_value_needs_are_refused():
    with pytest.raises(DataError, match="4 records to learn from"):
        TableCodec.fit(_table(x=[1, 2, 3, 4]), TableOptions(min_count=5), 0)

"""Every kind of column: states and levels, and back to cells of its own type."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gansmith.tabular.columns.categories import MAX_STATES, CategoryCodec
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.distribution import MAX_PLAIN_VALUES
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.columns.texts import WORDS, StandInCodec, stand_in
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column


def _rng(seed=0):
    return np.random.default_rng(seed)


def _there_and_back(codec, column):
    codes, levels = codec.encode(column, _rng())
    assert codes.min(initial=0) >= 0
    assert codes.max(initial=0) < max(codec.n_states, 1)
    assert np.abs(levels).max(initial=0) <= 1
    return codec.decode(codes, levels, _rng(), Keyed())


def _number(values, kind: str = "integer", **fields):
    schema = Column("x", kind, **fields)
    column = pa.array(values, schema.arrow_type)
    return NumberCodec.fit(column, schema), column


# --- Numbers ------------------------------------------------------------------------------------------------


def test_spread_numbers_fall_into_bins_of_equal_size():
    codec, column = _number(np.round(_rng().lognormal(0, 2, 2000), 6), "decimal", decimals=6)
    codes, levels = codec.encode(column, _rng())
    assert (len(codec.spikes), codec.n_bins, codec.n_states) == (0, 20, 20)
    assert np.bincount(codes).min() >= 90
    assert np.bincount(codes).max() <= 110
    assert np.quantile(levels, [0.25, 0.5, 0.75]) == pytest.approx([-0.5, 0, 0.5], abs=0.06)


def test_zeros_and_a_sentinel_are_states_of_their_own():
    numbers = _rng().integers(1000, 9000, 4000)
    numbers[:1600] = 0
    numbers[1600:1620] = 999  # half a percent
    codec, column = _number(numbers)
    assert codec.spikes.tolist() == [0, 999]
    codes, levels = codec.encode(column, _rng())
    assert np.bincount(codes)[:2].tolist() == [1600, 20]
    assert not levels[:1620].any()
    back = codec.decode(codes, levels, _rng(), Keyed()).to_numpy()
    assert np.array_equal(back[:1620], numbers[:1620])
    assert np.abs(back - numbers).max() <= 1


def test_a_sentinel_among_its_like_stands_out():
    numbers = np.concatenate([_rng().integers(0, 2000, 4000), np.full(20 + 1, 999)])
    assert 999 in _number(numbers)[0].spikes


def test_missing_cells_are_a_state():
    values = [None if k % 4 == 0 else k for k in range(400)]
    codec, column = _number(values)
    assert codec.has_missing
    codes, _ = codec.encode(column, _rng())
    assert (codes == 0).tolist() == [value is None for value in values]
    assert _there_and_back(codec, column).to_pylist() == values


def test_numbers_that_many_records_share_are_spread_over_their_share():
    codec, column = _number(np.repeat(np.arange(50), 8))
    codes, levels = codec.encode(column, _rng())
    ranks = codes - len(codec.spikes) + (levels + 1) / 2
    counts, _ = np.histogram(ranks, bins=40)
    assert counts.min() >= 4
    assert _there_and_back(codec, column).equals(column)


def test_few_values_have_a_state_each():
    codec, _ = _number([3, 1, 1, 7] * 10)
    assert codec.spikes.tolist() == [1, 3, 7]
    assert (codec.n_states, codec.n_bins) == (3, 0)
    codes, levels = codec.encode(pa.array([2, 100, -5]), _rng())  # the nearest, nothing else is known
    assert codec.decode(codes, levels, _rng(), Keyed()).to_pylist() == [1, 7, 1]


def test_numbers_beyond_the_range_come_back_as_its_ends():
    codec, _ = _number(np.arange(1000))
    codes, levels = codec.encode(pa.array([-(10**6), 10**6]), _rng())
    assert codec.decode(codes, levels, _rng(), Keyed()).to_pylist() == [0, 999]


def test_tails_stay_within_what_was_seen():
    codec, column = _number(_rng().standard_cauchy(5000), "decimal", decimals=-1)
    ends = codec.decode(np.array([0, codec.n_states - 1]), np.array([-1, 1], np.float32), _rng(), Keyed())
    values = column.to_numpy()
    assert ends.to_numpy().min() >= values.min()
    assert ends.to_numpy().max() <= values.max()


@pytest.mark.parametrize("value", [0, 42, -7])
def test_a_constant_number_takes_no_part(value):
    codec, _ = _number([value] * 30)
    assert codec.n_states == 0
    assert codec.decode(np.zeros(3, int), np.zeros(3, np.float32), _rng(), Keyed()).to_pylist() == [value] * 3


def test_a_column_of_missing_numbers_comes_back():
    codec, column = _number([None] * 30)
    assert codec.n_states == 0
    assert _there_and_back(codec, column).equals(column)


@pytest.mark.parametrize("decimals", [0, 1, 2, 6])
def test_decimals_are_rounded_exactly(decimals):
    values = np.round(_rng().normal(0, 1000, 900), decimals)
    codec, column = _number(values, "decimal", decimals=decimals)
    back = _there_and_back(codec, column).to_numpy()
    assert np.abs(back - values).max() <= 10.0**-decimals + 1e-6 * np.ptp(values)
    assert np.array_equal(back, np.round(back, decimals))  # 0.1 and not 0.10000000000000001
    between = codec.decode(_rng().integers(0, codec.n_states, 500), _levels(500), _rng(), Keyed()).to_numpy()
    assert np.array_equal(between, np.round(between, decimals))


def _levels(n):
    return _rng(1).uniform(-1, 1, n).astype(np.float32)


@pytest.mark.parametrize("type", ["int8", "uint16", "int64"])
def test_whole_numbers_keep_their_type(type):
    codec, column = _number(_rng().integers(0, 120, 2000), type=type)
    assert _there_and_back(codec, column).equals(column)


@pytest.mark.parametrize("type", ["int64", "uint64"])
def test_huge_whole_numbers_come_back_as_far_as_doubles_go(type):
    info = np.iinfo(type)
    codec, column = _number(
        np.linspace(float(info.min), float(np.nextafter(float(info.max), 0)), 500).astype(type), type=type
    )
    back = _there_and_back(codec, column)
    distance = [abs(ours - theirs) for ours, theirs in zip(back.to_pylist(), column.to_pylist(), strict=True)]
    assert max(distance) <= 1e-6 * 2**64


def test_the_end_of_time_is_a_date_like_any_other():
    times = [dt.datetime(2020, 1, 1 + k % 28, k % 24) for k in range(500)] + [
        dt.datetime(9999, 12, 31, 23, 59, 59)
    ] * 20
    codec, column = _number(times, "datetime", granularity_seconds=1)
    assert codec.spikes.max() == times[-1].replace(tzinfo=dt.UTC).timestamp()
    assert _there_and_back(codec, column).to_pylist() == times


def test_dates_come_back_as_days():
    days = [dt.date(1900, 1, 1) + dt.timedelta(days=int(k)) for k in _rng().integers(0, 60_000, 500)]
    codec, column = _number(days, "date")
    assert _there_and_back(codec, column).to_pylist() == days


@pytest.mark.parametrize("step", [1, 60, 3600, 86400])
def test_times_keep_their_granularity(step):
    seconds = _rng().integers(0, 2**31 // step, 600) * step
    codec, column = _number((seconds * 10**6).tolist(), "datetime", granularity_seconds=step)
    back = np.asarray(_there_and_back(codec, column).cast(pa.int64())) // 10**6
    assert np.abs(back - seconds).max() <= step + 1e-6 * 2**31
    between = codec.decode(_rng().integers(0, codec.n_states, 400), _levels(400), _rng(), Keyed())
    assert not (np.asarray(between.cast(pa.int64())) % (step * 10**6)).any()


def test_times_finer_than_a_second_come_back():
    ticks = _rng().integers(0, 2**50, 600).tolist()
    codec, column = _number(ticks, "datetime")
    back = np.asarray(_there_and_back(codec, column).cast(pa.int64()))
    assert np.abs(back - np.array(ticks)).max() <= 1e-6 * 2**50


@pytest.mark.parametrize("n", [100, 800, 5000])
def test_numbers_that_hardly_repeat_are_not_kept(n):
    pay = np.round(_rng(1).lognormal(10, 0.5, n), 2)
    codec, _ = _number(pay, "decimal", decimals=2)
    assert len(codec.knots) <= max(n // 5, 2)
    inner = np.round(codec.knots[1:-1], 2)
    assert np.isin(inner, pay).mean() < 0.1
    codes = _rng().integers(0, codec.n_states, 20_000)
    made = codec.decode(codes, _levels(20_000), _rng(), Keyed()).to_numpy()
    assert np.isin(made, pay).mean() < 0.02
    ordered = np.sort(pay)
    distance = np.searchsorted(np.sort(made), ordered, "right") / 20_000 - (np.arange(n) + 1) / n
    assert np.abs(distance).max() < 0.015 + 5 / n  # half a gap between knots, and chance


def test_numbers_that_repeat_step_at_each_value():
    codec, _ = _number(np.repeat(np.arange(0, 400, 7), 6))
    made = codec.decode(_rng().integers(0, codec.n_states, 2000), _levels(2000), _rng(), Keyed()).to_numpy()
    assert not (made % 7).any()


def test_spikes_are_few():
    numbers = np.concatenate([np.repeat(np.arange(MAX_PLAIN_VALUES + 100), 20), _rng().normal(0, 1, 500)])
    assert len(_number(numbers, "decimal")[0].spikes) <= 60


# --- Categories ---------------------------------------------------------------------------------------------


def _category(values, profile=None, kind: str = "category", **fields):
    schema = Column("x", kind, **fields)
    column = pa.array(values, schema.arrow_type)
    return CategoryCodec.fit(column, schema, Fitting(profile=profile)), column


def test_categories_have_a_state_each():
    codec, column = _category(["b", "a", None, "b", " a"])
    assert codec.values.to_pylist() == ["b", "a", " a"]
    assert (codec.n_states, codec.n_bins, codec.has_missing) == (4, 0, True)
    assert _there_and_back(codec, column).equals(column)


@pytest.mark.parametrize("values", [["a", None, "b", "b", "b"], ["a", "b", "b", "b"]])
def test_an_unknown_category_counts_as_a_known_one_drawn_by_frequency(values):
    codec, _ = _category(values)
    back = _there_and_back(codec, pa.array(["?"] * 4000)).to_pylist()
    assert set(back) == {"a", "b"}
    assert back.count("b") / 4000 == pytest.approx(0.75, abs=0.03)


def test_a_missing_cell_where_there_were_none_counts_as_a_known_one():
    codec, _ = _category(["a", "b", "b"])
    assert set(_there_and_back(codec, pa.array([None] * 50, pa.string())).to_pylist()) == {"a", "b"}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (["here"] * 4, {}),
        ([7] * 4, {"type": "int64"}),
        ([0.1] * 4, {"type": "double"}),
        ([dt.date(2020, 2, 29)] * 4, {"type": "date32[day]"}),
        ([dt.datetime(2020, 2, 29, 1, 2, 3, 4)] * 4, {"type": "timestamp[us]"}),
        ([True] * 4, {"type": "bool"}),
        ([None] * 4, {"type": "null"}),
        ([None] * 4, {}),
    ],
)
def test_constants_take_no_part_and_come_back(values, fields):
    codec, column = _category(values, kind="constant", **fields)
    assert codec.n_states == 0
    assert _there_and_back(codec, column).equals(column)


def test_a_constant_with_gaps_plays():
    codec, column = _category([3, None, 3], kind="constant", type="int64")
    assert codec.n_states == 2
    assert _there_and_back(codec, column).equals(column)


def test_truth_values_come_back():
    codec, column = _category([True, False, None], kind="boolean")
    assert _there_and_back(codec, column).equals(column)


def test_ten_thousand_categories_share_states_and_keep_their_frequencies():
    names = [f"c{k}" for k in _rng().permutation(10_000)]
    drawn = _rng().zipf(1.2, 40_000).clip(max=10_000) - 1
    profile = _rng().random((40_000, 3))
    profile[:, 0] += drawn % 2  # two sorts of categories
    codec, column = _category(
        [*names, *(names[k] for k in drawn)], np.vstack([_rng(1).random((10_000, 3)), profile])
    )
    assert codec.n_states <= MAX_STATES
    assert len(codec.values) == 10_000
    n = len(column)
    back = _there_and_back(codec, column)
    wanted = {entry["values"]: entry["counts"] for entry in column.value_counts().to_pylist()}
    found = {entry["values"]: entry["counts"] for entry in back.value_counts().to_pylist()}
    common = [name for name, count in wanted.items() if count >= 30]
    assert len(common) > 50
    distances = [
        (found.get(name, 0) - wanted[name]) / np.sqrt(wanted[name] * (1 - wanted[name] / n))
        for name in common
    ]
    assert np.mean(np.abs(distances) <= 3) > 0.97
    assert np.abs(distances).max() < 5
    alone = set(codec.values.to_pylist()[: MAX_STATES - 24 - 1])
    assert all(found[name] == wanted[name] for name in alone)  # a state of their own: exact


def test_rare_categories_are_grouped_by_their_look():
    n_rare, n_each = 300, 40
    rare = np.repeat(np.arange(n_rare), n_each)
    common = np.repeat(np.arange(80), 400)
    sort = np.concatenate([rare % 2, np.zeros(len(common))])
    names = [*(f"r{k}" for k in rare), *(f"c{k}" for k in common)]
    codec, _ = _category(names, (10 * sort + _rng().random(len(names)))[:, None])
    state = dict(zip(codec.values.to_pylist(), codec.states.tolist(), strict=True))
    groups = [{state[f"r{k}"] for k in range(odd, n_rare, 2)} for odd in (0, 1)]
    assert not groups[0] & groups[1]


# --- Free text ----------------------------------------------------------------------------------------------


def test_stand_ins_are_never_the_real_text_and_of_its_lengths():
    real: list[str | None] = [
        f"{k}: " + "x" * int(size) for k, size in enumerate(_rng().integers(20, 200, 400))
    ]
    real[::5] = [None] * 80
    schema = Column("note", "text")
    column = pa.array(real, pa.string())
    codec = StandInCodec.fit(column, schema)
    back = _there_and_back(codec, column)
    assert pc.is_null(back).equals(pc.is_null(column))
    assert not set(back.drop_null().to_pylist()) & set(real)
    assert set(pc.count_substring_regex(back.drop_null(), r"\S+").to_pylist()) == {2}
    assert not re.search("[A-Z.0-9]", " ".join(back.drop_null().to_pylist()))
    lengths = [
        np.quantile(pc.utf8_length(texts.drop_null()).to_numpy(), [0.1, 0.5, 0.9]) for texts in (column, back)
    ]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.1)


def test_stand_ins_have_as_many_words_capitals_and_stops_as_the_texts():
    rng = _rng()
    real = [
        ("Ab " if k % 4 else "ab ") + "word " * rng.integers(2, 9) + ("end." if k % 5 else "end")
        for k in range(600)
    ]
    codec = StandInCodec.fit(pa.array(real), Column("note", "text"))
    back = codec.decode(np.zeros(2_000, int), np.zeros(2_000, np.float32), rng, Keyed()).to_pylist()
    assert set(" ".join(back).lower().replace(".", "").split()) <= set(WORDS)
    for of in (
        len,
        lambda text: len(text.split()),
        lambda text: text[0].isupper(),
        lambda text: text[-1] == ".",
    ):
        ours, theirs = (np.mean([of(text) for text in texts]) for texts in (back, real))
        assert ours == pytest.approx(theirs, rel=0.08)
    again = StandInCodec.from_state(codec.state(), codec.column)
    assert again.words == codec.words


@pytest.mark.parametrize("length", range(1, 40))
def test_a_stand_in_is_as_long_as_asked_but_for_a_blank_at_its_end(length):
    assert length - 1 <= len(stand_in(length, length)) <= length


def test_texts_without_gaps_take_no_part():
    codec = StandInCodec.fit(pa.array(["some text"] * 3), Column("note", "text"))
    assert codec.n_states == 0
    assert len(codec.decode(np.zeros(4, int), np.zeros(4, np.float32), _rng(), Keyed()).drop_null()) == 4


def test_missing_texts_alone_are_no_error():
    codec = StandInCodec.fit(pa.nulls(4, pa.string()), Column("note", "text"))
    assert _there_and_back(codec, pa.nulls(4, pa.string())).null_count == 4

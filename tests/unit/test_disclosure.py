"""What of real values may be printed: ends that enough records reach, rounded; values that enough share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.disclosure import Ends, rounded_cuts, shared_ends


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e9, 1e9) | st.integers(-20, 20).map(float), min_size=1, max_size=60),
    st.integers(1, 6),
    st.sampled_from(["number", "days", "seconds", "clock"]),
)
def test_enough_records_have_each_end_or_lie_beyond(values, min_count, unit):
    values = np.array(values)
    ends = shared_ends(values, min_count, unit)
    if ends is None:
        return
    slack = 1e-8 * np.ptp(values)
    assert ends.low <= ends.high
    assert np.count_nonzero(values <= ends.low + slack) >= min_count
    assert np.count_nonzero(values >= ends.high - slack) >= min_count
    if ends.is_exact:
        assert (ends.low, ends.high) == (values.min(), values.max())


@pytest.mark.parametrize("low", [1_234.5, -77_000.25, 0.000123])
def test_an_end_that_one_record_has_is_nobodys_once_it_is_rounded(low):
    values = low + 0.01 * abs(low) * np.sqrt(np.arange(200.0))
    ends = shared_ends(values, 5)
    assert ends is not None
    assert not ends.is_exact
    assert not np.isin([ends.low, ends.high], values).any()


def test_dates_end_at_new_year_and_times_of_day_at_full_hours():
    days = np.arange("1951-03-04", "1999-08-07", 11, dtype="M8[D]").astype(float)
    found = shared_ends(days, 5, "days")
    assert found is not None
    ends = np.array(found[:2]).astype("M8[D]").astype(str)
    assert ends.tolist() == ["1952-01-01", "1999-01-01"]
    assert shared_ends(np.linspace(7 * 3600 + 61, 19 * 3600 + 61, 300), 5, "clock") == Ends(
        28_800, 64_800, False
    )


def test_what_all_have_stands_as_it_is_and_too_few_records_say_nothing():
    assert shared_ends(np.append(np.zeros(99), 7.5), 3) == Ends(0, 0, False)
    assert shared_ends(np.append(np.zeros(99), 7.5), 1) == Ends(0, 7.5, True)
    assert shared_ends(np.repeat([1.0, 6.0], 40), 5) == Ends(1, 6, True)
    assert shared_ends(np.arange(9.0), 5) is None


def test_cuts_lie_between_the_ends():
    cuts = rounded_cuts(np.array([-5.0, 1_234.0, 1_249.0, 7_777.0, 1e9]), Ends(0.0, 9_000.0, True))
    assert cuts.tolist() == [0, 1_200, 7_700, 9_000]

"""How far a run is on, and what shortening it does."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.engine.length import Length, cuts_of, spelt_cuts
from gansmith.errors import UsageError


@pytest.mark.parametrize(("n_times", "n_steps"), [(1, 12), (5, 12), (12, 12), (40, 12), (7, 100)])
def test_moments_are_evenly_spaced_and_the_last_is_the_end(n_times, n_steps):
    length = Length(n_steps)
    moments = [step for step in range(1, n_steps + 1) if length.is_due(step, n_times)]
    assert len(moments) == min(n_times, n_steps)
    assert moments[-1] == n_steps
    gaps = [b - a for a, b in zip([0, *moments], moments, strict=False)]
    assert max(gaps) - min(gaps) <= 1


def test_without_cuts_progress_is_the_share_of_the_steps():
    assert [Length(3).progress(step) for step in range(4)] == [0, Fraction(1, 3), Fraction(2, 3), 1]
    assert float(Length(7).progress(3)) == 3 / 7


def test_after_a_cut_the_rest_is_spread_over_the_steps_that_are_left():
    length = Length(10).shortened(5, 7)
    assert length.n_steps == 7
    assert [length.progress(step) for step in (5, 6, 7)] == [Fraction(1, 2), Fraction(3, 4), 1]


def test_only_what_comes_later_can_be_shortened_and_only_to_less():
    length = Length(10, ((5, 8),))
    assert length.shortened(5, 6) is length
    assert length.shortened(3, 6) is length  # rolled back to before the cut: what was decided stays
    assert length.shortened(6, 8) is length
    assert length.shortened(6, 0).cuts == ((5, 8), (6, 7))


@pytest.mark.parametrize("cuts", [((5, 12),), ((5, 5),), ((5, 8), (4, 7)), ((5, 8), (6, 8))])
def test_cuts_that_are_none_are_refused(cuts):
    with pytest.raises(UsageError, match="cannot be shortened"):
        Length(10, cuts)


@given(
    st.integers(2, 300), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=6), st.data()
)
def test_progress_grows_from_nought_to_one_whatever_the_cuts(n_steps, wishes, data):
    length = Length(n_steps)
    for step, n_wanted in sorted(wishes):
        if step < length.n_steps:
            length = length.shortened(step, n_wanted)
    shares = [length.progress(step) for step in range(length.n_steps + 1)]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert all(a < b for a, b in itertools.pairwise(shares))
    n_times = data.draw(st.integers(1, 12))
    n_due = sum(length.is_due(step, n_times) for step in range(1, length.n_steps + 1))
    assert 1 <= n_due <= n_times
    assert length.is_due(length.n_steps, n_times)
    assert cuts_of(spelt_cuts(length.cuts)) == length.cuts


@pytest.mark.parametrize("text", ["5", "5:", "5:4,", "a:b", "5:-4", "5:4;6:3"])
def test_cuts_are_spelt_in_one_way(text):
    with pytest.raises(UsageError, match="STEP:STEPS"):
        cuts_of(text)

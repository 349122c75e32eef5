from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansmith.engine.length import average_weight, cosine

shares = st.floats(0, 1)


def test_cosine_at_its_landmarks():
    assert [cosine(2.0, 1.0, progress) for progress in (-1, 0, 0.5, 1, 7)] == pytest.approx([2, 2, 1.5, 1, 1])
    assert cosine(2.0, 0.0, 0.25) == pytest.approx(1 + 2**-0.5)


@given(start=st.floats(0, 10), end=st.floats(0, 10), first=shares, second=shares)
def test_cosine_moves_from_start_to_end_without_turning_back(start, end, first, second):
    first, second = sorted((first, second))
    before, after = cosine(start, end, first), cosine(start, end, second)
    slack = 1e-9
    assert min(start, end) - slack <= before <= max(start, end) + slack
    assert (after - before) * (end - start) >= -slack


def test_average_weight():
    assert average_weight(10, 10, 1_000_000) == pytest.approx(0.5)
    assert average_weight(10, 20, 1_000_000) == pytest.approx(1 - 0.5**0.5)
    assert average_weight(10, 1_000, 200) == pytest.approx(0.5), "half-life 10: a twentieth of what was seen"
    assert average_weight(10, 1_000, 0) == 1.0

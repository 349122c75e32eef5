from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.features import Features, fold_rare_codes
from gansmith.scorecard.points import as_points


@pytest.mark.parametrize(
    ("names", "values", "is_category"),
    [
        (("a",), np.zeros((3, 2)), np.zeros(2, dtype=bool)),
        (("a", "b"), np.zeros((3, 2)), np.zeros(3, dtype=bool)),
        (("a",), np.zeros((3, 1), dtype=np.float32), np.zeros(1, dtype=bool)),
        (("a",), np.zeros(3), np.zeros(1, dtype=bool)),
        (("a",), np.array([[np.inf]]), np.zeros(1, dtype=bool)),
        (("a",), np.array([[0.5]]), np.ones(1, dtype=bool)),
        (("a",), np.array([[-1.0]]), np.ones(1, dtype=bool)),
    ],
)
def test_refused(names: tuple[str, ...], values: np.ndarray, is_category: np.ndarray):
    with pytest.raises(DataError):
        Features(names, values, is_category)


def test_take_and_position():
    table = Features(("age", "sex"), np.array([[1.0, 0], [2, 1], [3, np.nan]]), np.array([False, True]))
    assert len(table) == 3
    assert table.take(np.array([2, 0])).values[:, 0].tolist() == [3.0, 1.0]
    assert table.position("sex") == 1
    with pytest.raises(UsageError, match="Did you mean 'age'"):
        table.position("agge")


def test_common_codes_stay_apart():
    folded = fold_rare_codes(np.repeat(np.arange(300.0), np.arange(300) + 1))
    assert len(np.unique(folded)) == 255
    assert folded[-1] == 0.0
    assert folded[0] == folded[1] == 254.0


def test_points_measure_ranks_and_mismatches():
    values = np.array([[10.0, 0], [1000.0, 0], [10.0, 1], [np.nan, 0]])
    (points,) = as_points(Features(("a", "b"), values, np.array([False, True])))
    squared = np.square(points[0] - points).sum(axis=1)
    # Ranks of 10, 10, 1000: 1/3, 1/3, 5/6. A missing number: in the middle, and one more coordinate.
    assert squared == pytest.approx([0.0, 0.25, 1.0, (0.5 - 1 / 3) ** 2 + 1.0])

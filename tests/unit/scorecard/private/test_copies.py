from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import exact_copies, near_copies

NAN = np.nan


def test_copies_are_counted():
    assert exact_copies(["a", "b", "b", "c"], ["b", "x"]).value == 0.5
    assert exact_copies([b"a"], [b"a"]).value == 1.0
    none = exact_copies(np.arange(100), np.arange(100, 200))
    assert none.value == 0.0
    assert 0.0 < none.error < 0.05  # 0 of 100 is not certainly none


def test_copies_of_pictures():
    rng = np.random.default_rng(0)
    train = rng.integers(0, 256, (20, 4, 4), dtype=np.uint8)
    fake = np.concatenate([train[:5], 255 - train[:5]])
    assert exact_copies(fake, train).value == 0.5
    with pytest.raises(DataError, match="cannot be equal"):
        exact_copies(fake.astype(np.float32), train)
    with pytest.raises(DataError, match="cannot be equal"):
        exact_copies(fake[:, :3], train)


def table(rows: Sequence[Sequence[float]], *, categories: tuple[int, ...] = ()) -> Features:
    values = np.array(rows, dtype=np.float64)
    is_category = np.isin(np.arange(values.shape[1]), categories)
    return Features(tuple("abcdefgh"[: values.shape[1]]), values, is_category)


def test_near_copies_differ_in_one_column_at_the_most():
    known = table([[0, 1, 2, 3], [1, 1, 1, 1]], categories=(0, 1, 2, 3))
    fake = table(
        [[0, 1, 2, 3], [0, 1, 2, 9], [7, 1, 2, 3], [0, 1, 8, 8], [1, 0, 3, 2]], categories=(0, 1, 2, 3)
    )
    assert near_copies(fake, known).value == 3 / 5
    # Half of one known record and half of the other is near neither.
    assert near_copies(table([[0, 1, 1, 1]], categories=(0, 1, 2, 3)), known).value == 1.0
    assert near_copies(table([[0, 2, 1, 1]], categories=(0, 1, 2, 3)), known).value == 0.0


def test_the_column_left_out_is_the_same_on_both_sides():
    # Codes swapped between columns are other cells, though the same numbers.
    known, fake = (table([row], categories=(0, 1, 2)) for row in ([0, 1, 2], [2, 1, 0]))
    assert near_copies(fake, known).value == 0.0


def test_missing_is_near_missing_alone():
    known = table([[NAN, NAN, 5.0, 1.0], [3.0, 2.0, 4.0, 0.0]], categories=(1, 3))
    assert near_copies(table([[NAN, NAN, 9.0, 1.0]], categories=(1, 3)), known).value == 1.0
    assert near_copies(table([[3.0, NAN, 3.0, 1.0]], categories=(1, 3)), known).value == 0.0


def test_numbers_are_near_within_a_hundredth_of_the_records():
    steps = np.arange(1000.0)
    known = table(np.stack([steps, steps, steps, steps], axis=1).tolist())
    near, far = [[505.0, 505.5, 506.0, 900.0]], [[505.0, 505.5, 519.0, 900.0]]
    assert near_copies(table(near), known).value == 1.0
    assert near_copies(table(far), known).value == 0.0


def test_a_value_that_many_share_is_near_no_other():
    zeros = np.zeros((200, 3))
    zeros[:5] = [[1.0, 1.0, 1.0]] * 5
    assert near_copies(table([[0.5, 0.5, 0.0]]), table(zeros.tolist())).value == 0.0
    assert near_copies(table([[0.5, 0.0, 0.0]]), table(zeros.tolist())).value == 1.0


def test_near_copies_of_few_columns_are_doubted():
    two, three = (table(np.ones((4, n)).tolist()) for n in (2, 3))
    assert "cannot be trusted" in near_copies(two, two).caveat
    assert near_copies(three, three).caveat == ""
    assert near_copies(three, three) == near_copies(three, three, seed=9)


def test_a_missing_number_is_near_no_number():
    known = table([[float(i)] * 3 for i in range(10)])
    for number in (-1.0, 0.0, 4.0, 9.0, 99.0):
        assert near_copies(table([[NAN, NAN, number]]), known).value == 0.0
    assert near_copies(table([[0.0, NAN, 0.0]]), known).value == 1.0

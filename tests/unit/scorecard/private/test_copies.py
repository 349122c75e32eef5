from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import exact_copies, near_copies, nearest_neighbour_share, rare_values

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


def numbers(rng: np.random.Generator, n: int, d: int = 3) -> Features:
    return Features(tuple(map(str, range(d))), rng.normal(size=(n, d)), np.zeros(d, dtype=bool))


def test_a_copy_is_nearer_to_training_and_a_stranger_is_not():
    rng = np.random.default_rng(0)
    train, holdout, stranger = (numbers(rng, 400) for _ in range(3))
    assert nearest_neighbour_share(train, train, holdout, seed=0).value == 1.0
    assert nearest_neighbour_share(holdout, train, holdout, seed=0).value == 0.0
    score = nearest_neighbour_share(stranger, train, holdout, seed=0)
    assert abs(score.value - 0.5) < 3 * score.error


def test_a_larger_training_set_is_no_nearer():
    rng = np.random.default_rng(1)
    score = nearest_neighbour_share(numbers(rng, 500), numbers(rng, 5000), numbers(rng, 500), seed=0)
    assert abs(score.value - 0.5) < 3 * score.error


def test_ties_count_one_half():
    coin = Features(("c",), np.tile([[0.0], [1.0]], (50, 1)), np.array([True]))
    assert nearest_neighbour_share(coin, coin, coin, seed=0).value == 0.5


def test_the_error_knows_that_records_share_their_neighbours():
    rng = np.random.default_rng(2)
    scores = [
        nearest_neighbour_share(numbers(rng, 400), numbers(rng, 40), numbers(rng, 40), seed=s)
        for s in range(60)
    ]
    spread = np.std([score.value for score in scores])
    assert 0.7 < np.mean([score.error for score in scores]) / spread < 2.5


def of_columns(columns: dict[str, list[float]]) -> Features:
    return Features(tuple(columns), np.array(list(columns.values())).T, np.arange(len(columns)) % 2 == 0)


def test_rare_values_are_counted():
    nan = np.nan
    # Rare in training: 1 and 2; 0 is frequent, 3 stands in the hold-out, missing is no value. And 7.5.
    train = of_columns({"a": [0, 0, 0, 0, 0, 1, 1, 2, 3, nan], "b": [7.5, *[1.0] * 9]})
    holdout = of_columns({"a": [3, 0, 0, 0, 0, 0, 0, 0, 4, nan], "b": [8.5, 9.5, *[1.0] * 8]})
    fake = of_columns({"a": [1, 1, 1, 4, 0], "b": [7.5, 7.5, 8.5, 1.0, nan]})
    attack = rare_values(fake, train, holdout, seed=0)
    assert attack.worst == "all columns"
    assert (attack.risk.main.value, attack.risk.main.n) == (2 / 3, 3)
    assert (attack.risk.control.value, attack.risk.control.n) == (2 / 3, 3)
    assert set(attack.parts) == {"all columns", "a", "b"}
    assert (attack.parts["a"].main.value, attack.parts["a"].control.value) == (1 / 2, 1.0)
    assert (attack.parts["b"].main.value, attack.parts["b"].control.value) == (1.0, 1 / 2)


def test_five_records_are_not_few():
    train = of_columns({"a": [*[1.0] * 5, *[2.0] * 4, 0.0]})
    attack = rare_values(train, train, of_columns({"a": [0.0] * 10}), seed=0)
    assert attack.risk.main.n == 1


def test_without_rare_values_nothing_is_shown():
    coin = of_columns({"a": [0.0, 1.0] * 20})
    attack = rare_values(coin, coin, coin, seed=0)
    assert "cannot be trusted" in attack.score.caveat
    assert (attack.score.value, list(attack.parts)) == (0.0, ["all columns"])


def test_rare_values_of_one_record_count_once():
    rng = np.random.default_rng(0)
    train, holdout, fake = (numbers(rng, 200, 8) for _ in range(3))
    fake.values[0] = train.values[0]
    attack = rare_values(fake, train, holdout, seed=0)
    assert attack.risk.main.value * attack.risk.main.n == 8
    assert attack.score.chance == 0.5
    fake.values[:20] = train.values[:20]
    assert rare_values(fake, train, holdout, seed=0).score.chance == pytest.approx(0.0, abs=1e-5)

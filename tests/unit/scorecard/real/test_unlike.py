"""Columns, pairs and triples that are not as in real data: faults are named, honest data is not accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gansmith.scorecard.chance import DOUBT
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.joint import draw_subsets
from gansmith.scorecard.real.unlike import (
    Unlike,
    cells_of,
    degrees_of_freedom,
    fitted,
    interactions,
    parts_of_dates,
    unlike,
)

N = 3_000


def of(*columns: np.ndarray, is_category: bool = True) -> Features:
    names = tuple(f"c{place}" for place in range(len(columns)))
    values = np.stack(columns, axis=1).astype(np.float64)
    return Features(names, values, np.full(len(columns), is_category))


def found(fake: Features, real: Features) -> dict[str, float]:
    """What is surely off, by what it is called: how far."""
    return {one.words: one.effect for one in unlike(fake, real) if 5 * one.chance < DOUBT}


def sparse(n: int, rng: np.random.Generator) -> Features:
    """Numbers with heavy tails, many gaps and ties, that hang together; and uneven categories."""
    size = rng.normal(size=n)
    numbers = [np.exp(size + rng.normal(size=n)).round(place % 2) for place in range(8)]
    numbers = [np.where(rng.random(n) < 0.1 * place, np.nan, one) for place, one in enumerate(numbers)]
    codes = [np.minimum(rng.geometric(0.5, n), 6), size + rng.normal(size=n) > 1.5]
    return Features(
        tuple(f"c{place}" for place in range(10)),
        np.stack([*numbers, *codes], axis=1).astype(np.float64),
        np.arange(10) > 7,
    )


@pytest.mark.parametrize("n_real", [1_200, 200])
def test_honest_pairs_and_triples_are_accused_as_seldom_as_is_said(n_real):
    rng, chances = np.random.default_rng(n_real), {2: list[float](), 3: list[float]()}
    for _ in range(8):
        both = sparse(500 + n_real, rng)
        for size, so_far in chances.items():
            tables, n_free, _ = interactions(both, 500, draw_subsets(10, size, 1_000, rng))
            so_far += tables.chances(n_free)[n_free > 0].tolist()
    for of_size in map(np.array, chances.values()):
        assert len(of_size) > 300
        assert (of_size < 0.05).mean() < 0.075
        assert (of_size < 0.004).mean() < 0.012


def test_honest_tables_are_accused_of_nothing():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        assert not found(sparse(1_500, rng), sparse(400, rng))


def test_three_columns_that_hang_together_as_no_two_of_them_do_are_named_alone():
    def bits(seed: int, share: float) -> Features:
        rng = np.random.default_rng(seed)
        values = rng.integers(0, 2, (10, N))
        values[2] = np.where(rng.random(N) < share, values[0] ^ values[1], values[2])
        return of(*values)

    assert list(found(bits(1, 0.0), bits(2, 0.9))) == ["c0, c1 and c2"]


def test_gaps_that_no_longer_go_together_are_named_as_gaps():
    def table(seed: int, is_shuffled: bool) -> Features:
        rng = np.random.default_rng(seed)
        is_gap = rng.random(N) < 0.2
        other = rng.permutation(is_gap) if is_shuffled else is_gap
        numbers = rng.normal(size=(3, N))
        with_gaps = [
            np.where(gap, np.nan, one) for gap, one in zip((is_gap, other), numbers[:2], strict=True)
        ]
        return of(*with_gaps, numbers[2], is_category=False)

    assert found(table(1, True), table(2, False)) == {"gaps of c0 and c1": pytest.approx(0.32, abs=0.04)}


def test_a_column_with_more_gaps_is_off_in_its_gaps():
    def table(seed: int, share: float) -> Features:
        rng = np.random.default_rng(seed)
        return of(np.where(rng.random(N) < share, np.nan, rng.normal(size=N)), is_category=False)

    assert found(table(1, 0.2), table(2, 0.1)) == {"gaps of c0": pytest.approx(0.1, abs=0.03)}


def test_a_column_that_is_off_leaves_its_pairs_alone():
    def table(seed: int, share: float) -> Features:
        rng = np.random.default_rng(seed)
        group = (rng.random(N) < share) * 1
        return of(group, np.where(rng.random(N) < 0.8, group, rng.integers(0, 3, N)), rng.integers(0, 2, N))

    assert set(found(table(1, 0.3), table(2, 0.6))) == {"c0", "c1"}


def test_a_tenth_of_the_cells_shuffled_is_found_where_columns_hang_together():
    def table(seed: int, n_shuffled: int) -> Features:
        rng = np.random.default_rng(seed)
        first, noise = rng.normal(size=(2, N))
        second = first + 0.2 * noise
        second[:n_shuffled] = rng.permutation(second[:n_shuffled])
        return of(first, second, is_category=False)

    assert found(table(1, N // 10), table(2, 0)) == {"c0 and c1": pytest.approx(0.07, abs=0.02)}


@pytest.mark.parametrize(("scale", "unit"), [("days", 1), ("seconds", 86_400)])
def test_dates_that_are_moved_by_three_days_are_named_by_their_weekdays(scale, unit):
    def dates(seed: int, moved: int) -> Features:
        rng = np.random.default_rng(seed)
        days = 16_440 + 7 * rng.integers(0, 300, N) + rng.integers(0, 5, N) + moved  # from Monday to Friday
        return replace(of(days * unit, is_category=False), scales={"c0": scale})

    assert found(dates(1, 3), dates(2, 0)) == {"c0: weekday": pytest.approx(0.4, abs=0.03)}


def test_parts_of_dates_are_those_of_the_calendar():
    moments = np.array(["2026-11-29T15:57:16", "1969-12-31T23:00:00", "2024-02-29T00:00:00"], "datetime64[s]")
    seconds = np.append(moments.astype(np.float64), np.nan)
    parts = {name: part.tolist()[:3] for name, part in parts_of_dates(seconds, "seconds").items()}
    assert parts == {
        "weekday": [6, 2, 3],
        "month": [10, 11, 1],
        "day of the month": [28, 30, 28],
        "hour": [15, 23, 0],
    }
    assert list(parts_of_dates(np.floor(seconds / 86_400), "days")) == [
        "weekday",
        "month",
        "day of the month",
    ]
    assert parts_of_dates(seconds, None) == {}


def test_cells_hold_equal_numbers_frequent_categories_and_gaps_each_in_one():
    numbers = np.repeat([0.0, 5.0], [99, 1])
    assert cells_of(numbers, is_category=False, n_cells=2, fewest=5).tolist() == [0] * 99 + [1]
    codes = np.repeat([7.0, 3.0, 9.0, 1.0, np.nan], [4, 5, 1, 1, 3])
    cells = cells_of(codes, is_category=True, n_cells=9, fewest=3)
    assert cells.tolist() == [1] * 4 + [0] * 5 + [2] * 2 + [3] * 3
    assert cells_of(np.full(4, np.nan), is_category=False, n_cells=3, fewest=2).tolist() == [0] * 4


def test_a_fit_keeps_sums_and_has_no_interaction_left():
    rng = np.random.default_rng(0)
    ours, theirs = rng.integers(20, 60, (2, 2, 3, 4)).astype(np.float64)  # four tables of two by three cells
    shares = fitted(ours + theirs, ours)
    for axis in (0, 1):
        assert ((ours + theirs) * shares).sum(axis) == pytest.approx(ours.sum(axis), abs=0.02)
    odds = np.log(shares / (1 - shares))
    assert odds[0] - odds[1] == pytest.approx(np.broadcast_to(odds[0, :1] - odds[1, :1], (3, 4)), abs=1e-3)


def test_degrees_of_freedom_are_those_of_the_interaction_less_what_was_left_out():
    assert degrees_of_freedom(np.ones((3, 4, 1), dtype=bool)).tolist() == [6]
    assert degrees_of_freedom(np.ones((3, 4, 2, 1), dtype=bool)).tolist() == [6]
    is_kept = np.ones((3, 3, 2), dtype=bool)
    is_kept[..., 0] = np.eye(3)  # one column fixes the other
    is_kept[0, 0, 1] = False
    assert degrees_of_freedom(is_kept).tolist() == [0, 3]


def test_a_person_is_told_what_is_off():
    assert Unlike(("a",), 0.0, 0.1).words == "a"
    assert Unlike(("a",), 0.0, 0.1, "weekday").words == "a: weekday"
    assert Unlike(("a", "b", "c"), 0.0, 0.1).words == "a, b and c"
    assert Unlike(("a", "b"), 0.0, 0.1, is_of_gaps=True).words == "gaps of a and b"

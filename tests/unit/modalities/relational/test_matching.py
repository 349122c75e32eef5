"""Who is pointed at, and how often; circles and pairs that may not be."""

from __future__ import annotations

import numpy as np

from gansmith.modalities.relational.matching import Pairs, Slots, acyclic, rounded, stratum


def test_rows_are_pointed_at_as_often_as_they_want_to_be():
    rng = np.random.default_rng(0)
    capacity, kinds = np.array([3, 0, 2, 1]), np.array([1, 1, 2, 2])
    rows = Slots(capacity, kinds, 6, rng).draw(np.array([1, 2, 1, 2, 1, 2]))
    np.testing.assert_array_equal(np.bincount(rows, minlength=4), capacity)
    assert (kinds[rows] == [1, 2, 1, 2, 1, 2]).all()


def test_who_wants_nobody_gets_nobody_and_none_are_lost_when_there_are_too_few():
    slots = Slots(np.array([1, 1]), np.array([1, 1]), 4, np.random.default_rng(0))
    rows = slots.draw(np.array([0, 1, 1, 1, 1]))
    assert rows[0] == -1
    assert (rows[1:] >= 0).all()


def test_no_pair_comes_twice_as_long_as_there_are_others():
    slots = Slots(np.full(5, 4), np.ones(5, np.int64), 20, np.random.default_rng(0))
    pairs = Pairs(5)
    families = np.repeat(np.arange(4), 5)
    rows = np.concatenate([pairs.drawn(slots, np.ones(4, np.int64), families[k::5]) for k in range(5)])
    found = set(zip(np.concatenate([families[k::5] for k in range(5)]).tolist(), rows.tolist(), strict=True))
    assert len(found) == 20


def test_nobody_is_his_own_boss_by_way_of_others():
    rng = np.random.default_rng(0)
    has = rng.random(200) < 0.9
    boss = acyclic(has, rng.poisson(1, 200), rng)
    assert ((boss >= 0) == has).mean() > 0.99
    for row in range(200):
        seen, at = set[int](), row
        while boss[at] >= 0:
            assert at not in seen
            seen.add(at)
            at = int(boss[at])


def test_rounding_keeps_the_sum():
    rng = np.random.default_rng(0)
    numbers = rng.random(1000) * 3
    assert abs(rounded(numbers, rng).sum() - numbers.sum()) < 1.001
    assert np.abs(rounded(numbers, rng) - numbers).max() < 1


def test_early_and_late_ones_are_told_apart():
    places, counts = np.array([0, 1, 0, 0, 1, 2]), np.array([2, 2, 1, 3, 3, 3])
    assert stratum(places, counts, 5).tolist() == [1, 3, 2, 0, 2, 4]
    assert stratum(places, counts, 1).tolist() == [0] * 6


def test_the_first_of_each_goes_to_who_wants_an_early_one():
    slots = Slots(np.full(40, 2), np.ones(40, np.int64), 80, np.random.default_rng(0), 5)
    early, late = slots.draw(np.full(40, 2)), slots.draw(np.full(40, 4))
    assert sorted(early) == sorted(late) == list(range(40))

"""Keyed shuffles: exact, without order, and no two keys alike oftener than chance will have it."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.tabular.keyed import Keyed

KEYED = Keyed().part("a model").part("a column")
LARGE = (2**31 - 1, 2**62, 2**62 + 1, 2**122, 36**30, 62**200)


def test_every_small_shuffle_is_a_bijection():
    for capacity in range(1, 300):
        members = KEYED.members(capacity, capacity)
        assert sorted(members) == list(range(capacity))
        assert KEYED.shuffle(capacity).places(members) == list(range(capacity))


@pytest.mark.parametrize("capacity", LARGE)
def test_of_large_ones_no_two_members_are_alike_and_each_is_found_again(capacity):
    members = KEYED.members(500, capacity)
    assert len(set(members)) == 500
    assert 0 <= min(members) < max(members) < capacity
    assert max(members) > capacity // 2
    assert KEYED.shuffle(capacity).places(members) == list(range(500))


def test_beyond_the_last_member_the_numbers_go_on():
    members = KEYED.members(25, 10)
    assert sorted(members[:10]) == list(range(10))
    assert sorted(members[10:20]) == list(range(10, 20))


@pytest.mark.parametrize("capacity", [7, 1000, 2**40, 2**122])
def test_blocks_are_parts_of_the_whole(capacity):
    whole = KEYED.members(60, capacity)
    for size in (1, 7, 60):
        blocks = [Keyed(KEYED.key, first).members(size, capacity) for first in range(0, 60 - size + 1, size)]
        assert [one for block in blocks for one in block] == whole[: len(blocks) * size]
    assert KEYED.uniform(range(20, 60)).tolist() == KEYED.uniform(range(60))[20:].tolist()


def test_two_keys_share_members_no_oftener_than_chance():
    n, capacity = 2000, 10**6
    samples = [set(Keyed().part(f"model {k}").members(n, capacity)) for k in range(12)]
    shared = [len(one & other) for place, one in enumerate(samples) for other in samples[:place]]
    assert np.mean(shared) == pytest.approx(n * n / capacity, abs=1.0)  # 4 expected, standard error .25
    orders = np.array([Keyed().part(f"model {k}").members(50, 50) for k in range(60)])
    assert np.mean(orders[1:] == orders[:-1]) == pytest.approx(0.02, abs=0.01)  # standard error .0026


@pytest.mark.parametrize("capacity", [10**6, 2**122])
def test_neighbours_have_nothing_in_common(capacity):
    members = np.array([member / capacity for member in KEYED.members(4000, capacity)])
    steps = np.diff(members)
    assert np.corrcoef(members[:-1], members[1:])[0, 1] == pytest.approx(0, abs=0.06)
    assert np.mean(steps > 0) == pytest.approx(0.5, abs=0.03)
    assert members.mean() == pytest.approx(0.5, abs=0.02)
    first_digit = (16 * members).astype(int)
    assert np.mean(first_digit[1:] == first_digit[:-1]) == pytest.approx(1 / 16, abs=0.02)


def test_numbers_between_zero_and_one_are_spread_evenly():
    draws = KEYED.uniform(range(20_000))
    assert np.histogram(draws, 10, (0, 1))[0] == pytest.approx(2000, abs=170)
    assert np.corrcoef(draws[:-1], draws[1:])[0, 1] == pytest.approx(0, abs=0.03)

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import UsageError
from gansmith.scorecard.features import Features
from gansmith.scorecard.private.linkability import linkability

HALVES = (["age", "town"], ["income", "size"])


def test_the_two_sources_can_be_named(world):
    attack = linkability(*world(1.0, 0, 500), seed=0, columns=HALVES)
    assert attack.worst == "age, town | income, size"
    assert attack.score.interval[0] > 0.5
    assert len(attack.parts) == 1


def test_columns_left_out_of_both_sources_are_not_used(world):
    fake, train, holdout = world(1.0, 0, 500)
    values = fake.values.copy()
    values[:, 1] = 0.0
    blank = Features(fake.names, values, fake.is_category)
    parts = [linkability(part, train, holdout, seed=0, columns=HALVES) for part in (fake, blank)]
    assert parts[0].risk == parts[1].risk


def test_random_halves_share_no_column_and_are_different(world):
    fake, train, holdout = world(0.0, 0, 100)
    attack = linkability(fake, train, holdout, seed=0)
    assert len(attack.parts) == 4
    for name in attack.parts:
        halves = [half.split(", ") for half in name.split(" | ")]
        assert [len(half) for half in halves] == [3, 3]
        assert sorted(halves[0] + halves[1]) == sorted(fake.names)
    two = [part.keep(["age", "size"]) for part in (fake, train, holdout)]
    assert list(linkability(*two, seed=0).parts) == ["age | size"]


def test_ties_link_nothing():
    # All records are equally near: whoever took them in one order would link every record.
    rng = np.random.default_rng(0)
    same = Features(("a", "b"), np.zeros((400, 2)), np.array([True, True]))
    values = rng.integers(0, 2, size=(400, 2)).astype(float)
    coins = Features(("a", "b"), values, np.array([True, True]))
    assert linkability(same, coins, coins, seed=3, k=1).risk.main.value == 0.0
    risk = linkability(coins, coins, coins, seed=0, k=2).risk
    assert risk.main.value < 0.3


def test_chance_is_that_of_random_neighbours():
    rng = np.random.default_rng(0)
    parts = [Features(("a", "b"), rng.normal(size=(n, 2)), np.array([False] * 2)) for n in (200, 2000, 2000)]
    risk = linkability(*parts, seed=0, k=5).risk
    assert risk.baseline is not None
    expected = 1 - np.prod([(195 - i) / (200 - i) for i in range(5)])
    assert risk.baseline.value == pytest.approx(expected)
    # Independent columns are linked by chance alone, which shows nothing.
    assert risk.control.low < expected < risk.control.high
    assert "no better than a guess" in risk.caveat


@pytest.mark.parametrize("columns", [(["age"], ["age", "job"]), ([], ["age"]), (["agee"], ["job"])])
def test_wrong_sources_are_refused(columns, world):
    with pytest.raises(UsageError):
        linkability(*world(0.0, 0, 50), seed=0, columns=columns)

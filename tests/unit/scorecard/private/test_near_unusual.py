"""A handful of near copies of unusual records is a leak; as many as of fresh records are none."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measures import Case
from gansmith.scorecard.plots import Views
from gansmith.scorecard.private.unusual import near_unusual
from gansmith.scorecard.score import CEILING, QUICK, Entry
from gansmith.scorecard.verdict.leaks import ATTACKS, level_of_attack, level_of_share

N = 1_200
UNUSUAL = next(attack for attack in ATTACKS if attack.name == "near_unusual")


def people(seed: int, n: int = N, n_columns: int = 12) -> Features:
    values = draws(seed).normal(size=(n, n_columns))
    names = tuple("abcdefghijkl"[:n_columns])
    return Features(names, values + values[:, :1], np.zeros(n_columns, dtype=bool))


def leaking() -> tuple[Features, Features, Features]:
    """Of the synthetic records the first 12 are the most unusual training records with 1 % noise."""
    train, fake = people(0), people(2)
    unusual = np.argsort(-np.square(train.values - train.values.mean(axis=0)).sum(axis=1))[:12]
    noise = 0.01 * draws(3).normal(size=(12, train.n_columns)) * train.values.std(axis=0)
    fake.values[:12] = train.values[unusual] + noise
    return fake, train, people(1)


def near(fake: Features, train: Features, holdout: Features) -> Entry:
    judge = Judge(train, holdout, train.names, train.names[0], 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if "near_copies" in one.names)
    case = Case(fake, train, holdout, train.names, 0, QUICK, is_anchor=False)
    return next(one for one in judge.measured(case, len(fake))[0] if one.name == "near_copies")


def test_noisy_copies_of_the_most_unusual_records_are_found_and_listed():
    parts = leaking()
    found = near_unusual(*parts, seed=0)
    entry = Entry("near_unusual", found.attack.score, {}, {}, "private")
    assert level_of_attack(UNUSUAL, entry) in ("amber", "red")
    copied = {row.tobytes() for row in parts[0].values[:12]}
    assert sum(row.tobytes() in copied for row in found.fake.values) >= 10
    assert (np.diff(found.distances) >= 0).all()
    case = Case(*parts, parts[0].names, 0, QUICK, is_anchor=False)
    judge = Judge(*parts[1:], parts[0].names, "a", 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if "near_unusual" in one.names)
    shown = Views(case, judge.measured(case, N)[1], {}).real_records()["unusual"]
    assert len(shown["pairs"]) == len(found.train)


@pytest.mark.parametrize("n_columns", [2, 12])
def test_fresh_records_are_not_beside_unusual_ones(n_columns: int):
    for seed in range(0, 24, 3):
        attack = near_unusual(*(people(seed + place, 500, n_columns) for place in range(3)), seed=seed).attack
        assert attack.risk.chance > 0.01


def test_real_records_that_stand_there_twice_are_no_leak():
    known = people(0, 300)
    twice = Features(known.names, np.repeat(known.values, 3, axis=0), known.is_category)
    parts = [twice.take(np.arange(place, 900, 3)) for place in range(3)]
    attack = near_unusual(*parts, seed=0).attack
    assert (attack.risk.main.value, attack.risk.control.value) == (0.0, 0.0)


def test_records_that_keep_to_what_is_frequent_are_no_copies():
    def codes(seed: int, steepness: float) -> Features:
        chances = np.arange(1.0, 31.0) ** -steepness
        values = draws(seed).choice(30, (N, 6), p=chances / chances.sum()).astype(np.float64)
        return Features(tuple("abcdef"), values, np.ones(6, dtype=bool))

    entry = near(codes(2, 1.4), codes(0, 1.0), codes(1, 1.0))
    assert entry.score.value > 1.5 * entry.anchors[CEILING].value
    assert level_of_share(entry) == "green"


@pytest.mark.parametrize("n_columns", [3, 4])
def test_fresh_records_are_not_accused(n_columns: int):
    for seed in range(0, 24, 3):
        parts = (people(seed + place, 500, n_columns) for place in range(3))
        assert level_of_share(near(*parts)) == "green"

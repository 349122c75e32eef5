"""A handful of near copies of unusual records is a leak; as many as of fresh records are none."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measures import Case
from gansmith.scorecard.score import CEILING, QUICK, Entry
from gansmith.scorecard.verdict.leaks import level_of_share

N = 1_200


def people(seed: int, n: int = N, n_columns: int = 12) -> Features:
    values = draws(seed).normal(size=(n, n_columns))
    names = tuple("abcdefghijkl"[:n_columns])
    return Features(names, values + values[:, :1], np.zeros(n_columns, dtype=bool))


def near(fake: Features, train: Features, holdout: Features) -> Entry:
    judge = Judge(train, holdout, train.names, train.names[0], 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if "near_copies" in one.names)
    case = Case(fake, train, holdout, train.names, 0, QUICK, is_anchor=False)
    return next(one for one in judge.measured(case, len(fake))[0] if one.name == "near_copies")


def test_noisy_copies_of_the_most_unusual_records_are_found():
    train, fake = people(0), people(2)
    unusual = np.argsort(-np.square(train.values - train.values.mean(axis=0)).sum(axis=1))[:12]
    noise = 0.01 * draws(3).normal(size=(12, train.n_columns)) * train.values.std(axis=0)
    fake.values[:12] = train.values[unusual] + noise
    entry = near(fake, train, people(1))
    assert 0.004 < entry.score.value < 0.02
    assert level_of_share(entry) == "amber"


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

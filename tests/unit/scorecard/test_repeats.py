"""Duplicates are named as such, where real records have fewer."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.real.repeats import unique_share
from gansmith.scorecard.score import CEILING, FLOOR, QUICK, Entry, Score
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.given import duplicates
from gansmith.scorecard.verdict.questions import Line

N = 300


def people(seed: int, n: int = N) -> Features:
    rng = draws(seed)
    values = np.stack([rng.normal(size=n), rng.normal(size=n), rng.normal(size=n)], axis=1)
    return Features(("x", "y", "z"), values, np.zeros(3, dtype=bool))


def lines(fake: Features) -> tuple[Line, ...]:
    judge = Judge(people(0), people(1), ("x", "y", "z"), "x", 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if {"c2st", "unique", "shape"} & set(one.names))
    return judge.card(fake).verdict


def test_half_of_the_records_identical_is_named_and_no_column_is_blamed():
    fake = people(2)
    found = lines(fake.take(np.where(np.arange(N) < N // 2, 0, np.arange(N))))
    for line in found[:2]:
        assert line.level == "red"
        assert line.text.startswith("150 of 300 records are identical (49.7% repeat others, of real records")
        assert line.columns == ()


def test_rows_that_stand_there_twice_are_named():
    fake = people(2, N // 2)
    found = lines(fake.above(fake))
    assert found[0].text.startswith("300 of 300 records are identical with another one (50.0% repeat others")
    assert found[0].columns == ()


@pytest.mark.parametrize("n_values", [2, 5, 9, 40])
def test_real_records_that_come_again_are_not_accused(n_values: int):
    rng = draws(0)

    def of(values: np.ndarray) -> tuple[dict[str, float], Score]:
        return unique_share([one.tobytes() for one in values])

    def entry() -> Entry:
        fake, real, train = (rng.pareto(1.0, (3, N, 3)) * n_values).astype(int) % n_values
        mixed = np.stack([rng.permutation(column) for column in train.T], axis=1)
        details, score = of(fake)
        return Entry("unique", score, {CEILING: of(real)[1], FLOOR: of(mixed)[1]}, details)

    assert not any(duplicates(Evidence({"unique": entry()})) for _ in range(30))

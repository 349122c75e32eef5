"""Hold-outs that repeat what was learnt from are found, and honest ones are not accused."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.holdout import overlap
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.score import QUICK

N = 400


def people(seed: int, n: int = N) -> Features:
    """Numbers that hardly come again, and a category."""
    rng = draws(seed)
    code = rng.integers(0, 3, n)
    values = np.stack([rng.normal(size=n) + code, rng.normal(size=n), rng.normal(size=n), code], axis=1)
    return Features(("x", "y", "z", "kind"), values, np.array([False, False, False, True]))


def card(fake: Features, train: Features, holdout: Features) -> Scorecard:
    judge = Judge(train, holdout, train.names, "kind", 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if {"c2st", "copies"} & set(one.names))
    return judge.card(fake)


def put_in(train: Features, holdout: Features, n: int) -> Features:
    """A hold-out of which n records are training records."""
    return train.take(np.arange(n)).above(holdout.take(np.arange(n, len(holdout))))


@pytest.mark.parametrize(("n", "said"), [(N, "100%"), (N // 2, "50%"), (N // 10, "10%")])
def test_a_holdout_of_training_records_is_said_first_and_answers_nothing(n: int, said: str):
    train = people(0)
    found = card(people(2), train, put_in(train, people(1), n).sample(N, draws(3)))
    assert f"{said} of the hold-out records stand in the training data (0%" in found.verdict[0].text
    assert [line.level for line in found.verdict[:4]] == ["grey"] * 4


def test_a_copy_is_found_though_the_holdout_repeats_training():
    train = people(0)
    found = card(train, train, put_in(train, people(1), N // 10))
    assert [line.level for line in found.verdict[:4]] == ["grey"] * 3 + ["red"]


def test_records_made_of_the_holdout_answer_nothing():
    found = card(people(1), people(0), people(1))
    assert "The synthetic records repeat the hold-out" in found.verdict[0].text
    assert found.verdict[3].level == "grey"


def dealt(records: np.ndarray, n: int, rng: np.random.Generator) -> bool:
    """Whether an honest hold-out of n of these records is accused."""
    records = rng.permutation(records)
    mixed = np.stack([rng.permutation(column) for column in records[n:].T], axis=1)[:n]
    parts = (records[n:], records[:n], mixed)
    return overlap(*([one.tobytes() for one in part] for part in parts)).is_beyond_chance


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_honest_holdouts_of_records_that_come_again_are_not_accused(share: float):
    rng = draws(0)
    populations = {
        "each combination once": np.stack(np.meshgrid(range(9), range(9), range(9)), -1).reshape(-1, 3),
        "few combinations": rng.integers(0, 6, (600, 3)),
        "some combinations often": (rng.pareto(1.0, (900, 2)) * 3).astype(int),
        "hardly any twice": rng.integers(0, 60, (500, 3)),
        "blocks of equal records": np.repeat(
            rng.integers(0, 10**6, (150, 3)), rng.integers(1, 9, 150), axis=0
        ),
    }
    for name, records in populations.items():
        accused = [dealt(records, int(share * len(records)), rng) for _ in range(30)]
        assert not any(accused), name


def test_parts_without_their_own_duplicates_are_not_accused():
    rng = draws(0)
    train, holdout = (rng.permutation(np.unique(rng.integers(0, 12, (700, 3)), axis=0)) for _ in range(2))
    mixed = np.stack([rng.permutation(column) for column in train.T], axis=1)[: len(holdout)]
    keys = ([one.tobytes() for one in part] for part in (train, holdout, mixed))
    found = overlap(*keys)
    assert found.share > 0.2
    assert not found.is_beyond_chance


def test_other_shares_of_a_class_that_comes_again_are_no_overlap():
    often, once = draws(0).integers(0, 40, 300), np.arange(1000, 3000)
    train, holdout = (
        [*often[part], *once[other]]
        for part, other in ((slice(0, 40), slice(0, 1500)), (slice(40, 300), slice(1500, 2000)))
    )
    assert not overlap(train, holdout, ()).is_beyond_chance

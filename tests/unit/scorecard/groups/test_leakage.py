"""Columns that tell the target in the synthetic data alone."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.groups import leakage
from gansmith.scorecard.learners import auc_and_error
from gansmith.scorecard.naming import Naming

LEAKS = {
    "parity": (lambda pay, yes: (2 * np.rint(50 * pay) + yes) / 100, "the last digit of pay"),
    "decimals": (
        lambda pay, yes: np.where(yes == 1, pay.round(), pay + 0.001),
        "the last digit of pay",
    ),
    "value": (lambda pay, yes: pay + 3_000 * yes, "pay"),
}


@pytest.mark.parametrize("how", LEAKS)
def test_a_leak_is_named(persons, changed, how: str):
    leak, named = LEAKS[how]
    fake, real = persons(0), persons(1)
    pay, yes = (fake.values[:, fake.position(name)] for name in ("pay", "active"))
    leaking = changed(fake, "pay", np.ones(len(fake), dtype=bool), leak(pay, yes))
    (one,) = leakage.leaks(leaking, real, "active", Naming(real), seed=0)
    assert one.text.startswith(f"{named} tells active almost alone (AUC ")
    assert one.columns == ("pay", "active")
    assert one.effect > 0.35


def test_what_real_data_tells_is_no_leak(persons, changed):
    parts = [persons(seed) for seed in (0, 1)]
    told = [
        changed(part, "pay", np.ones(len(part), dtype=bool), 1_000 * part.values[:, -1] + part.values[:, 3])
        for part in parts
    ]
    assert leakage.leaks(told[0], told[1], "active", Naming(told[1]), seed=0) == []


def test_auc_of_counts_is_that_of_records():
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(0, 9, 40), rng.integers(0, 7, 60)
    ours, theirs = (np.bincount(one, minlength=9) * 1.0 for one in (positives, negatives))
    expected = auc_and_error(positives * 1.0, negatives * 1.0)
    assert leakage._auc(np.arange(9.0), ours, theirs) == pytest.approx(expected)

"""Persons, and what is found in their groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gansmith.scorecard.features import Features
from gansmith.scorecard.groups.judged import ByGroup, by_group
from gansmith.scorecard.measures import Case
from gansmith.scorecard.score import QUICK
from gansmith.scorecard.taught import Taught, Teaching

NAMES = ("sex", "age", "job", "pay", "active")
LABELS = {
    "sex": ("female", "male"),
    "job": ("clerk", "nurse", "driver", "teacher", "retired"),
    "active": ("no", "yes"),
}
N = 1_500


def _persons(seed: int, n: int = N) -> Features:
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, n)
    age = np.clip(rng.gamma(9.0, 5.2, n), 18, 95).round()
    job = np.where((age > 64) & (rng.random(n) < 0.9), 4, rng.integers(0, 4, n))
    pay = np.exp(rng.normal(7.4 + 0.3 * (job == 3), 0.4)).round(2)
    odds = 0.06 * (age - 45) + 0.9 * (sex == 0)
    active = rng.random(n) < 1 / (1 + np.exp(-odds))
    values = np.stack([sex, age, job, pay, active], axis=1).astype(np.float64)
    return Features(NAMES, values, np.array([True, False, True, False, True]), LABELS)


def _changed(part: Features, name: str, where: np.ndarray, to: np.ndarray) -> Features:
    values = part.values.copy()
    values[where, part.position(name)] = to[where]
    return replace(part, values=values)


def _found(fake: Features, seed: int = 0, *, target: str = "active") -> ByGroup:
    train, holdout = _persons(1_000 + seed), _persons(2_000 + seed, N // 2)
    case = Case(fake, train, holdout, fake.names, 0, QUICK, False)
    teaching = Teaching(train, train, holdout, (target,), 0, QUICK, is_chosen=True)
    return by_group(case, target, teaching.taught_by(fake) if target else Taught((), (), {}))


@pytest.fixture
def persons() -> Callable[..., Features]:
    return _persons


@pytest.fixture
def changed() -> Callable[..., Features]:
    """Records with other cells of a column where this is said."""
    return _changed


@pytest.fixture
def found() -> Callable[..., ByGroup]:
    """What is found in groups of synthetic persons, beside fresh ones of that seed."""
    return _found

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gansmith.scorecard.features import Features

World = tuple[Features, Features, Features]


def _population(n: int, rng: np.random.Generator) -> Features:
    """Mixed columns that hang together: incomes, ages with gaps, a rare job, two towns' codes."""
    age = np.floor(rng.gamma(6.0, 7.0, size=n))
    job = np.minimum(rng.geometric(0.25, size=n), 12) - 1.0
    town = np.floor(rng.beta(1.0, 2.0, size=n) * 30)
    income = np.round(np.exp(rng.normal(3.0 + 0.02 * age + 0.1 * job, 0.5)), 2)
    is_member = (rng.random(n) < 0.2 + 0.5 * (job > 2)) * 1.0
    size = np.round(rng.normal(170.0, 10.0, size=n), 1)
    income[rng.random(n) < 0.05] = np.nan
    town[rng.random(n) < 0.05] = np.nan
    values = np.stack([age, job, town, income, is_member, size], axis=1)
    is_category = np.array([False, True, True, False, True, False])
    return Features(("age", "job", "town", "income", "member", "size"), values, is_category)


def _world(memorised: float, seed: int, n: int = 2_000) -> World:
    """Synthetic records of which a share are training records, the others fresh; training; hold-out."""
    train, holdout, fresh = (_population(n, np.random.default_rng([seed, part])) for part in range(3))
    n_known = round(memorised * n)
    known = np.concatenate([train.values[:n_known], fresh.values[n_known:]])
    return Features(train.names, known, train.is_category), train, holdout


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    return _world

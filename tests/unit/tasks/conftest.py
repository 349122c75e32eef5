"""A table of 240 people, and the smallest fit of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import FitConfig, start

LENGTH = 216 * 6
"""Six steps: of 240 records 24 are held out, and the rest is one batch."""


def _draw_people(n: int = 240, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.round(age * 100 + rng.normal(0, 500, n), 2),
            "city": rng.choice(["Ulm", "Rom", "Oslo"], n, p=[0.6, 0.3, 0.1]),
            "member": rng.random(n) < 0.4,
        }
    )


@pytest.fixture(scope="module", autouse=True)
def _quick(rough_calibration):
    """Many runs, all of them short."""


@pytest.fixture(scope="session")
def draw_people() -> Callable[..., pd.DataFrame]:
    """`draw_people(n, seed)`: as many people of the same town."""
    return _draw_people


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    return _draw_people()


@pytest.fixture(scope="session")
def config() -> FitConfig:
    return FitConfig(preset="small", samples_seen=LENGTH)


@pytest.fixture(scope="session")
def model(people, config) -> Model:
    run = start(people, config)
    for _ in run:
        pass
    return run.model()

"""A detector of odd people that has learnt for a second, from usual ones that its model has not seen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from gansmith.scorecard.features import draws
from gansmith.tasks.detect.detection import Detection, learnt_detection, set_apart
from gansmith.tasks.model import Model


@pytest.fixture(scope="session")
def usual(model: Model, draw_people) -> Any:
    """Some usual people, read as the model reads them."""
    return model.modality.format.read_for(draw_people(1_000, 1), model.codec.empty)


@pytest.fixture(scope="session")
def detection(model: Model, usual) -> Detection:
    return learnt_detection(model, *set_apart(usual, 0), seed=0, n_samples=20_000)


@pytest.fixture(scope="session")
def mixed(draw_people) -> pd.DataFrame:
    """180 usual people, and behind them 20 from anywhere far and wide, as PyOD makes its data."""
    found, rng = draw_people(200, 2), draws(0)
    found.loc[180:, "age"] = rng.integers(-60, 160, 20)
    found.loc[180:, "income"] = rng.uniform(-20_000, 30_000, 20).round(2)
    return found

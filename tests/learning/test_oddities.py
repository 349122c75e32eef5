"""What was planted is found: a cell by itself, and one that does not go with the others of its row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.scorecard.features import draws
from gansmith.tasks.detect.detection import learnt_detection, set_apart
from gansmith.tasks.runs.fit import FitConfig, start

N_PLANTED = 100
ENOUGH = 0.95
"""Of the planted records."""


def rows(n: int, seed: int) -> pd.DataFrame:
    """Three columns that say nearly the same, a category of them, and two that stand alone."""
    rng = draws(seed)
    shared = rng.normal(size=n)
    columns = {name: shared + 0.2 * rng.normal(size=n) for name in ("height", "reach", "stride")}
    size = np.where(shared + 0.1 * rng.normal(size=n) > 0, "large", "small")
    found = pd.DataFrame(
        {**columns, "size": size, "mass": rng.gamma(2.0, 1.0, n), "luck": rng.normal(size=n)}
    )
    return found.round(4)


@pytest.fixture(scope="module")
def detection():
    run = start(rows(1_000, 0), FitConfig(preset="small", samples_seen=2_000, threads=1))
    for _ in run:
        pass
    model = run.model()
    usual = model.modality.format.read_for(rows(4_000, 1), model.codec.empty)
    return learnt_detection(model, *set_apart(usual, 0), seed=0)


def rank_first(detection, planted: pd.DataFrame, name: str) -> tuple[float, float]:
    """How often the odd cell is named first, and how often its record is among the oddest hundredth."""
    records = detection.model.modality.format.read_for(planted, detection.model.codec.empty)
    named = [parts[0] == name for parts in detection.sight.odd_parts(detection.oddness(records))]
    beyond = detection.scores(records) > detection.calibration.threshold(0.01)
    return float(np.mean(named)), float(np.mean(beyond))


@pytest.mark.slow
def test_a_cell_that_is_far_out_is_named(detection):
    planted = rows(N_PLANTED, 2)
    planted["mass"] = 40.0 + np.arange(N_PLANTED)
    named, beyond = rank_first(detection, planted, "mass")
    assert named >= ENOUGH
    assert beyond >= ENOUGH


@pytest.mark.slow
def test_a_number_that_does_not_go_with_the_others_is_named_though_it_is_usual(detection):
    planted = rows(10 * N_PLANTED, 3)
    planted = planted[planted["height"].abs().between(0.8, 2.0)].head(N_PLANTED)
    planted["height"] = -planted["height"]
    named, beyond = rank_first(detection, planted, "height")
    assert named >= ENOUGH
    assert beyond >= ENOUGH


@pytest.mark.slow
def test_a_category_that_does_not_go_with_the_numbers_is_named(detection):
    planted = rows(10 * N_PLANTED, 4)
    planted = planted[planted["height"].abs() > 0.8].head(N_PLANTED)
    planted["size"] = np.where(planted["size"] == "large", "small", "large")
    named, beyond = rank_first(detection, planted, "size")
    assert named >= 0.9  # measured: .94
    assert beyond >= ENOUGH


@pytest.mark.slow
def test_usual_rows_are_as_usual_as_was_asked_for(detection):
    records = detection.model.modality.format.read_for(rows(4_000, 5), detection.model.codec.empty)
    beyond = (detection.scores(records) > detection.calibration.threshold(0.05)).mean()
    assert beyond == pytest.approx(0.05, abs=0.03)

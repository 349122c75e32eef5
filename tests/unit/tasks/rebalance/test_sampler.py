"""The sampler keeps the promises of imbalanced-learn and of scikit-learn."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

from gansmith.tabular import calibration
from gansmith.tasks.rebalance.sampler import Rebalancer

QUICK = ("target_type", "one_label", "get_feature_names_out")


def _checks():
    """What `parametrize_with_checks` yields, as a list: pytest no longer takes its generator."""
    sampler: Any = Rebalancer(samples_seen=500, random_state=0)
    for estimator, check in cast("Any", estimator_checks_generator(sampler)):
        name = check.func.__name__
        marks = [] if name.endswith(QUICK) else [pytest.mark.slow]
        yield pytest.param(estimator, check, id=name, marks=marks)


@pytest.mark.parametrize(("estimator", "check"), [*_checks()])
def test_imbalanced_learn_has_nothing_to_complain_of(estimator, check, monkeypatch):
    monkeypatch.setattr(calibration, "N_RECORDS", 1_000)  # the last touch would take all the time
    check(estimator)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(calibration, "N_RECORDS", 500)


def _frame(n=120, n_rare=20):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 80, n), "city": rng.choice(["Ulm", "Rom"], n)})
    frame.loc[3, "city"] = None
    return frame, np.array(["rare"] * n_rare + ["usual"] * (n - n_rare))


def test_frames_keep_their_types_and_the_original_rows_come_first(quick):
    frame, y = _frame()
    sampler: Any = Rebalancer(samples_seen=200, random_state=0)
    more, classes = sampler.fit_resample(frame, y)
    assert more.dtypes.equals(frame.dtypes)
    pd.testing.assert_frame_equal(more.head(120), frame)
    assert (classes[120:] == "rare").all()
    assert len(more) == 200
    assert set(more["city"].dropna()) <= {"Ulm", "Rom"}


def test_it_stands_in_a_pipeline_and_makes_records_while_fitting_alone(quick):
    rng = np.random.default_rng(0)
    inputs, y = rng.normal(size=(120, 3)), np.arange(120) < 20
    pipeline = make_pipeline(Rebalancer(samples_seen=200, random_state=0), LogisticRegression()).fit(
        inputs, y
    )
    assert pipeline.predict(inputs).shape == (120,)


def test_balanced_classes_need_no_generator():
    inputs, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    sampler = Rebalancer()
    assert len(sampler.fit_resample(inputs, y)[0]) == 20
    assert "model_" not in vars(sampler)


def test_scikit_learn_has_nothing_to_complain_of(quick):
    """Its checks of any estimator; those of a transformer or a predictor do not concern a sampler."""
    failed = [
        (one["check_name"], one["exception"])
        for one in check_estimator(Rebalancer(samples_seen=200, random_state=0), on_fail=None, on_skip=None)
        if one["status"] == "failed"
    ]
    assert failed == []

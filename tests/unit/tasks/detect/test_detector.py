"""A detector keeps the promises of PyOD's detectors and of scikit-learn's, and comes back from a file.

The first part says of one small detector what PyOD's own tests say of each of theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.base import clone as sklearns_clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from gansmith.errors import DataError, UsageError
from gansmith.tasks.detect.detector import Detector

CONTAMINATION = 0.1
FLOOR = 0.8
"""AUROC that PyOD asks of a detector on so easy data."""


def clone(detector: Detector) -> Detector:
    """One of the same settings that has learnt nothing."""
    found = sklearns_clone(detector)
    assert isinstance(found, Detector)
    return found


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.repeat([0, 1], [180, 20])


@pytest.fixture(scope="module")
def settings(model) -> dict[str, Any]:
    return {"contamination": CONTAMINATION, "model": model, "detector_samples": 2_000}


@pytest.fixture(scope="module")
def fitted(settings, mixed) -> Detector:
    return Detector(**settings).fit(mixed)


@pytest.fixture(scope="module")
def again(fitted, mixed) -> tuple[Detector, np.ndarray]:
    """A clone that has learnt the same, and what it said of it."""
    found = clone(fitted)
    return found, found.fit_predict(mixed)


@pytest.fixture(scope="module")
def new(draw_people) -> pd.DataFrame:
    return draw_people(100, 4)


# --- What PyOD's tests ask ----------------------------------------------------------------------------------


def test_parameters(fitted):
    assert len(fitted.decision_scores_) == len(fitted.labels_) == 200
    assert isinstance(fitted.threshold_, float)
    assert set(fitted.labels_) == {0, 1}
    assert fitted.detection_.model is fitted.model


def test_train_scores(fitted, mixed):
    assert fitted.decision_scores_ == pytest.approx(fitted.decision_function(mixed))
    assert (fitted.labels_ == fitted.predict(mixed)).all()


def test_prediction_scores(fitted, mixed, labels, new):
    scores = fitted.decision_function(new)
    assert scores.shape == (100,)
    assert np.isfinite(scores).all()
    assert roc_auc_score(labels, fitted.decision_function(mixed)) > FLOOR


def test_prediction_labels(fitted, new):
    found = fitted.predict(new)
    assert found.shape == (100,)
    assert set(found) <= {0, 1}
    assert np.array_equal(found == 1, fitted.decision_function(new) > fitted.threshold_)


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_prediction_proba(fitted, new, method):
    found = fitted.predict_proba(new, method=method)
    assert found.shape == (100, 2)
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.sum(1) == pytest.approx(np.ones(100))
    scores = fitted.decision_function(new)
    order = np.argsort(scores)
    assert (np.diff(found[order, 1]) >= 0).all()
    if method == "linear":
        assert np.array_equal(found, fitted.predict_proba(new))


def test_prediction_proba_parameter(fitted, new):
    with pytest.raises(UsageError, match="linear or unify"):
        fitted.predict_proba(new, method="something")


def test_prediction_labels_confidence(fitted, new):
    found, sureness = fitted.predict(new, return_confidence=True)
    assert np.array_equal(found, fitted.predict(new))
    assert np.array_equal(sureness, fitted.predict_confidence(new))
    assert sureness.shape == found.shape
    assert sureness.min() >= 0
    assert sureness.max() <= 1


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_prediction_proba_confidence(fitted, new, method):
    found, sureness = fitted.predict_proba(new, method=method, return_confidence=True)
    assert np.array_equal(found, fitted.predict_proba(new, method=method))
    assert np.array_equal(sureness, fitted.predict_confidence(new))


def test_prediction_with_rejection(fitted, new):
    found = fitted.predict_with_rejection(new, return_stats=False)
    assert found.shape == (100,)
    assert set(found) <= {-2, 0, 1}
    is_kept = found != -2
    assert np.array_equal(found[is_kept], fitted.predict(new)[is_kept])
    sure = fitted.predict_with_rejection(new, T=0.7)
    assert (sure == -2).sum() < (found == -2).sum()


def test_prediction_with_rejection_stats(fitted, new):
    found, stats = fitted.predict_with_rejection(new, return_stats=True)
    rate, most, cost = stats
    assert np.array_equal(found, fitted.predict_with_rejection(new))
    assert 0 <= rate <= most <= 1
    assert cost >= 0
    of_usual = (fitted.predict_with_rejection(new, T=4) == -2).mean()
    assert of_usual == pytest.approx(fitted.predict_with_rejection(new, 4, True)[1][0], abs=0.12)


def test_fit_predict(again, fitted, mixed):
    assert np.array_equal(again[1], fitted.labels_)
    other = clone(fitted).set_params(detector_samples=256, convention="sklearn")
    assert set(other.fit_predict(mixed)) == {-1, 1}


def test_fit_predict_score(fitted, mixed, labels):
    again = clone(fitted).set_params(detector_samples=256)
    auroc = again.fit_predict_score(mixed, labels)
    assert auroc == roc_auc_score(labels, again.decision_scores_)
    assert 0 <= again.fit_predict_score(mixed, labels, scoring="prc_n_score") <= 1
    with pytest.raises(UsageError, match="roc_auc_score or prc_n_score"):
        again.fit_predict_score(mixed, labels, scoring="something")


def test_predict_rank(fitted, new):
    found = fitted._predict_rank(new)
    assert found.min() >= 0
    assert found.max() <= 200
    order = rankdata(fitted.decision_function(new), "dense")
    assert all(np.diff(found[np.argsort(order)]) >= 0)
    assert found[0] == (fitted.decision_scores_ < fitted.decision_function(new)[0]).sum()


def test_predict_rank_normalized(fitted, new):
    found = fitted._predict_rank(new, normalized=True)
    assert found.min() >= 0
    assert found.max() <= 1
    assert found == pytest.approx(fitted._predict_rank(new) / 200)


def test_model_clone(again, fitted, new):
    assert "detection_" not in vars(clone(fitted))
    assert np.array_equal(again[0].decision_function(new), fitted.decision_function(new))
    assert again[0].threshold_ == fitted.threshold_


# --- Records by themselves ----------------------------------------------------------------------------------


def test_a_record_is_scored_by_itself(fitted, mixed):
    scores, order = fitted.decision_scores_, np.random.default_rng(0).permutation(200)
    assert fitted.decision_function(mixed.iloc[order]) == pytest.approx(scores[order], abs=1e-4)
    alone = [fitted.decision_function(mixed.iloc[[row]])[0] for row in (0, 181)]
    assert alone == pytest.approx(scores[[0, 181]], abs=1e-4)


def test_a_record_with_a_new_category_is_scored_by_itself(fitted, mixed):
    new = mixed.head(40).assign(city="Bonn")
    alone = np.concatenate([fitted.decision_function(new.iloc[[row]]) for row in range(10)])
    assert alone == pytest.approx(fitted.decision_function(new)[:10], abs=1e-4)


def test_columns_may_come_in_another_order(fitted, mixed):
    turned_round = mixed[["member", "city", "income", "age"]]
    assert np.array_equal(fitted.decision_function(turned_round), fitted.decision_scores_)


# --- As scikit-learn says it --------------------------------------------------------------------------------


def test_scikit_learn_says_the_same_the_other_way_round(fitted, new):
    other = clone(fitted).set_params(convention="sklearn")._learnt(fitted.detection_, fitted.decision_scores_)
    assert np.array_equal(other.predict(new), np.where(fitted.predict(new) == 1, -1, 1))
    assert other.score_samples(new) == pytest.approx(-fitted.decision_function(new))
    assert other.decision_function(new) == pytest.approx(other.score_samples(new) - other.offset_)
    assert np.array_equal(other.decision_function(new) < 0, other.predict(new) == -1)


def test_nothing_is_said_before_it_has_learnt(new):
    for question in (Detector().predict, Detector().decision_function, Detector().predict_proba):
        with pytest.raises(NotFittedError, match="fit"):
            question(new)
    with pytest.raises(NotFittedError, match="fit"):
        Detector().save("odd.gan")


@pytest.mark.parametrize(
    "wrong",
    [{"contamination": 0.0}, {"contamination": 0.6}, {"contamination": -0.1}, {"convention": "other"}],
)
def test_a_setting_that_is_none_is_refused(settings, mixed, wrong):
    with pytest.raises(UsageError):
        Detector(**settings).set_params(**wrong).fit(mixed)


def test_records_of_another_make_are_refused(fitted, mixed):
    with pytest.raises(DataError, match="income"):
        fitted.predict(mixed.drop(columns="income"))


def test_classics_have_a_say_and_cannot_be_saved(settings, mixed, labels, tmp_path):
    both = Detector(**settings).set_params(detector_samples=256, classics=True).fit(mixed)
    assert len(both.detection_.calibration.quantiles) == 7
    assert roc_auc_score(labels, both.decision_scores_) > 0.5
    with pytest.raises(UsageError, match="Learn without them"):
        both.save(tmp_path / "odd.gan")


NOT_KEPT = {
    "check_do_not_raise_errors_in_init_or_set_params": "types are checked as the code runs, in tests alone",
    "check_estimators_pickle": "nothing here is pickled: `save` and `load` keep a detector",
    "check_outliers_train": "the threshold is that of records which nothing was learnt from",
    "check_outliers_fit_predict": "the threshold is that of records which nothing was learnt from",
    "check_classifier_data_not_an_array": "what only has `__array__` is no table, no picture and no path",
    "check_methods_sample_order_invariance": "networks of 32 bits: scores agree within a thousandth",
    "check_methods_subset_invariance": "networks of 32 bits: scores agree within a thousandth",
    "check_dtype_object": "of its 45 records to learn from every number is taken for rare",
}
"""Checks of scikit-learn that fail, and why."""


@pytest.mark.slow
def test_scikit_learns_own_checks():
    small = Detector(convention="sklearn", preset="small", samples_seen=200, detector_samples=500, threads=1)
    found = check_estimator(small, expected_failed_checks=NOT_KEPT, on_skip=None)
    assert len(found) > 40
    assert sum(one["status"] == "passed" for one in found) >= 35

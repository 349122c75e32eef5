"""The sampler keeps the promises of imbalanced-learn and of scikit-learn."""

from __future__ import annotations

from typing import Any, cast

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator

from gansmith.tabular import calibration
from gansmith.tasks.rebalance.sampler import Rebalancer

QUICK = ("target_type", "one_label", "samplers_fit", "sample_indices", "get_feature_names_out")


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

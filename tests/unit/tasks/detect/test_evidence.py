"""Evidence is a chance among usual records: uniform on them, ever smaller beyond them, and summed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.evidence import CERTAIN_NATS, N_QUANTILES, TAIL, Calibration


def exponential(n: int, seed: int) -> np.ndarray:
    return draws(seed).exponential(size=n)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Calibration.of({"one": exponential(20_000, 0), "two": draws(1).normal(size=20_000)})


def test_chances_of_usual_records_are_uniform(calibration):
    new = {"one": exponential(5_000, 2), "two": draws(3).normal(size=5_000)}
    for name, nats in calibration.nats(new).items():
        assert kstest(np.exp(-nats), "uniform").pvalue > 0.01, name
    assert kstest(calibration.chances(calibration.scores(new)), "uniform").pvalue > 0.01


def test_nats_are_never_negative_and_rise_with_the_evidence(calibration):
    values = np.linspace(-3, 40, 500)
    for nats in calibration.nats({"one": values, "two": values}).values():
        assert nats.min() >= 0
        assert (np.diff(nats) >= 0).all()
        assert (np.diff(nats[values > 5]) > 0).all()


def test_beyond_the_tail_an_exponential_is_continued_exactly(calibration):
    """Of numbers whose chance to be as high is exp(-v), evidence is v, far beyond any that was seen."""
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 100.0])
    assert calibration.nats({"one": values})["one"] == pytest.approx(values, rel=0.05)


def test_there_is_no_step_where_the_tail_begins(calibration):
    border = calibration.quantiles["one"][round((1 - TAIL) * (N_QUANTILES - 1))]
    within, beyond = calibration.nats({"one": border + np.array([-1e-9, 1e-9])})["one"]
    assert within == pytest.approx(-math.log(TAIL), abs=0.02)
    assert beyond == pytest.approx(-math.log(TAIL), abs=1e-6)


def test_evidence_is_multiplied_as_fisher_says(calibration):
    new = {"one": exponential(5_000, 2), "two": draws(3).normal(size=5_000)}
    nats, scores = calibration.nats(new), calibration.scores(new)
    assert scores == pytest.approx(nats["one"] + nats["two"])
    assert kstest(2 * scores, chi2(4).cdf).pvalue > 0.01


def test_no_kind_of_evidence_outvotes_all_others(calibration):
    far = calibration.scores({"one": np.array([CERTAIN_NATS, 2 * CERTAIN_NATS, 1e12])})
    assert far[0] == pytest.approx(CERTAIN_NATS, rel=0.05)
    assert far[1] < CERTAIN_NATS + 3
    assert (np.diff(far) > 0).all()
    assert far[2] < 4 * CERTAIN_NATS


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_so_many_usual_records_are_beyond_the_threshold(calibration, share):
    new = {"one": exponential(20_000, 2), "two": draws(3).normal(size=20_000)}
    beyond = (calibration.scores(new) > calibration.threshold(share)).mean()
    assert beyond == pytest.approx(share, abs=4 * math.sqrt(share / 10_000))


def test_no_chance_is_below_one_more_than_the_records_that_it_is_known_from():
    small = Calibration.of({"one": exponential(19, 0)})
    assert small.chances(np.array([1e9])) == pytest.approx([1 / 20])
    assert small.chances(np.array([-1.0])) == pytest.approx([1.0])


def test_evidence_that_is_always_the_same_says_nothing():
    flat = Calibration.of({"one": np.full(50, 3.0)})
    nats = flat.nats({"one": np.array([2.0, 3.0, 4.0])})["one"]
    assert nats[:2] == pytest.approx([0, 0])
    assert nats[2] == pytest.approx(math.log(51))
    assert Calibration.of({"one": np.ones(1)}).n == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda found: replace(found, n=0),
        lambda found: replace(found, total=found.total[::-1]),
        lambda found: replace(found, quantiles={"one": np.arange(9.0)}, total=np.arange(9.0)),
        lambda found: replace(found, quantiles={"one": found.quantiles["one"] * np.nan}),
    ],
)
def test_what_does_not_fit_together_is_refused(calibration, change):
    with pytest.raises(DataError, match="does not fit together"):
        change(calibration)

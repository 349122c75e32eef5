from __future__ import annotations

import math

import numpy as np
import pytest

from gansmith.scorecard.private.risk import Risk, Tally, attack_of, measured_risk, wilson_rate


def test_wilson_solves_its_equation():
    # The bounds are the shares p with |share - p| = z sqrt(p (1 - p) / n).
    rate = wilson_rate(Tally(7, 40))
    assert (rate.value, rate.n) == (7 / 40, 40)
    for bound in (rate.low, rate.high):
        assert abs(7 / 40 - bound) == pytest.approx(1.959964 * math.sqrt(bound * (1 - bound) / 40), rel=1e-6)
    assert rate.low < rate.value < rate.high


def test_wilson_at_the_ends():
    z2 = 1.959964**2
    assert (wilson_rate(Tally(0, 20)).low, wilson_rate(Tally(20, 20)).high) == (0.0, 1.0)
    assert wilson_rate(Tally(0, 20)).high == pytest.approx(z2 / (20 + z2), rel=1e-6)
    assert wilson_rate(Tally(20, 20)).low == pytest.approx(20 / (20 + z2), rel=1e-6)
    nothing = wilson_rate(Tally(0, 0))
    assert (nothing.low, nothing.high, nothing.n) == (0.0, 1.0, 0)


def test_more_confidence_is_wider():
    usual, surer = wilson_rate(Tally(5, 50)), wilson_rate(Tally(5, 50), confidence=0.99)
    assert surer.low < usual.low < usual.high < surer.high


def test_a_tally_is_checked():
    with pytest.raises(ValueError, match="successes of"):
        Tally(3, 2)


def test_the_risk_is_what_training_suffers_beyond_others():
    risk = measured_risk(Tally(600, 1000), Tally(200, 1000), Tally(100, 1000))
    assert risk.value == pytest.approx(0.5)
    assert (risk.main.value, risk.control.value, risk.baseline and risk.baseline.value) == (0.6, 0.2, 0.1)
    assert measured_risk(Tally(100, 1000), Tally(200, 1000), None).value == pytest.approx(-0.125)
    # Delta method: close to it where shares are far from 0 and 1.
    error = math.sqrt(0.6 * 0.4 / 1000 / 0.8**2 + (0.4 / 0.8**2) ** 2 * 0.2 * 0.8 / 1000)
    assert risk.low == pytest.approx(0.5 - 1.96 * error, abs=0.002)
    assert risk.high == pytest.approx(0.5 + 1.96 * error, abs=0.002)


@pytest.mark.parametrize(("p", "q"), [(0.3, 0.3), (0.5, 0.2), (0.02, 0.01), (0.99, 0.97), (0.999, 0.5)])
def test_the_interval_holds_the_truth(p, q):
    rng = np.random.default_rng(1)
    truth = (p - q) / (1 - q)
    risks = [
        measured_risk(Tally(int(ours), 300), Tally(int(theirs), 300), None)
        for ours, theirs in zip(rng.binomial(300, p, 1000), rng.binomial(300, q, 1000), strict=True)
    ]
    assert 0.92 < np.mean([risk.low <= truth <= risk.high for risk in risks]) <= 1.0
    assert np.mean([risk.low > truth for risk in risks]) < 0.04


def test_intervals_of_several_parts_hold_together():
    alone, of_ten = (measured_risk(Tally(60, 100), Tally(20, 100), None, n_parts=k) for k in (1, 10))
    assert of_ten.low < alone.low < alone.high < of_ten.high
    assert of_ten.main == wilson_rate(Tally(60, 100), confidence=0.995)


def test_extremes_have_bounds():
    for main, control in ((0, 0), (50, 50), (0, 50), (50, 0)):
        risk = measured_risk(Tally(main, 50), Tally(control, 50), None)
        assert 0.0 <= risk.bounds[0] <= risk.bounds[1] <= 1.0
    assert measured_risk(Tally(50, 50), Tally(0, 50), None).bounds[0] > 0.8
    assert measured_risk(Tally(0, 50), Tally(0, 50), None).bounds[1] < 0.1
    assert measured_risk(Tally(50, 50), Tally(50, 50), None).bounds == (0.0, 1.0)
    assert measured_risk(Tally(49, 50), Tally(50, 50), None).value == -1.0


def test_an_attack_that_fails_shows_nothing():
    base = Tally(300, 1000)
    assert measured_risk(Tally(400, 1000), Tally(400, 1000), base).caveat == ""
    assert "no better than a guess" in measured_risk(Tally(310, 1000), Tally(310, 1000), base).caveat
    assert "no better than a guess" in measured_risk(Tally(100, 1000), Tally(100, 1000), base).caveat
    # Worse than guessing, and still far better on training records than on others: that is shown.
    assert measured_risk(Tally(280, 1000), Tally(50, 1000), base).caveat == ""
    assert "nothing to work with" in measured_risk(Tally(0, 0), Tally(0, 0), Tally(0, 10)).caveat


def test_beyond_chance_is_one_sided_at_five_per_cent():
    # z of the difference: 1.72 and 1.55 around the one-sided 1.645.
    assert measured_risk(Tally(536, 1000), Tally(536, 1000), Tally(497, 1000)).caveat == ""
    assert measured_risk(Tally(532, 1000), Tally(532, 1000), Tally(497, 1000)).caveat != ""


def test_the_score_of_a_risk():
    risk = measured_risk(Tally(600, 1000), Tally(200, 1000), None, n_parts=5)
    score = risk.to_score(label="l", meaning="m")
    assert (score.value, score.n, score.direction, score.caveat) == (risk.value, 1000, "lower", "")
    assert score.interval == (risk.low, risk.high)
    assert 2 * 1.96 * score.error == pytest.approx(risk.high - risk.low)
    none = measured_risk(Tally(10, 1000), Tally(20, 1000), None)
    score = none.to_score(label="l", meaning="m")
    assert (score.value, score.bounds) == (0.0, none.bounds)
    assert none.low < 0.0 == none.bounds[0]
    assert score.error > 0.0
    nothing = measured_risk(Tally(0, 0), Tally(0, 0), None).to_score(label="l", meaning="m")
    assert (nothing.value, nothing.bounds, nothing.n) == (0.0, (0.0, 1.0), 1)
    assert math.isfinite(nothing.error)


def test_the_worst_has_the_highest_lower_bound_and_can_be_trusted():
    parts = {
        "noisy": measured_risk(Tally(3, 4), Tally(1, 4), None),
        "sure": measured_risk(Tally(600, 1000), Tally(200, 1000), None),
        "failed": measured_risk(Tally(5, 10_000), Tally(5, 10_000), Tally(5_000, 10_000)),
    }
    assert parts["noisy"].value > parts["sure"].value
    attack = attack_of(parts, label="l", meaning="m")
    assert (attack.worst, attack.risk) == ("sure", parts["sure"])
    assert list(attack.parts) == ["sure", "noisy", "failed"]
    assert attack.details["noisy"] == parts["noisy"].value
    assert isinstance(attack.risk, Risk)
    only = attack_of({"failed": parts["failed"]}, label="l", meaning="m")
    assert only.score.caveat.startswith("cannot be trusted")


def test_of_honest_parts_all_together_are_reported_and_not_the_noisiest():
    tallies = {"a": (70, 60), "b": (50, 55), "c": (52, 50)}
    parts = {
        name: measured_risk(Tally(ours, 100), Tally(theirs, 100), None, n_parts=3)
        for name, (ours, theirs) in tallies.items()
    }
    attack = attack_of(parts, label="l", meaning="m")
    assert (attack.worst, attack.risk.main.value, attack.risk.control.value) == ("a", 172 / 300, 0.55)
    assert attack.risk.main.n == 100  # as if all parts were about the same records
    assert attack.score.value == pytest.approx((172 / 300 - 0.55) / 0.45)
    assert attack.score.chance == pytest.approx(3 * parts["a"].chance)


def test_tries_about_the_same_records_say_less():
    alone, together = (wilson_rate(Tally(60, 100), design=design) for design in (1.0, 10.0))
    assert together.low == pytest.approx(wilson_rate(Tally(6, 10)).low)
    assert (together.value, together.n) == (alone.value, alone.n)

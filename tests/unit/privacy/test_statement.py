"""What a guarantee says, in words."""

from __future__ import annotations

import json

import numpy as np

from gansmith.privacy import statement
from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Ledger
from gansmith.privacy.mechanisms import categories, noisy_counts, select


def told(ledger):
    return dict(statement.facts(json.loads(json.dumps(ledger.to_plain(), sort_keys=True))))


def test_a_ledger_says_what_it_stands_for():
    ledger = Ledger(Guarantee(1.0, 1e-6, unit="person", max_rows=3))
    ledger.declare_public("age", "0 to 120, from schema.json")
    noisy_counts(ledger, np.zeros(9, np.int64), 0.5 * ledger.rho_budget, "age")
    select(ledger, np.zeros(3), 0.2 * ledger.rho_budget, "pair")
    categories(ledger, ["a", "b"], ledger.rho_left, 1e-7, "city")
    said = told(ledger)
    assert said["Differential privacy"] == (
        "epsilon 1, delta 1e-06, for one value of 'person' with all its rows, of which at most 3 rows count "
        "(add or remove one unit)"
    )
    assert (
        said["Spent on"]
        == "Gaussian, 1 times (50%); exponential, 1 times (20%); noisy threshold, 1 times (30%)"
    )
    assert said["Domains"] == "public: age (0 to 120, from schema.json); 1 found by a noisy threshold"
    assert "zCDP, optimal conversion: " in said["Accountants"]
    assert said["Noise"].startswith("whole numbers")
    assert "73.2 times in 100" in said["A guess who was there"]


def test_without_a_ledger_there_is_no_guarantee():
    assert dict(statement.facts(None)) == {"Differential privacy": "none"}


def test_epsilon_is_never_said_to_be_less_than_it_is():
    for epsilon in (0.12341, 0.9999, 1.00001, 3.14159, 9.999, 123.4):
        assert epsilon <= float(statement.rounded_up(epsilon)) <= epsilon * 1.011

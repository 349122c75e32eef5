"""Which broken rules are defects, and which are broken by fresh real records, too."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.validity import Rule, defects, valid_share


def rule(n_broken: int, control: Tally | None, name: str = "a", n: int = 1_000) -> Rule:
    """Broken by the first of 1,000 records."""
    return Rule(f"{name} holds", (name,), np.arange(n) < n_broken, control)


@pytest.mark.parametrize(
    ("n_broken", "control", "level"),
    [
        (1, None, "amber"),  # stated by somebody
        (1, Tally(0, 2_000), None),  # held so far: by chance one time in three
        (8, Tally(0, 2_000), "amber"),
        (50, Tally(0, 2_000), "red"),
        (50, Tally(45, 1_000), None),  # fresh records break it, too
        (0, None, None),
    ],
)
def test_a_rule_is_broken_beyond_chance_or_not_at_all(n_broken, control, level):
    found = defects([rule(n_broken, control)])
    assert [defect.level for defect in found] == ([level] if level else [])


def test_many_rules_share_one_doubt():
    honest = [rule(6, Tally(0, 2_000), f"b{place}") for place in range(100)]
    assert len(defects(honest[:1])) == 1
    assert not defects(honest)


def test_honest_records_have_a_defect_as_seldom_as_is_said():
    rng = np.random.default_rng(0)
    n_wrong = 0
    for _ in range(400):
        shares = rng.uniform(0, 0.01, 20)
        rules = [
            rule(int(rng.binomial(1_000, one)), Tally(int(rng.binomial(1_000, one)), 1_000), str(place))
            for place, one in enumerate(shares)
        ]
        n_wrong += bool(defects(rules))
    assert n_wrong <= 5


def test_the_share_of_valid_records_counts_each_record_once():
    first, second = np.arange(10) < 3, np.arange(10) < 2
    score, details = valid_share(10, {"a": first, "b": second, "c": np.zeros(10, bool)})
    assert score.value == 0.7
    assert details == {"a": 0.3, "b": 0.2}
    with pytest.raises(DataError, match="no record"):
        valid_share(0, {})

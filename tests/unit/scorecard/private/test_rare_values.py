from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import rare_values


def table(columns: dict[str, list[float]]) -> Features:
    return Features(tuple(columns), np.array(list(columns.values())).T, np.arange(len(columns)) % 2 == 0)


def test_rare_values_are_counted():
    nan = np.nan
    # Rare in training: 1 and 2; 0 is frequent, 3 stands in the hold-out, missing is no value. And 7.5.
    train = table({"a": [0, 0, 0, 0, 0, 1, 1, 2, 3, nan], "b": [7.5, *[1.0] * 9]})
    holdout = table({"a": [3, 0, 0, 0, 0, 0, 0, 0, 4, nan], "b": [8.5, 9.5, *[1.0] * 8]})
    fake = table({"a": [1, 1, 1, 4, 0], "b": [7.5, 7.5, 8.5, 1.0, nan]})
    attack = rare_values(fake, train, holdout, seed=0)
    assert attack.worst == "all columns"
    assert (attack.risk.main.value, attack.risk.main.n) == (2 / 3, 3)
    assert (attack.risk.control.value, attack.risk.control.n) == (2 / 3, 3)
    assert set(attack.parts) == {"all columns", "a", "b"}
    assert (attack.parts["a"].main.value, attack.parts["a"].control.value) == (1 / 2, 1.0)
    assert (attack.parts["b"].main.value, attack.parts["b"].control.value) == (1.0, 1 / 2)


def test_five_records_are_not_few():
    train = table({"a": [*[1.0] * 5, *[2.0] * 4, 0.0]})
    attack = rare_values(train, train, table({"a": [0.0] * 10}), seed=0)
    assert attack.risk.main.n == 1


def test_without_rare_values_nothing_is_shown():
    coin = table({"a": [0.0, 1.0] * 20})
    attack = rare_values(coin, coin, coin, seed=0)
    assert "cannot be trusted" in attack.score.caveat
    assert (attack.score.value, list(attack.parts)) == (0.0, ["all columns"])

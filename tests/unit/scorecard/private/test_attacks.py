"""What every attack must do: catch copies, a tenth of copies too, and leave real records in peace."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import rare_values
from gansmith.scorecard.private.inference import inference
from gansmith.scorecard.private.linkability import linkability
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.private.singling_out import multivariate_singling_out, univariate_singling_out

ATTACKS = {
    function.__name__: function
    for function in (
        univariate_singling_out,
        multivariate_singling_out,
        linkability,
        inference,
        rare_values,
    )
}
EVERY = pytest.mark.parametrize("name", ATTACKS)


def columns_of(part: Features, places: list[int]) -> Features:
    return part.keep([part.names[place] for place in places])


@EVERY
def test_a_copy_is_caught(name, world):
    attack = ATTACKS[name](*world(1.0, 0), seed=0)
    assert attack.score.value > 0.8
    assert attack.score.interval[0] > 0.7
    assert attack.score.caveat == ""
    assert attack.risk.main.value > attack.risk.control.high


@EVERY
def test_a_tenth_memorised_is_caught(name, world):
    attack = ATTACKS[name](*world(0.1, 1), seed=1)
    low, high = attack.score.interval
    assert 0.0 < low < 0.1
    assert attack.score.value < 0.25
    assert attack.score.error == pytest.approx((high - low) / 2 / 1.96)
    assert (attack.score.direction, attack.score.n) == ("lower", attack.risk.main.n)


@pytest.mark.slow
def test_real_records_are_left_in_peace(world):
    accused = [
        (name, seed)
        for name, attack in ATTACKS.items()
        for seed in range(1, 4)
        if attack(*world(0.0, seed, 1_000), seed=seed).score.interval[0] > 0
    ]
    assert len(accused) <= 1  # each lower bound is wrong once in forty


@EVERY
def test_training_and_control_change_sides(name, world):
    """Whoever was copied is found: a copy of the hold-out records has no risk for training records."""
    _, train, holdout = world(0.0, 2, 600)
    attack = ATTACKS[name](holdout, train, holdout, seed=0)
    assert attack.score.value == 0.0
    assert attack.score.bounds is not None
    assert attack.score.bounds[0] == 0.0
    assert attack.risk.value < 0.0


@EVERY
def test_unequal_sizes_favour_nobody(name, world):
    fake, train, holdout = world(0.0, 5, 1_500)
    few = holdout.take(np.arange(300))
    attack = ATTACKS[name](fake, train, few, seed=0)
    assert attack.score.interval[0] == 0.0
    assert ATTACKS[name](fake, few, train, seed=0).score.interval[0] == 0.0


@EVERY
def test_the_seed_decides(name, world):
    parts = world(0.2, 3, 300)
    assert ATTACKS[name](*parts, seed=5) == ATTACKS[name](*parts, seed=5)
    assert ATTACKS[name](*parts, seed=-1).score.n > 0


@EVERY
@pytest.mark.parametrize("places", [[0, 3, 5], [1, 2, 4]], ids=["numbers", "categories"])
@pytest.mark.parametrize("n", [1, 30])
def test_any_table_will_do(name, places, n, world):
    parts = [columns_of(part, places) for part in world(0.5, 4, n)]
    attack = ATTACKS[name](*parts, seed=0)
    assert 0.0 <= attack.score.value <= 1.0
    assert np.isfinite(attack.score.error)
    assert attack.details


@EVERY
def test_columns_without_a_value_and_of_one_value(name):
    values = np.stack([np.full(40, np.nan), np.full(40, np.nan), np.ones(40), np.zeros(40)], axis=1)
    part = Features(tuple("abcd"), values, np.array([True, False, False, True]))
    attack = ATTACKS[name](part, part, part, seed=0)
    assert attack.score.value == 0.0
    assert attack.score.interval[0] == 0.0


@EVERY
def test_one_column(name, world):
    parts = [columns_of(part, [5]) for part in world(0.5, 4, 50)]
    if name in {"univariate_singling_out", "rare_values"}:
        assert ATTACKS[name](*parts, seed=0).score.n > 0
    else:
        with pytest.raises(DataError, match="One column alone, 'size'"):
            ATTACKS[name](*parts, seed=0)


@pytest.mark.parametrize("attack", [*ATTACKS.values(), membership])
def test_wrong_data_is_refused(attack, world):
    fake, train, holdout = world(0.5, 4, 50)
    with pytest.raises(DataError, match="different columns"):
        attack(columns_of(fake, [0, 1]), train, holdout, seed=0)
    with pytest.raises(DataError, match="Only 0 records"):
        attack(fake, train, holdout.take(np.arange(0)), seed=0)

"""A group that is wrong is found and named, and no other one; honest records are accused of nothing."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features


def column(part: Features, name: str) -> np.ndarray:
    return part.values[:, part.position(name)]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))])
def test_honest_records_are_accused_of_nothing(persons, found, seed: int):
    seen = found(persons(seed), seed)
    assert [*seen.relations, *seen.lost, *seen.leaks] == []


WRONG = {
    "women over 60": (lambda sex, age, job: (sex == 0) & (age > 60), {"sex", "age"}, "sex = female"),
    "the retired": (lambda sex, age, job: job == 4, {"job"}, "job = retired"),
    "all over 60": (lambda sex, age, job: age > 60, {"age", "job"}, "age "),
}


@pytest.mark.parametrize("who", WRONG)
def test_a_group_with_the_wrong_target_is_named(persons, changed, found, who: str):
    where, columns, named = WRONG[who]
    fake = persons(5)
    flipped = where(*(column(fake, name) for name in ("sex", "age", "job")))
    seen = found(changed(fake, "active", flipped, 1 - column(fake, "active")))
    assert seen.relations[0].effect > 0.3
    assert seen.relations[0].chance < 1e-6
    assert {name for one in seen.relations for name in one.columns} <= columns | {"active"}
    assert named in " ".join(one.text for one in seen.relations)
    assert seen.relations[0].text.count("% of records, real ") == 1
    assert seen.leaks == []


def test_a_relation_that_is_reversed_within_a_group_is_named(persons, changed, found):
    fake = persons(5)
    teachers, ages = column(fake, "job") == 3, column(fake, "age").copy()
    order = np.argsort(np.argsort(ages[teachers], kind="stable"))
    ages[teachers] = np.sort(ages[teachers])[::-1][order]
    seen = found(changed(fake, "age", teachers, ages))
    assert seen.relations
    assert seen.lost
    assert all("job = teacher" in one.text for one in (*seen.relations, *seen.lost))


def test_what_is_wrong_with_all_records_is_said_of_no_group(persons, changed, found):
    fake = persons(5)
    more = (np.random.default_rng(0).random(len(fake)) < 0.3) & (column(fake, "active") == 0)
    seen = found(changed(fake, "active", more, np.ones(len(fake))))
    assert seen.relations == []


def test_a_column_that_is_wrong_within_a_group_is_named_without_a_target(persons, changed, found):
    fake = persons(5)
    nurses = column(fake, "job") == 1
    seen = found(changed(fake, "pay", nurses, 1.6 * column(fake, "pay")), target="")
    assert "job = nurse" in seen.relations[0].text
    assert "pay" in seen.relations[0].columns
    assert (seen.lost, seen.leaks, list(seen.rows)) == ((), (), [])


def test_the_table_by_group(persons, found):
    seen = found(persons(5))
    assert seen.rows[0]["group"] == "all records"
    assert len(seen.rows) <= 12
    assert {"sex = male", "sex = female"} < {row["group"] for row in seen.rows}
    for row in seen.rows:
        assert row["share_of"] == "active = no"
        assert row["low"] <= row["risk"] <= row["high"]
        assert abs(row["share_real"] - row["share_synthetic"]) < 0.15
    assert seen.rows[0]["synthetic"] == 1_500
    assert seen.rows[0]["trtr"] > 0.65


def test_a_copy_gives_the_target_of_every_group_away(persons, found):
    copy = found(persons(1_000))  # what `found` takes for training records
    assert copy.rows[0]["low"] > 0.3
    assert sum(row["low"] > 0.1 for row in copy.rows) > len(copy.rows) / 2

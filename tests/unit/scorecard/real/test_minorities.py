from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.real.minorities import rare_category_coverage, subgroup_score


def test_a_single_missing_rare_category_is_named(features):
    # Of 1,000 records: one frequent category, four of 1 % and one of 0.2 %, which is not to be expected.
    known = features(np.repeat(np.arange(6.0), [958, 10, 10, 10, 10, 2]), np.arange(1000.0), categories=(0,))
    fake = features(np.repeat([0.0, 1.0, 2.0, 4.0], [970, 10, 10, 10]), np.zeros(1000), categories=(0,))
    missing, score = rare_category_coverage(fake, known)
    assert missing == {("c0", 3): 10.0}
    assert score.value == 0.75
    assert score.error > 0.0
    assert rare_category_coverage(known, known) == ({}, rare_category_coverage(known, known)[1])
    assert rare_category_coverage(known, known)[1].value == 1.0


def test_what_is_not_expected_is_not_missed(features):
    known = features(np.repeat(np.arange(5.0), [960, 10, 10, 10, 10]), categories=(0,))
    fake = features(np.zeros(400), categories=(0,))  # expected: 4 of each
    missing, score = rare_category_coverage(fake, known)
    assert missing == {}
    assert score.value == 1.0
    assert score.caveat
    assert rare_category_coverage(features(np.zeros(500), categories=(0,)), known)[1].value == 0.0
    assert len(rare_category_coverage(features(np.zeros(500), categories=(0,)), known)[0]) == 4


def test_faithful_tables_rarely_lack_a_category(features):
    rng = np.random.default_rng(0)
    shares = np.array([0.8, *np.full(20, 0.01)])
    scores = []
    for _ in range(200):
        fake, known = (features(rng.choice(21, n, p=shares), categories=(0,)) for n in (580, 20_000))
        scores.append(rare_category_coverage(fake, known)[1])
    values = np.array([score.value for score in scores])
    assert values.mean() == pytest.approx(1.0 - np.exp(-5.8), abs=0.003)
    # On the safe side: few records of a category may be chance.
    assert 0.7 < np.sqrt(np.mean([score.error**2 for score in scores])) / values.std() < 4.0


def test_missing_cells_and_tables_of_numbers_have_no_rare_category(features):
    known = features(np.where(np.arange(100) < 50, np.nan, 0.0), np.arange(100.0), categories=(0,))
    missing, score = rare_category_coverage(known, known)
    assert (missing, score.value) == ({}, 1.0)
    assert rare_category_coverage(*[features(np.arange(2.0))] * 2)[1].value == 1.0


def grouped(features, seed: int, n: int = 2000):
    """A number that has another mean in each of four subgroups, the last one small."""
    rng = np.random.default_rng(seed)
    code = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    return features(code + rng.normal(size=n), rng.normal(size=n), code, categories=(2,))


def test_subgroups_of_equal_distributions(features):
    worst, score = subgroup_score(grouped(features, 1), grouped(features, 2))
    assert score.value > 0.93
    assert set(worst) == {f"c2 = value {code + 1}" for code in range(4)}
    assert score.direction == "higher"


def test_a_subgroup_that_is_wrong_is_named(features):
    fake, real = grouped(features, 1), grouped(features, 2)
    fake.values[fake.values[:, 2] == 3.0, 0] -= 5.0
    worst, score = subgroup_score(fake, real)
    assert next(iter(worst)) == "c2 = value 4"
    assert worst["c2 = value 4"] < 0.6
    assert worst["c2 = value 1"] > 0.93
    assert score.value == pytest.approx(np.mean(list(worst.values())))


def test_a_subgroup_that_is_lost_counts_nothing(features):
    fake, real = grouped(features, 1), grouped(features, 2)
    few = np.flatnonzero(fake.values[:, 2] == 3.0)[9:]
    fake.values[few, 2] = 0.0
    worst, score = subgroup_score(fake, real)
    assert worst["c2 = value 4"] == 0.0
    assert score.value < 0.75
    assert 0.0 < score.error < 0.05


def test_swapped_names_of_categories_are_seen(features):
    fake, real = grouped(features, 1), grouped(features, 2)
    fake.values[:, 2] = np.array([1.0, 0.0, 3.0, 2.0])[fake.values[:, 2].astype(int)]
    assert subgroup_score(fake, real)[1].value < subgroup_score(grouped(features, 1), real)[1].value - 0.1


def test_subgroup_error_is_about_what_repetition_shows(features):
    scores = [
        subgroup_score(grouped(features, 2 * s, 1000), grouped(features, 2 * s + 1, 1000))[1]
        for s in range(20)
    ]
    ratio = np.mean([score.error for score in scores]) / np.std([score.value for score in scores])
    assert 0.5 < ratio < 3.0


def test_tables_without_subgroups(features):
    rng = np.random.default_rng(0)
    for table in (
        features(rng.normal(size=300)),
        features(rng.integers(0, 2, 300), categories=(0,)),  # nothing beside the subgroup to compare
        features(np.zeros(300), rng.normal(size=300), categories=(0,)),  # the whole table
        grouped(features, 1, 60),
        grouped(features, 1, 2),
    ):
        worst, score = subgroup_score(table, table)
        assert worst == {}
        assert np.isnan(score.value)
        assert score.caveat


def test_the_same_seed_gives_the_same_score(features):
    tables = grouped(features, 1), grouped(features, 2)
    assert subgroup_score(*tables, seed=1) == subgroup_score(*tables, seed=1)

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.features import Features
from gansmith.scorecard.learners import FOREST, SMALL_TREES, auc_and_error
from gansmith.scorecard.real.two_sample import (
    _most_telling,
    quick_two_sample_auc,
    telling_pairs,
    two_sample_auc,
)


def features(*columns: np.ndarray, categories: tuple[int, ...] = ()) -> Features:
    is_category = np.isin(np.arange(len(columns)), categories)
    return Features(
        tuple(f"c{i}" for i in range(len(columns))), np.stack(columns, 1).astype(np.float64), is_category
    )


def draw(seed: int, n: int) -> Features:
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 4, n)
    return features(rng.normal(size=n) + code, rng.normal(size=n), code, categories=(2,))


def test_equal_distributions_cannot_be_told_apart():
    result = two_sample_auc(draw(1, 600), draw(2, 600), seed=0)
    assert abs(result.score.value - 0.5) < 3 * result.score.error
    # sqrt(1 / (6 n)) at one half, times 1.5 for what five folds share.
    assert result.score.error == pytest.approx(0.025, rel=0.1)
    assert result.giveaways == ()


@pytest.mark.slow
def test_the_score_of_equal_distributions_is_not_biased():
    values = [two_sample_auc(draw(2 * s, 40), draw(2 * s + 1, 40), seed=s, n_folds=2).score for s in range(8)]
    error = np.sqrt(np.mean([score.error**2 for score in values]) / len(values))
    assert abs(np.mean([score.value for score in values]) - 0.5) < 3 * error


def test_separated_records_are_told_apart_perfectly_by_their_column():
    fake, real = draw(1, 400), draw(2, 400)
    fake.values[:, 1] += 100.0
    result = two_sample_auc(fake, real, seed=0)
    assert result.score.value == pytest.approx(1.0, abs=1e-3)  # one record may share a bin of the trees
    assert result.score.error > 0.0
    assert result.giveaways[0][0] == "c1"
    assert result.giveaways[0][1] == pytest.approx(1.0, abs=0.1)
    assert len(result.giveaways) == 1


def test_a_broken_dependence_is_seen_though_every_column_is_right():
    fake, real = draw(1, 800), draw(2, 800)
    fake.values[:, 0] = np.random.default_rng(3).permutation(fake.values[:, 0])
    result = two_sample_auc(fake, real, seed=0)
    assert result.score.value > 0.6
    assert {name for name, _ in result.giveaways[:2]} == {"c0", "c2"}


def test_the_same_seed_gives_the_same_score():
    assert two_sample_auc(draw(1, 80), draw(2, 80), seed=5) == two_sample_auc(
        draw(1, 80), draw(2, 80), seed=5
    )


def test_more_categories_than_trees_can_hold_and_empty_columns():
    n = 700
    codes, nothing = np.arange(n), np.full(n, np.nan)
    both = features(codes, nothing, nothing, categories=(0, 1))
    assert abs(two_sample_auc(both, both, seed=0).score.value - 0.5) < 0.1


def test_quick_score_sees_what_the_full_one_sees():
    fake, real = draw(1, 2000), draw(2, 2000)
    assert abs(quick_two_sample_auc(fake.values, real.values, real.is_category, seed=0) - 0.5) < 0.04
    fake.values[:, 0] = np.random.default_rng(3).permutation(fake.values[:, 0])
    assert quick_two_sample_auc(fake.values, real.values, real.is_category, seed=0) > 0.6


@pytest.mark.parametrize("n", [1, 3, 4, 20])
def test_quick_score_of_few_records(n: int):
    fake, real = draw(1, n), draw(2, n)
    fake.values[:, 1] = np.nan
    assert 0.0 <= quick_two_sample_auc(fake.values, real.values, real.is_category, seed=0) <= 1.0


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(DataError, match="different columns"):
        two_sample_auc(draw(1, 30), features(np.zeros(30)), seed=0)
    with pytest.raises(DataError, match="Only 3 records"):
        two_sample_auc(draw(1, 3), draw(2, 30), seed=0)


def wide(seed: int, n: int, n_columns: int = 4) -> Features:
    """The product of the signs of the first two columns is positive, all else is independent."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_columns, n))
    values[1] = np.abs(values[1]) * np.sign(values[0])
    return features(*values)


def test_the_pair_that_gives_records_away_is_named():
    fake, real = wide(1, 900), wide(2, 900)
    assert telling_pairs(fake, real, ["c3"], seed=0) == {}
    fake.values[:, 0] = np.random.default_rng(3).permutation(fake.values[:, 0])
    gains = telling_pairs(fake, real, ["c1"], seed=0)
    assert list(gains) == [("c1", "c0")]
    # Half of the synthetic records have a sign that no real one has, the others look real.
    assert gains["c1", "c0"] == pytest.approx(0.25, abs=0.05)
    assert telling_pairs(fake, real, ["c1"], seed=0) == gains


def test_pairs_are_looked_for_among_the_most_telling_columns():
    fake, real = wide(1, 500, 12), wide(2, 500, 12)
    fake.values[:, 0] = np.random.default_rng(3).permutation(fake.values[:, 0])
    chosen = _most_telling(fake, real, ["c7", "c5"])
    assert chosen[:2] == [7, 5]
    assert set(chosen[2:4]) == {0, 1}
    assert len(set(chosen)) == len(chosen) == 8


def test_a_column_that_tells_by_itself_makes_no_pair():
    fake, real = wide(1, 400), wide(2, 400)
    fake.values[:, 3] += 100.0
    assert telling_pairs(fake, real, ["c3"], seed=0) == {}


def test_pairs_of_few_records_of_one_column_and_of_unknown_ones():
    assert telling_pairs(draw(1, 4), draw(2, 4), [], seed=0) == {}
    assert telling_pairs(features(np.arange(9.0)), features(np.arange(9.0)), ["c0"], seed=0) == {}
    with pytest.raises(UsageError, match="no column"):
        telling_pairs(draw(1, 9), draw(2, 9), ["nothing"], seed=0)


def test_a_forest_sees_what_only_three_columns_say():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, 1_500, 12)) * 1.0
    bits[0, :, 2] = np.abs(bits[0, :, 0] - bits[0, :, 1])
    labels, flat = np.repeat([1.0, 0.0], 1_200), bits[:, :1_200].reshape(2_400, 12)
    judge = FOREST.classifier(flat, labels, np.ones(12, dtype=bool), 0)
    said = judge.probabilities(bits[:, 1_200:].reshape(600, 12))[:, 1]
    assert auc_and_error(said[:300], said[300:])[0] > 0.65


def test_a_code_book_in_the_order_of_the_sides_tells_nothing():
    codes = np.arange(600.0)
    fake, real = (features(side, np.zeros(300), categories=(0,)) for side in np.split(codes, 2))
    result = two_sample_auc(fake, real, seed=0, n_folds=2, learner=SMALL_TREES)
    assert abs(result.score.value - 0.5) < 3 * result.score.error

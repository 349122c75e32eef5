from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.two_sample import quick_two_sample_auc, two_sample_auc
from gansmith.scorecard.real.marginals import marginal_errors, pair_errors


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


def test_shifted_uniforms_are_their_shift_apart():
    n = 2000
    grid = (np.arange(n) + 0.5) / n
    errors, score = marginal_errors(features(grid + 0.25, grid), features(grid, grid))
    assert errors == pytest.approx([25.0, 0.0], abs=0.1)
    assert score.value == pytest.approx(12.5, abs=0.1)
    assert 0.0 < score.error < 3.0


def test_missing_cells_count():
    real = np.arange(100.0)
    fake = np.where(np.arange(100) % 4 == 0, np.nan, real)
    errors, _ = marginal_errors(
        features(fake, np.isnan(fake), np.where(np.isnan(fake), np.nan, 0.0), categories=(1, 2)),
        features(real, np.isnan(real), np.zeros(100), categories=(1, 2)),
    )
    assert errors == pytest.approx([25.0, 25.0, 25.0], abs=1.1)
    empty = features(np.full(100, np.nan))
    assert marginal_errors(empty, empty)[0] == [0.0]
    assert marginal_errors(empty, features(real))[0] == [100.0]


def test_categories_are_their_total_variation_apart():
    fake = features(np.repeat([0.0, 1.0, 5.0], [50, 25, 25]), categories=(0,))
    real = features(np.repeat([0.0, 1.0], [50, 50]), categories=(0,))
    assert marginal_errors(fake, real)[0] == pytest.approx([25.0])


@pytest.mark.parametrize(("categories", "wanted"), [((), 50.0), ((0,), 75.0), ((0, 1), 75.0)])
def test_independent_columns_have_no_marginal_but_a_pair_error(categories: tuple[int, ...], wanted: float):
    a, b = np.divmod(np.arange(1600), 400)
    independent = features(a, b % 4, categories=categories)
    equal = features(a, a, categories=categories)
    assert marginal_errors(independent, equal)[1].value == pytest.approx(0.0)
    matrix, score = pair_errors(independent, equal)
    # Correlations 0 and 1 are half of 1 apart; of 16 equal cells, 12 should be empty.
    assert score.value == pytest.approx(wanted)
    assert matrix[0, 1] == matrix[1, 0] == pytest.approx(wanted)
    assert np.isnan(np.diag(matrix)).all()


def test_no_more_pairs_than_asked_for_are_measured():
    rng = np.random.default_rng(0)
    table = features(*rng.normal(size=(30, 40)))
    matrix, score = pair_errors(table, table, seed=1, n_pairs_max=100)
    assert (~np.isnan(np.triu(matrix, 1)) & np.triu(np.ones_like(matrix), 1).astype(bool)).sum() == 100
    assert np.isnan(np.diag(matrix)).all()
    assert score.value == 0.0


def test_constant_and_huge_numbers_have_a_correlation():
    constant, huge = np.full(50, 0.1), np.arange(50) * 1e300
    table = features(constant, huge, huge[::-1])
    matrix, _ = pair_errors(table, features(constant, huge, huge))
    assert matrix[0, 1] == 0.0
    assert matrix[1, 2] == pytest.approx(100.0)


def test_the_errors_are_about_what_repetition_shows():
    rng = np.random.default_rng(0)
    marginal, pair = [], []
    for _ in range(40):
        fake, real = (features(*rng.normal(scale=s, size=(3, 200))) for s in (1.4, 1.0))
        marginal.append(marginal_errors(fake, real)[1])
        pair.append(pair_errors(fake, real)[1])
    for scores in (marginal, pair):
        spread = np.std([score.value for score in scores])
        assert 0.6 < np.mean([score.error for score in scores]) / spread < 1.6

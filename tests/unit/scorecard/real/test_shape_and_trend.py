from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.real import trend
from gansmith.scorecard.real.shape import column_distances, column_shapes, missing_score, shape_score
from gansmith.scorecard.real.trend import pair_trends, trend_score

# --- The same numbers as SDMetrics --------------------------------------------------------------------------


def theirs(fake: pd.DataFrame, real: pd.DataFrame):
    """Shape, trend of all pairs, and trend of the report (the strong pairs alone), as SDMetrics has them."""
    both = pd.concat([fake, real])
    kinds = {
        name: {"sdtype": "numerical" if pd.api.types.is_numeric_dtype(both[name]) else "categorical"}
        for name in both
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.reports.single_table import QualityReport
        from sdmetrics.reports.single_table._properties import ColumnPairTrends

        report = QualityReport()
        report.generate(real, fake, {"columns": kinds}, verbose=False)
        shapes = report.get_details("Column Shapes")["Score"].to_numpy(dtype=float)
        all_pairs = ColumnPairTrends()
        trend = all_pairs.get_score(real, fake, {"columns": kinds})
    return shapes, report.get_properties()["Score"].to_numpy(), trend, all_pairs.details


def assert_same(fake: pd.DataFrame, real: pd.DataFrame, encoded):
    shapes, (shape, strong), trend, pairs = theirs(fake, real)
    tables = encoded(fake, real)
    ours, score = shape_score(*tables)
    np.testing.assert_allclose(ours, shapes, atol=1e-6)
    assert score.value == pytest.approx(shape, abs=1e-6)
    matrix, score = trend_score(*tables)
    assert score.value == pytest.approx(trend, abs=1e-6)
    assert trend_score(*tables, strong_only=True)[1].value == pytest.approx(strong, abs=1e-6, nan_ok=True)
    a, b = (pairs[name].map(tables[0].names.index) for name in ("Column 1", "Column 2"))
    np.testing.assert_allclose(matrix[a, b], pairs["Score"].to_numpy(dtype=float), atol=1e-6)
    np.testing.assert_array_equal(matrix, pair_trends(*tables))


def toy(seed: int, n: int) -> pd.DataFrame:
    """Every corner case: missing cells, constants, an empty column, a category that one side lacks."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(1)
    y = x + rng.normal(size=n)
    code = rng.choice([*"abcde", "z" if seed == 2 else "a"], n).astype(object)
    side = np.where(y > 0, "p", "q").astype(object)
    x[rng.random(n) < 0.1], code[rng.random(n) < 0.1], side[rng.random(n) < 0.05] = np.nan, None, None
    one_sided = np.full(n, None, dtype=object) if seed == 1 else rng.choice(["m", "n"], n).astype(object)
    money = np.where(rng.random(n) < 0.9, 0, rng.lognormal(8, 2, n)).round()
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "code": code,
            "side": side,
            "empty": np.full(n, np.nan),
            "constant": np.full(n, 3.0),
            "one": np.full(n, "u", dtype=object),
            "flag": np.where(rng.random(n) < 0.5, np.nan, 1.0),
            "one sided": one_sided,
            "money": money,
            "count": rng.integers(0, 4, n),
        }
    )


@pytest.mark.parametrize(("seeds", "sizes"), [((1, 2), (300, 250)), ((2, 1), (60, 200)), ((3, 4), (2, 2))])
def test_toy_tables_score_as_in_sdmetrics(encoded, seeds: tuple[int, int], sizes: tuple[int, int]):
    assert_same(toy(seeds[0], sizes[0]), toy(seeds[1], sizes[1]), encoded)


@pytest.mark.parametrize(
    ("path", "has_header"),
    [
        ("adult/holdout.csv.gz", True),
        ("magic/holdout.csv.gz", True),
        ("abalone/abalone.csv", False),
        ("german_credit/german.csv", False),
        ("beijing_pm25/holdout.csv.gz", True),
        ("titanic/titanic.csv", True),
    ],
)
def test_real_tables_score_as_in_sdmetrics(halves, encoded, path: str, has_header: bool):
    fake, real = halves(path, 2000, has_header=has_header)
    # Half of the synthetic columns lose their records, so that there is something to see.
    rng = np.random.default_rng(0)
    fake = fake.assign(**{name: rng.permutation(fake[name]) for name in fake.columns[::2]})
    assert_same(fake, real, encoded)


# --- Closed forms -------------------------------------------------------------------------------------------


def test_shifted_uniforms_are_their_shift_apart(features):
    n = 2000
    grid = (np.arange(n) + 0.5) / n
    shapes, score = shape_score(features(grid + 0.25, grid), features(grid, grid))
    assert shapes == pytest.approx([0.75, 1.0], abs=0.001)
    assert score.value == pytest.approx(0.875, abs=0.001)
    assert 0.0 < score.error < 0.03
    assert (score.direction, score.n) == ("higher", n)


def test_categories_are_their_total_variation_apart(features):
    fake = features(np.repeat([0.0, 1.0, 5.0], [50, 25, 25]), categories=(0,))
    real = features(np.repeat([0.0, 1.0], [50, 50]), categories=(0,))
    assert column_shapes(fake, real) == pytest.approx([0.75])
    swapped = features(np.repeat([1.0, 0.0], [80, 20]), categories=(0,))
    straight = features(np.repeat([0.0, 1.0], [80, 20]), categories=(0,))
    assert column_shapes(swapped, straight) == pytest.approx([0.4])


def test_missing_cells_have_no_shape_but_a_distance(features):
    real = np.arange(100.0)
    fake = np.where(np.arange(100) % 4 == 0, np.nan, real)
    gaps = features(fake, np.where(np.isnan(fake), np.nan, 0.0), categories=(1,))
    whole = features(real, np.zeros(100), categories=(1,))
    assert column_shapes(gaps, whole) == pytest.approx([1.0, 1.0], abs=0.011)
    assert column_distances(gaps, whole) == pytest.approx([0.25, 0.25], abs=0.011)
    empty = features(np.full(100, np.nan))
    assert np.isnan(column_shapes(empty, features(real))).all()
    assert column_distances(empty, features(real)) == [1.0]
    assert column_distances(empty, empty) == [0.0]
    score = shape_score(empty, features(real))[1]
    assert np.isnan(score.value)
    assert score.caveat


@pytest.mark.parametrize(("categories", "wanted"), [((), 0.5), ((0,), 0.25), ((0, 1), 0.25)])
def test_independent_columns_have_shapes_but_no_trend(features, categories: tuple[int, ...], wanted: float):
    a, b = np.divmod(np.arange(1600), 400)
    independent = features(a, b % 4, categories=categories)
    equal = features(a, a, categories=categories)
    assert shape_score(independent, equal)[1].value == pytest.approx(1.0)
    matrix, score = trend_score(independent, equal)
    # Correlations 0 and 1 are half of 1 apart; of 16 equal cells, 12 should be empty.
    assert score.value == pytest.approx(wanted)
    assert matrix[0, 1] == matrix[1, 0] == pytest.approx(wanted)
    assert np.isnan(np.diag(matrix)).all()


def test_numbers_without_any_real_correlation_have_no_trend_as_in_sdmetrics(encoded):
    a, b = np.divmod(np.arange(16), 4)
    grid, line = pd.DataFrame({"a": a, "b": b, "c": a + b}), pd.DataFrame({"a": a, "b": a, "c": a + b})
    assert_same(line, grid, encoded)
    assert np.isnan(pair_trends(*encoded(line, grid))[0, 1])


def test_no_more_pairs_than_asked_for_are_measured(features, monkeypatch):
    rng = np.random.default_rng(0)
    table = features(*rng.normal(size=(30, 40)))
    monkeypatch.setattr(trend, "MAX_PAIRS", 100)
    matrix, score = trend_score(table, table, seed=1)
    assert np.isfinite(matrix[np.triu_indices(30, 1)]).sum() == 100
    assert np.isnan(np.diag(matrix)).all()
    assert score.value == pytest.approx(1.0)


def test_constant_and_huge_numbers(features):
    constant, huge = np.full(50, 0.1), np.linspace(-1, 1, 50) * 1.7e308
    table = features(constant, huge, huge[::-1], np.arange(50) % 2, categories=(3,))
    matrix = pair_trends(table, features(constant, huge, huge, np.arange(50) % 2, categories=(3,)))
    assert np.isnan(matrix[0, 1])
    assert matrix[1, 2] == pytest.approx(0.0)
    assert matrix[1, 3] == pytest.approx(1.0)


def test_many_codes_are_counted_without_a_huge_table(features):
    codes = np.arange(3000.0)
    table = features(codes, codes[::-1], categories=(0, 1))
    assert pair_trends(table, table)[0, 1] == 1.0
    assert pair_trends(table, features(codes, codes, categories=(0, 1)))[0, 1] == 0.0


def test_one_column_has_no_trend(features):
    column = features(np.arange(9.0))
    assert shape_score(column, column)[1].value == 1.0
    matrix, score = trend_score(column, column)
    assert matrix.shape == (1, 1)
    assert np.isnan([score.value, score.error]).all()
    assert score.caveat


def test_what_cannot_be_compared_is_refused(features, mixed):
    for score in (shape_score, trend_score):
        with pytest.raises(DataError, match="different columns"):
            score(mixed(1, 30), features(np.zeros(30)))
        with pytest.raises(DataError, match="Only 1 records"):
            score(mixed(1, 1), mixed(2, 30))


# --- Errors -------------------------------------------------------------------------------------------------


def test_the_errors_are_about_what_repetition_shows(features):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 200)
    shapes, trends = [], []
    for _ in range(40):
        fake, real = (
            features(*rng.normal(scale=s, size=(3, 200)), rng.permutation(codes), categories=(3,))
            for s in (1.4, 1.0)
        )
        shapes.append(shape_score(fake, real)[1])
        trends.append(trend_score(fake, real)[1])
    for scores in (shapes, trends):
        spread = np.std([score.value for score in scores])
        assert 0.6 < np.mean([score.error for score in scores]) / spread < 1.8


def test_the_same_seed_gives_the_same_scores(mixed):
    tables = mixed(1, 100), mixed(2, 100)
    assert shape_score(*tables, seed=3)[1] == shape_score(*tables, seed=3)[1]
    assert trend_score(*tables, seed=3)[1] == trend_score(*tables, seed=3)[1]
    assert trend_score(*tables, seed=3)[1].error != trend_score(*tables, seed=4)[1].error


def gaps(features, *shares: np.ndarray):
    """A table whose column i has a missing cell where `shares[i]` is true."""
    return features(*[np.where(is_missing, np.nan, 1.0) for is_missing in shares], categories=(0,))


def test_nothing_missing(features):
    details, score = missing_score(features(np.zeros(9)), features(np.ones(5)))
    assert details == {}
    assert (score.value, score.error) == (1.0, 0.0)


def test_more_missing_cells_are_seen(features):
    n = np.arange(1000)
    fake, real = gaps(features, n < 300, n < 0, n < 100), gaps(features, n < 100, n < 0, n < 100)
    details, score = missing_score(fake, real)
    assert details == pytest.approx({"c0": 0.2, "c2": 0.0})
    assert list(details) == ["c0", "c2"]
    assert score.value == pytest.approx(0.8)
    assert score.error == pytest.approx(0.018, rel=0.8)


def test_the_same_cells_missing_apart_instead_of_together(features):
    n = np.arange(1000)
    together, apart = gaps(features, n < 200, n < 200), gaps(features, n < 200, n >= 800)
    details, score = missing_score(apart, together)
    assert details == {"c0": 0.0, "c1": 0.0}
    assert score.value == pytest.approx(0.6)


def test_one_column_is_seen_through_a_thousand_patterns(features):
    rng = np.random.default_rng(0)
    fake, real = (rng.random((20, 1000)) < 0.5 for _ in range(2))
    fake[0] = True
    details, score = missing_score(gaps(features, *fake), gaps(features, *real))
    assert next(iter(details)) == "c0"
    assert score.value == pytest.approx(1.0 - details["c0"])
    assert score.value == pytest.approx(0.5, abs=0.05)


def test_equal_distributions_and_honest_errors(features):
    rng = np.random.default_rng(1)
    scores = [
        missing_score(
            *[gaps(features, *(rng.random((2, 400)) < 0.3))] * 1
            + [gaps(features, *(rng.random((2, 400)) < 0.3))]
        )[1]
        for _ in range(30)
    ]
    assert np.mean([score.value for score in scores]) > 0.93
    ratio = np.mean([score.error for score in scores]) / np.std([score.value for score in scores])
    assert 0.6 < ratio < 2.0


def test_two_records_and_the_same_seed(features):
    two = gaps(features, np.array([True, False])), gaps(features, np.array([False, False]))
    details, score = missing_score(*two, seed=4)
    assert (details, score.value) == ({"c0": 0.5}, 0.5)
    assert (details, score) == missing_score(*two, seed=4)

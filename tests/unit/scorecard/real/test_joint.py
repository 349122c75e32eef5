from __future__ import annotations

import math
import time

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from gansmith.scorecard.real import joint
from gansmith.scorecard.real.joint import (
    cut_into_cells,
    draw_subsets,
    mutual_information,
    total_variation,
    triple_score,
)
from gansmith.scorecard.resampling import N_SETS
from gansmith.scorecard.score import Score, mean_similarity


@pytest.mark.parametrize(("n_columns", "size"), [(6, 2), (7, 3), (1, 2), (2, 3), (3, 3)])
def test_all_subsets_come_once(n_columns: int, size: int):
    subsets = draw_subsets(n_columns, size, 1000, np.random.default_rng(0))
    assert subsets.shape == (math.comb(n_columns, size), size)
    assert len({tuple(subset) for subset in subsets.tolist()}) == len(subsets)
    assert (np.diff(subsets, axis=1) < 0).all()
    assert ((subsets >= 0) & (subsets < n_columns)).all()


def test_subsets_are_drawn_evenly():
    rng = np.random.default_rng(0)
    counts = np.zeros(8)
    for _ in range(200):
        subsets = draw_subsets(8, 3, 7, rng)
        assert len(np.unique(subsets, axis=0)) == 7
        counts += np.bincount(subsets.ravel(), minlength=8)
    assert counts == pytest.approx(np.full(8, 200 * 7 * 3 / 8), rel=0.15)


def test_numbers_are_cut_at_real_quantiles(features):
    real = features(np.arange(100.0), np.full(100, 7.0))
    fake = features(np.array([-5.0, 19.0, 20.0, np.nan, 500.0]), np.array([1.0, 7.0, 8.0, 7.0, np.nan]))
    ours, theirs = cut_into_cells(fake, real, n_bins=5, n_codes=3)
    assert np.bincount(theirs.numbers[0]).tolist() == [0, 20, 20, 20, 20, 20]
    assert ours.numbers[0].tolist() == [1, 1, 2, 0, 5]
    assert ours.numbers[1].tolist() == [1, 1, 2, 1, 0]  # one edge, and what lies beyond it


def test_joint_cells_tell_all_combinations_apart(features):
    a, b, c = (grid.ravel() for grid in np.meshgrid(*[[0, 1, np.nan]] * 3))
    cells, _ = cut_into_cells(*[features(a, b, c, categories=(0, 1, 2))] * 2, n_bins=2, n_codes=5)
    assert len(np.unique(cells.joint(np.array([2, 0, 1])))) == 27


def test_total_variation_of_sparse_cells():
    fake, real = np.array([0, 10**15, 10**15, 5]), np.array([10**15, 7])
    assert total_variation(fake, real) == pytest.approx(0.5)


def test_parts_that_few_records_lack_keep_their_value():
    def similarity(parts: np.ndarray, of_deal: np.ndarray) -> Score:
        words = dict.fromkeys(("source", "label", "meaning"), "")
        return mean_similarity(parts, of_deal, (50, 40), **words, undefined="nothing")

    parts = np.array([0.2, 0.6, np.nan])
    some_lack = np.where(np.arange(N_SETS)[:, None] % 2, np.nan, parts)
    blind = similarity(parts, some_lack)
    assert (blind.value, blind.error, blind.n, blind.caveat) == (pytest.approx(0.4), 0.0, 40, "")
    undefined = similarity(parts[2:], some_lack[:, 2:])
    assert np.isnan([undefined.value, undefined.error]).all()
    assert undefined.caveat == "nothing"


def test_information_of_columns_that_fix_each_other_and_of_independent_ones(features):
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    noise, code = rng.normal(size=4000), rng.integers(0, 5, 4000)
    table = features(x, -(x**3), noise, code, (code + 1) % 5, np.zeros(4000), categories=(3, 4))
    _, real, score = mutual_information(table, table)
    assert score.value == 1.0
    assert real[0, 1] == pytest.approx(1.0, abs=0.01)
    assert real[3, 4] == pytest.approx(1.0)
    assert real[[0, 0, 2], [2, 3, 3]] == pytest.approx(np.zeros(3), abs=0.004)  # without bias
    assert (real[5, :5] == 0.0).all()  # a constant says nothing
    assert np.isnan(np.diag(real)).all()
    np.testing.assert_array_equal(real, real.T)


def test_information_of_few_independent_records_has_no_bias(features):
    rng = np.random.default_rng(7)
    table = features(*rng.normal(size=(8, 500)))
    shared = mutual_information(table, table)[1][np.triu_indices(8, 1)]
    # The plain estimate is 81 / (2 * 500) nats too high, 0.035 of the entropy.
    assert shared.mean() < 0.01


def test_information_is_that_of_the_textbook(features):
    rng = np.random.default_rng(1)
    a = rng.integers(0, 4, 50_000)
    b = np.where(rng.random(50_000) < 0.5, a, rng.integers(0, 16, 50_000))
    table = features(a, b, categories=(0, 1))
    wanted = normalized_mutual_info_score(a, b)
    assert mutual_information(table, table)[1][0, 1] == pytest.approx(wanted, abs=5e-4)


def test_information_of_independent_columns_is_lost(features, mixed):
    real, fake = mixed(1, 3000), mixed(2, 3000)
    equal = mutual_information(fake, real)[2]
    assert equal.value > 0.99
    fake.values[:, 0] = np.random.default_rng(3).permutation(fake.values[:, 0])
    ours, theirs, score = mutual_information(fake, real)
    assert score.value == pytest.approx(1.0 - theirs[0, 2] / 3, abs=0.005)
    assert score.value < equal.value - 5 * (equal.error + score.error)
    assert ours[0, 2] < 0.01 < theirs[0, 2]


def test_information_in_where_cells_are_missing(features):
    rng = np.random.default_rng(2)
    code = rng.integers(0, 2, 2000)
    gaps = np.where(code == 1, np.nan, rng.normal(size=2000))
    table = features(gaps, code, categories=(1,))
    filled = features(rng.normal(size=2000), code, categories=(1,))
    assert mutual_information(table, table)[1][0, 1] > 0.3
    assert mutual_information(filled, table)[2].value < 0.7


def test_information_error_is_about_what_repetition_shows(mixed):
    scores = [mutual_information(mixed(2 * s, 400), mixed(2 * s + 1, 300))[2] for s in range(40)]
    ratio = np.mean([score.error for score in scores]) / np.std([score.value for score in scores])
    assert 0.6 < ratio < 2.5


def test_information_is_fast_and_pairs_are_limited(features, monkeypatch):
    rng = np.random.default_rng(3)
    wide = features(*rng.normal(size=(40, 30)))
    with monkeypatch.context() as patched:
        patched.setattr(joint, "MAX_PAIRS", 50)
        found = mutual_information(wide, wide)[1]
    assert np.isfinite(found[np.triu_indices(40, 1)]).sum() == 50
    table = features(*rng.normal(size=(15, 50_000)))
    start = time.process_time()
    mutual_information(table, table)
    assert time.process_time() - start < 4.0


def test_triples_see_what_no_pair_shows(features):
    rng = np.random.default_rng(4)
    a, b, c = rng.integers(0, 2, (3, 2000))
    real = features(a, b, a ^ b, categories=(0, 1, 2))
    worst, score = triple_score(features(a, b, c, categories=(0, 1, 2)), real)
    assert score.value == pytest.approx(0.5, abs=0.03)  # of 8 equal cells, 4 should be empty
    assert worst == {"c0 × c1 × c2": score.value}
    assert mutual_information(features(a, b, c, categories=(0, 1, 2)), real)[2].value > 0.99


def test_the_worst_triples_hold_the_broken_columns(mixed, features):
    real, fake = features(*mixed(1, 2000).values.T, *mixed(3, 2000).values.T, categories=(2, 5)), None
    fake = real.take(np.random.default_rng(0).permutation(2000))
    fake.values[:, 0] = np.random.default_rng(1).permutation(fake.values[:, 0])
    worst, score = triple_score(fake, real, seed=1)
    assert len(worst) == 10
    names, lowest = next(iter(worst.items()))
    assert {"c0", "c2"} < set(names.split(" × "))
    assert lowest == min(worst.values()) < score.value < 1.0


def test_triples_are_limited_and_few_columns_have_none(features, monkeypatch):
    rng = np.random.default_rng(5)
    wide = features(*rng.normal(size=(50, 40)))
    monkeypatch.setattr(joint, "MAX_TRIPLES", 4)
    worst, score = triple_score(wide, wide)
    assert len(worst) == 4
    assert score.value == 1.0
    narrow = features(*rng.normal(size=(2, 40)))
    worst, score = triple_score(narrow, narrow)
    assert worst == {}
    assert np.isnan(score.value)
    assert score.caveat
    alone = features(rng.normal(size=40))
    assert np.isnan(mutual_information(alone, alone)[2].value)


def test_tiny_tables_and_the_same_seed(mixed):
    two = mixed(1, 2), mixed(2, 2)
    assert 0.0 <= mutual_information(*two)[2].value <= 1.0
    assert 0.0 <= triple_score(*two)[1].value <= 1.0
    tables = mixed(1, 200), mixed(2, 200)
    assert mutual_information(*tables, seed=1)[2] == mutual_information(*tables, seed=1)[2]
    assert triple_score(*tables, seed=1) == triple_score(*tables, seed=1)

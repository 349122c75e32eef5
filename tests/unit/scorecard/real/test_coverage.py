from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.points import as_points
from gansmith.scorecard.real.coverage import expected_coverage, neighbourhoods

FIELDS = ("precision", "recall", "density", "coverage")


def test_equal_distributions():
    rng = np.random.default_rng(0)
    results = [neighbourhoods(*rng.normal(size=(2, 300, 2))) for _ in range(20)]
    values = {name: [result[name].value for result in results] for name in FIELDS}
    assert np.mean(values["coverage"]) == pytest.approx(expected_coverage(300, 300, 5), abs=0.012)
    assert expected_coverage(300, 300, 5) == pytest.approx(0.969, abs=0.001)
    assert np.mean(values["density"]) == pytest.approx(1.0, abs=0.04)
    # One distribution: which of the two is called synthetic cannot matter.
    assert np.mean(values["precision"]) == pytest.approx(np.mean(values["recall"]), abs=0.02)
    for name in FIELDS:
        error = np.mean([result[name].error for result in results])
        # Ten small groups leave more holes than all points do: precision and recall are surer than said.
        assert 0.5 < error / np.std(values[name]) < (4.0 if name in ("precision", "recall") else 2.0)


def test_the_scores_are_what_their_definitions_say():
    rng = np.random.default_rng(1)
    fake, real, k = rng.normal(size=(40, 3)), rng.normal(size=(60, 3)), 3

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a[:, None] - b[None], axis=2)

    fake_radii, real_radii = (np.sort(apart(side, side), axis=1)[:, k] for side in (fake, real))
    cross = apart(fake, real)
    found = neighbourhoods(fake, real, k=k)
    assert found["precision"].value == pytest.approx((cross <= real_radii).any(axis=1).mean())
    assert found["recall"].value == pytest.approx((cross <= fake_radii[:, None]).any(axis=0).mean())
    assert found["density"].value == pytest.approx((cross <= real_radii).sum() / (k * 40))
    assert found["coverage"].value == pytest.approx((cross <= real_radii).any(axis=0).mean())


def test_unequal_sizes():
    rng = np.random.default_rng(1)
    values = [
        neighbourhoods(rng.normal(size=(50, 2)), rng.normal(size=(200, 2)), k=3)["coverage"].value
        for _ in range(40)
    ]
    assert np.mean(values) == pytest.approx(expected_coverage(50, 200, 3), abs=0.03)


def test_a_lost_half_is_seen():
    rng = np.random.default_rng(2)
    real = rng.normal(size=(400, 1)) + np.repeat([0.0, 100.0], 200)[:, None]
    found = neighbourhoods(rng.normal(size=(400, 1)), real)
    assert found["coverage"].value == pytest.approx(0.5, abs=0.03)
    assert found["recall"].value == pytest.approx(0.5, abs=0.03)
    assert found["density"].value == pytest.approx(1.0, abs=0.15)
    assert found["precision"].value > 0.95
    far = neighbourhoods(real + 1e4, real)
    assert [far[name].value for name in FIELDS] == [0.0] * 4


def test_invented_records_lower_precision_alone():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(2, 400, 2))
    fake[:100] += 50.0
    found = neighbourhoods(fake, real)
    assert found["precision"].value == pytest.approx(0.74, abs=0.02)
    assert found["recall"].value > 0.9


def test_a_collapsed_generator_is_dense_and_covers_little():
    real = np.random.default_rng(4).normal(size=(400, 2))
    found = neighbourhoods(np.random.default_rng(5).normal(0.0, 0.1, size=(400, 2)), real)
    assert found["precision"].value == 1.0
    assert found["density"].value > 1.2
    assert found["coverage"].value < 0.1
    assert found["recall"].value < 0.1


def test_ties_do_not_spoil_the_expected_coverage(features):
    rng = np.random.default_rng(5)
    values = []
    for seed in range(12):
        sides = [features(*rng.integers(0, 3, (3, 300)), categories=(0, 1, 2)) for _ in range(2)]
        found = neighbourhoods(*as_points(*sides), seed=seed)
        values.append([found["density"].value, found["coverage"].value])
    density, coverage = np.mean(values, axis=0)
    assert density == pytest.approx(1.0, abs=0.04)
    assert coverage == pytest.approx(expected_coverage(300, 300, 5), abs=0.01)
    # All records are one record: nothing but ties.
    same = neighbourhoods(np.ones((400, 2)), np.ones((400, 2)))
    assert same["coverage"].value == pytest.approx(expected_coverage(400, 400, 5), abs=0.03)


def test_ties_of_a_real_table(halves, encoded):
    points = as_points(*encoded(*halves("car/car.data", 864, has_header=False)))
    found = neighbourhoods(*points)
    # All attributes are crossed with each other, so the halves share out the neighbours of every record and
    # cover each other a little better than independent draws would.
    assert abs(found["coverage"].value - expected_coverage(864, 864, 5)) < 0.03
    assert found["density"].value == pytest.approx(1.0, abs=0.1)


def test_distinct_records_are_covered_by_their_copies():
    real = np.random.default_rng(6).normal(size=(100, 3)) * 1e6
    found = neighbourhoods(real, real)
    assert [found[name].value for name in ("precision", "recall", "coverage")] == [1.0] * 3


def test_the_unit_of_the_points_is_no_matter():
    fake, real = np.random.default_rng(7).normal(size=(2, 100, 3))
    first, second = neighbourhoods(fake, real), neighbourhoods(fake * 8.0 + 1e8, real * 8.0 + 1e8)
    for name in FIELDS:
        assert first[name].value == second[name].value


def test_two_records_and_the_same_seed():
    real = np.random.default_rng(8).normal(size=(7, 2))
    found = neighbourhoods(real[:2], real, seed=3)
    assert all(0.0 <= found[name].value <= 1.0 for name in ("precision", "recall", "coverage"))
    assert found == neighbourhoods(real[:2], real, seed=3)


def test_refused():
    with pytest.raises(DataError, match="2 synthetic points or more"):
        neighbourhoods(np.zeros((1, 2)), np.zeros((9, 2)))
    with pytest.raises(DataError, match="more than k real"):
        neighbourhoods(np.zeros((9, 2)), np.zeros((5, 2)), k=5)


@pytest.mark.parametrize(("n_fake", "n_real"), [(2, 3), (3, 3), (9, 2), (2, 9)])
def test_a_handful_of_records_gives_large_errors_and_no_crash(n_fake: int, n_real: int):
    rng = np.random.default_rng(0)
    scores = neighbourhoods(rng.normal(size=(n_fake, 2)), rng.normal(size=(n_real, 2)), k=1)
    assert scores["density"].error >= 1.0 or min(n_fake, n_real) >= 4
    assert scores["coverage"].error > 0.1

"""The dependence tree: exact for two columns, the strongest edges of more, exact under evidence."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from gansmith.modalities.attribute_tree import DependenceTree, mutual_information

N = 200_000
"""Drawn, so that a probability is off by .001 at most three times in a hundred."""


def chain(n: int = 3000) -> np.ndarray:
    """Three columns of 3, 4 and 2 states: the second follows the first, the third the second."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, n)
    second = np.where(rng.random(n) < 0.8, first, rng.integers(0, 4, n))
    third = np.where(rng.random(n) < 0.9, second % 2, rng.integers(0, 2, n))
    return np.stack([second, third, first], 1)


@pytest.fixture(scope="module")
def tree() -> DependenceTree:
    return DependenceTree.fit(chain(), [4, 2, 3])


def joint_of(tree: DependenceTree, n_states: list[int]) -> np.ndarray:
    """All probabilities, by the definition: each edge's table over the middle column's frequencies."""
    counts, pairs = tree.counts, dict(zip(tree.edges, tree.pairs, strict=True))
    joint = np.zeros(n_states)
    for a, b, c in product(*map(range, n_states)):
        joint[a, b, c] = pairs[0, 1][a, b] * pairs[0, 2][a, c] / counts[0][a] / tree.n_records
    return joint


def frequencies(codes: np.ndarray, n_states: list[int]) -> np.ndarray:
    found = np.zeros(n_states)
    np.add.at(found, tuple(codes.T), 1 / len(codes))
    return found


def test_edges_are_the_strongest_dependences(tree):
    assert set(tree.edges) == {(0, 1), (0, 2)}


def test_a_chain_gives_the_far_dependence(tree):
    drawn = tree.given({}).draw(N, np.random.default_rng(1))
    assert frequencies(drawn, [4, 2, 3]) == pytest.approx(joint_of(tree, [4, 2, 3]), abs=0.004)
    far, real = (frequencies(codes[:, 1:], [2, 3]) for codes in (drawn, chain()))
    assert far == pytest.approx(real, abs=0.015)
    independent = np.outer(real.sum(1), real.sum(0))
    assert np.abs(far - independent).max() > 0.08  # it is one


@pytest.mark.parametrize("root", [0, 1, 2])
def test_evidence_gives_the_conditional_distribution_from_any_root(tree, root):
    evidence = {1: np.array([0.0, 1.0]), 2: np.array([1.0, 0.25, 0.0])}
    given = tree.given(evidence, root)
    wanted = joint_of(tree, [4, 2, 3]) * evidence[1][None, :, None] * evidence[2][None, None]
    assert given.probability == pytest.approx(wanted.sum(), rel=1e-4)
    assert given.by_root == pytest.approx(wanted.sum(tuple({0, 1, 2} - {root})), rel=1e-3, abs=1e-5)
    drawn = frequencies(given.draw(N, np.random.default_rng(2)), [4, 2, 3])
    assert drawn == pytest.approx(wanted / wanted.sum(), abs=0.005)
    assert not drawn[:, 0].any()
    assert not drawn[:, :, 2].any()


def test_two_columns_are_their_table(tree):
    codes = chain()[:, :2]
    two = DependenceTree.fit(codes, [4, 2])
    drawn = frequencies(two.given({}).draw(N, np.random.default_rng(3)), [4, 2])
    assert drawn == pytest.approx(frequencies(codes, [4, 2]), abs=0.004)


def test_one_column_is_its_frequencies():
    one = DependenceTree.fit(np.array([[0], [1], [1], [1]]), [2])
    assert one.given({}).draw(N, np.random.default_rng(0)).mean() == pytest.approx(0.75, abs=0.004)


def test_what_never_occurred_does_not_occur_but_can_be_asked_for():
    codes = np.repeat([[0, 0], [1, 1], [1, 2]], 50, 0)
    tree = DependenceTree.fit(codes, [2, 3])
    drawn = tree.given({}).draw(20_000, np.random.default_rng(0))
    assert {*map(tuple, drawn.tolist())} == {(0, 0), (1, 1), (1, 2)}
    given = tree.given({0: np.array([1.0, 0.0]), 1: np.array([0.0, 1.0, 1.0])})
    assert 0 < given.probability < 1e-5
    asked = given.draw(1000, np.random.default_rng(0))
    assert not asked[:, 0].any()
    assert set(asked[:, 1].tolist()) == {1, 2}


def test_much_evidence_is_no_number_too_small():
    rng = np.random.default_rng(0)
    codes = np.repeat(rng.integers(0, 2, (400, 1)), 60, 1)  # all alike, so each alternation costs 1e-6
    tree = DependenceTree.fit(codes, [2] * 60)
    evidence = {column: np.eye(2)[column % 2] for column in range(60)}
    drawn = tree.given(evidence).draw(5, rng)
    assert (drawn == np.arange(60) % 2).all()


def test_states_of_the_root_may_be_given(tree):
    roots = np.arange(N) % 4
    drawn = tree.given({1: np.array([1.0, 0.0])}).draw(N, np.random.default_rng(0), roots)
    assert (drawn[:, 0] == roots).all()
    assert not drawn[:, 1].any()


def test_mutual_information():
    assert mutual_information(np.array([[5000, 0], [0, 5000]])) == pytest.approx(np.log(2), abs=1e-3)
    assert mutual_information(np.array([[400, 600], [800, 1200]])) == pytest.approx(0, abs=1e-3)


def test_chance_is_no_dependence():
    """Two columns of many states look dependent where there are few records."""
    rng = np.random.default_rng(0)
    pairs = [np.histogram2d(*rng.integers(0, 12, (2, 300)), bins=12)[0].astype(int) for _ in range(40)]
    seeming = np.mean([mutual_information(one * 10**6) for one in pairs])  # as if chance had no part
    assert np.mean([mutual_information(one) for one in pairs]) < seeming / 3
    assert seeming > 0.15


class Least(np.random.Generator):
    """Draws the least number that there is."""

    def random(self, *arguments: Any, **options: Any) -> Any:
        return np.zeros(*arguments, **options)


def test_what_has_no_probability_is_not_drawn_at_the_very_edge(tree):
    given = tree.given({0: np.array([0.0, 0.0, 1.0, 1.0]), 1: np.array([0.0, 1.0])})
    assert given.draw(1, Least(np.random.PCG64(0)))[0, :2].tolist() == [2, 1]

"""Cells of a column: they do not meet, they may be named, and the usual number is one of its own."""

from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.groups.cells import SMALLEST, cells_of, groups_of, places_in, tails_of
from gansmith.scorecard.naming import Naming


def numbers(values: np.ndarray) -> Naming:
    return Naming(Features(("x",), values[:, None].astype(np.float64), np.array([False])))


def test_numbers_are_cut_at_rounded_places():
    naming = numbers(np.random.default_rng(0).normal(40.123, 10, 2_000))
    cells = cells_of(naming, "x")
    assert [cell.label for cell in cells][:2] == ["x below 31", "x 31 to below 37"]
    assert cells[-2].label == "x 48 and more"
    places = places_in(cells, naming.values("x"))
    assert np.bincount(places).min() > 200
    assert sum(cell.holds(naming.values("x")).sum() for cell in cells) == 2_000
    assert all(not tail.is_part for tail in tails_of(naming, "x"))


def test_the_most_usual_number_is_a_cell():
    rng = np.random.default_rng(0)
    naming = numbers(np.where(rng.random(2_000) < 0.7, 0.0, rng.gamma(2.0, 500.0, 2_000)))
    labels = [cell.label for cell in cells_of(naming, "x")]
    assert "x = 0" in labels
    assert any(label.startswith("x above 0 and below ") for label in labels)


def test_what_few_have_is_in_no_cell():
    codes = np.repeat([0.0, 1.0, 2.0, np.nan], [900, 96, 1, 3])
    naming = Naming(Features(("kind",), codes[:, None], np.array([True]), {"kind": ("a", "b", "rare")}))
    cells = cells_of(naming, "kind")
    assert [cell.label for cell in cells] == ["kind = a", "kind = b", "kind missing"]
    assert places_in(cells, np.array([1.0, 2.0, np.nan])).tolist() == [1, 3, 2]


def test_groups_are_large_enough_and_none_is_another_one(persons):
    fake, real = persons(0), persons(1)
    groups = groups_of(fake, real, Naming(real), ("sex", "age", "job", "pay"), seed=0)
    sizes = [groups.of(part).sum(axis=1) for part in (fake, real)]
    assert min(size.min() for size in sizes) >= SMALLEST
    assert len(set(groups.labels)) == len(groups) <= 400
    assert {len(columns) for columns in groups.columns} == {1, 2}
    assert all(len(set(columns)) == len(columns) for columns in groups.columns)

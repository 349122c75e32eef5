"""The judge: anchors, their cache, what is skipped."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measures import Case
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.plots import Views
from gansmith.scorecard.real.minorities import rare_category_coverage
from gansmith.scorecard.score import QUICK


def table(seed: int, n: int = 120) -> Features:
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 3, n)
    values = np.stack([rng.normal(size=n) + code, rng.normal(size=n), code], axis=1)
    return Features(("x", "y", "kind"), values, np.array([False, False, True]), {"kind": ("a", "b", "c")})


@pytest.fixture
def judge() -> Judge:
    return Judge(table(0), table(1), ("x", "y", "kind"), "kind", 0, QUICK)


def test_anchors_are_computed_once_for_all_sets_of_a_size(judge: Judge):
    taken: list[str] = []

    def counted(measure: Measure[Case]) -> Measure[Case]:
        def take(case: Case) -> list[Found]:
            if case.is_anchor:
                taken.append(measure.names[0])
            return measure.take(case)

        return dataclasses.replace(measure, take=take)

    judge.measures = tuple(map(counted, judge.measures))
    judge.card(table(2))
    n_first = len(taken)
    judge.card(table(3))
    assert len(taken) == n_first > 0
    judge.card(table(3, 60))
    assert len(taken) > n_first


@pytest.mark.slow
def test_a_card_does_not_depend_on_those_before_it(judge: Judge):
    judge.card(table(2, 60))
    alone = Judge(table(0), table(1), ("x", "y", "kind"), "kind", 0, QUICK).card(table(3))
    assert judge.card(table(3)).to_dict() == alone.to_dict()


def test_independent_columns_keep_every_column_and_nothing_else(judge: Judge):
    floor = judge.independent(120)
    for ours, theirs in zip(floor.values.T, judge.train.values.T, strict=True):
        assert np.array_equal(np.sort(ours), np.sort(theirs))
    assert not np.array_equal(floor.values, judge.train.values)


def test_a_copy_stands_for_real_records_where_the_holdout_is_what_is_compared_with(judge: Judge):
    card = judge.card(judge.train)
    entry = card["shape"]
    assert entry.score.value == entry.anchors["copy"].value == entry.anchors["ceiling"].value


def test_other_columns_are_refused(judge: Judge):
    with pytest.raises(DataError):
        judge.card(table(0).keep(["x", "y"]))


def test_what_cannot_be_computed_is_skipped_with_a_reason(judge: Judge):
    card = judge.card(table(2, 1))
    assert "1 records" in card.skipped["c2st"]
    assert {"copies", "valid"} & set(card.names)


def test_a_pair_with_a_column_that_real_records_leave_empty_is_drawn():
    def some(seed: int, number: float) -> Features:
        code = np.random.default_rng(seed).integers(0, 2, 80).astype(float)
        return Features(("code", "y"), np.stack([code, code + number], axis=1), np.array([True, False]))

    judge = Judge(some(0, np.nan), some(1, np.nan), ("code", "y"), "", 0, QUICK)
    (pair,) = judge.card(some(2, 1.0)).plots["pairs"]
    assert pair["columns"] == ["code", "y"]
    assert "missing" in pair["y_labels"]


def test_how_likely_a_category_lacks_is_said_of_as_many_as_should_occur():
    def some(codes: list[int]) -> Features:
        values = np.repeat(np.arange(4.0), codes)[:, None]
        return Features(("kind",), values, np.array([True]), {"kind": ("a", "b", "c", "d")})

    real, fake = some([180, 9, 6, 5]), some([380, 15, 5, 0])
    case = Case(fake, real, real, ("kind",), 0, QUICK, False)
    missing, score = rare_category_coverage(fake, real.above(real))  # three are rare, one of them lacks
    views = Views(case, {"rare_categories": Found("rare_categories", score, {}, missing)}, {}, ())
    assert views.missing_categories() == {("kind", "d"): pytest.approx(3 * 0.5**10)}

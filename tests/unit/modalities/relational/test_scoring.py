"""Scores across tables: real against real stands, independent parts fall, broken rules are named."""

from __future__ import annotations

import numpy as np
import pytest
from relational_shops import shop

from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.format import RelationalFormat
from gansmith.modalities.relational.judged import families_beside, independent, main_table
from gansmith.modalities.relational.rules import rules_across
from gansmith.report.page import render
from gansmith.scorecard.card import Comparison
from gansmith.scorecard.relations import cardinality_similarity, query_errors
from gansmith.scorecard.score import QUICK

FORM = RelationalFormat()


@pytest.fixture(scope="module")
def real():
    return FORM.read(shop(240), RelationalOptions())


@pytest.fixture(scope="module")
def card(real):
    train, held, _ = FORM.hold_out(real, None, RelationalOptions(), 0.3, 0)
    fake = FORM.read_like(shop(240, seed=1), real)  # of the same laws
    return next(FORM.score([fake], train, held, None, 0, QUICK))


def test_another_draw_of_the_same_laws_is_as_good_as_real(card):
    assert card["foreign_keys"].score.value == 1
    assert card["cardinality"].score.value > 0.85
    assert card["queries"].score.value < 0.2
    trend = card["parent_trend"]
    assert trend.score.value > trend.anchors["floor"].value
    assert card["c2st_children"].score.value < card["c2st_children"].anchors["floor"].value
    assert card["valid"].score.value == 1


def test_the_report_shows_the_schema_and_no_more_than_it_may(card):
    page = render(Comparison((card,)).report())
    assert "The schema" in page
    assert "order_id → orders (driving)" in page


def test_rules_that_are_broken_are_named(real):
    broken = {rule.words: rule.is_broken.sum() for rule in rules_across(independent(real, 0), real)}
    assert broken["orders: total is the sum of order_lines.unit_price * quantity"] > 0
    assert broken["order_lines: unit_price is product_id.price"] > 0
    assert broken["order_lines: order_id is a row of orders"] == 0
    assert not any(rule.is_broken.any() for rule in rules_across(real, real))


def test_families_are_rows_with_aggregates(real):
    assert main_table(real) == "products"
    rows = families_beside(real, "customers")
    assert "count(orders.customer_id)" in rows.schema.names
    assert "mean(orders.total)" in rows.schema.names
    assert len(rows) == 240


def test_cardinalities_are_compared_by_their_distribution():
    assert cardinality_similarity(np.array([0, 1, 2]), np.array([2, 1, 0])) == 1
    assert cardinality_similarity(np.array([0, 0]), np.array([5, 5])) == 0


def test_a_query_that_answers_nothing_is_off_by_all_of_it(real):
    from gansmith.scorecard.relations import Answer

    real_answer = Answer("rows by x", ("a", "b"), np.array([0.5, 0.5]))
    assert query_errors([], [real_answer]) == {"rows by x": 1.0}
    half = Answer("rows by x", ("a",), np.array([0.5]))
    assert query_errors([half], [real_answer]) == {"rows by x": 0.5}

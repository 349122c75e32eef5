"""Figures: what is to be drawn, in Plotly's words."""

from __future__ import annotations

import pytest

from gansmith.report.columns import marginal, missingness
from gansmith.report.measured import projection, risks, usefulness
from gansmith.report.overview import drawn
from gansmith.report.pairs import association_difference, association_table, joint

SHARES = {"real": [0.2, 0.3, 0.5], "synthetic": [0.3, 0.3, 0.4], "error": 0.1, "ceiling": 0.01}


def test_equal_bins_stand_at_their_edges():
    figure = marginal({"name": "age", "kind": "number", "edges": [0, 10, 20, 30], **SHARES}, 0)
    real, fake = figure.data
    assert real["x"] == [0, 0, 10, 20, 30, 30]
    assert real["y"] == [0, 0.2, 0.3, 0.5, 0.5, 0]
    assert (real["fill"], fake["fill"]) == ("tozeroy", "none")
    assert figure.numbers is not None
    assert figure.numbers.rows[0] == ("0 to 10", "20.0%", "30.0%")


def test_unequal_bins_are_drawn_equally_wide_under_their_edges():
    """Heights over bins of unequal width would mislead; a bin without width could not be seen at all."""
    figure = marginal({"name": "gain", "kind": "number", "edges": [0, 0, 10, 1e5], **SHARES}, 0)
    assert figure.data[0]["x"] == [0, 0, 1, 2, 3, 3]
    assert figure.layout["xaxis"]["ticktext"] == ["0", "0", "10", "100,000"]


def test_months_count_as_equal_bins():
    edges = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]
    assert marginal({"name": "day", "kind": "date", "edges": edges, **SHARES}, 0).data[0]["x"][1:5] == edges


def test_rare_categories_share_a_bar():
    shares = [0.1] * 10 + [0.0] * 5
    column = {"name": "c", "kind": "category", "labels": [f"v{i}" for i in range(15)], "error": 0.0}
    figure = marginal(column | {"real": shares, "synthetic": shares}, 0)
    assert figure.layout["yaxis"]["ticktext"][-1] == "7 others"
    assert figure.data[0]["x"][-1] == pytest.approx(0.2)
    assert figure.numbers is not None
    assert len(figure.numbers.rows) == 16  # every value, and the missing cells


def test_missing_cells_are_two_marks_on_a_line():
    columns = [{"name": "a", "missing_real": 0.1, "missing_synthetic": 0.2}]
    line, real, fake = missingness(columns).data
    assert line["x"] == [0.1, 0.2, None]
    assert real["marker"]["symbol"] != fake["marker"]["symbol"]


def test_both_maps_of_a_pair_have_one_scale():
    pair = {
        "columns": ["a", "b"],
        "x_labels": ["p", "q"],
        "y_labels": ["r"],
        "real": [[0.2, 0.8]],
        "synthetic": [[0.1, 0.9]],
    }
    tops = {joint(pair, 0, side).data[0]["zmax"] for side in ("real", "synthetic")}
    assert tops == {0.9}


def test_the_difference_is_synthetic_minus_real():
    real, fake = [[1.0, 0.5], [0.5, 1.0]], [[1.0, 0.2], [0.2, None]]
    heat = association_difference(["a", "b"], real, fake).data[0]
    assert heat["z"] == [[0.0, -0.3], [-0.3, None]]
    assert heat["zmin"] == -heat["zmax"]
    assert association_table(["a", "b"], real, fake).rows == (("b × a", "0.500", "0.200", "−0.300"),)


def test_bars_of_usefulness_begin_at_guessing():
    results = {
        "trained on real": {"value": 0.9, "low": 0.88, "high": 0.93},
        "trained on both": {"value": None},
    }
    (bars,) = usefulness({"target": "y", "unit": "AUC", "results": results}, 0).data
    assert bars["base"] == 0.5
    assert bars["x"] == [0.4]
    assert bars["error_x"]["array"] == [pytest.approx(0.03)]
    assert bars["error_x"]["arrayminus"] == [pytest.approx(0.02)]


def test_a_risk_without_interval_has_no_whisker():
    (dots,) = risks([{"name": "Linkability", "value": 0.1, "low": None, "high": None}]).data
    assert (dots["error_x"]["array"], dots["error_x"]["arrayminus"]) == ([0.0], [0.0])


def test_the_cloud_is_thinned_evenly():
    points = [[float(i), 0.0] for i in range(10_000)]
    real = projection({"real": points, "synthetic": points}).data[0]
    assert 400 <= len(real["x"]) <= 800
    assert real["x"][-1] > 9_900


def test_names_are_no_markup_for_plotly():
    column = {"name": "<i>", "kind": "category", "labels": ["<b>a</b> & b", "b", "c"]}
    figure = drawn(marginal(column | SHARES, 0))
    assert figure["layout"]["yaxis"]["ticktext"][0] == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert figure["data"][0]["text"][0] == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert figure["layout"]["title"]["text"].startswith("&lt;i&gt;<br>")

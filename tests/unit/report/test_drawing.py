"""Figures as SVG: marks where their values are, axes that can be read, names that stay text."""

from __future__ import annotations

import math
import re
from datetime import datetime
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from gansmith.report.axes import domain_of
from gansmith.report.columns import marginal, missingness
from gansmith.report.drawing import WIDTHS, drawing, drawn
from gansmith.report.marks import mixed, px
from gansmith.report.measured import curve, projection, usefulness
from gansmith.report.oddities import distribution
from gansmith.report.pairs import association_section, joint
from gansmith.report.parts import Figure, layout, name_axis, number_axis
from gansmith.report.ticks import (
    calendar_steps,
    calendar_words,
    even_steps,
    fitted,
    formatted,
    moment,
    number_words,
    width_of,
)

HOSTILE = '</svg><script>alert("1")</script>'


def elements(figure: Figure, width: int = 400) -> list[ElementTree.Element]:
    """All elements of a drawing, which is well-formed."""
    return list(ElementTree.fromstring(drawing(figure, width)).iter())


def texts(figure: Figure, width: int = 400) -> list[str]:
    return ["".join(one.itertext()) for one in elements(figure, width) if one.tag == "text"]


def titles(figure: Figure) -> list[str]:
    return [str(one.text) for one in elements(figure) if one.tag == "title"]


def scatter(x: list[Any], y: list[Any], mode: str = "markers", **axes: dict[str, Any]) -> Figure:
    """Dots or a line, and perhaps another axis."""
    marker, line = {"size": 8, "color": "@real"}, {"width": 2, "color": "@real"}
    trace = {"type": "scatter", "mode": mode, "x": x, "y": y, "marker": marker, "line": line}
    x_axis, y_axis = axes.get("across", number_axis()), axes.get("up", number_axis(has_grid=True))
    return Figure("f", "f", [trace], layout(x_axis, y_axis), 200)


def path(figure: Figure) -> str:
    """The one path in the colour of real records."""
    (found,) = [
        one.get("d") for one in elements(figure) if "var(--real)" in (one.get("stroke"), one.get("fill"))
    ]
    return str(found)


# --- Axes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3, 17), (0.001, 0.0042), (17, 90), (1e6, 9e8), (1e-9, 2e-9)]
)
def test_marks_are_multiples_of_1_2_or_5(low, high):
    found = even_steps(low, high, 5)
    (step,) = {float(f"{b - a:.6g}") for a, b in pairwise(found)}
    assert float(f"{step:e}".partition("e")[0]) in (1, 2, 5)
    assert low <= found[0] <= found[-1] <= high
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize(
    ("values", "spec", "words"),
    [
        ([0, 0.5, 1], "", ["0.0", "0.5", "1.0"]),
        ([0, 2500, 5000], "", ["0", "2,500", "5,000"]),
        ([0, 50_000], "", ["0", "50k"]),
        ([-1e6, 0, 1e6], "", ["−1M", "0", "1M"]),
        ([0, 0.1, 0.2], ".0~%", ["0%", "10%", "20%"]),
        ([0, 0.0005], ".0~%", ["0%", "0.05%"]),
        ([0, 0.00002], "", ["0", "2e−05"]),
        ([1, 1000], ",d", ["1", "1,000"]),
        ([], "", []),
    ],
)
def test_numbers_are_as_long_as_they_have_to_be(values, spec, words):
    assert number_words([float(value) for value in values], spec) == words


def test_numbers_are_written_in_the_words_of_d3():
    assert [formatted(0.25, spec) for spec in (".1%", ".1~%", "+.2f", ".3~g")] == [
        "25.0%",
        "25%",
        "+0.25",
        "0.25",
    ]
    assert formatted(123456.0, ",") == "123,456"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2014-01-01", "2023-01-01", ["2014", "2016", "2018", "2020", "2022"]),
        ("2024-01-01", "2025-02-01", ["Jan\n2024", "Apr", "Jul", "Oct", "Jan\n2025"]),
        ("2024-03-01", "2024-03-30", ["4 Mar\n2024", "11 Mar", "18 Mar", "25 Mar"]),
        ("2024-03-01", "2024-03-01T20:00", ["00:00\n1 Mar 2024", "06:00", "12:00", "18:00"]),
    ],
)
def test_dates_are_marked_at_natural_steps(first, last, words):
    low, high = moment(first), moment(last)
    assert low is not None
    assert high is not None
    assert calendar_words(calendar_steps(low, high, 5)) == words


@pytest.mark.parametrize(
    ("first", "last"), [("0001-01-01", "9999-12-31"), ("2024-01-01", "2024-01-01T00:00:03")]
)
def test_the_longest_and_the_shortest_times_have_marks(first, last):
    low, high = moment(first), moment(last)
    assert low is not None
    assert high is not None
    assert 2 <= len(calendar_steps(low, high, 5)) <= 7


def test_a_date_axis_puts_dates_where_they_are():
    figure = scatter(["2024-01-01", "2024-01-11", "2024-01-31"], [0, 1, 2], "lines")
    xs = [float(x) for x in re.findall(r"[ML]([\d.]+) ", path(figure))]
    assert (xs[1] - xs[0]) / (xs[2] - xs[0]) == pytest.approx(1 / 3, abs=0.01)
    assert moment("no date") is None
    assert calendar_steps(0.0, 10.0, 5)[0] == datetime(1970, 1, 1)


def test_a_logarithmic_axis_has_powers_of_ten_equally_apart():
    up = number_axis(tick_format=",d", has_grid=True) | {"type": "log", "range": [0, 3], "dtick": 1}
    figure = scatter([0, 1, 2, 3], [1, 10, 100, 1000], "lines", up=up)
    ys = [float(y) for y in re.findall(r" ([\d.]+)", path(figure))]
    assert ys[0] > ys[1]  # pixels count downwards
    assert ys[0] - ys[1] == pytest.approx(ys[2] - ys[3], abs=0.2)
    assert {"1", "10", "100", "1,000"} <= set(texts(figure))
    assert "M" not in path(scatter([0, 1], [0, -1], "lines", up=up))  # no logarithm, no point


def test_values_at_the_side_are_given_room_and_bars_stand_on_their_ground():
    dots = scatter([0, 10], [1, 2])
    assert domain_of(number_axis(), dots.data, "x").low < 0
    assert (
        domain_of(number_axis() | {"rangemode": "tozero"}, [dots.data[0] | {"mode": "lines"}], "y").low == 0
    )
    bars = {"type": "bar", "orientation": "h", "base": 0.5, "x": [0.4], "y": [0]}
    found = domain_of(number_axis(), [bars], "x")
    assert found.low == 0.5
    assert found.high == pytest.approx(0.92)


@pytest.mark.parametrize(
    "values",
    [
        *([], [3.0], [0.0, 0.0], [None, None], [math.nan, math.inf], [1e300, 1e300]),
        *([5e-324, 1e-310], [-1e308, 1e308], [1e299, 1.0], [1.0, 1.0 + 3e-16]),
    ],
)
def test_values_that_no_axis_can_hold_or_tell_apart_are_drawn_still(values):
    for mode in ("markers", "lines"):
        markup = drawing(scatter(list(range(len(values))), values, mode), 300)
        assert "nan" not in markup.lower()
        ElementTree.fromstring(markup)


def test_names_that_do_not_stand_side_by_side_slant_stand_upright_or_are_left_out():
    def below(n: int) -> list[ElementTree.Element]:
        names = name_axis([f"a long name {k}" for k in range(n)], 20)
        figure = scatter([0], [0], across=names, up=number_axis() | {"showticklabels": False})
        return [one for one in elements(figure) if one.tag == "text"]

    assert not any(one.get("transform") for one in below(3))
    assert all("rotate(-40" in str(one.get("transform")) for one in below(10))
    assert all("rotate(-90" in str(one.get("transform")) for one in below(30))
    assert len(below(30)) == 30
    assert len(below(200)) <= 40


def test_long_names_are_cut_and_leave_room_for_the_marks():
    figure = missingness([{"name": "W" * 300, "missing_real": 0.1, "missing_synthetic": 0.2}])
    assert texts(figure, 300)[0].endswith("…")
    assert width_of(texts(figure, 300)[0], 11) <= 0.42 * 300
    assert fitted("short", 11, 100) == "short"
    assert width_of("漢字", 10) == 20


# --- Marks --------------------------------------------------------------------------------------------------


def test_a_line_breaks_where_a_value_is_missing():
    assert path(scatter([0, 1, 2, 3, 4], [1, 2, None, math.nan, 3], "lines")).count("M") == 2


def test_dots_of_one_look_are_one_light_path():
    points = [[k / 100, k % 7] for k in range(800)]
    figure = projection({"real": points, "synthetic": points, "explained": [0.3, 0.2]})
    paths = [one for one in elements(figure, 900) if one.tag == "path" and one.get("opacity")]
    assert [str(one.get("d")).count("M") for one in paths] == [800, 800]
    assert [one.get("stroke") for one in paths] == ["var(--real)", "var(--synthetic)"]
    assert len(drawing(figure, 900)) < 70_000
    assert not titles(figure)


def test_bars_reach_from_their_base_and_whiskers_to_both_ends():
    result = {"value": 0.9, "low": 0.8, "high": 1.0}
    found = usefulness({"target": "y", "unit": "AUC", "results": {"trained on real": result}}, 0)
    bar = path(found)
    left, right = re.findall(r"[MH]([\d.]+)", bar)[:2]
    (whisker,) = [one.get("d") for one in elements(found) if one.get("stroke") == "var(--ink)"]
    low, high = re.findall(r"^M([\d.]+) [\d.]+H([\d.]+)", str(whisker))[0]
    assert float(right) - float(left) == pytest.approx(4 * (float(right) - float(low)), abs=0.5)
    assert float(high) - float(right) == pytest.approx(float(right) - float(low), abs=0.2)


def test_a_field_has_a_cell_for_each_value_and_none_for_a_missing_one():
    labels = {"columns": ["a", "b"], "x_labels": ["p", "q"], "y_labels": ["r", "s"]}
    pair = labels | {"real": [[0.2, 0.8], [math.nan, 0.0]], "synthetic": [[0, 1.0], [0, 0]]}
    figure = joint(pair, 0, "real")
    assert titles(figure) == ["r · p\n20%", "r · q\n80%", "s · q\n0%"]
    assert {"p", "q", "r", "s", "a", "b", "50%"} <= set(texts(figure))
    assert mixed([[0, "@heat0"], [0.5, "@heat1"], [1, "@heat2"]], 0.5) == "var(--heat1)"
    assert mixed([[0, "@heat0"], [1, "@heat1"]], 7) == "var(--heat1)"


def test_a_large_field_is_a_path_for_each_colour():
    size = 120
    values = [[(i * j % 100) / 100 for i in range(size)] for j in range(size)]
    found = {"names": [f"c{k}" for k in range(size)], "real": values, "synthetic": values}
    section = association_section(found)
    assert section is not None
    assert not titles(section.figures[0])
    assert len(drawing(section.figures[0], 290)) < 700_000


def test_a_place_under_the_pointer_says_what_all_traces_say_there():
    shares = {"real": [0.2, 0.8], "synthetic": [0.3, 0.7], "error": 0.1}
    numbers = marginal({"name": "age", "kind": "number", "edges": [0, 10, 20], **shares}, 0)
    assert titles(numbers) == ["20.0% (real)\n30.0% (synthetic)", "80.0% (real)\n70.0% (synthetic)"]
    labels = marginal({"name": "sex", "kind": "category", "labels": ["a", "b"], **shares}, 0)
    assert titles(labels)[0] == "a: 20.0% (real)\na: 30.0% (synthetic)"
    assert titles(curve([0, 10], "loss", [0.5, None], 0)) == ["0.5 after 0 samples"]


def test_a_legend_names_traces_and_wraps_where_it_is_narrow():
    histogram = {"edges": [0, 1, 2, 3], "searched": [50, 5, 1], "usual": [0.9, 0.09, 0.01]}
    figure = distribution(histogram, 2.0)
    names = {"searched records", "odd records", "as many usual ones", "threshold, 2.0"}
    for width in (900, 320):
        assert names <= set(texts(figure, width))
    rows = {one.get("y") for one in elements(figure, 320) if "".join(one.itertext()) in names}
    assert len(rows) > 1


# --- On a page ----------------------------------------------------------------------------------------------


def test_hostile_names_are_text():
    column = {
        "name": HOSTILE,
        "kind": "category",
        "labels": [HOSTILE, "]]>&amp;", "\u202e\x00"],
        "error": 0.1,
    }
    figure = marginal(column | {"real": [0.5, 0.3, 0.2], "synthetic": [0.5, 0.3, 0.2]}, 0)
    markup = drawn(figure, "many")
    assert "<script" not in markup
    assert markup.count("</svg>") == 1
    assert "&lt;/svg&gt;&lt;script&gt;alert(&quot;1&quot;)" in markup  # whole, under the pointer
    assert "]]&gt;&amp;amp;" in markup


def test_a_drawing_is_made_for_each_width_and_in_the_pages_colours():
    figure = missingness([{"name": "a", "missing_real": 0.1, "missing_synthetic": 0.2}])
    markup = drawn(figure, "one")
    assert re.findall(r'viewBox="0 0 (\d+) 90"', markup) == ["320", "560", "900"]
    assert "@" not in markup
    assert "style=" not in markup
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', markup)) == {
        "none", "var(--real)", "var(--rule)", "var(--synthetic)",
    }  # fmt: skip
    for columns, made in WIDTHS.items():
        assert sorted(" ".join(made).split()) == ["middle", "narrow", "wide"], columns


def test_pixels_are_short():
    assert [px(length) for length in (3, 0.25, -0.01, 10.96)] == ["3", "0.2", "0", "11"]

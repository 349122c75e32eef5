"""Texts and temperatures on a page."""

from __future__ import annotations

from gansmith.report.drawing import drawn
from gansmith.report.page import plots_sections
from gansmith.report.texts import temperature_section

POINTS = [
    {"temperature": t, "quality": 2 + t, "variety": 4 - t, "off": abs(t - 0.8), "is_shipped": t == 0.8}
    for t in (0.6, 0.8, 1.0)
]


def test_the_curve_is_drawn_and_the_shipped_point_marked():
    section = temperature_section({"points": POINTS})
    assert section is not None
    (figure,) = section.figures
    page = drawn(figure, "one")
    assert page.count("<svg") >= 1
    assert figure.numbers is not None
    assert [row[0] for row in figure.numbers.rows] == ["0.6", "0.8 (shipped)", "1"]
    assert temperature_section({}) is None


def test_texts_stand_as_they_are_real_ones_first():
    rows = [{"text": "<b>free</b> money", "label": "spam"}]
    shown = {"name": "synthetic", "title": "Generated texts", "caption": "1 of 9", "rows": rows}
    real = {**shown, "name": "real", "title": "Real texts"}
    found = plots_sections({"texts": [shown], "real_texts": [real], "temperature": {"points": POINTS}})
    assert [one.anchor for one in found] == ["texts", "temperature"]
    assert [table.caption for table in found[0].tables] == ["Real texts: 1 of 9", "Generated texts: 1 of 9"]
    assert found[0].tables[0].rows == (("1", "<b>free</b> money", "spam"),)

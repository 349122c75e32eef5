"""A drawing of futures stands alone, and holds what it was given."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np

from gansmith.report.futures import HEIGHT_PX, WIDTH_PX, futures_drawing


def test_history_goes_over_into_its_futures_and_what_came():
    history, futures = np.arange(10.0), 9 + np.random.default_rng(0).normal(size=(20, 4)).cumsum(1)
    drawn = futures_drawing(history, futures, np.full(4, 9.0), ["2020", "<b>"])
    root = ElementTree.fromstring(drawn)
    lines = [one for one in root.iter() if one.tag.endswith("polyline")]
    lengths = [len((one.get("points") or "").split()) for one in lines]
    assert [one.get("class") for one in lines] == ["future"] * 3 + ["past", "truth"]
    assert lengths == [5, 5, 5, 10, 5]
    ends = [(one.get("points") or "").split()[0] for one in lines if one.get("class") != "past"]
    assert set(ends) == {(lines[3].get("points") or "").split()[-1]}
    numbers = [
        float(x) for one in lines for pair in (one.get("points") or "").split() for x in pair.split(",")
    ]
    assert 0 <= min(numbers) <= max(numbers) <= max(WIDTH_PX, HEIGHT_PX)
    assert "<b>" not in drawn


def test_a_single_value_is_drawn():
    assert "polyline" in futures_drawing(np.ones(1), np.ones((1, 1)))

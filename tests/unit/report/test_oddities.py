"""The page of odd records: its numbers, what is left out, and that no cell in it can do anything."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from gansmith.errors import DataError, UsageError
from gansmith.report.oddities import (
    aurocs,
    distribution,
    drift_section,
    methods_section,
    oddest_section,
    render_oddities,
    scores_section,
    write_oddities,
)
from gansmith.report.wording import one_in

HERE = Path(__file__).parent
EXAMPLE = runpy.run_path(str(HERE / "example_oddities.py"))
NASTY: list[str] = runpy.run_path(str(HERE / "example_hostile.py"))["NASTY"]


def rendered(report) -> str:
    """The page less its scripts."""
    return re.sub(r"<script.*?</script>", "", render_oddities(report), flags=re.DOTALL)


@pytest.fixture(scope="module")
def payments():
    return EXAMPLE["payments"]()


@pytest.fixture(scope="module")
def page(payments):
    return rendered(payments)


# --- What stands in it --------------------------------------------------------------------------------------


def test_sections_stand_in_order(page):
    anchors = ["distribution", "oddest", "methods", "drift", "made"]
    assert re.findall(r'<section id="([a-z]+)"', page) == anchors
    assert re.findall(r'<li><a href="#([a-z]+)"', page) == anchors


def test_the_sentence_and_what_a_score_means_stand_first(payments, page):
    assert f'<p class="headline">{payments["sentence"]}</p>' in page
    assert "scores more than 11.2, as 1 in 100 usual records does." in page


def test_records_stand_with_scores_chances_reasons_and_evidence(payments, page):
    assert page.count('<summary class="row">') == len(payments["oddest"])
    for record in payments["oddest"]:
        assert f"<b>{record['record']:,}</b>" in page
        assert f"<b>{record['score']:.1f}</b>" in page
        assert one_in(record["chance"]) in page
        assert record["reason"] in page
        for nats in record["evidence"].values():
            assert f"<td>{nats:.1f}</td>" in page
    n_below = sum(not record["is_odd"] for record in payments["oddest"])
    assert page.count("below the threshold") == n_below > 0


def test_the_strongest_evidence_comes_first_and_all_bars_have_one_scale(payments):
    records = [payments["oddest"][0] | {"evidence": nats} for nats in ({"margins": 2, "pca": 8}, {"x": 4})]
    section = oddest_section(records, [])
    assert section is not None
    first, second = (record["evidence"] for record in section.records)
    assert [(kind["name"], kind["share"]) for kind in first] == [("PCA", 100), ("Single parts", 25)]
    assert [(kind["name"], kind["share"]) for kind in second] == [("X", 50)]


def test_odd_cells_come_first_and_are_marked(payments, page):
    n_odd = sum(len(record["odd_cells"]) for record in payments["oddest"])
    assert page.count('<tr class="odd">') == page.count('class="odd-mark"') == n_odd
    rows = re.findall(r"<tr[^>]*>(?=<th scope=\"row\" class=\"name\">(?:[a-z]+)</th>)", page)
    assert rows[0] == '<tr class="odd">'


def test_methods_and_drift_are_told_in_numbers(page):
    for said in ("0.9600 ± 0.0040", "0.952 to 0.968", "0.410", "2.0%", "Isolation forest", "ECOD"):
        assert said in page
    for said in ("median 40 before, 63 now", "0.310", "less than 1 in a million"):
        assert said in page


def test_pictures_stand_above_their_records():
    page = rendered(EXAMPLE["shapes"]())
    assert page.index("data:image/webp") < page.index("shapes/0000.png")
    assert '<table class="cells">' not in page


# --- What is drawn ------------------------------------------------------------------------------------------


def test_bars_beyond_the_threshold_are_odd_and_the_line_is_of_as_many_usual_records():
    histogram = {"edges": [0, 1, 2, 3], "searched": [60, 0, 40], "usual": [0.8, 0.2, 0.0]}
    usual, odd, line, threshold = distribution(histogram, 1.5).data
    assert (usual["x"], usual["y"]) == ([0.5], [60])
    assert (odd["x"], odd["y"]) == ([2.5], [40])
    assert line["y"] == [0.5, 80, 20, 0.5, 0.5]  # on an axis of powers of ten the ground is half a record
    assert threshold["x"] == [1.5, 1.5]


def test_whiskers_are_intervals_and_ours_is_marked():
    known = [{"name": "gansmith", "auroc": 0.9, "error": 0.01}, {"name": "ecod", "auroc": 0.8, "error": None}]
    (dots,) = aurocs(known).data
    assert dots["error_x"]["array"] == [0.0196, 0]
    assert dots["marker"]["symbol"] == ["diamond", "circle"]


# --- What is left out ---------------------------------------------------------------------------------------


def test_an_empty_report_is_a_page_without_sections():
    page = rendered({})
    assert "<section" not in page
    assert "<h1" in page


def test_missing_parts_are_left_out():
    empty = {"edges": [0, 1], "searched": [0], "usual": [1.0]}
    assert scores_section({}, 1.0, 0.1) is scores_section(empty, 1.0, 0.1) is None
    assert oddest_section([], [{"image": "https://example.org/a.png"}]) is None
    assert methods_section([{"name": "ecod", "auroc": None}], 0.1) is None
    assert drift_section({}) is None


def test_data_that_has_not_moved_is_a_sentence_alone(payments):
    page = rendered(payments | {"drift": payments["drift"] | {"parts": []}})
    assert payments["drift"]["sentence"] in page
    assert "Parts that have changed" not in page


def test_of_many_cells_some_are_shown_the_odd_ones_among_them(payments):
    cells = {f"c{place}": str(place) for place in range(50)}
    record = payments["oddest"][0] | {"cells": cells, "neighbour": cells, "odd_cells": ["c49"]}
    page = rendered(payments | {"oddest": [record]})
    assert ">c49</th>" in page
    assert ">c48</th>" not in page
    assert "And 10 more columns, not odd." in page


# --- Hostile texts ------------------------------------------------------------------------------------------


def test_hostile_texts_are_text(payments):
    records = [
        payments["oddest"][0]
        | {"name": text, "label": text, "reason": text, "evidence": {text: 1.0}}
        | {"cells": {text: text}, "odd_cells": [text], "neighbour": {text: text}}
        for text in NASTY
    ]
    worst, parts = NASTY[0], [{"name": text, "words": text} for text in NASTY]
    hostile = {
        "title": worst,
        "name": worst,
        "sentence": worst,
        "oddest": records,
        "drift": {"other": worst, "sentence": worst, "parts": parts},
        "methods": [{"name": text, "auroc": 0.5} for text in NASTY],
        "galleries": [{"name": text, "title": text, "image": text} for text in NASTY],
        "notes": NASTY,
        "made": [NASTY[:2]],
    }
    page = render_oddities(hostile)
    assert page.count("<script") == 1
    assert not set(re.findall(r"<([a-z0-9]+)", rendered(hostile))) & {"img", "iframe", "form"}
    assert "<b>bold" not in page
    assert "x" * 60 in page


# --- Files --------------------------------------------------------------------------------------------------


def test_the_twin_equals_the_dict(payments, tmp_path):
    write_oddities(payments, tmp_path / "odd")
    assert json.loads((tmp_path / "odd.json").read_text()) == payments
    assert (tmp_path / "odd.html").read_text(encoding="utf-8") == render_oddities(payments)


def test_both_files_or_neither(payments, tmp_path):
    (tmp_path / "odd.html").mkdir()  # where the page should stand
    (tmp_path / "odd.html" / "keep").touch()
    with pytest.raises(DataError, match="could not be written"):
        write_oddities(payments, tmp_path / "odd.html")
    with pytest.raises(UsageError, match="not finite"):
        write_oddities(payments | {"n_odd": float("nan")}, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["odd.html"]

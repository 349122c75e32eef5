"""The privacy card: three risks, each with its interval and its limits, on a tiny page."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from gansmith.report.privacy import privacy_card_page

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("example.py")))


@pytest.fixture(scope="module")
def page():
    return privacy_card_page(EXAMPLE["card_for_the_officer"]())


def test_it_says_what_was_attacked_how_and_what_was_found(page):
    for said in ("Opinion 05/2014", "Singling out", "Linkability", "Inference", "Membership", "Rare values"):
        assert said in page
    for said in ("amber from 0%, red from 5.0%", "amber from 0.500, red from 0.550", "0.4% to 3.4%", "5.9%"):
        assert said in page
    for said in ("Minimum count", "Amber: more than chance gives", "holds no record of the real data"):
        assert said in page


def test_the_conclusion_comes_first(page):
    body = page.partition("<main>")[2]
    places = [body.index(said) for said in ("Does it give anybody away?", "are repeated", "adult.csv", "<h2")]
    assert places == sorted(places)
    assert '<div class="conclusion red">' in body
    assert "adult.csv, 32,561 records, 15 columns" in page


def test_it_is_tiny_and_runs_nothing(page):
    assert len(page) < 30_000
    assert "<script" not in page
    assert "script-src 'none'" in page
    assert "style=" not in page


def test_bars_lie_on_their_scale(page):
    labels = re.findall(r'class="bar"[^>]*aria-label="([^"]+)"', page)
    said = "Singling out: 1.8%, interval 0.4% to 3.4%, amber from 0%, red from 5.0%"
    assert labels[0] == f"{said}, on a scale from 0% to 10%."
    assert labels[-1].endswith("from 0% to 30%.")
    assert any(label.endswith("from 0.4 to 1.") for label in labels)
    places = [float(place) for place in re.findall(r'<circle class="value" cx="([\d.]+)"', page)]
    assert places[0] == pytest.approx(0.018 / 0.1 * 320)


def test_a_risk_that_was_not_measured_has_no_bar(page):
    inference = page.split("<h3>Inference")[1].split("</section>")[0]
    assert "Open" in inference
    assert 'class="bar"' not in inference


def test_missing_parts_are_left_out():
    page = privacy_card_page({})
    assert "<h2" not in page
    assert "<h1>Privacy card</h1>" in page


def test_hostile_names_are_text():
    name = EXAMPLE["NASTY"][0] + EXAMPLE["NASTY"][1]
    page = privacy_card_page(
        EXAMPLE["card_for_the_officer"](name) | {"limits": [name], "data": [[name, name]]}
    )
    assert "<script" not in page
    assert "<img" not in page

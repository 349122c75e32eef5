"""The page of a translation: frames with two sides, all numbers, how was measured; names that do nothing."""

from __future__ import annotations

import json
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from typing import final

import pytest

from gansmith.report.translation import examples_section, plane_section, render_translation, write_translation

HERE = Path(__file__).parent
EXAMPLE = runpy.run_path(str(HERE / "example_translation.py"))
NASTY: list[str] = runpy.run_path(str(HERE / "example_hostile.py"))["NASTY"]


@final
class _Attributes(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.names, self.sources = set[str](), set[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)
        self.sources += [value or "" for name, value in attrs if name == "src"]


def _rendered(report) -> str:
    """The page less its scripts."""
    return re.sub(r"<script.*?</script>", "", render_translation(report), flags=re.DOTALL)


@pytest.fixture(scope="module")
def report():
    return EXAMPLE["discs"]()


@pytest.fixture(scope="module")
def page(report):
    return _rendered(report)


def test_sections_stand_in_order(page):
    anchors = ["examples", "scores", "plane", "measured", "made"]
    assert re.findall(r'<section id="([a-z]+)"', page) == anchors
    assert '<p class="headline">“sharp” reaches a PSNR (Y) of 29.20 ± 0.71 dB.</p>' in page


def test_each_example_shows_input_and_ours_and_offers_the_others(report, page):
    frames = re.findall(r'<figure class="panel pair">.*?</figure>', page, re.DOTALL)
    assert len(frames) == 3
    for frame, example in zip(frames, report["examples"], strict=True):
        assert frame.count("<img ") == 5
        assert all(address in frame for address in example["pictures"].values())
        left, right = re.findall(r"<select.*?</select>", frame)
        for choice, chosen in ((left, "input"), (right, "sharp")):
            options = re.findall(r"<option(.*?)>(.*?)</option>", choice)
            assert [name for _, name in options] == list(example["pictures"])
            assert [name for how, name in options if "selected" in how] == [chosen]
        assert 'type="range"' in frame
        assert 'width="600" height="400"' in frame  # ten times
        assert "30.00" in frame
    assert [frame.count("one of the worst") for frame in frames] == [1, 0, 0]
    assert "The worst come first" in page


def test_all_numbers_stand_with_errors_anchors_and_halves(page):
    for said in (
        "29.20 ± 0.71",
        "0.730 ± 0.001",
        "bicubic (anchor)",
        "real, two halves",
        "AUC of patches ↓",
        "what faithful is",
        "a border of 4 left out",
        "diversity was not measured. One output of each.",
        "read as they were",
    ):
        assert said in page, said


def test_what_is_missing_is_left_out(report):
    assert '<section id="examples"' not in _rendered(report | {"examples": []})
    assert examples_section([{"pictures": {"input": "https://example.org/a.png"}}], "ours", []) is None
    assert plane_section(report["methods"][:1]) is None
    without = [one | {"scores": {"psnr": one["scores"]["psnr_y"]}} for one in report["methods"]]
    assert plane_section(without) is None
    assert render_translation({})


def test_an_example_without_input_or_ours_shows_what_there_is(report):
    pictures = report["examples"][0]["pictures"]
    for kept, sides in (
        (("faithful", "truth"), ("faithful", "truth")),
        (("sharp", "truth"), ("truth", "sharp")),
    ):
        example = {"name": "a", "pictures": {name: pictures[name] for name in kept}}
        section = examples_section([example], "sharp", [])
        assert section is not None
        assert (section.compared[0]["left"], section.compared[0]["right"]) == sides
        assert section.compared[0]["table"] is None


def test_no_name_can_do_anything(report):
    example, method = report["examples"][0], report["methods"][1]
    examples = [
        example
        | {
            "name": text,
            "mark": text,
            "pictures": {text: example["pictures"]["truth"], **example["pictures"]},
            "scores": {text: {"psnr_y": 1.0}},
        }
        for text in NASTY
    ]
    methods = [method | {"name": text, "meaning": text} for text in NASTY]
    lists = dict.fromkeys(("sentences", "stated", "notes"), NASTY)
    hostile = {"title": NASTY[0], "skipped": dict.fromkeys(NASTY, NASTY[1]), **lists}
    page = _rendered(report | hostile | {"examples": examples, "methods": methods})
    found = _Attributes()
    found.feed(page)
    assert not [name for name in found.names if name.startswith("on")]
    assert {"script", "b"}.isdisjoint(found.tags)
    assert all(address.startswith("data:image/") for address in found.sources)


def test_page_and_twin_are_written(report, tmp_path):
    write_translation(report, tmp_path / "card")
    assert json.loads((tmp_path / "card.json").read_text()) == report
    assert "Before and after" in (tmp_path / "card.html").read_text(encoding="utf-8")

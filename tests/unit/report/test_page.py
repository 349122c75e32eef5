"""The page: what stands in it, what is left out, and that no name in it can do anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gansmith.errors import DataError, UsageError
from gansmith.report.page import fragment, render, write_report
from gansmith.report.privacy import privacy_card_page

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("example.py")))
NASTY: list[str] = EXAMPLE["NASTY"]


class Elements(HTMLParser):
    """All elements of a page with their attributes, and what its scripts and styles hold."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.contents: dict[str, list[str]] = {"script": [], "style": []}
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag in self.contents:
            self.inside = tag
            self.contents[tag].append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside:
            self.contents[self.inside][-1] += data

    def attribute(self, tag: str, name: str) -> list[str]:
        return [value for found, attrs in self.found if found == tag and (value := attrs.get(name))]


@pytest.fixture(scope="module")
def census():
    return EXAMPLE["census"]()


@pytest.fixture(scope="module")
def page(census):
    return render(census)


@pytest.fixture(scope="module")
def nasty_page():
    return render(EXAMPLE["nasty"]())


def sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- What stands in it --------------------------------------------------------------------------------------


def test_names_numbers_and_sentences_stand_in_the_page(census, page):
    card, text = census["cards"][0], page
    for column in card["plots"]["columns"]:
        assert f">{column['name']}</span>" in text
    for score in card["scores"].values():
        assert score["label"] in text
    for line in card["verdict"]:
        assert line["question"] in text
        assert line["text"] in text
        assert line["limits"] in text
    for said in ("0.683", "± 0.011", "0.662 to 0.704", "8,000 records", "0.981", "1.8%", "0% to 3.9%"):
        assert said in text
    assert "The table has 3 columns" in text
    assert "6 min 12 s on 2 cores" in text
    assert census["training"]["findings"][0] in text


def test_levels_are_words_and_shapes_too(page):
    for word in ("Mixed", "Good", "Poor", "Open"):
        assert f"</svg>{word}</span>" in page


def test_every_figure_has_a_name_a_label_and_a_drawing(page):
    places = [attrs for tag, attrs in Elements(page).found if tag == "div" and "data-figure" in attrs]
    assert len({place["data-figure"] for place in places}) == len(places)
    assert all(place["role"] == "img" and place["aria-label"] for place in places)
    assert len(re.findall(r'data-figure="[^"]+"><svg class="', page)) == len(places)
    # 15 columns, 3 pairs of maps, 3 maps, the plane, missing cells, 2 giveaways, 2 targets, risks, 3 curves
    assert len(places) == 15 + 6 + 3 + 1 + 1 + 2 + 2 + 1 + 3


def test_sections_stand_in_order(page):
    anchors = ["verdict", "scores", "columns", "pairs", "association", "projection", "missing", "giveaways"]
    anchors += ["usefulness", "groups", "risks", "neighbours", "training", "made"]
    assert re.findall(r'<section id="([a-z]+)"', page) == anchors
    assert re.findall(r'<li><a href="#([a-z]+)"', page) == anchors


def test_groups_stand_in_a_table(page):
    (row,) = re.findall(r"<tr>(?:(?!<tr>).)*sex = Female.*?</tr>", page, re.DOTALL)
    for cell in ("16,192", "8,096", "10.9%", "18.3%", "0.940", "0.810", "0% to 10.0%"):
        assert f">{cell}</td>" in row


def test_neighbours_are_marked_and_kept_from_publication(page):
    assert "not for publication" in page
    assert "= HS-grad" in page
    assert "6 of 7" in page


def test_a_page_is_small(page):
    assert len(page.encode()) < 700_000


def test_the_word_that_is_never_printed(page, census):
    for text in (
        page,
        fragment(census),
        privacy_card_page(EXAMPLE["card_for_the_officer"]()),
    ):
        assert not re.search("anonym", text, re.IGNORECASE)


# --- What is left out ---------------------------------------------------------------------------------------


def test_an_empty_report_is_a_page_without_sections():
    page = render({})
    assert "<section" not in page
    assert "<h1" in page


@pytest.mark.parametrize(
    ("key", "anchor"),
    [
        ("pairs", "pairs"),
        ("association", "association"),
        ("projection", "projection"),
        ("risks", "risks"),
        ("giveaways", "giveaways"),
        ("usefulness", "usefulness"),
        ("groups", "groups"),
        ("neighbours", "neighbours"),
        ("columns", "columns"),
    ],
)
def test_missing_parts_are_left_out(key, anchor):
    report = EXAMPLE["census"]()
    del report["cards"][0]["plots"][key]
    report["training"] = None
    report.pop("made")
    report.pop("notes")
    text = render(report)
    assert f'id="{anchor}"' not in text
    assert f'"#{anchor}"' not in text
    assert 'id="training"' not in text
    assert 'id="made"' not in text


def test_a_card_of_a_name_alone():
    text = render({"title": "t", "cards": [{"name": "a.csv", "n_records": 1}]})
    assert "1 record" in text
    assert "<section" not in text


def test_columns_beyond_the_fortieth_stand_in_a_table():
    report = EXAMPLE["census"]()
    column = report["cards"][0]["plots"]["columns"][0]
    report["cards"][0]["plots"]["columns"] = [column | {"name": f"c{index}"} for index in range(43)]
    text = render(report)
    assert len(re.findall(r'data-figure="column-\d+"', text)) == 40
    assert "3 more columns" in text
    assert ">c42</th>" in text


# --- Several data sets --------------------------------------------------------------------------------------


def test_several_data_sets_are_compared_first_and_shown_one_by_one():
    text = render(EXAMPLE["several"]())
    anchors = re.findall(r'<section id="([^"]+)"', text)
    assert anchors[:3] == ["comparison", "card-1-verdict", "card-1-scores"]
    assert {"card-2-verdict", "card-3-risks"} <= set(anchors)
    assert "★ best" in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


# --- Hostile names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: render(EXAMPLE["nasty"]()), lambda: fragment(EXAMPLE["nasty"]())])
def test_hostile_names_are_text(make):
    page = make()
    elements = Elements(page)
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"img", "iframe", "object", "form", "input"}
    assert not any(name.startswith("on") for _, attrs in elements.found for name in attrs)
    assert not any("javascript:" in link for link in elements.attribute("a", "href"))
    assert "alert(1)" not in "".join(elements.contents["script"])


def test_long_and_strange_names_survive(nasty_page):
    assert "x" * 300 in nasty_page
    assert "{{ 7 * 7 }}" in nasty_page
    assert "😀" in nasty_page


# --- The policy ---------------------------------------------------------------------------------------------


def test_the_policy_names_our_script_and_our_style_alone(page):
    elements = Elements(page)
    (policy,) = [attrs["content"] for tag, attrs in elements.found if attrs.get("http-equiv")]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert [rules["script-src"]] == [sha256(text) for text in elements.contents["script"]]
    assert [rules["style-src"]] == [sha256(text) for text in elements.contents["style"]]
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy


def test_nothing_is_loaded(page):
    elements = Elements(page)
    assert not elements.attribute("script", "src")
    assert not elements.attribute("img", "src")
    assert set(elements.attribute("link", "href")) == {"data:,"}
    assert not [attrs for _, attrs in elements.found if "style" in attrs]


# --- Files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ["census", "nasty"])
def test_the_twin_equals_the_dict(make, tmp_path):
    report = EXAMPLE[make]()
    write_report(report, tmp_path / "card.html")
    assert json.loads((tmp_path / "card.json").read_text()) == report
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.html", "card.json"]


def test_an_ending_is_added_where_it_is_missing(tmp_path):
    write_report({"title": "t"}, tmp_path / "run.v1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.v1.html", "run.v1.json"]


def test_both_files_or_neither(tmp_path):
    (tmp_path / "card.html").mkdir()  # where the page should stand
    (tmp_path / "card.html" / "keep").touch()
    with pytest.raises(DataError, match="could not be written"):
        write_report({"title": "t"}, tmp_path / "card.html")
    assert [path.name for path in tmp_path.iterdir()] == ["card.html"]


def test_a_number_that_is_not_finite_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not finite"):
        write_report({"notes": [float("nan")]}, tmp_path / "card.html")
    assert not list(tmp_path.iterdir())


# --- In a notebook ------------------------------------------------------------------------------------------


def test_a_notebook_gets_the_verdict_and_the_scores(census):
    text = fragment(census)
    assert len(text) < 20_000
    assert "Does it look real?" in text
    assert "0.683" in text
    assert "<script" not in text
    rules = Elements(text).contents["style"][0]
    selectors = [line.split("{")[0] for line in rules.splitlines() if "{" in line]
    assert all(".gansmith-card" in selector for selector in selectors)

"""The report in a real browser: it loads nothing, draws everything, and everybody can use it."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

from gansmith.report.oddities import write_oddities
from gansmith.report.page import write_report
from gansmith.report.privacy import privacy_card_page
from gansmith.report.translation import write_translation

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

EXAMPLES = Path(__file__).parents[1] / "unit" / "report"
EXAMPLE = runpy.run_path(str(EXAMPLES / "example.py"))
ODDITIES = runpy.run_path(str(EXAMPLES / "example_oddities.py"))
TRANSLATION = runpy.run_path(str(EXAMPLES / "example_translation.py"))
# Made of the parts that the others are made of.
_ODDITIES = pytest.param("oddities", marks=pytest.mark.slow)
_TRANSLATION = pytest.param("translation", marks=pytest.mark.slow)
_UNSEEN = """[...document.querySelectorAll('.drawing')]
    .filter((place) => [...place.querySelectorAll('svg')].filter((one) => one.clientHeight > 40).length !== 1)
    .map((place) => place.dataset.figure)"""

# A4 less its margins is 680 pixels wide.
_WIDE = """[...document.querySelectorAll('.frame *')]
    .filter((e) => !e.closest('svg') && e.getBoundingClientRect().right > 681)
    .map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    for name in ("census", "several", "nasty", "pictures"):
        write_report(EXAMPLE[name](), place / name)
    write_oddities(ODDITIES["payments"](), place / "oddities")
    write_translation(TRANSLATION["discs"](), place / "translation")
    card = privacy_card_page(EXAMPLE["card_for_the_officer"]())
    (place / "privacy.html").write_text(card, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, folder):
    """`visit(name)`: the page, with everything that went wrong gathered in `page_troubles`."""
    contexts = []

    def _visit(name: str, width: int = 1280, scheme: str = "light", *, has_policy: bool = True):
        size = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=not has_policy)
        contexts.append(context)
        page, troubles = context.new_page(), []

        def watch(route):
            if route.request.url.startswith(("file:", "data:", "blob:")):
                route.continue_()
            else:
                troubles.append(route.request.url)
                route.abort()

        page.route("**/*", watch)
        page.on("console", lambda message: troubles.append(message.text))  # violations of the policy too
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append("a dialog"), dialog.dismiss()))
        page.goto((folder / f"{name}.html").as_uri())
        return page, troubles

    yield _visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["census", "nasty"])
def test_it_shows_every_drawing_once_and_loads_nothing(visit, name):
    page, troubles = visit(name)
    for width in (1280, 700, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_UNSEEN) == []
    assert page.evaluate("[...document.querySelectorAll('main *')].every((e) => e.tagName !== 'IMG')")
    assert troubles == []


def test_pictures_are_seen_in_whole_pixels_and_nothing_moves_when_they_come(visit):
    page, troubles = visit("pictures")
    sizes = page.evaluate(
        "[...document.querySelectorAll('.picture img')].map((e) => [e.naturalWidth, e.clientWidth, "
        "e.clientHeight, Number(e.getAttribute('width')), Number(e.getAttribute('height'))])"
    )
    assert len(sizes) == 12
    for own, width, height, said_width, said_height in sizes:
        assert (width, height) == (said_width, said_height)
        assert width % own == 0
    tops = page.evaluate("[...document.querySelectorAll('#pictures img')].map((e) => e.offsetTop)")
    assert tops[0] == tops[1]  # real and generated ones stand side by side
    assert troubles == []
    page, _ = visit("pictures", width=390)
    tops = page.evaluate("[...document.querySelectorAll('#pictures img')].map((e) => e.offsetTop)")
    assert tops == sorted(set(tops))  # one above the other


def test_paper_gets_everything_unfolded_and_light(visit):
    page, troubles = visit("census", scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 800})
    assert page.evaluate(_UNSEEN) == []
    assert page.locator("details:not([open]):not(.numbers)").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 33, 48)"
    assert page.evaluate(_WIDE) == []
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(232, 235, 241)"
    assert troubles == []


@pytest.mark.parametrize("name", [_TRANSLATION, _ODDITIES])
def test_paper_cuts_nothing_off(visit, name):
    page, troubles = visit(name)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 800})
    assert page.evaluate(_WIDE) == []
    assert troubles == []


def test_the_privacy_card_is_two_pages(visit):
    page, troubles = visit("privacy")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    assert troubles == []


def test_the_verdict_unfolds_by_keyboard(visit):
    page, _ = visit("census")
    first = page.locator(".verdict details").first
    assert not first.locator(".limits").is_visible()
    for _press in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.verdict details summary')"):
            break
    page.keyboard.press("Enter")
    assert first.locator(".limits").is_visible()
    assert "0.683" in first.locator(".scores").inner_text()


def test_the_theme_can_be_chosen_and_figures_follow(visit):
    page, troubles = visit("census")
    line = page.locator("[data-figure=column-0] path[stroke='var(--synthetic)']")
    light = line.evaluate("(path) => getComputedStyle(path).stroke")
    assert light == "rgb(224, 112, 31)"
    page.get_by_role("button", name="Dark theme").click()
    assert page.get_by_role("button", name="Light theme").is_visible()
    assert line.evaluate("(path) => getComputedStyle(path).stroke") == "rgb(255, 157, 85)"
    assert troubles == []


def test_the_divider_follows_pointer_and_keys_and_its_sides_are_chosen(visit):
    page, troubles = visit("translation")
    frame = page.locator(".pair .seen").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert (box["width"], box["height"]) == (600, 400)

    def seen(name):
        return frame.locator(f"img[alt$=', {name}']").evaluate(
            "(img) => [getComputedStyle(img).visibility, getComputedStyle(img).clipPath]"
        )

    assert seen("input") == ["visible", "inset(0px 50% 0px 0px)"]
    assert seen("sharp") == ["visible", "none"]
    assert seen("truth")[0] == "hidden"
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 220)
    page.mouse.up()
    assert seen("input")[1] == "inset(0px 75% 0px 0px)"
    frame.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert seen("input")[1] == "inset(0px 74% 0px 0px)"
    frame.locator("select.right").select_option("truth")
    assert (seen("truth")[0], seen("sharp")[0]) == ("visible", "hidden")
    frame.locator("select.left").select_option("truth")
    assert seen("truth") == ["visible", "none"]
    assert troubles == []


@pytest.mark.parametrize(
    "name", ["census", "several", "nasty", "pictures", "privacy", _TRANSLATION, _ODDITIES]
)
def test_a_telephone_never_scrolls_sideways(visit, name):
    page, troubles = visit(name, width=375)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert troubles == []


@pytest.mark.parametrize(
    "name",
    [pytest.param("census", marks=pytest.mark.slow), "pictures", "privacy", _TRANSLATION, _ODDITIES],
)
def test_nothing_serious_stands_in_anyones_way(visit, name):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page, _ = visit(name, has_policy=False)  # axe's own script is none of ours
    page.evaluate(
        "document.querySelectorAll('details:not(.numbers), #missing details')"
        ".forEach((part) => { part.open = true; })"
    )
    everything = {"resultTypes": ["violations"]}
    # Of the tests only that of contrast depends on the theme.
    for scheme, tests in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options=everything | tests).response["violations"]
        serious = [
            (scheme, violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
            for violation in found
            if violation["impact"] in {"serious", "critical"}
        ]
        assert serious == []

"""Pictures in a page: which get in, how large they are shown, what stands beside what."""

from __future__ import annotations

import base64
import re
import runpy
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from gansmith.modalities.canvas import MOST_IN_PAGE_BYTES
from gansmith.report.galleries import galleries_section, patterns_section, suspicious_section
from gansmith.report.measured import training_section
from gansmith.report.page import render
from gansmith.report.pictures import HALF_PX, picture, size_of
from gansmith.tasks.illustrating import MAX_FILM_BYTES

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("example.py")))


def address(format: str = "png", size: tuple[int, int] = (50, 20), mode: str = "RGB", **how) -> str:
    stream = BytesIO()
    Image.new(mode, size, 3).save(stream, format.upper(), **how)
    return f"data:image/{format};base64,{base64.b64encode(stream.getvalue()).decode()}"


@pytest.fixture(scope="module")
def page():
    return render(EXAMPLE["pictures"]())


# --- Which get in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "mode", "how"),
    [
        ("png", "L", {}),
        ("gif", "P", {}),
        ("jpeg", "RGB", {}),
        ("jpeg", "RGB", {"progressive": True}),
        ("webp", "RGB", {"lossless": True}),
        ("webp", "RGB", {"quality": 50}),
        ("webp", "RGBA", {"quality": 50}),
    ],
)
def test_the_size_is_read_from_the_first_bytes(format, mode, how):
    assert size_of(address(format, (300, 17), mode, **how)) == (300, 17)


@pytest.mark.parametrize(
    "image",
    [
        "",
        "https://example.org/a.png",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png,abc",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,A",
        "data:image/jpeg;base64,/9j/wAAA",
        "data:image/webp;base64,UklGRgAAAABXRUJQ",
        address("png").replace("image/png", "image/webp"),
        address("png") + '" onerror="alert(1)',
        address("png") + "\n",
        " " + address("png"),
        address("png").replace("data:image", "DATA:image"),
    ],
)
def test_what_is_no_picture_is_left_out(image):
    one = {"name": "real", "title": "t", "label": "l", "image": image}
    assert size_of(image) is None
    assert galleries_section([one]) is None
    assert suspicious_section([one | {"name": "suspicious"}]) is None
    assert training_section({"film": [one]}) is None
    text = render({"cards": [{"name": "a", "plots": {"galleries": [one]}}]})
    assert "<img" not in text


def test_words_beside_pictures_are_text():
    nasty = '"><img src=x onerror="alert(2)">'
    words = dict.fromkeys(("name", "title", "caption", "label"), nasty)
    one = words | {"rows": [nasty], "image": address()}
    text = render({"cards": [{"name": "a", "plots": {"galleries": [one]}}], "training": {"film": [one]}})
    assert re.findall(r"<img src=(\S{12})", text) == ['"data:image/'] * 2
    assert "onerror=&#34;" in text


def test_the_page_holds_each_picture_once_described_and_without_styles(page):
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 12
    assert len(set(images)) == 12
    for image in images:
        assert re.search(r' alt="[^"]{10,}" width="\d+" height="\d+"', image)
        assert "style" not in image


def test_a_page_of_pictures_is_small_enough(page):
    """4 MB, if every gallery and the film were as large as they may be."""
    galleries = EXAMPLE["pictures"]()["cards"][0]["plots"]["galleries"]
    drawn = sum(len(image) for image in re.findall(r'src="(data:[^"]*)', page))
    assert len(page.encode()) - drawn + len(galleries) * MOST_IN_PAGE_BYTES + MAX_FILM_BYTES < 4_000_000


# --- How they are shown -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scale"), [(100, 4), (220, 2), (221, 1), (2_000, 1), (2, 12)])
def test_small_pictures_are_enlarged_by_whole_numbers(width, scale):
    found = picture({"image": address(size=(width, 30))}, HALF_PX)
    assert found is not None
    assert (found.width_px, found.height_px) == (scale * width, scale * 30)
    assert found.is_enlarged == (scale > 1)


def test_real_and_generated_ones_stand_side_by_side_whatever_the_order():
    names = ["synthetic", "real-classes", "between", "real", "synthetic-classes", "suspicious"]
    section = galleries_section([{"name": name, "title": name, "image": address()} for name in names])
    assert section is not None
    shown = [[one.title for one in group.pictures] for group in section.groups]
    assert shown == [["real-classes", "synthetic-classes"], ["between"], ["real", "synthetic"]]
    assert [group.columns for group in section.groups] == ["two", "one", "two"]
    assert [one.tone for one in section.groups[2].pictures] == ["real", "synthetic"]
    assert not section.warning


def test_a_side_without_the_other_stands_alone():
    section = galleries_section([{"name": "synthetic", "image": address()}, {"name": "real", "image": "no"}])
    assert section is not None
    assert [len(group.pictures) for group in section.groups] == [1]


def test_what_shows_training_data_is_kept_from_publication(page):
    assert "this part shows records of the training data" in page.split('<section id="suspicious"')[1]
    sections = re.findall(r'<section id="([a-z]+)"', page)
    assert sections == ["verdict", "scores", "pictures", "patterns", "suspicious", "training", "made"]


# --- Patterns -----------------------------------------------------------------------------------------------


def test_patterns_are_two_lines_told_apart_without_colour():
    section = patterns_section({"real": [9.0, 4.0, None], "synthetic": [8.5, 1.0, 2.0]})
    assert section is not None
    (figure,) = section.figures
    real, fake = figure.data
    assert (real["y"], fake["y"]) == ([9.0, 4.0, None], [8.5, 1.0, 2.0])
    assert real["line"]["dash"] != fake["line"]["dash"]
    assert "furthest apart in band 2: 3.000 dB" in figure.label
    assert figure.numbers is not None
    assert figure.numbers.rows[1] == ("2", "4.000", "1.000", "−3.000")


@pytest.mark.parametrize("found", [{}, {"real": [1.0]}, {"real": [1.0], "synthetic": [1.0, 2.0]}])
def test_half_a_spectrum_is_left_out(found):
    assert patterns_section(found) is None


# --- Training -----------------------------------------------------------------------------------------------


def test_a_film_alone_is_a_training():
    section = training_section({"film": [{"title": "5 samples", "image": address()}]})
    assert section is not None
    assert [one.title for one in section.groups[0].pictures] == ["5 samples"]

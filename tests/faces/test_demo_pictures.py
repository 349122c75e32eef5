"""Drawn pictures: the right pixels in the right place, and the word synthetic inside."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.faces.demos.pictures import Panel, line_chart, picture_grid, scatter_grid


def _opened(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")), dict(image.info)


def _places(shown, colour):
    return np.argwhere((shown == np.array(colour)).all(-1))


def test_a_grid_shows_every_pixel(tmp_path):
    real = np.array([[[0, 16], [16, 0]]], np.uint8)
    fake = np.array([[[16, 16], [16, 0]]], np.uint8)
    path = tmp_path / "grid.png"
    picture_grid([real, fake], ["real", "generated"], path, highest=16, scale=20, metadata={"model": "abc"})
    shown, info = _opened(path)
    assert info["synthetic"] == "true"
    assert info["model"] == "abc"
    is_black = (shown == 0).all(-1)
    # Three of the eight pixels are black squares of 20 x 20, two in the upper picture.
    assert is_black.sum() == 3 * 20 * 20
    rows = np.flatnonzero(is_black.any(1))
    upper, lower = rows[rows < rows[0] + 40], rows[rows >= rows[0] + 40]
    assert (len(upper), len(lower)) == (40, 20)


def test_greys_are_in_proportion(tmp_path):
    picture_grid([np.array([[[8, 4]]], np.uint8)], ["greys"], tmp_path / "g.png", highest=16, scale=10)
    shown, _ = _opened(tmp_path / "g.png")
    for grey in (128, 64):
        assert len(_places(shown, (grey, grey, grey))) >= 100


def test_equal_pictures_make_equal_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        picture_grid([np.ones((3, 2, 2), np.uint8)], ["ones"], tmp_path / name, highest=1, title="T")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("rows", "captions"),
    [([], []), ([np.ones((1, 2, 2), np.uint8)], []), ([np.ones((0, 2, 2), np.uint8)], ["none"])],
)
def test_nothing_to_draw_is_refused(tmp_path, rows, captions):
    with pytest.raises(UsageError, match="cannot be drawn"):
        picture_grid(rows, captions, tmp_path / "g.png", highest=1)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        picture_grid([np.ones((1, 2, 2), np.uint8)], ["one"], tmp_path / "none" / "g.png", highest=1)


def test_points_stand_where_they_belong(tmp_path):
    real, fake = np.array([[0.0, 0.0], [1.0, 1.0]] * 40), np.array([[1.0, 0.0], [np.nan, 9.0]] * 40)
    panels = [Panel(["one"], real, fake[:0]), Panel(["two", "below"], real, fake)]
    scatter_grid([*panels, panels[1]], tmp_path / "s.png", side_px=300)
    shown, info = _opened(tmp_path / "s.png")
    assert info["synthetic"] == "true"
    assert shown.shape[:2] == (24 + 2 * (300 + 24 + 42), 24 + 2 * (300 + 24))  # two lines of two squares
    plots = [shown[66:366, left : left + 300].astype(int) for left in (24, 348)]
    for plot, n_orange in zip(plots, (0, 1), strict=True):
        blue = np.argwhere((plot[..., 2] > 150) & (plot[..., 0] < 80))
        orange = np.argwhere((plot[..., 0] > 200) & (plot[..., 2] < 80))
        # An eighth of air around what is real: 0 stands at a tenth of the square, 1 at nine, y upwards.
        low, high = blue[blue[:, 0] > 150], blue[blue[:, 0] < 150]
        assert np.abs(low.mean(0) - (270, 30)).max() < 2
        assert np.abs(high.mean(0) - (30, 270)).max() < 2
        assert bool(len(orange)) == bool(n_orange)
        if n_orange:
            assert np.abs(orange.mean(0) - (270, 270)).max() < 2


def test_points_that_are_not_finite_are_refused(tmp_path):
    for real in (np.array([[0.0, np.nan]]), np.zeros((0, 2))):
        with pytest.raises(UsageError, match="finite"):
            scatter_grid([Panel(["one"], real, np.zeros((1, 2)))], tmp_path / "s.png")
    with pytest.raises(UsageError, match="one panel at least"):
        scatter_grid([], tmp_path / "s.png")


BLUE = (37, 99, 180)


def test_a_curve_that_falls_goes_down(tmp_path):
    line_chart({"loss": np.array([4.0, 2.0, 0.0])}, tmp_path / "c.png", title="T", along="epochs")
    places = _places(_opened(tmp_path / "c.png")[0], BLUE)
    places = places[places[:, 1] <= 24 + 40 + 660]  # what stands right of the plot is its name
    down = [places[places[:, 1] == across, 0].mean() for across in (70, 394, 718)]
    assert down == sorted(down)
    assert down[1] - down[0] == pytest.approx(down[2] - down[1], abs=3)
    assert down[2] - down[0] == pytest.approx(260 / 1.1, abs=8)  # the highest value and a tenth fill the plot


@pytest.mark.parametrize("curves", [{}, {"loss": np.zeros(0)}, {"loss": np.array([1.0, np.nan])}])
def test_curves_of_nothing_are_refused(tmp_path, curves):
    with pytest.raises(UsageError, match="one curve at least"):
        line_chart(curves, tmp_path / "c.png", title="T", along="epochs")
    assert not [*tmp_path.iterdir()]


def test_a_curve_of_one_point_is_drawn(tmp_path):
    line_chart({"loss": np.ones(1)}, tmp_path / "c.png", title="T", along="epochs", levels={"log 4": 1.4})
    assert _opened(tmp_path / "c.png")[1]["synthetic"] == "true"

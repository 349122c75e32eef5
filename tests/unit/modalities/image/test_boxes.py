"""Tables of boxes: what they say, what is refused with its row, and boxes found again in marked pixels."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.modalities.image.boxes import boxes_in, read_boxes
from gansmith.modalities.image.forming import placement

NAMES = ["a.png", "in/b.png"]


def _read(header, *rows, is_strict=False):
    columns = zip(*(row.split(",") for row in rows), strict=True)
    table = {
        name: [cell or None for cell in cells] for name, cells in zip(header.split(","), columns, strict=True)
    }
    return read_boxes(table, NAMES, "boxes.csv", is_strict=is_strict)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("file,x,y,width,height", "a.png,3,4,5,6"),
        ("File,Left,Top,W,H", "a,3,4,5,6"),
        ("filename,width,height,xmin,ymin,xmax,ymax", "a.png,640,480,3,4,8,10"),
        ("x1,y1,x2,y2,path", "3,4,8.0,10,./a.png"),
        ("image,left,top,right,bottom", "a.png,3,4,8,10"),
        ("image,bbox_x,bbox_y,bbox_width,bbox_height", "a.png,3,4,5,6"),
    ],
)
def test_columns_have_many_names(header, row):
    boxes, notes = _read(header, row)
    assert boxes.names == ("box",)
    assert {picture: rows.tolist() for picture, rows in boxes.by_picture.items()} == {
        0: [[3, 4, 8, 10, 0, 1]]
    }
    assert notes == ()


def test_classes_become_channels_and_pictures_may_have_several_boxes_or_none():
    header = "file,x,y,width,height,class"
    boxes, _ = _read(header, "a.png,0,0,2,2,dog", "a.png,2,2,2,2,cat", "b.png,,,,,", "a.png,1,1,1,1,dog")
    assert boxes.names == ("box cat", "box dog")
    assert boxes.by_picture[0][:, 4].tolist() == [1, 0, 1]
    assert 1 not in boxes.by_picture
    planes = boxes.planes(0, placement(4, 4, 4, 4, "stretch"), 4, 4)
    assert planes[..., 0].nonzero()[0].tolist() == [2, 2, 3, 3]
    assert planes[..., 1].astype(int).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]
    assert not boxes.planes(1, placement(4, 4, 4, 4, "stretch"), 4, 4).any()


def test_a_small_box_stays_a_pixel_and_one_cut_off_goes():
    boxes, _ = _read("file,x,y,width,height", "a.png,50,10,2,2", "a.png,0,0,4,4", "a.png,90,15,10,5")
    plane = boxes.planes(0, placement(100, 20, 4, 4, "crop"), 4, 4)[..., 0]
    assert np.argwhere(plane).tolist() == [[2, 2]]


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (
            "file,x,y,width,height",
            ["a.png,1,1,2,2", "a.png,1,one,2,2"],
            r"column 'y', row 2: 'one' is no number",
        ),
        ("file,x,y,width,height", ["a.png,1,1,2,"], r"column 'height', row 1: '' is no number"),
        ("file,x,y,width,height", ["a.png,1,1,inf,2"], r"column 'width', row 1: 'inf' is no number"),
        (
            "file,x,y,width,height",
            ["a.png,5,5,-2,2"],
            r"row 1: a box .* is empty\. .*width and height above 0",
        ),
        ("file,xmin,ymin,xmax,ymax", ["a.png,5,5,3,8"], r"row 1: a box from \(5, 5\) to \(3, 8\) is empty"),
        ("file,x,y", ["a.png,5,5"], r"columns x, y\. Wanted: x, y, width and height, or xmin"),
        ("file,x,y,width,height", ["a.png,.5,.5,.2,.1"], r"not shares of the picture"),
        (
            "file,x,y,width,height",
            ["z.png,5,5,2,1"],
            r"none of its columns .* names a picture, such as 'a\.png'",
        ),
        ("file,x,y,width,height", ["a.png,,,,"], r"no box in it"),
        (
            "file,x,y,w,h,class",
            [f"a.png,1,1,2,2,c{n}" for n in range(33)],
            r"33 classes of boxes\. Wanted: 1 to 32",
        ),
    ],
)
def test_refused(header, rows, said):
    with pytest.raises(DataError, match=rf"^boxes\.csv.*{said}"):
        _read(header, *rows)


def test_rows_without_a_picture_are_said_or_refused():
    rows = "a.png,1,1,2,2", "z.png,1,1,2,2"
    assert _read("file,x,y,width,height", *rows)[1] == ("boxes.csv: 1 row without a picture: z.png",)
    with pytest.raises(DataError, match=r"1 row without a picture: z\.png"):
        _read("file,x,y,width,height", *rows, is_strict=True)


def test_boxes_beyond_their_picture():
    boxes, _ = _read("file,x,y,width,height", "a.png,-2,0,4,4", "b.png,6,6,3,3", "b.png,0,0,8,8")
    assert boxes.check({0: (8, 8)}) == ("1 box reaches beyond the picture: cut at its edge",)
    assert boxes.check({1: (9, 9)}) == ()
    with pytest.raises(
        DataError, match=r"boxes\.csv, row 2: a box from \(6, 6\) to \(9, 9\) lies outside of its"
    ):
        boxes.check({1: (6, 9)})


def test_what_touches_is_one_box_and_specks_are_none():
    marked = np.zeros((60, 50), dtype=bool)
    marked[5:10, 5:9] = marked[10:20, 8:12] = True  # side by side
    marked[20:30, 12:20] = True  # corner to corner: apart
    marked[50, 40:43] = True  # 3 of 3,000: just enough
    marked[40, 10:12] = True
    assert boxes_in(marked) == [(5, 5, 7, 15), (12, 20, 8, 10), (40, 50, 3, 1)]
    assert boxes_in(np.zeros((4, 4), dtype=bool)) == []

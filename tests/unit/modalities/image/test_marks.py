"""Masks and boxes go where their pictures go: through crop, pad and stretch, in memory and from disk."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.errors import DataError, UsageError
from gansmith.modalities.image import ImageOptions, marks, ondisk, picture_files
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.ondisk import OnDisk
from gansmith.modalities.image.pictures import Form, InMemory, Pictures
from gansmith.modalities.image.presets import convolutional
from gansmith.modalities.image.reading import read_like, read_pictures
from gansmith.modalities.image.scoring import score_pictures
from gansmith.modalities.image.writing import PictureWriter
from gansmith.scorecard.score import QUICK


def _png(values):
    file = io.BytesIO()
    Image.fromarray(np.asarray(values, np.uint8)).save(file, "PNG")
    return file.getvalue()


def _block(width, height, left, top, right, bottom):
    """White where a box is, else black."""
    values = np.zeros((height, width), np.uint8)
    values[top:bottom, left:right] = 255
    return values


def _folder(root, contents):
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def _read(source, **options):
    return read_pictures(source, ImageOptions(**options))


def _has_note(pictures, text):
    return any(text in note for note in pictures.notes)


def _both(pictures):
    """Whether each picture is bright, and whether each is marked, each of shape `(n, height, width)`."""
    pixels = pictures.source.block(pictures.numbers)
    assert set(np.unique(pixels[..., 1:])) <= {0, 255}
    return pixels[..., 0] > 127, pixels[..., 1] > 127


SHAPES = {"wide": (60, 30), "tall": (20, 50), "even": (37, 37)}


@pytest.fixture(params=["memory", "disk"])
def where(request, monkeypatch):
    if request.param == "disk":
        monkeypatch.setattr(picture_files, "AT_ONCE", 1)
    return request.param


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", ["12x12", "18x10", "70x80"])
def test_a_mask_goes_through_what_its_picture_goes_through(tmp_path, where, fit, size):
    contents = dict[str, bytes]()
    for name, (width, height) in SHAPES.items():
        shape = _block(width, height, width // 3, height // 4, width // 3 + 9, height // 4 + 12)
        contents |= {f"{name}.png": _png(shape), f"masks/{name}.png": _png(shape)}
    pictures = _read(_folder(tmp_path, contents), masks="masks", fit=fit, size=size)
    assert isinstance(pictures.source, InMemory if where == "memory" else OnDisk)
    assert pictures.form.masks == ("mask",)
    assert pictures.form.n_seen == 1
    bright, marked = _both(pictures)
    assert marked.any(axis=(1, 2)).all()
    n_off = (bright != marked).sum(axis=(1, 2))
    assert (n_off <= 4).all(), n_off  # corners, which the picture rounds


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_box_goes_through_what_its_picture_goes_through(tmp_path, where, fit):
    contents, rows = dict[str, bytes | str](), ["file,x,y,width,height"]
    for name, (width, height) in SHAPES.items():
        left, top = width // 3, height // 4
        contents[f"{name}.png"] = _png(_block(width, height, left, top, left + 9, top + 12))
        rows.append(f"{name}.png,{left},{top},9,12")
    contents["boxes.csv"] = "\n".join(rows)
    pictures = _read(_folder(tmp_path, contents), boxes="boxes.csv", fit=fit, size="24x18")
    assert pictures.form.masks == ("box",)
    bright, marked = _both(pictures)
    assert (marked & bright).any(axis=(1, 2)).all()
    assert ((bright != marked).sum(axis=(1, 2)) <= 12).all()


def test_padding_is_background_and_picture_edges_are_not_smeared(tmp_path):
    white = _png(np.full((4, 8), 255))
    pictures = _read(
        _folder(tmp_path, {"a.png": white, "b.png": white, "masks/a.png": white, "masks/b.png": white}),
        masks="masks",
        fit="pad",
        size="8x8",
    )
    bright, marked = _both(pictures)
    assert bright.all()
    assert marked[0].any(axis=1).tolist() == [False] * 2 + [True] * 4 + [False] * 2


def test_boxes_of_a_jpeg_decoded_at_a_fraction_stay_in_place(tmp_path):
    values = _block(640, 640, 160, 320, 320, 480)
    for name in "ab":
        Image.fromarray(values).save(tmp_path / f"{name}.jpg", quality=95)
    (tmp_path / "boxes.csv").write_text("file,xmin,ymin,xmax,ymax\na.jpg,160,320,320,480\n")
    bright, marked = _both(_read(tmp_path, boxes="boxes.csv", size="16"))
    assert np.array_equal(bright[0], marked[0])
    assert not marked[1].any()


CLASSED = {
    "yes/a.png": _png(_block(8, 8, 0, 0, 4, 4)),
    "yes/b.png": _png(_block(8, 8, 2, 0, 4, 4)),
    "no/c.png": _png(_block(8, 8, 0, 0, 0, 0)),
    "masks/a.png": _png(_block(8, 8, 0, 0, 4, 4)),
    "masks/b.png": _png(_block(8, 8, 2, 0, 4, 4)),
}


def test_a_folder_of_masks_beside_pictures_is_no_class(tmp_path):
    pictures = _read(_folder(tmp_path, CLASSED))
    assert pictures.files == ("no/c.png", "yes/a.png", "yes/b.png")
    assert pictures.labels is not None
    assert pictures.labels.tolist() == ["no", "yes", "yes"]
    assert pictures.form.masks == ()
    assert "a folder of masks beside them (masks): add --masks masks to learn them" in pictures.notes


def test_pictures_without_a_mask_are_empty_and_said_or_refused(tmp_path, where):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in CLASSED.items():
            archive.writestr(f"top/{name}", content)
    pictures = _read(path, masks="masks")
    assert pictures.files == ("top/no/c.png", "top/yes/a.png", "top/yes/b.png")
    assert _both(pictures)[1].sum(axis=(1, 2)).tolist() == [0, 16, 8]
    assert _has_note(pictures, "1 picture has no mask: taken as empty")
    with pytest.raises(DataError, match=r"c\.png has no mask.*--strict"):
        _read(path, masks="masks", strict=True)
    rows = ImageFormat().overview(pictures)
    assert rows[1] == {"column": "masks", "kind": "mask", "holds": "mask; 2 of 3 pictures have one"}
    assert pictures.fingerprint != _read(path).fingerprint


def test_a_picture_whose_mask_is_broken_or_of_another_shape_is_left_out(tmp_path):
    bad = {"masks/a.png": b"nothing", "masks/c.png": _png(np.zeros((8, 20)))}
    pictures = _read(_folder(tmp_path, {**CLASSED, "d.png": _png(np.eye(8)), **bad}), masks="masks")
    assert pictures.files == ("d.png", "yes/b.png")
    assert _has_note(pictures, "its mask masks/a.png: is no picture")
    assert _has_note(pictures, "its mask masks/c.png has 20 x 8 pixels, another shape than 8 x 8")
    (tmp_path / "d.png").unlink()
    with pytest.raises(DataError, match="its mask masks"):
        _read(tmp_path, masks="masks", strict=True)


def test_other_masks_are_other_pictures_on_disk_too(tmp_path, where):
    prints = list[str]()
    for root, shape in (("a", (0, 0, 4, 4)), ("b", (1, 2, 8, 7))):
        changed = {**CLASSED, "masks/a.png": _png(_block(8, 8, *shape))}
        pictures = _read(_folder(tmp_path / root, changed), masks="masks")
        prints.append(pictures.fingerprint)
    assert prints[0] != prints[1]


def test_other_boxes_are_other_pictures_on_disk_too(tmp_path, where):
    prints = list[str]()
    for x in "01":
        _folder(tmp_path, {**CLASSED, "boxes.csv": f"file,x,y,width,height\na.png,{x},0,3,3\n"})
        prints.append(_read(tmp_path, boxes="boxes.csv").fingerprint)
    assert prints[0] != prints[1]


def test_memory_counts_masks(tmp_path, monkeypatch):
    _folder(tmp_path, CLASSED)
    monkeypatch.setattr(picture_files, "IN_MEMORY_BYTES", 3 * 8 * 8)
    assert isinstance(_read(tmp_path).source, InMemory)
    with_masks = _read(tmp_path, masks="masks")
    assert isinstance(with_masks.source, OnDisk)
    monkeypatch.setattr(ondisk, "CACHE_BYTES", 0)
    assert _both(with_masks)[1].sum(axis=(1, 2)).tolist() == [0, 16, 8]


# --- Written and read again ---------------------------------------------------------------------------------


def _marked(masks, n_seen=1, highest=255.0):
    """Pictures with a mask each of these names, whose blocks lie elsewhere in each."""
    pixels = np.random.default_rng(0).integers(0, int(highest) + 1, (3, 12, 16, n_seen + len(masks)))
    pixels[..., n_seen:] = 0
    for index in range(len(masks)):
        for number in range(3):
            pixels[number, 2 : 5 + number, 4 * index : 4 * index + 3, n_seen + index] = highest
    form = Form(12, 16, n_seen + len(masks), "uint8", 0.0, highest, masks)
    source = Pictures.of(pixels.astype(np.uint8)).source
    plain = Pictures.of(pixels.astype(np.uint8))
    return Pictures(source, plain.numbers, form, plain.attributes, "made")


def _written(path, pictures):
    with PictureWriter(path, pictures, {}) as writer:
        for part in np.array_split(np.arange(len(pictures)), 2):
            writer.write(pictures.take(part))
    return path


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize(
    "masks",
    [("mask",), ("cell", "nucleus"), ("box",), ("box cat", "box dog"), ("mask 1", "mask 2", "box cat")],
)
def test_what_was_written_is_read_again(tmp_path, name, masks):
    made = _marked(masks)
    path = _written(tmp_path / name, made)
    has_boxes, has_masks = (any(("box" in one) == wanted for one in masks) for wanted in (True, False))
    back = _read(
        path, masks="masks" if has_masks else "", boxes="boxes.csv" if has_boxes else "", channels="L"
    )
    assert back.form.masks == masks
    assert np.array_equal(back.pixels, made.pixels)
    plain = _read(path, strict=True)
    assert plain.form.masks == ()
    assert _has_note(plain, "--masks masks") == has_masks
    assert _has_note(plain, "--boxes boxes.csv") == has_boxes


def test_arrays_hold_masks_apart_or_as_channels(tmp_path):
    made = _marked(("mask", "box cat"), n_seen=3)
    with np.load(_written(tmp_path / "a.npz", made), allow_pickle=False) as found:
        assert np.array_equal(found["images"], made.pixels[..., :3])
        assert np.array_equal(found["masks"], made.pixels[..., 3:])
        assert found["mask_names"].tolist() == ["mask", "box cat"]
    assert np.array_equal(np.load(_written(tmp_path / "a.npy", made)), made.pixels)
    with np.load(_written(tmp_path / "b.npz", made.take(np.arange(0)))) as found:
        assert found["masks"].shape == (0, 12, 16, 2)


# --- Compared and learnt ------------------------------------------------------------------------------------


def test_what_is_compared_has_no_masks(tmp_path):
    train = _read(_folder(tmp_path, CLASSED), masks="masks")
    held = read_like(tmp_path, train)
    assert (held.form.n_channels, held.form.masks) == (1, ())
    assert np.array_equal(held.pixels, train.pixels[..., 0])
    assert np.array_equal(read_like(train, train).pixels, train.pixels[..., 0])
    many = train.take(np.arange(12) % 3)
    (card,) = score_pictures([held], many, many, None, 0, QUICK)
    assert card.entries


def test_a_model_of_other_masks_refuses_pictures():
    one, other = _marked(("mask",)), _marked(("cell",))
    codec = ImageCodec.fit(one, ImageOptions(), 0)
    codec.check(one)
    for wrong in (other, _marked((), n_seen=2)):
        with pytest.raises(DataError, match="masks mask"):
            codec.check(wrong)


@pytest.mark.parametrize(
    ("n_seen", "n_masks", "is_recoloured"),
    [
        (1, 0, True),
        (1, 1, True),
        (1, 2, False),
        (2, 1, False),
        (3, 0, True),
        (3, 1, True),
        (3, 2, False),
        (4, 1, False),
    ],
)
def test_no_mask_is_recoloured(n_seen, n_masks, is_recoloured):
    codec = ImageCodec.fit(_marked(tuple("abc"[:n_masks]), n_seen), ImageOptions(), 0)
    game = convolutional(codec, 100, 0).game
    assert isinstance(game, AdversarialRules)
    chosen = [one.name for one in game.augmentations]
    assert ("colour" in chosen) == is_recoloured
    assert "cutout" in chosen


def test_masks_are_not_multiplied_with_opacity():
    made = _marked(("mask",), n_seen=4)
    codec = ImageCodec.fit(made, ImageOptions(), 0)
    samples = codec.expand(codec.encode(made, 0))
    assert np.array_equal(samples[:, 4].numpy(), made.pixels[..., 4] / 255)
    back = codec.decode(codec.compact(samples), 0, 0)
    assert np.array_equal(back.pixels[..., 3:], made.pixels[..., 3:])


def test_arrays_have_no_files_to_find_masks_by():
    for options in (ImageOptions(masks="masks"), ImageOptions(boxes="boxes.csv")):
        with pytest.raises(UsageError, match="by the names of picture files"):
            read_pictures(np.zeros((3, 4, 4), np.uint8), options)


def _classed(n, odd):
    """Pictures with masks of 0, 1 and 2, one of which has another value."""
    found = {}
    for number in range(n):
        mask = np.full((8, 8), number // 2 % 3)
        if number == odd:
            mask[0, 0] = 7
        found |= {f"{number}.png": _png(np.full((8, 8), number)), f"masks/{number}.png": _png(mask)}
    return found


def test_a_value_that_few_masks_have_is_a_class_too(tmp_path, monkeypatch):
    monkeypatch.setattr(marks, "_N_SAMPLED", 4)
    folder = _folder(tmp_path, _classed(9, odd=1))
    assert _read(folder, masks="masks").form.masks == ("mask 1", "mask 2", "mask 7")
    monkeypatch.setattr(marks, "_ALL_LOOKED_AT", 5)
    with pytest.raises(DataError, match=r"1\.png: a value of 7, where .* looked at have 0, 1, 2\."):
        _read(folder, masks="masks")

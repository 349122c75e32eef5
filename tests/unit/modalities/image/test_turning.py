"""Picture files turned into others: what of a file stays, where it goes, what is refused."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Turning
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.format import ImageFormat

FORMAT = ImageFormat()


def doubled(values):
    return values.repeat(2, axis=1).repeat(2, axis=2)


COLOUR = Turning(lambda values: values, 3)
GREY = Turning(lambda values: values, 1)
TWICE = Turning(doubled, 3, factor=2)
TWICE_GREY = Turning(doubled, 1, factor=2)


def turn(source, output, turning=COLOUR):
    return list(FORMAT.turned(source, output, turning))


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, **options)
    return path


def opened(path) -> Any:
    """Pillow's picture, some of whose attributes only some formats have."""
    return Image.open(path)


def pixels_in(path):
    with opened(path) as image:
        return np.array(image)


def noise(*shape, dtype: Any = np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- Pixels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".bmp", ".ppm"])
def test_nothing_is_lost_under_the_identity(tmp_path, suffix):
    source = save(
        tmp_path / f"in{suffix}", noise(9, 8, 3), **({"lossless": True} if suffix == ".webp" else {})
    )
    (found,) = turn(source, tmp_path / f"out{suffix}")
    assert (found.name, found.n_points, found.note) == (f"in{suffix}", 72, "")
    assert np.array_equal(pixels_in(tmp_path / f"out{suffix}"), noise(9, 8, 3))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
@pytest.mark.parametrize("turning", [GREY, COLOUR])
def test_sixteen_bits_stay(tmp_path, suffix, turning):
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    turn(save(tmp_path / f"in{suffix}", deep), tmp_path / f"out{suffix}", turning)
    found = pixels_in(tmp_path / f"out{suffix}")
    assert found.dtype.kind in "ui"
    assert np.array_equal(found, deep)


def test_sides_are_multiplied(tmp_path):
    pixels = noise(3, 5, 3)
    turn(save(tmp_path / "in.png", pixels), tmp_path / "out.png", TWICE)
    assert np.array_equal(pixels_in(tmp_path / "out.png"), pixels.repeat(2, 0).repeat(2, 1))


def test_grey_stays_grey_unless_it_is_coloured(tmp_path):
    grey = save(tmp_path / "in.png", noise(4, 4) // 2)

    def tinted(by):
        return Turning(lambda values: values + np.array([by, 0, 0], np.float32)[:, None, None], 3)

    turn(grey, tmp_path / "a.png", tinted(1.5 / 255))
    turn(grey, tmp_path / "b.png", tinted(3 / 255))
    assert pixels_in(tmp_path / "a.png").shape == (4, 4)
    assert pixels_in(tmp_path / "b.png").shape == (4, 4, 3)
    deep = save(tmp_path / "deep.png", noise(4, 4, dtype=np.uint16) // 2)
    (found,) = turn(deep, tmp_path / "c.png", tinted(0.1))
    assert found.note == "colour of uint16 cannot be written as PNG: uint8 stands for it"
    assert pixels_in(tmp_path / "c.png").dtype == np.uint8


def test_colour_through_a_grey_model_is_said(tmp_path):
    source = save(tmp_path / "in.png", noise(4, 4, 3))
    (found,) = turn(source, tmp_path / "out.png", GREY)
    assert found.note == "its colours are not used: the model reads grey"
    assert pixels_in(tmp_path / "out.png").shape == (4, 4)
    hidden = save(tmp_path / "hidden.png", noise(4, 4, 1).repeat(3, 2))
    assert turn(hidden, tmp_path / "b.png", GREY)[0].note == ""


def test_values_are_clipped_and_rounded_and_must_be_numbers(tmp_path):
    source = save(tmp_path / "in.png", np.full((2, 2), 100, np.uint8))
    for to, value in ((255, 1.7), (0, -3.0), (101, 100.6 / 255)):
        turn(source, tmp_path / "out.png", Turning(lambda v, value=value: np.full_like(v, value), 1))
        assert (pixels_in(tmp_path / "out.png") == to).all()
    with pytest.raises(DataError, match="no finite numbers"):
        turn(source, tmp_path / "out.png", Turning(lambda v: v * np.nan, 1))


def test_transparency_stays_and_casts_no_halo(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[2:6, 2:6] = 200, 100, 50, 255
    seen = []

    def blurred(values):
        seen.append(values)
        return doubled((values + np.roll(values, 1, 1) + np.roll(values, -1, 2)) / 3)

    turn(save(tmp_path / "in.png", pixels), tmp_path / "out.png", replace(TWICE, turn=blurred))
    found = pixels_in(tmp_path / "out.png")
    assert found.shape == (16, 16, 4)
    assert (found[..., :3] == (200, 100, 50)).all()
    assert (seen[0] == seen[0][:, :1, :1]).all()
    alpha = Image.fromarray(pixels[..., 3].astype(np.float32)).resize((16, 16), Image.Resampling.BICUBIC)
    assert np.array_equal(found[..., 3], np.rint(np.asarray(alpha)).clip(0, 255))


def test_transparency_is_kept_bit_by_bit(tmp_path):
    pixels = noise(6, 5, 4)
    pixels[..., 3] |= 1
    for suffix in (".png", ".tif", ".webp"):
        options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
        turn(save(tmp_path / f"in{suffix}", pixels, **options), tmp_path / f"out{suffix}")
        assert np.array_equal(pixels_in(tmp_path / f"out{suffix}"), pixels), suffix
    grey = Image.fromarray(pixels[..., 2:])
    grey.save(tmp_path / "la.png")
    turn(tmp_path / "la.png", tmp_path / "out.png")
    assert np.array_equal(pixels_in(tmp_path / "out.png"), pixels[..., 2:])
    (found,) = turn(tmp_path / "in.png", tmp_path / "out.jpg")
    assert found.note == "JPEG knows no transparency: it lies on white"


def test_palettes_and_print_colours_become_colours(tmp_path):
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 9, 8, 7])
    palette.save(tmp_path / "a.png")
    palette.save(tmp_path / "b.png", transparency=1)
    Image.new("CMYK", (8, 8)).save(tmp_path / "c.jpg")
    turn(tmp_path / "a.png", tmp_path / "out.png")
    assert pixels_in(tmp_path / "out.png")[0, 0].tolist() == [9, 8, 7]
    turn(tmp_path / "b.png", tmp_path / "out.png")
    assert pixels_in(tmp_path / "out.png")[0, 0].tolist() == [9, 8, 7, 0]
    (found,) = turn(tmp_path / "c.jpg", tmp_path / "out.jpg")
    assert found.note == "CMYK becomes RGB"
    with opened(tmp_path / "out.jpg") as image:
        assert image.mode == "RGB"


# --- What goes along ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_photograph_is_turned_upright_and_keeps_what_it_says(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif[0x8769] = {0x9003: "2001:02:03 04:05:06"}
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"lossless": True} if suffix == ".webp" else {}
    source = save(tmp_path / f"in{suffix}", pixels, exif=exif.tobytes(), icc_profile=profile, **options)
    turn(source, tmp_path / f"out{suffix}", TWICE)
    with opened(tmp_path / f"out{suffix}") as image:
        found = image.getexif()
        assert image.size == (32, 64)
        assert np.asarray(image)[:28].mean() > 250
        assert np.asarray(image)[36:].mean() < 5
        assert 0x0112 not in found or found[0x0112] == 1
        assert found[0x010F] == "Maker"
        assert found.get_ifd(0x8769)[0x9003] == "2001:02:03 04:05:06"
        assert image.info["icc_profile"] == profile


def test_a_jpeg_stays_one_of_all_its_colours(tmp_path):
    source = save(tmp_path / "in.jpg", noise(16, 16, 3), dpi=(300, 300))
    turn(source, tmp_path / "out.jpg")
    with opened(tmp_path / "out.jpg") as image:
        assert image.format == "JPEG"
        assert image.info["dpi"] == (300, 300)
        assert [part[1:3] for part in image.layer] == [(1, 1)] * 3
        assert max(image.quantization[0]) < 15


def test_sixteen_bits_a_colour_are_said_to_be_lost(tmp_path):
    source = tmp_path / "in.png"
    source.write_bytes(png_of_16_bit_colour())
    (found,) = turn(source, tmp_path / "out.png")
    assert found.note == "16 bits a colour, of which 8 are read"
    assert pixels_in(tmp_path / "out.png").tolist() == [[[16, 32, 48]]]


def png_of_16_bit_colour():
    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    row = b"\0" + struct.pack(">3H", 0x1000, 0x2000, 0x3000)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")


def test_a_profile_of_colours_is_not_put_on_grey(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = save(tmp_path / "in.png", noise(4, 4, 3), icc_profile=profile, dpi=(300, 300))
    turn(source, tmp_path / "out.png", GREY)
    with opened(tmp_path / "out.png") as image:
        assert "icc_profile" not in image.info
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_camera_s_second_picture_is_part_of_the_first(tmp_path):
    first, second = (Image.fromarray(noise(size, size, 3)) for size in (16, 8))
    first.save(tmp_path / "in.jpg", "MPO", save_all=True, append_images=[second])
    (found,) = turn(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert found.n_points == 256
    assert len(FORMAT.read_grids(tmp_path / "in.jpg", ImageOptions())) == 1


def test_arrays_are_files_too(tmp_path):
    for pixels in (
        noise(3, 4, dtype=np.uint16),
        noise(3, 4, 3, dtype=np.uint16),
        np.eye(3, dtype=np.float32),
    ):
        np.save(tmp_path / "in.npy", pixels)
        turn(tmp_path / "in.npy", tmp_path / "out.npy")
        assert np.array_equal(np.load(tmp_path / "out.npy"), pixels)
    np.save(tmp_path / "in.npy", np.zeros((3, 3, 7), np.uint8))
    with pytest.raises(DataError, match=r"\(3, 3, 7\) is no picture"):
        turn(tmp_path / "in.npy", tmp_path / "out.npy")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".gif"])
def test_it_says_where_it_comes_from(tmp_path, suffix):
    source = save(tmp_path / "in.png", noise(4, 4, 3))
    turn(source, tmp_path / f"out{suffix}", replace(COLOUR, metadata={"model": "one of mine"}))
    assert b"one of mine" in (tmp_path / f"out{suffix}").read_bytes()
    assert b"synthetic" in (tmp_path / f"out{suffix}").read_bytes()


# --- Films --------------------------------------------------------------------------------------------------


def film(path, durations, **options):
    frames = [Image.fromarray(np.full((6, 5), 60 + 50 * n, np.uint8)) for n in range(len(durations))]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, **options)
    return path


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_a_film_keeps_its_times(tmp_path, suffix):
    source = film(tmp_path / f"in{suffix}", [50, 200, 90], loop=3)
    found = turn(source, tmp_path / f"out{suffix}", TWICE)
    assert [one.name for one in found] == [f"in{suffix}#{n}" for n in (1, 2, 3)]
    assert [one.n_points for one in found] == [30] * 3
    with opened(tmp_path / f"out{suffix}") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (3, (10, 12), 3)
        times, tones = [], []
        for number in range(3):
            image.seek(number)
            tones.append(np.asarray(image.convert("L"))[3, 3])
            times.append(image.info["duration"])
    assert times == [50, 200, 90]
    assert np.abs(np.array(tones, int) - (60, 110, 160)).max() <= (3 if suffix == ".webp" else 0)


def test_the_cover_of_a_film_stays_its_cover(tmp_path):
    tones = [Image.fromarray(np.full((4, 4), tone, np.uint8)) for tone in (9, 60, 120)]
    tones[0].save(
        tmp_path / "in.png", save_all=True, append_images=tones[1:], duration=[40, 80], default_image=True
    )
    assert len(turn(tmp_path / "in.png", tmp_path / "out.png", TWICE)) == 3
    with opened(tmp_path / "out.png") as image:
        assert image.default_image
        times = [image.info.get("duration") for number in range(3) if not image.seek(number)]
        assert times[1:] == [40, 80]
        assert np.asarray(image).max() == 120


def test_a_film_that_is_shown_once_is_shown_once(tmp_path):
    turn(film(tmp_path / "in.gif", [50, 50]), tmp_path / "out.gif")
    with opened(tmp_path / "out.gif") as image:
        assert "loop" not in image.info


def test_a_film_in_colour_keeps_what_is_transparent(tmp_path):
    pixels = np.zeros((2, 6, 5, 4), np.uint8)
    pixels[0, :3] = 250, 10, 20, 255
    pixels[1, 3:] = 10, 250, 20, 255
    frames = [Image.fromarray(one) for one in pixels]
    frames[0].save(
        tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=70, loop=0, disposal=2
    )
    turn(tmp_path / "in.gif", tmp_path / "out.gif")
    with opened(tmp_path / "out.gif") as image:
        for number in range(2):
            image.seek(number)
            found = np.asarray(image.convert("RGBA"))
            assert np.array_equal(found[..., 3], pixels[number, ..., 3])
            assert np.array_equal(found[found[..., 3] > 0], pixels[number][pixels[number, ..., 3] > 0])


def test_pages_keep_their_sizes_and_depths(tmp_path):
    pages = [noise(3, 4), noise(6, 2, 3), noise(2, 2, dtype=np.uint16)]
    images = [Image.fromarray(page) for page in pages]
    images[0].save(tmp_path / "in.tif", save_all=True, append_images=images[1:])
    turn(tmp_path / "in.tif", tmp_path / "out.tif")
    with opened(tmp_path / "out.tif") as image:
        for number, page in enumerate(pages):
            image.seek(number)
            assert np.array_equal(np.asarray(image), page)


def test_a_film_is_no_jpeg(tmp_path):
    source = film(tmp_path / "in.gif", [50, 50])
    with pytest.raises(UsageError, match=r"holds one picture, and .* 2"):
        turn(source, tmp_path / "out.jpg")


# --- Where it goes ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "in" / "a" / "x.jpg", noise(5, 7, 3))
    save(tmp_path / "in" / "b.PNG", noise(4, 3, 3, seed=1))
    film(tmp_path / "in" / "a" / "c.gif", [50, 60])
    return tmp_path / "in"


def test_names_and_sub_folders_are_kept(folder, tmp_path):
    found = turn(folder, tmp_path / "out")
    assert [one.name for one in found] == ["a/c.gif#1", "a/c.gif#2", "a/x.jpg", "b.PNG"]
    assert names_in(tmp_path / "out") == names_in(folder)
    assert np.array_equal(pixels_in(tmp_path / "out" / "b.PNG"), noise(4, 3, 3, seed=1))


def test_an_archive_becomes_a_folder_and_a_folder_an_archive(folder, tmp_path):
    turn(folder, tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        assert sorted(archive.namelist()) == names_in(folder)
    turn(tmp_path / "made.zip", tmp_path / "out")
    assert names_in(tmp_path / "out") == names_in(folder)


def test_names_that_lead_out_are_left_out(tmp_path):
    picture = save(tmp_path / "x.png", noise(2, 2))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("/y.png", picture.read_bytes())
        archive.write(picture, "z.png")
    found = turn(tmp_path / "in.zip", tmp_path / "out" / "deep")
    assert [one.note for one in found] == ["left out: its name leads out of the folder", ""]
    assert names_in(tmp_path / "out") == ["deep/z.png"]


def test_what_is_broken_is_left_out(folder, tmp_path):
    (folder / "broken.png").write_bytes(b"no picture")
    whole = (folder / "b.PNG").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "notes.txt").write_text("none either")
    found = {one.name: one for one in turn(folder, tmp_path / "out")}
    assert found["broken.png"].n_points == 0
    assert found["broken.png"].note.startswith("left out: is no picture")
    assert found["cut.png"].note == "left out: truncated"
    assert found["notes.txt"].note == "1 file is no picture and left out: notes.txt"
    assert names_in(tmp_path / "out") == ["a/c.gif", "a/x.jpg", "b.PNG"]
    with pytest.raises(DataError, match=r"cut\.png: cannot be read"):
        turn(folder / "cut.png", tmp_path / "one.png")


def test_where_nothing_can_be_read_nothing_is_written(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="it is empty"):
        turn(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "x.png").write_bytes(b"no picture")
    for name in ("out", "out.zip"):
        with pytest.raises(DataError, match="none of its 1 picture can be read"):
            turn(tmp_path / "in", tmp_path / name)
        assert not (tmp_path / name).exists()
    with pytest.raises(DataError, match="is not there"):
        turn(tmp_path / "nothing.png", tmp_path / "out.png")
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(DataError, match="is no picture by its name"):
        turn(tmp_path / "notes.txt", tmp_path / "out.png")


@pytest.mark.parametrize(
    ("source", "output", "said"),
    [
        ("in", "in", "is an input file"),
        ("in", "in/out", "lies in"),
        ("in", "in/out.zip", "lies in"),
        ("in", ".", "holds something already"),
        ("in", "out.png", "go to a folder"),
        ("in", "out.tar", "go to a folder"),
        ("in/b.PNG", "in/b.PNG", "is an input file"),
        ("in/b.PNG", "in", "is a folder"),
        ("in/b.PNG", "out", r"Known: '\.png'"),
        ("in/b.PNG", "out.pngg", r"Did you mean '\.png'"),
        ("in/b.PNG", "out.docx", r"\.webp"),
    ],
)
def test_a_place_that_will_not_do_is_refused_before_anything_is_read(folder, tmp_path, source, output, said):
    before = names_in(tmp_path)
    with pytest.raises(UsageError, match=said):
        FORMAT.turned(tmp_path / source, tmp_path / output, COLOUR)
    assert names_in(tmp_path) == before


def test_a_link_to_what_is_read_is_what_is_read(tmp_path):
    source = save(tmp_path / "in.png", noise(2, 2))
    (tmp_path / "out.png").hardlink_to(source)
    with pytest.raises(UsageError, match="is an input file"):
        turn(source, tmp_path / "out.png")


def test_what_is_interrupted_leaves_nothing_half_written(folder, tmp_path):
    for name in ("out", "out.zip"):
        rows: Any = FORMAT.turned(folder, tmp_path / name, COLOUR)
        assert next(rows).name == "a/c.gif#1"
        rows.close()
        assert not (tmp_path / name).exists()

    def fails(values):
        if values.shape[1:] == (4, 3):
            raise KeyboardInterrupt
        return values

    with pytest.raises(KeyboardInterrupt):
        turn(folder, tmp_path / "out", replace(COLOUR, turn=fails))
    assert names_in(tmp_path / "out") == ["a/c.gif", "a/x.jpg"]
    with pytest.raises(KeyboardInterrupt):
        turn(folder, tmp_path / "out.zip", replace(COLOUR, turn=fails))
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert not (tmp_path / "out.zip").exists()


def test_a_full_disk_leaves_nothing_half_written(folder, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = names_in(tmp_path)
    monkeypatch.setattr("os.fsync", full)
    for source, output in (("in", "out"), ("in", "out.zip"), ("in/b.PNG", "out.png")):
        with pytest.raises(DataError, match="No space left"):
            turn(tmp_path / source, tmp_path / output)
    assert names_in(tmp_path) == before


def test_what_a_format_cannot_hold_is_said(tmp_path):
    source = save(tmp_path / "long.png", np.zeros((1, 9000), np.uint8))
    with pytest.raises(DataError, match="cannot be written as WEBP"):
        turn(source, tmp_path / "long.webp", TWICE)
    assert names_in(tmp_path) == ["long.png"]


# --- Masks --------------------------------------------------------------------------------------------------


def test_a_mask_is_one_channel_more(folder, tmp_path):
    marked = np.zeros((5, 7), np.uint8)
    marked[2, 3] = 255
    save(tmp_path / "masks" / "a" / "x.png", marked)
    save(tmp_path / "masks" / "a" / "c.bmp", np.full((6, 5), 255, np.uint8))
    save(tmp_path / "masks" / "b.tif", np.eye(4, 3, dtype=np.uint8))  # of 0 and 1
    seen = []

    def masked(values):
        seen.append(values[3])
        return values[:3]

    turn(folder, tmp_path / "out", Turning(masked, 3, masks=tmp_path / "masks"))
    assert [one.shape for one in seen] == [(6, 5), (6, 5), (5, 7), (4, 3)]
    assert seen[0].min() == 1
    assert np.array_equal(seen[2], marked / 255)
    assert np.array_equal(seen[3], np.eye(4, 3))
    seen.clear()
    turn(folder / "b.PNG", tmp_path / "b.png", Turning(masked, 3, masks=tmp_path / "masks" / "b.tif"))
    assert np.array_equal(seen[0], np.eye(4, 3))


def test_a_mask_that_is_missing_or_of_another_size_is_named(folder, tmp_path):
    masks = tmp_path / "masks"
    with pytest.raises(DataError, match="is not there"):
        turn(folder, tmp_path / "out", replace(COLOUR, masks=masks))
    save(masks / "a" / "x.png", noise(5, 6))
    save(masks / "a" / "c.png", noise(6, 5))
    with pytest.raises(DataError, match=r"no mask of 1 picture: b\.PNG"):
        turn(folder, tmp_path / "out", replace(COLOUR, masks=masks))
    save(masks / "b.png", noise(4, 3))
    with pytest.raises(DataError, match=r"a/x\.png has 6 x 5 pixels, and a/x\.jpg 7 x 5"):
        turn(folder, tmp_path / "out", Turning(lambda values: values[:3], 3, masks=masks))
    with pytest.raises(UsageError, match="lies in"):
        turn(folder, masks / "out", replace(COLOUR, masks=masks))

"""One file as an array: every mode of Pillow, turned pictures, scans."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import UsageError
from gansmith.modalities.image.decoding import Unreadable, decode, read_header


def _encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file


def _both(file, name="a"):
    """The header and the pixels, which must say the same."""
    header, pixels = read_header(file, name), decode(file, name)
    assert pixels.shape == (header.height, header.width, header.n_channels)
    assert pixels.dtype.name == header.pixel_type
    return header, pixels


def test_grey_palette_and_two_tones():
    assert _both(_encoded(Image.new("1", (3, 2), 1)))[1].max() == 255
    assert _both(_encoded(Image.new("L", (3, 2), 7)))[1].tolist() == [[[7]] * 3] * 2
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 9, 8, 7])
    assert _both(_encoded(palette))[1][0, 0].tolist() == [9, 8, 7]
    assert _both(_encoded(palette, transparency=1))[1][0, 0].tolist() == [9, 8, 7, 0]
    assert _both(_encoded(Image.new("L", (3, 2), 7), transparency=7))[1][0, 0].tolist() == [7, 0]


def test_print_colours_become_screen_colours():
    white = _both(_encoded(Image.new("CMYK", (8, 8)), "JPEG"))[1]
    assert white.shape == (8, 8, 3)
    assert white.min() == 255


def test_depths_are_kept():
    deep = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    for kind in ("PNG", "TIFF", "PPM"):
        header, pixels = _both(_encoded(Image.fromarray(deep), kind))
        assert pixels[..., 0].tolist() == deep.tolist(), kind
        assert not header.is_reduced
    real = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(_both(_encoded(Image.fromarray(real), "TIFF"))[1][..., 0], real)
    with pytest.raises(Unreadable, match="no finite numbers"):
        decode(_encoded(Image.fromarray(np.full((3, 4), np.nan, np.float32)), "TIFF"), "a")


def test_sixteen_bits_a_colour_are_said():
    deep = _png_of_16_bit_colour()
    header, pixels = _both(io.BytesIO(deep))
    assert header.is_reduced
    assert pixels[0, 0].tolist() == [0x12, 0x56, 0x9A]


def _png_of_16_bit_colour():
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\0" + bytes.fromhex("123456789abc"))
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_turned_photograph_is_turned_back():
    values = np.zeros((8, 16), np.uint8)
    values[:, 12:] = 255  # bright at the right
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    _, pixels = _both(_encoded(Image.fromarray(values), "JPEG", exif=exif, quality=95))
    assert pixels.shape == (16, 8, 1)
    assert pixels[:10].max() < 50
    assert pixels[13:].min() > 200  # what was at the right is below


def test_a_large_jpeg_is_decoded_at_a_fraction():
    file = _encoded(Image.new("RGB", (800, 400), (10, 20, 30)), "JPEG")
    assert decode(file, "a", needed_px=50).shape == (50, 100, 3)
    assert decode(file, "a").shape == (400, 800, 3)


def test_all_of_some_pages():
    pages = [Image.new("L", (2, 2), value) for value in (1, 2)]
    file = _encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert read_header(file, "a").n_frames == 2
    assert decode(file, "a", frame=1).max() == 2
    with pytest.raises(Unreadable, match=r"truncated|damaged"):
        decode(file, "a", frame=2)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM"])
def test_no_cut_file_raises_anything_else(kind):
    values = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    content = _encoded(Image.fromarray(values), kind).getvalue()
    for n_bytes in (0, 1, 9, 30, len(content) // 2):
        with pytest.raises(Unreadable):
            decode(io.BytesIO(content[:n_bytes]), "a")


def test_slices_of_a_volume(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    from gansmith.modalities.image import ImageOptions
    from gansmith.modalities.image.reading import read_pictures

    volume = np.arange(4 * 3 * 5, dtype=np.int16).reshape(4, 3, 5) - 30
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "brain.nii.gz")
    pictures = read_pictures(tmp_path / "brain.nii.gz", ImageOptions())
    assert pictures.pixels.shape == (5, 3, 4)
    assert pictures.pixels.dtype == np.int16
    assert pictures.pixels[2].tolist() == volume[:, ::-1, 2].T.tolist()  # x to the right, y up
    assert (pictures.form.lowest, pictures.form.highest) == (-30, 29)
    assert pictures.files[4] == "brain.nii.gz#5"
    for name in ("bad.nii", "bad.nii.gz"):
        (tmp_path / name).write_bytes(b"no volume")
        with pytest.raises(Unreadable), (tmp_path / name).open("rb") as file:
            read_header(file, name)


def test_what_reads_scans_may_not_be_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    for name in ("a.dcm", "a.nii.gz"):
        with pytest.raises(UsageError, match=r"pip install gansmith\[medical\]"):
            read_header(io.BytesIO(b"x" * 200), name)


def test_a_scan(tmp_path):
    pydicom, dataset, uid = (
        pytest.importorskip(name) for name in ("pydicom", "pydicom.dataset", "pydicom.uid")
    )
    values = np.arange(6, dtype=np.uint16).reshape(2, 3) * 100
    scan = pydicom.Dataset()
    scan.file_meta = dataset.FileMetaDataset()
    scan.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    scan.file_meta.MediaStorageSOPClassUID = scan.SOPClassUID = uid.UID("1.2.840.10008.5.1.4.1.1.7")
    scan.file_meta.MediaStorageSOPInstanceUID = scan.SOPInstanceUID = uid.UID("1.2.3")
    scan.Rows, scan.Columns, scan.SamplesPerPixel = 2, 3, 1
    scan.BitsAllocated, scan.BitsStored, scan.HighBit, scan.PixelRepresentation = 16, 12, 11, 0
    scan.PhotometricInterpretation = "MONOCHROME2"
    scan.RescaleSlope, scan.RescaleIntercept = 2, -1024
    scan.PixelData = values.tobytes()
    scan.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with (tmp_path / "a.dcm").open("rb") as file:
        header = read_header(file, "a.dcm")
        file.seek(0)
        pixels = decode(file, "a.dcm")
    assert (header.width, header.height, header.pixel_type) == (3, 2, "int16")
    assert pixels[..., 0].tolist() == (values.astype(int) * 2 - 1024).tolist()
    with pytest.raises(Unreadable, match="no DICOM file"):
        read_header(io.BytesIO(b"nothing" * 50), "b.dcm")


def test_a_turned_png_says_its_size_as_it_is_decoded():
    exif = Image.Exif()
    exif[0x0112] = 6
    header, _ = _both(_encoded(Image.new("L", (5, 3)), exif=exif))
    assert (header.width, header.height) == (3, 5)


def _npy(values):
    file = io.BytesIO()
    np.save(file, values)
    return file


def test_an_array_is_a_picture_where_its_shape_is_one():
    assert _both(_npy(np.ones((6, 7, 5), np.int16)), "a.npy")[0].n_channels == 5
    assert _both(_npy(np.ones((3, 4))), "a.npy")[0].pixel_type == "float32"
    for values in (np.ones(4), np.ones((2, 3, 4, 5)), np.ones((9, 28, 28)), np.ones((3, 4), np.complex64)):
        with pytest.raises(Unreadable, match=r"is no picture|values of type"):
            read_header(_npy(values), "a.npy")
    cut = io.BytesIO(_npy(np.ones((300, 400))).getvalue()[:500])
    with pytest.raises(Unreadable, match="truncated"):
        decode(cut, "a.npy")
    with pytest.raises(Unreadable, match="no finite numbers"):
        decode(_npy(np.full((3, 4), np.nan)), "a.npy")


def test_a_scan_that_says_it_has_very_many_frames_is_refused():
    pydicom = pytest.importorskip("pydicom")
    scan = pydicom.Dataset()
    scan.Rows, scan.Columns, scan.BitsAllocated, scan.NumberOfFrames = 8, 8, 8, 2**31 - 1
    file = io.BytesIO()
    pydicom.dcmwrite(file, scan, implicit_vr=True, little_endian=True, force_encoding=True)
    content = bytes(128) + b"DICM" + file.getvalue()
    with pytest.raises(Unreadable, match="2147483647 frames"):
        read_header(io.BytesIO(content), "a.dcm")

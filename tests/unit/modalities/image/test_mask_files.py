"""Masks are told from pictures, and each finds its picture by name and folder."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.mask_files import parted
from gansmith.modalities.record_files import Folder


def _png(values, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(np.asarray(values, np.uint8)).save(file, kind)
    return file.getvalue()


def _picture(seed):
    return _png(np.random.default_rng(seed).integers(0, 256, (6, 8)))


MASK = _png(np.eye(6, 8) * 255)


def _folder(root, pictures, masks):
    for seed, name in enumerate((*pictures, *masks)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MASK if name in masks else _picture(seed))
    return Folder(root)


def _matched(root, pictures, masks, wanted="masks", **options):
    """Names of masks by the name of the mask's kind and of their picture."""
    found = parted(_folder(root, pictures, masks), ImageOptions(masks=wanted, **options))
    assert found.masks is not None
    assert sorted(found.pictures.names) == sorted(pictures)
    return {
        (name, found.pictures.names[picture]): found.masks.files.names[mask]
        for name, numbers in found.masks.by_name.items()
        for picture, mask in numbers.items()
    }


@pytest.mark.parametrize(
    ("picture", "mask"),
    [
        ("a.jpg", "masks/a.png"),
        ("a.png", "masks/a_mask.png"),
        ("a.png", "masks/a-mask.bmp"),
        ("a.png", "masks/mask_a.png"),
        ("a.png", "masks/a_seg.png"),
        ("x y/a.b.png", "masks/a.b.png"),
        ("yes/a.png", "masks/yes/a.png"),
        ("set/images/a.png", "set/masks/a.png"),
    ],
)
def test_a_mask_has_the_name_of_its_picture(tmp_path, picture, mask):
    found = _matched(tmp_path, [picture, "other.png"], [mask])
    assert found == {("", picture): mask}


def test_folders_tell_pictures_of_one_name_apart(tmp_path):
    pictures = ["train/images/1.png", "train/images/2.png", "test/images/1.png"]
    masks = ["train/masks/1.png", "test/masks/1.png"]
    found = _matched(tmp_path, pictures, masks)
    assert found == {("", name): name.replace("images", "masks") for name in (pictures[0], pictures[2])}


def test_suffixes_tell_pictures_of_one_stem_apart(tmp_path):
    pictures, masks = ["a.png", "a.bmp"], ["masks/a.bmp", "masks/a.png"]
    assert _matched(tmp_path, pictures, masks) == {("", name): f"masks/{name}" for name in pictures}


def test_a_mask_of_one_of_two_pictures_is_neithers(tmp_path):
    found = parted(
        _folder(tmp_path, ["a/1.png", "b/1.png", "b/2.png"], ["masks/1.png", "masks/2.png"]),
        ImageOptions(masks="masks"),
    )
    assert found.masks is not None
    assert [found.pictures.names[number] for number in found.masks.pictures] == ["b/2.png"]
    assert found.notes == (
        "2 pictures have no mask: taken as empty",
        "1 mask of no picture, or of one that has another: masks/1.png",
    )


def test_the_second_mask_of_a_picture_is_left_out_and_said(tmp_path):
    files = _folder(tmp_path, ["a.png"], ["masks/a.png", "masks/a_mask.png"])
    found = parted(files, ImageOptions(masks="masks"))
    assert found.masks is not None
    assert found.masks.numbers_of(0) == {"": 0}
    assert found.notes == ("1 mask of no picture, or of one that has another: masks/a_mask.png",)


def test_folders_of_masks_name_them(tmp_path):
    masks = ["masks/cell/1.png", "masks/nucleus/1.png", "masks/nucleus/2.png"]
    found = _matched(tmp_path, ["1.jpg", "2.jpg"], masks)
    assert found == {
        ("cell", "1.jpg"): masks[0],
        ("nucleus", "1.jpg"): masks[1],
        ("nucleus", "2.jpg"): masks[2],
    }


def test_masks_elsewhere(tmp_path):
    _folder(tmp_path / "truth", [], ["1.png"])
    assert _matched(tmp_path / "photos", ["1.jpg", "2.jpg"], [], str(tmp_path / "truth")) == {
        ("", "1.jpg"): "1.png"
    }


def test_a_path_to_a_folder_inside_is_inside(tmp_path):
    found = _matched(tmp_path, ["1.jpg", "2.jpg"], ["truth/all/1.png"], str(tmp_path / "truth/all"))
    assert found == {("", "1.jpg"): "truth/all/1.png"}


def test_masks_among_pictures(tmp_path):
    names = ["1.png", "my_2.png"], ["1_mask.png", "my_2_mask.png"]
    assert _matched(tmp_path, *names, ".") == {("", "1.png"): "1_mask.png", ("", "my_2.png"): "my_2_mask.png"}
    found = parted(Folder(tmp_path), ImageOptions())
    assert found.notes == ("2 masks among them, such as 1_mask.png: add --masks . to learn them",)
    assert list(found.pictures.names) == names[0]


@pytest.mark.parametrize("folder", ["masks", "Mask", "annotations", "labels", "segmentation"])
def test_a_folder_of_masks_is_found(tmp_path, folder):
    found = parted(
        _folder(tmp_path, ["a/1.png", "b/2.png"], [f"{folder}/1.png", f"{folder}/2.png"]), ImageOptions()
    )
    assert list(found.pictures.names) == ["a/1.png", "b/2.png"]
    assert found.notes == (f"a folder of masks beside them ({folder}): add --masks {folder} to learn them",)


def test_the_outer_folder_of_masks_is_named(tmp_path):
    found = parted(
        _folder(tmp_path, ["1.png", "2.png"], ["masks/label/1.png", "masks/label/2.png"]), ImageOptions()
    )
    assert found.notes == ("a folder of masks beside them (masks): add --masks masks to learn them",)


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        (["a/1.png", "masks/1.png"], []),  # photographs of masks: as many tones as the others
        (["a/1.png"], ["masks/7.png", "masks/8.png"]),  # other names
        ([], ["masks/1.png", "masks/2.png"]),  # nothing beside them
        (["a/1.png"], ["faces/1.png"]),  # another name of the folder
        (["1.png", "1_mask.png"], []),
    ],
)
def test_other_folders_are_classes(tmp_path, pictures, masks):
    found = parted(_folder(tmp_path, pictures, masks), ImageOptions())
    assert sorted(found.pictures.names) == sorted([*pictures, *masks])
    assert found.notes == ()


def test_masks_of_another_size_are_not_taken_for_some(tmp_path):
    files = _folder(tmp_path, ["a/1.png", "b/2.png"], ["masks/1.png", "masks/2.png"])
    (tmp_path / "masks/2.png").write_bytes(_png(np.eye(9)))
    assert len(parted(files, ImageOptions()).pictures.names) == 4


def test_no_masks_there_or_none_of_these_pictures(tmp_path):
    files = _folder(tmp_path, ["a/1.png", "b/2.png"], ["masks/7.png"])
    with pytest.raises(
        DataError, match=r"truth: is no folder of masks, neither in .*\(there are a, b, masks\)"
    ):
        parted(files, ImageOptions(masks="truth"))
    with pytest.raises(DataError, match=r"none of 1 mask, such as 'masks/7\.png', is named like a picture"):
        parted(files, ImageOptions(masks="masks"))
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="no picture file in it"):
        parted(Folder(tmp_path / "a"), ImageOptions(masks=str(tmp_path / "other")))


def test_strict_refuses_a_mask_too_many(tmp_path):
    files = _folder(tmp_path, ["1.png"], ["masks/1.png", "masks/7.png"])
    with pytest.raises(DataError, match=r"masks/7\.png is a mask of no picture"):
        parted(files, ImageOptions(masks="masks", strict=True))

"""Which of some picture files are masks, and of which picture each one is.

A mask has the name of its picture, in a folder of masks: `masks/cat/1.png` or `masks/1_mask.png` is that of
`cat/1.jpg`. A folder below that is in no picture's path names the mask: `masks/nucleus/1.png` and
`masks/cell/1.png` are two masks of `1.jpg`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import counted, shortened
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Unreadable, decode, read_header, readable
from gansmith.modalities.image.mask_values import is_like_a_mask
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.record_files import RecordFiles, Selected, evenly, files_in, is_archive_name

FOLDERS: Final = frozenset((
    "mask", "masks", "annotation", "annotations", "segmentation", "segmentations", "label", "labels", "gt",
    "ground_truth", "groundtruth",
))  # fmt: skip
"""Names of folders that may hold masks."""
AMONG: Final = "."
"""Stands for masks that lie among the pictures, told by `_mask` in their names."""
_WORDS: Final = "masks?|seg(?:mentation)?|gt|labels?|annotation"
_MARKED: Final = re.compile(rf"(?:{_WORDS})[_-](.+)|(.+)[_-](?:{_WORDS})", re.IGNORECASE)
_MIN_MATCHED: Final = 0.9
"""Share of the files of a folder that must be named like pictures elsewhere, for it to hold masks."""
_N_LOOKED_AT: Final = 6
"""Of these files that are decoded."""

Numbers = Mapping[int, int]
"""The number of the mask's file by that of the picture's."""


@final
@dataclass(frozen=True, eq=False)
class MaskFiles:
    """Masks, and whose they are."""

    files: RecordFiles
    by_name: Mapping[str, Numbers]
    """For each name of a mask; "" where folders give it none."""

    def numbers_of(self, picture: int) -> dict[str, int]:
        """The files of a picture's masks by name."""
        return {name: numbers[picture] for name, numbers in self.by_name.items() if picture in numbers}

    @property
    def pictures(self) -> set[int]:
        """That have a mask."""
        return {picture for numbers in self.by_name.values() for picture in numbers}


@final
@dataclass(frozen=True, eq=False)
class Parted:
    """Picture files without those that are masks."""

    pictures: RecordFiles
    masks: MaskFiles | None = None
    """Where masks were asked for."""
    notes: tuple[str, ...] = field(default=())


def parted(files: RecordFiles, options: ImageOptions) -> Parted:
    """Tell masks from pictures, and find whose they are.

    Args:
        files: Pictures, and perhaps masks among them.
        options: `masks` says where masks are: a folder among these files, by its path or its name, another
            folder or an archive; empty leaves those out that lie in a folder of their own. `strict` refuses
            pictures without a mask, and masks without a picture.

    Raises:
        DataError: There are no such masks, or none of them is named like a picture.
    """
    if not options.masks:
        return _without_masks(files)
    inside = _below(files.names, _folder_inside(files, options.masks))
    if inside:
        rest = [number for number in range(len(files.names)) if number not in inside]
        pictures, masks, names = Selected(files, rest), Selected(files, list(inside)), list(inside.values())
    else:
        pictures, masks = files, _elsewhere(files, options.masks)
        names = list(masks.names)
    found = _Pictures(pictures.names).matched(names)
    by_name = defaultdict[str, dict[int, int]](dict)
    lost = list[str]()
    for mask, match in enumerate(found):
        if match is None or match[0] in by_name[match[1]]:
            lost.append(masks.names[mask])
        else:
            by_name[match[1]][match[0]] = mask
    whole = MaskFiles(masks, {name: by_name[name] for name in sorted(by_name) if by_name[name]})
    if not whole.pictures:
        pictured = pictures.names[0] if len(pictures.names) else "(there is none beside them)"
        raise DataError(
            f"{options.masks}: none of {counted(len(names), 'mask')}, such as {masks.names[0]!r}, is named "
            f"like a picture of {files.name}, such as {pictured!r}. Give both the same name."
        )
    return Parted(pictures, whole, _notes(pictures, whole, lost, options))


def _notes(
    pictures: RecordFiles, masks: MaskFiles, lost: Sequence[str], options: ImageOptions
) -> tuple[str, ...]:
    has_mask = masks.pictures
    missing = [name for number, name in enumerate(pictures.names) if number not in has_mask]
    if options.strict and (missing or lost):
        what = f"{missing[0]} has no mask" if missing else f"{lost[0]} is a mask of no picture"
        raise DataError(
            f"{pictures.name}: {what}, {counted(len(missing or lost), 'such file')} in all. "
            "Add what is missing, or leave --strict out."
        )
    notes = list[str]()
    if missing:
        has = "has" if len(missing) == 1 else "have"
        notes.append(f"{counted(len(missing), 'picture')} {has} no mask: taken as empty")
    if lost:
        notes.append(
            f"{counted(len(lost), 'mask')} of no picture, or of one that has another: {shortened(lost)}"
        )
    return tuple(notes)


# --- Where masks are ----------------------------------------------------------------------------------------


def _folder_inside(files: RecordFiles, wanted: str) -> str:
    """What was asked for, as a path from the root of these files."""
    root, path = Path(files.name), Path(wanted)
    if root.is_dir() and path.exists():
        try:
            return path.resolve().relative_to(root.resolve()).as_posix()
        except ValueError:
            pass
    return wanted.strip("/").removeprefix("./") or AMONG


def _below(names: Sequence[str], folder: str) -> dict[int, str]:
    """The files in a folder of this path or name, and their names without it; see `AMONG`."""
    if folder == AMONG:
        marked = {number: stem for number, name in enumerate(names) if (stem := _marked_stem(name))}
        stems = {without_suffix(name) for name in names} if marked else set[str]()
        return {number: names[number] for number, stem in marked.items() if stem in stems}
    part = f"/{folder}/"
    found = dict[int, str]()
    for number, name in enumerate(names):
        before, has_it, after = f"/{name}".partition(part)
        if has_it:
            found[number] = f"{before}/{after}".lstrip("/")
    return found


def _marked_stem(name: str) -> str:
    """What the picture beside a mask is called, with its folder; empty where the name is no mask's."""
    folder, slash, bare = without_suffix(name).rpartition("/")
    found = _MARKED.fullmatch(bare) if "_" in bare or "-" in bare else None
    return f"{folder}{slash}{found[1] or found[2]}" if found else ""


def _elsewhere(files: RecordFiles, wanted: str) -> RecordFiles:
    path = Path(wanted)
    if not (path.is_dir() or (is_archive_name(wanted) and path.is_file())):
        folders = sorted({folder for name in files.names if (folder := name.rpartition("/")[0])})
        there = f" (there are {shortened(folders, 6)})" if folders else ""
        raise DataError(
            f"{wanted}: is no folder of masks, neither in {files.name}{there} nor by itself. Check the name."
        )
    masks = files_in(path)
    if not len(masks.names):
        raise DataError(f"{wanted}: no picture file in it. Give a folder with a mask for each picture.")
    return masks


def _without_masks(files: RecordFiles) -> Parted:
    """The pictures alone, where some folder holds masks of the others, or masks lie among them."""
    depths = {folder: depth for depth, folder in sorted(_known_folders(files.names), reverse=True)}
    notes = list[str]()
    for folder in (*sorted(depths, key=lambda folder: (depths[folder], folder)), AMONG):  # outer ones first
        inside = _below(files.names, folder)
        rest = [number for number in range(len(files.names)) if number not in inside]
        if not inside or not rest:
            continue
        pictures, masks = Selected(files, rest), Selected(files, list(inside))
        if not _are_masks(pictures, masks, list(inside.values())):
            continue
        if folder == AMONG:
            what = f"{counted(len(inside), 'mask')} among them, such as {masks.names[0]}"
        else:
            what = f"a folder of masks beside them ({folder})"
        notes.append(f"{what}: add --masks {folder} to learn them")
        files = pictures
    return Parted(files, None, tuple(notes))


def _known_folders(names: Sequence[str]) -> set[tuple[int, str]]:
    """Folders that are called as those of masks, each with its depth."""
    folders = {name.rpartition("/")[0] for name in names}
    return {
        (depth, part)
        for folder in folders
        for depth, part in enumerate(folder.split("/"))
        if part.lower() in FOLDERS
    }


def _are_masks(pictures: RecordFiles, masks: RecordFiles, names: Sequence[str]) -> bool:
    """Whether files are named like pictures, of the size of these, and of few tones."""
    found = _Pictures(pictures.names).matched(names)
    matches = [(mask, match[0]) for mask, match in enumerate(found) if match is not None]
    if len(matches) < _MIN_MATCHED * len(names):
        return False
    try:
        for place in evenly(len(matches), _N_LOOKED_AT).tolist():
            mask, picture = matches[place]
            if _size(masks, mask) != _size(pictures, picture) or not is_like_a_mask(decoded(masks, mask)):
                return False
    except Unreadable:
        return False
    return True


def decoded(files: RecordFiles, number: int, frame: int = 0) -> Pixels:
    """A picture of a file, shape `(height, width, n_channels)`.

    Raises:
        Unreadable: It is broken, no picture, too large, or not there any more.
    """
    with readable(), files.open(number) as opened:
        return decode(opened, files.names[number], frame)


def _size(files: RecordFiles, number: int) -> tuple[int, int]:
    with readable(), files.open(number) as opened:
        header = read_header(opened, files.names[number])
    return header.width, header.height


# --- Whose they are -----------------------------------------------------------------------------------------


@final
class _Pictures:
    """Picture files by the stem of their name."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._by_stem = defaultdict[str, list[int]](list)
        for number, name in enumerate(names):
            self._by_stem[without_suffix(name).rpartition("/")[2]].append(number)

    def matched(self, masks: Sequence[str]) -> list[tuple[int, str] | None]:
        """The picture of each mask, and the mask's own name; None where there is none, or in doubt."""
        return [self._match(mask) for mask in masks]

    def _match(self, mask: str) -> tuple[int, str] | None:
        folder, _, stem = without_suffix(mask).rpartition("/")
        parts = folder.split("/") if folder else []
        marked = _MARKED.fullmatch(stem)
        for called in (stem, *([marked[1] or marked[2]] if marked else ())):
            if called not in self._by_stem:
                continue
            picture = self._nearest(self._by_stem[called], parts, mask.rpartition("/")[2])
            if picture is None:
                return None
            theirs = self._names[picture].split("/")[:-1]
            return picture, "/".join(part for part in parts if part not in theirs)
        return None

    def _nearest(self, numbers: Sequence[int], parts: Sequence[str], file: str) -> int | None:
        """The picture whose folders, and then suffix, are most like a mask's; None when there are two."""
        if len(numbers) == 1:
            return numbers[0]
        scores = list[tuple[int, int, bool]]()
        for number in numbers:
            *theirs, called = self._names[number].split("/")
            n_shared = sum(part in theirs for part in parts)
            scores.append((n_shared, n_shared - len(theirs), called == file))
        best = max(scores)
        return numbers[scores.index(best)] if scores.count(best) == 1 else None


def without_suffix(name: str) -> str:
    """A path without the suffixes of its file.

    Example:
        >>> without_suffix("a.b/c.d.png"), without_suffix("brain.nii.gz")
        ('a.b/c.d', 'brain')
    """
    bare = name[:-3] if name.lower().endswith(".nii.gz") else name
    folder, slash, file = bare.rpartition("/")
    return f"{folder}{slash}{file.rpartition('.')[0] or file}"

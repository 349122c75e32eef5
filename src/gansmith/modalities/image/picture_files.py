"""A set of picture files as pictures of one form: looked at, formed, read or left on disk, labelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from gansmith.errors import Caution, DataError
from gansmith.modalities.attribute_labels import (
    LABEL,
    Known,
    Texts,
    attributes_of,
    by_folder,
    by_table,
    counted,
    plain,
    shortened,
)
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.boxes import Boxes, read_boxes
from gansmith.modalities.image.decoding import Header, Unreadable
from gansmith.modalities.image.forming import Former, choose, ranges_of
from gansmith.modalities.image.marks import Marks, marks_of
from gansmith.modalities.image.mask_files import parted
from gansmith.modalities.image.ondisk import Frames, OnDisk, formed, frames_in
from gansmith.modalities.image.pictures import Form, InMemory, Pictures, Pixels
from gansmith.modalities.record_files import BOXES_FILE, LABEL_FILES, RecordFiles, evenly

IN_MEMORY_BYTES: Final = 256 * 1024**2
"""Pictures that take no more are read at once, ..."""
AT_ONCE: Final = 20_000
"""... if they are no more than this, ..."""
AT_ONCE_PIXELS: Final = 4_000_000_000
"""... and their files hold no more than this: reading them takes a minute."""
N_LOOKED_AT: Final = 2_000
"""Files whose headers decide on the form."""
_N_SAMPLED: Final = 200
_SAMPLED_PIXELS: Final = 400_000_000
_SAMPLED_SIDE_PX: Final = 256
"""A larger picture is thinned out before it is looked at for colour and range."""


def read_files(
    files: RecordFiles,
    options: ImageOptions,
    *,
    like: Form | None = None,
    table: Texts | None = None,
    is_every_frame: bool = False,
) -> Pictures:
    """Pictures from files.

    Args:
        files: Where they are.
        options: Size, fit, channels, labels, masks, boxes, whether something broken is refused.
        like: The form they are brought to, then all their headers are looked at; None chooses.
        table: What is known of them, where it came together with their names.
        is_every_frame: Take all pictures of an animation or of pages, not the first.

    Raises:
        DataError: None of them can be read; or with `strict`, one of them cannot, or another file is there.
        UsageError: A size or channels that do not exist; scans that nothing installed can read.
    """
    check_others(files, options)
    apart = parted(files, options)
    files = apart.pictures
    frames = frames_in(files, is_every=is_every_frame)
    broken = dict[int, str]()
    is_whole = options.strict or like is not None
    numbers = np.arange(len(frames)) if is_whole else evenly(len(frames), N_LOOKED_AT)
    headers = _headers(frames, numbers, broken)
    sample = _sample(frames, list(headers), list(headers.values()), broken)
    _check_some(frames, headers, sample, broken)
    former, how = choose(list(headers.values()), sample, options, like)
    boxes, of_boxes = _boxes(files, options)
    by_file = {frames.file(number): header for number, header in headers.items()}
    marks, of_marks = marks_of(apart.masks, boxes, by_file)
    former = former if marks is None else marks.former(former)
    is_at_once = _fits_at_once(former.form, len(frames), list(headers.values()))
    of_range = list[str]()
    if former.form.pixel_type != "uint8" and like is None:
        former, of_range = _ranged(former, frames, len(sample), broken, is_at_once=is_at_once)
    known = _known(files, frames, options, table)
    if is_at_once:
        pixels, kept = _read_all(frames, former, marks, broken)
        source, numbers = InMemory(pixels), np.arange(len(kept))
    else:
        groups = _groups(known.attributes)
        if options.strict:
            _check_all(frames, former, marks, broken)
        source = OnDisk(frames, former, groups, is_strict=options.strict, marks=marks)
        numbers = kept = _kept(frames, broken)
    if broken and options.strict:
        raise DataError(
            f"{files.name}: {left_out(frames, broken)}. Repair or remove them, or leave --strict out."
        )
    in_source = kept if isinstance(source, InMemory) else np.arange(len(frames))
    names = tuple(frames.name(number) for number in in_source.tolist())
    notes = _notes(files, frames, list(headers.values()), broken, former, how, is_every_frame=is_every_frame)
    name = Path(files.name).name or files.name
    attributes = known.attributes.take(kept)
    notes += [*of_range, *apart.notes, *of_boxes, *of_marks, *known.notes]
    sizes = _sizes(headers, in_source)
    return Pictures(source, numbers, former.form, attributes, name, tuple(notes), names, sizes)


def _sizes(headers: Mapping[int, Header], in_source: np.ndarray) -> dict[int, tuple[int, int, int]]:
    """Height, width and channels that pictures came with, by their number in the source."""
    return {
        place: (header.height, header.width, header.n_channels)
        for place, number in enumerate(in_source.tolist())
        if (header := headers.get(number)) is not None
    }


# --- Looking ------------------------------------------------------------------------------------------------


def check_others(files: RecordFiles, options: ImageOptions) -> None:
    """Raise DataError where no picture is among some files; with `strict`, where something else is."""
    others = shortened(files.others)
    if not len(files.names):
        seen = f"there are {counted(len(files.others), 'other file')}: {others}" if others else "it is empty"
        raise DataError(
            f"{files.name}: cannot be read as pictures: no picture file in it ({seen}). Wanted: PNG, JPEG, "
            "WebP, TIFF, PGM, PPM, BMP, GIF, DICOM or NIfTI files, perhaps in a folder for each class."
        )
    if files.others and options.strict:
        n_others = counted(len(files.others), "such file")
        raise DataError(
            f"{files.name}: {files.others[0]} is no picture, {n_others} in all. "
            "Remove them, or leave --strict out."
        )


def _headers(frames: Frames, numbers: np.ndarray, broken: dict[int, str]) -> dict[int, Header]:
    headers = dict[int, Header]()
    for number in numbers.tolist():
        try:
            headers[number] = frames.header(number)
        except Unreadable as error:
            broken[number] = str(error)
    return headers


def _sample(
    frames: Frames, numbers: Sequence[int], headers: Sequence[Header], broken: dict[int, str]
) -> list[Pixels]:
    """Pixels of some pictures, fewer where they are large."""
    n_pixels = float(np.median([header.width * header.height for header in headers])) if headers else 1.0
    n_wanted = int(np.clip(_SAMPLED_PIXELS / n_pixels, 8, _N_SAMPLED))
    sample = list[Pixels]()
    for place in evenly(len(numbers), n_wanted).tolist():
        try:
            pixels = frames.decode(numbers[place], _SAMPLED_SIDE_PX)
        except Unreadable as error:
            broken[numbers[place]] = str(error)
            continue
        step = -(-max(pixels.shape[:2]) // _SAMPLED_SIDE_PX)
        sample.append(pixels[::step, ::step].copy())
    return sample


def _check_some(
    frames: Frames, headers: Mapping[int, Header], sample: Sequence[Pixels], broken: Mapping[int, str]
) -> None:
    if not headers or not sample:
        raise DataError(
            f"{frames.files.name}: cannot be read as pictures: {left_out(frames, broken)}. "
            "Repair them, or give others."
        )


def _fits_at_once(form: Form, n: int, headers: Sequence[Header]) -> bool:
    n_bytes = n * form.n_values * np.dtype(form.pixel_type).itemsize
    n_pixels = n * float(np.mean([header.width * header.height for header in headers]))
    return n_bytes <= IN_MEMORY_BYTES and n <= AT_ONCE and n_pixels <= AT_ONCE_PIXELS


# --- Reading ------------------------------------------------------------------------------------------------


def _read_all(
    frames: Frames, former: Former, marks: Marks | None, broken: dict[int, str]
) -> tuple[Pixels, np.ndarray]:
    """All pictures that can be read, and which these are."""
    form = former.form
    pixels = np.empty((len(frames), form.height, form.width, form.n_channels), form.pixel_type)
    n = 0
    for number in range(len(frames)):
        if number in broken:
            continue
        try:
            pixels[n] = formed(frames, number, former, marks)
        except Unreadable as error:
            broken[number] = str(error)
            continue
        n += 1
    return pixels[:n], _kept(frames, broken)


def _ranged(
    former: Former, frames: Frames, n_sampled: int, broken: Mapping[int, str], *, is_at_once: bool
) -> tuple[Former, list[str]]:
    """Black and white by all pictures where these are read at once, else a note that they are by some."""
    if is_at_once:
        return former.of_ranges(ranges_of(_all_readable(frames, broken))), []
    form = former.form
    note = f"black and white are {form.lowest:g} and {form.highest:g} by {n_sampled:,} of {len(frames):,}"
    return former, [f"{note} pictures: values beyond are cut off"]


def _all_readable(frames: Frames, broken: Mapping[int, str]) -> Iterator[Pixels]:
    for number in range(len(frames)):
        if number not in broken:
            with suppress(Unreadable):  # it is named when it is read
                yield frames.decode(number)


def _check_all(frames: Frames, former: Former, marks: Marks | None, broken: dict[int, str]) -> None:
    """Read all pictures and keep none, so that what is broken is known before anything is learnt."""
    for number in range(len(frames)):
        try:
            formed(frames, number, former, marks)
        except Unreadable as error:
            broken[number] = str(error)


def _kept(frames: Frames, broken: Mapping[int, str]) -> np.ndarray:
    is_kept = np.ones(len(frames), dtype=bool)
    is_kept[list(broken)] = False
    return np.flatnonzero(is_kept)


def _groups(attributes: Attributes) -> list[np.ndarray]:
    """A number for each picture, the same where all attributes are; then the same for the same label."""
    columns = attributes.columns
    if not columns:
        return []
    of_all = np.unique(
        ["\0".join(map(repr, row)) for row in zip(*(one.tolist() for one in columns.values()), strict=True)],
        return_inverse=True,
    )[1]
    of_label = np.unique(columns[LABEL].astype(str), return_inverse=True)[1] if LABEL in columns else None
    return [of_all, np.zeros_like(of_all) if of_label is None else of_label]


# --- What is known ------------------------------------------------------------------------------------------


def _known(files: RecordFiles, frames: Frames, options: ImageOptions, table: Texts | None) -> Known:
    """Attributes of each picture: by its folder, and by the table that was given or lies beside."""
    columns = {} if table is not None else by_folder(files.names)
    known = attributes_of(plain(columns)) if columns else Known(Attributes())
    found, notes = dict(known.attributes.columns), list(known.notes)
    by = _by_table(files, options, table)
    if by is not None:
        found |= by.attributes.columns
        notes += by.notes
    attributes = Attributes(found)
    return Known(attributes if frames.file_of is None else attributes.take(frames.file_of), tuple(notes))


def _by_table(files: RecordFiles, options: ImageOptions, table: Texts | None) -> Known | None:
    if options.labels:
        given = _texts(_content(options.labels), options.labels, options.encoding)
        known = by_table(given, files.names, options.labels, is_strict=options.strict)
        if known is None:
            raise DataError(
                f"{options.labels}: none of its columns ({', '.join(given)}) names a picture of "
                f"{files.name}, such as {files.names[0]!r}. Give it a column of file names."
            )
        return known
    if table is not None:
        return by_table(table, files.names, files.name, is_strict=options.strict)
    for name in LABEL_FILES:
        if content := files.text(name):
            known = by_table(_texts(content, name), files.names, name, is_strict=options.strict)
            return known or Known(Attributes(), (f"{name} beside the pictures names none of them: not used",))
    return None


def _boxes(files: RecordFiles, options: ImageOptions) -> tuple[Boxes | None, tuple[str, ...]]:
    """The boxes of the table that was given, and notes; one that lies beside is said."""
    if not options.boxes:
        found = files.text(BOXES_FILE)
        what = f"{BOXES_FILE} beside the pictures: add --boxes {BOXES_FILE} to learn them"
        return None, (what,) if found else ()
    content = files.text(options.boxes) or _content(options.boxes)
    table = _texts(content, options.boxes, options.encoding)
    return read_boxes(table, files.names, options.boxes, is_strict=options.strict)


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}). Check the name.") from error


def _texts(content: bytes, name: str, encoding: str = "") -> Texts:
    from gansmith.tabular.files.texts import texts_of_file  # takes a moment: only where there is a table

    return texts_of_file(content, name, encoding)


# --- Notes --------------------------------------------------------------------------------------------------


def left_out(frames: Frames, broken: Mapping[int, str]) -> str:
    """What is said of pictures that cannot be read, by their numbers, each with its reason."""
    said = [f"{frames.name(number)} ({broken[number]})" for number in sorted(broken)]
    return Caution(f"{counted(len(broken), 'file')} left out: {shortened(said)}")


def _notes(
    files: RecordFiles,
    frames: Frames,
    headers: Sequence[Header],
    broken: Mapping[int, str],
    former: Former,
    how: str,
    *,
    is_every_frame: bool,
) -> list[str]:
    notes = [f"pictures {how}"] if how else []
    if broken:
        notes.append(left_out(frames, broken))
    notes += not_read(files, headers, is_every=is_every_frame)
    if len({(header.n_channels, header.pixel_type) for header in headers}) > 1:
        notes.append(f"several kinds of pictures, all read as {former.form}")
    return notes


def not_read(files: RecordFiles, headers: Sequence[Header], *, is_every: bool) -> list[str]:
    """What of files is not read, in words: those that are no pictures, further frames, depth."""
    notes = list[str]()
    if files.others:
        verb = "is no picture" if len(files.others) == 1 else "are no pictures"
        notes.append(f"{counted(len(files.others), 'file')} {verb}: {shortened(files.others)}")
    n_animated = sum(header.n_frames > 1 and header.kind != "scan" for header in headers)
    if n_animated and not is_every:
        what = "holds several pictures" if n_animated == 1 else "hold several pictures each"
        notes.append(f"{counted(n_animated, 'file')} {what}: only the first is used")
    if n_reduced := sum(header.is_reduced for header in headers):
        notes.append(f"{counted(n_reduced, 'file')} of 16 bits a colour: 8 of them are read")
    return notes

"""Pictures turned into others, file by file: names, sub-folders, endings and all that is no pixel stay.

A file becomes a file, whose ending says of which kind; a folder or an archive a folder or a zip. Films are
turned frame by frame. A grey picture stays grey unless the model makes colour of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, final
from zipfile import ZIP_STORED, ZipFile

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_labels import counted, printable, shortened
from gansmith.modalities.grids import Turned, Turning
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Unreadable
from gansmith.modalities.image.marking import KEY, labelled, said_of
from gansmith.modalities.image.originals import FILMS, original
from gansmith.modalities.image.picture_files import check_others
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.image.rewriting import KINDS, Film, encoded, held, kind_of
from gansmith.modalities.image.tones import range_of, tones_of, turned_tones
from gansmith.modalities.image.turning_masks import Masks, masks_for
from gansmith.modalities.image.watermark import NAME, marked
from gansmith.modalities.record_files import (
    Listed,
    RecordFiles,
    files_in,
    is_archive_name,
    is_picture_name,
)
from gansmith.modalities.record_writing import Put, check_free, to_zip
from gansmith.store import whole_file, write_whole

_STANDS: Final = ".tif"
"""Ending of what cannot be written as what it was, such as a scan."""
_ZIP: Final = ".zip"


def turned(source: str | Path, output: Path, turning: Turning) -> Iterator[Turned]:
    """Turn the pictures of a file, a folder or an archive into others.

    Args:
        source: What is read.
        output: For a file the name of a file; else that of a folder, empty or not there yet, or of a zip.
        turning: What is done to each picture.

    Returns:
        One for each picture, when it is done; of those in folders that cannot be read and are left out, too:
        they have no points, and a note says why.

    Raises:
        DataError: Nothing is there, or it cannot be read or written; a mask is missing or of another size.
        UsageError: The output is no format for it, is in use, or is or lies in what is read.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: is not there. Check the name.")
    is_single = not path.is_dir() and not is_archive_name(path.name)
    _check_apart(output, path, turning.masks)
    if is_single:
        files = _single(path)
        _check_file(output, files)
    else:
        files = files_in(path)
        check_others(files, ImageOptions())
        _check_folder(output, path)
    masks = masks_for(files, turning.masks)
    return _file(files, output, masks, turning) if is_single else _folder(files, output, masks, turning)


# --- Where it goes ------------------------------------------------------------------------------------------


def _single(path: Path) -> RecordFiles:
    if not is_picture_name(path.name) and not kind_of(path.name):
        raise DataError(
            f"{path}: is no picture by its name. Wanted: a picture, a folder, or a zip or tar of pictures. "
            f"{_endings(path.suffix)}"
        )
    return Listed([path.name], str(path), path.parent)


def _check_apart(output: Path, source: Path, masks: Path | None) -> None:
    """Raise UsageError where what is read would be written over or added to."""
    for read in (source, *([] if masks is None else [masks])):
        was, to = read.resolve(), output.resolve()
        if was == to or (output.exists() and read.exists() and output.samefile(read)):
            raise UsageError(f"{output}: is an input file. Give -o another name.")
        if to.is_relative_to(was):
            raise UsageError(f"{output}: lies in {read}, which is read. Give -o a place of its own.")


def _check_file(output: Path, files: RecordFiles) -> None:
    if output.is_dir():
        raise UsageError(f"{output}: is a folder, and one file becomes a file. Give -o the name of a file.")
    if not kind_of(output.name):
        raise UsageError(f"{output}: a picture cannot be written under this name. {_endings(output.suffix)}")
    with _named(files), original(files, 0) as found:
        if found.n_frames > 1 and kind_of(output.name) not in FILMS:
            raise UsageError(
                f"{output}: holds one picture, and {files.name} {found.n_frames}. "
                "Give -o a name that ends in .gif, .png, .webp or .tif."
            )


def _endings(suffix: str) -> str:
    """Endings that are written, the nearest one first."""
    return f"{did_you_mean(suffix, KINDS)} Known are {', '.join(KINDS)}."


def _check_folder(output: Path, source: Path) -> None:
    suffix = output.suffix.lower()
    if suffix == _ZIP and not output.is_dir():
        return
    if (kind_of(output.name) or is_archive_name(output.name)) and not output.is_dir():
        raise UsageError(
            f"{output}: the pictures of {source} go to a folder or a .zip. Give -o a name without {suffix}."
        )
    check_free(output, "pictures")


# --- One file, many files -----------------------------------------------------------------------------------


def _file(files: RecordFiles, output: Path, masks: Masks | None, turning: Turning) -> Iterator[Turned]:
    def put(_: str, content: bytes) -> None:
        write_whole(output, content)

    with _named(files):
        yield from _Rewriting(files, masks, turning, put).turned(0, output.name)


@contextmanager
def _named(files: RecordFiles) -> Generator[None]:
    """What is broken of a single file, as an error that names it."""
    try:
        yield
    except Unreadable as error:
        raise DataError(f"{files.name}: cannot be read ({error}). Fetch it again.") from error


def _folder(files: RecordFiles, output: Path, masks: Masks | None, turning: Turning) -> Iterator[Turned]:
    if files.others:
        verb = "is no picture" if len(files.others) == 1 else "are no pictures"
        note = f"{counted(len(files.others), 'file')} {verb} and left out: {shortened(files.others)}"
        yield Turned(printable(files.others[0]), 0, 0.0, note)
    n_done = 0
    with _target(output) as put:
        rewriting = _Rewriting(files, masks, turning, put)
        for number, name in enumerate(files.names):
            try:
                if _leads_out(name):
                    raise Unreadable("its name leads out of the folder")
                yield from rewriting.turned(number, _kept_name(name))
                n_done += 1
            except Unreadable as error:
                yield Turned(printable(name), 0, 0.0, f"left out: {error}")
        if not n_done:
            raise DataError(f"{files.name}: none of its {counted(len(files.names), 'picture')} can be read.")


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\\" in name


def _kept_name(name: str) -> str:
    """The name of what a file becomes: its own where it can be written so."""
    return name if kind_of(name) else name + _STANDS


@contextmanager
def _target(output: Path) -> Generator[Put]:
    """Where files of some name go: a zip that appears when all are in it, or a folder, each when whole."""
    if output.suffix.lower() == _ZIP and not output.is_dir():
        with ExitStack() as stack:
            file = stack.enter_context(whole_file(output))
            put = to_zip(stack.enter_context(ZipFile(file, "w", ZIP_STORED)))
            yield lambda name, content: put(printable(name), content)
        return
    yield lambda name, content: _put(output / name, content)


def _put(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{path.parent}: cannot be made ({error.strerror or error}). Give another place."
        ) from error
    write_whole(path, content)


# --- One of them --------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class _Rewriting:
    """Turns files and puts them somewhere."""

    files: RecordFiles
    masks: Masks | None
    turning: Turning
    put: Callable[[str, bytes], None]

    def turned(self, number: int, to: str) -> Iterator[Turned]:
        """Turn all pictures of a file; the last is handed out when all are written.

        Raises:
            Unreadable: The file is broken, or a film, and `to` can be none.
            DataError: It cannot be written, or its mask is of another size.
        """
        kind = kind_of(to)
        pictures, milliseconds, last, said = list[Pixels](), list[float | None](), None, ""
        with original(self.files, number) as found:
            if found.n_frames > 1 and kind not in FILMS:
                raise Unreadable(f"it holds {found.n_frames} pictures, and {kind} holds one")
            notes, kept = found.notes, found.kept
            for index, frame in enumerate(found.frames()):
                if last is not None:
                    yield last
                name = printable(self.files.names[number]) + (f"#{index + 1}" if found.n_frames > 1 else "")
                pixels, last = self._picture(frame.pixels, number, kind, name)
                is_wanted = self.turning.is_marked and not found.is_scan
                pixels = labelled(pixels) if self.turning.is_visibly_marked else pixels
                said = said_of(pixels, is_wanted=is_wanted)
                pictures.append(marked(pixels) if said == NAME else pixels)
                milliseconds.append(frame.milliseconds)
        assert last is not None, "a file holds a picture"
        metadata = {**(self.turning.metadata or {}), KEY: said}
        self.put(to, encoded(Film(pictures, milliseconds), kind, kept, metadata, to))
        yield replace(last, note="; ".join(filter(None, (*notes, last.note))))

    def _picture(self, pixels: Pixels, number: int, kind: str, name: str) -> tuple[Pixels, Turned]:
        """A picture turned, as pixels of a kind of file."""
        height, width, _ = pixels.shape
        mask = None if self.masks is None else self.masks.of(number, height, width)
        had = range_of(pixels)
        try:
            tones = tones_of(pixels, had)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        tones, seconds, said = turned_tones(tones, self.turning, mask)
        written, notes = held(tones, pixels.dtype, had, kind)
        return written, Turned(name, height * width, seconds, "; ".join(filter(None, (said, *notes))))

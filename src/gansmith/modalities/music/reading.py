"""Music is found in folders, archives and files, and becomes pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast
from zipfile import BadZipFile, ZipFile

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.music import MusicOptions, abc_files, midi_files, roll_files, xml_files
from gansmith.modalities.music.arranging import arranged, arranged_as
from gansmith.modalities.music.records import Pieces
from gansmith.modalities.music.sources import Source

_ARCHIVES: Final = (".zip",)
_PLAIN: Final = (*midi_files.SUFFIXES, *abc_files.SUFFIXES, *xml_files.SUFFIXES)
"""Files that hold music and nothing else."""
SUFFIXES: Final = (*_PLAIN, *roll_files.SUFFIXES)
MAX_BYTES: Final = 64 << 20
"""Of a file; longer ones hold something else."""
_BESIDE: Final = (".wav",)
"""Files that stand beside those of music, as we write them, and are no word worth."""
_N_SAMPLED: Final = 200
"""Names by which a folder or an archive is recognised."""
_N_NAMED: Final = 3


def looks_like_music(source: object) -> bool:
    """A file of notes, or a folder or an archive most of whose files are such."""
    if not isinstance(source, (str, Path)):
        return False
    path = Path(source)
    suffix = path.suffix.lower()
    if path.is_dir():
        names = [one.name for one in _some(path.rglob("*"))]
        return _is_mostly_music(names)
    if not path.is_file():
        return suffix in _PLAIN
    if suffix in _ARCHIVES:
        try:
            with ZipFile(path) as archive:
                return _is_mostly_music(archive.namelist()[: 10 * _N_SAMPLED])
        except (BadZipFile, OSError):
            return False
    return suffix in _PLAIN or (suffix in roll_files.SUFFIXES and _holds_steps(path))


def _some(paths: Iterator[Path]) -> Iterator[Path]:
    for _, path in zip(range(10 * _N_SAMPLED), paths, strict=False):
        if path.is_file():
            yield path


def _is_mostly_music(names: Sequence[str]) -> bool:
    files = [name for name in names if not name.endswith("/") and not Path(name).name.startswith(".")]
    n = sum(Path(name).suffix.lower() in _PLAIN for name in files)
    return n > 0 and 2 * n >= len(files)


def _holds_steps(path: Path) -> bool:
    """Whether a JSON or NPZ file begins as pieces of music do."""
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix.lower() == ".npz":
        return b"pianoroll_0" in head or b"roll" in head
    text = head.decode("utf-8", "ignore")
    inner = "".join(text.split())
    start = inner.find("[[[")
    return (
        start >= 0
        and inner[:start].count("{") <= 1
        and inner[start + 3 : start + 6].lstrip("-")[:1].isdigit()
    )


def read_pieces(source: object, options: MusicOptions, like: Pieces | None = None) -> Pieces:
    """The user's music.

    Args:
        source: A path, or an array: pitches of shape `(pieces, steps, voices)`, -1 for silence.
        options: How it is read.
        like: What it is to be like: its tracks, its grid.

    Raises:
        DataError: It is missing, damaged or silent.
    """
    if isinstance(source, Pieces):
        return source
    if isinstance(source, np.ndarray):
        sources, name, notes = list(_of_array(cast("Any", source), options)), "array", list[str]()
    elif isinstance(source, (str, Path)):
        name = str(source)
        sources, notes = _sources(Path(source), options)
    else:
        raise DataError(f"{source!r:.80} is no music. Give a folder of MIDI, a file, or an array of pitches.")
    if like is not None:
        return arranged_as(sources, like.form, name, notes)
    return arranged(sources, options.grid, name, notes)


def _of_array(values: np.ndarray, options: MusicOptions) -> Iterator[Source]:
    if values.ndim != 3 or values.dtype.kind not in "iu":
        raise DataError(
            f"an array of shape {values.shape} and type {values.dtype} is no music. "
            "Wanted: whole pitches of shape (pieces, steps, voices), -1 for silence."
        )
    for number, piece in enumerate(values):
        if not ((piece >= -1) & (piece < 128)).all():
            raise DataError(
                f"piece {number + 1} of the array has pitches beyond 0 to 127. Wanted: MIDI pitches."
            )
        yield roll_files.of_voices(piece, f"piece {number + 1}", options.grid, ())


def _sources(path: Path, options: MusicOptions) -> tuple[list[Source], list[str]]:
    """All pieces of a path, and what could not be read of a folder or an archive."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder. Check the path.")
    if path.is_file() and path.suffix.lower() not in _ARCHIVES:
        return list(_of_file(path.name, _content(path), options)), []
    found, broken, n_others = list[Source](), list[str](), 0
    for name, content in _members(path):
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            n_others += suffix not in _BESIDE
            continue
        try:
            found += _of_file(name, content(), options)
        except DataError as error:
            broken.append(str(error))
    if not found:
        why = f" The first: {broken[0]}" if broken else ""
        raise DataError(f"{path}: no file of it holds music ({', '.join(SUFFIXES)}).{why}")
    notes = [f"{n_others:,} files that are no music were left out"] if n_others else []
    if broken:
        more = f" and {len(broken) - _N_NAMED:,} more" if len(broken) > _N_NAMED else ""
        notes.append(f"{len(broken):,} files were left out: {' '.join(broken[:_N_NAMED])}{more}")
    return found, notes


def _members(path: Path) -> Iterator[tuple[str, Any]]:
    """Names of files, and what reads each."""
    if path.is_dir():
        for one in sorted(path.rglob("*")):
            if one.is_file() and not one.name.startswith("."):
                yield str(one.relative_to(path)), lambda one=one: _content(one)
        return
    try:
        with ZipFile(path) as archive:
            for info in sorted(archive.infolist(), key=lambda one: one.filename):
                if not info.is_dir():
                    yield info.filename, lambda info=info: _unpacked(archive, info)
    except (BadZipFile, OSError) as error:
        raise DataError(f"{path}: the archive cannot be read ({error}). Pack it again.") from error


def _unpacked(archive: ZipFile, info: Any) -> bytes:
    if info.file_size > MAX_BYTES:
        raise DataError(f"{info.filename}: {info.file_size:,} bytes are too many for music. Leave it out.")
    return archive.read(info)


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DataError(
            f"{path}: {size:,} bytes are too many for music. Give its pieces in files of their own."
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: it cannot be read ({error}).") from error


def _of_file(name: str, content: bytes, options: MusicOptions) -> Iterator[Source]:
    suffix = Path(name).suffix.lower()
    if suffix in midi_files.SUFFIXES:
        yield midi_files.read_midi(content, name)
    elif suffix in abc_files.SUFFIXES:
        yield from abc_files.read_abc(content, name)
    elif suffix in xml_files.SUFFIXES:
        yield xml_files.read_xml(content, name)
    elif suffix == ".json":
        yield from roll_files.read_json(content, name, options.part, options.grid)
    elif suffix == ".npz":
        yield from roll_files.read_npz(content, name, options.grid)
    else:
        raise DataError(
            f"{name}: this is no file of music. Wanted: {', '.join(SUFFIXES)}, a folder or a zip of them."
        )

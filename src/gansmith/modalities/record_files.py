"""Where files of records are: a folder, a zip, a tar, a list of paths; read where they lie, none unpacked.

A record is a file of its own here: a picture, a sound.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import Final, Protocol, final, runtime_checkable

import numpy as np

from gansmith.errors import DataError

SUFFIXES: Final = frozenset((
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pnm",
    ".pbm", ".bmp", ".gif", ".dcm", ".dicom", ".nii",
))  # fmt: skip
"""Of picture files; `.nii.gz` beside them."""
SOUND_SUFFIXES: Final = frozenset(
    (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
)
"""Of sound files."""
ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
LABEL_FILES: Final = ("labels.csv", "attributes.csv", "metadata.csv")
"""Files beside records that say what is known of them, in the order in which they are looked for."""
BOXES_FILE: Final = "boxes.csv"
"""A file beside pictures that says where in them something is."""
MAX_FILE_BYTES: Final = 512 * 1024**2
"""A larger file is no record."""
MAX_ENCODED_BYTES: Final = 1024**3
"""Of a compressed tar, whose members cannot be reached one by one: they are kept in memory."""
MAX_TABLE_BYTES: Final = 64 * 1024**2
"""Of a table in such a tar."""
_ARRAY: Final = ".npy"
_TABLES: Final = frozenset((*LABEL_FILES, BOXES_FILE))
_SILENT: Final = frozenset(("thumbs.db", "desktop.ini", "meta.json")) | _TABLES
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_DIGITS: Final = re.compile(r"\d+")
Wanted = Callable[[str], bool]
"""Whether a file is a record of some kind by its name."""


@runtime_checkable
class RecordFiles(Protocol):
    """Files of records by number, in the natural order of their names."""

    @property
    def name(self) -> str:
        """Where they are, for messages."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """Their paths in the folder or archive, parts parted by "/"."""
        ...

    @property
    def others(self) -> Sequence[str]:
        """Files there that are none by their name, hidden ones and those of labels left out."""
        ...

    def open(self, number: int) -> BufferedIOBase:
        """A file, to be read from its beginning.

        Raises:
            OSError: It cannot be read any more.
        """
        ...

    def text(self, name: str) -> bytes | None:
        """The content of a small file there, or beside the archive; None when there is none."""
        ...

    def n_bytes(self, number: int) -> int:
        """Size of a file; -1 when it is not there any more."""
        ...


def is_picture_name(name: str) -> bool:
    """Whether a file is a picture by its name.

    Example:
        >>> [is_picture_name(name) for name in ("a.JPG", "b/c.nii.gz", "notes.txt", "png")]
        [True, True, False, False]
    """
    return name[name.rfind(".") :].lower() in SUFFIXES or name.lower().endswith(".nii.gz")


def is_sound_name(name: str) -> bool:
    """Whether a file is a sound by its name."""
    return name[name.rfind(".") :].lower() in SOUND_SUFFIXES


def is_record_name(name: str) -> bool:
    """Whether a file is a picture or a sound by its name."""
    return is_picture_name(name) or is_sound_name(name)


def is_archive_name(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith(ARCHIVES)


def is_hidden(name: str) -> bool:
    """Whether some part of a path is hidden, or of what systems leave in folders and archives."""
    return "/." in f"/{name}" or name.startswith("__MACOSX/")


def natural(names: Iterable[str]) -> list[str]:
    """Names in the order in which people count.

    Example:
        >>> natural(["s10/1.pgm", "s2/10.pgm", "s2/9.pgm"])
        ['s2/9.pgm', 's2/10.pgm', 's10/1.pgm']
    """
    return sorted(sorted(names), key=lambda name: _DIGITS.sub(lambda found: found[0].zfill(20), name))


def sorted_out(names: Iterable[str], is_wanted: Wanted) -> tuple[list[str], list[str]]:
    """Names of records, and of other files that are worth a word; both in natural order."""
    records, others, arrays = list[str](), list[str](), list[str]()
    for name in names:
        if is_hidden(name):
            continue
        if is_wanted(name):
            records.append(name)
        elif name.lower().endswith(_ARRAY) and is_wanted is is_picture_name:
            arrays.append(name)
        elif name.rpartition("/")[2].lower() not in _SILENT:
            others.append(name)
    (records if len(arrays) > 1 else others).extend(arrays)  # one alone holds many pictures, or none
    return natural(records), natural(others)


@final
class Folder:
    """See `RecordFiles`: those of a folder and of all folders in it."""

    def __init__(self, path: Path, is_wanted: Wanted = is_picture_name) -> None:
        self.path = path
        self.name = str(path)
        self.names, self.others = sorted_out(_walk(path), is_wanted)

    def open(self, number: int) -> BufferedIOBase:
        return (self.path / self.names[number]).open("rb")

    def text(self, name: str) -> bytes | None:
        return _content(self.path / name)

    def n_bytes(self, number: int) -> int:
        return _n_bytes(f"{self.path}/{self.names[number]}")


def _walk(root: Path) -> Iterable[str]:
    """Paths of all files below a folder; links to folders are followed, each folder entered once."""
    entered, todo = set[tuple[int, int]](), [("", str(root))]
    while todo:
        prefix, folder = todo.pop()
        try:
            seen = os.stat(folder)  # noqa: PTH116 - without a Path for each of many
            if (seen.st_dev, seen.st_ino) in entered:
                continue
            entered.add((seen.st_dev, seen.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_dir():
                        yield prefix + entry.name
                    elif not entry.name.startswith("."):
                        todo.append((f"{prefix}{entry.name}/", entry.path))
        except OSError as error:
            if folder == str(root):
                raise DataError(
                    f"{root}: cannot be read ({error.strerror or error}). Check the name."
                ) from error


@final
class Listed:
    """See `RecordFiles`: those of a list of paths, in its order.

    Args:
        names: The paths as they were given.
        name: Where they came from, for messages.
        folder: What relative paths are relative to.
    """

    def __init__(self, names: Sequence[str], name: str, folder: Path) -> None:
        self.names, self.name, self.folder = names, name, folder
        self.others: Sequence[str] = ()

    def open(self, number: int) -> BufferedIOBase:
        return (self.folder / self.names[number]).open("rb")

    def text(self, name: str) -> bytes | None:
        return None

    def n_bytes(self, number: int) -> int:
        return _n_bytes(str(self.folder / self.names[number]))


@final
class Zipped:
    """See `RecordFiles`: the members of a zip.

    Raises:
        DataError: From the constructor, when it is no zip, damaged, or needs a password.
    """

    def __init__(self, path: Path, is_wanted: Wanted = is_picture_name) -> None:
        self.path, self.name = path, str(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: cannot be read as a zip ({error}). Make it again.") from error
        members = {member.filename: member for member in self._zip.infolist() if not member.is_dir()}
        if any(member.flag_bits & 1 for member in members.values()):
            raise DataError(f"{path}: needs a password. Unpack it and give the folder.")
        self.names, self.others = sorted_out(members, is_wanted)
        self._members = [members[name] for name in self.names]

    def open(self, number: int) -> BufferedIOBase:
        member = self._members[number]
        return _in_memory(member.file_size, lambda: self._zip.read(member))

    def text(self, name: str) -> bytes | None:
        for member in self._zip.infolist():
            if _is_at_top(member.filename, name) and member.file_size <= MAX_FILE_BYTES:
                try:
                    return self._zip.read(member)
                except (OSError, *_DAMAGED) as error:
                    raise DataError(
                        f"{self.path}: {member.filename} cannot be read ({error}). Make it again."
                    ) from error
        return _content(self.path.parent / name)

    def n_bytes(self, number: int) -> int:
        return self._members[number].file_size


@final
class Tarred:
    """See `RecordFiles`: the members of a tar; of a compressed one all are kept in memory.

    Raises:
        DataError: From the constructor, when it is no tar, damaged, or too large to be kept.
    """

    def __init__(self, path: Path, is_wanted: Wanted = is_picture_name) -> None:
        self.path, self.name, self._is_wanted = path, str(path), is_wanted
        self._places = dict[str, tuple[int, int]]()
        self._contents = dict[str, bytes]()
        try:
            self._list()
        except (OSError, tarfile.TarError, EOFError, ValueError) as error:
            raise DataError(f"{path}: cannot be read as a tar ({error}). Make it again.") from error
        self.names, self.others = sorted_out(self._places, is_wanted)

    def _list(self) -> None:
        with self.path.open("rb") as file:
            self._is_plain = is_plain = file.read(265)[257:262] == b"ustar"
        n_kept = 0
        with tarfile.open(self.path, "r:" if is_plain else "r|*") as archive:
            for member in archive:
                if not member.isreg() or member.sparse is not None:
                    continue
                name = member.name.removeprefix("./")
                self._places[name] = member.offset_data, member.size
                is_table = name.lower().endswith(".csv") and member.size <= MAX_TABLE_BYTES
                is_read = is_table or self._is_wanted(name) or name.lower().endswith(_ARRAY)
                if is_plain or is_hidden(name) or not is_read:
                    continue
                n_kept += member.size
                if n_kept > MAX_ENCODED_BYTES:
                    raise DataError(
                        f"{self.path}: its records take more than {MAX_ENCODED_BYTES // 1024**2} MiB, too "
                        "much to be kept in memory. Unpack it and give the folder."
                    )
                found = archive.extractfile(member)
                self._contents[name] = found.read() if found else b""

    def _read(self, name: str) -> bytes:
        if name in self._contents:
            return self._contents[name]
        offset, size = self._places[name]
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def open(self, number: int) -> BufferedIOBase:
        name = self.names[number]
        return _in_memory(self._places[name][1], lambda: self._read(name))

    def text(self, name: str) -> bytes | None:
        for member in self._places:
            if _is_at_top(member, name) and (self._is_plain or member in self._contents):
                return self._read(member)
        return _content(self.path.parent / name)

    def n_bytes(self, number: int) -> int:
        return self._places[self.names[number]][1]


@final
class Selected:
    """See `RecordFiles`: some of the files of others.

    Args:
        files: All of them.
        numbers: Which ones, in their order.
    """

    def __init__(self, files: RecordFiles, numbers: Sequence[int]) -> None:
        self._files, self._numbers = files, numbers
        self.name, self.others = files.name, files.others
        self.names: Sequence[str] = [files.names[number] for number in numbers]

    def open(self, number: int) -> BufferedIOBase:
        return self._files.open(self._numbers[number])

    def text(self, name: str) -> bytes | None:
        return self._files.text(name)

    def n_bytes(self, number: int) -> int:
        return self._files.n_bytes(self._numbers[number])


def files_in(path: Path, is_wanted: Wanted = is_picture_name) -> RecordFiles:
    """The files of a folder or an archive that are records by their name: pictures, where nobody says.

    Raises:
        DataError: It cannot be read.
    """
    if path.is_dir():
        return Folder(path, is_wanted)
    return (Zipped if path.name.lower().endswith(".zip") else Tarred)(path, is_wanted)


def evenly(n: int, n_wanted: int) -> np.ndarray:
    """At most that many numbers below `n`, evenly spread.

    Example:
        >>> evenly(10, 4).tolist(), evenly(3, 4).tolist()
        ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.arange(n) if n <= n_wanted else np.linspace(0, n - 1, n_wanted).round().astype(np.int64)


def _in_memory(size: int, read: Callable[[], bytes]) -> BufferedIOBase:
    if size > MAX_FILE_BYTES:
        raise OSError(f"{size} bytes, at most {MAX_FILE_BYTES} are read")
    try:
        return io.BytesIO(read())
    except _DAMAGED as error:
        raise OSError(f"damaged in the archive: {error}") from error


def _is_at_top(member: str, name: str) -> bool:
    """Whether a member of an archive has this name, at its top or in a folder there."""
    parts = PurePosixPath(member).parts
    return bool(parts) and parts[-1].lower() == name.lower() and len(parts) <= 2


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _n_bytes(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - without a Path for each of many
    except OSError:
        return -1

"""The mark in sounds that are written: which of them get it, and what files say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import printable
from gansmith.modalities.audio.reading import decoded_file, listed
from gansmith.modalities.audio.sounds import Form
from gansmith.modalities.audio.watermark import N_BITS, NAME, read_mark, why_not
from gansmith.modalities.marking import NONE, Found
from gansmith.modalities.record_files import RecordFiles, is_archive_name, is_sound_name
from gansmith.modalities.waves import Unreadable

KEY: Final = "watermark"
"""Under which metadata say which mark a sound carries."""
UNWANTED: Final = f"{NONE}: not wanted"


def said_of_form(form: Form, *, is_wanted: bool) -> str:
    """What metadata say of sounds of a form: their mark, or why they have none."""
    if not is_wanted:
        return UNWANTED
    reason = why_not(form.n_samples, form.rate_hz)
    return f"{NONE}: {reason}" if reason else NAME


def marks_in(source: str) -> Iterator[Found]:
    """See `Marking`."""
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: is not there. Check the name.")
    if not (path.is_dir() or is_archive_name(path.name) or is_sound_name(path.name)):
        raise DataError(f"{path}: is no sound by its name. Give sounds, folders or archives of them.")
    files = listed(path)
    for number, name in enumerate(files.names):
        try:
            found = decoded_file(files, number)
        except Unreadable as error:
            yield Found(printable(name), False, 0, N_BITS, 1.0, False, f"cannot be read: {error}")
            continue
        read = read_mark(found.wave, found.rate_hz)
        yield Found(
            printable(name), read.is_marked, read.n_right, N_BITS, read.chance, _says_so(files, number)
        )


def _says_so(files: RecordFiles, number: int) -> bool:
    """Whether a file holds the words by which ours say that they were made."""
    with suppress(OSError), files.open(number) as file:
        content = file.read()
        return b"synthetic" in content and b"gansmith" in content
    return False

"""Sounds from wherever the user has them, and what is known of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import Caution, DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_labels import (
    Known,
    Texts,
    attributes_of,
    by_folder,
    by_name,
    by_table,
    counted,
    like,
    plain,
    printable,
    shortened,
    spelt,
)
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.decoding import EXTRA, decode
from gansmith.modalities.audio.forming import LONG_SECONDS, Piece, chosen_form, formed, pieces_of
from gansmith.modalities.audio.sounds import LOUDNESS, SECONDS, Came, Form, Sounds, loudness_db
from gansmith.modalities.record_files import (
    LABEL_FILES,
    Listed,
    RecordFiles,
    evenly,
    files_in,
    is_archive_name,
    is_sound_name,
)
from gansmith.modalities.waves import Decoded, Unreadable, as_pcm
from gansmith.tabular.where import terms_of

SOUND: Final = "sound"
N_LOOKED_AT: Final = 500
"""Files that decide on the form."""
MAX_BYTES: Final = 2 * 1024**3
"""Of all sounds in memory."""
FEWEST: Final = 2
MOST: Final = 4.0
"""Of a sample in an array that is louder than full scale."""
MIN_SPREAD_DB: Final = 2.0
"""Standard deviation of loudness below which it says nothing."""


def looks_like_sounds(source: object) -> bool:
    """Whether a path or an object in memory is sounds."""
    if isinstance(source, Sounds):
        return True
    if isinstance(source, tuple):
        parts = cast("tuple[Any, ...]", source)
        is_array = len(parts) in (2, 3) and isinstance(parts[0], np.ndarray)
        return is_array and isinstance(parts[1], int) and not isinstance(parts[1], bool)
    if isinstance(source, list):
        items = cast("list[Any]", source)
        return bool(items) and all(isinstance(one, (str, Path)) and is_sound_name(str(one)) for one in items)
    if not isinstance(source, (str, Path)):
        return False
    path = Path(source)
    try:
        if path.is_dir():
            return any(is_sound_name(one.name) for one in _first(path))
        if is_sound_name(path.name):
            return True
        return path.is_file() and is_archive_name(path.name) and bool(files_in(path, is_sound_name).names)
    except (OSError, DataError):
        return False


def _first(path: Path, n: int = 2_000) -> Iterator[Path]:
    """Some of the files below a folder."""
    for number, one in enumerate(path.rglob("*")):
        if number == n:
            return
        if not any(part.startswith(".") for part in one.relative_to(path).parts):
            yield one


def read_sounds(source: object, options: AudioOptions, form: Form | None = None) -> Sounds:
    """Sounds from wherever the user has them.

    Args:
        source: A folder, perhaps with one for each class; a zip or tar of such; one file, of a recording that
            is cut at its onsets; a list of paths; a pair (array, rate in Hz), the array `(n, n_samples)` or
            `(n, n_samples, n_channels)`, from -1 to 1 or int16, perhaps with labels as a third; `Sounds`.
        options: How they are read.
        form: What they are brought to; None chooses.

    Raises:
        DataError: Sounds are missing, malformed, or fewer than two.
        UsageError: `where` or a part of names is not there.
    """
    if isinstance(source, Sounds):
        sounds = source
    elif isinstance(source, tuple):
        sounds = _of_arrays(cast("tuple[Any, ...]", source), form)
    else:
        sounds = _of_files(listed(source), options, form)
    sounds = _wanted(sounds, options)
    if len(sounds) < FEWEST:
        raise DataError(
            f"{sounds.name}: {counted(len(sounds), SOUND)}. Give at least {FEWEST}; hundreds are better."
        )
    return sounds


def read_like(source: object, like_these: Sounds) -> Sounds:
    """Sounds that are to be compared with others: brought to their form.

    Raises:
        DataError: As `read_sounds`.
    """
    sounds = read_sounds(source, AudioOptions(), like_these.form)
    if sounds.form != like_these.form:
        raise DataError(
            f"{sounds.name}: sounds of {sounds.form}, those of {like_these.name} have {like_these.form}. "
            "Bring them to one form."
        )
    return sounds.with_attributes(like(sounds.attributes, like_these.attributes))


def read_to_judge(source: object, like_these: Sounds) -> Sounds:
    """Generated sounds that are to be judged beside others; see `read_like`.

    What rate, channels and length they came with is kept in `Sounds.came`.
    """
    return read_like(source, like_these)


# --- Files --------------------------------------------------------------------------------------------------


def listed(source: object) -> RecordFiles:
    """Sound files by number: of a list, a folder, an archive, or one.

    Raises:
        DataError: It is not there.
    """
    if isinstance(source, (list, tuple)):
        names = [str(one) for one in cast("Sequence[Any]", source)]
        return Listed(names, "list of paths", Path())
    path = Path(str(source))
    if not path.exists():
        raise DataError(f"{path}: is not there. Check the name.")
    if path.is_dir() or is_archive_name(path.name):
        return files_in(path, is_sound_name)
    return Listed([path.name], str(path), path.parent)


def decoded_file(files: RecordFiles, number: int) -> Decoded:
    """The samples of one file.

    Raises:
        Unreadable: It cannot be read.
    """
    try:
        with files.open(number) as file:
            content = file.read()
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    return decode(content, files.names[number])


def _of_files(files: RecordFiles, options: AudioOptions, form: Form | None) -> Sounds:
    if not files.names:
        raise DataError(f"{files.name}: no sound files there, such as a.wav. Check the name.")
    broken = dict[int, str]()
    some = evenly(len(files.names), N_LOOKED_AT).tolist()
    looked = {number: _pieces(files, number, options, broken) for number in some}
    some_pieces = [piece for pieces, _ in looked.values() for piece in pieces]
    if not some_pieces:
        raise _nothing(files, broken)
    form = form or chosen_form(some_pieces, options)
    waves, file_of, came, names, odd = list[np.ndarray](), list[int](), list[Came](), list[str](), list[str]()
    most = max(1, MAX_BYTES // (2 * form.n_samples * form.n_channels))
    numbers = evenly(len(files.names), most).tolist()
    for number in numbers:
        pieces, found = looked.pop(number, None) or _pieces(files, number, options, broken)
        odd += [f"{_name(files, number)} ({found.note})"] if found and found.note else []
        for piece in pieces[: most - len(waves)]:
            waves.append(as_pcm(formed(piece, form)))
            names.append(piece.name)
            came.append(_came(piece))
            file_of.append(number)
    if options.strict and broken:
        raise DataError(f"{_left_out(files, broken)}. Repair or remove them, or leave --strict out.")
    known = _known(files, options)
    sounds = _together(waves, known.attributes.take(np.array(file_of, np.int64)), form)
    notes = [_left_out(files, broken)] if broken else []
    notes += (
        [Caution(f"{counted(len(odd), 'file')} with a header that lies: {shortened(odd)}")] if odd else []
    )
    notes += [f"{len(files.names) - len(numbers):,} files left out: too many to be held"] * (
        len(numbers) < len(files.names)
    )
    notes += _brought(came, form, len(set(file_of)))
    name = Path(files.name).name or files.name
    return replace(sounds, name=name, notes=(*notes, *known.notes), names=tuple(names), came=tuple(came))


def _pieces(
    files: RecordFiles, number: int, options: AudioOptions, broken: dict[int, str]
) -> tuple[list[Piece], Decoded | None]:
    try:
        found = decoded_file(files, number)
    except Unreadable as error:
        broken[number] = str(error)
        return [], None
    pieces = pieces_of(found, files.names[number], options)
    if not pieces:
        broken[number] = "is silent"
    return pieces, found


def _name(files: RecordFiles, number: int) -> str:
    return printable(files.names[number])


def _came(piece: Piece) -> Came:
    return Came(piece.rate_hz, piece.wave.shape[1], len(piece.wave) / piece.rate_hz)


def _together(waves: Sequence[np.ndarray], known: Attributes, form: Form) -> Sounds:
    """Waves of up to the length of a form as one block; how long and how loud each is, if that differs."""
    block = np.zeros((len(waves), form.n_samples, form.n_channels), np.int16)
    seconds, loudness = np.zeros(len(waves)), np.zeros(len(waves))
    for place, wave in enumerate(waves):
        block[place, : len(wave)] = wave
        seconds[place] = np.ceil(100 * len(wave) / form.rate_hz) / 100
        loudness[place] = loudness_db(wave / 32_768, form.rate_hz)
    columns = dict(known.columns)
    if len(waves) and np.ptp(seconds) > 0.02 * form.seconds:
        columns.setdefault(SECONDS, seconds)
    if len(waves) and loudness.std() > MIN_SPREAD_DB:
        columns.setdefault(LOUDNESS, loudness)
    return Sounds(block, form, Attributes(columns))


def _nothing(files: RecordFiles, broken: Mapping[int, str]) -> DataError:
    reasons = Counter(broken.values())
    why, n = reasons.most_common(1)[0]
    if why.endswith(EXTRA):
        name = printable(files.names[next(number for number, said in broken.items() if said == why)])
        return DataError(f"{files.name}: {counted(n, 'file')} left out, such as {name}: {why}.")
    return DataError(f"{_left_out(files, broken)}: no sound is left. Give files that can be heard.")


def _left_out(files: RecordFiles, broken: Mapping[int, str]) -> str:
    said = [f"{printable(files.names[number])} ({broken[number]})" for number in sorted(broken)]
    return Caution(f"{files.name}: {counted(len(broken), 'file')} left out: {shortened(said)}")


def _brought(came: Sequence[Came], form: Form, n_files: int) -> list[str]:
    """What was done to sounds so that all have one form."""
    notes = list[str]()
    if n := sum(one.rate_hz != form.rate_hz for one in came):
        notes.append(f"{counted(n, SOUND)} of another rate brought to {form.rate_hz:,} Hz")
    if n := sum(one.n_channels != form.n_channels for one in came):
        notes.append(f"{counted(n, SOUND)} brought to {'mono' if form.n_channels == 1 else 'stereo'}")
    if n := sum(one.seconds > form.seconds + 0.01 for one in came):
        notes.append(f"{counted(n, SOUND)} cut to {form.seconds:.2f} s; --seconds says another length")
    if len(came) > n_files:
        notes.append(
            f"recordings longer than {LONG_SECONDS:.0f} s are cut at their onsets: {len(came):,} sounds of "
            f"{counted(n_files, 'file')}"
        )
    return notes


# --- What is known ------------------------------------------------------------------------------------------


def _known(files: RecordFiles, options: AudioOptions) -> Known:
    """Attributes of each file: by its folder, its name, and the table that was given or lies beside."""
    columns: dict[str, list[str | None]] = {}
    by_table_ = _by_table(files, options)
    if options.parts or (by_table_ is None and len(files.names) > 1):
        columns |= by_name(files.names, options.parts)
    columns |= by_folder(files.names)
    known = attributes_of(plain(columns), SOUND) if columns else Known(Attributes())
    found = {name: column for name, column in known.attributes.columns.items() if not _is_constant(column)}
    notes = list(known.notes) if options.parts else []
    if by_table_ is not None:
        found |= by_table_.attributes.columns
        notes += by_table_.notes
    return Known(Attributes(found), tuple(notes))


def _is_constant(column: np.ndarray) -> bool:
    return column.dtype == object and len(set(column.tolist())) < 2


def _by_table(files: RecordFiles, options: AudioOptions) -> Known | None:
    from gansmith.tabular.files.texts import texts_of_file  # takes a moment: only where there is a table

    if options.labels:
        try:
            content = Path(options.labels).read_bytes()
        except OSError as error:
            raise DataError(
                f"{options.labels}: cannot be read ({error.strerror or error}). Check the name."
            ) from error
        table: Texts = texts_of_file(content, options.labels, "")
        known = by_table(table, files.names, options.labels, is_strict=options.strict, noun=SOUND)
        if known is None:
            raise DataError(
                f"{options.labels}: none of its columns ({', '.join(table)}) names a sound of {files.name}, "
                f"such as {files.names[0]!r}. Give it a column of file names."
            )
        return known
    for name in LABEL_FILES:
        if content := files.text(name):
            table = texts_of_file(content, name, "")
            known = by_table(table, files.names, name, is_strict=options.strict, noun=SOUND)
            return known or Known(Attributes(), (f"{name} beside the sounds names none of them: not used",))
    return None


# --- In memory ----------------------------------------------------------------------------------------------


def _of_arrays(given: tuple[Any, ...], form: Form | None) -> Sounds:
    array, rate_hz = np.asarray(given[0]), int(given[1])
    if array.ndim not in (2, 3) or not len(array) or array.dtype.kind not in "fi" or rate_hz < 1:
        raise DataError(
            f"an array of shape {array.shape} and type {array.dtype} at {rate_hz} Hz: sounds are "
            "(n, n_samples) or (n, n_samples, n_channels), of int16, or from -1 to 1, with a rate in Hz."
        )
    block = array if array.ndim == 3 else array[..., None]
    waves = block / 32_768 if block.dtype.kind == "i" else block
    is_odd = ~(np.abs(waves) <= MOST).all((1, 2))
    if is_odd.any():
        raise DataError(
            f"sound {int(np.argmax(is_odd))} of the array holds values that are no samples, such as NaN or "
            f"more than {MOST:g}. Scale them to -1 to 1."
        )
    form = form or Form(rate_hz=rate_hz, n_samples=block.shape[1], n_channels=min(2, block.shape[2]))
    made = [as_pcm(formed(Piece(wave.astype(np.float32), rate_hz, ""), form)) for wave in waves]
    columns: dict[str, np.ndarray] = {}
    if len(given) == 3:
        labels = np.asarray(given[2]).tolist()
        columns["label"] = np.array([None if one is None else spelt(one) for one in labels], object)
    return replace(_together(made, Attributes(columns), form), name="array")


# --- Which are wanted ---------------------------------------------------------------------------------------


def _wanted(sounds: Sounds, options: AudioOptions) -> Sounds:
    columns = sounds.attributes.columns
    for term in terms_of(options.where, list(columns) or ["label"]):
        if term.column not in columns:
            raise UsageError(
                f"{sounds.name}: nothing is known of {term.column!r}. "
                f"{did_you_mean(term.column, columns) if columns else 'Give labels with --labels.'}"
            )
        if term.operator != "=":
            raise UsageError(f"{term.column!r}: sounds to learn from are chosen with = alone.")
        column = sounds.attributes.columns[term.column]
        texts = [None if one is None else spelt(one) for one in column.tolist()]
        values = {spelt(value) for value in term.values}
        if not values & set(texts):
            known = sorted({text for text in texts if text is not None})
            near = did_you_mean(str(next(iter(values))), known)
            raise UsageError(f"{sounds.name}: no sound has {term.column}={sorted(values)}. {near}")
        sounds = sounds.take(np.flatnonzero([text in values for text in texts]))
    return sounds

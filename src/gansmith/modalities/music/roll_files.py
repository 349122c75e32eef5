"""Music as numbers: steps of pitches in JSON, piano rolls in NPZ, arrays in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.music.sources import Part, Source
from gansmith.modalities.music.theory import Notes

SUFFIXES: Final = (".json", ".npz")
_VOICES: Final = ("soprano", "alto", "tenor", "bass")
CHOIR: Final = 52
"""General MIDI's "choir aahs"."""
_MOSTLY: Final = 0.9
"""Share of the changes that fall on every second step where steps are sixteenths, ..."""
_HALF: Final = 0.5
"""... and on every fourth one."""
_CLEARLY: Final = 0.75
"""Share of the changes that fall on every second step where steps are eighths."""
_UNCLEAR: Final = (
    "it does not say where a repeated note begins: equal pitches that follow each other are one long note"
)


def read_json(content: bytes, name: str, part: str, grid: int) -> Iterator[Source]:
    """Pieces as lists of steps, each a list of pitches; -1 or nothing is silence.

    Raises:
        DataError: It is no JSON, or holds something else; with the place.
        UsageError: There is no such part.
    """
    try:
        found: Any = json.loads(content)
    except ValueError as error:
        raise DataError(f"{name}: this is no JSON ({error}). Wanted: pieces as lists of steps.") from error
    said: tuple[str, ...] = ()
    if isinstance(found, Mapping):
        parts = cast("Mapping[str, Any]", found)
        if not parts:
            raise DataError(f"{name}: it is empty. Wanted: pieces as lists of steps of pitches.")
        chosen = part or ("train" if "train" in parts else next(iter(parts)))
        if chosen not in parts:
            raise UsageError(f"{name}: there is no part {chosen!r}. {did_you_mean(chosen, list(parts))}")
        if len(parts) > 1 and not part:
            said = (f"of its parts {', '.join(parts)} {chosen} is read; another with --part",)
        found = parts[chosen]
    if not isinstance(found, list) or not found:
        raise DataError(f"{name}: it holds no list of pieces. Wanted: pieces as lists of steps of pitches.")
    tables = [_rows(one, f"{name}, piece {at + 1}") for at, one in enumerate(cast("list[Any]", found))]
    grid = grid or grid_of([_changes(one) for one in tables])
    for number, rows in enumerate(tables):
        yield _of_rows(rows, f"{name}, piece {number + 1}", grid, said if not number else ())


def _changes(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Whether each step but the first is unlike the one before it."""
    return np.array([one != other for one, other in pairwise(rows)], bool)


def _rows(piece: Any, where: str) -> list[list[int]]:
    """Steps of whole pitches."""
    if not isinstance(piece, list) or not piece:
        raise DataError(f"{where}: this is no list of steps, but {piece!r:.40}. Wanted: steps of pitches.")
    rows: list[list[int]] = []
    for step, pitches in enumerate(cast("list[Any]", piece)):
        row = cast("list[Any]", pitches) if isinstance(pitches, list) else [pitches]
        wrong = [one for one in row if one is not None and not _is_pitch(one)]
        if wrong:
            raise DataError(
                f"{where}, step {step + 1}: {wrong[0]!r:.40} is no MIDI pitch. Wanted: 0 to 127, or -1."
            )
        rows.append([-1 if one is None else int(one) for one in row])
    return rows


def _is_pitch(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and value == int(value)
        and -1 <= value < 128
    )


def _of_rows(rows: Sequence[Sequence[int]], where: str, grid: int, said: tuple[str, ...]) -> Source:
    """Voices where all steps have equally many pitches, else chords."""
    width = {len(row) for row in rows}
    if len(width) == 1 and width != {0}:
        table = np.array(rows, np.int64)
        return of_voices(table, where, grid, (*said, _UNCLEAR))
    is_on = np.zeros((len(rows), 128), bool)
    for step, row in enumerate(rows):
        is_on[step, [pitch for pitch in row if pitch >= 0]] = True
    part = Part(_notes_of_roll(is_on, grid), "chords")
    return Source(where, (part,), grid=grid, notes=(*said, _UNCLEAR))


def of_voices(pitches: np.ndarray, where: str, grid: int, said: tuple[str, ...]) -> Source:
    """A table of pitches, shape `(n_steps, n_voices)`, -1 for silence; four voices are a choir."""
    grid = grid or grid_of([(pitches[1:] != pitches[:-1]).any(1)])
    n_voices = pitches.shape[1]
    names = _VOICES if n_voices == 4 else [f"voice {place + 1}" for place in range(n_voices)]
    parts = tuple(
        Part(_notes_of_voice(column, grid), name, CHOIR if n_voices == 4 else 0)
        for name, column in zip(names, pitches.T, strict=True)
    )
    return Source(where, parts, grid=grid, is_voices=True, notes=said)


def grid_of(has_changed: Sequence[np.ndarray]) -> int:
    """Steps of a quarter note, by how often something changes at every fourth step, or at every second.

    Args:
        has_changed: Of each piece, whether each step but the first is unlike the one before it.
    """

    def share(grid: int) -> float:
        counts = [np.bincount((np.flatnonzero(one) + 1) % grid, minlength=grid) for one in has_changed]
        return float(sum(one.max() for one in counts)) / max(sum(int(one.sum()) for one in counts), 1)

    by_twos = share(2)
    return 4 if by_twos >= _MOSTLY and share(4) >= _HALF else 2 if by_twos >= _CLEARLY else 1


def _notes_of_voice(pitches: np.ndarray, grid: int) -> Notes:
    changes = np.flatnonzero(np.diff(pitches, prepend=-2, append=-2))
    begin, long = changes[:-1], np.diff(changes)
    heard = pitches[begin] >= 0
    return _notes(begin[heard], long[heard], pitches[begin[heard]], grid)


def _notes_of_roll(is_on: np.ndarray, grid: int, velocities: np.ndarray | None = None) -> Notes:
    """The notes of a roll, shape `(n_steps, 128)`."""
    padded = np.zeros((len(is_on) + 2, is_on.shape[1]), np.int8)
    padded[1:-1] = is_on
    change = np.diff(padded, axis=0)
    pitch, begin = np.nonzero((change == 1).T)
    _, end = np.nonzero((change == -1).T)
    found = _notes(begin, end - begin, pitch, grid)
    if velocities is not None:
        found[:, 3] = np.clip(velocities[begin, pitch], 1, 127)
    return found[np.lexsort((found[:, 2], found[:, 0]))]


def _notes(begin: np.ndarray, long: np.ndarray, pitch: np.ndarray, grid: int) -> Notes:
    return np.stack([begin / grid, long / grid, pitch, np.full(len(begin), 80.0)], 1).astype(np.float64)


def read_npz(content: bytes, name: str, grid: int) -> Iterator[Source]:
    """Piano rolls: an array for each track, or pieces in arrays of three or four axes; also Pypianoroll's.

    Raises:
        DataError: It holds Python objects, or other shapes; with the array's name.
    """
    try:
        with np.load(BytesIO(content), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except ValueError as error:
        raise DataError(
            f"{name}: it holds pickled Python objects, which can run code and are never read. "
            "Save plain arrays of numbers, or give the same data as JSON."
        ) from error
    except Exception as error:
        raise DataError(f"{name}: this is no NPZ file ({error}). Save it again.") from error
    if "info.json" in arrays:
        yield _of_pypianoroll(arrays, name)
        return
    rolls = {key: one for key, one in arrays.items() if one.dtype.kind in "buif" and one.ndim in (2, 3, 4)}
    if not rolls:
        shapes = {key: one.shape for key, one in arrays.items()}
        raise DataError(f"{name}: no array is a piano roll: {shapes!s:.120}. Wanted: steps x 128 pitches.")
    flat = {key: one for key, one in rolls.items() if one.ndim == 2}
    if flat:
        parts = tuple(
            _part(key, _checked_roll(one, f"{name}, array {key!r}"), grid or 4) for key, one in flat.items()
        )
        yield Source(name, parts, grid=grid or 4)
    for key, one in rolls.items():
        if one.ndim > 2:
            yield from of_rolls(one, f"{name}, array {key!r}", grid or 4)


def of_rolls(pieces: np.ndarray, where: str, grid: int) -> Iterator[Source]:
    """Pieces as an array: (pieces, steps, pitches), or with tracks as a last axis."""
    stacked = pieces if pieces.ndim == 4 else pieces[..., None]
    for number, piece in enumerate(stacked):
        place = f"{where}, piece {number + 1}"
        parts = tuple(
            _part(f"track {track + 1}", _checked_roll(piece[..., track], place), grid)
            for track in range(piece.shape[-1])
        )
        yield Source(place, parts, grid=grid)


def _part(name: str, roll: np.ndarray, grid: int) -> Part:
    is_on = roll > 0 if roll.dtype != bool else roll
    loud = roll.astype(np.float64) if roll.dtype.kind in "ui" and roll.max(initial=0) > 1 else None
    return Part(_notes_of_roll(is_on, grid, loud), name, is_drums="drum" in name.lower())


def _checked_roll(roll: np.ndarray, where: str) -> np.ndarray:
    if roll.shape[1] > 128 or not np.isfinite(roll.astype(np.float64)).all():
        raise DataError(
            f"{where}: {roll.shape[1]} pitches, or numbers that are none. Wanted: steps x 128 pitches."
        )
    if roll.shape[1] == 128:
        return roll
    low = 24 if roll.shape[1] <= 84 else 21  # MuseGAN's 84 begin at C1, a piano's 88 at A0
    return np.pad(roll, ((0, 0), (low, 128 - low - roll.shape[1])))


def _of_pypianoroll(arrays: Mapping[str, np.ndarray], name: str) -> Source:
    """The sparse rolls that Pypianoroll saves, and what it says of tracks."""
    try:
        info = json.loads(bytes(arrays["info.json"].tobytes()).decode().rstrip("\0"))
        grid = int(info.get("resolution") or info.get("beat_resolution"))
        tempo = np.asarray(arrays["tempo"], float).ravel() if "tempo" in arrays else np.zeros(0)
        parts: list[Part] = []
        for key in sorted((one for one in info if one.isdigit()), key=int):
            n_rows, n_columns = np.asarray(arrays[f"pianoroll_{key}_csc_shape"]).tolist()
            dense = np.zeros((int(n_rows), int(n_columns)), np.uint8)
            ends = arrays[f"pianoroll_{key}_csc_indptr"]
            rows, values = (arrays[f"pianoroll_{key}_csc_{one}"] for one in ("indices", "data"))
            for column in range(int(n_columns)):
                some = slice(int(ends[column]), int(ends[column + 1]))
                dense[rows[some], column] = np.where(values[some].astype(float) > 1, values[some], 80)
            said = info[key]
            parts.append(
                Part(_notes_of_roll(dense > 0, grid, dense), said["name"], said["program"], said["is_drum"])
            )
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise DataError(f"{name}: it has Pypianoroll's info.json, but not its arrays ({error}).") from error
    return Source(name, tuple(parts), tempo=float(tempo[0]) if len(tempo) else 0.0)

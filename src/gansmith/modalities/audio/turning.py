"""Sounds turned into others: read, changed band by band, and written again as they came, in 16 bits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attribute_labels import printable
from gansmith.modalities.audio.bands import N_ROWS, grid_of, wave_of
from gansmith.modalities.audio.decoding import WAV
from gansmith.modalities.audio.marking import KEY, UNWANTED
from gansmith.modalities.audio.reading import decoded_file, listed
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.watermark import NAME, marked, why_not
from gansmith.modalities.audio.writing import says
from gansmith.modalities.canvas import as_address
from gansmith.modalities.grids import Turned, Turning, Values
from gansmith.modalities.marking import NONE
from gansmith.modalities.record_files import is_archive_name
from gansmith.modalities.record_writing import Put, check_free, to_folder, to_zip
from gansmith.modalities.waves import FULL_SCALE, HIGHEST, Unreadable, as_pcm, wav_bytes
from gansmith.store import whole_file, whole_folder, write_whole

LONGEST: Final = 64
"""Moments that are turned at a time: about a second, as long as what is learnt from."""
SHARED: Final = 16
"""Of them, that two neighbours have in common: one fades into the other."""
BEEP_HZ: Final = 880.0
BEEP_SECONDS: Final = 0.15
BEEP_LEVEL: Final = 0.1
"""What everybody hears before a sound, where that is wished."""


def turned(source: str | Path, output: Path, turning: Turning) -> Iterator[Turned]:
    """See `Translatable`: a file becomes a WAV file; those of a folder or an archive go to a folder or a zip.

    Raises:
        DataError: Nothing is there, or it cannot be read or written.
        UsageError: The output is no place for it, or is the input; sounds are to be enlarged or mended.
    """
    _check(turning)
    path = Path(source)
    files = listed(path)
    if path.resolve() == output.resolve() or output.resolve().is_relative_to(path.resolve()):
        raise UsageError(f"{output}: lies in what is read. Give -o a place of its own.")
    if not (path.is_dir() or is_archive_name(path.name)):
        if output.suffix.lower() not in WAV:
            raise UsageError(f"{output}: sounds are written as WAV. Give -o a name that ends in .wav.")
        return _turned_file(path, output, turning)
    if output.suffix.lower() != ".zip":
        if output.suffix and not output.is_dir():
            raise UsageError(
                f"{output}: several sounds go to a folder or to a .zip file. Give -o a name without "
                f"{output.suffix}."
            )
        check_free(output, "sounds")
    if not files.names:
        raise DataError(f"{files.name}: no sound files there, such as a.wav. Check the name.")
    return _turned_files(path, output, turning)


def _check(turning: Turning) -> None:
    if turning.factor != 1 or turning.masks is not None:
        raise UsageError("sounds are translated, and neither enlarged nor mended. Leave --masks out.")


def _turned_file(path: Path, output: Path, turning: Turning) -> Iterator[Turned]:
    files = listed(path)
    try:
        content, done = _one(files, 0, turning)
    except Unreadable as error:
        raise DataError(f"{path}: cannot be read ({error}). Fetch it again.") from error
    write_whole(output, content)
    yield done


def _turned_files(path: Path, output: Path, turning: Turning) -> Iterator[Turned]:
    is_zip = output.suffix.lower() == ".zip"
    with whole_file(output) if is_zip else whole_folder(output) as place:
        if is_zip:
            with ZipFile(cast("Any", place), "w", ZIP_STORED) as archive:
                yield from _each(path, to_zip(archive), turning)
        else:
            yield from _each(path, to_folder(cast("Path", place)), turning)


def _each(path: Path, put: Put, turning: Turning) -> Iterator[Turned]:
    files, n_done = listed(path), 0
    for number, name in enumerate(files.names):
        try:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise Unreadable("its name leads out of the folder")
            content, done = _one(files, number, turning)
        except Unreadable as error:
            yield Turned(printable(name), 0, 0.0, f"left out: {error}")
            continue
        put(name if name.lower().endswith(WAV) else f"{name}.wav", content)
        n_done += 1
        yield done
    if not n_done:
        raise DataError(f"{files.name}: none of its {len(files.names):,} sounds can be read.")


def _one(files: Any, number: int, turning: Turning) -> tuple[bytes, Turned]:
    found = decoded_file(files, number)
    started = time.monotonic()
    samples = turned_wave(found.wave, found.rate_hz, turning)
    seconds = time.monotonic() - started
    samples, said = with_marks(samples, found.rate_hz, turning)
    metadata = {**(turning.metadata or {}), KEY: said}
    content = wav_bytes(samples, found.rate_hz, says(metadata))
    return content, Turned(printable(files.names[number]), len(samples), seconds, found.note)


def turned_wave(wave: np.ndarray, rate_hz: int, turning: Turning) -> np.ndarray:
    """A sound turned, each channel by itself; shape `(n_samples, n_channels)`, floating point to int16."""
    made = [_channel(channel, rate_hz, turning) for channel in wave.T]
    together = np.stack(made, 1)
    return as_pcm(together * min(1.0, HIGHEST / FULL_SCALE / max(1e-9, np.abs(together).max())))


def _channel(wave: np.ndarray, rate_hz: int, turning: Turning) -> np.ndarray:
    grid = grid_of(wave, rate_hz)
    n, length = grid.shape[2], max(LONGEST, turning.size)
    if n <= length:
        padded = np.pad(grid, ((0, 0), (0, 0), (0, length - n)))
        return wave_of(turning.turn(padded)[:1, :, :n], wave, rate_hz)
    made, weight = np.zeros_like(grid), np.zeros(n, np.float32)
    ramp = np.minimum(1, (np.arange(length) + 1) / SHARED)
    fade = np.minimum(ramp, ramp[::-1]).astype(np.float32)
    for start in range(0, n - SHARED, length - SHARED):
        part = slice(min(start, n - length), min(start, n - length) + length)
        made[..., part] += fade * turning.turn(grid[..., part])[:1]
        weight[part] += fade
    return wave_of(made / weight, wave, rate_hz)


def with_marks(samples: np.ndarray, rate_hz: int, turning: Turning) -> tuple[np.ndarray, str]:
    """A sound with the marks that are wished, and what metadata say of them."""
    if turning.is_visibly_marked:
        samples = np.concatenate([_beep(rate_hz, samples.shape[1]), samples])
    if not (turning.is_marked or turning.is_always_marked):
        return samples, UNWANTED
    if reason := why_not(len(samples), rate_hz):
        return samples, f"{NONE}: {reason}"
    return marked(samples, rate_hz), NAME


def _beep(rate_hz: int, n_channels: int) -> np.ndarray:
    seconds = np.arange(round(BEEP_SECONDS * rate_hz)) / rate_hz
    wave = BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * seconds) * np.sin(np.pi * seconds / BEEP_SECONDS)
    return np.repeat(as_pcm(wave)[:, None], n_channels, axis=1)


def turned_values(records: Any, turning: Turning) -> Any:
    """See `Translatable`: `Sounds`, or (array, rate) as it came."""
    _check(turning)
    if isinstance(records, Sounds):
        made = [_of_memory(wave / FULL_SCALE, records.form.rate_hz, turning) for wave in records.waves]
        return replace(records, waves=np.stack(made) if made else records.waves)
    if not (isinstance(records, tuple) and len(cast("tuple[Any, ...]", records)) == 2):
        raise DataError("sounds in memory are a pair of an array and its rate in Hz.")
    array, rate_hz = np.asarray(cast("Any", records[0])), int(cast("Any", records[1]))
    block = array if array.ndim == 3 else np.atleast_2d(array)[..., None]
    scale = FULL_SCALE if block.dtype.kind == "i" else 1.0
    made = np.stack([_of_memory(wave / scale, rate_hz, turning) for wave in block])
    back = made.astype(array.dtype) if scale > 1 else (made / FULL_SCALE).astype(array.dtype)
    return (back.reshape(array.shape), rate_hz)


def _of_memory(wave: np.ndarray, rate_hz: int, turning: Turning) -> np.ndarray:
    samples = turned_wave(wave.astype(np.float32), rate_hz, turning)
    return marked(samples, rate_hz) if turning.is_always_marked else samples


def address_of(values: Values) -> str:
    """See `Translatable`: its spectrogram; low bands below."""
    assert values.shape[1] == N_ROWS or values.ndim == 3
    return as_address(np.rint(255 * (1 - values[0, ::-1].clip(0, 1))).astype(np.uint8))

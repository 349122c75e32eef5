"""Sounds on grids of bands and moments, each as long as it is: what others are learnt to be made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import counted, printable, shortened
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.bands import grid_of
from gansmith.modalities.audio.forming import is_silent, trimmed
from gansmith.modalities.audio.reading import decoded_file, listed, looks_like_sounds, read_sounds
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.waves import Unreadable

SUFFIX: Final = "."


@final
class SoundGrids:
    """See `Grids`: one channel, whatever the sounds have.

    Args:
        name: Where they came from, for messages.
        names: Of each.
        notes: What a person should know.
        read: A sound, shape `(1, n_bands, n_moments)`.
    """

    n_channels: int = 1
    highest: float = 1.0

    def __init__(
        self, name: str, names: Sequence[str], notes: Sequence[str], read: Callable[[int], np.ndarray]
    ) -> None:
        self.name, self.names, self.notes, self._read = name, names, tuple(notes), read
        self._kept = dict[int, np.ndarray]()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> Sequence[tuple[int, ...]]:
        """See `Grids`: bands and moments."""
        return [self.grid(number).shape[1:] for number in range(len(self))]

    def grid(self, number: int) -> np.ndarray:
        """See `Grids`; kept once it is there, for it is small."""
        if number not in self._kept:
            self._kept[number] = self._read(number)
        return self._kept[number]


def read_grids(source: object, options: AudioOptions, n_channels: int = 0) -> SoundGrids:
    """Sounds as they come; of stereo the mean of both channels.

    Args:
        source: Whatever `read_sounds` takes; files keep their lengths.
        options: `trim` and `strict` are used.
        n_channels: 0 or 1.

    Raises:
        DataError: Sounds are missing or malformed, or more channels are wanted.
    """
    if n_channels > 1:
        raise DataError("sounds are translated as one channel. Leave --channels out.")
    if isinstance(source, (Sounds, tuple)) or not looks_like_sounds(source):
        sounds = source if isinstance(source, Sounds) else read_sounds(source, options)
        waves, rate_hz = sounds.mono, sounds.form.rate_hz
        names = list(sounds.names) or [str(number) for number in range(len(sounds))]
        return SoundGrids(
            sounds.name, list(map(_stem, names)), sounds.notes, lambda number: grid_of(waves[number], rate_hz)
        )
    files = listed(source)
    waves_of, broken = dict[str, tuple[np.ndarray, int]](), list[str]()
    for number, name in enumerate(files.names):
        try:
            found = decoded_file(files, number)
        except Unreadable as error:
            broken.append(f"{printable(name)} ({error})")
            continue
        wave = trimmed(found.wave, found.rate_hz) if options.trim else found.wave
        if is_silent(wave):
            broken.append(f"{printable(name)} (is silent)")
        else:
            waves_of[_stem(name)] = wave.mean(1), found.rate_hz
    if broken and (options.strict or not waves_of):
        raise DataError(f"{files.name}: {counted(len(broken), 'file')} cannot be used: {shortened(broken)}.")
    notes = [f"{counted(len(broken), 'file')} left out: {shortened(broken)}"] if broken else []
    each = list(waves_of.values())
    return SoundGrids(files.name, list(waves_of), notes, lambda number: grid_of(*each[number]))


def _stem(name: str) -> str:
    return name.rpartition(SUFFIX)[0] or name

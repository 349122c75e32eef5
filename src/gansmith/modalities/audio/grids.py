"""Sounds on grids of bands and moments, each as long as it is: what others are learnt to be made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import counted, printable, shortened
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.aligning import in_step
from gansmith.modalities.audio.bands import FRAME_SECONDS, grid_of
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
        waves: Each sound, shape `(n_samples,)`, and its samples a second.
        trim: Whether silence before and after them is left out.
    """

    n_channels: int = 1
    highest: float = 1.0

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        notes: Sequence[str],
        waves: Sequence[tuple[np.ndarray, int]],
        *,
        trim: bool = False,
    ) -> None:
        self.name, self.names, self.notes, self._waves, self._trim = name, names, tuple(notes), waves, trim
        self._kept = dict[int, np.ndarray]()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> Sequence[tuple[int, ...]]:
        """See `Grids`: bands and moments."""
        return [self.grid(number).shape[1:] for number in range(len(self))]

    @property
    def holds(self) -> str:
        """See `Grids`: seconds."""
        seconds = sorted(map(self.seconds, range(len(self))))
        rates = " and ".join(f"{rate_hz:,}" for rate_hz in sorted({rate_hz for _, rate_hz in self._waves}))
        first, last = (f"{length:.2g}" for length in (seconds[0], seconds[-1]))
        return f"{first if first == last else f'{first} to {last}'} s at {rates} Hz"

    def grid(self, number: int) -> np.ndarray:
        """See `Grids`; kept once it is there, for it is small."""
        if number not in self._kept:
            wave, rate_hz = self._waves[number]
            heard = trimmed(wave[:, None], rate_hz)[:, 0] if self._trim else wave
            self._kept[number] = grid_of(heard, rate_hz)
        return self._kept[number]

    def seconds(self, number: int) -> float:
        """How long a sound is, silence included."""
        wave, rate_hz = self._waves[number]
        return len(wave) / rate_hz

    def whole(self, number: int) -> np.ndarray:
        """A grid, silence included."""
        return grid_of(*self._waves[number])

    def with_grids(self, grids: Mapping[int, np.ndarray]) -> SoundGrids:
        """The same sounds, some of them with other grids."""
        made = SoundGrids(self.name, self.names, self.notes, self._waves, trim=self._trim)
        made._kept = {**self._kept, **grids}
        return made


def aligned(
    source: SoundGrids, target: SoundGrids, pairs: Sequence[tuple[int, int]]
) -> tuple[SoundGrids, SoundGrids]:
    """The sounds of each pair in step: those that last as long are so, others are hastened and slowed.

    Args:
        source: Sounds that are given; these are hastened and slowed.
        target: What they are to become; cut where it is longer by less than a frame.
        pairs: Numbers in both.
    """
    given, wanted = dict[int, np.ndarray](), dict[int, np.ndarray]()
    for ours, theirs in pairs:
        if abs(source.seconds(ours) - target.seconds(theirs)) < FRAME_SECONDS:
            one, other = source.whole(ours), target.whole(theirs)
            n_moments = min(one.shape[2], other.shape[2])
            given[ours], wanted[theirs] = one[..., :n_moments], other[..., :n_moments]
        else:
            heard = source.grid(ours)
            given[ours] = heard[..., in_step(heard[0], target.grid(theirs)[0])]
    return source.with_grids(given), target.with_grids(wanted)


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
            sounds.name, list(map(_stem, names)), sounds.notes, [(wave, rate_hz) for wave in waves]
        )
    files = listed(source)
    waves_of, broken = dict[str, tuple[np.ndarray, int]](), list[str]()
    for number, name in enumerate(files.names):
        try:
            found = decoded_file(files, number)
        except Unreadable as error:
            broken.append(f"{printable(name)} ({error})")
            continue
        if is_silent(found.wave):
            broken.append(f"{printable(name)} (is silent)")
        else:
            waves_of[_stem(name)] = found.wave.mean(1), found.rate_hz
    if broken and (options.strict or not waves_of):
        raise DataError(f"{files.name}: {counted(len(broken), 'file')} cannot be used: {shortened(broken)}.")
    notes = [f"{counted(len(broken), 'file')} left out: {shortened(broken)}"] if broken else []
    return SoundGrids(files.name, list(waves_of), notes, list(waves_of.values()), trim=options.trim)


def _stem(name: str) -> str:
    return name.rpartition(SUFFIX)[0] or name

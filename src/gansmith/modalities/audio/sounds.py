"""Sounds as they are learnt from: of one rate, one length and one number of channels, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes, joined_attributes
from gansmith.modalities.waves import FULL_SCALE
from gansmith.settings import Field, PositiveInt, settings

MAX_SECONDS: Final = 30.0
"""Of a sound that is learnt."""
SECONDS: Final = "seconds"
"""The attribute that says how long a sound is, where lengths differ."""
LOUDNESS: Final = "loudness"
"""The attribute that says how loud one is, in decibels below full scale, where that differs."""
QUIETEST_DB: Final = -90
FADE_SECONDS: Final = 0.005
"""Over which a sound that is cut ends."""
_FRAME_SECONDS: Final = 0.02


@final
@settings(kw_only=True, error=DataError)
class Form:
    """What all sounds of a set have in common."""

    rate_hz: PositiveInt
    n_samples: PositiveInt
    n_channels: Annotated[int, Field(ge=1, le=2)] = 1

    @property
    def seconds(self) -> float:
        """How long each is, padding included."""
        return self.n_samples / self.rate_hz

    def __str__(self) -> str:
        channels = "mono" if self.n_channels == 1 else "stereo"
        return f"{self.seconds:.2f} s at {self.rate_hz:,} Hz, {channels}"


@final
@dataclass(frozen=True)
class Came:
    """What a file held before it was brought to a form."""

    rate_hz: int
    n_channels: int
    seconds: float


@final
@dataclass(frozen=True, eq=False)
class Sounds:
    """Some sounds."""

    waves: np.ndarray
    """Shape `(n, n_samples, n_channels)`, int16; silence behind what is shorter."""
    form: Form
    attributes: Attributes = field(default_factory=Attributes)
    name: str = "sounds"
    """Where they came from, for messages."""
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    names: tuple[str, ...] = ()
    """Of their files, where they have some."""
    came: tuple[Came, ...] = ()
    """What each file held, where they were files."""

    def __len__(self) -> int:
        return len(self.waves)

    def take(self, indices: np.ndarray) -> Sounds:
        """The sounds with these numbers, in this order."""
        places = np.asarray(indices, np.int64)
        return replace(
            self,
            waves=self.waves[places],
            attributes=self.attributes.take(places),
            names=tuple(self.names[place] for place in places) if self.names else (),
            came=tuple(self.came[place] for place in places) if self.came else (),
        )

    def with_attributes(self, attributes: Attributes) -> Sounds:
        """The same, of which something else is known."""
        return replace(self, attributes=attributes)

    @cached_property
    def fingerprint(self) -> str:
        """The same text for the same sounds, another for others."""
        digest = blake2b(f"{self.form} {len(self)} {self.attributes.fingerprint}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.waves).tobytes())
        return digest.hexdigest()

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many samples of each are heard, shape `(n,)`: as many as are said, or up to the last one."""
        said = self.attributes.columns.get(SECONDS)
        if said is not None and said.dtype != object:
            found = np.rint(np.nan_to_num(said, nan=self.form.seconds) * self.form.rate_hz)
            return np.clip(found, 1, self.form.n_samples).astype(np.int64)
        return lengths_of(self.waves)

    def heard(self, number: int) -> np.ndarray:
        """One sound without the silence behind it, shape `(n_samples, n_channels)`, int16; it fades out."""
        n = int(self.lengths[number])
        wave = self.waves[number, :n]
        n_fading = min(n, round(FADE_SECONDS * self.form.rate_hz))
        if n == self.form.n_samples or not n_fading or not np.any(self.waves[number, n:]):
            return wave
        faded = wave.astype(np.float64)
        faded[-n_fading:] *= np.linspace(1, 0, n_fading)[:, None]
        return np.rint(faded).astype(np.int16)

    @property
    def mono(self) -> np.ndarray:
        """Shape `(n, n_samples)`, float32, from -1 to 1: the mean of the channels."""
        return self.waves.mean(2, dtype=np.float32) / np.float32(FULL_SCALE)


def lengths_of(waves: np.ndarray) -> np.ndarray:
    """Samples of each sound up to the last that is not zero, at least one."""
    is_heard = (waves != 0).any(2)
    last = waves.shape[1] - np.argmax(is_heard[:, ::-1], axis=1)
    return np.where(is_heard.any(1), last, 1)


def loudness_db(wave: np.ndarray, rate_hz: int) -> float:
    """The level of the louder half of a sound's moments, in decibels below full scale, rounded.

    Args:
        wave: Shape `(n_samples, ...)`, from -1 to 1.
        rate_hz: Samples a second.
    """
    size = max(1, round(_FRAME_SECONDS * rate_hz))
    n_frames = max(1, len(wave) // size)
    frames = wave[: n_frames * size].reshape(n_frames, -1)
    powers = np.sort(np.square(frames, dtype=np.float64).mean(1))[n_frames // 2 :]
    return float(np.maximum(np.rint(10 * np.log10(powers.mean() + 1e-12)), QUIETEST_DB))


def joined(parts: Sequence[Sounds]) -> Sounds:
    """Several sets of one form as one."""
    first = parts[0]
    return replace(
        first,
        waves=np.concatenate([part.waves for part in parts]),
        attributes=joined_attributes([part.attributes for part in parts]),
        names=tuple(name for part in parts for name in part.names),
        came=tuple(one for part in parts for one in part.came),
    )

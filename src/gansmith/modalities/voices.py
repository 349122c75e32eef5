"""Voices: sounds of a known pitch, by which music can be heard.

A kind of sounds says which pitches it can make and picks the tone; a writer of music asks for tones. Neither
knows the other: who opens models brings them together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

Tone = Float[np.ndarray, " n_samples"]
"""From -1 to 1."""


class AbstractVoice(ABC):
    """Plays single notes."""

    rate_hz: int
    """Of all of its tones."""

    @abstractmethod
    def tone(self, pitch: int) -> Tone:
        """A note of a MIDI pitch, as long as such notes are; the same at each call."""


@runtime_checkable
class Playing(Protocol):
    """A kind of data of which single notes can be asked, by their pitch."""

    def pitches(self, codec: Any) -> Mapping[int, str]:
        """By MIDI pitch what is asked for, such as `pitch=60`.

        Raises:
            UsageError: Nothing says the pitch of what was learnt.
        """
        ...

    def tone(self, records: Any, asked: int, pitch: int) -> tuple[int, Tone]:
        """Of records that were `asked` for with a pitch the one that has it most nearly, brought to `pitch`.

        Returns:
            Samples a second, and the tone.
        """
        ...


@runtime_checkable
class Voiced(Protocol):
    """A writer whose music a voice may play."""

    voice: str
    """The model that shall play, as the user says it; empty: none."""

    def use(self, voice: AbstractVoice) -> None:
        """Play by this voice what is written from now on."""
        ...

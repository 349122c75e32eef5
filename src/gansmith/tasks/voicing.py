"""Music played by a model of notes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from gansmith.errors import UsageError
from gansmith.modalities.format import Writer
from gansmith.modalities.registry import needed
from gansmith.modalities.voices import AbstractVoice, Playing, Tone, Voiced

if TYPE_CHECKING:
    from gansmith.tasks.model import Model

N_TRIED: Final = 4
"""Notes that are made of each pitch; the one that is best in tune plays."""


@final
class ModelVoice(AbstractVoice):
    """A model of notes as a voice; of a pitch that it has not learnt the nearest is put higher or lower.

    Raises:
        UsageError: It is no model of sounds, or nothing says their pitch.
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        self._model, self._seed = model, seed
        self._playing = needed(model.modality.recipe, Playing, model.modality.kind)
        self._known = self._playing.pitches(model.codec)
        self._made: dict[int, Tone] = {}
        first = min(self._known)
        self.rate_hz, self._made[first] = self._played(first)

    def tone(self, pitch: int) -> Tone:
        """See the base class."""
        if pitch not in self._made:
            self._made[pitch] = self._played(pitch)[1]
        return self._made[pitch]

    def _played(self, pitch: int) -> tuple[int, Tone]:
        near = min(self._known, key=lambda known: (abs(known - pitch), known))
        records = self._model.sample(N_TRIED, self._seed, where=[self._known[near]])
        return self._playing.tone(records, near, pitch)


def voiced(writer: Writer, load: Callable[[Path], Model]) -> Writer:
    """A writer of music, with the voice that it asks for, which `load` reads.

    Raises:
        UsageError: There is no such file, or it holds no model of notes.
    """
    if isinstance(writer, Voiced) and writer.voice:
        path = Path(writer.voice)
        if not path.is_file():
            raise UsageError(f"--voice {writer.voice}: there is no such file. Give a model of notes.")
        writer.use(ModelVoice(load(path)))
    return writer

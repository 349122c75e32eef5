"""Music: tunes, chorales and bands, as MIDI, ABC, JSON or piano rolls.

Their options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import final

from gansmith.errors import UsageError
from gansmith.settings import Annotated, Field, NonNegativeInt, Offered, settings

READING = ("fit", "score", "show")


@final
@settings(kw_only=True)
class MusicOptions:
    """How music is read, learnt and written."""

    grid: Annotated[int, Field(ge=0, le=24), Offered(READING)] = 0
    """Steps of a quarter note; 0: the coarsest of 1, 2, 4, 12 and 24 on which nearly all notes begin. 12
    keeps triplets and sixteenths."""
    part: Annotated[str, Offered(READING)] = ""
    """Which part of a JSON file to read, such as valid; if not given, the first, mostly train."""
    phrases: Annotated[NonNegativeInt, Offered(("fit",), form="BARS")] = 0
    """Learn phrases of so many bars, each given the one before it, by a generator against a discriminator
    (MuseGAN), to compare with; 0 learns whole pieces note after note, by likelihood."""
    bars: Annotated[NonNegativeInt, Offered(("sample", "complete"))] = 0
    """Bars of each piece that is made, or by which a given one goes on; 0: as many as pieces have, and given
    ones are completed, not continued."""
    keep: Annotated[tuple[str, ...], Offered(("complete",), form="TRACK")] = ()
    """A track of the given music that is kept, such as soprano; the others are made. Repeat for more. If not
    given, all that are there."""
    sound: Annotated[str, Offered(("sample", "complete"), form="FILE.sf2")] = ""
    """A sound font: WAV is rendered by fluidsynth, where that is installed; if not given, by plain tones of
    our own."""
    voice: Annotated[str, Offered(("sample", "complete"), form="NOTES.gan")] = ""
    """A model of notes, of sounds whose pitch was learnt: it plays the WAV, note by note."""

    def __post_init__(self) -> None:
        if self.sound and self.voice:
            raise UsageError("--sound and --voice both say who plays. Leave one of them out.")

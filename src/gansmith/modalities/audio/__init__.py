"""Sounds: notes, words, noises; in files of any length and rate, mono or stereo.

Their options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import Any, Final, Literal, final

from gansmith.errors import UsageError
from gansmith.settings import Annotated, Field, NonNegativeFloat, NonNegativeInt, Offered, settings

Coding = Literal["mel", "frequency", "complex", "griffin-lim"]
"""What networks see of a sound: level and frequency of bands as wide as the ear's; the same at each place of
its spectrogram; the complex spectrogram; the level alone, from which the wave is guessed."""
READING: Final = ("fit", "score", "show", "rebalance")


@final
@settings(kw_only=True)
class AudioOptions:
    """How sounds are read, learnt and written."""

    where: Annotated[Any, Offered(("fit",), form="label=VALUE")] = ()
    """Learn only from sounds with this label; several values of one label are alternatives."""
    labels: Annotated[str, Offered(("fit", "score", "show"), form="FILE")] = ""
    """A CSV file with a column of file names and columns of labels; if not given, looked for beside the
    sounds."""
    name_parts: Annotated[str, Offered(READING, form="A,B,...")] = ""
    """What the parts of file names mean, parted by _ or -, such as digit,speaker,- where - is left out."""
    rate: Annotated[NonNegativeInt, Field(le=192_000), Offered(("fit", "show"), form="HZ")] = 0
    """Sampling rate that sounds are brought to; 0: that of most of them."""
    seconds: Annotated[NonNegativeFloat, Field(le=30.0), Offered(("fit", "show"))] = 0.0
    """Length that sounds are cut or padded to; 0: chosen from the data."""
    mono: Annotated[bool, Offered(("fit", "show"))] = False
    """Mix stereo down to one channel."""
    trim: Annotated[bool, Offered(READING, "--trim/--no-trim")] = True
    """Leave out silence before and after each sound."""
    coding: Annotated[Coding, Offered(("fit",))] = "mel"
    """What networks see: mel (level and frequency in bands of the ear), frequency (the same in all bands,
    exact), complex, or griffin-lim (levels alone)."""
    no_mark: Annotated[bool, Offered(("sample",))] = False
    """Leave out the inaudible watermark that says that sounds are synthetic; see detect-mark."""
    strict: Annotated[bool, Offered(READING)] = False
    """Fail if a file in the folder is broken or not a sound, instead of skipping it."""

    def __post_init__(self) -> None:
        if self.rate and self.rate < MIN_RATE_HZ:
            raise UsageError(f"--rate must be {MIN_RATE_HZ} or more, not {self.rate}.")

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts of file names; empty for one that is left out."""
        texts = self.name_parts.split(",") if self.name_parts else []
        return tuple(text.strip().removeprefix("-") for text in texts)


MIN_RATE_HZ: Final = 1_000

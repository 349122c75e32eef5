"""MusicXML, plain and packed, read with partitura."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.music.sources import Part, Source
from gansmith.modalities.music.theory import TONICS, key_name

SUFFIXES: Final = (".musicxml", ".mxl")
USUAL_VELOCITY: Final = 80
_FIFTH: Final = 7
_TO_MINOR: Final = 9


def partitura() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import partitura as found  # only for those who read MusicXML
    except ImportError as error:
        raise UsageError(
            "MusicXML files need the library partitura: pip install 'gansmith[musicxml]'. "
            "Or export them as MIDI, as MuseScore does."
        ) from error
    return found


def read_xml(content: bytes, name: str) -> Source:
    """A score as parts of notes; tied notes are one, repeats are not played out.

    Raises:
        DataError: It is no MusicXML, it is damaged, or it holds no note.
    """
    library = partitura()
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it leaves out
        path = Path(folder) / f"score{Path(name).suffix.lower()}"
        path.write_bytes(content)
        try:
            score = library.load_musicxml(path)
            parts = [(part, part.note_array(include_divs_per_quarter=True)) for part in score.parts]
        except Exception as error:
            why = str(error) or type(error).__name__
            raise DataError(f"{name}: the MusicXML cannot be read ({why:.200}). Export it again.") from error
    found = tuple(Part(_notes(rows), str(part.part_name or "")) for part, rows in parts if len(rows))
    if not found:
        raise DataError(f"{name}: the score holds no notes. Leave it out.")
    first = parts[0][0]
    return Source(
        name,
        found,
        metre=_metre(library, first),
        key=_key(library, first),
        tempo=next((float(one.bpm) for one in first.iter_all(library.score.Tempo)), 0.0),
        upbeat=_upbeat(library, first, parts[0][1]),
    )


def _notes(rows: np.ndarray) -> np.ndarray:
    """When each begins and how long it is, in quarter notes from the first bar line on, pitch, velocity."""
    divisions = np.maximum(rows["divs_pq"].astype(float), 1)
    begin, long = rows["onset_div"] / divisions, rows["duration_div"] / divisions
    loud = np.full(len(rows), USUAL_VELOCITY)
    notes = np.stack([begin, long, rows["pitch"], loud], 1).astype(float)
    return notes[long > 0]


def _metre(library: Any, part: Any) -> str:
    found = next(iter(part.iter_all(library.score.TimeSignature)), None)
    return f"{int(found.beats)}/{int(found.beat_type)}" if found is not None else ""


def _key(library: Any, part: Any) -> str:
    found = next(iter(part.iter_all(library.score.KeySignature)), None)
    if found is None:
        return ""
    is_minor = found.mode == "minor"
    return key_name(
        (_FIFTH * int(found.fifths) + (_TO_MINOR if is_minor else 0)) % len(TONICS), is_minor=is_minor
    )


def _upbeat(library: Any, part: Any, rows: np.ndarray) -> float:
    """Quarter notes before the first bar line, where the first bar is shorter than the others."""
    bars = [one.end.t - one.start.t for one in part.iter_all(library.score.Measure)]
    if len(bars) < 2 or not bars[0] < bars[1] or not len(rows):
        return 0.0
    return bars[0] / max(float(rows["divs_pq"][0]), 1.0)

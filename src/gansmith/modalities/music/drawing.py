"""Pieces as piano rolls: time from left to right, pitch upwards, a colour for each track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from gansmith.modalities.canvas import Canvas, as_address
from gansmith.modalities.music.records import Pieces, joined, notes_of

COLOURS: Final = (
    (31, 105, 180), (214, 96, 32), (44, 140, 60), (150, 70, 160), (120, 120, 120),
    (190, 150, 20), (0, 140, 150),
)  # fmt: skip
_PAPER: Final = (250, 250, 248)
_BLACK_KEYS: Final = (236, 236, 236)
_BAR: Final = (200, 200, 200)
_STEP_PX: Final = 3
_PITCH_PX: Final = 3
N_BARS: Final = 8
"""Of a piece that is drawn."""
_MARGIN: Final = 2
"""Semitones above and below the notes."""
_MOST_PX: Final = 640
_DRUM_PX: Final = 3
_GAP_PX: Final = 6
_FILM_PX: Final = 640
"""Of a frame of a film, at most."""


def rolls(pieces: Pieces, n_bars: int = N_BARS) -> Canvas:
    """The first bars of each piece, all on one scale: `(n, height, width, 3)`."""
    form, shown = pieces.form, [
        tokens[: n_bars * steps] for tokens, steps in zip(pieces.tokens, pieces.bar_steps, strict=True)
    ]  # fmt: skip
    found = [notes_of(tokens) for tokens in shown]
    is_pitched = form.pitched
    heights = np.concatenate([np.zeros(0, np.int64), *(one[is_pitched[one[:, 3]], 2] for one in found)])
    low, high = (int(heights.min()), int(heights.max())) if len(heights) else (60, 72)
    low, high = low - _MARGIN, high + _MARGIN
    drums = [voice for voice, pitched in enumerate(is_pitched) if not pitched]
    n_steps = max((len(one) for one in shown), default=1)
    wide = max(1, min(_STEP_PX, _MOST_PX // n_steps))
    height = _PITCH_PX * (high - low + 1) + (_DRUM_PX + 1) * len(drums)
    canvases = np.zeros((len(pieces), height, wide * n_steps, 3), np.uint8)
    for canvas, notes, bar in zip(canvases, found, pieces.bar_steps, strict=True):
        canvas[:] = _PAPER
        for pitch in range(low, high + 1):
            if pitch % 12 in (1, 3, 6, 8, 10):
                top = _PITCH_PX * (high - pitch)
                canvas[top : top + _PITCH_PX] = _BLACK_KEYS
        canvas[:, :: wide * bar] = _BAR
        for begin, long, pitch, voice in notes.tolist():
            colour = COLOURS[form.owners[voice] % len(COLOURS)]
            if voice in drums:
                top = height - (_DRUM_PX + 1) * (1 + drums.index(voice))
                canvas[top : top + _DRUM_PX, wide * begin : wide * begin + max(1, wide - 1)] = colour
                continue
            top = _PITCH_PX * (high - pitch)
            canvas[top : top + _PITCH_PX, wide * begin : wide * (begin + long) - (wide > 1)] = colour
    return canvases


def side_by_side(frames: Sequence[Pieces]) -> list[Canvas]:
    """Frames of a film, the pieces of each below each other, all on one scale."""
    drawn = rolls(joined(frames))
    ends = np.cumsum([len(frame) for frame in frames])
    times = max(1, _FILM_PX // drawn.shape[2])
    larger = drawn.repeat(times, 1).repeat(times, 2)
    return [_below(part) for part in np.split(larger, ends[:-1])]


def of_one_size(frames: Sequence[Canvas]) -> list[Canvas]:
    """Frames of a film, white where one is smaller than others."""
    height, width = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    found = [np.full((height, width, *frame.shape[2:]), 255, np.uint8) for frame in frames]
    for whole, frame in zip(found, frames, strict=True):
        whole[: frame.shape[0], : frame.shape[1]] = frame
    return found


def _below(drawn: Canvas) -> Canvas:
    gap = np.full((_GAP_PX, *drawn.shape[2:]), 255, np.uint8)
    rows = [one for roll in drawn for one in (roll, gap)]
    return np.concatenate(rows[:-1]) if rows else gap


def gallery(name: str, title: str, caption: str, pieces: Pieces, n_columns: int = 1) -> dict[str, Any]:
    """Pieces below each other, as a page shows them; see `Pictured` of formats."""
    drawn = rolls(pieces)
    names = [track.name for track in pieces.form.tracks]
    label = f"{title}: {len(pieces):,} piano rolls, a colour for each of {', '.join(names)}."
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "label": label,
        "image": as_address(_below(drawn)),
    }


def letters(pieces: Pieces, n_bars: int = 4) -> str:
    """The first bars of the first piece as text: a line for each voice, a name where a note begins."""
    if not len(pieces):
        return "no pieces"
    tokens, bar = pieces.tokens[0], pieces.bar_steps[0]
    lines = list[str]()
    for voice, owner in enumerate(pieces.form.owners):
        cells = [
            "." if one == 0 else "-" if one == 1 else _letter(one - 2)
            for one in tokens[: n_bars * bar, voice].tolist()
        ]
        bars = ["".join(cells[first : first + bar]) for first in range(0, len(cells), bar)]
        lines.append(f"{pieces.form.tracks[owner].name:>9} |{'|'.join(bars)}|")
    said = [str(one) for one in (pieces.key_names[0], pieces.metres[0]) if one]
    return "\n".join([f"{', '.join(said)}; {len(tokens) // bar} bars", *lines])


def _letter(pitch: int) -> str:
    """The letter of a pitch class, raised ones in small letters: c is C sharp."""
    return "CcDdEFfGgAaB"[pitch % 12]


def named(pieces: Pieces) -> Sequence[str]:
    """What each piece is called."""
    return pieces.names or [f"piece {place + 1}" for place in range(len(pieces))]

"""Standard MIDI files, read and written with mido."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final, final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.music.records import (
    LOUDNESS,
    N_PITCHES,
    TEMPO,
    USUAL_LOUDNESS,
    USUAL_TEMPO,
    Pieces,
    notes_of,
)
from gansmith.modalities.music.sources import Part, Source
from gansmith.modalities.music.theory import Notes, spelt_key

SUFFIXES: Final = (".mid", ".midi", ".kar", ".smf")
DRUM_CHANNEL: Final = 9
TICKS: Final = 480
"""Of a quarter note, in files that we write."""
MAX_QUARTERS: Final = 100_000
"""A file that goes on for longer says nonsense."""
_USUAL_MICROSECONDS: Final = 500_000
_CHANNELS: Final = [channel for channel in range(16) if channel != DRUM_CHANNEL]


def mido() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import mido as found  # only for those who read or write MIDI
    except ImportError as error:
        raise UsageError("MIDI files need the library mido: pip install 'gansmith[music]'.") from error
    return found


def read_midi(content: bytes, name: str) -> Source:
    """A file as parts of notes.

    Tracks that the header does not count, or that are shorter than they say, are read as far as they go.

    Raises:
        DataError: It is no MIDI file, it is damaged beyond that, or it holds no note.
    """
    library = mido()
    try:
        file = library.MidiFile(file=BytesIO(_mended(content, name)), clip=True)
    except DataError:
        raise
    except Exception as error:
        why = str(error) or type(error).__name__
        raise DataError(f"{name}: the MIDI file cannot be read ({why}). Export it again.") from error
    if not 0 < file.ticks_per_beat < 1 << 15:
        raise DataError(f"{name}: times are in SMPTE frames, not in beats. Export it with beats.")
    gathered = _Gathered(file.ticks_per_beat)
    for number, track in enumerate(file.tracks):
        gathered.track(number, track)
    return gathered.source(name)


def _mended(content: bytes, name: str) -> bytes:
    """The file with a header that tells the truth about the tracks that follow it."""
    start = content.find(b"MThd", 0, 1024)  # some files have another header before it
    if start < 0 or len(content) < start + 14:
        raise DataError(
            f"{name}: this is no MIDI file: it does not begin with MThd. Give a Standard MIDI File."
        )
    length, form, _, division = struct.unpack(">LHHH", content[start + 4 : start + 14])
    if length < 6 or form > 2:
        raise DataError(
            f"{name}: its header says type {form}. Wanted: a Standard MIDI File of type 0, 1 or 2."
        )
    chunks, place = list[bytes](), start + 8 + length
    while place + 8 <= len(content):
        size = struct.unpack(">L", content[place + 4 : place + 8])[0]
        body = content[place + 8 : place + 8 + size]
        if content[place : place + 4] == b"MTrk":
            chunks.append(b"MTrk" + struct.pack(">L", len(body)) + body)
        place += 8 + size
    if not chunks:
        raise DataError(f"{name}: the MIDI file has a header, but no track. Export it again.")
    return b"MThd" + struct.pack(">LHHH", 6, min(form, 1), len(chunks), division) + b"".join(chunks)


@final
class _Gathered:
    """What has been read of a file so far."""

    def __init__(self, ticks: int) -> None:
        self._ticks = ticks
        self._notes: dict[tuple[int, int], list[tuple[float, float, int, int]]] = defaultdict(list)
        self._programs: dict[tuple[int, int], int] = {}
        self._names: dict[int, str] = {}
        self._metres: list[tuple[float, str]] = []
        self._tempos: list[tuple[float, float]] = []
        self._keys: list[str] = []
        self._end = 0.0

    def track(self, number: int, messages: Sequence[Any]) -> None:
        """All messages of a track, in the order of time."""
        now, open_ = 0, defaultdict[tuple[int, int], list[tuple[int, int]]](list)
        for message in messages:
            now += message.time
            if message.type == "note_on" and message.velocity:
                open_[message.channel, message.note].append((now, message.velocity))
            elif message.type in ("note_on", "note_off"):
                self._close(number, message.channel, message.note, open_, now)
            else:
                self._other(number, message, now / self._ticks)
        for channel, pitch in list(open_):
            while open_[channel, pitch]:
                self._close(number, channel, pitch, open_, now)
        self._end = max(self._end, now / self._ticks)

    def _close(self, number: int, channel: int, pitch: int, open_: Any, now: int) -> None:
        if open_[channel, pitch]:
            begin, velocity = open_[channel, pitch].pop(0)
            long = max(now - begin, 1) / self._ticks
            self._notes[number, channel].append((begin / self._ticks, long, pitch, velocity))

    def _other(self, number: int, message: Any, now: float) -> None:
        """What says something about notes: instruments, names, metres, keys, tempos."""
        if message.type == "program_change":
            self._programs.setdefault((number, message.channel), message.program)
        elif message.type == "track_name" and message.name.strip():
            self._names.setdefault(number, message.name.strip())
        elif message.type == "time_signature" and message.numerator:
            self._metres.append((now, f"{message.numerator}/{message.denominator}"))
        elif message.type == "set_tempo" and message.tempo:
            self._tempos.append((now, 60e6 / message.tempo))
        elif message.type == "key_signature":
            self._keys.append(message.key)

    def source(self, name: str) -> Source:
        """The piece."""
        found = {key: notes for key, notes in sorted(self._notes.items()) if notes}
        if not found:
            raise DataError(f"{name}: the MIDI file holds no note. Leave it out.")
        if self._end > MAX_QUARTERS:
            raise DataError(f"{name}: it lasts {self._end:,.0f} quarter notes. Cut it, or export it again.")
        parts = tuple(
            Part(
                np.array(sorted(notes), np.float64),
                self._names.get(number, ""),
                self._programs.get((number, channel), self._of_channel(channel)),
                channel == DRUM_CHANNEL,
            )
            for (number, channel), notes in found.items()
        )
        metre, metres = _longest(sorted(self._metres), self._end)
        tempo, tempos = _longest(sorted(self._tempos), self._end)
        said = list[str]()
        if len(metres) > 1:
            said.append(f"its metre changes ({', '.join(map(str, metres))}): {metre} is taken")
        if len(tempos) > 1:
            said.append(f"its tempo changes: {tempo:.0f} quarter notes a minute are taken")
        keys = [spelt for key in self._keys if (spelt := spelt_key(key))]
        key = (
            keys[0] if len(set(keys)) == 1 and keys[0] != "C" else ""
        )  # many programs say C where nobody did
        return Source(name, parts, metre or "", key, float(tempo or 0.0), notes=tuple(said))

    def _of_channel(self, channel: int) -> int:
        """The instrument of a channel, whichever track chose it."""
        return next((one for (_, other), one in self._programs.items() if other == channel), 0)


def _longest(said: Sequence[tuple[float, Any]], end: float) -> tuple[Any, list[Any]]:
    """Of what was said at some times, what holds the longest, and all that was said."""
    lasts: dict[Any, float] = defaultdict(float)
    for place, (when, what) in enumerate(said):
        until = said[place + 1][0] if place + 1 < len(said) else end
        lasts[what] += max(until - when, 0.0) + 1e-9
    return (max(lasts, key=lambda one: lasts[one]) if lasts else None), list(lasts)


def midi_of(piece: Pieces, metadata: Mapping[str, str]) -> bytes:
    """One piece as the content of a MIDI file: a track for the tempo, then one for each that plays."""
    library, form = mido(), piece.form
    file = library.MidiFile(type=1, ticks_per_beat=TICKS)
    tempo, loud = piece.numbers(TEMPO, USUAL_TEMPO)[0], piece.numbers(LOUDNESS, USUAL_LOUDNESS)[0]
    head = library.MidiTrack()
    for key, value in metadata.items():
        head.append(
            library.MetaMessage("text", text=f"{key}: {value}".encode("latin-1", "replace").decode("latin-1"))
        )
    head.append(library.MetaMessage("set_tempo", tempo=round(60e6 / float(np.clip(tempo, 4, 1000)))))
    top, bottom = piece.metres[0].split("/")
    head.append(library.MetaMessage("time_signature", numerator=int(top), denominator=int(bottom)))
    if piece.key_names[0]:
        head.append(library.MetaMessage("key_signature", key=piece.key_names[0].replace("Dbm", "C#m")
                                        .replace("Abm", "G#m")))  # fmt: skip
    length = round(TICKS * len(piece.tokens[0]) / form.grid)
    head.append(library.MetaMessage("end_of_track", time=length))
    file.tracks.append(head)
    notes, velocity = notes_of(piece.tokens[0]), int(np.clip(round(loud), 1, 127))
    for place, track in enumerate(form.tracks):
        own = notes[np.isin(notes[:, 3], np.arange(form.n_voices)[form.voices(place)])]
        channel = DRUM_CHANNEL if track.is_drums else _CHANNELS[place % len(_CHANNELS)]
        written = library.MidiTrack([library.MetaMessage("track_name", name=track.name)])
        if not track.is_drums:
            written.append(library.Message("program_change", channel=channel, program=track.program))
        _write_notes(library, written, own, channel, velocity, form.grid)
        file.tracks.append(written)
    content = BytesIO()
    file.save(file=content)
    return content.getvalue()


def _write_notes(library: Any, track: Any, notes: np.ndarray, channel: int, velocity: int, grid: int) -> None:
    """Beginnings and ends in the order of time, ends first."""
    events = [(begin + long, 0, pitch) for begin, long, pitch, _ in notes.tolist()]
    events += [(begin, velocity, pitch) for begin, _, pitch, _ in notes.tolist()]
    before = 0
    for when, loud, pitch in sorted(events):
        now = round(TICKS * when / grid)
        track.append(
            library.Message(
                "note_on", channel=channel, note=min(pitch, N_PITCHES - 1), velocity=loud, time=now - before
            )
        )
        before = now


def quantised(notes: Notes, grid: int) -> Notes:
    """Notes that begin and end on a grid, in steps; none shorter than one."""
    begin = np.rint(notes[:, 0] * grid)
    end = np.maximum(np.rint((notes[:, 0] + notes[:, 1]) * grid), begin + 1)
    return np.stack([begin, end - begin, notes[:, 2], notes[:, 3]], 1)

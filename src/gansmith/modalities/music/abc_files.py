"""ABC notation: tunes as letters, with their chords; a reader of what collections of folk tunes use.

Source:
    The ABC music standard 2.1, https://abcnotation.com/wiki/abc:standard:v2.1: fields X, T, M, L, K, Q, R;
    notes, accidentals, lengths, broken rhythms, tuplets, ties, chords, chord symbols, repeats and endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.music.sources import Part, Source
from gansmith.modalities.music.theory import PITCH_CLASSES, signature, spelt_key

SUFFIXES: Final = (".abc",)
_LETTERS: Final = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
_TUPLETS: Final = {2: 3, 3: 2, 4: 3, 5: 2, 6: 2, 7: 2, 8: 3, 9: 2}
"""(n notes in the time of how many."""
_CHORDS: Final = {
    "": (0, 4, 7), "m": (0, 3, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11), "dim": (0, 3, 6), "o": (0, 3, 6), "aug": (0, 4, 8), "+": (0, 4, 8),
    "sus4": (0, 5, 7), "6": (0, 4, 7, 9), "9": (0, 4, 10, 14),
}  # fmt: skip
_CHORD_OCTAVE: Final = 48
_TOKEN: Final = re.compile(
    r'"(?P<said>[^"]*)"|\[(?P<field>[A-Za-z]):(?P<value>[^\]]*)\]|(?P<bar>:*\|[\]|:]*|::|\[\||\|?\s*\[\d)|'
    r"\((?P<tuplet>\d)(?::(?P<in>\d?))?(?::(?P<for>\d?))?|(?P<chord>\[[^\]|:]+\]\d*/*\d*)|"
    r"(?P<note>[_^=]*[A-Ga-gzxZ][,']*\d*/*\d*)|(?P<tie>-)|(?P<broken>[<>]+)|\{[^}]*\}|![^!]*!|\+[^+]*\+|."
)
_NOTE: Final = re.compile(r"([_^=]*)([A-Ga-gzxZ])([,']*)(\d*)(/*)(\d*)")
_FIELD: Final = re.compile(r"^([A-Zmrsw]):(?![|:])(.*)$")


def read_abc(content: bytes, name: str) -> Iterator[Source]:
    """The tunes of a file.

    Raises:
        DataError: There is none in it.
    """
    text = content.decode("utf-8", "replace")
    blocks = re.split(r"(?m)^(?=X:)", text)
    n_found = 0
    for block in blocks:
        if block.startswith("X:"):
            found = _tune(block, name)
            if found is not None:
                n_found += 1
                yield found
    if not n_found:
        raise DataError(f"{name}: no tune is found. Wanted: ABC notation, tunes that begin with X:.")


@final
@dataclass
class _Tune:
    """A tune that is being read."""

    unit: Fraction = Fraction(1, 2)
    """Quarter notes of a plain letter."""
    metre: str = ""
    sharps: dict[str, int] = field(default_factory=dict[str, int])
    """What the key does to each letter."""
    accidentals: dict[str, int] = field(default_factory=dict[str, int])
    """What has been said since the last bar line."""
    key: str = ""
    tempo: float = 0.0
    title: str = ""


@final
@dataclass
class _Section:
    """Notes between two bar lines: of melody and of chords, from its own beginning."""

    notes: list[tuple[Fraction, Fraction, int, bool]] = field(
        default_factory=list[tuple[Fraction, Fraction, int, bool]]
    )
    """Begin, length, pitch, and whether it goes on with the note before."""
    chords: list[tuple[Fraction, str]] = field(default_factory=list[tuple[Fraction, str]])
    length: Fraction = Fraction(0)
    opens: bool = False
    """Whether a repeated part begins with it."""
    closes: bool = False
    ending: int = 0
    """Of which ending it is the first bar; 0: of none."""


def _tune(block: str, name: str) -> Source | None:
    state, lines = _Tune(), list[str]()
    for raw in block.splitlines():
        line = raw.split("%")[0].rstrip("\\ \t")
        said = _FIELD.match(line)
        if said and said[1] == "K" and lines:
            lines.append(f"[K:{said[2].strip()}]")
        elif said:
            _take(state, said[1], said[2].strip(), has_notes=bool(lines))
        elif line:
            lines.append(line)
    sections = _sections(" ".join(lines), state)
    order = _expanded(sections)
    melody, chords, total = _played(sections, order)
    if not melody:
        return None
    bar = _bar_of(state.metre)
    first = next((one.length for one in sections if one.length), Fraction(0))
    upbeat = float(first) if 0 < first < bar else 0.0
    notes = [Part(np.array(melody, np.float64), "melody", 73)]
    if chords:
        notes.append(Part(np.array(_block_chords(chords, total), np.float64), "chords", 24))
    where = f"{name}, {state.title}" if state.title else name
    return Source(where, tuple(notes), state.metre, state.key, state.tempo, upbeat)


def _take(state: _Tune, letter: str, value: str, *, has_notes: bool) -> None:
    """A field of the head, or between lines."""
    if letter == "T" and not state.title:
        state.title = value
    elif letter == "M" and not has_notes:
        state.metre = {"C": "4/4", "C|": "2/2"}.get(
            value, value if re.fullmatch(r"\d+/(2|4|8|16)", value) else ""
        )
        if state.metre and "/" in state.metre:
            top, bottom = map(int, state.metre.split("/"))
            state.unit = Fraction(1, 2) if Fraction(top, bottom) >= Fraction(3, 4) else Fraction(1, 4)
    elif letter == "L" and re.fullmatch(r"\d+/\d+", value):
        state.unit = 4 * Fraction(value)
    elif letter == "K":
        _set_key(state, value)
    elif letter == "Q" and (found := re.search(r"(?:(\d+)/(\d+)\s*=)?\s*(\d+)", value)):
        beat = 4 * Fraction(int(found[1]), int(found[2])) if found[1] else Fraction(1)
        state.tempo = float(beat * int(found[3]))


def _set_key(state: _Tune, value: str) -> None:
    name = value.split()[0] if value.split() else ""
    if not spelt_key(value) and not spelt_key(name):
        return
    spelt = value if spelt_key(value) else name
    state.key = state.key or spelt_key(spelt)
    major = signature(spelt)
    n_sharps = (7 * major) % 12
    order = "FCGDAEB"
    if n_sharps <= 6:
        state.sharps = dict.fromkeys(order[:n_sharps], 1)
    else:
        state.sharps = dict.fromkeys(order[::-1][: 12 - n_sharps], -1)


def _sections(text: str, state: _Tune) -> list[_Section]:
    """Everything between bar lines."""
    sections = [_Section()]
    now, tuplet, n_left, tied, broken = Fraction(0), Fraction(1), 0, False, Fraction(1)
    for token in _TOKEN.finditer(text):
        here = sections[-1]
        if token["field"]:
            _take(state, token["field"], token["value"].strip(), has_notes=token["field"] != "L")
        elif token["said"] is not None:
            here.chords.append((now, token["said"].strip()))
        elif token["bar"]:
            here.length, now = now, Fraction(0)
            state.accidentals = {}
            here.closes |= token["bar"].startswith(":") or token["bar"] == "::"
            sections.append(_Section(opens=token["bar"].rstrip().endswith(":") and len(token["bar"]) > 1))
            if found := re.search(r"\d", token["bar"]):
                sections[-1].ending = int(found[0])
        elif token["tuplet"]:
            n = int(token["tuplet"])
            tuplet, n_left = Fraction(int(token["in"] or _TUPLETS.get(n, 2)), n), int(token["for"] or n)
        elif token["tie"]:
            tied = True
        elif token["broken"]:
            n = len(token["broken"])
            short, long = Fraction(1, 2**n), 2 - Fraction(1, 2**n)
            first, broken = (long, short) if token["broken"][0] == ">" else (short, long)
            now += _stretch(here, now, first)
        elif token["note"] or token["chord"]:
            pitches, long = _notes(token["note"] or token["chord"], state)
            long *= tuplet * broken
            here.notes += [(now, long, pitch, tied) for pitch in pitches]
            now, tied, broken = now + long, False, Fraction(1)
            n_left -= 1
            tuplet = tuplet if n_left > 0 else Fraction(1)
    sections[-1].length = now
    return sections


def _stretch(here: _Section, now: Fraction, share: Fraction) -> Fraction:
    """Make the last notes so much longer; how much later it is then."""
    if not here.notes:
        return Fraction(0)
    begin, long, _, _ = here.notes[-1]
    here.notes = [
        (at, length * share, pitch, tied) if at == begin else (at, length, pitch, tied)
        for at, length, pitch, tied in here.notes
    ]
    return long * share - long


def _notes(text: str, state: _Tune) -> tuple[list[int], Fraction]:
    """The pitches of a note or of a chord, none of a rest, and its length in quarter notes."""
    inner, outer = (text[1:].split("]", 1)) if text.startswith("[") else (text, "")
    found = [_note(one.groups(), state) for one in _NOTE.finditer(inner)]
    long = found[0][1] if found else state.unit
    if scale := re.fullmatch(r"(\d*)(/*)(\d*)", outer):
        long *= _times(*scale.groups())
    return [pitch for pitch, _ in found if pitch is not None], long


def _note(said: Sequence[str], state: _Tune) -> tuple[int | None, Fraction]:
    """The pitch of a note, None of a rest, and its length."""
    sign, letter, octave, n, slashes, below = said
    long = state.unit * _times(n, slashes, below)
    if letter in "zx":
        return None, long
    if letter == "Z":
        return None, _bar_of(state.metre) * Fraction(int(n or 1))
    name = letter.upper() + octave + ("'" if letter.islower() else "")
    if sign:
        state.accidentals[name] = sign.count("^") - sign.count("_")
    by_key = state.sharps.get(letter.upper(), 0)
    height = _LETTERS[letter.upper()] + (12 if letter.islower() else 0)
    return height + 12 * (octave.count("'") - octave.count(",")) + state.accidentals.get(name, by_key), long


def _times(n: str, slashes: str, below: str) -> Fraction:
    return Fraction(int(n or 1), int(below) if below and int(below) else 2 ** len(slashes))


def _bar_of(metre: str) -> Fraction:
    return 4 * Fraction(metre) if metre else Fraction(4)


def _expanded(sections: list[_Section]) -> list[int]:
    """The order in which sections are played: repeats twice, each with its own ending."""
    order, start, turn, place, n_jumps = list[int](), 0, 1, 0, 0
    while place < len(sections):
        here = sections[place]
        if here.opens and start != place:
            start, turn = place, 1
        if here.ending and here.ending != turn and n_jumps <= len(sections):
            later = next((k for k in range(place + 1, len(sections)) if sections[k].ending == turn), None)
            if later is not None:
                place = later
                here = sections[place]
        order.append(place)
        if here.closes and turn == 1 and n_jumps <= len(sections):
            place, turn, n_jumps = start, 2, n_jumps + 1
            continue
        if here.closes or (here.ending and turn > 1 and here.ending == turn):
            start, turn = place + 1, 1
        place += 1
    return order


def _played(
    sections: list[_Section], order: list[int]
) -> tuple[list[list[float]], list[tuple[float, str]], float]:
    """Notes and chords along the whole tune, and how long it is."""
    melody, chords, now = list[list[float]](), list[tuple[float, str]](), Fraction(0)
    for place in order:
        here = sections[place]
        for begin, long, pitch, tied in here.notes:
            at = float(now + begin)
            same = [one for one in melody[-4:] if one[2] == pitch and abs(one[0] + one[1] - at) < 1e-6]
            if tied and same:
                same[-1][1] += float(long)
            else:
                melody.append([at, float(long), pitch, 80.0])
        chords += [(float(now + begin), said) for begin, said in here.chords]
        now += here.length
    return melody, chords, float(now)


def _block_chords(chords: list[tuple[float, str]], total: float) -> list[list[float]]:
    """Each chord until the next one."""
    found: list[list[float]] = []
    known = [(at, pitches) for at, said in chords if (pitches := _pitches(said))]
    for place, (at, pitches) in enumerate(known):
        end = known[place + 1][0] if place + 1 < len(known) else total
        found += [[at, max(end - at, 0.0), pitch, 70.0] for pitch in pitches if end > at]
    return found


def _pitches(said: str) -> list[int]:
    """Of a chord symbol; none where it is no chord.

    Example:
        >>> _pitches("Am"), _pitches("G7/B"), _pitches("slowly")
        ([57, 60, 64], [55, 59, 62, 65], [])
    """
    found = re.fullmatch(r"([A-G][#b]?)([^/\s(]*)(?:[/(].*)?", said)
    if not found or found[2] not in _CHORDS or found[1] not in PITCH_CLASSES:
        return []
    root = _CHORD_OCTAVE + PITCH_CLASSES[found[1]]
    return [root + step for step in _CHORDS[found[2]]]

"""Sources become pieces of one form: who plays which role, on which grid, in which voices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.music.midi_files import quantised
from gansmith.modalities.music.records import (
    BARS,
    FIRST,
    HOLD,
    KEY,
    LOUDNESS,
    MAX_STEPS,
    METRE,
    REST,
    TEMPO,
    USUAL_LOUDNESS,
    USUAL_TEMPO,
    Form,
    Pieces,
    Tokens,
    Track,
)
from gansmith.modalities.music.sources import Part, Source
from gansmith.modalities.music.theory import Notes, found_key, found_metre, pitch_class_weights

GRIDS: Final = (1, 2, 4, 12, 24)
ON_GRID: Final = 0.99
"""Share of the notes that must begin on a grid: within a tenth of its step, or a 96th of a quarter note."""
SELDOM: Final = 0.05
"""A role that fewer of the pieces have is left out."""
ENOUGH_VOICES: Final = 0.98
"""Share of the beginnings at which a track has no more notes than it has voices."""
MOST_VOICES: Final = {"melody": 2, "bass": 1, "chords": 4, "strings": 4, "drums": 7}
MONOPHONIC: Final = 0.95
"""Share of notes that do not sound together with another one."""
FEWEST_NOTES: Final = 2
CHOIR: Final = ("soprano", "alto", "tenor", "bass")
_ROLES: Final = ("melody", "chords", "strings", "bass", "drums")
_PROGRAMS: Final = {"melody": 73, "chords": 0, "strings": 48, "bass": 33, "drums": 0}
_SAID: Final = {
    "melody": ("melod", "lead", "vocal", "voice", "sing", "flute", "violin", "fiddle"),
    "bass": ("bass",),
    "chords": ("chord", "guitar", "piano", "organ", "accomp"),
    "strings": ("string", "pad", "choir"),
    "drums": ("drum", "perc", "kit"),
}
DRUMS: Final = (
    (35, 36),
    (38, 40, 37, 39),
    (42, 44),
    (46,),
    (41, 43, 45, 47, 48, 50),
    (49, 51, 52, 53, 55, 57, 59),
)
"""Which drums share a voice: bass drum, snare, closed and open hi-hat, toms, cymbals; all others the last."""


def arranged(sources: Sequence[Source], grid: int, name: str, notes: Sequence[str]) -> Pieces:
    """Pieces of one form.

    Args:
        sources: As they were read.
        grid: Steps of a quarter note; 0: found.
        name: Of all of them.
        notes: What is known of how they were read.

    Raises:
        DataError: Nothing but silence is left.
    """
    roles = [_roles(source) for source in sources]
    grid = grid or _grid(sources)
    form = _form(roles, grid, n_pieces=len(sources))
    return arranged_as(sources, form, name, [*notes, *_off_grid(sources, grid)], roles)


def arranged_as(
    sources: Sequence[Source],
    form: Form,
    name: str,
    notes: Sequence[str],
    roles: Sequence[dict[str, list[Part]]] | None = None,
) -> Pieces:
    """Pieces of a form that is known; what it has no place for is left out, with a note.

    Raises:
        DataError: Nothing is left.
    """
    roles = roles or [_roles(source) for source in sources]
    tokens, rows, names, dropped, said = (
        list[Tokens](),
        list[dict[str, Any]](),
        list[str](),
        Counter[str](),
        list(notes),
    )
    too_short, remarks = 0, dict[str, list[str]]()
    for source, parts in zip(sources, roles, strict=True):
        known = _known(source)
        whole, lost = _in_voices(_matched(parts, form), form, source.upbeat, known[METRE])
        dropped.update(lost)
        if (whole >= FIRST).sum() < FEWEST_NOTES:
            too_short += 1
            continue
        bar = form.bar_steps(known[METRE])
        longest = max(MAX_STEPS // bar, 1) * bar
        for first in range(0, len(whole), longest):
            piece = _begun(whole[first : first + longest], form)
            if first and (piece >= FIRST).sum() < FEWEST_NOTES:
                continue
            tokens.append(piece)
            rows.append({**known, BARS: float(len(piece) // bar)})
            names.append(source.name if not first else f"{source.name}, from bar {first // bar + 1}")
        for one in source.notes:
            remarks.setdefault(one, []).append(source.name)
    if not tokens:
        raise DataError(
            f"{name}: none of {len(sources):,} pieces has {FEWEST_NOTES} notes in the tracks {form}. "
            "Give others."
        )
    if too_short:
        said.append(
            f"{too_short:,} of {len(sources):,} pieces have fewer than {FEWEST_NOTES} notes: left out"
        )
    said += [
        f"{some[0]}: {one}" if len(some) == 1 else f"{len(some):,} pieces: {one}"
        for one, some in remarks.items()
    ]
    said += [f"left out of tracks: {n:,} {what}" for what, n in sorted(dropped.items())]
    return Pieces(tuple(tokens), form, _attributes(rows), name, tuple(_few(said)), tuple(names))


def _few(said: Sequence[str], most: int = 8) -> list[str]:
    said = list(dict.fromkeys(said))
    return said if len(said) <= most else [*said[:most], f"and {len(said) - most:,} notes more"]


def _known(source: Source) -> dict[str, Any]:
    """What is known of a piece, found where it is not said."""
    pitched = [part.notes for part in source.parts if not part.is_drums]
    notes = np.concatenate(pitched) if pitched else np.zeros((0, 4))
    everything = np.concatenate([part.notes for part in source.parts])
    return {
        KEY: source.key or (found_key(pitch_class_weights(notes)) if len(notes) else "") or None,
        METRE: source.metre or found_metre(everything),
        TEMPO: float(round(source.tempo or USUAL_TEMPO)),
        LOUDNESS: float(round(everything[:, 3].mean())) if len(everything) else USUAL_LOUDNESS,
    }


def _attributes(rows: Sequence[dict[str, Any]]) -> Attributes:
    found: dict[str, np.ndarray] = {}
    for name in (KEY, METRE, TEMPO, LOUDNESS, BARS):
        column = [row[name] for row in rows]
        found[name] = np.array(column, object if name in (KEY, METRE) else np.float64)
    return Attributes(found)


# --- Who plays what -----------------------------------------------------------------------------------------


def _roles(source: Source) -> dict[str, list[Part]]:
    """The parts of each role; voices keep their names."""
    parts = [part for part in source.parts if len(part.notes)]
    if source.is_voices:
        return {part.name: [part] for part in parts}
    pitched = [part for part in parts if not part.is_drums]
    if len(pitched) == len(parts) == 4 and _is_choir(pitched):
        return dict(zip(CHOIR, ([one] for one in _from_high(pitched)), strict=True))
    found: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        found[_role(part, pitched)].append(part)
    if "melody" not in found and len(pitched) > 1:
        single = [one for one in pitched if _is_monophonic(one.notes)]
        if (
            single
            and (top := _from_high(single)[0]) in (chosen := found[_role(top, pitched)])
            and len(chosen) > 1
        ):
            chosen.remove(top)
            found["melody"].append(top)
    return {role: chosen for role, chosen in found.items() if chosen}


def _role(part: Part, pitched: Sequence[Part]) -> str:
    """By what it is called, by its instrument, else by how it plays among the others."""
    if part.is_drums:
        return "drums"
    said = part.name.lower()
    for role, words in _SAID.items():
        if role != "drums" and any(word in said for word in words):
            return role
    if 32 <= part.program < 40:
        return "bass"
    alone = _is_monophonic(part.notes)
    if part.program:
        is_strings = 40 <= part.program < 56 and not alone
        return "chords" if part.program < 32 else "strings" if is_strings or part.program >= 88 else "melody"
    if not alone:
        return "chords"
    singles = _from_high([one for one in pitched if _is_monophonic(one.notes)])
    is_low = len(singles) > 1 and part is singles[-1] and float(np.median(part.notes[:, 2])) < 52
    return "bass" if is_low else "melody"


def _is_monophonic(notes: Notes) -> bool:
    order = notes[np.argsort(notes[:, 0], kind="stable")]
    return (
        bool((order[1:, 0] >= order[:-1, 0] + 0.9 * order[:-1, 1]).mean() >= MONOPHONIC)
        if len(order) > 1
        else True
    )


def _from_high(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda one: -float(one.notes[:, 2].mean()))


def _is_choir(parts: Sequence[Part]) -> bool:
    """Whether parts are voices of a choir rather than a band: one note at a time, one instrument for all."""
    return len({one.program for one in parts}) == 1 and all(_is_monophonic(one.notes) for one in parts)


def _form(roles: Sequence[dict[str, list[Part]]], grid: int, n_pieces: int) -> Form:
    """The tracks that enough of the pieces have, each with as many voices as it mostly needs."""
    counts = Counter(role for one in roles for role in one)
    kept = [role for role, n in counts.items() if n >= max(1, SELDOM * n_pieces)] or list(counts)
    order = [role for role in _ROLES if role in kept]
    order = order if set(order) == set(kept) else list(dict.fromkeys([*(r for one in roles for r in one)]))
    tracks = []
    for role in [one for one in order if one in kept]:
        parts = [part for one in roles for part in one.get(role, [])]
        is_drums = role == "drums"
        programs = Counter(part.program for part in parts if part.program or not _PROGRAMS.get(role, 0))
        program = programs.most_common(1)[0][0] if programs else _PROGRAMS.get(role, 0)
        most = MOST_VOICES.get(role, 1)
        n_voices = len(DRUMS) + 1 if is_drums else _n_voices(roles, role, grid, most)
        tracks.append(Track(role, 0 if is_drums else program, n_voices, is_drums))
    return Form(tuple(tracks), grid)


def _n_voices(roles: Sequence[dict[str, list[Part]]], role: str, grid: int, most: int) -> int:
    together: list[np.ndarray] = []
    for one in roles:
        if role in one:
            notes = np.concatenate([quantised(part.notes, grid) for part in one[role]])
            together.append(np.bincount(np.unique(notes[:, 0], return_inverse=True)[1]))
    counts = np.sort(np.concatenate(together)) if together else np.ones(1, int)
    return int(np.clip(counts[min(int(ENOUGH_VOICES * len(counts)), len(counts) - 1)], 1, most))


def _matched(parts: dict[str, list[Part]], form: Form) -> dict[str, list[Part]]:
    """Parts by the tracks of a form; a part alone takes the only track there is."""
    known = {track.name for track in form.tracks}
    found: dict[str, list[Part]] = {role: chosen for role, chosen in parts.items() if role in known}
    left = {role: chosen for role, chosen in parts.items() if role not in known}
    free = [track.name for track in form.tracks if track.name not in found and not track.is_drums]
    pitched = [role for role, chosen in left.items() if not chosen[0].is_drums]
    if free and len(pitched) == 1 and (not found or len(free) == 1):
        found[free[0]] = left.pop(pitched[0])
    return found


# --- On which grid ------------------------------------------------------------------------------------------


def _grid(sources: Sequence[Source]) -> int:
    """The coarsest grid on which nearly all notes begin."""
    given = {source.grid for source in sources}
    if given - {0} and len(given) == 1:
        return given.pop()
    begins = np.concatenate([part.notes[:, 0] for source in sources for part in source.parts])
    return next((grid for grid in GRIDS if _share_on(begins, grid) >= ON_GRID), _densest(begins))


def _densest(begins: np.ndarray) -> int:
    """Where notes lie on no grid, as when somebody played them: the usual one, or that of triplets."""
    return 12 if _share_on(begins, 12, 1 / 24) > _share_on(begins, 4, 1 / 24) + 0.1 else 4


def _share_on(begins: np.ndarray, grid: int, near: float = 0.0) -> float:
    off = np.abs(begins * grid - np.rint(begins * grid)) / grid
    return float((off <= (near or max(1 / 96, 0.1 / grid))).mean()) if len(begins) else 1.0


def _off_grid(sources: Sequence[Source], grid: int) -> list[str]:
    begins = np.concatenate([part.notes[:, 0] for source in sources for part in source.parts])
    off = 1 - _share_on(begins, grid)
    finer = next((one for one in GRIDS if one > grid and one % grid == 0), 0)
    more = f" (--grid {finer} keeps more of them)" if finer else ""
    if off <= 5e-4:
        return []
    return [f"{off:.1%} of the notes begin between the {grid} steps of a quarter note and were moved{more}"]


# --- In which voices ----------------------------------------------------------------------------------------


def _in_voices(
    parts: dict[str, list[Part]], form: Form, upbeat: float, metre: str
) -> tuple[Tokens, Counter[str]]:
    """What every voice does, in whole bars, and what there was no voice for."""
    bar = form.bar_steps(metre)
    offset = (bar - round(upbeat * form.grid) % bar) % bar
    chosen = {
        role: [replace(one, notes=quantised(one.notes, form.grid)) for one in some]
        for role, some in parts.items()
    }
    if not chosen:
        return np.zeros((0, form.n_voices), np.int16), Counter()
    end = max(float((one.notes[:, 0] + one.notes[:, 1]).max()) for some in chosen.values() for one in some)
    n_steps = -(-(round(end) + offset) // bar) * bar
    tokens, lost = np.zeros((n_steps, form.n_voices), np.int16), Counter[str]()
    for place, track in enumerate(form.tracks):
        some = chosen.get(track.name)
        if some:
            notes = np.concatenate([one.notes for one in some])
            notes[:, 0] += offset
            column, n_lost = (
                _drummed(notes, n_steps) if track.is_drums else _placed(notes, track.n_voices, n_steps)
            )
            tokens[:, form.voices(place)] = column
            if n_lost:
                lost[f"notes of {track.name}, of which more than {track.n_voices} sound at once"] += n_lost
    return tokens, lost


def _placed(notes: np.ndarray, n_voices: int, n_steps: int) -> tuple[Tokens, int]:
    """Notes in voices from high to low; a note ends where its voice begins another."""
    tokens = np.full((n_steps, n_voices), REST, np.int16)
    until, n_lost = np.zeros(n_voices, np.int64), 0
    starts = np.unique(notes[:, 0].astype(np.int64))
    order = notes[np.lexsort((-notes[:, 2], notes[:, 0]))].astype(np.int64)
    bounds = np.searchsorted(order[:, 0], [*starts.tolist(), n_steps + 1])
    for place, start in enumerate(starts.tolist()):
        group = order[bounds[place] : bounds[place + 1]]
        group = group[np.unique(-group[:, 2], return_index=True)[1]]
        if len(group) > n_voices:
            n_lost += len(group) - n_voices
            keep = [0, *range(len(group) - n_voices + 1, len(group))]  # the highest and the lowest ones
            group = group[keep]
        free = np.flatnonzero(until <= start)
        voices = free[: len(group)] if len(free) >= len(group) else np.arange(len(group))
        for voice, (_, long, pitch, _) in zip(voices.tolist(), group.tolist(), strict=True):
            end = min(start + long, n_steps)
            tokens[start, voice] = FIRST + pitch
            tokens[start + 1 : end, voice] = HOLD
            tokens[end : max(int(until[voice]), end), voice] = REST
            until[voice] = end
    return tokens, n_lost


def _drummed(notes: np.ndarray, n_steps: int) -> tuple[Tokens, int]:
    """A voice for each kind of drum; what is struck at once in one voice is the first."""
    tokens = np.full((n_steps, len(DRUMS) + 1), REST, np.int16)
    voice_of = {pitch: voice for voice, some in enumerate(DRUMS) for pitch in some}
    for start, _, pitch, _ in notes[::-1].astype(np.int64).tolist():
        tokens[min(start, n_steps - 1), voice_of.get(pitch, len(DRUMS))] = FIRST + pitch
    return tokens, 0


def _begun(tokens: Tokens, form: Form) -> Tokens:
    """A stretch of a piece by itself: what only held on at its beginning is silent."""
    tokens = tokens.copy()
    if len(tokens):
        for voice in np.flatnonzero(tokens[0] == HOLD).tolist():
            until = int(np.argmax(tokens[:, voice] != HOLD)) or len(tokens)
            tokens[:until, voice] = REST
    return tokens

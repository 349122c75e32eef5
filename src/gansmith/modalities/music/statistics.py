"""What pieces are like, in numbers: the measures of papers on generated music, each by its definition.

Sources:
    Dong et al. 2018, "MuseGAN" (arXiv:1709.06298), section 6: EB, UPC, QN, DP, TD. Harte et al. 2006,
    "Detecting harmonic change in musical audio": the tonal centroid. Wu and Yang 2020, "The jazz transformer
    on the front line" (arXiv:2008.01307): groove similarity, pitch class entropy. Mogren 2016
    (arXiv:1611.09904): scale consistency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.music.records import FIRST, Form, Pieces, Tokens, notes_of, sounding
from gansmith.modalities.music.theory import MAJOR, MINOR, scale_of

Numbers = Float[np.ndarray, " _"]
ByPiece = list[np.ndarray]
"""Numbers of each piece: of its bars, its notes, its quarter notes."""

QUALIFIED_QUARTERS: Final = 1 / 8
"""Three of MuseGAN's 96 steps of a bar: notes no shorter than these are qualified."""
PATTERN_QUARTERS: Final = 0.5
"""Drums on eighths are in a pattern; MuseGAN counts notes in patterns of 8 or 16 beats of a bar."""
PERFECT: Final = (0, 7)
"""Semitones of octaves and fifths, octaves left out: two voices that move in one direction from one of them
to the same are parallel."""
LAGS_BARS: Final = (1, 2, 4, 8)
_RADII: Final = (1.0, 1.0, 0.5)
"""Of the circles of fifths, minor thirds, major thirds in Harte's space."""
_TURNS: Final = (7 * np.pi / 6, 3 * np.pi / 2, 2 * np.pi / 3)


def empty_bars(pieces: Pieces, voices: slice) -> ByPiece:
    """Of every bar whether a track is silent in it (EB); a note that is held through it is not silence."""
    return [np.asarray((bars[:, :, voices] < 0).all((1, 2)), np.float64) for bars in _sounding_bars(pieces)]


def used_pitch_classes(pieces: Pieces, voices: slice) -> ByPiece:
    """Of every bar that is not empty how many pitch classes sound in it, 1 to 12 (UPC)."""
    found = list[np.ndarray]()
    for bars in _sounding_bars(pieces):
        own = bars[:, :, voices].reshape(len(bars), -1)
        used = (chroma_of(own) > 0).sum(1)
        found.append(used[used > 0].astype(np.float64))
    return found


def note_lengths(pieces: Pieces, voices: slice) -> ByPiece:
    """Of every note, in quarter notes."""
    return [notes_of(tokens[:, voices])[:, 1] / pieces.form.grid for tokens in pieces.tokens]


def qualified_notes(pieces: Pieces, voices: slice) -> ByPiece:
    """Of every note whether it is no fragment (QN)."""
    return [(one >= QUALIFIED_QUARTERS).astype(np.float64) for one in note_lengths(pieces, voices)]


def melodic_steps(pieces: Pieces, voices: slice) -> ByPiece:
    """From every note of the highest voice of a track to its next one, in semitones."""
    top = slice(voices.start, voices.start + 1)
    return [np.diff(notes_of(tokens[:, top])[:, 2]).astype(np.float64) for tokens in pieces.tokens]


def drum_patterns(pieces: Pieces, voices: slice) -> ByPiece:
    """Of every stroke of the drums whether it lies on an eighth of its bar (DP)."""
    step = max(1, round(PATTERN_QUARTERS * pieces.form.grid))
    return [(notes_of(tokens[:, voices])[:, 0] % step == 0).astype(np.float64) for tokens in pieces.tokens]


def tonal_distances(pieces: Pieces, one: slice, other: slice) -> ByPiece:
    """Of every quarter note in which two tracks sound, how far their harmonies are from each other (TD)."""
    found = list[np.ndarray]()
    for tokens in pieces.tokens:
        sounds = sounding(tokens)
        first, second = (_centroids(chroma(sounds[:, side], pieces.form.grid)) for side in (one, other))
        distance = np.sqrt(np.square(first - second).sum(1))
        found.append(distance[~np.isnan(distance)])
    return found


def together(found: ByPiece) -> Numbers:
    """Of all pieces."""
    return np.concatenate([np.zeros(0), *found])


def chroma(sounds: np.ndarray, grid: int) -> Float[np.ndarray, "n_quarters 12"]:
    """How long each pitch class sounds in each quarter note, in steps; a rest at the end counts, too."""
    n = -(-len(sounds) // grid)
    padded = np.full((n * grid, sounds.shape[1]), -1)
    padded[: len(sounds)] = sounds
    return chroma_of(padded.reshape(n, -1))


def chroma_of(rows: np.ndarray) -> Float[np.ndarray, "n 12"]:
    """How often each pitch class sounds in each row of pitches."""
    n = len(rows)
    places = np.arange(n)[:, None] * 13 + np.where(rows >= 0, rows % 12, 12)
    return np.bincount(places.ravel(), minlength=13 * n).reshape(n, 13)[:, :12].astype(np.float64)


def _centroids(of: Float[np.ndarray, "n 12"]) -> Float[np.ndarray, "n 6"]:
    """In Harte's space of six dimensions; NaN where nothing sounds."""
    pitches = np.arange(12)
    axes = [
        radius * turn(pitches * step)
        for radius, step in zip(_RADII, _TURNS, strict=True)
        for turn in (np.sin, np.cos)
    ]
    total = of.sum(1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, of @ np.stack(axes, 1) / total, np.nan)


def _sounding_bars(pieces: Pieces) -> Iterator[np.ndarray]:
    """What sounds in the bars of each piece: pitches `(n_bars, steps, voices)`."""
    for tokens, bar in zip(pieces.tokens, pieces.bar_steps, strict=True):
        n = len(tokens) // bar
        yield sounding(tokens)[: n * bar].reshape(n, bar, tokens.shape[1])


# --- Voices of a choir --------------------------------------------------------------------------------------


def parallels(tokens: Tokens) -> tuple[int, int]:
    """Parallel octaves and fifths, and moves of two voices at once in which they could be.

    Example:
        >>> parallels(np.array([[69, 62], [71, 64]]))
        (1, 1)
    """
    sounds = sounding(tokens)
    begins = (tokens >= FIRST).any(1)
    rows = sounds[begins]
    n_found = n_moves = 0
    for upper in range(rows.shape[1]):
        for lower in range(upper + 1, rows.shape[1]):
            both = rows[:, [upper, lower]]
            there = (both[1:] >= 0).all(1) & (both[:-1] >= 0).all(1)
            step = both[1:] - both[:-1]
            moves = there & (step != 0).all(1)
            before, after = ((part[:, 0] - part[:, 1]) % 12 for part in (both[:-1], both[1:]))
            perfect = (
                np.isin(before, PERFECT) & (before == after) & (np.sign(step[:, 0]) == np.sign(step[:, 1]))
            )
            n_found += int((moves & perfect).sum())
            n_moves += int(moves.sum())
    return n_found, n_moves


def crossings(tokens: Tokens) -> Numbers:
    """Of every step and pair of neighbouring voices that sound, whether the lower one is above the other."""
    sounds = sounding(tokens)
    upper, lower = sounds[:, :-1], sounds[:, 1:]
    both = (upper >= 0) & (lower >= 0)
    return (lower > upper)[both].astype(np.float64)


def beyond(tokens: Tokens, lowest: np.ndarray, highest: np.ndarray) -> Numbers:
    """Of every step of a voice that sounds, whether it is out of its range."""
    sounds = sounding(tokens)
    return ((sounds < lowest) | (sounds > highest))[sounds >= 0].astype(np.float64)


def ranges(pieces: Pieces, share: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    """The pitches between which nearly all notes of each voice lie."""
    lows, highs = list[float](), list[float]()
    for voice in range(pieces.form.n_voices):
        found = np.concatenate([np.zeros(0), *(sounding(one)[:, voice] for one in pieces.tokens)])
        heard = found[found >= 0]
        low, high = np.quantile(heard, [share, 1 - share]) if len(heard) else (0.0, 127.0)
        lows.append(float(np.floor(low)))
        highs.append(float(np.ceil(high)))
    return np.array(lows), np.array(highs)


# --- A row for each piece -----------------------------------------------------------------------------------


def profile(tokens: Tokens, form: Form, bar: int, key: str) -> dict[tuple[tuple[str, ...], str], float]:
    """What one piece is like: by track, or by two, and what is said of it; NaN where there is no number."""
    found: dict[tuple[tuple[str, ...], str], float] = {}
    notes, sounds = notes_of(tokens), sounding(tokens)
    for place, track in enumerate(form.tracks):
        of = form.voices(place)
        own = notes[np.isin(notes[:, 3], range(form.n_voices)[of])]
        for words, number in _of_track(own, sounds[:, of], form, bar).items():
            found[(track.name,), words] = number
    pitched = form.pitched
    heard = sounds[:, pitched]
    classes = np.bincount(heard[heard >= 0] % 12, minlength=12) if pitched.any() else np.zeros(12)
    total = max(classes.sum(), 1)
    shares = classes / total
    whole = ("the whole",)
    found[whole, "entropy of pitch classes"] = float(
        -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    )
    found[whole, "notes of the best scale"] = scale_share(shares)
    if key:
        found[whole, "notes of its key"] = float(shares[scale_of(key)].sum())
    found[whole, "bars"] = len(tokens) / bar
    found[whole, "voices at once"] = float((sounds >= 0).sum(1).mean()) if len(sounds) else 0.0
    found |= {(whole, words): number for words, number in _of_bars(tokens, bar).items()}
    n_parallel, n_moves = parallels(tokens[:, pitched]) if pitched.sum() > 1 else (0, 0)
    if pitched.sum() > 1:
        found[whole, "parallels of a hundred moves"] = 100 * n_parallel / n_moves if n_moves else np.nan
        crossed = crossings(tokens[:, pitched])
        found[whole, "steps with crossed voices"] = float(crossed.mean()) if len(crossed) else np.nan
    for place, track in enumerate(form.tracks[:-1]):
        other = form.tracks[place + 1]
        if not track.is_drums and not other.is_drums:
            distances = _distance(sounds[:, form.voices(place)], sounds[:, form.voices(place + 1)], form.grid)
            found[(track.name, other.name), "tonal distance"] = distances
    return found


def _distance(one: np.ndarray, other: np.ndarray, grid: int) -> float:
    first, second = (_centroids(chroma(side, grid)) for side in (one, other))
    distance = np.sqrt(np.square(first - second).sum(1))
    known = ~np.isnan(distance)
    return float(distance[known].mean()) if known.any() else np.nan


def _of_track(notes: np.ndarray, sounds: np.ndarray, form: Form, bar: int) -> dict[str, float]:
    n_bars = max(len(sounds) // bar, 1)
    whole = sounds[: n_bars * min(bar, len(sounds))].reshape(n_bars, -1, sounds.shape[1])
    empty = (whole < 0).all((1, 2))
    used = (chroma_of(whole.reshape(len(whole), -1)) > 0).sum(1)
    first = notes[notes[:, 3] == notes[:, 3].min()] if len(notes) else notes
    steps, long = np.abs(np.diff(first[:, 2])), notes[:, 1] / form.grid
    n = len(notes)
    return {
        "empty bars": float(empty.mean()),
        "pitch classes a bar": float(used[~empty].mean()) if (~empty).any() else np.nan,
        "notes a bar": n / n_bars,
        "length of notes": float(long.mean()) if n else np.nan,
        "notes of a quarter": float((long == 1).mean()) if n else np.nan,
        "notes of an eighth": float((long == 0.5).mean()) if n else np.nan,
        "longer notes": float((long > 1).mean()) if n else np.nan,
        "height": float(notes[:, 2].mean()) if n else np.nan,
        "spread of heights": float(notes[:, 2].std()) if n else np.nan,
        "notes off the beat": float((notes[:, 0] % form.grid != 0).mean()) if n else np.nan,
        "notes on the first beat": float((notes[:, 0] % bar == 0).mean()) if n else np.nan,
        "repeated notes": float((steps == 0).mean()) if len(steps) else np.nan,
        "steps": float(((steps == 1) | (steps == 2)).mean()) if len(steps) else np.nan,
        "leaps": float((steps > 4).mean()) if len(steps) else np.nan,
        "size of steps": float(steps.mean()) if len(steps) else np.nan,
        "silence": float((sounds < 0).all(1).mean()) if len(sounds) else np.nan,
    }


def _of_bars(tokens: Tokens, bar: int) -> dict[str, float]:
    """How alike bars are: their rhythm from one to the next, and whether they come again."""
    n = len(tokens) // bar
    whole = tokens[: n * bar].reshape(n, bar, tokens.shape[1])
    begins = np.asarray((whole >= FIRST).any(2))
    found = {"groove": float(1 - (begins[1:] != begins[:-1]).mean()) if n > 1 else np.nan}
    for lag in LAGS_BARS:
        same = [bool(np.array_equal(one, other)) for one, other in zip(whole[lag:], whole, strict=False)]
        found[f"bars as {lag} before"] = float(np.mean(same)) if same else np.nan
    return found


def scale_share(shares: Float[np.ndarray, " 12"]) -> float:
    """The largest share of the notes that lie in one major or minor scale (scale consistency)."""
    best = 0.0
    for scale in (MAJOR, MINOR[:6] + MINOR[6:7]):
        for tonic in range(12):
            best = max(best, float(shares[(np.array(scale) + tonic) % 12].sum()))
    return best


def wasserstein(one: Numbers, other: Numbers) -> float:
    """The earth mover's distance between two samples of numbers."""
    if not len(one) or not len(other):
        return np.nan
    both = np.sort(np.concatenate([one, other]))
    ranks = [np.searchsorted(np.sort(side), both[:-1], side="right") / len(side) for side in (one, other)]
    return float((np.abs(ranks[0] - ranks[1]) * np.diff(both)).sum())

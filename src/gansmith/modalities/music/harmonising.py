"""What can be learnt of pieces: the harmony under a melody, or the next note; by a forest, by quarters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Int

from gansmith.errors import DataError
from gansmith.modalities.music.records import Pieces, Tokens, sounding
from gansmith.modalities.music.statistics import chroma
from gansmith.modalities.music.theory import shift_to

N_TREES: Final = 60
MOST_LESSONS: Final = 20_000
AROUND: Final = (-2, -1, 0, 1, 2)
"""Quarter notes of the melody that are seen, beside the one that is asked about."""
NO_CHORD: Final = 24
N_CHORDS: Final = 25
_TRIADS: Final = tuple(
    tuple(sorted(((root + step) % 12) for step in steps))
    for steps in ((0, 4, 7), (0, 3, 7))
    for root in range(12)
)


@final
@dataclass(frozen=True, eq=False)
class Lessons:
    """What is asked, and the right answers."""

    inputs: np.ndarray
    answers: Int[np.ndarray, " n"]
    owners: Int[np.ndarray, " n"]
    """The piece that each is of."""
    what: str
    """"the chord" or "the next note"."""


def chords_of(tokens: Tokens, grid: int, shift: int) -> Int[np.ndarray, " n_quarters"]:
    """The chord of each quarter note, in C major or A minor: of 24 triads the one that most notes are in.

    The root counts more, above all in the bass; `NO_CHORD` where nothing sounds.
    """
    sounds = sounding(tokens)
    held = chroma(sounds, grid)
    n = len(held)
    lowest = np.full(n, -1)
    for quarter in range(n):
        part = sounds[quarter * grid : (quarter + 1) * grid]
        heard = part[part >= 0]
        lowest[quarter] = heard.min() % 12 if len(heard) else -1
    fits = np.stack([held[:, list(triad)].sum(1) for triad in _TRIADS], 1)
    roots = np.arange(24) % 12
    fits = fits + 0.25 * held[:, roots] + 0.5 * grid * (lowest[:, None] == roots) * 0.5
    best = fits.argmax(1)
    moved = (best % 12 - shift) % 12 + 12 * (best // 12)
    return np.where(held.sum(1) > 0, moved, NO_CHORD)


def lessons(pieces: Pieces) -> Lessons:
    """Of several voices the chord under the highest one; of one alone its next note.

    Raises:
        DataError: The pieces are too short.
    """
    many = int(pieces.form.pitched.sum()) > 1
    inputs, answers, owners = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    for number, (tokens, key, bar) in enumerate(
        zip(pieces.tokens, pieces.key_names, pieces.bar_steps, strict=True)
    ):
        grid, shift = pieces.form.grid, shift_to(key)
        top = sounding(tokens[:, pieces.form.pitched][:, :1])[:, 0]
        heard = np.where(top >= 0, (top - shift) % 12, 12)
        quarters, last = heard[::grid], heard[grid - 1 :: grid]
        n = min(len(quarters), len(last))
        if n < 4:
            continue
        rows = [_at(quarters[:n], offset) for offset in (AROUND if many else (-3, -2, -1, 0))]
        rows += [_at(last[:n], 0), (np.arange(n) * grid % bar) // grid]
        minor = np.full(n, int(key.endswith("m")))
        wanted = chords_of(tokens[:, pieces.form.pitched], grid, shift)[:n] if many else _at(quarters[:n], 1)
        hot = [np.eye(13)[one] for one in rows[:-1]]
        inputs.append(np.concatenate([*hot, rows[-1][:, None], minor[:, None]], 1))
        answers.append(wanted)
        owners.append(np.full(n, number))
    if not inputs:
        raise DataError("the pieces are too short to learn harmony from")
    what = "the chord" if many else "the next note"
    return Lessons(np.concatenate(inputs), np.concatenate(answers), np.concatenate(owners), what)


def _at(values: np.ndarray, offset: int) -> np.ndarray:
    """What stands so many places later; 12, silence, beyond the ends."""
    found = np.full(len(values), 12)
    if offset >= 0:
        found[: len(values) - offset] = values[offset:]
    else:
        found[-offset:] = values[:offset]
    return found


def accuracy(known: Lessons, asked: Lessons, seed: int) -> Bool[np.ndarray, " n"]:
    """Which answers a forest that has learnt from some pieces gives right."""
    from sklearn.ensemble import RandomForestClassifier  # it is imported for those who score

    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(known.answers))[:MOST_LESSONS])
    forest = RandomForestClassifier(
        N_TREES, max_depth=14, min_samples_leaf=3, random_state=seed % 2**32, n_jobs=1
    )
    forest.fit(known.inputs[some], known.answers[some])
    return forest.predict(asked.inputs) == asked.answers

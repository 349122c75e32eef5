"""A bigram model of music: what all voices do together, given what they did a step before and the beat."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from gansmith.modalities.music.records import FIRST, Pieces, moved, sounding
from gansmith.modalities.music.theory import shift_to


def bigram_pieces(train: Pieces, n: int, seed: int) -> Pieces:
    """So many pieces, with the keys, metres and lengths of training pieces.

    A state is what sounds, in C major or A minor, and the step of its quarter note; the next one is drawn as
    often as it followed in the training pieces.
    """
    rng, grid = np.random.default_rng(seed), train.form.grid
    after: dict[tuple[int, ...], list[tuple[int, ...]]] = defaultdict(list)
    firsts: list[tuple[int, ...]] = []
    is_pitched = train.form.pitched
    for tokens, key in zip(train.tokens, train.key_names, strict=True):
        home = moved(tokens, -shift_to(key), is_pitched)
        sounds = sounding(home)
        states = [(step % grid, *sounds[step].tolist()) for step in range(len(home))]
        firsts.append(tuple(home[0].tolist()))
        for step in range(1, len(home)):
            after[states[step - 1]].append(tuple(home[step].tolist()))
    chosen = train.take(rng.permutation(len(train))[:n])
    found = list[np.ndarray]()
    for tokens, key in zip(chosen.tokens, chosen.key_names, strict=True):
        made = [np.array(firsts[rng.integers(len(firsts))])]
        sound = np.where(made[0] >= FIRST, made[0] - FIRST, -1)
        for step in range(1, len(tokens)):
            follow = after.get(((step - 1) % grid, *sound.tolist()))
            row = np.array(follow[rng.integers(len(follow))]) if follow else np.ones_like(made[0])
            sound = np.where(row >= FIRST, row - FIRST, np.where(row == 0, -1, sound))
            made.append(row)
        found.append(moved(np.stack(made).astype(np.int16), shift_to(key), is_pitched))
    return replace(chosen, tokens=tuple(found), name="bigram", names=())

"""The figures of the table that music is measured by."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from gansmith.modalities.music import statistics
from gansmith.modalities.music.copying import Copies
from gansmith.modalities.music.harmonising import chords_of
from gansmith.modalities.music.judging import PieceJudge, profiles
from gansmith.modalities.music.measures import MEASURES, moved_share
from gansmith.modalities.music.records import REST, Pieces
from gansmith.modalities.music.statistics import together
from gansmith.modalities.music.theory import shift_to
from gansmith.scorecard.learners import FOREST
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.score import FULL


def figures(pieces: Pieces, train: Pieces, test: Pieces, seed: int) -> dict[str, float]:
    """Everything that is said of made pieces beside held-out ones; shares are in %."""
    form, found = test.form, dict[str, float]()
    tracks = [
        (track.name, form.voices(place)) for place, track in enumerate(form.tracks) if not track.is_drums
    ]
    for words, of, apart in (
        ("lengths of notes, off by %", statistics.note_lengths, moved_share),
        ("pitch classes a bar, off by %", statistics.used_pitch_classes, moved_share),
        ("empty bars, points off", statistics.empty_bars, _of_means),
    ):
        gaps = [100 * apart(together(of(pieces, voices)), together(of(test, voices))) for _, voices in tracks]
        found[words] = float(np.nanmean(gaps))
        found[f"{words} (worst track)"] = float(np.nanmax(gaps))
    for name, voices in tracks:
        found[f"EB % {name}"] = 100 * float(together(statistics.empty_bars(pieces, voices)).mean())
        found[f"UPC {name}"] = float(together(statistics.used_pitch_classes(pieces, voices)).mean())
        found[f"QN % {name}"] = 100 * float(together(statistics.qualified_notes(pieces, voices)).mean())
    known = together(statistics.note_lengths(train, slice(0, None)))
    lengths = together(statistics.note_lengths(pieces, slice(0, None)))
    found["fragmented notes %"] = 100 * float((lengths < known.min()).mean())
    found |= _voices(pieces, train)
    pairs = [(one, other) for place, one in enumerate(tracks) for other in tracks[place + 1 :]]
    distances = [float(together(statistics.tonal_distances(pieces, a[1], b[1])).mean()) for a, b in pairs]
    found["tonal distance (mean of pairs)"] = float(np.mean(distances)) if distances else np.nan
    judge = PieceJudge(MEASURES, train, test, seed, FULL)
    ours, theirs = profiles(pieces, judge.parts), profiles(test, judge.parts)
    again = [f"bars as {lag} before" for lag in statistics.LAGS_BARS]
    for words in ("notes of the best scale", "notes of its key", "groove", *again):
        place = ours.names.index(f"the whole: {words}")
        found[f"{words} %"] = 100 * float(np.nanmean(ours.values[:, place]))
    for words in ("notes on the first beat", "notes off the beat"):
        place = ours.names.index(f"{tracks[0][0]}: {words}")
        found[f"{tracks[0][0]}: {words} %"] = 100 * float(np.nanmean(ours.values[:, place]))
    auc = two_sample_auc(ours, theirs, seed=seed, second=FOREST, finds_giveaways=False).score
    found |= {"two-sample AUC": auc.value, "its error": auc.error}
    longest = Copies(train).all_longest(pieces)
    found |= {"longest copied passage, mean": float(longest.mean()), "the longest": float(longest.max())}
    return found


def _of_means(one: np.ndarray, other: np.ndarray) -> float:
    return abs(float(one.mean()) - float(other.mean()))


def _voices(pieces: Pieces, train: Pieces) -> dict[str, float]:
    """Ranges, crossings and parallels of voices that are no drums."""
    pitched = pieces.form.pitched
    if pitched.sum() < 2:
        return {}
    lows, highs = statistics.ranges(train)
    out = together([statistics.beyond(tokens, lows, highs) for tokens in pieces.tokens])
    crossed = together([statistics.crossings(tokens[:, pitched]) for tokens in pieces.tokens])
    counts = np.array([statistics.parallels(tokens[:, pitched]) for tokens in pieces.tokens]).sum(0)
    return {
        "out of range %": 100 * float(out.mean()),
        "crossed voices %": 100 * float(crossed.mean()),
        "parallels %": 100 * float(counts[0] / max(counts[1], 1)),
    }


def harmonised(model: Any, train: Pieces, test: Pieces, seed: int) -> dict[str, float]:
    """The first track of held-out pieces is given, and the chords that are made are compared with real ones.

    The chord of a quarter note is one of 24 triads, in C major or A minor; beside it, how often the most
    frequent chord of training pieces of the same mode is right.
    """
    first = test.form.voices(0)
    stripped = list[np.ndarray]()
    for tokens in test.tokens:
        alone = np.full_like(tokens, REST)
        alone[:, first] = tokens[:, first]
        stripped.append(alone)
    given = replace(test, tokens=tuple(stripped))
    options = {"keep": [test.form.tracks[0].name]}
    made = model.imputed(model.read_partial(given, options=options), seed)
    hits, usual, kept = list[bool](), list[bool](), True
    often = _most_frequent(train)
    for real, ours, key in zip(test.tokens, made.tokens, test.key_names, strict=True):
        kept &= bool(np.array_equal(real[:, first], ours[: len(real), first]))
        wanted, said = (chords_of(one, test.form.grid, shift_to(key)) for one in (real, ours))
        hits += (wanted == said[: len(wanted)]).tolist()
        usual += (wanted == often[key.endswith("m")]).tolist()
    return {
        "chords right %": 100 * float(np.mean(hits)),
        "most frequent chord right %": 100 * float(np.mean(usual)),
        "given track kept exactly": float(kept),
    }


def _most_frequent(train: Pieces) -> dict[bool, int]:
    counts = {True: Counter[int](), False: Counter[int]()}
    for tokens, key in zip(train.tokens, train.key_names, strict=True):
        counts[key.endswith("m")].update(chords_of(tokens, train.form.grid, shift_to(key)).tolist())
    return {mode: found.most_common(1)[0][0] if found else 0 for mode, found in counts.items()}

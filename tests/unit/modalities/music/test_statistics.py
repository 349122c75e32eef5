"""The measures of music against what they are by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.music import statistics
from gansmith.modalities.music.copying import Copies
from gansmith.modalities.music.harmonising import NO_CHORD, chords_of
from gansmith.modalities.music.judging import shuffled_bars
from gansmith.modalities.music.records import Form, Pieces, Track, moved, notes_of, sounding
from gansmith.modalities.music.theory import found_key, found_metre, shift_to, spelt_key

FORM = Form((Track("one", 0), Track("two", 0)), 1)
ONE, TWO = slice(0, 1), slice(1, 2)


def pieces(*pairs):
    """Pieces of two voices in 4/4 on quarter notes: pitches, 0 for silence, 1 for holding."""
    tokens = [
        np.array([[p + 2 if p > 1 else p for p in row] for row in zip(*pair, strict=True)]) for pair in pairs
    ]
    metres = Attributes({"metre": np.array(["4/4"] * len(pairs), object)})
    return Pieces(tuple(one.astype(np.int16) for one in tokens), FORM, metres)


TUNE = [60, 1, 62, 64, 0, 0, 0, 0]
BASS = [48, 1, 1, 1, 1, 1, 50, 62]


def test_empty_bars_pitch_classes_and_lengths_are_musegan_s():
    one = pieces((TUNE, BASS))
    assert statistics.empty_bars(one, ONE)[0].tolist() == [0, 1]
    assert statistics.empty_bars(one, TWO)[0].tolist() == [0, 0]  # held through the bar line
    assert statistics.used_pitch_classes(one, ONE)[0].tolist() == [3]
    assert statistics.used_pitch_classes(one, TWO)[0].tolist() == [1, 2]
    assert statistics.note_lengths(one, ONE)[0].tolist() == [2, 1, 1]
    assert statistics.note_lengths(one, TWO)[0].tolist() == [6, 1, 1]
    assert statistics.melodic_steps(one, ONE)[0].tolist() == [2, 2]
    assert statistics.qualified_notes(one, ONE)[0].all()


def test_tonal_distance_is_nothing_between_equal_harmonies_and_most_between_far_ones():
    same = pieces(([60] * 4, [48] * 4))
    fifth = pieces(([67] * 4, [48] * 4))
    tritone = pieces(([66] * 4, [48] * 4))
    found = [float(np.mean(statistics.tonal_distances(one, ONE, TWO)[0])) for one in (same, fifth, tritone)]
    assert found[0] == pytest.approx(0)
    assert found[0] < found[1] < found[2]


def test_voices_that_move_in_fifths_cross_or_leave_their_range_are_seen():
    parallel, contrary = pieces(([67, 69], [60, 62])), pieces(([67, 69], [60, 59]))
    assert statistics.parallels(parallel.tokens[0]) == (1, 1)
    assert statistics.parallels(contrary.tokens[0]) == (0, 1)
    assert statistics.crossings(pieces(([60, 60], [59, 61])).tokens[0]).tolist() == [0, 1]
    low, high = np.array([60.0, 48.0]), np.array([72.0, 60.0])
    assert statistics.beyond(pieces(([61, 73], [48, 47])).tokens[0], low, high).tolist() == [0, 0, 1, 1]


def test_earth_movers_distance_is_how_far_numbers_have_to_be_moved():
    assert statistics.wasserstein(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == pytest.approx(1)
    assert statistics.wasserstein(np.array([1.0]), np.array([1.0])) == 0


def test_keys_and_metres_are_found_and_spelt():
    weights = np.zeros(12)
    weights[[2, 4, 6, 7, 9, 11, 1]] = [5, 2, 4, 2, 4, 2, 1]
    assert found_key(weights) == "D"
    assert found_key(np.zeros(12)) == ""
    assert [spelt_key(text) for text in ("Amin", "gb", "E dorian", "nothing")] == ["Am", "F#", "Em", ""]
    assert {shift_to(key) for key in ("C", "Am")} == {0}
    triple = np.array([[k, 2 if k % 3 == 0 else 1, 60, 80] for k in range(48)], float)
    assert found_metre(triple) == "3/4"
    assert found_metre(triple[:0]) == "4/4"


def test_a_passage_is_a_copy_in_any_key_and_shuffled_bars_are_none():
    rng = np.random.default_rng(0)
    tune = (60 + rng.integers(0, 12, 32)).tolist()
    train = pieces((tune, [1] + [0] * 31))
    higher = Pieces((moved(train.tokens[0], 5, np.array([True, True])),), FORM, train.attributes)
    copies = Copies(train)
    assert copies.longest(higher.tokens[0]) == 31
    other = pieces(((60 + rng.integers(0, 12, 32)).tolist(), [0] * 32))
    assert copies.longest(other.tokens[0]) < 8


def test_bars_dealt_anew_are_the_same_bars():
    rng = np.random.default_rng(0)
    some = pieces(
        *(
            ((60 + rng.integers(0, 12, 16)).tolist(), (40 + rng.integers(0, 12, 16)).tolist())
            for _ in range(5)
        )
    )
    dealt = shuffled_bars(some, 0)
    ours, theirs = (
        sorted(map(bytes, np.concatenate([one.reshape(-1, 4, 2)[:, :, 0] for one in side.tokens])))
        for side in (some, dealt)
    )
    assert ours == theirs
    assert dealt.fingerprint != some.fingerprint


def test_chords_are_told_in_c_whatever_the_key():
    form = Form((Track("chords", 0, 3),), 1)
    tokens = np.array([[71, 67, 64], [0, 0, 0], [74, 71, 67]]) + np.array([[2], [0], [2]])
    assert len(form.tracks) == 1
    assert chords_of(tokens, 1, 0).tolist() == [12 + 4, NO_CHORD, 7]
    assert chords_of(tokens, 1, 7).tolist() == [12 + 9, NO_CHORD, 0]


def test_what_sounds_is_told_apart_from_what_begins():
    tokens = np.array([[62], [1], [62], [1], [0], [1]])
    assert sounding(tokens).ravel().tolist() == [60, 60, 60, 60, -1, -1]
    assert notes_of(tokens)[:, :2].tolist() == [[0, 2], [2, 2]]

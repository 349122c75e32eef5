"""Scores of texts against closed forms and planted faults."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gansmith.modalities.attributes import Attributes
from gansmith.modalities.text.judging import TextJudge
from gansmith.modalities.text.measures import MEASURES
from gansmith.modalities.text.ngrams import (
    NgramModel,
    bleu,
    distinct,
    self_bleu,
    shuffled_texts,
    trigram_texts,
)
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import Copies, hashed, linear, moved, near_copies, spectrum
from gansmith.modalities.text.telling import told_by_ngrams
from gansmith.scorecard.score import QUICK

RNG = np.random.default_rng(0)
WORDS = ["rain", "sun", "tea", "wind", "moss", "snow"]
REAL = tuple(" ".join(RNG.choice(WORDS, 6)) for _ in range(120))


def test_bleu_of_a_reference_is_one_and_of_half_of_it_what_the_formula_says():
    assert bleu(["a b c d e f"], ["a b c d e f"], (2, 5)).tolist() == [[1.0, 1.0]]
    assert bleu(["a b x y"], ["a b c d"], (1, 2))[0, 0] == pytest.approx(0.5)
    assert bleu(["a b x y"], ["a b c d"], (2,))[0, 0] == pytest.approx(math.sqrt(0.5 / 3))
    assert bleu(["a b"], ["a b c d"], (1,))[0, 0] == pytest.approx(math.exp(1 - 2))


def test_self_bleu_does_not_see_a_text_itself():
    assert self_bleu(["a b c", "d e f"], (2,)).max() < 0.1
    assert self_bleu(["a b c", "a b c"], (2,)).min() == 1.0


def test_chances_of_what_comes_next_sum_to_one():
    model = NgramModel(["ab", "b"], 2)
    texts = ["".join(row) for n in range(9) for row in itertools.product("ab", repeat=n)]
    assert 0.8 < sum(2 ** -model.bits(one) for one in texts) < 1
    model = NgramModel(["abab", "abb"], 3)
    assert model.bits_a_character(["abab"])[0] < model.bits_a_character(["baaa"])[0]


def test_different_pairs_are_counted():
    assert distinct(["a b a b"], 2) == pytest.approx(2 / 3)


def test_the_longest_copied_passage_and_rare_ones_are_found():
    copies = Copies(Texts(("one two three four five", "one two three", "x y")))
    asked = ["well, TWO three four; then", "one two three four five", "y x", "five one"]
    assert copies.longest(asked).tolist() == [3, 5, 1, 1]
    rare = copies.rare(3, 2)
    assert copies.have(["one two three", "two three four"], rare, 3).tolist() == [False, True]


def test_labels_of_three_kinds_are_learnt_from_texts():
    kinds = [WORDS[place % 3] for place in range(len(REAL))]
    said = tuple(f"{kind} {one}" for kind, one in zip(kinds, REAL, strict=True))
    known = Texts(said, attributes=Attributes({"kind": np.array(kinds, object)}))
    halves = known.take(np.arange(60)), known.take(np.arange(60, 120))
    judge = TextJudge(MEASURES, *halves, "kind", 0, QUICK)
    measure = next(one for one in MEASURES if one.names == ("tstr",))
    assert measure.take(judge.case(halves[0]))[0].score.value > 0.7


def test_near_copies_are_found_by_what_stands_in_them():
    train = hashed(REAL)
    assert near_copies([f"{REAL[0]}!", "something else altogether"], train, 0.9).tolist() == [True, False]


def test_judges_tell_shuffled_letters_and_not_real_text():
    others = tuple(" ".join(RNG.choice(WORDS, 6)) for _ in range(120))
    auc, error = told_by_ngrams(others, REAL, 120, 3, 0, linear)
    assert abs(auc - 0.5) < 4 * error
    wrong = tuple("".join(RNG.permutation(list(one))) for one in others)
    assert told_by_ngrams(wrong, REAL, 120, 3, 0, linear)[0] > 0.95


def test_spectra_move_by_what_differs():
    one, other = spectrum(["a b"], 1, of_words=True), spectrum(["a c"], 1, of_words=True)
    assert moved(one, other) == pytest.approx(0.5)


def test_anchors_are_of_the_same_words():
    train = Texts(REAL)
    made, dealt = trigram_texts(train, 30, 0), shuffled_texts(train, 0)
    assert {word for one in made.texts for word in one.split()} <= set(WORDS)
    assert sorted(" ".join(dealt.texts).split()) == sorted(" ".join(REAL).split())
    names = Texts(("emma", "olivia", "ava"))
    assert len(trigram_texts(names, 5, 0)) == 5

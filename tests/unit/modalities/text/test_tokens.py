"""Characters, words and parts of words: nothing is lost, and nothing comes out that too few hold."""

from __future__ import annotations

import pytest

from gansmith.errors import ModelFileError
from gansmith.modalities.text.graphemes import characters, normalised, parted, words
from gansmith.modalities.text.tokens import UNKNOWN, Vocabulary

TRICKY = [
    "def f(x):\n    return x_1 + 'été'  # ok\n\n\tif x:\n\t\tpass",
    "हिन्दी में  नमस्ते !! café",
    "مرحبا بالعالم، كيف الحال؟",
    "👍🏽 🇩🇪🇫🇷 👨‍👩‍👧 ok",
    "中文字 and ไทย",
    "  blanks   inside \u00a0 and behind  ",
]


@pytest.mark.parametrize("text", TRICKY)
def test_parts_and_characters_together_are_the_text(text):
    text = normalised(text)
    assert "".join(parted(text)) == text
    assert "".join(characters(text)) == text


@pytest.mark.parametrize("kind", ["characters", "subwords", "words"])
@pytest.mark.parametrize("text", TRICKY)
def test_what_is_coded_is_had_back(kind, text):
    text = normalised(text)
    known = Vocabulary.fit([text, text], ["a", "b"], kind, 500, 2)
    assert known.decode(known.encode(text)) == text
    assert Vocabulary.from_state(known.state()).encode(text) == known.encode(text)


def test_a_character_with_its_marks_is_never_parted():
    assert characters("e\u0301👨‍👩‍👧🇩🇪") == ["e\u0301", "👨‍👩‍👧", "🇩🇪"]


def test_frequent_words_become_one_piece():
    known = Vocabulary.fit(["the cat sat", "the cat ran", "the cat"], ["a", "b", "c"], "subwords", 100, 2)
    assert [known.piece(code) for code in known.encode("the cat")] == ["the", " cat"]


def test_what_too_few_hold_is_unknown():
    texts = ["a tea", "a tea", "a tee 5ß"]
    known = Vocabulary.fit(texts, ["x", "y", "z"], "characters", 100, 2)
    assert known.encode("ß") == [UNKNOWN]
    assert "ß" not in known.decode(known.encode("a ß"))
    said_by_one = Vocabulary.fit(["zz zz", "zz", "a", "a"], ["x", "x", "y", "z"], "words", 100, 2)
    assert said_by_one.pieces == ("a",)


def test_no_piece_is_learnt_that_one_person_alone_wrote():
    texts = ["qwerty qwerty qwerty", *(letter for letter in "qwerty" for _ in range(3))]
    owners = ["one", *map(str, range(18))]
    assert all(len(piece) == 1 for piece in Vocabulary.fit(texts, owners, "subwords", 100, 2).pieces)


def test_a_damaged_vocabulary_is_refused():
    with pytest.raises(ModelFileError):
        Vocabulary.from_state({"kind": "runes", "pieces": ["a"], "merges": []})


def test_words_are_folded_and_signs_left_out():
    assert words("Don't PANIC -- it's 42!") == ["don't", "panic", "it's", "42"]
    assert words("中文 ok") == ["中", "文", "ok"]

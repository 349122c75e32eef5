"""What a person wrote of people is invented anew, and rare passages never come out."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.text import FOUND
from gansmith.modalities.text.entities import Entities
from gansmith.modalities.text.making import Words
from gansmith.modalities.text.passages import RarePassages

ALL = Entities(FOUND)
SALT = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("write to jo.doe@mail.org please", "jo.doe"),
        ("see http://www.secret.net/page for it", "secret"),
        ("call 0906 1701 461 now", "1701"),
        ("she lives at 12 Old Mill Road in town", "Mill"),
        ("ask James Bondfield for it", "Bondfield"),
        ("Dear Mr. Knightley, hello", "Knightley"),
    ],
)
def test_what_is_found_is_replaced_and_what_is_invented_is_found_again(text, secret):
    masked = ALL.masked(text)
    assert secret not in masked
    made = ALL.filled(masked, 7)
    assert secret not in made
    assert made != text
    assert ALL.masked(made) == masked
    assert ALL.filled(masked, 7) == made != ALL.filled(masked, 8)


def test_the_same_number_and_name_stay_the_same_within_a_text():
    made = ALL.filled(ALL.masked("call 09061701461, yes 09061701461; James Bondfield said James is in"), 3)
    numbers = [one.strip(",;") for one in made.split() if one.strip(",;").isdigit()]
    assert numbers[0] == numbers[1] != "09061701461"
    names = made.split("; ")[1].split()
    assert names[0] == names[3]


def test_what_is_left_is_left():
    assert Entities(()).masked("jo@mail.org 123456") == "jo@mail.org 123456"


def test_names_that_many_texts_hold_are_no_secret():
    texts = ["ask James Bondfield"] * 30 + ["ask Mary Smithson"]
    found, n = Entities.fit(texts, FOUND, 2)
    assert found.masked(texts[0]) == texts[0]
    assert found.masked(texts[-1]) != texts[-1]
    assert n == {"names": 1}


def test_a_list_of_names_is_learnt_as_it_is():
    assert "names" not in Entities.fit(["James Bond", "Mary Poppins"], FOUND, 2)[0].replaced


def _filter(texts, owners=None, min_count=2, n_words=3):
    return RarePassages.fit(texts, owners or [str(k) for k in range(len(texts))], n_words, min_count, SALT)


def test_rare_passages_are_known_whatever_their_case_and_signs():
    rare = _filter(["a rare one here", "we all say this", "we all say this too"])
    assert rare.within("A RARE, one!")
    assert not rare.within("we all say")
    assert not _filter(["we all say", "we all say"]).within("we all say")


def test_a_short_text_is_a_passage_by_itself():
    rare = _filter(["my secret", "hello you", "Hello, you!"])
    assert rare.within("My secret")
    assert not rare.within("hello you")
    assert not rare.within("secret")
    said = Words(rare)
    assert said.add("my secret", is_end=True) == (2, True)


def test_a_passage_counts_by_persons():
    texts = ["we all say"] * 3
    assert _filter(texts, ["me", "me", "me"]).within("we all say")


def test_hardly_any_other_passage_is_taken_for_a_rare_one():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**63, 4_000).astype(np.uint64)
    rare = RarePassages.of(keys[:2_000], 8, SALT)
    assert rare.has(keys[:2_000]).all()
    assert rare.has(keys[2_000:]).mean() < 0.12


def test_words_are_followed_as_they_are_written():
    rare = _filter(["you are my one", "it is"])
    said = Words(rare)
    found = [said.add(piece) for piece in ("yo", "u", " are", " m", "y", " ", "one")]
    assert [is_rare for _, is_rare in found] == [False, False, False, False, False, True, False]
    assert said.add("", is_end=True)[1]

"""A probe of real records sees what was asked for, where it is there."""

from __future__ import annotations

import numpy as np

from gansmith.scorecard.translation.asked import FEWEST, seen_as_asked
from gansmith.scorecard.translation.measuring import Method, Trial, translation_card
from gansmith.scorecard.translation.targets import together


def records(n: int, row: int, seed: int) -> list[np.ndarray]:
    """Noise with a bright bar at a height."""
    found = np.random.default_rng(seed).random((n, 1, 24, 24)).astype(np.float32) / 2
    found[:, :, row : row + 4] += 0.5
    return [*found]


REAL = {"low": records(20, 18, 0), "high": records(20, 2, 1)}


def test_what_is_there_is_seen_and_what_is_not_is_not():
    seen, of_real = seen_as_asked({"low": records(6, 18, 2), "high": records(8, 18, 3)}, REAL, 0)
    assert (seen["low"].value, seen["high"].value) == (1, 0)
    assert (of_real["low"].value, of_real["high"].n) == (1, 20)


def test_of_too_few_real_records_nothing_is_said():
    few = {"low": REAL["low"][: FEWEST - 1], "high": REAL["high"]}
    assert seen_as_asked(REAL, few, 0) == ({}, {})


def test_one_card_has_a_row_for_each_target():
    given = records(4, 10, 4)
    made = {"low": records(4, 18, 2), "high": records(4, 2, 3)}
    cards = {}
    for name, outputs in made.items():
        methods = {"made": Method(outputs), "input": Method(given, is_anchor=True)}
        cards[name] = translation_card(methods, Trial(given, real=REAL[name]))
    card = together(cards, *seen_as_asked(made, REAL, 0))
    assert [one.name for one in card.methods[:2]] == ["low", "high"]
    assert {one.name for one in card.methods[2:]} == {"input, low", "input, high", "real, low", "real, high"}
    assert card["high"].scores["asked"].value == 1
    assert "seen as asked" in card.as_text()

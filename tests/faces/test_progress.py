"""How a training is put into words."""

from __future__ import annotations

import pytest

from gansmith.engine.train import StepRecord
from gansmith.tasks.runs.telling import in_words


@pytest.mark.parametrize(
    ("real_accuracy", "fake_accuracy", "words"),
    [
        (0.52, 0.47, "the discriminator can only guess"),
        (0.95, 0.99, "the discriminator sees through the fakes"),
        (0.95, 0.6, "an even game"),
        (0.5, 0.75, "an even game"),
    ],
)
def test_words_come_from_what_the_discriminator_judged_rightly(real_accuracy, fake_accuracy, words):
    readings = {"real_accuracy": real_accuracy, "fake_accuracy": fake_accuracy, "coverage": 0.9}
    for loss in (0.01, 40.0):  # penalties are in the loss: it does not matter
        record = StepRecord(5, 9, 500, {"discriminator": loss, "generator": 2.1})
        assert in_words(record, readings) == f"{words} (losses {loss:.2f}, 2.10)"


def test_before_the_first_evaluation_nothing_is_known():
    record = StepRecord(1, 9, 64, {"discriminator": 0.2, "generator": 2.1})
    assert in_words(record, None) == "warming up (losses 0.20, 2.10)"


def test_a_game_without_a_discriminator_is_not_judged():
    record = StepRecord(5, 9, 64, {"reconstruction": 7.25, "divergence": 2.0})
    assert in_words(record, {"coverage": 0.9}) == "learning (losses 7.25, 2.00)"

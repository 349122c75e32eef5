"""How a training is put into words."""

from __future__ import annotations

import pytest

from gansmith.engine.monitors import Health
from gansmith.engine.train import StepRecord
from gansmith.faces.cli.progress import in_words


@pytest.mark.parametrize(
    ("real_accuracy", "fake_accuracy", "words"),
    [
        (0.52, 0.47, "the discriminator cannot tell"),
        (0.95, 0.99, "the discriminator sees through the fakes"),
        (0.95, 0.6, "an even game"),
        (0.5, 0.75, "an even game"),
    ],
)
def test_words_come_from_what_the_discriminator_judged_rightly(real_accuracy, fake_accuracy, words):
    health = Health(real_accuracy, fake_accuracy, spread=1.0, coverage=0.9, memory_gap=0.0)
    for loss in (0.01, 40.0):  # penalties are in the loss: it does not matter
        assert in_words(StepRecord(5, 9, 500, loss, 2.1), health) == f"{words} (losses {loss:.2f}, 2.10)"


def test_before_the_first_evaluation_nothing_is_known():
    assert in_words(StepRecord(1, 9, 64, 0.2, 2.1), None) == "warming up (losses 0.20, 2.10)"

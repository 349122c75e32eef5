"""A card of sounds: its own measures beside those of all records on a grid, and players in its galleries."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.faces.demos.notes import RATE_HZ, notes
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions, scoring
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.scoring import SoundScoring
from gansmith.modalities.audio.sounds import Sounds
from gansmith.scorecard.measuring import unheard
from gansmith.scorecard.score import CEILING, QUICK


def rendered(n: int, seed: int) -> Sounds:
    waves, known = notes(n, seed, range(60, 64))
    found = read_sounds((waves, RATE_HZ), AudioOptions())
    return found.with_attributes(Attributes({**found.attributes.columns, **known}))


@pytest.mark.slow
def test_a_card_of_sounds(monkeypatch):
    monkeypatch.setattr(scoring, "N_QUICKLY_SEEN", 640)
    fake, train, holdout = (rendered(n, seed) for seed, n in enumerate((40, 60, 40)))
    fake.waves[:10] = train.waves[:10]
    fake.waves[10] = 0
    (card,) = SoundScoring().cards([fake], train, holdout, None, 0, QUICK, unheard)
    found = {entry.name: entry for entry in card.entries}
    assert {"c2st", "coverage", "traits", "ndb", "in_tune", "valid"} <= set(found)
    assert found["in_tune"].anchors[CEILING].value > 0.95
    assert found["copies"].score.value == 0.25
    assert found["valid"].score.value < 1
    galleries = card.plots["galleries"]
    assert galleries[0]["sounds"][0]["address"].startswith("data:audio/wav")
    assert not np.isnan(found["c2st"].score.value)

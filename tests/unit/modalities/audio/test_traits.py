"""Pitch is heard exactly; notes that are rendered are in tune."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.faces.demos.notes import RATE_HZ, TIMBRES, note
from gansmith.modalities.audio.traits import pitch_of


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize("pitch", [48, 61, 84])
def test_a_rendered_note_has_its_pitch(timbre, pitch):
    found, clarity = pitch_of(note(pitch, timbre, np.random.default_rng(pitch)).astype(float), RATE_HZ)
    assert abs(found - pitch) < 0.1
    assert clarity > 0.8


def test_noise_has_no_clear_pitch():
    _, clarity = pitch_of(np.random.default_rng(0).normal(size=4_000), RATE_HZ)
    assert clarity < 0.6

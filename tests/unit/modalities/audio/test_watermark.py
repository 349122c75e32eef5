"""The mark is found where it was written, after what usually happens to sounds, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.audio.forming import resampled
from gansmith.modalities.audio.watermark import marked, read_mark, why_not

RATE = 8_000


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(8):
        noise = np.cumsum(rng.normal(size=6_000)) * np.hanning(6_000)
        found.append(np.rint(8_000 * (noise - noise.mean()) / np.abs(noise).max()).astype(np.int16)[:, None])
    return found


def test_the_mark_is_found_after_resampling_and_quieter(sounds):
    for wave in sounds:
        made = marked(wave, RATE)
        assert made.dtype == np.int16
        assert made.shape == wave.shape
        assert not read_mark(wave, RATE).is_marked
        assert read_mark(made, RATE).is_marked
        assert read_mark(made, RATE).chance < 1e-6
        assert read_mark(resampled(made.astype(np.float32), RATE, 11_025), 11_025).is_marked


def test_what_holds_no_mark_says_why():
    assert "shorter" in why_not(100, RATE)
    assert "rate" in why_not(9_000, 4_000)
    short = np.ones((100, 1), np.int16)
    assert (marked(short, RATE) == short).all()
    assert not read_mark(short, RATE).is_marked

"""What networks see of a sound is turned back into it; nothing of the usual coding is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.errors import ModelFileError
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.bands import grid_of, wave_of
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.spectra import Frames

RATE = 8_000


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(0)
    time = np.arange(3_000) / RATE
    tones = [np.sin(2 * np.pi * hz * time) * np.exp(-time * 5) for hz in (220, 523, 1_500)]
    waves = np.stack([*tones, 0.3 * rng.normal(size=3_000).clip(-3, 3)]) * 0.5
    return read_sounds((waves.astype(np.float32), RATE), AudioOptions())


def _snr(waves, back):
    error = (waves - back).square().sum((1, 2)).clamp_min(1e-9)
    return (10 * torch.log10(waves.square().sum((1, 2)) / error)).numpy()


@pytest.mark.parametrize(("coding", "least"), [("frequency", 60), ("complex", 60), ("mel", 20)])
def test_the_round_trip(sounds, coding, least):
    codec = AudioCodec.fit(sounds, AudioOptions(coding=coding), 0)
    waves = codec.encode(sounds, 0)
    values = codec.expand(waves)
    assert values.shape[1:] == codec.shape
    assert values.min() >= 0
    assert values.max() <= 1
    back = codec.compact(values)
    assert (_snr(waves.float(), back)[:2] > least).all()  # between bands mel loses the phase of a tone
    decoded = codec.decode(back, 0, 0)
    assert decoded.form == sounds.form
    assert decoded.waves.dtype == np.int16


def test_levels_alone_come_back_as_levels(sounds):
    codec = AudioCodec.fit(sounds, AudioOptions(coding="griffin-lim"), 0)
    values = codec.expand(codec.encode(sounds, 0))
    again = codec.expand(codec.compact(values).round().clamp(-32_768, 32_767).to(torch.int16))
    assert (again - values).abs().mean() < 0.05


@pytest.mark.parametrize(("size", "overlap"), [(64, 2), (256, 2), (256, 4)])
def test_spectra_lose_nothing_whatever_the_length(size, overlap):
    waves = torch.randn(2, 777)
    frames = Frames(size, 777, overlap)
    found = frames.spectra(waves)
    assert found.shape == (2, frames.n_bins, frames.n_frames)
    assert torch.allclose(frames.waves(found), waves, atol=1e-5)
    assert torch.allclose(frames.waves(frames.consistent(found, 3)), waves, atol=1e-4)


def test_stereo_and_state(sounds):
    both = np.concatenate([sounds.waves, sounds.waves[:, ::-1]], 2)
    stereo = read_sounds((both, RATE), AudioOptions())
    codec = AudioCodec.fit(stereo, AudioOptions(coding="frequency"), 0)
    waves = codec.encode(stereo, 0)
    assert (_snr(waves.float(), codec.compact(codec.expand(waves))) > 60).all()
    state, tensors = codec.state()
    assert AudioCodec.from_state(state, tensors).shape == codec.shape
    with pytest.raises(ModelFileError):
        AudioCodec.from_state({**state, "scale": {**state["scale"], "frame_size": 100}}, tensors)


def test_a_sound_whose_bands_stay_is_left_as_it_was_and_others_get_their_bands(sounds):
    wave, other = sounds.mono[0], sounds.mono[1]
    grid, wanted = grid_of(wave, RATE), grid_of(other, RATE)
    assert np.abs(wave_of(grid, wave, RATE) - wave).max() < 1e-4
    made = grid_of(wave_of(wanted, wave, RATE), RATE)
    assert np.abs(made - wanted).mean() < 0.4 * np.abs(grid - wanted).mean()

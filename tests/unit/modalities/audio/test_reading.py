"""Messy folders become sounds of one form, and nothing is left out without a word."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.forming import onsets, resampled, trimmed
from gansmith.modalities.audio.reading import looks_like_sounds, read_sounds
from gansmith.modalities.waves import as_pcm, wav_bytes

RATE = 8_000


def _tone(seconds=0.3, hz=440.0, rate=RATE, channels=1):
    wave = 0.4 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, 1).astype(np.float32)


def _put(path, wave, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_bytes(as_pcm(wave), rate))


def test_a_messy_folder_is_brought_to_one_form(tmp_path):
    for number in range(4):
        _put(tmp_path / "a" / f"{number}.wav", _tone(0.2 + 0.05 * number))
    _put(tmp_path / "b" / "fast.wav", _tone(0.3, rate=16_000), 16_000)
    _put(tmp_path / "b" / "wide.wav", _tone(0.3, channels=2))
    _put(tmp_path / "b" / "silent.wav", np.zeros((800, 1)))
    (tmp_path / "b" / "empty.wav").write_bytes(b"")
    (tmp_path / "b" / "notes.txt").write_text("hello")
    found = read_sounds(str(tmp_path), AudioOptions())
    assert (len(found), found.form.rate_hz, found.form.n_channels) == (6, RATE, 1)
    assert found.attributes.columns["label"].tolist() == ["a"] * 4 + ["b"] * 2
    said = " ".join(found.notes)
    assert "2 files left out" in said
    assert "another rate" in said
    assert "mono" in said
    assert abs(found.form.seconds - 0.37) < 0.03
    assert found.attributes.columns["seconds"].min() < 0.25
    with pytest.raises(DataError, match="silent"):
        read_sounds(str(tmp_path), AudioOptions(strict=True))


def test_names_and_tables_say_what_sounds_are(tmp_path):
    for digit in "12":
        for speaker in ("jo", "al"):
            for take in range(3):
                _put(tmp_path / f"{digit}_{speaker}_{take}.wav", _tone(0.1 + 0.02 * take))
    found = read_sounds(str(tmp_path), AudioOptions(name_parts="digit,speaker,-"))
    assert set(found.attributes.columns["digit"]) == {"1", "2"}
    assert set(found.attributes.columns["speaker"]) == {"al", "jo"}
    assert "" not in found.attributes.columns
    some = read_sounds(str(tmp_path), AudioOptions(name_parts="digit,speaker,-", where={"digit": 1}))
    assert len(some) == 6
    with pytest.raises(DataError, match="has not 2 parts"):
        read_sounds(str(tmp_path), AudioOptions(name_parts="digit,speaker"))
    with pytest.raises(UsageError, match="Did you mean 'digit'"):
        read_sounds(str(tmp_path), AudioOptions(name_parts="digit,speaker,-", where={"digt": 1}))
    (tmp_path / "labels.csv").write_text("file,mood\n" + "".join(
        f"{path.name},{'glad' if k % 2 else 'sad'}\n" for k, path in enumerate(sorted(tmp_path.glob("*.wav")))
    ))  # fmt: skip
    assert set(read_sounds(str(tmp_path), AudioOptions()).attributes.columns["mood"]) == {"glad", "sad"}


def test_a_long_recording_is_cut_at_its_onsets(tmp_path):
    gap, clicks = np.zeros((4_000, 1), np.float32), [_tone(0.3, 300 + 50 * k) for k in range(12)]
    whole = np.concatenate([part for click in clicks for part in (click, gap)])
    assert len(onsets(whole, RATE)) in (11, 12)  # the first one begins the recording
    _put(tmp_path / "all.wav", whole)
    found = read_sounds(str(tmp_path / "all.wav"), AudioOptions())
    assert len(found) == 12
    assert any("onsets" in note for note in found.notes)


def test_what_needs_a_decoder_says_which(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    (tmp_path / "a.mp3").write_bytes(b"ID3 whatever")
    (tmp_path / "b.flac").write_bytes(b"fLaC whatever")
    assert looks_like_sounds(str(tmp_path))
    with pytest.raises(DataError, match=r"such as a.mp3: needs a decoder: pip install 'gansmith\[audio\]'"):
        read_sounds(str(tmp_path), AudioOptions())


def test_a_tone_keeps_its_frequency_and_size_at_another_rate():
    tone = _tone(0.5, 440.0, 44_100)
    made = resampled(tone, 44_100, 8_000)
    wanted = _tone(0.5, 440.0, 8_000)
    assert made.shape == wanted.shape
    assert np.abs(made - wanted)[200:-200].max() < 1e-3


def test_silence_around_a_sound_is_left_out():
    quiet = np.zeros((2_000, 1), np.float32)
    assert abs(len(trimmed(np.concatenate([quiet, _tone(0.3), quiet]), RATE)) / RATE - 0.32) < 0.03

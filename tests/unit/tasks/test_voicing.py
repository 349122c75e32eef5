"""Music played by a model of notes: which notes are asked for, and who is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gansmith.errors import UsageError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.recipe import AudioRecipe
from gansmith.modalities.audio.sounds import Form, Sounds
from gansmith.modalities.audio.traits import pitch_of
from gansmith.modalities.music.recipe import MusicRecipe
from gansmith.modalities.music.writing import PieceWriter
from gansmith.tasks.voicing import ModelVoice, voiced

RATE_HZ = 8_000
KNOWN = (57, 60, 64)


def notes(pitches) -> Sounds:
    at = np.arange(4_000) / RATE_HZ
    waves = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * at) for pitch in pitches]
    whole = np.rint(20_000 * np.stack(waves)).astype(np.int16)[:, :, None]
    named = Attributes({"pitch": np.array([str(pitch) for pitch in pitches], object)})
    return Sounds(whole, Form(rate_hz=RATE_HZ, n_samples=4_000), named)


@pytest.fixture
def model() -> Any:
    asked = list[str]()

    def sample(n, seed, where):
        asked.append(where[0])
        return notes([int(where[0].removeprefix("pitch="))] * n)

    codec = AudioCodec.fit(notes(KNOWN * 4), AudioOptions(), 0)
    kind = SimpleNamespace(recipe=AudioRecipe(), kind="audio")
    return SimpleNamespace(modality=kind, codec=codec, sample=sample, asked=asked)


def test_each_pitch_is_made_once_and_one_that_was_not_learnt_from_the_nearest(model):
    voice = ModelVoice(model)
    assert voice.rate_hz == RATE_HZ
    for pitch in (60, 62, 60, 72):
        assert abs(pitch_of(voice.tone(pitch), RATE_HZ)[0] - pitch) < 0.2
    assert model.asked == ["pitch=57", "pitch=60", "pitch=60", "pitch=64"]


def test_a_writer_gets_the_voice_that_it_asks_for(model, tmp_path):
    (tmp_path / "notes.gan").write_bytes(b"")
    writer = PieceWriter(tmp_path / "a.wav", {}, voice=str(tmp_path / "notes.gan"))
    loaded = list[Any]()
    assert voiced(writer, lambda path: loaded.append(path) or model) is writer
    assert loaded == [tmp_path / "notes.gan"]
    with pytest.raises(UsageError, match="no such file"):
        voiced(PieceWriter(tmp_path / "a.wav", {}, voice=str(tmp_path / "none.gan")), lambda _: model)
    voiced(PieceWriter(tmp_path / "a.wav", {}), lambda _: pytest.fail("nobody asked"))


def test_a_model_of_something_else_is_refused(model):
    model.modality = SimpleNamespace(recipe=MusicRecipe(), kind="music")
    with pytest.raises(UsageError, match="no notes that could play"):
        ModelVoice(model)

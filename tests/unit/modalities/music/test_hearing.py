"""What lies between two pieces, films of them, and who plays them."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.errors import UsageError
from gansmith.faces.demos.music import composed
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.playing import pitches_of, tone_of
from gansmith.modalities.audio.sounds import Form, Sounds
from gansmith.modalities.audio.traits import pitch_of
from gansmith.modalities.draws import Draws
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.format import MusicFormat
from gansmith.modalities.music.judging import BIGRAM, PieceJudge
from gansmith.modalities.music.measures import MEASURES
from gansmith.modalities.music.networks import PieceGenerator
from gansmith.modalities.music.settings import MusicNetworks
from gansmith.modalities.music.synthesis import sound_of
from gansmith.modalities.voices import AbstractVoice
from gansmith.scorecard.score import CEILING, FLOOR, QUICK

RATE_HZ = 8_000


@pytest.fixture(scope="module")
def tunes():
    return composed(12, 0)


def test_draws_between_two_records_begin_as_the_one_and_end_as_the_other():
    rng = np.random.default_rng(0)
    ends = rng.standard_normal((2, 2)).astype(np.float32)
    way = LikelihoodRules(batch_size=4).between(ends, np.array([0.0, 0.5, 1.0]))
    between, alone = Draws(torch.from_numpy(way)), Draws(torch.from_numpy(ends))
    found = np.stack([between.at(3, step, 0) for step in range(2_000)], 1)
    wanted = np.stack([alone.at(2, step, 0) for step in range(2_000)], 1)
    assert np.array_equal(found[0], wanted[0])
    assert np.allclose(found[2], wanted[1], atol=1e-8)
    assert np.abs(np.quantile(found[1], [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.03
    assert 0.4 < np.corrcoef(found[1], wanted[0])[0, 1] < 0.9


def test_what_lies_between_two_pieces_begins_and_ends_with_them(tunes):
    codec = PieceCodec.fit(tunes, MusicOptions(), 0)
    torch.manual_seed(0)
    network = PieceGenerator(codec, MusicNetworks((16, 16), (16, 16), width=16)).eval()
    ends = np.random.default_rng(1).standard_normal((2, 2)).astype(np.float32)
    way = torch.from_numpy(LikelihoodRules(batch_size=4).between(ends, np.array([0.0, 0.5, 1.0])))
    found, alone = network(way, None), network(torch.from_numpy(ends), None)
    assert torch.equal(found[0], alone[0])
    assert torch.equal(found[2], alone[1])
    assert not torch.equal(found[1], alone[0])
    assert not torch.equal(found[1], alone[1])


def test_films_are_piano_rolls_or_are_heard(tunes, tmp_path):
    form, frames = MusicFormat(), [tunes.take(np.array([one])) for one in range(3)]
    with Image.open(BytesIO(form.film(frames, Path("a.gif"), 0.1, {}))) as image:
        assert sum(1 for _ in ImageSequence.Iterator(image)) == 3
    assert form.film(frames, Path("a.mid"), 0.1, {}).startswith(b"MThd")
    assert form.film(frames, Path("a.wav"), 0.1, {}).startswith(b"RIFF")
    with pytest.raises(UsageError, match="-n 1"):
        form.film([tunes.take(np.arange(2))], Path("a.mid"), 0.1, {})
    with pytest.raises(UsageError, match="gif"):
        form.check_film(Path("a.giff"))
    for at, height in enumerate((20, 30)):
        Image.new("RGB", (40, height)).save(tmp_path / f"{at}.png")
    made = form.film_of_files(sorted(tmp_path.glob("*.png")), Path("a.png"), 0.1, 1.0)
    with Image.open(BytesIO(made)) as image:
        assert image.size == (40, 30)


class Whistle(AbstractVoice):
    rate_hz = RATE_HZ

    def __init__(self):
        self.asked = set()

    def tone(self, pitch):
        self.asked.add(pitch)
        return np.sin(np.arange(2 * RATE_HZ) * 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) / RATE_HZ)


def test_a_voice_plays_every_pitch_of_a_piece_at_its_own_rate(tunes):
    player = Whistle()
    one = tunes.take(np.array([0]))
    sound = sound_of(one, player=player)
    tokens = one.tokens[0][:, one.form.pitched]
    assert player.asked == set((tokens[tokens >= 2] - 2).tolist())
    assert 0.5 < np.abs(sound).max() <= 1
    assert len(sound) > 2 * RATE_HZ
    with pytest.raises(UsageError, match="--voice"):
        MusicOptions(sound="a.sf2", voice="b.gan")


def notes(pitches, named="pitch"):
    at = np.arange(4_000) / RATE_HZ
    waves = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * at) for pitch in pitches]
    whole = np.rint(20_000 * np.stack(waves)).astype(np.int16)[:, :, None]
    asked = np.array([str(round(pitch)) for pitch in pitches], object)
    return Sounds(whole, Form(rate_hz=RATE_HZ, n_samples=4_000), Attributes({named: asked}))


def test_notes_are_asked_for_by_pitch_and_put_in_tune():
    known = notes([60, 62, 64] * 4)
    assert pitches_of(AudioCodec.fit(known, AudioOptions(), 0)) == {n: f"pitch={n}" for n in (60, 62, 64)}
    with pytest.raises(UsageError, match="pitch"):
        pitches_of(AudioCodec.fit(notes([60, 62] * 4, "colour"), AudioOptions(), 0))
    rate_hz, tone = tone_of(notes([61.5, 60.3, 59.2]), 60, 63)
    assert rate_hz == RATE_HZ
    assert abs(pitch_of(tone, RATE_HZ)[0] - 63) < 0.1


def test_a_bigram_model_is_an_anchor_beside_real_and_shuffled_pieces(tunes):
    judge = PieceJudge(MEASURES[:1], tunes.take(np.arange(8)), tunes.take(np.arange(8, 12)), 0, QUICK)
    (entry, *_), _, _ = judge.measured(judge.case(replace(tunes, name="made")), 12)
    assert {CEILING, FLOOR, BIGRAM} <= set(entry.anchors)

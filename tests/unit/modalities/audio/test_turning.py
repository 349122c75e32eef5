"""Files of voices turned by a model: names as labels, what is kept, where results go, what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gansmith.errors import UsageError
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.format import AudioFormat
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.turning import turned
from gansmith.modalities.audio.writing import BETWEEN_SECONDS
from gansmith.modalities.grids import Turning
from gansmith.modalities.pairs import PairOptions
from gansmith.modalities.pairs.domains import DomainOptions
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.format import DomainFormat
from gansmith.modalities.pairs.domains.windows import DomainWindows
from gansmith.modalities.pairs.format import PairFormat
from gansmith.modalities.waves import as_pcm, decode_wav, wav_bytes

RATE = 8_000


@pytest.fixture(scope="module")
def voices(tmp_path_factory) -> Path:
    folder, rng = tmp_path_factory.mktemp("voices"), np.random.default_rng(0)
    times = np.arange(RATE // 2) / RATE
    for number in range(24):
        word, speaker = number % 2, "jo" if number % 4 < 2 else "al"
        wave = 0.3 * np.sin(2 * np.pi * (300 + 200 * word) * times) + rng.normal(0, 0.01, len(times))
        content = wav_bytes(as_pcm(wave[:, None]), RATE)
        (folder / f"{word}_{speaker}_{number}.wav").write_bytes(content)
    return folder


def test_names_of_files_say_what_is_changed_and_what_is_kept(voices):
    options = DomainOptions(
        to_attribute=("speaker",), keep_attribute=("word",), name_parts="word,speaker,-", accept_terms=True
    )
    records = DomainFormat().read(str(voices), options)
    assert records.attributes.names == ("speaker", "word")
    codec = DomainCodec.fit(records, options, 0)
    assert codec.changed == ("speaker",)
    batch = DomainWindows(codec, records).batch(torch.arange(16))
    assert batch["condition"].sum(1).tolist() == [1.0] * 16
    assert batch["origin"].sum(1).tolist() == [2.0] * 16


def test_several_sounds_go_to_a_folder_and_what_stays_stays(voices, tmp_path):
    same = Turning(lambda values: values, 1, is_marked=False)
    with pytest.raises(UsageError, match=r"without \.mp3"):
        list(turned(voices, tmp_path / "out.mp3", same))
    done = list(turned(voices, tmp_path / "out", same))
    assert len(done) == 24
    before, after = (
        read_sounds(str(one), AudioOptions(trim=False)).waves for one in (voices, tmp_path / "out")
    )
    assert np.abs(before.astype(int) - after).max() <= 1


def test_a_walk_through_sounds_is_one_sound(voices):
    sounds, kind = read_sounds(str(voices), AudioOptions()), AudioFormat()
    frames = [sounds.take(np.array([place, place + 8])) for place in range(3)]
    content = kind.film(frames, Path("walk.wav"), 0.1, {})
    found = decode_wav(content)
    seconds = (
        sum(len(frame.heard(place)) for frame in frames for place in (0, 1)) / RATE + 5 * BETWEEN_SECONDS
    )
    assert len(found.wave) / RATE == pytest.approx(seconds, abs=0.01)
    assert b"synthetic" in content
    with pytest.raises(UsageError, match=r"ends in \.wav"):
        kind.check_film(Path("walk.gif"))


def test_sounds_of_a_pair_are_in_step(tmp_path):
    times = np.arange(RATE // 2) / RATE
    word = 0.3 * np.sin(2 * np.pi * (300 + 900 * (times > 0.25)) * times)
    silence = np.zeros(RATE // 8)
    said = {
        "in": {"same": word, "slow": np.repeat(word.reshape(-1, 800), 2, axis=0).ravel()},
        "out": {"same": word * np.linspace(0.3, 1, len(word)), "slow": np.concatenate([silence, word])},
    }
    for side, waves in said.items():
        (tmp_path / side).mkdir()
        for name, wave in waves.items():
            content = wav_bytes(as_pcm(wave[:, None]), RATE)
            (tmp_path / side / f"{name}.wav").write_bytes(content)
    pairs = PairFormat().read(str(tmp_path / "in"), PairOptions(to=str(tmp_path / "out")))
    assert len(pairs) == 2
    for number in range(2):
        given, wanted = pairs.given(number), pairs.wanted(number)
        assert given is not None
        assert given.shape == wanted.shape
        higher = [np.argmax(side[0, :, [5, -6]], axis=1).tolist() for side in (given, wanted)]
        assert higher[0] == higher[1]
    assert [row["holds"] for row in PairFormat().overview(pairs)] == [
        "2 of 0.5 to 1 s at 8,000 Hz",
        "2 of 0.5 to 0.62 s at 8,000 Hz",
    ]

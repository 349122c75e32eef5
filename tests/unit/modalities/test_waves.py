"""WAV files of every width are read as they are; headers that lie are found out."""

from __future__ import annotations

import struct
import wave
from io import BytesIO

import numpy as np
import pytest

from gansmith.modalities.audio.decoding import decode
from gansmith.modalities.waves import Unreadable, as_pcm, decode_wav, wav_bytes

TONE = 0.5 * np.sin(np.arange(400) / 7)[:, None]


def _file(tag: int, n_bits: int, data: bytes, n_said: int | None = None, extensible: bool = False) -> bytes:
    body = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, 1, 8_000, 8_000, n_bits // 8, n_bits)
    if extensible:
        body += struct.pack("<HHIH", 22, n_bits, 0, tag) + bytes(14)
    chunks = b"fmt " + struct.pack("<I", len(body)) + body + b"JUNK" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(data) if n_said is None else n_said) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def _data(tag: int, n_bits: int) -> bytes:
    if tag == 3:
        return TONE.astype(f"<f{n_bits // 8}").tobytes()
    if n_bits == 8:
        return np.rint(128 + 127 * TONE).astype(np.uint8).tobytes()
    whole = np.rint(TONE * (2 ** (n_bits - 1) - 1)).astype("<i4")
    return whole.view(np.uint8).reshape(-1, 4)[:, : n_bits // 8].tobytes()


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("tag", "n_bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
def test_every_width_is_read(tag, n_bits, extensible):
    found = decode_wav(_file(tag, n_bits, _data(tag, n_bits), extensible=extensible))
    assert found.rate_hz == 8_000
    assert np.abs(found.wave - TONE).max() < (0.01 if n_bits == 8 else 1e-4)


def test_what_is_written_is_read_by_python_and_by_us():
    samples = as_pcm(np.concatenate([TONE, -TONE], 1))
    content = wav_bytes(samples, 22_050, "synthetic sound")
    with wave.open(BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 22_050)
        assert file.readframes(1_000) == samples.tobytes()
    assert (as_pcm(decode_wav(content).wave) == samples).all()


def test_a_header_that_promises_too_much_is_noted_and_what_is_there_is_taken():
    found = decode_wav(_file(1, 16, _data(1, 16), n_said=99_999))
    assert len(found.wave) == 400
    assert "promises" in found.note
    assert len(decode_wav(_file(1, 16, _data(1, 16), n_said=0)).wave) == 400  # never closed


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"not a sound at all", "no WAV"),
        (_file(1, 12, b"12"), "12 bits"),
        (_file(1, 16, b"")[:30], "cut off|no samples"),
        (_file(85, 16, b"1234"), "format 85"),
    ],
)
def test_what_is_no_sound_is_refused_with_its_reason(content, why):
    with pytest.raises(Unreadable, match=why):
        decode(content, "a.wav")

"""WAV files: how samples are found in them, whatever their width, and how 16-bit files are written.

Python's own `wave` refuses floating point and extensible headers, and believes the sizes that a header says.

Source:
    Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft 1991), chapter 3, and
    "Multiple channel audio data and WAVE files" (Microsoft 2007), for the extensible form.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float

Wave = Float[np.ndarray, "_ _"]
"""Shape `(n_samples, n_channels)`, from -1 to 1."""

PCM: Final = 1
FLOAT: Final = 3
EXTENSIBLE: Final = 0xFFFE
FULL_SCALE: Final = 32_768.0
HIGHEST: Final = 32_767
MAX_RATE_HZ: Final = 768_000
"""A header that says more lies."""
MAX_CHANNELS: Final = 64


class Unreadable(Exception):  # noqa: N818 - of a file, and mostly no error of the user
    """A file is no sound; the reason is the text."""


@final
@dataclass(frozen=True, eq=False)
class Decoded:
    """What was found in a file."""

    wave: Wave
    rate_hz: int
    note: str = ""
    """What is odd about the file."""


@final
@dataclass(frozen=True)
class _Layout:
    tag: int
    n_channels: int
    rate_hz: int
    n_bits: int


def decode_wav(content: bytes) -> Decoded:
    """A WAV file of 8, 16, 24 or 32 bits, or of floating point.

    A header that promises more samples than there are is noted; what is there is taken.

    Raises:
        Unreadable: It is none, holds compressed samples, or its header cannot be true.
    """
    if len(content) < 12 or content[:4] not in (b"RIFF", b"RIFX") or content[8:12] != b"WAVE":
        raise Unreadable("is empty" if not content else "is no WAV file by its first bytes")
    if content[:4] == b"RIFX":
        raise Unreadable("is a WAV file of the other byte order; write it again as RIFF")
    place, layout = 12, None
    while place + 8 <= len(content):
        name, size = content[place : place + 4], struct.unpack_from("<I", content, place + 4)[0]
        body = content[place + 8 : place + 8 + size]
        if name == b"fmt ":
            layout = _layout(body)
        elif name == b"data":
            if layout is None:
                raise Unreadable("says nothing of its samples before they come")
            is_cut = len(body) < size and size not in (0xFFFFFFFF, 0x7FFFFFFF)
            note = f"its header promises {size:,} bytes of sound, {len(body):,} are there" if is_cut else ""
            if size == 0:  # written while it was recorded, and never closed
                body = content[place + 8 :]
                note = "its header says that it is empty, and it is not" if body else ""
            return Decoded(_samples(body, layout), layout.rate_hz, note)
        place += 8 + size + size % 2
    raise Unreadable("holds no samples")


def _layout(body: bytes) -> _Layout:
    if len(body) < 16:
        raise Unreadable("its header is cut off")
    tag, n_channels, rate_hz, _, _, n_bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    if not 1 <= n_channels <= MAX_CHANNELS or not 1 <= rate_hz <= MAX_RATE_HZ:
        raise Unreadable(f"its header says {n_channels} channels at {rate_hz:,} Hz, which cannot be")
    if (tag, n_bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}:
        raise Unreadable(f"holds samples of format {tag} with {n_bits} bits; write it again as PCM")
    return _Layout(tag, n_channels, rate_hz, n_bits)


def _samples(body: bytes, layout: _Layout) -> Wave:
    width = layout.n_bits // 8
    n_whole = len(body) // (width * layout.n_channels) * layout.n_channels
    body = body[: n_whole * width]
    if layout.tag == FLOAT:
        values = np.nan_to_num(np.frombuffer(body, f"<f{width}").astype(np.float32), posinf=1.0, neginf=-1.0)
    elif width == 1:
        values = (np.frombuffer(body, np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:
        bytes_ = np.frombuffer(body, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = (bytes_[:, 0] << 8) | (bytes_[:, 1] << 16) | (bytes_[:, 2] << 24)
        values = whole.astype(np.float32) / 2.0**31
    else:
        values = np.frombuffer(body, f"<i{width}").astype(np.float32) / 2.0 ** (layout.n_bits - 1)
    return values.reshape(-1, layout.n_channels)


def as_pcm(wave: np.ndarray) -> np.ndarray:
    """Samples as whole numbers of 16 bits; louder ones than those can say are cut off."""
    return np.clip(np.rint(wave * FULL_SCALE), -HIGHEST - 1, HIGHEST).astype(np.int16)


def wav_bytes(samples: np.ndarray, rate_hz: int, says: str = "") -> bytes:
    """A WAV file of 16 bits.

    Args:
        samples: Shape `(n_samples, n_channels)`, int16.
        rate_hz: Samples a second.
        says: Stands in the file as its comment, where it is not empty.
    """
    data = np.ascontiguousarray(samples.astype("<i2")).tobytes()
    n_channels = samples.shape[1]
    layout = struct.pack("<HHIIHH", PCM, n_channels, rate_hz, rate_hz * n_channels * 2, n_channels * 2, 16)
    chunks = _chunk(b"fmt ", layout)
    if says:
        comment, software = (text.encode() + b"\0" for text in (says, "gansmith"))
        chunks += _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", comment) + _chunk(b"ISFT", software))
    chunks += _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def wav_address(samples: np.ndarray, rate_hz: int) -> str:
    """A sound as a `data:` address, for a page; see `wav_bytes`."""
    return f"data:audio/wav;base64,{b64encode(wav_bytes(samples, rate_hz)).decode()}"


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

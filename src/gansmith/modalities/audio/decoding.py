"""A sound file as samples: WAV here, all else by the extra [audio]."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import numpy as np

from gansmith.modalities.waves import Decoded, Unreadable, decode_wav

WAV: Final = (".wav", ".wave")
EXTRA: Final = "pip install 'gansmith[audio]'"
MAX_FILE_SECONDS: Final = 7_200.0
"""A longer recording is not read."""


def decode(content: bytes, name: str) -> Decoded:
    """The samples of a file.

    Raises:
        Unreadable: It is no sound, too long, or nothing installed reads it; the text says what to do.
    """
    if not content:
        raise Unreadable("is empty")
    found = decode_wav(content) if name.lower().endswith(WAV) else _by_library(content)
    if not found.wave.size:
        raise Unreadable("holds no samples")
    if len(found.wave) / found.rate_hz > MAX_FILE_SECONDS:
        raise Unreadable(f"is longer than {MAX_FILE_SECONDS / 3600:.0f} hours; cut it first")
    return found


def _by_library(content: bytes) -> Decoded:
    try:
        import soundfile  # an extra
    except ImportError as error:
        raise Unreadable(f"needs a decoder: {EXTRA}") from error
    library: Any = soundfile
    try:
        wave, rate_hz = library.read(BytesIO(content), dtype="float32", always_2d=True)
    except (library.SoundFileError, RuntimeError, TypeError) as error:
        why = str(error).rpartition(": ")[2].strip().rstrip(".")  # without the address of what was opened
        raise Unreadable(f"cannot be decoded ({why})") from error
    return Decoded(np.ascontiguousarray(wave), int(rate_hz))

"""Music as sound: plain tones put together from their overtones, and WAV files of 16 bits.

Where fluidsynth and a sound font are at hand, that renders instead.

Source:
    Moorer 1977, "Signal processing aspects of computer music", Proceedings of the IEEE 65.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.errors import UsageError
from gansmith.modalities.music.midi_files import midi_of
from gansmith.modalities.music.records import TEMPO, USUAL_TEMPO, Pieces, notes_of
from gansmith.modalities.voices import AbstractVoice
from gansmith.modalities.waves import as_pcm, wav_bytes

RATE_HZ: Final = 22_050
CONCERT_PITCH_HZ: Final = 440.0
MAX_SECONDS: Final = 1_200.0
_RELEASE_SECONDS: Final = 0.08
_ATTACK_SECONDS: Final = 0.012
_ECHO_SECONDS: Final = 0.5
"""Silence, or what fades away, behind the last note."""
_OVERTONES: Final[Mapping[str, tuple[float, ...]]] = {
    "plucked": (1.0, 0.55, 0.35, 0.22, 0.12, 0.08),
    "sung": (1.0, 0.45, 0.25, 0.18, 0.06),
    "bowed": (1.0, 0.6, 0.45, 0.35, 0.22, 0.15, 0.1),
    "blown": (1.0, 0.12, 0.28, 0.05, 0.1),
    "deep": (1.0, 0.7, 0.3, 0.1),
}
_DECAYS: Final = {"plucked": 2.2, "deep": 1.4}
"""How fast tones that are struck fade, a second."""
Sound = Float[np.ndarray, " n_samples"]


def sound_of(
    piece: Pieces, rate_hz: int = RATE_HZ, seconds: float = MAX_SECONDS, player: AbstractVoice | None = None
) -> Sound:
    """One piece as a sound from -1 to 1; of a long one its beginning.

    Args:
        piece: One.
        rate_hz: Samples a second; a voice brings its own.
        seconds: At most.
        player: Who plays, but for drums; None: tones of our own.
    """
    rate_hz = player.rate_hz if player else rate_hz
    form = piece.form
    tempo = float(np.clip(piece.numbers(TEMPO, USUAL_TEMPO)[0], 20, 400))
    step = 60 / tempo / form.grid
    tokens = piece.tokens[0][: max(1, int(seconds / step))]
    mixed = np.zeros(int((len(tokens) * step + _ECHO_SECONDS) * rate_hz) + 1, np.float32)
    owners, rng = form.owners, np.random.default_rng(0)
    for begin, long, pitch, voice in notes_of(tokens).tolist():
        track = form.tracks[owners[voice]]
        if track.is_drums:
            tone = _drum(pitch, rate_hz, rng)
        elif player:
            tone = _let_go(player.tone(pitch), long * step, rate_hz)
        else:
            tone = _tone(pitch, long * step, _colour(track.program), rate_hz)
        first = int(begin * step * rate_hz)
        tone = tone[: len(mixed) - first]
        mixed[first : first + len(tone)] += tone
    loudest = float(np.abs(mixed).max(initial=0.0))
    return (0.9 * mixed / loudest if loudest else mixed).astype(np.float32)


def _colour(program: int) -> str:
    """What an instrument sounds like, roughly, by the families of General MIDI."""
    if program < 32 or 104 <= program < 112:
        return "plucked"
    if program < 40:
        return "deep"
    if 52 <= program < 55:
        return "sung"
    return "bowed" if program < 52 else "blown"


def _tone(pitch: int, seconds: float, colour: str, rate_hz: int) -> Sound:
    frequency = CONCERT_PITCH_HZ * 2 ** ((pitch - 69) / 12)
    n = int((seconds + _RELEASE_SECONDS) * rate_hz)
    at = np.arange(n, dtype=np.float32) / rate_hz
    tone = np.zeros(n, np.float32)
    for number, strength in enumerate(_OVERTONES[colour], 1):
        if number * frequency < 0.45 * rate_hz:
            fading = np.exp(-_DECAYS.get(colour, 0.0) * number**0.5 * at)
            tone += strength * fading * np.sin(np.float32(2 * np.pi * number * frequency) * at)
    attack = np.minimum(at / _ATTACK_SECONDS, 1)
    release = np.clip((seconds + _RELEASE_SECONDS - at) / _RELEASE_SECONDS, 0, 1)
    return (0.2 * tone * attack * release).astype(np.float32)


def _let_go(tone: Sound, seconds: float, rate_hz: int) -> Float[np.ndarray, " n_heard"]:
    """A tone as long as its note is, if it is longer, let go at the end."""
    n = min(len(tone), int((seconds + _RELEASE_SECONDS) * rate_hz))
    left = np.arange(n, 0, -1) / rate_hz
    return (0.2 * tone[:n] * np.minimum(left / _RELEASE_SECONDS, 1)).astype(np.float32)


def _drum(pitch: int, rate_hz: int, rng: np.random.Generator) -> Sound:
    """A thump that falls for low drums, noise for the others."""
    if pitch in (35, 36, 41, 43, 45, 47, 48, 50):
        at = np.arange(int(0.25 * rate_hz)) / rate_hz
        frequency = 55 if pitch < 40 else 70 + 8 * (pitch - 40)
        return (
            0.5 * np.exp(-12 * at) * np.sin(2 * np.pi * frequency * (at + 0.03 * np.exp(-40 * at)))
        ).astype(np.float32)
    long, fall = (0.5, 7.0) if pitch in (46, 49, 51, 52, 53, 55, 57, 59) else (0.15, 30.0)
    at = np.arange(int(long * rate_hz)) / rate_hz
    noise = rng.standard_normal(len(at))
    noise = noise if pitch in (38, 40, 37, 39) else np.diff(noise, prepend=0.0)
    return (0.12 * noise * np.exp(-fall * at)).astype(np.float32)


def rendered(piece: Pieces, sound_font: str = "", voice: AbstractVoice | None = None) -> bytes:
    """One piece as the content of a WAV file.

    Raises:
        UsageError: A sound font was given, and is not there, or fluidsynth is not installed or fails.
    """
    if not sound_font:
        rate_hz = voice.rate_hz if voice else RATE_HZ
        return wav_bytes(as_pcm(sound_of(piece, player=voice)[:, None]), rate_hz)
    if not Path(sound_font).is_file():
        raise UsageError(f"--sound {sound_font}: there is no such file. Give a sound font, or leave it out.")
    program = shutil.which("fluidsynth")
    if program is None:
        raise UsageError(
            "--sound needs fluidsynth, which is not installed. Install it, or leave --sound out."
        )
    with TemporaryDirectory() as folder:
        notes, heard = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        notes.write_bytes(midi_of(piece, {}))
        command = [program, "-ni", "-F", str(heard), "-r", str(RATE_HZ), sound_font, str(notes)]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode or not heard.is_file():
            raise UsageError(f"fluidsynth failed: {done.stderr.strip()[-200:]}. Leave --sound out.")
        return heard.read_bytes()

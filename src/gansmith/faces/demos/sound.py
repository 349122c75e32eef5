"""Notes of five instruments that nobody built, learnt in a minute; and one note of each pitch, new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.faces.demos.notes import RATE_HZ, TIMBRES, notes
from gansmith.faces.demos.pictures import make_folder
from gansmith.modalities.audio.drawing import spectrograms
from gansmith.modalities.audio.embedding import wanted_pitch
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.traits import traits_of
from gansmith.modalities.canvas import grid, png_bytes
from gansmith.modalities.record_writing import as_csv
from gansmith.modalities.waves import as_pcm, wav_bytes
from gansmith.store import write_whole
from gansmith.tasks.synthesize import Synthesizer

N_NOTES: Final = 400
LEARNT_HZ: Final = 4_000
LEARNT_SECONDS: Final = 0.25
"""A quarter of what the notes hold: four times as many are learnt from in a minute."""
SAMPLES_SEEN: Final = 24_000
"""So few that the notes can be told from real ones, and a quarter is out of tune; see LOG.md for more."""
SCALE: Final = range(60, 73, 2)
"""MIDI numbers: whole tones from the middle C on."""
PITCHES: Final = tuple(map(str, SCALE))


def run_sound(
    folder: Path, seed: int = 0, show: Callable[[str], object] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn rendered notes, make new ones of a scale, and draw them.

    Args:
        folder: Where notes, the model, what it makes and the picture go.
        seed: Of the notes, of learning and of what is made.
        show: Called with each line of text.
        samples_seen: Length of the training.

    Returns:
        The files, and the share of the new notes that are in tune.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder / "notes")
    waves, known = notes(N_NOTES, seed, SCALE)
    rows: list[tuple[str, str, str]] = [("file", "pitch", "timbre")]
    for number, wave in enumerate(waves):
        name = f"{number:03d}.wav"
        write_whole(folder / "notes" / name, wav_bytes(as_pcm(wave[:, None]), RATE_HZ))
        rows.append((name, known["pitch"][number], known["timbre"][number]))
    write_whole(folder / "notes" / "labels.csv", as_csv(rows))
    show(f"{N_NOTES} notes of {len(TIMBRES)} instruments are learnt, from levels and frequencies of bands.")
    synthesizer = Synthesizer(samples_seen=samples_seen, seed=seed, verbose=False)
    synthesizer.fit(str(folder / "notes"), rate=LEARNT_HZ, seconds=LEARNT_SECONDS)
    synthesizer.save(folder / "notes.gan")
    made: Sounds = synthesizer.sample(5 * len(PITCHES), where={"pitch": list(PITCHES)}, seed=seed)
    heard, wanted = traits_of(made)[:, 0], wanted_pitch(made)
    order = np.argsort(wanted, kind="stable")
    scale = [made.heard(int(number)) for number in order]
    write_whole(folder / "scale.wav", wav_bytes(np.concatenate(scale), made.form.rate_hz, "synthetic sounds"))
    write_whole(folder / "scale.png", png_bytes(grid(spectrograms(made.take(order)), n_columns=5), {}))
    share = float((np.abs(np.nan_to_num(heard, nan=1e3) - wanted) <= 0.5).mean())
    show(f"{len(made)} new notes of {len(PITCHES)} pitches: {share:.0%} are within half a semitone.")
    show(f"Listen: {folder / 'scale.wav'}, look: {folder / 'scale.png'}; go on with: gansmith sample "
         f"{folder / 'notes.gan'} -n 24 --where pitch=60 -o OUT/")  # fmt: skip
    return {"files": ["notes", "notes.gan", "scale.wav", "scale.png"], "in_tune": share}

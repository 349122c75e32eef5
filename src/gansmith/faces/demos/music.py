"""Tunes with chords: some are made here by a law, others are learnt from them, a melody is harmonised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from gansmith.faces.demos.pictures import make_folder
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.canvas import png_bytes
from gansmith.modalities.music.drawing import rolls
from gansmith.modalities.music.midi_files import midi_of
from gansmith.modalities.music.records import FIRST, HOLD, KEY, METRE, TEMPO, Form, Pieces, Tokens, Track
from gansmith.modalities.music.theory import MAJOR, TONICS
from gansmith.store import write_whole
from gansmith.tasks.synthesize import Synthesizer

FORM: Final = Form((Track("melody", 73), Track("chords", 0, 3)), 2)
N_TUNES: Final = 80
N_MADE: Final = 4
SAMPLES_SEEN: Final = 2_400
BAR: Final = 8
"""Eighths."""
PROGRESSIONS: Final = ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 3, 0, 4))
"""Degrees of the scale on which chords stand, a bar each."""
RHYTHMS: Final = ((0, 2, 4, 6), (0, 4, 6), (0, 2, 3, 4, 6), (0, 4))


def run_music(
    folder: Path, seed: int = 0, show: Callable[[str], object] = print, samples_seen: int = SAMPLES_SEEN
) -> dict[str, Any]:
    """Learn tunes with chords, make others, and harmonise a melody.

    Args:
        folder: Where the tunes, the new ones, the picture and the model go.
        seed: Of the law, of learning and of what is made.
        show: Called with each line of text.
        samples_seen: Length of the training.

    Returns:
        The files, and which share of the bars of the given melody got the chord of the law.

    Raises:
        DataError: The folder cannot be written.
    """
    make_folder(folder)
    tunes = composed(N_TUNES + 1, seed)
    known, kept_back = tunes.take(np.arange(N_TUNES)), tunes.take(np.array([N_TUNES]))
    make_folder(folder / "tunes")
    for place in range(N_TUNES):
        content = midi_of(known.take(np.array([place])), {})
        write_whole(folder / "tunes" / f"{place + 1:03}.mid", content)
    show(f"{N_TUNES} tunes with chords are learnt from {folder / 'tunes'}.")
    synthesizer = Synthesizer(kind="music", samples_seen=samples_seen, seed=seed, verbose=False)
    synthesizer.fit(folder / "tunes")
    synthesizer.save(folder / "tunes.gan")
    model = synthesizer.model_
    model.write(folder / "new", N_MADE, seed)
    write_whole(folder / "new.png", png_bytes(np.concatenate([*rolls(model.sample(N_MADE, seed=seed))]), {}))
    alone = kept_back.tokens[0].copy()
    alone[:, 1:] = 0
    write_whole(folder / "melody.mid", midi_of(_with(kept_back, alone), {}))
    partial = model.read_partial(folder / "melody.mid", options={})
    made = model.imputed(partial, seed)
    write_whole(folder / "harmonised.mid", midi_of(made, {"synthetic": "true"}))
    share = _chords_right(kept_back.tokens[0], made.tokens[0])
    show(f"{N_MADE} new tunes as MIDI and sound: {folder / 'new'}; as piano rolls: {folder / 'new.png'}")
    show(f"A melody that was kept back got chords: in {share:.0%} of its bars those of the law.")
    show(f"Go on with: gansmith sample {folder / 'tunes.gan'} -n 8 -o OUT --where key=D")
    files = ["tunes.gan", "new.png", "melody.mid", "harmonised.mid", "new/0001.mid", "new/0001.wav"]
    return {"files": files, "right": share}


def composed(n: int, seed: int) -> Pieces:
    """Tunes of eight bars in major keys: notes of the chord on strong beats, steps of the scale between."""
    rng = np.random.default_rng(seed)
    tokens, keys = list[Tokens](), list[str]()
    for _ in range(n):
        tonic, piece = int(rng.integers(12)), np.ones((8 * BAR, 4), np.int16) * HOLD
        degrees = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
        rhythm, height = RHYTHMS[rng.integers(len(RHYTHMS))], 7 + int(rng.integers(5))
        for bar in range(8):
            degree = degrees[bar % 4] if bar < 7 else 0
            for voice, step in enumerate((4, 2, 0)):
                piece[bar * BAR, 1 + voice] = FIRST + 48 + _pitch(degree + step, tonic)
            for at in rhythm if bar < 7 else (0,):
                strong = at in (0, 4)
                near = [height + move for move in (-2, -1, 0, 1, 2)]
                chord = [one for one in near if (one - degree) % 7 in (0, 2, 4)]
                height = int(rng.choice(chord if strong and chord else [height - 1, height + 1]))
                height = int(np.clip(height, 5, 14))
                piece[bar * BAR + at, 0] = FIRST + 60 + _pitch(height - 7, tonic)
        tokens.append(piece)
        keys.append(TONICS[tonic])
    columns = {
        KEY: np.array(keys, object),
        METRE: np.array(["4/4"] * n, object),
        TEMPO: np.full(n, 110.0),
    }
    return Pieces(tuple(tokens), FORM, Attributes(columns), "tunes")


def _pitch(degree: int, tonic: int) -> int:
    """Semitones of a degree of the major scale above the C below."""
    return 12 * (degree // 7) + MAJOR[degree % 7] + (tonic if tonic < 6 else tonic - 12)


def _with(pieces: Pieces, tokens: Tokens) -> Pieces:
    return Pieces((tokens,), pieces.form, pieces.attributes, pieces.name)


def _chords_right(real: Tokens, made: Tokens) -> float:
    """Share of the bars that begin with the same pitch classes in the chords."""
    found = [
        {int(one - FIRST) % 12 for one in side[bar, 1:] if one >= FIRST}
        for side in (real, made)
        for bar in range(0, len(real), BAR)
    ]
    n = len(found) // 2
    return float(np.mean([ours == theirs for ours, theirs in zip(found[:n], found[n:], strict=True)]))

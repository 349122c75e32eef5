"""What is measured of voices: one turned into another, nobody's, and the mark in what was made."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from bench.audio_judge import SEED, Judge, draw, of_words, spoken
from bench.mcadams import mcadams
from bench.picture_task import Row, Task, at_least, at_most
from gansmith.modalities.anonymizing import Asked
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.forming import resampled
from gansmith.modalities.audio.levels import levels
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.watermark import FEWEST_BITS, marked, read_mark, why_not
from gansmith.modalities.grid_observer import GridObserver
from gansmith.modalities.pairs.domains.anonymizing import nobody
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.translating import Wish
from gansmith.modalities.waves import FULL_SCALE, as_pcm, wav_bytes
from gansmith.tasks.anonymize import Anonymizer
from gansmith.tasks.model import Model
from gansmith.tasks.translate.translation import Translation

N_TURNED: Final = 300
N_TRAINED: Final = 900
"""Anonymised sounds that the attacker learns from."""
N_SEEN: Final = 20_000


def _model(task: Task, train: Sounds) -> Model:
    """One generator for all speakers."""
    options = {"to_attribute": ("speaker",), "keep_attribute": ("digit",), "accept_terms": True}
    return replace(task, name="voices", is_again=True).learnt(train, tag="speaker", options=options)


def conversion(task: Task) -> list[Row]:
    """Digits of a speaker said by another: is it the other, and the same digit?"""
    train, held = spoken()
    judge, model = of_words(), _model(task, train)
    some = held.take(np.random.default_rng(SEED).permutation(len(held))[:N_TURNED])
    speakers = sorted(set(train.attributes.columns["speaker"].tolist()))
    own = some.attributes.columns["speaker"].tolist()
    wanted = [speakers[(speakers.index(one) + 1 + place % 5) % 6] for place, one in enumerate(own)]
    made = some.waves.copy()
    for speaker in speakers:
        places = np.flatnonzero([one == speaker for one in wanted])
        way = Translation(model, Wish(where={"speaker": speaker}))
        made[places] = way.translatable.turned_values(some.take(places), way.turning()).waves
    turned = replace(some, waves=made)
    draw(task.out / "conversion.png", some, turned)
    return [
        at_least("speaker probe says target", judge.right(turned, "speaker", wanted), 0.85,
                 real=judge.right(held, "speaker")),
        Row("speaker probe says source", judge.right(turned, "speaker")),
        at_least("digit kept", judge.right(turned, "digit"), 0.85, real=judge.right(some, "digit")),
    ]  # fmt: skip


def anonymised(task: Task) -> list[Row]:
    """Nobody's voice: does an attacker who knows how find the speaker, and is the digit still heard?"""
    train, held = spoken()
    judge, model = of_words(), _model(task, train)
    rng = np.random.default_rng(SEED)
    known, asked = (
        part.take(rng.permutation(len(part))[:n]) for part, n in ((train, N_TRAINED), (held, 600))
    )
    rows = [Row("original: equal error rate", _equal_error(known, asked)),
            Row("original: digit probe", judge.right(asked, "digit"))]  # fmt: skip
    for name, change in (("nobody's voice", _nobody(model, task.seed)), ("McAdams", _mcadams)):
        ours, theirs = change(known), change(asked)
        draw(task.out / f"anonymised-{name.split()[0]}.png", asked, theirs)
        error, right = _equal_error(ours, theirs), judge.right(theirs, "digit")
        again = Judge(ours, theirs).right(theirs, "digit")
        lost = 100 * (judge.right(asked, "digit") - right)
        is_ours = name != "McAdams"
        said = f"{name}: equal error rate"
        rows += [
            at_least(said, error, 0.30) if is_ours else Row(said, error),
            at_most(f"{name}: digit accuracy lost, points", lost, 10) if is_ours
            else Row(f"{name}: digit accuracy lost, points", lost),
            Row(f"{name}: digits, by a probe that has learnt from such", again),
        ]  # fmt: skip
    return rows


def _nobody(model: Model, seed: int) -> Callable[[Sounds], Sounds]:
    def change(sounds: Sounds) -> Sounds:

        codec = model.codec
        assert isinstance(codec, DomainCodec)
        assert nobody(codec, seed).max() < 1
        with TemporaryDirectory() as folder:
            source, output = Path(folder, "in"), Path(folder, "out")
            source.mkdir()
            for place in range(len(sounds)):
                content = wav_bytes(sounds.heard(place), sounds.form.rate_hz)
                (source / f"{place:05d}.wav").write_bytes(content)
            list(Anonymizer(model).apply(source, output, Asked(seed=seed, is_marked=False)))
            found = read_sounds(output, AudioOptions(trim=False), sounds.form)
        return replace(sounds, waves=found.waves)

    return change


def _mcadams(sounds: Sounds) -> Sounds:
    waves = sounds.waves.copy()
    for place in range(len(sounds)):
        rng = np.random.default_rng(zlib.crc32(waves[place].tobytes()))
        wave = sounds.heard(place)[:, 0] / FULL_SCALE
        made = mcadams(wave, sounds.form.rate_hz, float(rng.uniform(0.5, 0.9)))
        waves[place, : len(made), 0] = as_pcm(made)
    return replace(sounds, waves=waves)


def _equal_error(known: Sounds, asked: Sounds) -> float:
    """Of an attacker who has learnt speakers from sounds made in the same way, on every claim of a name."""
    names = sorted(set(known.attributes.columns["speaker"].tolist()))
    codes = [
        np.array([names.index(one) for one in part.attributes.columns["speaker"]]) for part in (known, asked)
    ]
    judge = GridObserver(N_SEEN).classifier(levels(known), codes[0][:, None], (len(names),), SEED)
    said = np.log(judge(levels(asked))[0] + 1e-9)
    is_target = np.arange(len(names)) == codes[1][:, None]
    targets, others = np.sort(said[is_target]), np.sort(said[~is_target])
    borders = np.concatenate([targets, others])
    missed = np.searchsorted(targets, borders) / len(targets)
    taken = 1 - np.searchsorted(others, borders) / len(others)
    place = int(np.argmin(np.abs(missed - taken)))
    return float((missed[place] + taken[place]) / 2)


def mark(task: Task) -> list[Row]:
    """How often the mark is found after what happens to sounds, and in sounds without it."""
    every, _ = spoken()
    rng = np.random.default_rng(task.seed)
    some = every.take(rng.permutation(len(every))[:N_TURNED])
    found: dict[str, list[int]] = {}
    quieter, rate_hz = list[float](), every.form.rate_hz
    for place in range(len(some)):
        wave = some.heard(place)
        if why_not(len(wave), rate_hz):
            continue
        made = marked(wave, rate_hz)
        change = (made.astype(float) - wave).var()
        quieter.append(10 * np.log10(wave.astype(float).var() / max(change, 1e-9)))
        for name, other, at in [("no mark", wave.astype(np.float32), rate_hz), *_changed(made, rate_hz, rng)]:
            found.setdefault(name, []).append(read_mark(other, at).n_right)
    rows = [Row("sound over change, dB", float(np.median(quieter)))]
    return rows + [
        Row(f"found: {name}", float((np.array(bits) >= FEWEST_BITS).mean())) for name, bits in found.items()
    ]


def _changed(made: np.ndarray, rate_hz: int, rng: Any) -> Iterator[tuple[str, np.ndarray, int]]:
    wave = made.astype(np.float32)
    yield "as written", wave, rate_hz
    yield "at 11,025 Hz", resampled(wave, rate_hz, 11_025), 11_025
    yield "eight times quieter", np.rint(wave / 8), rate_hz
    for level in (30, 20):
        noise = rng.normal(0, wave.std() * 10 ** (-level / 20), wave.shape)
        yield f"noise {level} dB below", (wave + noise).astype(np.float32), rate_hz
    cut = len(wave) // 20
    yield "a tenth cut off", wave[cut:-cut], rate_hz

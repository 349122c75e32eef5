"""What is measured of sounds that are made: notes, digits, the codec, how fast."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np
import torch
from scipy.spatial.distance import cdist

from bench.audio_judge import Judge, draw, in_tune, of_words, rendered, spoken
from bench.picture_sets import data_folder
from bench.picture_task import Row, Task, at_least, at_most, told
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.codings import CODINGS
from gansmith.modalities.audio.embedding import broken_rules, keys_of
from gansmith.modalities.audio.levels import levels
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.traits import traits_of
from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

N_NOTES: Final = 2_000
N_JUDGED: Final = 600
N_TIMED: Final = 1_000


def made(model: Model, n: int, seed: int, where: Any = None) -> Sounds:
    """Sounds of a model."""
    return model.sample(n, seed=seed, where=where)


def notes(task: Task) -> list[Row]:
    """Rendered notes: does each have its pitch and its timbre?"""
    train, held = rendered(N_NOTES, 0), rendered(N_JUDGED, 1)
    judge = Judge(train, held)
    model = task.learnt(train, tag=task.option or "mel", options=_coded(task.option))
    return _of_notes(task, model, judge, held)


def _codec(model: Model) -> AudioCodec:
    codec = model.codec
    assert isinstance(codec, AudioCodec)
    return codec


def _coded(coding: str) -> dict[str, Any]:
    return {"coding": coding} if coding else {}


def _of_notes(task: Task, model: Model, judge: Judge, held: Sounds) -> list[Row]:
    fake = made(model, N_JUDGED, task.seed)
    draw(task.out / f"{task.name}-{_codec(model).scale.coding}.png", held, fake)
    return [
        at_least("pitch accuracy, within half a semitone", in_tune(fake), 0.95, real=in_tune(held)),
        Row("the same within 20 cents", in_tune(fake, 0.2), real=in_tune(held, 0.2)),
        Row("pitch probe", judge.right(fake, "pitch"), real=judge.right(held, "pitch")),
        at_least("timbre probe", judge.right(fake, "timbre"), 0.95, real=judge.right(held, "timbre")),
        at_least("coverage", judge.coverage(fake), 0.60),
        Row("two-sample AUC", judge.auc(fake)),
        Row("broken rules", _broken(fake, held), real=_broken(held, held)),
    ]


def _broken(sounds: Sounds, real: Sounds) -> float:
    """Share of the sounds that are silent, cut off, constant, or of another length."""
    found = broken_rules(sounds, real, keys_of(sounds))
    return float(np.any(list(found.values()), axis=0).mean())


def codings(task: Task) -> list[Row]:
    """The same notes by each coding, after the same time."""
    train, held = rendered(N_NOTES, 0), rendered(N_JUDGED, 1)
    judge, rows = Judge(train, held), list[Row]()
    for coding in CODINGS:
        model = task.learnt(train, tag=coding, options={"coding": coding})
        for row in _of_notes(task, model, judge, held):
            rows.append(Row(f"{coding}: {row.what}", row.ours, real=row.real))
    return rows


def piano(task: Task) -> list[Row]:
    """A model of rendered notes goes on with every other of 13 piano notes: are those between in tune?"""
    path = data_folder() / "instrument_notes" / "piano_notes.zip"
    base = task.learnt(rendered(N_NOTES, 0), tag="base")
    options = AudioOptions(rate=8_000, seconds=0.5, mono=True)
    every = read_sounds(path, options, _codec(base).form)
    pitch = {name: 60 + place for place, name in enumerate(_SCALE)}
    numbers = [pitch[name.rsplit("/", 1)[1].removesuffix(".wav")] for name in every.names]
    columns = {"pitch": list(map(str, numbers)), "timbre": [STAND_IN] * len(numbers)}
    known = every.with_attributes(
        Attributes({name: np.array(column, object) for name, column in columns.items()})
    )
    learnt = known.take(np.array([k for k, one in enumerate(numbers) if one % 2 == 0]))
    run = start(learnt, FitConfig(samples_seen=4_000, seed=task.seed), origin=base)
    for record in run:
        if record.readings:
            told(f"fine-tuned: step {record.step:,} of {record.n_steps:,}")
    model = run.model()
    between = [str(one) for one in range(61, 72, 2)]
    fake = made(model, 60, task.seed, {"pitch": between, "timbre": STAND_IN})
    heard = 100 * np.abs(traits_of(fake)[:, 0] - np.array(fake.attributes.columns["pitch"], float))
    draw(task.out / "piano.png", known, fake)
    return [
        at_most("median distance of pitches between, cents", float(np.nanmedian(heard)), 20),
        Row("share of them within 20 cents", float((np.nan_to_num(heard, nan=1e9) <= 20).mean())),
        Row("share that is nearer to a piano note than to a rendered one", _like_piano(fake, known)),
    ]


def _like_piano(sounds: Sounds, known: Sounds) -> float:
    """By the levels of bands, a nearest note each, of 13 of the piano and 500 rendered ones."""
    ours, real, others = (levels(one).reshape(len(one), -1) for one in (sounds, known, rendered(500, 3)))
    nearest = [cdist(ours, one).min(1) for one in (real, others)]
    return float((nearest[0] < nearest[1]).mean())


STAND_IN: Final = "string"
"""The timbre of the rendered notes whose place the piano takes."""
_SCALE: Final = ("c1", "c1s", "d1", "d1s", "e1", "f1", "f1s", "g1", "g1s", "a1", "a1s", "b1", "c2")


def digits(task: Task) -> list[Row]:
    """Spoken digits of six speakers: is each the digit that was asked for, by its speaker?"""
    train, held = spoken()
    judge = of_words()
    coding = task.option or "mel"
    model = task.learnt(train, tag=coding, options={"coding": coding})
    fake = made(model, N_JUDGED, task.seed)
    draw(task.out / f"fsdd-{coding}.png", held, fake)
    return [
        at_least("digit probe", judge.right(fake, "digit"), 0.85, real=judge.right(held, "digit")),
        Row("speaker probe", judge.right(fake, "speaker"), real=judge.right(held, "speaker")),
        Row("coverage", judge.coverage(fake)),
        Row("two-sample AUC", judge.auc(fake)),
        at_most("broken rules", _broken(fake, held), 0.0, real=_broken(held, held)),
    ]


def codec(task: Task) -> list[Row]:
    """How much of a sound is left by each coding and back, without any network."""
    sets = {"rendered notes": rendered(200, 2)}
    if (data_folder() / "fsdd").exists():
        sets["spoken digits"] = spoken()[1].take(np.arange(200))
    rows = list[Row]()
    for said, sounds in sets.items():
        for coding in CODINGS:
            found = AudioCodec.fit(sounds, AudioOptions(coding=coding), 0)
            waves = found.encode(sounds, 0)
            back = found.compact(found.expand(waves))
            error = (waves.float() - back).square().sum((1, 2)).clamp_min(1e-9)
            snr = 10 * torch.log10(waves.float().square().sum((1, 2)) / error)
            again = found.expand(torch.round(back.clamp(-32_768, 32_767)).to(torch.int16))
            gap = float((again[:, 0] - found.expand(waves)[:, 0]).abs().mean())
            what = f"{said}, {coding}: SNR, dB"
            median = float(snr.median())
            rows.append(at_least(what, median, 60) if coding == "frequency" else Row(what, median))
            rows.append(Row(f"{said}, {coding}: gap of levels, of 0 to 1", gap))
    return rows


def speed(task: Task) -> list[Row]:
    """How long 1,000 sounds of a second at 16,000 Hz take."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (64, 16_000)).astype(np.float32)
    run = start((noise, 16_000), FitConfig(samples_seen=64, seed=0))
    for _ in run:
        pass
    model = run.model()
    model.sample(1, seed=0)
    started = time.monotonic()
    model.sample(N_TIMED, seed=1)
    return [at_most("1,000 one-second sounds at 16 kHz, seconds", time.monotonic() - started, 60)]

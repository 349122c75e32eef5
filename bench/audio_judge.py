"""Judges of sounds: probes, points and pitch, from real sounds and a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.picture_sets import data_folder
from gansmith.faces.demos.notes import RATE_HZ, notes
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.drawing import spectrograms
from gansmith.modalities.audio.embedding import embedded, keys_of, wanted_pitch
from gansmith.modalities.audio.reading import read_sounds
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.traits import traits_of
from gansmith.modalities.canvas import grid, png_bytes
from gansmith.modalities.grid_observer import GridObserver
from gansmith.modalities.grid_scoring import targets_of
from gansmith.scorecard.embedded.records import Encoder, Target
from gansmith.scorecard.learners import auc_and_error
from gansmith.scorecard.real.coverage import neighbourhoods

N_SEEN: Final = 30_000
SEED: Final = 123
VOICES: Final = "free-spoken-digit-dataset.zip"


def rendered(n: int, seed: int) -> Sounds:
    """Notes that the demonstration makes."""
    waves, known = notes(n, seed)
    found = read_sounds((waves, RATE_HZ), AudioOptions())
    return found.with_attributes(Attributes({**found.attributes.columns, **known}))


@cache
def spoken() -> tuple[Sounds, Sounds]:
    """Spoken digits: those to learn from, and the first ten takes of each digit and speaker."""
    path = data_folder() / "fsdd" / VOICES
    every = read_sounds(path, AudioOptions(name_parts="digit,speaker,take"))
    takes = np.array([int(Path(name).stem.rsplit("_", 1)[1]) for name in every.names])
    columns = {name: column for name, column in every.attributes.columns.items() if name != "take"}
    every = every.with_attributes(Attributes(columns))
    return every.take(np.flatnonzero(takes >= 10)), every.take(np.flatnonzero(takes < 10))


class Judge:
    """What has learnt from real sounds, and judges others of the same form."""

    def __init__(self, train: Sounds, held: Sounds) -> None:
        self.targets: tuple[Target, ...] = targets_of(train.attributes, held.attributes)
        self.train, self.held = (embedded(one, keys_of(one), self.targets) for one in (train, held))
        self.observer = GridObserver(N_SEEN)
        n_classes = tuple(len(one.classes) for one in self.targets)
        self.probe = self.observer.classifier(self.train.values, self.train.codes, n_classes, SEED)

    @cached_property
    def encoder(self) -> Encoder:
        """Of half of the real sounds."""
        half = len(self.train) // 2
        learnt, unseen = self.train.take(slice(0, half)), self.train.take(slice(half, None))
        return self.observer.encoder(learnt, unseen, self.targets, SEED)

    def said(self, sounds: Sounds) -> dict[str, np.ndarray]:
        """What the probe hears, by attribute, as texts."""
        found = self.probe(self._seen(sounds).values)
        return {
            target.name: np.array(target.classes, object)[one.argmax(1)]
            for target, one in zip(self.targets, found, strict=True)
        }

    def right(self, sounds: Sounds, name: str, wanted: Sequence[Any] | None = None) -> float:
        """Share in which the probe hears what the attribute says, or what is wanted."""
        texts = sounds.attributes.columns[name].tolist() if wanted is None else wanted
        return float((self.said(sounds)[name] == np.array(texts, object)).mean())

    def coverage(self, sounds: Sounds) -> float:
        """Share of held-out sounds with a generated one near by."""
        n = min(len(sounds), len(self.held))
        ours, real = self.encoder.points(self._seen(sounds).values), self.encoder.points(self.held.values)
        return float(neighbourhoods(ours[:n], real[:n], k=5, seed=SEED)["coverage"].value)

    def auc(self, sounds: Sounds) -> float:
        """How well a network tells generated from held-out sounds that it has not learnt from."""
        n = min(len(sounds), len(self.held))
        both = np.concatenate([self._seen(sounds).values[:n], self.held.values[:n]])
        is_fake, place, found = np.repeat([1, 0], n), np.tile(np.arange(n), 2), list[float]()
        for fold in range(2):
            asked = place % 2 == fold
            judge = self.observer.classifier(both[~asked], is_fake[~asked, None], (2,), SEED)
            said = judge(both[asked])[0][:, 1]
            found.append(auc_and_error(said[is_fake[asked] == 1], said[is_fake[asked] == 0])[0])
        return float(np.mean(found))

    def _seen(self, sounds: Sounds) -> Any:
        return embedded(sounds, keys_of(sounds), self.targets)


@cache
def of_words() -> Judge:
    """The judge of spoken digits."""
    return Judge(*spoken())


def in_tune(sounds: Sounds, semitones: float = 0.5) -> float:
    """Share of the sounds whose pitch is that near to what was asked for."""
    gaps = np.abs(traits_of(sounds)[:, 0] - wanted_pitch(sounds))
    return float((np.nan_to_num(gaps, nan=np.inf) <= semitones).mean())


def draw(path: Path, real: Sounds, fake: Sounds, n: int = 24) -> None:
    """Spectrograms: real sounds above, generated ones below."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tiles = np.concatenate([spectrograms(one.take(np.arange(min(n, len(one))))) for one in (real, fake)])
    path.write_bytes(png_bytes(grid(tiles, n_columns=12), {}, is_quick=True))

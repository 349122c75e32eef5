"""Any kind on a grid can be translated: a stub of sounds, one dimension, is learnt and turned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gansmith.modalities import registry
from gansmith.modalities.format import AbstractFormat
from gansmith.modalities.grids import Turned, Turning
from gansmith.tasks.translate.translator import Translator

N_POINTS = 200


class Waves:
    """See `Grids`: sounds in memory, each of its own length."""

    def __init__(self, waves: list[np.ndarray]) -> None:
        self.waves, self.name, self.notes, self.n_channels, self.highest = waves, "waves", (), 1, 1.0
        self.holds = "1 channel"
        self.names = [str(number) for number in range(len(waves))]
        self.sizes = [(len(wave),) for wave in waves]

    def __len__(self) -> int:
        return len(self.waves)

    def grid(self, number: int) -> np.ndarray:
        return self.waves[number][None]


class WaveFormat(AbstractFormat[Any, Any]):
    """See `Translatable`."""

    kind = "waves"
    n_dims = 1
    is_mirrorable = False

    def recognises(self, source: object) -> bool:
        return isinstance(source, np.ndarray) and source.ndim == 2 and len(source) == 1

    def read_grids(self, source: Any, options: Any, n_channels: int = 0) -> Waves:
        return Waves(source)

    def turned(self, source: Any, output: Any, turning: Turning) -> Iterator[Turned]:
        raise AssertionError("a translation asks for nothing of that")

    def turned_values(self, records: Any, turning: Turning) -> Any:
        return [turning.turn(wave[None])[0] for wave in records]

    def address(self, values: Any) -> str:
        return "data:audio/wav;base64,"

    def _none(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a translation asks for nothing of that")

    read = read_like = fingerprint = join = writer = preview = _none


@pytest.fixture
def _waves(monkeypatch):
    modality = registry.Modality("waves", "", f"{__name__}:WaveFormat", "nowhere:None")
    modality.__dict__["format"] = WaveFormat()  # what a cached property keeps
    monkeypatch.setitem(registry.KINDS, "waves", modality)
    first = dict(registry.KINDS)
    monkeypatch.setattr(registry, "KINDS", {"waves": first.pop("waves"), **first})


@pytest.mark.usefixtures("_waves")
@pytest.mark.slow
def test_sounds_are_made_louder():
    chance = np.random.default_rng(0)
    steps = [np.linspace(0, chance.uniform(20, 60), N_POINTS + 8 * k) for k in range(12)]
    quiet = [(0.5 + 0.2 * np.sin(one)).astype(np.float32) for one in steps]
    loud = [(0.5 + 0.4 * np.sin(one)).astype(np.float32) for one in steps]
    translator = Translator(samples_seen=480, seed=0, threads=1).fit(quiet[:10], loud[:10])
    codec: Any = translator.model_.codec
    assert codec.state_.is_alike
    made = translator.transform(quiet[10:])
    for one, plain, wanted in zip(made, quiet[10:], loud[10:], strict=True):
        assert one.shape == wanted.shape
        assert np.abs(one - wanted).mean() < 0.5 * np.abs(plain - wanted).mean()

"""At which temperature pieces are drawn: the one at which they are most like those that were learnt from.

Below 1 what is likely is drawn oftener than it is likely. Small faults of a network add up along a piece, so
what it makes is mostly a little too restless at 1, and too plain far below.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import torch

from gansmith.engine.randomness import Randomness
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.measures import moved_share
from gansmith.modalities.music.networks import PieceGenerator
from gansmith.modalities.music.records import Pieces
from gansmith.modalities.music.request import request_for
from gansmith.modalities.music.statistics import note_lengths, together, used_pitch_classes

TRIED: Final = (0.8, 0.85, 0.9, 0.95, 1.0)
N_MADE: Final = 64
"""Pieces at each temperature, ..."""
N_BARS: Final = 8
"""... and their bars at most; the beginnings of learnt pieces are as long."""
N_ENDING: Final = 2
"""Bars more that are made, for pieces end otherwise than they begin."""


def warmed(codec: PieceCodec, network: PieceGenerator, learnt: Pieces, seed: int) -> None:
    """Give a network its temperature, from pieces that it has learnt from; no other was seen."""
    n_bars = min(N_BARS, codec.n_bars)
    begun = [tokens[: n_bars * bar] for tokens, bar in zip(learnt.tokens, learnt.bar_steps, strict=True)]
    real = Pieces(tuple(begun), learnt.form, learnt.attributes)
    n, randomness = min(N_MADE, len(learnt)), Randomness(seed)
    noise = torch.from_numpy(randomness.stream("warmth").normal((n, 2), 0).numpy())
    off = list[float]()
    for tried in TRIED:
        network.temperature.fill_(tried)
        made = _made(codec, network, noise, n_bars)
        off.append(_apart(made, real))
    network.temperature.fill_(TRIED[int(np.argmin(off))])


def _apart(made: Pieces, real: Pieces) -> float:
    """How far lengths of notes and pitch classes of bars are from real ones, all tracks together."""
    voices = [real.form.voices(place) for place in range(len(real.form.tracks))]
    found = [
        moved_share(together(of(made, one)), together(of(real, one)))
        for of in (note_lengths, used_pitch_classes)
        for one in voices
    ]
    return float(np.nansum(found))


@torch.no_grad()
def _made(codec: PieceCodec, network: PieceGenerator, noise: torch.Tensor, n_bars: int) -> Pieces:
    request = request_for(codec, [f"bars={n_bars + N_ENDING}"], "")
    assert request is not None
    block = request.block(len(noise), 0, len(noise), 0)
    asked = block.ask(Origins(noise, torch.zeros(len(noise), dtype=torch.long)))
    block.take(network(asked.origins.noise, asked.condition))
    made = block.settled(codec.decode(block.compact, 0, 0))
    begun = [tokens[: n_bars * bar] for tokens, bar in zip(made.tokens, made.bar_steps, strict=True)]
    return replace(made, tokens=tuple(begun))

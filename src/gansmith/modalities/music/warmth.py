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
from gansmith.modalities.music.judging import parts_of, profiles
from gansmith.modalities.music.networks import PieceGenerator
from gansmith.modalities.music.records import Pieces
from gansmith.modalities.music.request import request_for

TRIED: Final = (0.8, 0.85, 0.9, 0.95, 1.0)
N_MADE: Final = 32
"""Pieces at each temperature, ..."""
N_BARS: Final = 8
"""... and their bars at most; the beginnings of learnt pieces are as long."""
N_ENDING: Final = 2
"""Bars more that are made, for pieces end otherwise than they begin."""
_LEAST: Final = 1e-3


def warmed(codec: PieceCodec, network: PieceGenerator, learnt: Pieces, seed: int) -> None:
    """Give a network its temperature, from pieces that it has learnt from; no other was seen."""
    n_bars = min(N_BARS, codec.n_bars)
    begun = [tokens[: n_bars * bar] for tokens, bar in zip(learnt.tokens, learnt.bar_steps, strict=True)]
    real = Pieces(tuple(begun), learnt.form, learnt.attributes)
    parts = parts_of(real)
    wanted = profiles(real, parts).values
    is_known = ~np.isnan(wanted).all(0)
    centre = np.nanmean(wanted[:, is_known], 0)
    spread = np.maximum(np.nanstd(wanted[:, is_known], 0), _LEAST)  # of what hardly varies, see the median
    n, randomness = min(N_MADE, len(learnt)), Randomness(seed)
    noise = torch.from_numpy(randomness.stream("warmth").normal((n, 2), 0).numpy())
    off = list[float]()
    for tried in TRIED:
        network.temperature.fill_(tried)
        made = _made(codec, network, noise, n_bars)
        found = profiles(made, parts).values[:, is_known]
        found = np.where(np.isnan(found), centre, found)
        off.append(float(np.median(np.abs(found.mean(0) - centre) / spread)))
    network.temperature.fill_(TRIED[int(np.argmin(off))])


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

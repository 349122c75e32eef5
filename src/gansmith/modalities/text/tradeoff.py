"""Quality against variety: at which temperature texts are drawn.

A low temperature writes what is usual, and repeats itself; a high one writes what is new, and often wrong.
Both are measured in bits a character, by counts of five characters: of made texts by real ones, which is
quality, and of real texts by made ones, which is variety. Real texts have both numbers, too; the temperature
is taken at which made texts come nearest to them.

Source:
    Caccia et al. 2020, "Language GANs falling short" (arXiv:1811.02549): temperature as the knob, and both
    directions, for a model is as good as its whole curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch

from gansmith.engine.randomness import Randomness
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.networks import TRIED, TextGenerator
from gansmith.modalities.text.ngrams import NgramModel
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.request import TEMPERATURE, request_for

N_MADE: Final = 128
"""Texts at each temperature; as many real ones are counted, and as many others compared with them."""
MOST_CHARACTERS: Final = 60_000


def tempered(codec: TextCodec, network: TextGenerator, learnt: Texts, seed: int) -> None:
    """Give a network its temperature, and the curve that it was found on, from what it has learnt."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(learnt))
    n = min(N_MADE, codec.block_size, len(learnt) // 2)
    if n < 2:
        return
    masked = [codec.entities.masked(learnt.texts[place]) for place in order[: 2 * n].tolist()]
    counted, others = masked[:n], masked[n:]
    reader = NgramModel(_some(counted))
    best = float(reader.bits_a_character(others).mean())
    noise = torch.from_numpy(Randomness(seed).stream("temperature").normal((n, 2), 0).numpy())
    curve = np.zeros((len(TRIED), 3), np.float32)
    for place, tried in enumerate(TRIED):
        made = _made(codec, network, noise, tried)
        quality = float(reader.bits_a_character(made).mean())
        variety = float(NgramModel(_some(made)).bits_a_character(others).mean())
        curve[place] = quality, variety, abs(quality - best) + abs(variety - best)
    network.curve.copy_(torch.from_numpy(curve))
    network.temperature.fill_(TRIED[int(np.argmin(curve[:, 2]))])


def points(network: TextGenerator) -> Mapping[str, Any]:
    """The curve as a page draws it; nothing where none was measured."""
    rows = network.curve.tolist()
    if not any(map(any, rows)):
        return {}
    shipped = float(network.temperature)
    return {
        "points": [
            {
                "temperature": tried,
                "quality": quality,
                "variety": variety,
                "off": off,
                "is_shipped": abs(tried - shipped) < 1e-6,
            }
            for tried, (quality, variety, off) in zip(TRIED, rows, strict=True)
        ]
    }


def _some(texts: list[str]) -> list[str]:
    """As many of them as can be counted soon."""
    found, n = list[str](), 0
    for one in texts:
        if n > MOST_CHARACTERS:
            break
        found.append(one[:MOST_CHARACTERS])
        n += len(one)
    return found


@torch.no_grad()
def _made(codec: TextCodec, network: TextGenerator, noise: torch.Tensor, temperature: float) -> list[str]:
    """Texts at that temperature, as the network writes them, nothing invented."""
    request = request_for(codec, [f"{TEMPERATURE}={temperature}"], "")
    assert request is not None
    block = request.block(len(noise), 0, len(noise), 0)
    asked = block.ask(Origins(noise, torch.zeros(len(noise), dtype=torch.long)))
    made = network(asked.origins.noise, asked.condition).numpy().astype(np.int64)
    return [codec.vocabulary.decode(row.tolist()) for row in made]

"""SeqGAN's protocol: a random network is the truth; how likely does it find what a model makes?

The oracle is a recurrent network of 32 units with weights from a standard normal distribution, of 1,000
symbols; 10,000 sequences of 20 are learnt from. Two numbers are printed: of made sequences by the oracle,
which rewards collapse, and of fresh true ones by the model, which punishes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from gansmith.engine.batches import Batches, Shuffled, TensorDataset
from gansmith.engine.games.base import Progress
from gansmith.engine.games.sequence import SequenceRules
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.networks import networks_for
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.settings import TextNetworks
from gansmith.modalities.text.tokens import FIRST

N_SYMBOLS: Final = 1_000
LENGTH: Final = 20
N_TRAIN: Final = 10_000
N_JUDGED: Final = 2_000
BATCH: Final = 64


class Oracle(nn.Module):
    """The truth."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.embed, self.carry = nn.Embedding(N_SYMBOLS + 1, 32), nn.LSTM(32, 32, batch_first=True)
        self.say = nn.Linear(32, N_SYMBOLS)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=draw)

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> torch.Tensor:
        """Sequences of symbols from 0, shape `(n, LENGTH)`."""
        draw = torch.Generator().manual_seed(seed)
        symbol, state, found = torch.full((n, 1), N_SYMBOLS), None, []
        for _ in range(LENGTH):
            said, state = self.carry(self.embed(symbol), state)
            symbol = torch.multinomial(self.say(said[:, 0]).softmax(-1), 1, generator=draw)
            found.append(symbol)
        return torch.cat(found, 1)

    @torch.no_grad()
    def nll(self, symbols: torch.Tensor) -> float:
        """Mean nats a symbol."""
        before = torch.cat([torch.full((len(symbols), 1), N_SYMBOLS), symbols[:, :-1]], 1)
        said, _ = self.carry(self.embed(before))
        return float(nn.functional.cross_entropy(self.say(said).flatten(0, 1), symbols.flatten()))


def _codec(symbols: torch.Tensor, seed: int) -> TextCodec:
    """Symbols as characters beyond all scripts, so that each is a token."""
    texts = tuple("".join(chr(0x20000 + one) for one in row) for row in symbols.tolist())
    codec = TextCodec.fit(Texts(texts), TextOptions(tokens="characters", min_count=1, leave=("all",)), seed)
    whole = replace(codec.vocabulary, pieces=tuple(chr(0x20000 + one) for one in range(N_SYMBOLS)))
    return replace(codec, vocabulary=whole, longest=LENGTH)


def _parts(symbols: torch.Tensor) -> dict[str, torch.Tensor]:
    codes = symbols + FIRST
    before = torch.cat([torch.zeros(len(codes), 1, dtype=torch.long), codes[:, :-1]], 1)
    return {
        "real": codes.float(),
        "before": before,
        "counts": torch.ones(codes.shape, dtype=torch.bool),
        "known": torch.zeros(*codes.shape, 0),
        "condition": torch.zeros(len(codes), 1),
    }


def oracle_rows(n_likelihood: int, n_game: int, seed: int) -> dict[str, dict[str, float]]:
    """Likelihood after so many steps, and the game at some moments after it; the truth beside them."""
    oracle = Oracle(seed)
    train, test = oracle.sample(N_TRAIN, seed + 1), oracle.sample(N_JUDGED, seed + 2)
    codec = _codec(train, seed)
    n_steps = n_likelihood + n_game
    rules = SequenceRules(
        batch_size=BATCH,
        likelihood_share=n_likelihood / n_steps,
        generator=PlayerConfig(4e-3, 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=20 * BATCH),
    )
    torch.manual_seed(seed)
    networks = networks_for(codec, TextNetworks((128,), (64, 64, 64, 64), width=64), rules)
    game = rules.start(networks, Randomness(seed))
    batches = Batches(
        TensorDataset(_parts(train)), Shuffled(N_TRAIN, BATCH, Randomness(seed)), Randomness(seed), None, None
    )
    rows = {"truth": {"NLL of the oracle": oracle.nll(test)}}
    looks = {
        n_likelihood: "likelihood",
        **{n_likelihood + k * n_game // 4: f"game {k}/4" for k in range(1, 5)},
    }
    for step in range(n_steps):
        game.play(step, [batches(step)], Progress(step / n_steps, step * BATCH, n_steps * BATCH))
        game.update_averages(Progress(step / n_steps, step * BATCH, n_steps * BATCH))
        if step + 1 in looks:
            rows[looks[step + 1]] = _row(game.best["generator"], oracle, test, seed)
    return rows


@torch.no_grad()
def _row(network: Any, oracle: Oracle, test: torch.Tensor, seed: int) -> dict[str, float]:
    draw = torch.Generator().manual_seed(seed + 3)
    made = network.relaxed(N_JUDGED, None, LENGTH, 1.0, draw).argmax(-1)
    whole = (made >= FIRST).all(1)
    said = network.log_likelihood(_parts(test), None)
    return {
        "NLL of the oracle": oracle.nll(made[whole] - FIRST),
        "NLL of the model": -float(said.mean()),
        "whole, %": 100 * float(whole.float().mean()),
        "different": float(len(np.unique(made.numpy(), axis=0))) / N_JUDGED,
    }

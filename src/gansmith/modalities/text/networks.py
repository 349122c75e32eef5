"""A network that writes token after token, and says how likely each of them is.

A long short-term memory carries what has been; a token is told and said by the same embedding. What is known
of a text, a label, is told at each of its tokens.

Sources:
    Hochreiter and Schmidhuber 1997; Graves 2013, "Generating sequences with recurrent neural networks"
    (arXiv:1308.0850). Press and Wolf 2017, "Using the output embedding to improve language models"
    (arXiv:1608.05859): tied embeddings. Gal and Ghahramani 2016 (arXiv:1512.05287): what is hidden is hidden
    along a whole row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding, leaky_relu, log_softmax, one_hot

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.games.sequence import SequenceRules
from gansmith.errors import UsageError
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.dataset import row_tokens
from gansmith.modalities.text.making import N_FIRST, Making
from gansmith.modalities.text.settings import TextNetworks
from gansmith.modalities.text.tokens import END, UNKNOWN
from gansmith.nets.convolution import AbstractCounted
from gansmith.nets.distributions import AbstractRelaxed

TRIED: Final = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Temperatures of which one is taken; see `tradeoff.py`."""
N_MEASURED: Final = 3
"""Numbers that are kept of each of them."""
N_EMBEDDED: Final = 8
"""Numbers by which each representation of the discriminator sees a token."""
N_SAID: Final = 100
_NEVER: Final = -1e9

Carried = tuple[Float[Tensor, "layers batch width"], Float[Tensor, "layers batch width"]]


@final
class TextGenerator(AbstractRelaxed, AbstractCounted):
    """See the module.

    Args:
        codec: Of the texts.
        config: Sizes.
    """

    temperature: Tensor
    """By which what is said is divided, where nobody asks for another one."""
    curve: Tensor
    """Shape `(n_tried, n_measured)`: what was found at each of `TRIED`; see `tradeoff.py`."""

    def __init__(self, codec: TextCodec, config: TextNetworks) -> None:
        super().__init__()
        width = config.width
        self.codec, self.width, self.hidden_share = codec, width, config.hidden_share
        self.embedding = nn.Parameter(torch.randn(len(codec.vocabulary), width) / width**0.5)
        self.carry = nn.LSTM(width, width, config.layers, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(len(codec.vocabulary)))
        n_conditions = codec.attributes.n_conditions
        self.known = nn.Linear(n_conditions, width) if n_conditions else None
        self.n_operations = row_tokens(codec) * sum(weight.numel() for weight in self.parameters())
        self.register_buffer("temperature", torch.from_numpy(np.array(1.0, np.float32)))
        self.register_buffer("curve", torch.from_numpy(np.zeros((len(TRIED), N_MEASURED), np.float32)))

    # --- Learning ---

    def log_likelihood(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> Float[Tensor, " batch"]:
        """See the base class; the mean over the tokens of a row that count."""
        found, counts = self.of_each(parts, hiding)
        return (found * counts).sum(1) / counts.sum(1).clamp_min(1)

    def of_each(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> tuple[Float[Tensor, "batch tokens"], Tensor]:
        """How likely each token of a row was, in nats, and which of them count."""
        told = self.told(parts["before"], parts["known"])
        carried, _ = self.carry(self._hidden(told, hiding))
        logits = self.logits(self._hidden(carried, hiding))
        codes = parts["real"].long().clamp_min(0)
        return log_softmax(logits.float(), -1).gather(-1, codes[..., None])[..., 0], parts["counts"]

    def _hidden(
        self, values: Float[Tensor, "batch tokens width"], hiding: torch.Generator | None
    ) -> Float[Tensor, "batch tokens width"]:
        """Values, some of them zero along the row while the network learns, the others the larger for it."""
        if hiding is None or not self.hidden_share:
            return values
        is_kept = torch.rand(len(values), 1, values.shape[-1], generator=hiding) >= self.hidden_share
        return values * is_kept.to(values) / (1 - self.hidden_share)

    # --- Token by token ---

    def told(
        self, codes: Int[Tensor, "batch tokens"], conditions: Tensor
    ) -> Float[Tensor, "batch tokens width"]:
        """What the network sees of a token, and of what is asked."""
        found = embedding(codes, self.embedding) * self.width**0.5
        return found if self.known is None else found + self.known(conditions)

    def logits(self, carried: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows tokens"]:
        """What is said of the next token; never that it is unknown."""
        found = carried @ self.embedding.T + self.bias
        return found.index_fill(-1, torch.tensor([UNKNOWN]), _NEVER)

    def beginning(self, n: int) -> Carried:
        """What is carried before anything was."""
        nothing = torch.zeros(self.carry.num_layers, n, self.width)
        return nothing, nothing

    def advance(
        self, codes: Int[Tensor, " batch"], conditions: Tensor, carried: Carried
    ) -> tuple[Float[Tensor, "batch tokens"], Carried]:
        """Logits of what follows a token, and what is carried on."""
        found, after = self.carry(self.told(codes[:, None], conditions[:, None]), carried)
        return self.logits(found[:, 0]).float(), (after[0].float(), after[1].float())

    # --- The game ---

    def symbols(self, samples: Tensor) -> Float[Tensor, "batch length n_symbols"]:
        """See the base class; what is not known is nothing at all."""
        codes = samples.long().clamp_min(END)
        return one_hot(codes, len(self.bias)).float() * (codes != UNKNOWN)[..., None]

    def relaxed(
        self,
        n_records: int,
        conditions: Tensor | None,
        length: int,
        sharpness: float,
        generator: torch.Generator,
    ) -> Float[Tensor, "batch length n_symbols"]:
        """See the base class."""
        n_symbols, carried = len(self.bias), self.beginning(n_records)
        chance = torch.rand(n_records, length, n_symbols, generator=generator).clamp(1e-9, 1 - 1e-7)
        gumbel = -(-chance.log()).log()
        asked = None if self.known is None or conditions is None else self.known(conditions[:, N_FIRST:])
        end = one_hot(torch.full((n_records,), END), n_symbols).float()
        symbol, is_over, found = end, torch.zeros(n_records, 1, dtype=torch.bool), list[Tensor]()
        for step in range(length):
            told = symbol @ self.embedding * self.width**0.5
            told = told if asked is None else told + asked
            said, carried = self.carry(told[:, None], carried)
            drawn = self.logits(said[:, 0]).float() + gumbel[:, step]
            soft = (sharpness * drawn).softmax(-1)
            hard = one_hot(drawn.argmax(-1), n_symbols).float()
            symbol = torch.where(is_over, end, hard + soft - soft.detach())
            is_over = is_over | (symbol[:, END : END + 1] > 0.5)
            found.append(symbol)
        return torch.stack(found, 1)

    @torch.no_grad()
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch longest"]:
        """One text for each row, a function of its noise; what is given stays."""
        return Making(self.codec, self).texts(noise, conditions)


@final
class TextDiscriminator(nn.Module):
    """Sees a text by several embeddings, each judged by itself by convolutions of two to five tokens.

    Source: Nie et al. 2019, RelGAN, section 2.3.
    """

    def __init__(self, codec: TextCodec, config: TextNetworks) -> None:
        super().__init__()
        self.n_seen, channels = config.representations, config.discriminator_widths
        self.embed = nn.Linear(len(codec.vocabulary), self.n_seen * N_EMBEDDED, bias=False)
        n_conditions = codec.attributes.n_conditions
        self.known = nn.Linear(n_conditions, self.n_seen * N_EMBEDDED) if n_conditions else None
        self.look = nn.ModuleList(
            nn.Conv1d(N_EMBEDDED, n, size, padding=size - 1) for size, n in enumerate(channels, start=2)
        )
        self.say = nn.Sequential(nn.Linear(sum(channels), N_SAID), nn.LeakyReLU(0.2), nn.Linear(N_SAID, 1))

    def forward(
        self, symbols: Float[Tensor, "batch length n_symbols"], conditions: Tensor | None = None
    ) -> Float[Tensor, "batch representations"]:
        """A logit for each representation of each text."""
        seen = self.embed(symbols)
        if self.known is not None and conditions is not None:
            seen = seen + self.known(conditions[:, N_FIRST:])[:, None]
        rows = seen.unflatten(-1, (self.n_seen, N_EMBEDDED)).permute(0, 2, 3, 1).flatten(0, 1)
        found = torch.cat([leaky_relu(look(rows), 0.2).amax(-1) for look in self.look], -1)
        return self.say(found).view(-1, self.n_seen).float()


def networks_for(codec: TextCodec, config: TextNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks, their weights from torch's current random state.

    Raises:
        UsageError: It is a game that text does not play.
    """
    if isinstance(rules, LikelihoodRules):
        return {"generator": TextGenerator(codec, config)}
    if isinstance(rules, SequenceRules):
        return {"generator": TextGenerator(codec, config), "discriminator": TextDiscriminator(codec, config)}
    raise UsageError(f"text has no networks for the game {rules.name!r}. Take a preset of text.")

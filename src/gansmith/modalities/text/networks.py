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
from torch.nn.functional import embedding, log_softmax

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.errors import UsageError
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.dataset import row_tokens
from gansmith.modalities.text.making import Making
from gansmith.modalities.text.settings import TextNetworks
from gansmith.modalities.text.tokens import UNKNOWN
from gansmith.nets.convolution import AbstractCounted
from gansmith.nets.distributions import AbstractSequential

TRIED: Final = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Temperatures of which one is taken; see `tradeoff.py`."""
N_MEASURED: Final = 3
"""Numbers that are kept of each of them."""
_NEVER: Final = -1e9

Carried = tuple[Float[Tensor, "layers batch width"], Float[Tensor, "layers batch width"]]


@final
class TextGenerator(AbstractSequential, AbstractCounted):
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

    def told(self, codes: Int[Tensor, "batch tokens"], conditions: Tensor) -> Float[Tensor, "batch tokens width"]:
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

    @torch.no_grad()
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch longest"]:
        """One text for each row, a function of its noise; what is given stays."""
        return Making(self.codec, self).texts(noise, conditions)


def networks_for(codec: TextCodec, config: TextNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks, their weights from torch's current random state.

    Raises:
        UsageError: It is a game that text does not play.
    """
    if isinstance(rules, LikelihoodRules):
        return {"generator": TextGenerator(codec, config)}
    raise UsageError(f"text has no networks for the game {rules.name!r}. Take a preset of text.")

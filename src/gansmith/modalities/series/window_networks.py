"""Networks for windows: a generator that starts as a Gaussian copula, and a dense discriminator.

The generator's scores are normal noise on the principal components of the real scores, as loud as around the
place where it starts, plus what a network says of the same noise; and it says how much louder that is, for
calm windows and busy ones differ. The network starts at zero: before any learning its windows have the
margins and the rank correlations of the real ones, and all that is learnt is what is not Gaussian.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from gansmith.engine.batches import Conditions, Latents, Logits
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.objectives import find_objective
from gansmith.errors import UsageError
from gansmith.modalities.series.windows import Samples, Scores, WindowView
from gansmith.nets.discriminators import (
    AbstractExplicitDiscriminator,
    AbstractFeaturedDiscriminator,
    dense_gradients,
    dense_hidden,
    dense_logits,
    discriminator_by_choice,
    logits_of,
    spectrally_normalised,
)
from gansmith.nets.mlp import ACTIVATIONS, ResidualBlock
from gansmith.nets.settings import AbstractPlayerNetworks, Activation
from gansmith.settings import Annotated, Field, PositiveInt, settings

MOST_LOUD: Final = 3.0
"""Noise is made louder or softer by exp of this at most."""
N_CORNERS: Final = 65
"""Of the line along which each score is moved when the game is over."""


@final
@settings
class SeriesNetworks(AbstractPlayerNetworks):
    """Sizes of the networks.

    Of whole windows the generator's hidden layers are residual blocks, one for each width. Series that are
    made step by step go by the `width`.
    """

    width: PositiveInt = 96
    """Units of the recurrent layer, and of what is said of each column."""
    attribute_width: PositiveInt = 128
    """Units of the layers that make attributes."""
    hidden_share: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Of what is known of the past that the network does not see while it learns."""


@final
class WindowGenerator(nn.Module):
    """Noise to windows.

    The first latents are the noise on the components, the widest first, and the last one chooses the place to
    start from; all of them are seen by the network.
    """

    def __init__(self, view: WindowView, config: SeriesNetworks, n_latents: int) -> None:
        super().__init__()
        self.view = view
        widths = config.generator_widths
        self.activate = ACTIVATIONS[config.activation].function
        self.first = nn.Linear(n_latents + view.tensors["where"].shape[1], widths[0])
        pairs = pairwise((widths[0], *widths))
        self.blocks = nn.Sequential(*(ResidualBlock(width, config.activation, n) for n, width in pairs))
        self.n_skipping = min(n_latents, view.n_scores)
        self.last = nn.Linear(widths[-1], view.n_scores + self.n_skipping)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.made: Tensor
        self.wanted: Tensor
        corners = torch.linspace(-1, 1, N_CORNERS).repeat(view.n_scores, 1)
        self.register_buffer("made", corners)
        self.register_buffer("wanted", corners.clone())

    def forward(self, latents: Latents, conditions: Conditions | None = None) -> Samples:
        """One sample for each row of latents; in evaluation mode scores are moved along the lines."""
        view = self.view.on(latents.device)
        with torch.autocast(latents.device.type, enabled=False):  # half precision has two digits
            scores = self.scores(latents)
            if self.training:
                return view.samples(scores)
            return view.samples(self.moved(scores), is_final=True)

    def scores(self, latents: Latents) -> Scores:
        """Scores as they were learnt."""
        known = self.view.on(latents.device).tensors
        chances = torch.special.ndtr(latents[:, -1].contiguous())
        regimes = torch.searchsorted(known["shares"], chances).clamp(max=len(known["shares"]) - 1)
        inputs = torch.cat([latents, known["where"][regimes]], 1)
        said = self.last(self.activate(self.blocks(self.first(inputs))))  # (batch, n_scores + n_skipping)
        change, loudness = said.split([known["spread"].shape[0], self.n_skipping], 1)
        louder = (MOST_LOUD * torch.tanh(loudness / MOST_LOUD)).exp()
        noise = latents[:, : self.n_skipping] * louder * known["loudness"][regimes, : self.n_skipping]
        coefficients = change + pad(noise, (0, change.shape[1] - self.n_skipping))
        return known["centres"][regimes] + coefficients @ known["spread"]

    def moved(self, scores: Scores) -> Scores:
        """Each score along the line from what was made to what was wanted, beyond its ends too."""
        flat = scores.T.contiguous()  # (n_scores, batch)
        left = (torch.searchsorted(self.made, flat) - 1).clamp(0, N_CORNERS - 2)
        x0, x1 = self.made.gather(1, left), self.made.gather(1, left + 1)
        y0, y1 = self.wanted.gather(1, left), self.wanted.gather(1, left + 1)
        return (y0 + (flat - x0) * (y1 - y0) / (x1 - x0).clamp(min=1e-12)).T


@final
class WindowDiscriminator(AbstractExplicitDiscriminator, AbstractFeaturedDiscriminator):
    """Samples, or several at once, to logits."""

    def __init__(self, n_values: int, config: SeriesNetworks) -> None:
        super().__init__()
        self.activation: Activation = config.activation
        widths = (n_values, *config.discriminator_widths)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], 1)

    def forward(self, samples: Samples, conditions: Conditions | None = None) -> Logits:
        """One logit for each sample."""
        return dense_logits(samples, self.layers, self.last, activation=self.activation)

    def with_gradients(
        self, samples: Samples, conditions: Conditions | None
    ) -> tuple[Logits, Float[Tensor, "batch n_values"]]:
        met: list[Tensor] = []
        logits = dense_logits(samples, self.layers, self.last, met, activation=self.activation)
        return logits, dense_gradients(self.layers, self.last, met, activation=self.activation)

    def with_features(
        self, samples: Samples, conditions: Conditions | None
    ) -> tuple[Logits, tuple[Tensor, ...]]:
        hidden = dense_hidden(samples, self.layers, activation=self.activation)
        return logits_of(hidden, self.last), (hidden,)


def networks_for(view: WindowView, config: SeriesNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that windows do not play.
    """
    if not isinstance(rules, AdversarialRules):
        raise UsageError(f"windows of numbers have no networks for the game {rules.name!r}.")
    n_values = rules.n_packed * view.n_values
    is_of_energies = find_objective(rules.objective).is_of_energies
    chosen = discriminator_by_choice(n_values, config, is_of_energies=is_of_energies)
    discriminator = chosen or WindowDiscriminator(n_values, config)
    if config.spectral_norm:
        spectrally_normalised(discriminator)
    return {"generator": WindowGenerator(view, config, rules.n_latents), "discriminator": discriminator}

"""Networks for tables.

The generator answers with hard one-hot blocks: what the discriminator judges is what will be written. The
way back is straight-through, as if the softmax had been shown. No noise is added to the choice, so two
columns that determine each other can do so in fakes as well: all chance comes from the latents.

The generator drafts a record, reads what it has written, and revises it. Columns that go together agree more
easily when one can see the other's choice than when both have to be made from the same latents at once.

Where columns are held fixed, a network beside the game makes the others (`completion.py`). A game without one
is played with conditions: both players know which columns are conditioned; the generator copies those and
makes the others.

Source:
    Bengio et al. 2013, "Estimating or propagating gradients through stochastic neurons" (arXiv:1308.3432).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear

from gansmith.engine.batches import Conditions, Latents, Logits, PerSample
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.objectives import find_objective
from gansmith.errors import UsageError
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
from gansmith.nets.distributions import AbstractDecoder, AbstractEncoder
from gansmith.nets.mlp import ACTIVATIONS, ResidualBlock
from gansmith.nets.settings import AbstractPlayerNetworks, Activation
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.completion import Completion
from gansmith.tabular.layout import Layout

TableSamples = Float[Tensor, "batch n_values"]

N_KNOTS: Final = 17
"""Corners of the line that moves the levels of a bin."""


@final
@settings
class TableNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; encoders are built as discriminators are, decoders as generators.

    The generator's hidden layers are residual blocks, one for each width.
    """

    temperature: Annotated[float, Field(ge=0.01, le=100)] = 0.2
    """Of the softmax that the straight-through gradient goes through, in logits."""
    n_revisions: Annotated[int, Field(ge=0, le=8)] = 0
    """How often the generator reads its draft and revises it."""
    completion_width: Annotated[int, Field(ge=0, le=65_536)] = 0
    """Of the hidden layers of the network that completes partial records; 0: the generator completes them."""


@final
class Revision(nn.Module):
    """Reads a draft and says what to change in its logits."""

    def __init__(self, layout: Layout, width: int, activation: Activation) -> None:
        super().__init__()
        self.activate = ACTIVATIONS[activation].function
        self.read = nn.Linear(layout.n_values + layout.n_columns, width)
        self.think = ResidualBlock(width, activation)
        self.change = nn.Linear(width, layout.n_values)

    def forward(
        self,
        hidden: Float[Tensor, "batch width"],
        draft: TableSamples,
        is_conditioned: Float[Tensor, "batch n_columns"] | None,
    ) -> tuple[Float[Tensor, "batch width"], TableSamples]:
        """What the generator now has in mind, and the changes of the logits."""
        known = draft if is_conditioned is None else torch.cat([draft, is_conditioned], 1)
        hidden = self.think(hidden + _in_part(self.read, known))
        return hidden, _in_full(self.change, self.activate(hidden))


@final
class TableGenerator(nn.Module):
    """Latents and conditions to samples of hard states."""

    def __init__(self, layout: Layout, config: TableNetworks, n_latents: int) -> None:
        super().__init__()
        self.layout, self.config = layout, config
        activation, widths = config.activation, config.generator_widths
        self.activate = ACTIVATIONS[activation].function
        width = config.completion_width
        self.completion = Completion(layout, width) if width else None
        self.first = nn.Linear(n_latents + (0 if width else n_conditions(layout)), widths[0])
        pairs = pairwise((widths[0], *widths))
        self.blocks = nn.Sequential(*(ResidualBlock(width, activation, n_in) for n_in, width in pairs))
        self.last = nn.Linear(widths[-1], layout.n_values)
        revisions = (Revision(layout, widths[-1], activation) for _ in range(config.n_revisions))
        self.revisions = nn.ModuleList(revisions)
        self.level_knots: Tensor
        self.register_buffer("level_knots", torch.linspace(-1, 1, N_KNOTS).repeat(layout.n_one_hot, 1))

    def forward(self, latents: Latents, conditions: Conditions | None = None) -> TableSamples:
        """One sample for each row of latents; without conditions all columns are free.

        In evaluation mode levels are moved to where `level_knots` says.
        """
        if self.completion and conditions is not None:
            return self.completion.completed(conditions, latents)
        made = self.harden(self.logits(latents, conditions))
        return self.as_conditioned(made if self.training else self._evened(made), conditions)

    def logits(self, latents: Latents, conditions: Conditions | None = None) -> TableSamples:
        """How much each state is wanted, and the levels before they are bounded."""
        is_conditioned = None if conditions is None else conditions[:, : self.layout.n_columns]
        known = latents if conditions is None else torch.cat([latents, conditions], 1)
        hidden = self.blocks(_in_part(self.first, known))
        logits = _in_full(self.last, self.activate(hidden))
        for revision in self.revisions:
            draft = self.as_conditioned(self.harden(logits), conditions)
            hidden, change = revision(hidden, draft, is_conditioned)
            logits = logits + change
        return logits

    @torch.no_grad()
    def add_to_logits(self, shift: Float[Tensor, " n_one_hot"]) -> None:
        """Want each state more or less from now on, by so much."""
        last = cast("Revision", self.revisions[-1]).change if self.revisions else self.last
        last.bias[: self.layout.n_one_hot] += shift

    def as_conditioned(self, made: TableSamples, conditions: Conditions | None) -> TableSamples:
        """The record with the conditioned columns as the condition says."""
        if conditions is None:
            return made
        n_columns = self.layout.n_columns
        is_conditioned = conditions[:, :n_columns][:, self.layout.column_of_value.to(conditions.device)]
        return torch.lerp(made, conditions[:, n_columns:], is_conditioned)

    def _evened(self, made: TableSamples) -> TableSamples:
        """Each level moved along the line through the knots of its state."""
        layout = self.layout
        states = layout.states(made, layout.level_columns)  # (batch, n_levels)
        places = (made[:, layout.n_one_hot :] + 1) / 2 * (N_KNOTS - 1)  # (batch, n_levels)
        left = places.long().clamp(0, N_KNOTS - 2)
        low, high = self.level_knots[states, left], self.level_knots[states, left + 1]
        return torch.cat([made[:, : layout.n_one_hot], torch.lerp(low, high, places - left)], 1)

    def harden(self, logits: TableSamples) -> TableSamples:
        """One-hot blocks with the gradient of a softmax, and levels that are zero outside bins."""
        layout = self.layout
        states = hard_states(logits[:, : layout.n_one_hot], layout, self.config.temperature)
        is_open = [states[:, bins].detach().sum(1) for bins in layout.bins]
        if not is_open:
            return states
        levels = torch.tanh(logits[:, layout.n_one_hot :]) * torch.stack(is_open, 1)  # (batch, n_levels)
        return torch.cat([states, levels], 1)


@final
class TableDiscriminator(AbstractExplicitDiscriminator, AbstractFeaturedDiscriminator):
    """Samples, or several at once, and what was asked of them to logits."""

    def __init__(self, layout: Layout, config: TableNetworks, n_packed: int = 1) -> None:
        super().__init__()
        self.layout, self.n_packed = layout, n_packed
        self.activation: Activation = config.activation
        self.knows_conditions = not config.completion_width
        n_in = n_packed * (layout.n_values + self.knows_conditions * layout.n_columns)
        widths = (n_in, *config.discriminator_widths)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], 1)

    def forward(self, samples: TableSamples, conditions: Conditions | None = None) -> Logits:
        """One logit for each sample."""
        inputs = self._inputs(samples, conditions)
        return dense_logits(inputs, self.layers, self.last, activation=self.activation)

    def with_gradients(
        self, samples: TableSamples, conditions: Conditions | None
    ) -> tuple[Logits, TableSamples]:
        met: list[Tensor] = []
        inputs = self._inputs(samples, conditions)
        logits = dense_logits(inputs, self.layers, self.last, met, activation=self.activation)
        gradients = dense_gradients(self.layers, self.last, met, activation=self.activation)
        return logits, gradients[:, : samples.shape[1]]

    def with_features(
        self, samples: TableSamples, conditions: Conditions | None
    ) -> tuple[Logits, tuple[Tensor, ...]]:
        hidden = dense_hidden(self._inputs(samples, conditions), self.layers, activation=self.activation)
        return logits_of(hidden, self.last), (hidden,)

    def _inputs(self, samples: TableSamples, conditions: Conditions | None) -> Float[Tensor, "batch n_in"]:
        if not self.knows_conditions:
            return samples
        n_columns, n_packed = self.layout.n_columns, self.n_packed
        if conditions is None:
            return torch.cat([samples, samples.new_zeros(len(samples), n_packed * n_columns)], 1)
        each = conditions.view(len(samples), n_packed, -1)[:, :, :n_columns]  # (batch, n_packed, n_columns)
        return torch.cat([samples, each.flatten(1)], 1)


@final
class TableEncoder(AbstractEncoder):
    """Samples to the distribution of the latents that they may have come from."""

    def __init__(self, layout: Layout, config: TableNetworks, n_latents: int) -> None:
        super().__init__()
        self.activate = ACTIVATIONS[config.activation].function
        widths = (layout.n_values, *config.discriminator_widths)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], 2 * n_latents)

    def forward(self, samples: TableSamples, conditions: Conditions | None = None) -> tuple[Latents, Latents]:
        """See the base class; what is asked for stands in the sample already."""
        hidden = samples
        for layer in self.layers:
            hidden = self.activate(layer(hidden))
        mean, log_variance = _in_full(self.last, hidden).chunk(2, 1)
        return mean, log_variance


@final
class TableDecoder(AbstractDecoder):
    """Latents to a distribution of each column by itself: chances of its states, and a normal level.

    Source:
        Xu et al. 2019, "Modeling tabular data using conditional GAN", section 4.4: TVAE (arXiv:1907.00503).
    """

    def __init__(self, layout: Layout, config: TableNetworks, n_latents: int) -> None:
        super().__init__()
        self.layout = layout
        self.trunk = TableGenerator(layout, config, n_latents)
        self.log_deviations = nn.Parameter(torch.full((len(layout.level_columns),), -1.0))

    def log_likelihood(
        self, samples: TableSamples, latents: Latents, conditions: Conditions | None = None
    ) -> PerSample:
        """See the base class; columns that were asked for count nothing."""
        layout, logits = self.layout, self.trunk.logits(latents, conditions)
        parts = [
            (torch.log_softmax(block.of(logits), -1) * block.of(samples)).sum(-1) for block in layout.blocks
        ]
        of_columns, places = torch.cat(parts, 1), list(layout.level_columns)  # (batch, n_columns)
        misses = (samples[:, layout.n_one_hot :] - torch.tanh(logits[:, layout.n_one_hot :])).square()
        of_levels = -0.5 * misses * (-2 * self.log_deviations).exp() - self.log_deviations
        if places:
            is_open = torch.stack([samples[:, bins].sum(1) for bins in layout.bins], 1)
            of_columns[:, places] += of_levels * is_open
        if conditions is not None:
            of_columns = of_columns * (1 - conditions[:, : layout.n_columns])
        return of_columns.sum(1)

    def forward(
        self, latents: Latents, conditions: Conditions | None, generator: torch.Generator
    ) -> TableSamples:
        layout, logits = self.layout, self.trunk.logits(latents, conditions)
        noise = torch.empty(len(logits), layout.n_one_hot).exponential_(generator=generator)
        chosen = logits[:, : layout.n_one_hot] - noise.log().to(logits.device)  # the strongest of these wins
        normal = torch.randn(len(logits), len(layout.level_columns), generator=generator).to(logits.device)
        levels = torch.tanh(logits[:, layout.n_one_hot :]) + self.log_deviations.exp() * normal
        made = self.trunk.harden(torch.cat([chosen, torch.atanh(levels.clamp(-0.9999, 0.9999))], 1))
        return self.trunk.as_conditioned(made, conditions)


def networks_for(layout: Layout, config: TableNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that tables do not play.
    """
    match rules:
        case AdversarialRules(n_latents=n_latents, n_packed=n_packed):
            generator = TableGenerator(layout, config, n_latents)
            is_of_energies = find_objective(rules.objective).is_of_energies
            chosen = discriminator_by_choice(
                n_packed * layout.n_values, config, is_of_energies=is_of_energies
            )
            if chosen and not config.completion_width:
                raise UsageError(
                    "a game of tables with conditions needs the discriminator of tables. "
                    "Leave out minibatch, and take an objective that is not of energies."
                )
            discriminator = chosen or TableDiscriminator(layout, config, n_packed)
            if config.spectral_norm:
                spectrally_normalised(discriminator)
            return {"generator": generator, "discriminator": discriminator}
        case AutoencoderRules(n_latents=n_latents):
            sizes = layout, config, n_latents
            return {"encoder": TableEncoder(*sizes), "decoder": TableDecoder(*sizes)}
        case EncoderRules(n_latents=n_latents):
            sizes = layout, config, n_latents
            return {"generator": TableGenerator(*sizes), "encoder": TableEncoder(*sizes)}
        case _:
            raise UsageError(f"tables have no networks for the game {rules.name!r}.")


def _in_full(layer: nn.Linear, hidden: Float[Tensor, "batch width"]) -> Float[Tensor, "batch n_out"]:
    """`layer` in full precision: coarse logits would tie."""
    with torch.autocast(hidden.device.type, enabled=False):
        return layer(hidden.float())


def _in_part(layer: nn.Linear, inputs: Float[Tensor, "batch n_in"]) -> Float[Tensor, "batch n_out"]:
    """`layer` where its last inputs are all zero and left out."""
    return linear(inputs, layer.weight[:, : inputs.shape[1]], layer.bias)


def n_conditions(layout: Layout) -> int:
    """Values of a condition: which columns are asked for, and a sample with everything else zero."""
    return layout.n_columns + layout.n_values


def hard_states(
    logits: Float[Tensor, "batch n_one_hot"], layout: Layout, temperature: float
) -> Float[Tensor, "batch n_one_hot"]:
    """The strongest state of each column as a one-hot block, with the gradient of the softmax."""
    return _StraightThrough.apply(logits, layout, temperature)


@final
class _StraightThrough(torch.autograd.Function):
    """Hard on the way there, soft on the way back."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, layout: Layout, temperature: float) -> Tensor:
        ctx.save_for_backward(logits)
        ctx.layout, ctx.temperature = layout, temperature
        hard = torch.zeros_like(logits)
        if logits.device.type == "cpu":  # in a third of the time, but for states that are equally strong
            for block in layout.blocks:
                of_block = block.of(logits)
                torch.eq(of_block, of_block.amax(-1, keepdim=True), out=block.of(hard))
            if hard.count_nonzero() == len(logits) * layout.n_columns:
                return hard
        for block in layout.blocks:  # of equally strong states the first wins
            first = block.of(logits).argmax(-1, keepdim=True)
            block.of(hard).zero_().scatter_(-1, first, 1.0)
        return hard

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        (logits,), (gradient,) = ctx.saved_tensors, grad_outputs
        soft = torch.empty_like(logits)
        for block in ctx.layout.blocks:
            shares = torch.softmax(block.of(logits) / ctx.temperature, -1)
            pulls = block.of(gradient) * shares
            block.of(soft).copy_(pulls - shares * pulls.sum(-1, keepdim=True))
        return soft / ctx.temperature, None, None

"""Players on a grid of one, two or three dimensions: convolutional, and told what records are asked for.

Samples lie in [0, 1]. What a record is asked for enters the generator beside its latents, and the
discriminator by projection: its logit is that of the features, plus how well they go with what was asked for.

Source:
    Miyato and Koyama 2018, "cGANs with projection discriminator", eq. 3 (arXiv:1802.05637).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.nets.convolution import (
    COARSEST_SIDE,
    N_FEATURES,
    AbstractCounted,
    GridDecoder,
    GridEncoder,
    GridSamples,
    Shape,
    grids_of,
)
from gansmith.nets.discriminators import (
    AbstractFeaturedDiscriminator,
    AbstractWholeBatchDiscriminator,
    MinibatchDeviation,
    MinibatchDiscrimination,
)
from gansmith.nets.distributions import AbstractEncoder
from gansmith.nets.settings import Activation, BatchStatistic

CONDITION_SCALE: Final = 1.5
"""What is asked for counts so much against one value of the noise."""

CRITIC_WIDTH: Final = 16
"""Channels of the finest level of a `GridCritic`; the second has twice as many, and so on."""
MOST_CRITIC_CHANNELS: Final = 64
LEAK: Final = 0.1
"""Slope of a sample's values beyond 0 and 1."""


@final
class GridGenerator(AbstractCounted):
    """Latents, and what is asked for, to samples, whose middle is .5.

    Beyond 0 and 1 they go on with a tenth of the slope. A sigmoid at the end is flat where pictures are
    white, and a generator that has made all white once never comes back; a straight line never makes quite
    white (LOG.md). Whoever takes samples as records clips them.

    Args:
        shape: Of a sample, `(channels, *grid)`.
        n_latents: Noise values of a sample.
        n_conditions: Numbers that say what is asked for.
        widths: See `GridDecoder`.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self,
        shape: Shape,
        n_latents: int,
        n_conditions: int,
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.n_conditions = n_conditions
        self.decode = GridDecoder(n_latents + n_conditions, shape, widths, n_blocks, activation)
        self.n_operations = self.decode.n_operations

    def forward(
        self,
        latents: Float[Tensor, "batch n_latents"],
        conditions: Float[Tensor, "batch n_conditions"] | None = None,
    ) -> GridSamples:
        """One sample for each row; without conditions nothing is known of any."""
        rows = with_conditions(latents, conditions, self.n_conditions)
        straight = 0.5 + 0.5 * self.decode(rows)
        return straight.clamp(0.0, 1.0).lerp(straight, LEAK)


@final
class GridDiscriminator(AbstractCounted, AbstractFeaturedDiscriminator):
    """Samples, and what was asked for, to logits.

    Args:
        shape: Of what it is shown, `(channels, *grid)`; of several samples at once the channels of all.
        n_conditions: Numbers that say what was asked for, of all of them.
        widths: See `GridEncoder`.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self, shape: Shape, n_conditions: int, widths: Sequence[int], n_blocks: int, activation: Activation
    ) -> None:
        super().__init__()
        self.encode = GridEncoder(shape, widths, n_blocks, activation)
        self.head = ProjectionHead(widths[-1], n_conditions)
        self.n_operations = self.encode.n_operations

    def forward(self, samples: GridSamples, conditions: Tensor | None = None) -> Float[Tensor, " batch"]:
        """One logit for each sample."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: GridSamples, conditions: Tensor | None
    ) -> tuple[Float[Tensor, " batch"], tuple[Tensor, ...]]:
        features = self.encode(centred(samples))
        return self.head(features, conditions), (features,)


@final
class GridBatchDiscriminator(AbstractCounted, AbstractWholeBatchDiscriminator, AbstractFeaturedDiscriminator):
    """The same with a statistic of the whole batch before the logits."""

    def __init__(
        self,
        shape: Shape,
        n_conditions: int,
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
        statistic: BatchStatistic,
    ) -> None:
        super().__init__()
        self.encode = GridEncoder(shape, widths, n_blocks, activation)
        made = MinibatchDeviation() if statistic == "deviation" else MinibatchDiscrimination(widths[-1])
        self.statistic = made
        self.head = ProjectionHead(widths[-1] + made.n_more, n_conditions)
        self.n_operations = self.encode.n_operations

    def forward(self, samples: GridSamples, conditions: Tensor | None = None) -> Float[Tensor, " batch"]:
        """One logit for each sample, which depends on the others."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: GridSamples, conditions: Tensor | None
    ) -> tuple[Float[Tensor, " batch"], tuple[Tensor, ...]]:
        features = self.encode(centred(samples))
        return self.head(self.statistic(features), conditions), (features,)


def grid_discriminator(
    shape: Shape,
    n_conditions: int,
    widths: Sequence[int],
    n_blocks: int,
    activation: Activation,
    statistic: BatchStatistic,
) -> GridDiscriminator | GridBatchDiscriminator:
    """The discriminator that looks at whole batches, or the one that does not; see `GridDiscriminator`."""
    if statistic == "none":
        return GridDiscriminator(shape, n_conditions, widths, n_blocks, activation)
    return GridBatchDiscriminator(shape, n_conditions, widths, n_blocks, activation, statistic)


@final
class GridLatentEncoder(AbstractEncoder):
    """Samples to the distribution of the latents that they may have come from; see `GridEncoder`."""

    def __init__(
        self, shape: Shape, n_latents: int, widths: Sequence[int], n_blocks: int, activation: Activation
    ) -> None:
        super().__init__()
        self.encode = GridEncoder(shape, widths, n_blocks, activation)
        self.last = nn.Linear(widths[-1], 2 * n_latents)

    def forward(
        self, samples: GridSamples, conditions: Tensor | None = None
    ) -> tuple[Float[Tensor, "batch n_latents"], Float[Tensor, "batch n_latents"]]:
        mean, log_variance = self.last(self.encode(centred(samples)).float()).chunk(2, 1)
        return mean, log_variance


@final
class ProjectionHead(nn.Module):
    """Features to logits, in full precision; see the source above."""

    def __init__(self, n_features: int, n_conditions: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_features, 1)
        self.project = nn.Linear(n_conditions, n_features, bias=False) if n_conditions else None
        self.scale = n_features**-0.5
        if self.project is not None:
            nn.init.normal_(self.project.weight, 0.0, 0.5)

    def forward(
        self, features: Float[Tensor, "batch n_features"], conditions: Tensor | None
    ) -> Float[Tensor, " batch"]:
        """One logit for each row."""
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            logits = self.last(features).squeeze(1)
            if self.project is not None and conditions is not None:
                logits = logits + self.scale * (self.project(conditions.float()) * features).sum(1)
            return logits


def centred(samples: GridSamples) -> GridSamples:
    """Samples of [0, 1] in [-1, 1], where convolutions like them: the margin that they add is grey."""
    return 2 * samples - 1


def with_conditions(
    values: Float[Tensor, "batch n_values"], conditions: Tensor | None, n_conditions: int
) -> Float[Tensor, "batch n_in"]:
    """Rows of values with what is asked for beside them; nothing is known where there are no conditions."""
    if not n_conditions:
        return values
    if conditions is None:
        conditions = values.new_zeros(len(values), n_conditions)
    return torch.cat([values, CONDITION_SCALE * conditions.to(values)], 1)


@final
class GridCritic(nn.Module):
    """Whether the whole of a record is of a usual shape: a logit, without anything being asked for.

    Small and quick, for it tells perturbed records from untouched ones, which is easier than telling fakes.

    Args:
        shape: Of a sample, `(channels, *grid)`.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        n_levels = 1
        while max(grids_of(tuple(shape[1:]), n_levels + 1)[0]) > COARSEST_SIDE:
            n_levels += 1
        widths = [min(CRITIC_WIDTH * level, MOST_CRITIC_CHANNELS) for level in range(1, n_levels + 1)]
        self.encode = GridEncoder(tuple(shape), (*widths, N_FEATURES), 0, "leaky_relu")
        self.last = nn.Linear(N_FEATURES, 1)

    def forward(self, samples: GridSamples) -> Float[Tensor, "batch 1"]:
        """One logit for each sample."""
        return self.last(self.encode(2 * samples - 1).float())
